//! SSCCs that devices print on packages by themselves: whose they are, and which of ours were given out.
//!
//! What the feed tells makes a label known; only what the cloud leased to this device in this epoch of its stream can be
//! given out. A number is taken in the transaction that writes down what is printed with it, and never given back.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::code::Sscc;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{Labels, Lease};

use super::{StoreError, stream};

/// Notes labels that a device of one of our sites has.
pub(super) fn told(tx: &Transaction<'_>, labels: &Labels) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into labels (first_body, device, level, count) values (?1, ?2, ?3, ?4)
         on conflict (first_body) do nothing",
    )
    .and_then(|mut insert| insert.execute(columns(labels)))
    .map_err(StoreError::sqlite("store labels"))?;
    Ok(())
}

/// Notes labels that this device may give out from now on.
pub fn leased(tx: &Transaction<'_>, labels: &Labels) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into labels (first_body, device, level, count, used) values (?1, ?2, ?3, ?4, 0)
         on conflict (first_body) do update set used = coalesce(used, 0)",
    )
    .and_then(|mut insert| insert.execute(columns(labels)))
    .map_err(StoreError::sqlite("store labels"))?;
    Ok(())
}

fn columns(Labels { device, lease }: &Labels) -> (u64, u64, u8, u32) {
    (lease.first_body, device.get(), lease.level.rank(), lease.count)
}

/// Gives out the next label of a level; none when all are used up.
pub fn take(tx: &Transaction<'_>, level: Level) -> Result<Option<Sscc>, StoreError> {
    if stream::read(tx)?.is_none_or(|stream| stream.lost) {
        return Err(StoreError::NoStream);
    }
    let body: Option<u64> = tx
        .prepare_cached(
            "update labels set used = used + 1
             where first_body = (select min(first_body) from labels where level = ?1 and used < count)
             returning first_body + used - 1",
        )
        .and_then(|mut update| update.query_row([level.rank()], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("give a label out"))?;
    let sscc = |body| Sscc::from_body(body).ok_or(StoreError::Corrupt { what: "label" });
    body.map(sscc).transpose()
}

/// What this device has of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Labels that can still be given out.
    pub left: u32,
    /// Where the newest block begins, and how many it has.
    pub newest: Option<Lease>,
}

impl Stock {
    /// True when a person should know: more was asked for a quarter of a block ago, and nothing came.
    #[must_use]
    pub fn runs_out(&self) -> bool {
        self.newest.is_none_or(|newest| self.left.saturating_mul(4) <= newest.count)
    }

    /// True when more should be asked for: half a block or less is left.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.newest.is_none_or(|newest| self.left.saturating_mul(2) <= newest.count)
    }
}

/// Counts the labels of a level that this device has.
pub fn stock(conn: &Connection, level: Level) -> Result<Stock, StoreError> {
    let failed = || StoreError::sqlite("count labels");
    let left = conn
        .prepare_cached("select coalesce(sum(count - used), 0) from labels where level = ?1 and used is not null")
        .and_then(|mut query| query.query_row([level.rank()], |row| row.get(0)))
        .map_err(failed())?;
    let read = |row: &Row<'_>| Ok(Lease { level, first_body: row.get(0)?, count: row.get(1)? });
    let newest = conn
        .prepare_cached(
            "select first_body, count from labels where level = ?1 and used is not null
             order by first_body desc limit 1",
        )
        .and_then(|mut query| query.query_row([level.rank()], read).optional())
        .map_err(failed())?;
    Ok(Stock { left, newest })
}

/// In a new epoch nothing leased before can be given out: the copy this store was restored from may lack what was used.
pub(super) fn forget_own(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("update labels set used = null", []).map_err(StoreError::sqlite("forget labels"))?;
    Ok(())
}

/// The level of a label that some device prints by itself.
pub(super) fn level_of(conn: &Connection, body: i64) -> Result<Option<Level>, StoreError> {
    let rank: Option<u8> = conn
        .prepare_cached(
            "select level from (
               select * from labels where first_body <= ?1 order by first_body desc limit 1)
             where first_body + count > ?1",
        )
        .and_then(|mut query| query.query_row(params![body], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("look a code up"))?;
    let level = |rank| Level::from_rank(rank).ok_or(StoreError::Corrupt { what: "level" });
    rank.map(level).transpose()
}
