//! Brings what the log holds into the file, beside the writer: SQLite would do it in the middle of a commit, and the
//! scan whose commit that is would wait for several more turns of the disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, hooks::Wal};

use super::StoreError;

/// From this many pages in the log on they are brought into the file, while scans go on.
const LOG_PAGES: i32 = 1_000;
/// From this many on the writer waits for it: only who writes without any pause gets there.
const LOG_PAGES_MAX: i32 = 8_000;
const _: () = assert!(LOG_PAGES < LOG_PAGES_MAX);
/// Tries in a row to reach the end of a log that grows meanwhile. Running after one that is never reached would only keep
/// the disk busy: then it grows by as many pages again first.
const ROUNDS_MAX: u32 = 2;

/// The thread that does it. It ends, and lets go of the file, when this is dropped.
pub(super) struct Checkpointer {
    path: PathBuf,
    /// The only one that lasts: without it the thread ends.
    wake: Option<Arc<SyncSender<()>>>,
    /// Held while pages are brought into the file.
    turn: Arc<Mutex<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let turn = Arc::new(Mutex::new(()));
        let thread = std::thread::Builder::new()
            .name("store-log".to_owned())
            .spawn({
                let (path, turn) = (path.to_owned(), Arc::clone(&turn));
                move || work(&path, &woken, &turn)
            })
            .map_err(StoreError::folder(path, "given a thread for its log"))?;
        Ok(Self { path: path.to_owned(), wake: Some(Arc::new(wake)), turn, thread: Some(thread) })
    }

    /// Looks after the log of the connection that writes, in place of SQLite.
    pub(super) fn attend(&self, writer: &mut Connection) -> Result<(), StoreError> {
        let wake = self.wake.as_ref().map(Arc::downgrade).unwrap_or_default();
        let (path, turn) = (self.path.clone(), Arc::clone(&self.turn));
        let mut woken_at = 0;
        let hook = move |log: &mut Wal, pages: i32| {
            if pages < woken_at {
                // It has begun anew.
                woken_at = 0;
            }
            if pages >= LOG_PAGES_MAX {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = log.checkpoint() {
                    complain(&path, &error);
                }
            } else if pages >= woken_at + LOG_PAGES
                && let Some(wake) = wake.upgrade()
            {
                woken_at = pages;
                // If it has been woken already, it looks at the whole log.
                let _ = wake.try_send(());
            }
            // The commit stands, whatever became of this.
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(StoreError::sqlite("take its settings"))
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(path: &Path, woken: &Receiver<()>, turn: &Mutex<()>) {
    let mut connection = None;
    while woken.recv().is_ok() {
        if let Err(error) = bring_in(path, &mut connection, turn) {
            complain(path, &error);
            connection = None;
        }
    }
}

/// Goes on until the log is at its end, so that the next commit begins it anew.
fn bring_in(
    path: &Path,
    connection: &mut Option<Connection>,
    turn: &Mutex<()>,
) -> rusqlite::Result<()> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(open(path)?),
    };
    for _ in 0..ROUNDS_MAX {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (pages, done): (i64, i64) = connection
            .prepare_cached("pragma wal_checkpoint(passive)")?
            .query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
        if done >= pages {
            break;
        }
    }
    Ok(())
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

fn complain(path: &Path, error: &rusqlite::Error) {
    tracing::warn!(
        store.path = %path.display(),
        error = error as &dyn std::error::Error,
        "the store's log could not be brought into its file; it grows until that works"
    );
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn write(connection: &Connection, rows: u32) {
        for _ in 0..rows {
            connection.execute("insert into t (body) values (zeroblob(4000))", []).unwrap();
        }
    }

    fn opened(folder: &Path) -> (Connection, Checkpointer) {
        let path = folder.join("t.db");
        let mut connection = open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        let checkpointer = Checkpointer::start(&path).unwrap();
        checkpointer.attend(&mut connection).unwrap();
        connection.execute_batch("create table t (id integer primary key, body blob)").unwrap();
        (connection, checkpointer)
    }

    fn size(folder: &Path, file: &str) -> u64 {
        std::fs::metadata(folder.join(file)).unwrap().len()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "waits for a thread that is meant to be alone")]
    fn a_long_log_is_brought_into_the_file_while_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, _checkpointer) = opened(folder.path());
        write(&connection, 100);
        assert!(size(folder.path(), "t.db") < 100_000, "a short log stays where it is");
        write(&connection, 1_000);
        for _ in 0..1_000 {
            if size(folder.path(), "t.db") > 2_000_000 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(size(folder.path(), "t.db") > 2_000_000);
    }

    #[test]
    fn a_writer_that_never_pauses_does_not_fill_the_disk_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, checkpointer) = opened(folder.path());
        // Its thread never gets its turn; whoever writes does it himself.
        let turn = checkpointer.turn.lock().unwrap();
        write(&connection, 2_000);
        drop(turn);
        for _ in 0..4 {
            write(&connection, 2_500);
        }
        let page = 4_096 + 24;
        let longest = u64::try_from(LOG_PAGES_MAX).unwrap() * page + 100 * page;
        assert!(size(folder.path(), "t.db-wal") < longest);
        let rows: u32 =
            connection.query_row("select count(*) from t", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 12_000);
    }

    #[test]
    fn it_ends_before_its_writer_does() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, checkpointer) = opened(folder.path());
        drop(checkpointer);
        write(&connection, 1_100);
        assert!(size(folder.path(), "t.db-wal") > 4_000_000);
    }
}
