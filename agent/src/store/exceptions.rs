//! What a person must look at: quarantined operations, cases set aside, critical faults.

use rusqlite::{Connection, Row, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OperationId;
use sealtrace_protocol::ledger::Rejection;
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

use super::StoreError;

/// The most rows one list answers.
const LIST_MAX: u32 = 500;

/// What kind of exception it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The cloud keeps an operation but does not count it.
    Verdict,
    /// A lane put a case aside.
    SetAside,
    /// Somebody must act now: a forked stream, a broken disk.
    Critical,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
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

/// A recorded exception, as the local page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ExceptionRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// verdict, set_aside or critical.
    pub kind: String,
    /// The code concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The rule that said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection: Option<serde_json::Value>,
    /// The lane concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// A word for the page.
    pub detail: String,
}

/// Records an exception.
pub fn add(tx: &Transaction<'_>, exception: &Exception) -> Result<i64, StoreError> {
    let rejection = exception
        .rejection
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(|_| StoreError::Corrupt { what: "rejection" })?;
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

/// Open exceptions, newest first.
pub fn open(conn: &Connection) -> Result<Vec<ExceptionRow>, StoreError> {
    conn.prepare_cached(
        "select id, at, kind, code, rejection, lane, detail from exception
         where resolved_at is null order by id desc limit ?1",
    )
    .and_then(|mut query| query.query_map([LIST_MAX], row)?.collect())
    .map_err(StoreError::sqlite("list exceptions"))
}

/// Closes one.
pub fn resolve(tx: &Transaction<'_>, id: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "update exception set resolved_at = ?2 where id = ?1 and resolved_at is null",
        params![id, at.millis()],
    )
    .map_err(StoreError::sqlite("resolve an exception"))?;
    Ok(())
}

fn row(row: &Row<'_>) -> rusqlite::Result<ExceptionRow> {
    let rejection: Option<String> = row.get(4)?;
    Ok(ExceptionRow {
        id: row.get(0)?,
        at: Timestamp(row.get(1)?),
        kind: row.get(2)?,
        code: row.get(3)?,
        rejection: rejection.and_then(|text| serde_json::from_str(&text).ok()),
        lane: row.get(5)?,
        detail: row.get(6)?,
    })
}
