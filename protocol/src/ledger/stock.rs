//! What a count and the laboratory do to stock: PostCount, Sample, Destroy.

use super::action::{Destroy, PostCount, Sample};
use super::document::{Document, DocumentKind, Party};
use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Custody, Ending, Item};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use super::terms::Role;
use crate::code::Code;

/// The differences of a count are taken over: what was seen is here, what was not is lost until somebody scans it.
pub(super) fn post_count(
    operation: &Operation,
    post: &PostCount,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let document = Document::open(facts, post.document, &[DocumentKind::Count])?;
    if let Party::Site(site) = document.route.to() {
        document.is_worked_on_at(operation.site, site)?;
    }
    if !facts.approved() {
        return Err(Rejection::RoleNotPermitted { needs: Role::Supervisor });
    }
    let here = operation.site;
    let mut pending = Pending::new(operation, facts);
    for code in pending.distinct(&post.found)? {
        let mut item = known(&mut pending, code)?;
        if let Some(Custody::Gone { how, .. }) = pending.custody(&item) {
            return Err(Rejection::Gone { code, how });
        }
        pending.detach(&mut item);
        pending.put(Item { custody: Some(Custody::At(here)), disputed: false, ..item });
    }
    for code in pending.distinct(&post.lost)? {
        let item = known(&mut pending, code)?;
        if pending.custody(&item) != Some(Custody::At(here)) {
            return Err(Rejection::NotHere { code });
        }
        take_out(&mut pending, item, Custody::Lost { at: here });
    }
    Ok(pending.effects())
}

/// Units, or whole packages, are taken for good. The package they were in is short from now on.
pub(super) fn sample(
    operation: &Operation,
    sample: &Sample,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    end(operation, &sample.codes, Ending::Sampled, facts)
}

/// Goods are destroyed; also labels that were never used, as far as anybody has heard.
pub(super) fn destroy(
    operation: &Operation,
    destroy: &Destroy,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    end(operation, &destroy.codes, Ending::Destroyed, facts)
}

fn end(
    operation: &Operation,
    codes: &[Code],
    how: Ending,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    for code in pending.distinct(codes)? {
        let item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(issued) => {
                pending.announce(code, issued, Notice::ContentsToFollow { code })
            }
            Found::Untold(issued) => pending.announce(code, issued, Notice::Provisional { code }),
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                continue;
            }
        };
        if item.disputed {
            return Err(Rejection::Disputed { code });
        }
        pending.at_hand(&item)?;
        match pending.custody(&item) {
            Some(Custody::Shipped { to, document, .. }) => {
                return Err(Rejection::AlreadyShipped { code, to, document });
            }
            Some(Custody::At(from)) if from != operation.site => {
                pending.notice(Notice::ImpliedReceipt { code, from });
            }
            Some(
                Custody::At(_) | Custody::Sent { .. } | Custody::Lost { .. } | Custody::Gone { .. },
            )
            | None => {}
        }
        take_out(&mut pending, item, Custody::Gone { at: operation.site, how });
    }
    Ok(pending.effects())
}

/// An item leaves the package it is in, which people are told when something is left in that.
fn take_out(pending: &mut Pending<'_>, mut item: Item, custody: Custody) {
    let parent = item.parent;
    pending.detach(&mut item);
    pending.put(Item { custody: Some(custody), ..item });
    let left = parent.and_then(|parent| pending.item(parent)).filter(|left| left.is_in_use());
    if let Some((parent, units)) = left.map(|left| (left.code, left.contents.units())) {
        pending.notice(Notice::Short { parent, units });
    }
}

/// A supervisor posts what is known, nothing on trust.
fn known(pending: &mut Pending<'_>, code: Code) -> Result<Item, Rejection> {
    match pending.find(code)? {
        Found::InUse(item) => Ok(item),
        Found::Idle(_) | Found::Untold(_) | Found::Unknown => Err(Rejection::NotInUse { code }),
    }
}
