//! What a person must look at: operations that do not count, scans that were refused, cases set aside, critical faults.
//! What is resolved stays, with who resolved it, when and how.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DeviceId, Epoch, OperationId, OperatorId, Seq};
use sealtrace_protocol::ledger::{Action, Operation, Rejection};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{StoreError, stream};
use crate::feedback::Message;

/// The most rows one list answers.
const LIST_MAX: u32 = 500;
/// How it was resolved when the same code simply counted later.
const ACCEPTED: &str = "accepted";

/// What kind of exception it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The cloud keeps an operation but does not count it.
    Verdict,
    /// The cloud counts an operation, and what it implies must be confirmed.
    Notice,
    /// A scan was refused.
    Refused,
    /// A lane put a case aside.
    SetAside,
    /// Somebody must act now: a forked stream, a broken disk.
    Critical,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Verdict, Self::Notice, Self::Refused, Self::SetAside, Self::Critical];

    const fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Notice => "notice",
            Self::Refused => "refused",
            Self::SetAside => "set_aside",
            Self::Critical => "critical",
        }
    }
}

/// An exception to be recorded.
#[derive(Clone, Debug)]
pub struct Exception {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: Kind,
    /// The code concerned.
    pub code: Option<Code>,
    /// The lane concerned.
    pub lane: Option<String>,
    /// The operation concerned.
    pub operation: Option<OperationId>,
    /// The rule that said no.
    pub rejection: Option<Rejection>,
    /// A word for the page or the log.
    pub detail: String,
}

/// A recorded exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRow {
    /// Its number.
    pub id: i64,
    /// When; of several that are the same, the last.
    pub at: Timestamp,
    /// What kind.
    pub kind: Kind,
    /// The code concerned.
    pub code: Option<Code>,
    /// The answer that said no, `{"word":{params}}`.
    pub rejection: Option<Value>,
    /// The lane concerned.
    pub lane: Option<String>,
    /// The screen concerned.
    pub screen: Option<String>,
    /// The operation concerned.
    pub operation: Option<OperationId>,
    /// A word for the page.
    pub detail: String,
    /// How often the same happened.
    pub times: u32,
    /// What became of it; none while it is open.
    pub resolved: Option<Resolved>,
}

/// How an exception was resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// When.
    pub at: Timestamp,
    /// By whom; none when a line did it.
    pub by: Option<OperatorId>,
    /// How, in a word.
    pub how: String,
    /// Why nothing else was done.
    pub reason: Option<String>,
    /// The last operation that resolved it.
    pub operation: Option<OperationId>,
}

/// Records an exception.
pub fn add(tx: &Transaction<'_>, exception: &Exception) -> Result<i64, StoreError> {
    let rejection = exception.rejection.as_ref().map(json).transpose()?;
    tx.prepare_cached(
        "insert into exception (at, kind, code, lane, operation_epoch, operation_seq, rejection, detail)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .and_then(|mut insert| {
        insert.insert(params![
            exception.at.millis(),
            exception.kind.name(),
            exception.code.map(|code| code.canonical()),
            exception.lane,
            exception.operation.map(|id| id.epoch.get()),
            exception.operation.map(|id| id.seq.get()),
            rejection,
            exception.detail,
        ])
    })
    .map_err(StoreError::sqlite("record an exception"))
}

/// Records that a scan was refused; the same code for the same reason is one exception, however often.
pub fn refuse(
    tx: &Transaction<'_>,
    code: Code,
    screen: &str,
    message: &Message,
    at: Timestamp,
) -> Result<(), StoreError> {
    let failed = || StoreError::sqlite("record a refusal");
    let (code, rejection) =
        (code.canonical(), json(&serde_json::json!({&message.code: message.params}))?);
    let again = tx
        .prepare_cached(
            "update exception set at = ?3, times = times + 1, rejection = ?4, screen = ?5
             where code = ?1 and detail = ?2 and kind = 'refused' and resolved_at is null",
        )
        .and_then(|mut update| {
            update.execute(params![code, message.code, at.millis(), rejection, screen])
        })
        .map_err(failed())?;
    if again > 0 {
        return Ok(());
    }
    tx.prepare_cached(
        "insert into exception (at, kind, code, screen, rejection, detail)
         values (?1, 'refused', ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut insert| {
        insert.execute(params![at.millis(), code, screen, rejection, message.code])
    })
    .map_err(failed())?;
    Ok(())
}

/// Several of the same operation are told as one.
pub(super) fn set_times(tx: &Transaction<'_>, id: i64, times: usize) -> Result<(), StoreError> {
    tx.execute("update exception set times = ?2 where id = ?1", params![id, times])
        .map_err(StoreError::sqlite("record an exception"))?;
    Ok(())
}

/// What was refused or set aside before and is part of this operation counts by now: nobody needs to look at it.
pub(super) fn accepted(
    tx: &Transaction<'_>,
    id: OperationId,
    operation: &Operation,
) -> Result<(), StoreError> {
    let failed = || StoreError::sqlite("resolve exceptions");
    // Looking at goods does not put them where they were refused.
    let looks = matches!(
        operation.action,
        Action::VerifyPack(_) | Action::Count(_) | Action::Inspect(_) | Action::Settle(_)
    );
    let waits = "select exists (select 1 from exception where resolved_at is null
                                and kind in ('refused', 'set_aside'))";
    if looks
        || !tx
            .prepare_cached(waits)
            .and_then(|mut query| query.query_row([], |row| row.get(0)))
            .map_err(failed())?
    {
        return Ok(());
    }
    let mut update = tx
        .prepare_cached(
            "update exception set resolved_at = ?2, resolved_by = ?3, how = ?4,
                    settled_epoch = ?5, settled_seq = ?6
             where code = ?1 and resolved_at is null and kind in ('refused', 'set_aside')",
        )
        .map_err(failed())?;
    let by = operation.operator.map(OperatorId::get);
    for (code, _) in operation.needs() {
        let at = operation.at.wall.millis();
        update
            .execute(params![code.canonical(), at, by, ACCEPTED, id.epoch.get(), id.seq.get()])
            .map_err(failed())?;
    }
    Ok(())
}

