//! 标签核销 as far as this device knows: strips of labels that were written off here, and where labels lie on their rolls.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, OrderId};
use sealtrace_protocol::ledger::{Fate, Item, State, Strip, WriteOff};
use sealtrace_protocol::link::digest;
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::decode;
use serde::Serialize;

use super::rebase::Place;
use super::{StoreError, items};

/// Behind every operation of this device.
const LAST: Place = (u32::MAX, i64::MAX.unsigned_abs());

/// Where a label lies: on which roll, and the how many-th it is, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    order: OrderId,
    level: u8,
    /// Where the roll begins when it is one of SSCCs; 0 = minted codes.
    first_body: u64,
    position: u64,
}

impl Spot {
    fn is_beside(self, other: Self) -> bool {
        (self.order, self.level, self.first_body) == (other.order, other.level, other.first_body)
    }
}

/// What is known here of the labels of a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// How many there are.
    pub issued: u32,
    /// Scrapped here.
    pub scrapped: u32,
    /// Given back here.
    pub returned: u32,
}

/// How many labels lie from one to another on the same roll, both included; none when they do not lie so.
pub fn count(conn: &Connection, first: Code, last: Code) -> Result<Option<u32>, StoreError> {
    Ok(ends(conn, first, last)?.and_then(|[from, to]| length(from, to)))
}

/// What is known here of the roll a label is on.
pub fn balance(conn: &Connection, code: Code) -> Result<Option<Balance>, StoreError> {
    let Some(spot) = spot(conn, code)? else { return Ok(None) };
    let issued = conn
        .prepare_cached(
            "select count from roll where order_id = ?1 and level = ?2 and first_body = ?3",
        )
        .and_then(|mut query| {
            query
                .query_row(params![spot.order.get(), spot.level, spot.first_body], |row| row.get(0))
        })
        .map_err(failed())?;
    let mut balance = Balance { issued, scrapped: 0, returned: 0 };
    for strip in strips(conn, spot, LAST)? {
        let count = u32::try_from(strip.last - strip.first + 1).unwrap_or(u32::MAX);
        match strip.fate {
            Fate::Scrapped => balance.scrapped = balance.scrapped.saturating_add(count),
            Fate::Returned => balance.returned = balance.returned.saturating_add(count),
            Fate::Void => {}
        }
    }
    Ok(Some(balance))
}

/// What the rules must know of a strip, done at a place among the operations of this device. Of what lies between two
/// minted labels only digests are known here: the cloud looks again.
pub(super) fn known(
    conn: &Connection,
    asked: WriteOff,
    at: Option<Place>,
) -> Result<Option<Strip>, StoreError> {
    let Some([from, to]) = ends(conn, asked.first, asked.last)? else { return Ok(None) };
    let Some(count) = length(from, to) else { return Ok(None) };
    let over = strips(conn, from, at.unwrap_or(LAST))?;
    let over = over.into_iter().find(|one| one.first <= to.position && from.position <= one.last);
    Ok(Some(Strip {
        count,
        used: first_used(conn, asked.first, asked.last)?,
        written_off: over.map(|one| (asked.first, one.fate)),
        // Only the cloud declares labels void.
        issued_at: Timestamp(0),
    }))
}

/// What became of a label that is on nothing, by what was done here before a place.
pub(super) fn fate(
    conn: &Connection,
    code: Code,
    at: Option<Place>,
) -> Result<Option<Fate>, StoreError> {
    let Some(spot) = spot(conn, code)? else { return Ok(None) };
    let strips = strips(conn, spot, at.unwrap_or(LAST))?;
    let over = strips.iter().find(|one| (one.first..=one.last).contains(&spot.position));
    Ok(over.map(|one| one.fate))
}

/// True when anything was written off here.
pub(super) fn any(conn: &Connection) -> Result<bool, StoreError> {
    conn.prepare_cached("select exists (select 1 from strip)")
        .and_then(|mut query| query.query_row([], |row| row.get(0)))
        .map_err(failed())
}

/// Keeps what an operation wrote off; of one that corrects another, that it did not.
pub(super) fn keep(
    tx: &Transaction<'_>,
    id: OperationId,
    strip: Option<WriteOff>,
    corrects: Option<OperationId>,
) -> Result<(), StoreError> {
    if let Some(names) = corrects {
        tx.prepare_cached("delete from strip where epoch = ?1 and seq = ?2")
            .and_then(|mut delete| delete.execute(params![names.epoch.get(), names.seq.get()]))
            .map_err(failed())?;
    }
    let Some(strip) = strip else { return Ok(()) };
    let Some([from, to]) = ends(tx, strip.first, strip.last)? else { return Ok(()) };
    tx.prepare_cached(
        "insert into strip (epoch, seq, order_id, level, first_body, first, last, fate)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            id.epoch.get(),
            id.seq.get(),
            from.order.get(),
            from.level,
            from.first_body,
            from.position,
            to.position,
            strip.fate.name(),
        ])
    })
    .map_err(failed())?;
    Ok(())
}

