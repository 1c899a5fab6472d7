//! A damaged file is kept aside under a new name, and what can be read of it goes on in a new one.
//!
//! The new file is an old copy of itself to the cloud: nothing is confirmed until a new epoch is granted, and what was
//! never receipted travels again in it ([`super::outbox::resume`]). What the feed told is told again from the beginning.

mod check;
mod mend;
mod salvage;
mod wal;

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::time::Timestamp;
use time::OffsetDateTime;

use super::exceptions::{self, Exception, Kind};
use super::{StoreError, reader, writer};
use crate::clock::Clock;
use crate::identity::Identity;
use check::Found;
use salvage::Came;

/// Every table and the order of its rows; first what nobody but this device knows. The feed's cursors are left behind,
/// so that it tells everything again.
const TABLES: [(&str, &str); 24] = [
    ("stream", "rowid"),
    ("journal", "rowid"),
    ("operation", "epoch, seq"),
    ("outbox", "epoch, seq"),
    ("batch", "rowid"),
    ("exception", "rowid"),
    ("labels", "rowid"),
    ("print_job", "rowid"),
    ("print_event", "rowid"),
    ("setting", "key"),
    ("touched", "epoch, seq, code"),
    ("moved", "epoch, seq, document, product"),
    ("making", "epoch, seq"),
    ("made", "rowid"),
    ("looked_at", "key, epoch, seq"),
    ("strip", "epoch, seq"),
    ("base", "code"),
    ("reference", "kind, id"),
    ("lot", "product, lot"),
    ("roll", "order_id, level, first_body"),
    ("lease", "first_body"),
    ("carrier", "rowid"),
    ("item", "code"),
    ("digest", "digest, order_id, level"),
];
/// The feed does not tell these again.
const OWN_TABLES: usize = 16;
/// Beside the file: it was found damaged while the agent ran.
const MARK: &str = ".damaged";
/// Pages are as long as SQLite makes them where nothing is said.
const PAGE_BYTES: usize = 4_096;
/// The file's own header, at the beginning of its first page.
const HEADER_BYTES: usize = 100;

/// Everything that is looked at: how the file is laid out comes first.
fn looked_at() -> Vec<&'static str> {
    let layout = ["sqlite_schema", writer::MIGRATION_TABLE];
    layout.into_iter().chain(TABLES.map(|(table, _)| table)).collect()
}

/// Makes sure that there is a file to work with, or none yet. Answers the tables there was no time to look at.
pub(super) fn prepare(path: &Path) -> Result<Vec<&'static str>, StoreError> {
    let fresh = beside(path, ".new");
    if !path.exists() && fresh.exists() {
        // The last start ended between putting the old file away and putting the new one in its place.
        return put(&fresh, path).map(|()| Vec::new());
    }
    let marked = beside(path, MARK);
    let found = if marked.exists() {
        Found::Damaged("damage was found while the agent ran".to_owned())
    } else {
        check::at_start(path)?
    };
    match found {
        Found::Whole => Ok(Vec::new()),
        Found::Unseen(tables) => Ok(tables),
        Found::Damaged(why) => {
            let aside = aside(path, Clock::new().now());
            tracing::error!(
                store.path = %path.display(),
                store.aside = %aside.display(),
                store.damage = why,
                "the database is damaged: it is kept aside, and what can be read of it goes on in a new one"
            );
            remove(&fresh)?;
            rebuild(path, &fresh, &aside)?;
            // The log first: no file may ever meet the log of another.
            for end in ["-wal", ""] {
                if beside(path, end).exists() {
                    put(&beside(path, end), &beside(&aside, end))?;
                }
            }
            remove(&beside(path, "-shm"))?;
            put(&fresh, path)?;
            remove(&marked)?;
            Ok(Vec::new())
        }
    }
}

