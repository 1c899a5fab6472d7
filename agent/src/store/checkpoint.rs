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
/// Tries in a row to reach the end of a log that grows meanwhile; the next commit asks again.
const ROUNDS_MAX: u32 = 8;

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
        let hook = move |log: &mut Wal, pages: i32| {
            if pages >= LOG_PAGES_MAX {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = log.checkpoint() {
                    complain(&path, &error);
                }
            } else if pages >= LOG_PAGES
                && let Some(wake) = wake.upgrade()
            {
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