struct Kept {
    first: u64,
    last: u64,
    fate: Fate,
}

/// The strips of a roll that were written off here before a place, but for those that turned out not to count.
fn strips(conn: &Connection, of: Spot, before: Place) -> Result<Vec<Kept>, StoreError> {
    let mut query = conn
        .prepare_cached(
            "select first, last, fate from strip
             where order_id = ?1 and level = ?2 and first_body = ?3 and (epoch, seq) < (?4, ?5)
               and not exists (select 1 from operation
                 where operation.epoch = strip.epoch and operation.seq = strip.seq and refused = 1)",
        )
        .map_err(failed())?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?));
    let (epoch, seq) = before;
    let parameters = params![of.order.get(), of.level, of.first_body, epoch, seq];
    let rows: Vec<(u64, u64, String)> =
        query.query_map(parameters, read).and_then(|rows| rows.collect()).map_err(failed())?;
    let kept = rows.into_iter().map(|(first, last, fate)| {
        let fate = Fate::from_name(&fate).ok_or(StoreError::Corrupt { what: "strip" })?;
        Ok(Kept { first, last, fate })
    });
    kept.collect()
}

fn ends(conn: &Connection, first: Code, last: Code) -> Result<Option<[Spot; 2]>, StoreError> {
    let (Some(from), Some(to)) = (spot(conn, first)?, spot(conn, last)?) else { return Ok(None) };
    Ok(from.is_beside(to).then_some([from, to]))
}

fn length(from: Spot, to: Spot) -> Option<u32> {
    u32::try_from(to.position.checked_sub(from.position)?.checked_add(1)?).ok()
}

fn spot(conn: &Connection, code: Code) -> Result<Option<Spot>, StoreError> {
    match code {
        Code::Minted(_) => {
            let read = |row: &Row<'_>| {
                let order = OrderId(row.get(0)?);
                Ok(Spot { order, level: row.get(1)?, first_body: 0, position: row.get(2)? })
            };
            conn.prepare_cached(
                "select order_id, level, position from digest where digest = ?1
                 order by order_id limit 1",
            )
            .and_then(|mut query| {
                query.query_row([i64::from_be_bytes(digest(&code))], read).optional()
            })
            .map_err(failed())
        }
        Code::Sscc(sscc) => {
            let body = sscc.body();
            let read = |row: &Row<'_>| {
                let first_body: u64 = row.get(2)?;
                let position = body.saturating_sub(first_body);
                let order = OrderId(row.get(0)?);
                Ok(Spot { order, level: row.get(1)?, first_body, position })
            };
            conn.prepare_cached(
                "select order_id, level, first_body from (
                   select * from roll where first_body > 0 and first_body <= ?1
                   order by first_body desc limit 1)
                 where first_body + count > ?1",
            )
            .and_then(|mut query| query.query_row([body], read).optional())
            .map_err(failed())
        }
        Code::Sgtin(_) => Ok(None),
    }
}

/// The first label of a strip that is on goods, as far as this device can tell.
fn first_used(conn: &Connection, first: Code, last: Code) -> Result<Option<Code>, StoreError> {
    if !matches!(first, Code::Sscc(_)) {
        for code in [first, last] {
            if items::item(conn, code)?.is_some_and(|item| is_used(&item)) {
                return Ok(Some(code));
            }
        }
        return Ok(None);
    }
    // The text of an SSCC goes up with its number.
    let mut query = conn
        .prepare_cached("select body from item where code between ?1 and ?2 order by code")
        .map_err(failed())?;
    let mut rows = query.query([first.canonical(), last.canonical()]).map_err(failed())?;
    while let Some(row) = rows.next().map_err(failed())? {
        let item: Item = decode(&row.get::<_, Vec<u8>>(0).map_err(failed())?, "item")?;
        if is_used(&item) {
            return Ok(Some(item.code));
        }
    }
    Ok(None)
}

fn is_used(item: &Item) -> bool {
    item.state != State::Free
}

fn failed() -> impl FnOnce(rusqlite::Error) -> StoreError {
    StoreError::sqlite("look labels up")
}