/// Looks at the tables there was no time for; when one is damaged, the next start puts the file aside.
pub(super) fn look_on(path: &Path, tables: &[&'static str]) -> Result<(), StoreError> {
    let damage = match check::look_on(&reader::open(path)?, tables) {
        Ok(Found::Damaged(why)) => why,
        Ok(Found::Whole | Found::Unseen(_)) => return Ok(()),
        Err(error) if check::is_damage(&error) => error.to_string(),
        Err(error) => return Err(StoreError::sqlite("check itself")(error)),
    };
    let marked = beside(path, MARK);
    File::create(&marked).map_err(StoreError::folder(&marked, "written"))?;
    Err(StoreError::Damaged(damage))
}

/// Looks at an open file as long as a start would.
pub(super) fn is_whole(connection: &mut Connection) -> Result<(), StoreError> {
    match check::look(connection, &looked_at()) {
        Ok(Found::Whole | Found::Unseen(_)) => Ok(()),
        Ok(Found::Damaged(why)) => Err(StoreError::Damaged(why)),
        Err(error) => Err(StoreError::sqlite("check itself")(error)),
    }
}

/// Fills the new file with what can be read of the old one.
fn rebuild(path: &Path, fresh: &Path, aside: &Path) -> Result<(), StoreError> {
    let failed = || StoreError::sqlite("begin anew");
    let mut to = Connection::open(fresh).map_err(failed())?;
    to.pragma_update(None, "synchronous", "full").map_err(failed())?;
    writer::migrate(&mut to)?;
    let patched = beside(path, ".patched");
    let from = readable(path, fresh, &patched)?;
    let tx = to.transaction().map_err(failed())?;
    let mut came = Vec::new();
    for (table, order) in TABLES {
        let one = match &from {
            Some(from) => salvage::copy(from, &tx, table, order)?,
            None => Came { rows: 0, broken: true },
        };
        came.push((table, one));
    }
    drop(from);
    // Whoever is not enrolled has nothing to go on with in the cloud.
    let identity = path.parent().and_then(|data| Identity::load(data).ok().flatten());
    let lost = mend::stream(&tx, identity.as_ref())?;
    tell(&tx, &came, &lost, aside)?;
    tx.commit().map_err(failed())?;
    for end in ["", "-wal", "-shm"] {
        remove(&beside(&patched, end))?;
    }
    Ok(())
}

/// Names what came over and what did not, in the log and for whoever looks at the page.
fn tell(
    tx: &Transaction<'_>,
    came: &[(&str, Came)],
    lost: &str,
    aside: &Path,
) -> Result<(), StoreError> {
    let mut whole = lost.is_empty();
    for (at, (table, Came { rows, broken })) in came.iter().enumerate() {
        let own = at < OWN_TABLES;
        whole &= !(own && *broken);
        if *broken {
            let then = if own { "it is lost" } else { "the cloud tells it again" };
            tracing::error!(
                store.table = table,
                store.rows = rows,
                "part of a table could not be read; {then}"
            );
        } else {
            tracing::info!(store.table = table, store.rows = rows, "a table was taken over whole");
        }
    }
    if !lost.is_empty() {
        tracing::error!(
            operation.seqs = lost,
            store.aside = %aside.display(),
            "operations that were never receipted could not be read: do that work again, or have the file that was kept aside looked at"
        );
    }
    let exception = Exception {
        at: Clock::new().now(),
        kind: Kind::Critical,
        code: None,
        lane: None,
        operation: None,
        rejection: None,
        detail: if whole { "database_recovered" } else { "database_damaged" }.to_owned(),
    };
    exceptions::add(tx, &exception)?;
    Ok(())
}

/// A connection to the old file; where not even its first page can be read, to a copy that has the first page of a new
/// one. Tables lie where they lie in any file of this layout. None when nothing helps.
fn readable(path: &Path, fresh: &Path, patched: &Path) -> Result<Option<Connection>, StoreError> {
    if let Some(connection) = opened(path) {
        return Ok(Some(connection));
    }
    for bytes in [HEADER_BYTES, PAGE_BYTES] {
        patch(path, fresh, patched, bytes).map_err(StoreError::folder(patched, "written"))?;
        if let Some(connection) = opened(patched) {
            return Ok(Some(connection));
        }
    }
    Ok(None)
}

fn opened(path: &Path) -> Option<Connection> {
    let connection = check::open(path).ok()?;
    let known = connection.table_exists(None, "journal").ok()?;
    known.then_some(connection)
}

fn patch(path: &Path, fresh: &Path, patched: &Path, bytes: usize) -> io::Result<()> {
    for end in ["", "-wal"] {
        if beside(path, end).exists() {
            fs::copy(beside(path, end), beside(patched, end))?;
        }
    }
    let mut page = fs::read(fresh)?;
    page.truncate(bytes);
    let mut file = File::options().write(true).open(patched)?;
    let pages = file.metadata()?.len() / u64::try_from(PAGE_BYTES).unwrap_or(u64::MAX);
    let pages = u32::try_from(pages).unwrap_or(u32::MAX).to_be_bytes();
    // Written and read through a log; as many pages as there are; none of them free.
    for (at, value) in [(18, [2, 2].as_slice()), (28, &pages), (32, &[0; 8])] {
        if let Some(place) = page.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
        }
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&page)
}

/// The file's name with something behind it.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A name with the date that no file has.
fn aside(path: &Path, now: Timestamp) -> PathBuf {
    let at = OffsetDateTime::from_unix_timestamp(now.millis() / 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, time) = (at.date(), at.time());
    let end = format!(
        ".{:04}-{:02}-{:02}T{:02}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    let mut names = (0..).map(|n| match n {
        0 => beside(path, &end),
        n => beside(path, &format!("{end}.{n}")),
    });
    names.find(|name| !name.exists()).unwrap_or_else(|| beside(path, &end))
}

fn put(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(StoreError::folder(from, "renamed"))?;
    let folder = to.parent().unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::folder(folder, "synced"))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::folder(path, "removed")(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_is_looked_at_and_taken_over() {
        let mut connection = Connection::open_in_memory().unwrap();
        writer::migrate(&mut connection).unwrap();
        let mut tables: BTreeSet<String> = connection
            .prepare(
                "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
            )
            .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
            .unwrap();
        for left in ["feed", "refinery_schema_history"] {
            assert!(tables.remove(left));
        }
        assert_eq!(tables, TABLES.map(|(name, _)| name.to_owned()).into());
        for (table, order) in TABLES {
            // In the order the rows lie in, or the way back would begin by reading everything.
            let back = salvage::reversed(order);
            let plan: Vec<String> = connection
                .prepare(&format!("explain query plan select * from {table} order by {back}"))
                .and_then(|mut query| query.query_map([], |row| row.get("detail"))?.collect())
                .unwrap();
            assert_eq!(plan, [format!("SCAN {table}")], "{table}");
        }
    }
}
