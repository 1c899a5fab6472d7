//! Is the file whole? What only this device knows is looked at first, and within a time that a start can wait for.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::super::StoreError;
use super::{beside, looked_at, wal};
use crate::clock::Clock;

/// How long a start looks. What is not reached by then is looked at while the agent runs.
const LOOK_MS_MAX: u64 = 300;
/// Steps of SQLite between two looks at the clock.
const STEPS: i32 = 10_000;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Found {
    /// Nothing wrong with anything.
    Whole,
    /// Nothing wrong; there was no time for these.
    Unseen(Vec<&'static str>),
    /// It is damaged.
    Damaged(String),
}

/// Looks at the file before anything is written to it.
pub(super) fn at_start(path: &Path) -> Result<Found, StoreError> {
    let measured = |error| StoreError::folder(path, "read")(error);
    let bytes = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Whole),
        Err(error) => return Err(measured(error)),
    };
    if wal::has_lost_commits(&beside(path, "-wal")).map_err(measured)? {
        return Ok(Found::Damaged("the log beside it has lost its end".to_owned()));
    }
    if bytes == 0 {
        return Ok(Found::Whole);
    }
    let logged = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    if !logged && bytes < pages_bytes(path).map_err(measured)? {
        return Ok(Found::Damaged("it is shorter than it says".to_owned()));
    }
    match open(path).and_then(|mut connection| look(&mut connection, &looked_at())) {
        Ok(found) => Ok(found),
        Err(error) if is_damage(&error) => Ok(Found::Damaged(error.to_string())),
        Err(error) => Err(StoreError::sqlite("check itself")(error)),
    }
}

/// Looks at these tables, as long as there is time.
pub(in crate::store) fn look(
    connection: &mut Connection,
    tables: &[&'static str],
) -> rusqlite::Result<Found> {
    let clock = Clock::new();
    connection.progress_handler(STEPS, Some(move || clock.monotonic_ms() > LOOK_MS_MAX))?;
    let found = look_on(connection, tables);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    found
}

/// Looks at these tables, however long it takes or until it is interrupted.
pub(in crate::store) fn look_on(
    connection: &Connection,
    tables: &[&'static str],
) -> rusqlite::Result<Found> {
    for (at, table) in tables.iter().enumerate() {
        if *table != "sqlite_schema" && !connection.table_exists(None, *table)? {
            continue;
        }
        let word = connection
            .query_row(&format!("pragma quick_check({table})"), [], |row| row.get::<_, String>(0));
        match word {
            Ok(word) if word == "ok" => {}
            Ok(word) => return Ok(Found::Damaged(word)),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
                return Ok(Found::Unseen(tables.get(at..).unwrap_or_default().to_vec()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Found::Whole)
}

/// Opens a file that may be damaged, and leaves it and its log as they are.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// How long the file is by its own header; 0 when that says nothing.
fn pages_bytes(path: &Path) -> io::Result<u64> {
    let mut header = [0; 100];
    if let Err(error) = File::open(path)?.read_exact(&mut header) {
        return if error.kind() == io::ErrorKind::UnexpectedEof {
            Ok(u64::MAX)
        } else {
            Err(error)
        };
    }
    let word = |at: usize| {
        let found = header.get(at..).and_then(|bytes| bytes.first_chunk::<4>());
        found.copied().map_or(0, u32::from_be_bytes)
    };
    let page = match word(16) >> 16 {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    // Only where the count was written by the same change as the rest.
    Ok(if word(24) == word(92) { page.saturating_mul(u64::from(word(28))) } else { 0 })
}