/// Open exceptions, newest first.
pub fn open(conn: &Connection) -> Result<Vec<ExceptionRow>, StoreError> {
    list(conn, "resolved_at is null order by id desc")
}

/// How many are open of each lane that has any.
pub fn open_by_lane(conn: &Connection) -> Result<BTreeMap<String, u32>, StoreError> {
    let sql = "select lane, count(*) from exception
               where resolved_at is null and lane is not null group by lane";
    conn.prepare_cached(sql)
        .and_then(|mut query| query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(StoreError::sqlite("count exceptions"))
}

/// Resolved exceptions, the last resolved first.
pub fn resolved(conn: &Connection) -> Result<Vec<ExceptionRow>, StoreError> {
    list(conn, "resolved_at is not null order by resolved_at desc, id desc")
}

/// One exception.
pub fn one(conn: &Connection, id: i64) -> Result<Option<ExceptionRow>, StoreError> {
    let device = stream::read(conn)?.map_or(DeviceId(0), |stream| stream.device);
    conn.prepare_cached(&format!("select {COLUMNS} from exception where id = ?1"))
        .and_then(|mut query| query.query_row([id], |found| row(found, device)).optional())
        .map_err(StoreError::sqlite("look an exception up"))
}

/// Writes down how one was resolved.
pub fn resolve(tx: &Transaction<'_>, id: i64, resolved: &Resolved) -> Result<(), StoreError> {
    tx.execute(
        "update exception set resolved_at = ?2, resolved_by = ?3, how = ?4, reason = ?5,
                    settled_epoch = ?6, settled_seq = ?7
             where id = ?1",
        params![
            id,
            resolved.at.millis(),
            resolved.by.map(OperatorId::get),
            resolved.how,
            resolved.reason,
            resolved.operation.map(|id| id.epoch.get()),
            resolved.operation.map(|id| id.seq.get()),
        ],
    )
    .map_err(StoreError::sqlite("resolve an exception"))?;
    Ok(())
}

/// What resolved it was taken back.
pub fn reopen(tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
    tx.execute(
        "update exception set resolved_at = null, resolved_by = null, how = null, reason = null,
                settled_epoch = null, settled_seq = null
         where id = ?1",
        [id],
    )
    .map_err(StoreError::sqlite("open an exception again"))?;
    Ok(())
}

const COLUMNS: &str =
    "id, at, kind, code, rejection, lane, screen, operation_epoch, operation_seq, detail, times,
    resolved_at, resolved_by, how, reason, settled_epoch, settled_seq";

fn list(conn: &Connection, which: &str) -> Result<Vec<ExceptionRow>, StoreError> {
    let device = stream::read(conn)?.map_or(DeviceId(0), |stream| stream.device);
    conn.prepare_cached(&format!("select {COLUMNS} from exception where {which} limit ?1"))
        .and_then(|mut query| query.query_map([LIST_MAX], |found| row(found, device))?.collect())
        .map_err(StoreError::sqlite("list exceptions"))
}

fn row(row: &Row<'_>, device: DeviceId) -> rusqlite::Result<ExceptionRow> {
    let operation = |epoch: &str, seq: &str| -> rusqlite::Result<Option<OperationId>> {
        let place: (Option<u32>, Option<u64>) = (row.get(epoch)?, row.get(seq)?);
        Ok(place.0.zip(place.1).map(|(epoch, seq)| OperationId {
            device,
            epoch: Epoch(epoch),
            seq: Seq(seq),
        }))
    };
    let (kind, code): (String, Option<String>) = (row.get("kind")?, row.get("code")?);
    let rejection: Option<String> = row.get("rejection")?;
    let resolved_at: Option<i64> = row.get("resolved_at")?;
    let resolved = match resolved_at {
        None => None,
        Some(at) => Some(Resolved {
            at: Timestamp(at),
            by: row.get::<_, Option<u64>>("resolved_by")?.map(OperatorId),
            how: row.get::<_, Option<String>>("how")?.unwrap_or_default(),
            reason: row.get("reason")?,
            operation: operation("settled_epoch", "settled_seq")?,
        }),
    };
    Ok(ExceptionRow {
        id: row.get("id")?,
        at: Timestamp(row.get("at")?),
        // Nothing else is ever written; should it be, a person looks at it first.
        kind: Kind::ALL.into_iter().find(|known| known.name() == kind).unwrap_or(Kind::Critical),
        code: code.and_then(|code| code.parse().ok()),
        rejection: rejection.and_then(|text| serde_json::from_str(&text).ok()),
        lane: row.get("lane")?,
        screen: row.get("screen")?,
        operation: operation("operation_epoch", "operation_seq")?,
        detail: row.get("detail")?,
        times: row.get("times")?,
        resolved,
    })
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt { what: "rejection" })
}
