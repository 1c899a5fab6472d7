//! Labels to print and printed: the queue, which survives a restart, and what became of each job.
//!
//! A job is marked as being sent before the first byte leaves. Found so after a crash, nobody knows whether it was
//! printed: it is uncertain until a person says so, and never sent again by itself.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::ids::{OperatorId, SiteId};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::StoreError;

/// The most jobs one list answers.
const LIST_MAX: u32 = 200;
/// What is over is kept this long, as long as reprints of it may be asked for.
pub const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1_000;
const COLUMNS: &str = "id, at, operator, site, printer, template, fields, code, copies, state, attempts, due_at, problem, of_job, why";

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for the printer.
    Queued,
    /// Its bytes are on their way.
    Sending,
    /// Handed over whole, and where the printer says so, out.
    Printed,
    /// Given up; nothing of it was sent.
    Failed,
    /// Sent, perhaps in part; a person must look.
    Uncertain,
    /// Not wanted any more.
    Cancelled,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Queued,
        Self::Sending,
        Self::Printed,
        Self::Failed,
        Self::Uncertain,
        Self::Cancelled,
    ];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Printed => "printed",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A label that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// When.
    pub at: Timestamp,
    /// By whom; none = a screen by itself.
    pub operator: Option<OperatorId>,
    /// Where.
    pub site: SiteId,
    /// On which printer.
    pub printer: String,
    /// Which label.
    pub template: String,
    /// What it says, JSON.
    pub fields: Value,
    /// What it labels.
    pub code: Option<String>,
    /// How many.
    pub copies: u32,
    /// The job it prints again.
    pub of_job: Option<i64>,
    /// Why there shall be a second one of the same label.
    pub why: Option<String>,
    /// The first draft of the package it is made for by itself.
    pub package: Option<i64>,
}

/// A stored job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// When it was asked for.
    pub at: Timestamp,
    /// By whom.
    pub operator: Option<OperatorId>,
    /// Where.
    pub site: SiteId,
    /// On which printer.
    pub printer: String,
    /// Which label.
    pub template: String,
    /// What it says.
    pub fields: Value,
    /// What it labels.
    pub code: Option<String>,
    /// How many.
    pub copies: u32,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before.
    pub due_at: Timestamp,
    /// Why not, as a message.
    pub problem: Option<Value>,
    /// The job it prints again.
    pub of_job: Option<i64>,
    /// Why it does.
    pub why: Option<String>,
}

/// Something that happened to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What: queued, printed, failed, uncertain, found_printed, again, cancelled.
    pub event: String,
    /// Who decided it.
    pub operator: Option<OperatorId>,
    /// More about it.
    pub detail: Option<String>,
}

/// Puts a job into the queue. None when the package it was made for has its label already.
pub fn enqueue(tx: &Transaction<'_>, job: &NewJob) -> Result<Option<i64>, StoreError> {
    let id: Option<i64> = tx
        .prepare_cached(
            "insert into print_job (at, operator, site, printer, template, fields, code, copies, state, due_at, of_job, why, package)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'queued', ?1, ?9, ?10, ?11)
             on conflict (package) do nothing returning id",
        )
        .and_then(|mut insert| {
            insert
                .query_row(
                    params![
                        job.at.millis(),
                        job.operator.map(OperatorId::get),
                        job.site.get(),
                        job.printer,
                        job.template,
                        job.fields.to_string(),
                        job.code,
                        job.copies,
                        job.of_job,
                        job.why,
                        job.package,
                    ],
                    |row| row.get(0),
                )
                .optional()
        })
        .map_err(StoreError::sqlite("queue a label"))?;
    if let Some(id) = id {
        note(tx, id, "queued", job.operator, job.why.as_deref(), job.at)?;
    }
    Ok(id)
}

/// True when a package has its label already.
pub fn is_labelled(conn: &Connection, package: i64) -> Result<bool, StoreError> {
    conn.prepare_cached("select exists (select 1 from print_job where package = ?1)")
        .and_then(|mut query| query.query_row([package], |row| row.get(0)))
        .map_err(StoreError::sqlite("look a label up"))
}

/// The job a printer does next: the oldest that waits, whether it is its time or not.
pub fn next(conn: &Connection, printer: &str) -> Result<Option<Job>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from print_job where printer = ?1 and state = 'queued' order by id limit 1"
    );
    conn.prepare_cached(&sql)
        .and_then(|mut query| query.query_row([printer], job).optional())
        .map_err(StoreError::sqlite("look for labels to print"))
}

/// One job.
pub fn by_id(conn: &Connection, id: i64) -> Result<Option<Job>, StoreError> {
    let sql = format!("select {COLUMNS} from print_job where id = ?1");
    conn.prepare_cached(&sql)
        .and_then(|mut query| query.query_row([id], job).optional())
        .map_err(StoreError::sqlite("look a label up"))
}

/// The newest jobs, newest first, and first of all those that somebody must decide about.
pub fn list(conn: &Connection) -> Result<Vec<Job>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from print_job
         order by state not in ('uncertain', 'failed'), id desc limit ?1"
    );
    conn.prepare_cached(&sql)
        .and_then(|mut query| query.query_map([LIST_MAX], job)?.collect())
        .map_err(StoreError::sqlite("list labels"))
}

/// What happened to a job, in order.
pub fn events(conn: &Connection, id: i64) -> Result<Vec<Event>, StoreError> {
    let read = |row: &Row<'_>| {
        let operator = row.get::<_, Option<u64>>(2)?.map(OperatorId);
        let (at, event, detail) = (Timestamp(row.get(0)?), row.get(1)?, row.get(3)?);
        Ok(Event { at, event, operator, detail })
    };
    conn.prepare_cached(
        "select at, event, operator, detail from print_event where job = ?1 order by id",
    )
    .and_then(|mut query| query.query_map([id], read)?.collect())
    .map_err(StoreError::sqlite("look a label up"))
}

