//! Looking without changing: VerifyPack, Count.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::action::{Count, VerifyPack};
use super::document::{Document, DocumentKind, Party};
use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Custody, Item, Level};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use crate::code::Code;

/// What was found inside is compared with the ledger; children found in place are no longer disputed.
pub(super) fn verify(
    operation: &Operation,
    verify: &VerifyPack,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    let parent = pending.current(verify.parent)?;
    let package = match pending.find(parent)? {
        Found::InUse(item) if item.level == Level::Unit => {
            return Err(Rejection::NotAPackage { code: parent });
        }
        Found::InUse(item) => item,
        Found::Idle(_) => return Err(Rejection::NotInUse { code: parent }),
        Found::Untold(_) | Found::Unknown => {
            pending.notice(Notice::Provisional { code: parent });
            return Ok(pending.effects());
        }
    };
    let current = |code: &Code| pending.current(*code).unwrap_or(*code);
    let seen: BTreeSet<Code> = verify.seen.iter().map(current).collect();
    let inside: BTreeSet<Code> = facts.children(parent).iter().copied().collect();
    for code in seen.intersection(&inside) {
        if let Some(item) = pending.item(*code).filter(|item| item.disputed).cloned() {
            pending.put(Item { disputed: false, ..item });
        }
    }
    let missing: Vec<Code> = inside.difference(&seen).copied().collect();
    let foreign: Vec<Code> = seen.difference(&inside).copied().collect();
    pending.notice(if missing.is_empty() && foreign.is_empty() {
        Notice::Complete { parent, units: package.contents.units() }
    } else {
        Notice::Differs { parent, missing, foreign }
    });
    pending.look_at(package);
    Ok(pending.effects())
}

/// What was seen when a site was counted. Nothing changes but that it was looked at; what the ledger has elsewhere is
/// named, for the supervisor who posts the count.
pub(super) fn count(
    operation: &Operation,
    count: &Count,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let document = Document::open(facts, count.document, &[DocumentKind::Count])?;
    if let Party::Site(site) = document.route.to() {
        document.is_worked_on_at(operation.site, site)?;
    }
    let mut pending = Pending::new(operation, facts);
    for code in pending.distinct(&count.codes)? {
        let item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(_) => return Err(Rejection::NotInUse { code }),
            Found::Untold(_) | Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                continue;
            }
        };
        if pending.custody(&item) != Some(Custody::At(operation.site)) {
            pending.notice(Notice::Elsewhere { code });
        }
        pending.look_at(item);
    }
    Ok(pending.effects())
}
