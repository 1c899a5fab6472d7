//! 标签核销: of every roll it is known how many labels were issued, how many came onto goods, and what became of the
//! others: issued = applied + scrapped + sampled + returned + void + unaccounted.
//!
//! Counters are kept as operations count, so that a page costs the same for a roll of ten labels and of ten million.

pub mod http;
pub mod tally;

use std::collections::BTreeMap;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, OrderId, ProductId};
use sealtrace_protocol::ledger::{
    self, Action, Custody, Ending, Fate, Item, Level, Rejection, State, WriteOff,
};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::accounts::AccountId;
use crate::cloud::Cloud;
use crate::codes::{CodeOrder, Codebook, ItemKey, Resolved};
use crate::named::{Named, Numbered};
use crate::office::{self, OfficeError};
use crate::store::audit::{self, Entry};
use crate::store::reconciliation as stored;
use crate::store::{self, Retry, StoreError, Tx, tasks};
use crate::writing;
use tally::{Strip, fate_at, pieces};

/// What the labels of a code order have become, or by how much that changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// On goods, or once on goods whose label was replaced.
    pub applied: i64,
    /// Destroyed, with goods or without.
    pub scrapped: i64,
    /// On samples.
    pub sampled: i64,
    /// Given back to the store of labels.
    pub returned: i64,
    /// Declared void.
    pub void: i64,
}

impl Counts {
    /// All that are accounted for.
    #[must_use]
    pub const fn sum(self) -> i64 {
        self.applied + self.scrapped + self.sampled + self.returned + self.void
    }

    /// Counts one label more or less.
    pub fn count(&mut self, standing: Option<Standing>, by: i64) {
        match standing {
            Some(Standing::Applied) => self.applied += by,
            Some(Standing::Sampled) => self.sampled += by,
            Some(Standing::Written(Fate::Scrapped)) => self.scrapped += by,
            Some(Standing::Written(Fate::Returned)) => self.returned += by,
            Some(Standing::Written(Fate::Void)) => self.void += by,
            None => {}
        }
    }
}

/// How a label is accounted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is on goods.
    Applied,
    /// On a sample.
    Sampled,
    /// By itself, or destroyed with its goods.
    Written(Fate),
}

/// How the label of an item is accounted for; `fate` is what became of it when it is on nothing.
#[must_use]
pub fn standing(item: Option<&Item>, fate: Option<Fate>) -> Option<Standing> {
    let Some(item) = item.filter(|item| item.state != State::Free) else {
        return fate.map(Standing::Written);
    };
    Some(match item.custody {
        Some(Custody::Gone { how: Ending::Sampled, .. }) => Standing::Sampled,
        Some(Custody::Gone { how: Ending::Destroyed, .. }) => Standing::Written(Fate::Scrapped),
        Some(
            Custody::At(_) | Custody::Sent { .. } | Custody::Shipped { .. } | Custody::Lost { .. },
        )
        | None => Standing::Applied,
    })
}

/// What became of the label of an item, when it is on nothing.
pub async fn fate(
    tx: &mut Tx,
    key: ItemKey,
    item: Option<&Item>,
) -> Result<Option<Fate>, StoreError> {
    if item.is_some_and(|item| item.state != State::Free) {
        return Ok(None);
    }
    Ok(fate_at(&stored::strips(tx, key.order()).await?, key.index()))
}

/// The places of code orders that a strip of labels covers; none when its ends do not lie on one roll, in this order.
/// Codes issued for the same order and level, at whatever time, are one roll, as devices have its digest.
#[must_use]
pub fn places(codebook: &Codebook, first: Code, last: Code) -> Option<Vec<(CodeOrder, u32, u32)>> {
    let place = |code: Code| match codebook.resolve(&code) {
        Resolved::Ours { key, .. } => Some((codebook.order(key.order())?, key.index())),
        Resolved::Foreign => None,
    };
    let ((from, start), (to, end)) = (place(first)?, place(last)?);
    if (from.id, start) > (to.id, end) || from.purpose != to.purpose || from.level != to.level {
        return None;
    }
    let between = match from.purpose.order() {
        Some(order) => codebook.orders_of(order, from.level),
        None if from.id == to.id => vec![from],
        None => return None,
    };
    let covered = between.into_iter().filter(|order| (from.id..=to.id).contains(&order.id));
    let piece = |order: CodeOrder| {
        let first = if order.id == from.id { start } else { 0 };
        let last = if order.id == to.id { end } else { order.count.saturating_sub(1) };
        (order, first, last)
    };
    Some(covered.map(piece).collect())
}