/// The first byte will leave now. False when the job is not queued any more.
pub fn begin(tx: &Transaction<'_>, id: i64) -> Result<bool, StoreError> {
    let begun = tx
        .execute(
            "update print_job set state = 'sending', attempts = attempts + 1, problem = null
             where id = ?1 and state = 'queued'",
            [id],
        )
        .map_err(StoreError::sqlite("begin to print a label"))?;
    Ok(begun == 1)
}

/// Nothing of it was sent: it waits and is tried again, from `due_at` on.
pub fn defer(
    tx: &Transaction<'_>,
    id: i64,
    problem: &Value,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update print_job set attempts = attempts + (state = 'queued'), state = 'queued', problem = ?2, due_at = ?3
         where id = ?1 and state in ('queued', 'sending')",
        params![id, problem.to_string(), due_at.millis()],
    )
    .map_err(StoreError::sqlite("defer a label"))?;
    Ok(())
}

/// Ends a job that the printer had: printed, failed or uncertain.
pub fn end(
    tx: &Transaction<'_>,
    id: i64,
    state: State,
    problem: Option<&Value>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let problem = problem.map(Value::to_string);
    let ended = tx
        .execute(
            "update print_job set state = ?2, problem = ?3 where id = ?1 and state in ('queued', 'sending')",
            params![id, state.name(), problem],
        )
        .map_err(StoreError::sqlite("end a label"))?;
    if ended == 1 {
        note(tx, id, state.name(), None, problem.as_deref(), at)?;
    }
    Ok(())
}

/// What a person decides about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An uncertain one came out.
    FoundPrinted,
    /// A failed one is tried again, or an uncertain one did not come out.
    Again,
    /// It is not wanted.
    Cancel,
}

/// Decides about a job. False when that cannot be said of it as it stands.
pub fn decide(
    tx: &Transaction<'_>,
    id: i64,
    decision: Decision,
    by: OperatorId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let (sql, event) = match decision {
        Decision::FoundPrinted => (
            "update print_job set state = 'printed', problem = null where id = ?1 and state = 'uncertain'",
            "found_printed",
        ),
        Decision::Again => (
            "update print_job set state = 'queued', attempts = 0, due_at = 0
             where id = ?1 and state in ('uncertain', 'failed')",
            "again",
        ),
        Decision::Cancel => (
            "update print_job set state = 'cancelled' where id = ?1 and state in ('queued', 'failed', 'uncertain')",
            "cancelled",
        ),
    };
    let decided = tx.execute(sql, [id]).map_err(StoreError::sqlite("decide about a label"))? == 1;
    if decided {
        note(tx, id, event, Some(by), None, at)?;
    }
    Ok(decided)
}

/// What has not been sent yet is not wanted any more.
pub fn withdraw(tx: &Transaction<'_>, id: i64, at: Timestamp) -> Result<(), StoreError> {
    let withdrawn = tx
        .execute(
            "update print_job set state = 'cancelled' where id = ?1 and state = 'queued'",
            [id],
        )
        .map_err(StoreError::sqlite("withdraw a label"))?;
    if withdrawn == 1 {
        note(tx, id, State::Cancelled.name(), None, None, at)?;
    }
    Ok(())
}

/// After a start: what was being sent when the program ended is uncertain. How many there are.
pub fn recover(tx: &Transaction<'_>, at: Timestamp) -> Result<u64, StoreError> {
    let ids: Vec<i64> = tx
        .prepare("select id from print_job where state = 'sending' order by id")
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("look for labels begun"))?;
    let mut count = 0;
    for id in ids {
        end(tx, id, State::Uncertain, None, at)?;
        count += 1;
    }
    Ok(count)
}

/// Forgets some jobs that ended long ago. True when there may be more.
pub fn forget_some(tx: &Transaction<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let failed = || StoreError::sqlite("forget labels");
    let before = now.plus_ms(-KEPT_MS).millis();
    let forgotten = tx
        .execute(
            "delete from print_job where id in (
               select id from print_job where at < ?1 and state in ('printed', 'cancelled') limit 200)",
            [before],
        )
        .map_err(failed())?;
    tx.execute(
        "delete from print_event where at < ?1 and not exists (select 1 from print_job where id = job)",
        [before],
    )
    .map_err(failed())?;
    Ok(forgotten == 200)
}

fn note(
    tx: &Transaction<'_>,
    job: i64,
    event: &str,
    operator: Option<OperatorId>,
    detail: Option<&str>,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into print_event (job, at, event, operator, detail) values (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut insert| {
        insert.execute(params![job, at.millis(), event, operator.map(OperatorId::get), detail])
    })
    .map_err(StoreError::sqlite("write down what became of a label"))?;
    Ok(())
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::Null);
    let state: String = row.get(9)?;
    let state = State::ALL.into_iter().find(|known| known.name() == state);
    Ok(Job {
        id: row.get(0)?,
        at: Timestamp(row.get(1)?),
        operator: row.get::<_, Option<u64>>(2)?.map(OperatorId),
        site: SiteId(row.get(3)?),
        printer: row.get(4)?,
        template: row.get(5)?,
        fields: json(row.get(6)?),
        code: row.get(7)?,
        copies: row.get(8)?,
        state: state.ok_or(rusqlite::Error::InvalidQuery)?,
        attempts: row.get(10)?,
        due_at: Timestamp(row.get(11)?),
        problem: row.get::<_, Option<String>>(12)?.map(json),
        of_job: row.get(13)?,
        why: row.get(14)?,
    })
}
