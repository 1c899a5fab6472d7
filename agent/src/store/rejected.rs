//! Cases that lanes set aside, with what they know of them: rework goes on from there.

use rusqlite::{Connection, Row, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::{Level, Made};
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// The most rows one list answers.
const LIST_MAX: u32 = 200;

/// One thing that went into a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What was read of it, if anything.
    pub text: Option<String>,
    /// The code it was read as.
    pub code: Option<Code>,
    /// What is wrong with it.
    pub fault: Option<String>,
}

/// A case that was set aside, as its lane knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Its label, as far as it was read.
    pub label: Option<Code>,
    /// What it is.
    pub level: Level,
    /// What goes into it.
    pub inner: Level,
    /// How many of these.
    pub holds: u32,
    /// Under which task it was made; none when the lane had none.
    pub made: Option<Made>,
    /// The first thing that was wrong with it.
    pub word: String,
    /// Something may have passed that nobody saw: which place is whose is not certain.
    pub unsure: bool,
    /// Everything that passed, in order.
    pub places: Vec<Place>,
}

impl Rejected {
    /// What need not be scanned again.
    #[must_use]
    pub fn sure(&self) -> Vec<Code> {
        if self.unsure {
            return Vec::new();
        }
        let sure = self.places.iter().filter(|place| place.fault.is_none());
        sure.filter_map(|place| place.code).collect()
    }
}

/// A case that was set aside, and the exception that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The exception.
    pub exception: i64,
    /// When.
    pub at: Timestamp,
    /// The case.
    pub case: Rejected,
}

/// Writes down what is known of the case that an exception is about.
pub fn keep(tx: &Transaction<'_>, exception: i64, case: &Rejected) -> Result<(), StoreError> {
    let contents =
        serde_json::to_string(case).map_err(|_| StoreError::Corrupt { what: "rejected case" })?;
    tx.prepare_cached("update exception set contents = ?2 where id = ?1")
        .and_then(|mut update| update.execute(params![exception, contents]))
        .map_err(StoreError::sqlite("record a rejected case"))?;
    Ok(())
}

/// The newest case of this label, or with this code in it, that waits for rework.
pub fn find(conn: &Connection, code: Code) -> Result<Option<RejectedRow>, StoreError> {
    let found = query(
        conn,
        "(code = ?1 or exists (select 1 from json_each(contents, '$.places')
                               where json_extract(value, '$.code') = ?1))
         order by code is not ?1, id desc limit 1",
        &code.canonical(),
    )?;
    Ok(found.into_iter().next())
}

/// The cases of a lane that wait for rework, newest first.
pub fn of_lane(conn: &Connection, lane: &str) -> Result<Vec<RejectedRow>, StoreError> {
    query(conn, &format!("lane = ?1 order by id desc limit {LIST_MAX}"), lane)
}

fn query(conn: &Connection, which: &str, value: &str) -> Result<Vec<RejectedRow>, StoreError> {
    let failed = || StoreError::sqlite("look for rejected cases");
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows: Vec<(i64, i64, String)> = conn
        .prepare_cached(&format!(
            "select id, at, contents from exception
             where resolved_at is null and contents is not null and {which}"
        ))
        .and_then(|mut query| query.query_map([value], read)?.collect())
        .map_err(failed())?;
    let row = |(exception, at, contents): (i64, i64, String)| {
        let case = serde_json::from_str(&contents)
            .map_err(|_| StoreError::Corrupt { what: "rejected case" })?;
        Ok(RejectedRow { exception, at: Timestamp(at), case })
    };
    rows.into_iter().map(row).collect()
}