/// What the rules must know of a strip of labels. What was done before is written.
pub async fn strip(
    tx: &mut Tx,
    codebook: &Codebook,
    asked: WriteOff,
) -> Result<Option<ledger::Strip>, StoreError> {
    let Some(places) = places(codebook, asked.first, asked.last) else { return Ok(None) };
    let (mut count, mut used, mut written_off) = (0_u32, None, None);
    let mut issued_at = Timestamp(i64::MIN);
    for (order, first, last) in places {
        count = count.saturating_add(last - first).saturating_add(1);
        issued_at = issued_at.max(stored::issued_at(tx, order.id).await?);
        if used.is_none() {
            let index = stored::first_used(tx, order.id, first, last).await?;
            used = index.and_then(|index| codebook.code_at(&order, index));
        }
        if written_off.is_none() {
            let strips = stored::strips(tx, order.id).await?;
            let piece = pieces(&strips, first, last).into_iter().next();
            written_off =
                piece.and_then(|piece| Some((codebook.code_at(&order, piece.first)?, piece.fate)));
        }
    }
    Ok(Some(ledger::Strip { count, used, written_off, issued_at }))
}

/// A strip of labels is accounted for from now on.
pub async fn write_off(
    tx: &mut Tx,
    codebook: &Codebook,
    (at, when): (OperationId, Timestamp),
    written: WriteOff,
) -> Result<(), StoreError> {
    for (order, first, last) in places(codebook, written.first, written.last).unwrap_or_default() {
        let strip = Strip { first, last, fate: written.fate };
        let before = tally(tx, order.id, first, last).await?;
        stored::insert_strip(tx, order.id, strip, at, when).await?;
        recount(tx, order.id, (first, last), before).await?;
    }
    Ok(())
}

/// The same taken back.
pub async fn write_back(tx: &mut Tx, at: OperationId) -> Result<(), StoreError> {
    for (order, strip) in stored::strips_by(tx, at).await? {
        let before = tally(tx, order, strip.first, strip.last).await?;
        stored::remove_strip(tx, order, strip.first, at).await?;
        recount(tx, order, (strip.first, strip.last), before).await?;
    }
    Ok(())
}

/// How many labels between two places are on nothing and accounted for.
async fn tally(tx: &mut Tx, order: u32, first: u32, last: u32) -> Result<Counts, StoreError> {
    let strips = stored::strips(tx, order).await?;
    let mut counts = Counts::default();
    for piece in pieces(&strips, first, last) {
        let used = stored::used(tx, order, piece.first, piece.last).await?;
        let free = i64::from(piece.count()) - i64::from(used);
        counts.count(Some(Standing::Written(piece.fate)), free);
    }
    Ok(counts)
}

async fn recount(
    tx: &mut Tx,
    order: u32,
    (first, last): (u32, u32),
    before: Counts,
) -> Result<(), StoreError> {
    let after = tally(tx, order, first, last).await?;
    let change = Counts {
        scrapped: after.scrapped - before.scrapped,
        returned: after.returned - before.returned,
        void: after.void - before.void,
        ..Counts::default()
    };
    stored::count(tx, &BTreeMap::from([(order, change)])).await
}

/// A roll as it is shown: one code order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roll {
    /// Its code order.
    pub id: u32,
    /// What it was issued for.
    pub order: Numbered<OrderId>,
    /// Of what.
    pub product: Named<ProductId>,
    /// What it labels.
    pub level: Level,
    /// When.
    pub issued_at: Timestamp,
    /// From when on what is unaccounted may be declared void.
    pub void_from: Timestamp,
    /// How many labels.
    pub issued: i64,
    /// What became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// Nobody has said where they are.
    pub unaccounted: i64,
    /// How many of those a consumer has scanned: they are on goods that nobody registered.
    pub scanned: i64,
}

/// A roll with where its labels went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WholeRoll {
    /// The roll.
    #[serde(flatten)]
    pub roll: Roll,
    /// How many were put on goods under which order.
    pub used_by: Vec<Use>,
    /// Strips that were accounted for, newest first; not more than a page.
    pub strips: Vec<ShownStrip>,
    /// Unaccounted labels that consumers have scanned, newest first; not more than a page.
    pub scans: Vec<Scan>,
}

/// Labels of a roll put on goods under one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Use {
    /// Which.
    pub order: Numbered<OrderId>,
    /// How many.
    pub applied: i64,
}

/// A strip as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownStrip {
    /// Its first label.
    pub first: String,
    /// Its last.
    pub last: String,
    /// How many labels.
    pub count: u32,
    /// What became of them.
    pub fate: Fate,
    /// When.
    pub at: Timestamp,
}

