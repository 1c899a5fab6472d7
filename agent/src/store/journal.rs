//! Every scan that was answered. What was shown green is a draft until an operation or a recorded undo takes it.

use rusqlite::{Connection, Row, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperationId, OperatorId, SiteId, TaskId};
use sealtrace_protocol::time::{Stamp, Timestamp};

use super::StoreError;

/// A scan about to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The station or lane it belongs to.
    pub source: String,
    /// What it is there: child, parent, old, new …
    pub role: String,
    /// What was scanned, exactly.
    pub text: String,
    /// What it was read as.
    pub code: Option<Code>,
    /// When.
    pub at: Stamp,
    /// Who; none = a line by itself.
    pub operator: Option<OperatorId>,
    /// Where.
    pub site: SiteId,
    /// The task worked on.
    pub task: Option<TaskId>,
    /// The document worked on.
    pub document: Option<DocumentId>,
    /// True when it will be shown green.
    pub accepted: bool,
}

/// A stored draft and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRow {
    /// Its place in the order of acceptance.
    pub id: i64,
    /// What it says.
    pub draft: Draft,
}

/// Writes a scan down; returns its number. Green may be shown once the transaction is on the disk.
pub fn append(tx: &Transaction<'_>, draft: &Draft) -> Result<i64, StoreError> {
    tx.prepare_cached(
        "insert into journal (source, role, code, text, at, uncertainty_ms, operator, site, task, document, accepted)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .and_then(|mut insert| {
        insert.insert(params![
            draft.source,
            draft.role,
            draft.code.map(|code| code.canonical()),
            draft.text,
            draft.at.wall.millis(),
            draft.at.uncertainty_ms,
            draft.operator.map(OperatorId::get),
            draft.site.get(),
            draft.task.map(TaskId::get),
            draft.document.map(DocumentId::get),
            draft.accepted,
        ])
    })
    .map_err(StoreError::sqlite("write a scan down"))
}

/// The open drafts of one station or lane, in order: what a restart goes on with.
pub fn drafts(conn: &Connection, source: &str) -> Result<Vec<DraftRow>, StoreError> {
    conn.prepare_cached(
        "select id, source, role, text, code, at, uncertainty_ms, operator, site, task, document, accepted
         from journal
         where source = ?1 and accepted = 1 and operation_seq is null and undone_at is null
         order by id",
    )
    .and_then(|mut query| query.query_map([source], row)?.collect())
    .map_err(StoreError::sqlite("list drafts"))
}

/// How many drafts are open in all.
pub fn open_count(conn: &Connection) -> Result<u64, StoreError> {
    conn.query_row(
        "select count(*) from journal
         where accepted = 1 and operation_seq is null and undone_at is null",
        [],
        |row| row.get(0),
    )
    .map_err(StoreError::sqlite("count drafts"))
}

/// Whose drafts are open.
pub fn sources(conn: &Connection) -> Result<Vec<String>, StoreError> {
    conn.prepare_cached(
        "select distinct source from journal
         where accepted = 1 and operation_seq is null and undone_at is null order by source",
    )
    .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
    .map_err(StoreError::sqlite("list drafts"))
}

/// Takes a draft back; the record of it stays. False when it was not open any more.
pub fn undo(tx: &Transaction<'_>, id: i64, at: Timestamp, why: &str) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "update journal set undone_at = ?2, undone_why = ?3
             where id = ?1 and accepted = 1 and operation_seq is null and undone_at is null",
        )
        .and_then(|mut update| update.execute(params![id, at.millis(), why]))
        .map_err(StoreError::sqlite("undo a scan"))?;
    Ok(changed == 1)
}

/// Makes drafts part of an operation. Fails when one of them is not open any more: nothing is counted twice.
pub fn settle(tx: &Transaction<'_>, ids: &[i64], operation: OperationId) -> Result<(), StoreError> {
    let mut update = tx
        .prepare_cached(
            "update journal set operation_epoch = ?2, operation_seq = ?3
             where id = ?1 and accepted = 1 and operation_seq is null and undone_at is null",
        )
        .map_err(StoreError::sqlite("settle drafts"))?;
    for id in ids {
        let changed = update
            .execute(params![id, operation.epoch.get(), operation.seq.get()])
            .map_err(StoreError::sqlite("settle drafts"))?;
        if changed != 1 {
            return Err(StoreError::Settled { id: *id });
        }
    }
    Ok(())
}

fn row(row: &Row<'_>) -> rusqlite::Result<DraftRow> {
    let code: Option<String> = row.get(4)?;
    let draft = Draft {
        source: row.get(1)?,
        role: row.get(2)?,
        text: row.get(3)?,
        // Canonical text always reads back; should it not, the draft is kept without a code rather than lost.
        code: code.and_then(|code| code.parse().ok()),
        at: Stamp { wall: Timestamp(row.get(5)?), uncertainty_ms: row.get(6)? },
        operator: row.get::<_, Option<u64>>(7)?.map(OperatorId),
        site: SiteId(row.get(8)?),
        task: row.get::<_, Option<u64>>(9)?.map(TaskId),
        document: row.get::<_, Option<u64>>(10)?.map(DocumentId),
        accepted: row.get(11)?,
    };
    Ok(DraftRow { id: row.get(0)?, draft })
}
