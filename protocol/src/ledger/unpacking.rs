//! Taking apart: Unpack, whole or one child.

use super::action::Unpack;
use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Custody, Item, Level};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use crate::code::Code;

/// A package is dissolved, or one child leaves the package it is in.
pub(super) fn unpack(
    operation: &Operation,
    unpack: Unpack,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    match unpack {
        Unpack::Whole(parent) => {
            let Some(package) = in_use(&mut pending, parent)? else { return Ok(pending.effects()) };
            whole(&mut pending, package, facts)?;
        }
        Unpack::Child(child) => {
            let Some(mut item) = in_use(&mut pending, child)? else { return Ok(pending.effects()) };
            if item.parent.is_none() {
                return Err(Rejection::NotPacked { code: item.code });
            }
            pending.detach(&mut item);
            // Taking it out by hand is the floor's word on where it was.
            pending.put(Item { disputed: false, ..item });
        }
    }
    Ok(pending.effects())
}

/// Ends a package; what was in it stands alone where the package was.
pub(super) fn whole(
    pending: &mut Pending<'_>,
    mut package: Item,
    facts: &Facts,
) -> Result<(), Rejection> {
    if package.level == Level::Unit {
        return Err(Rejection::NotAPackage { code: package.code });
    }
    pending.detach(&mut package);
    for child in facts.children(package.code) {
        if let Some(item) = pending.item(*child).cloned() {
            // Opening it is the floor's word on where they were, as taking one out is.
            let (custody, disputed) = (package.custody, false);
            pending.put(Item { parent: None, custody, disputed, ..item });
        }
    }
    pending.dissolve(package);
    Ok(())
}

/// The item in use behind a code; none (with a notice) when it is taken on trust.
pub(super) fn in_use(pending: &mut Pending<'_>, code: Code) -> Result<Option<Item>, Rejection> {
    let code = pending.current(code)?;
    match pending.find(code)? {
        Found::InUse(item) => match pending.custody(&item) {
            Some(Custody::Gone { how, .. }) => Err(Rejection::Gone { code, how }),
            Some(
                Custody::At(_)
                | Custody::Sent { .. }
                | Custody::Shipped { .. }
                | Custody::Lost { .. },
            )
            | None => Ok(Some(item)),
        },
        Found::Idle(_) => Err(Rejection::NotInUse { code }),
        Found::Untold(_) | Found::Unknown => {
            pending.notice(Notice::Provisional { code });
            Ok(None)
        }
    }
}
