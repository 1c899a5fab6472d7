//! Who held an item at a moment: read from its history and that of the packages it was in.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OperationId;
use sealtrace_protocol::ledger::{Custody, Item, State};
use sealtrace_protocol::time::Timestamp;

use super::Shipped;
use crate::codes::{Codebook, ItemKey};
use crate::store::tracing::{Step, key_of};
use crate::store::{self, StoreError, Tx};

/// Later than any movement: who holds it now.
pub const ALWAYS: Timestamp = Timestamp(i64::MAX);
/// The most packages around an item, replaced labels included.
const STEPS_MAX: usize = 12;

/// Who held an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The outermost package it was in, or itself.
    pub root: ItemKey,
    /// True when the item or a package around it is disputed now: who holds it is not settled.
    pub disputed: bool,
    /// Who held it: the outermost package's own custody.
    pub custody: Option<Custody>,
    /// Since when.
    pub since: Timestamp,
    /// The shipment it was under; none while it was at one of our sites or nothing had happened to it.
    pub shipped: Option<Shipped>,
}

/// Who held `item` at `at`.
pub async fn held_at(
    tx: &mut Tx,
    codebook: &Codebook,
    item: ItemKey,
    at: Timestamp,
) -> Result<Held, StoreError> {
    let since = Timestamp(0);
    let mut held = Held { root: item, disputed: false, custody: None, since, shipped: None };
    let mut contents: Option<Item> = None;
    for _ in 0..STEPS_MAX {
        let life = store::tracing::life(tx, held.root).await?;
        held.disputed |= life.last().is_some_and(|step| step.item.disputed);
        let Some(then) = version_at(&life, at) else { return Ok(held) };
        let outer = match then.item.state {
            State::Replaced { by, .. } => Some(by),
            State::Free | State::Announced { .. } | State::Active => then.item.parent,
        };
        if contents.as_ref().is_none_or(|item| item.product().is_none()) {
            contents = Some(then.item.clone());
        }
        match outer.and_then(|code| key_of(codebook, &code)) {
            Some(key) => held.root = key,
            None => {
                held.custody = then.item.custody;
                held.since = left_at(tx, codebook, &life, then).await?;
                held.shipped = shipped(held.custody, held.since, contents.as_ref());
                return Ok(held);
            }
        }
    }
    Ok(held)
}

/// The newest version whose operation happened at `at` or before.
fn version_at(life: &[Step], at: Timestamp) -> Option<&Step> {
    life.iter().rev().find(|step| step.at.wall <= at)
}

fn shipped(custody: Option<Custody>, at: Timestamp, contents: Option<&Item>) -> Option<Shipped> {
    let Some(Custody::Shipped { to, document, .. }) = custody else { return None };
    let product = contents.and_then(Item::product)?;
    Some(Shipped { document, dealer: to, product, lot: contents.and_then(Item::lot), at })
}

/// Since when an item has had the custody that `then` shows. A child that left a package which was shipped took a copy of
/// its custody; then the package's history knows when.
pub(crate) async fn left_at(
    tx: &mut Tx,
    codebook: &Codebook,
    life: &[Step],
    then: &Step,
) -> Result<Timestamp, StoreError> {
    let mut since = began(life, then);
    for _ in 0..STEPS_MAX {
        let Some(package) = since.out_of.and_then(|code| key_of(codebook, &code)) else { break };
        let outer = store::tracing::life(tx, package).await?;
        // As it was just before the child left: taking the last one out frees a package.
        let left = outer.iter().position(|step| step.operation == since.by);
        let before = match left {
            Some(left) => left.checked_sub(1).and_then(|before| outer.get(before)),
            None => version_at(&outer, since.at),
        };
        let Some(there) = before else { break };
        if let Some(parent) = there.item.parent {
            since.out_of = Some(parent);
        } else if there.item.custody == since.custody {
            since = began(&outer, there);
        } else {
            break;
        }
    }
    Ok(since.at)
}

/// Since when somebody has held an item.
struct Began {
    custody: Option<Custody>,
    at: Timestamp,
    by: OperationId,
    /// The package it was in just before.
    out_of: Option<Code>,
}

/// Since when an item has had the custody it has at `then`.
fn began(life: &[Step], then: &Step) -> Began {
    let mut first = then;
    let mut out_of = None;
    for step in life.iter().rev().skip_while(|step| step.version >= then.version) {
        if step.item.custody != then.item.custody {
            out_of = step.item.parent;
            break;
        }
        first = step;
    }
    Began { custody: then.item.custody, at: first.at.wall, by: first.operation, out_of }
}