/// An unaccounted label that a consumer has scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Which.
    pub code: String,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// How often.
    pub scans: i64,
}

/// Why a roll is not shown, or not declared void.
#[derive(Debug, thiserror::Error)]
pub enum ReconciliationError {
    /// There is no such roll.
    #[error("there is no such roll")]
    NotFound,
    /// Nothing of it is unaccounted.
    #[error("every label of the roll is accounted for")]
    Nothing,
    /// The rules refuse it.
    #[error("it does not count: {rejection}")]
    Rejected {
        /// Why.
        rejection: Rejection,
    },
    /// The office could not sign it.
    #[error(transparent)]
    Office(OfficeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OfficeError> for ReconciliationError {
    fn from(error: OfficeError) -> Self {
        match error {
            OfficeError::Rejected { rejection } => Self::Rejected { rejection },
            OfficeError::Store(error) => Self::Store(error),
            error @ (OfficeError::Frozen | OfficeError::Seal(_)) => Self::Office(error),
        }
    }
}

impl Retry for ReconciliationError {
    fn is_conflict(&self) -> bool {
        match self {
            Self::Store(error) => error.is_conflict(),
            Self::Office(error) => error.is_conflict(),
            Self::NotFound | Self::Nothing | Self::Rejected { .. } => false,
        }
    }
}

/// One roll with everything that is shown of it.
pub async fn whole(
    tx: &mut Tx,
    codebook: &Codebook,
    id: u32,
) -> Result<WholeRoll, ReconciliationError> {
    let order = codebook.order(id).ok_or(ReconciliationError::NotFound)?;
    let roll = stored::roll(tx, id).await?.ok_or(ReconciliationError::NotFound)?;
    let text = |index| codebook.code_at(&order, index).map(|code| code.canonical());
    let strips = stored::newest_strips(tx, id).await?.into_iter().filter_map(|(strip, at)| {
        let (first, last) = (text(strip.first)?, text(strip.last)?);
        Some(ShownStrip { first, last, count: strip.count(), fate: strip.fate, at })
    });
    let scans = stored::scans(tx, id).await?.into_iter().filter_map(|scan| {
        let (index, first_at, last_at, scans) = scan;
        Some(Scan { code: text(index)?, first_at, last_at, scans })
    });
    let (strips, scans) = (strips.collect(), scans.collect());
    Ok(WholeRoll { roll, used_by: stored::uses(tx, id).await?, strips, scans })
}

/// Declares void what nobody has accounted for, once that is due. The office signs it.
pub async fn declare_void(
    cloud: &Cloud,
    id: u32,
    by: AccountId,
    now: Timestamp,
) -> Result<WholeRoll, ReconciliationError> {
    cloud.codebook.refresh(&cloud.store).await?;
    let codebook = &cloud.codebook;
    let order = codebook.order(id).ok_or(ReconciliationError::NotFound)?;
    let ends = (0..order.count)
        .find_map(|index| codebook.code_at(&order, index))
        .zip((0..order.count).rev().find_map(|index| codebook.code_at(&order, index)));
    let (first, last) = ends.ok_or(ReconciliationError::NotFound)?;
    writing!(cloud.store, |tx| {
        let before = stored::roll(tx, id).await?.ok_or(ReconciliationError::NotFound)?;
        if before.unaccounted == 0 {
            return Err(ReconciliationError::Nothing);
        }
        let sites = tasks::sites(tx, before.order.id).await?;
        let site = match sites.first() {
            Some(site) => *site,
            // Never released: it is nobody's in particular.
            None => {
                let all = store::organisations::site_ids(tx).await?;
                *all.first().ok_or(ReconciliationError::NotFound)?
            }
        };
        let count = strip(tx, codebook, WriteOff { first, last, count: 0, fate: Fate::Void })
            .await?
            .map_or(0, |strip| strip.count);
        let action = Action::WriteOff(WriteOff { first, last, count, fate: Fate::Void });
        office::does(cloud, tx, site, action, now).await?;
        let after = whole(tx, codebook, id).await?;
        let entry = Entry {
            account: Some(by),
            resource: "reconciliation",
            subject: u64::from(id),
            label: &before.order.number,
            action: "void",
            before: &json!({ "unaccounted": before.unaccounted, "void": before.counts.void }),
            after: &json!({ "unaccounted": after.roll.unaccounted, "void": after.roll.counts.void }),
        };
        audit::add(tx, &entry, now).await?;
        Ok(after)
    })
}
