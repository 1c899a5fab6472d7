//! New labels for old: Relabel.

use super::action::Relabel;
use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Contents, Item, State};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use super::unpacking::in_use;

/// The new code takes the old one's place in the tree, with everything inside; the old one is terminal.
pub(super) fn relabel(
    operation: &Operation,
    relabel: Relabel,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    if relabel.old == relabel.new {
        return Err(Rejection::ScannedTwice { code: relabel.new });
    }
    let old = in_use(&mut pending, relabel.old)?;
    let new = relabel.new;
    match pending.find(new)? {
        Found::InUse(_) => return Err(Rejection::AlreadyInUse { code: new }),
        Found::Unknown => pending.notice(Notice::Provisional { code: new }),
        Found::Idle(issued) | Found::Untold(issued) => {
            if let Some(old) = old.as_ref().filter(|old| old.level != issued.level) {
                let (level, expected) = (issued.level, old.level);
                return Err(Rejection::WrongLevel { code: new, level, expected });
            }
            let products = (issued.product, old.as_ref().and_then(Item::product));
            if let (Some(product), Some(expected)) = products
                && product != expected
            {
                return Err(Rejection::WrongProduct { code: new, product, expected });
            }
        }
    }
    let Some(old) = old else { return Ok(pending.effects()) };
    if old.disputed {
        return Err(Rejection::Disputed { code: old.code });
    }
    for child in facts.children(old.code) {
        if let Some(item) = pending.item(*child).cloned() {
            pending.put(Item { parent: Some(new), ..item });
        }
    }
    let taken = pending.begin(new, old.level, old.state);
    pending.put(Item {
        parent: old.parent,
        custody: old.custody,
        contents: old.contents.clone(),
        children: old.children,
        ..taken
    });
    pending.put(Item {
        state: State::Replaced { by: new, at: operation.at.interval() },
        parent: None,
        custody: None,
        contents: Contents::none(),
        children: 0,
        ..old
    });
    Ok(pending.effects())
}
