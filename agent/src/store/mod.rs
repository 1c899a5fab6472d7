//! The agent's memory: one SQLite file, one connection that writes, others that read. All SQL lives in this folder.
//!
//! Jobs waiting for the writer share one commit, each inside its own savepoint, and hear of success only after that
//! commit is on the disk.

pub mod associations;
mod base;
mod checkpoint;
pub mod counting;
mod effects;
pub mod exceptions;
pub mod feed;
pub mod items;
pub mod journal;
pub mod labels;
pub mod made;
pub mod outbox;
pub mod print;
pub mod pruning;
mod reader;
mod rebase;
mod recovery;
pub mod rejected;
pub mod settings;
pub mod stream;
pub mod strips;
pub mod verdicts;
mod writer;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::wire::WireError;
use tokio::sync::watch;

use reader::Readers;
use writer::{Turn, Writer};

/// The file inside the data folder.
pub const DATABASE_FILE: &str = "agent.db";
/// From this share of the disk on people are warned.
const DISK_WARN_PERCENT: u64 = 80;
/// From this share of the disk on scans are refused.
const DISK_FULL_PERCENT: u64 = 95;
const _: () = assert!(DISK_WARN_PERCENT < DISK_FULL_PERCENT);

/// Why the store could not do something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("the database did not {what}")]
    Sqlite {
        /// What was being done.
        what: &'static str,
        /// Why not.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The commit failed: nothing of the group is stored. The file was reopened and checked.
    #[error("the disk did not take the data; nothing was stored, scan again")]
    Commit(#[source] Arc<rusqlite::Error>),
    /// The disk is too full to promise anything.
    #[error(
        "the disk is {percent} % full, scans are refused from {DISK_FULL_PERCENT} %; free space on it"
    )]
    Full {
        /// How full.
        percent: u64,
    },
    /// The data folder could not be used.
    #[error("{path} could not be {what}")]
    Folder {
        /// Which path.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// Another agent works on this folder.
    #[error("another agent is using {0}; stop it first")]
    Locked(PathBuf),
    /// Migration failed.
    #[error("the database could not be brought to this version's layout")]
    Migration(#[source] Arc<refinery::Error>),
    /// Made by a newer program.
    #[error("the database has layout {found}, this program knows {known}; install the newer agent")]
    Newer {
        /// The file's layout.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// SQLite found the file damaged.
    #[error(
        "the database is damaged ({0}); the next start keeps it aside and goes on with what can be read"
    )]
    Damaged(String),
    /// A stored value does not read back.
    #[error("a stored {what} does not read back")]
    Corrupt {
        /// Which.
        what: &'static str,
    },
    /// Stored bytes do not read back.
    #[error("a stored value does not read back")]
    Wire(#[from] WireError),
    /// The store lost its stream (new disk, restored copy) and the cloud has not granted a new epoch yet.
    #[error("this device lost its stream; connect it to the cloud once, then confirm again")]
    NoStream,
    /// A draft was used already: confirming or undoing twice.
    #[error("scan {id} is not open any more; it was confirmed or undone already")]
    Settled {
        /// Its number in the journal.
        id: i64,
    },
    /// The writer is gone.
    #[error("the store has stopped")]
    Stopped,
}

impl StoreError {
    /// Wraps an SQLite error: `.map_err(StoreError::sqlite("list drafts"))`.
    pub fn sqlite(what: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Sqlite { what, source: Arc::new(source) }
    }

    /// True when there was no room on the disk.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Sqlite { source, .. } | Self::Commit(source) => {
                source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::Folder { .. }
            | Self::Locked(_)
            | Self::Migration(_)
            | Self::Newer { .. }
            | Self::Damaged(_)
            | Self::Corrupt { .. }
            | Self::Wire(_)
            | Self::NoStream
            | Self::Settled { .. }
            | Self::Stopped => false,
        }
    }

    /// How full the disk was when [`StoreError::is_full`].
    #[must_use]
    pub const fn percent(&self) -> u64 {
        if let Self::Full { percent } = self { *percent } else { 100 }
    }

    /// Wraps a file error.
    pub fn folder(path: &Path, what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Folder { path, what, source: Arc::new(source) }
    }
}

/// How full the data folder's disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Bytes still free for us.
    pub free_bytes: u64,
    /// Bytes used and free for us.
    pub total_bytes: u64,
}

impl Storage {
    /// What the disk under `path` says.
    pub fn of(path: &Path) -> Result<Self, StoreError> {
        let stat = nix::sys::statvfs::statvfs(path)
            .map_err(std::io::Error::from)
            .map_err(StoreError::folder(path, "measured"))?;
        // Of 32 or 64 bits, by the processor.
        let [unit, all, free, available] = [
            wide(stat.fragment_size()),
            wide(stat.blocks()),
            wide(stat.blocks_free()),
            wide(stat.blocks_available()),
        ];
        let used = all.saturating_sub(free);
        // What is kept back for root or by a quota is neither used nor ours.
        let ours = used.saturating_add(available);
        Ok(Self {
            free_bytes: unit.saturating_mul(available),
            total_bytes: unit.saturating_mul(ours),
        })
    }

    /// Used share, rounded down.
    #[must_use]
    pub const fn percent(&self) -> u64 {
        let used = self.total_bytes.saturating_sub(self.free_bytes);
        match used.saturating_mul(100).checked_div(self.total_bytes) {
            Some(percent) => percent,
            None => 0,
        }
    }

    /// True from 80 % on.
    #[must_use]
    pub const fn is_low(&self) -> bool {
        self.percent() >= DISK_WARN_PERCENT
    }

    /// True from 95 % on: scans are refused.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.percent() >= DISK_FULL_PERCENT
    }
}

fn wide(number: impl Into<u64>) -> u64 {
    number.into()
}

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    folder: Arc<PathBuf>,
    /// Tables the start had no time to check.
    unseen: Arc<[&'static str]>,
    /// Before the writer: whoever closes the file last brings its log into it, and readers cannot.
    readers: Readers,
    writer: Writer,
}

impl Store {
    /// Opens or makes `agent.db` in `folder`; refuses when another agent holds it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(StoreError::folder(folder, "made"))?;
        let path = folder.join(DATABASE_FILE);
        let (writer, unseen) = Writer::start(&path)?;
        let (folder, unseen) = (Arc::new(folder.to_owned()), unseen.into());
        Ok(Self { folder, unseen, readers: Readers::new(path), writer })
    }

    /// Lets go of the store and waits until its file is closed and free for whoever opens it next. Other handles must
    /// be dropped as well, or it waits for them.
    pub async fn close(self) {
        let mut commits = self.writer.commits();
        drop(self);
        // The writer's end of this goes last, behind the file and its lock.
        while commits.changed().await.is_ok() {}
    }

    /// Runs `job` in the writer's next transaction and answers once that is on the disk. `Err` undoes this job alone.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.run(Turn::Now, job).await
    }

    /// [`Store::write`] for what nobody waits for, in portions of a few milliseconds: scans are written in between.
    pub async fn write_later<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.run(Turn::Later, job).await
    }

    /// [`Store::write`] for scans: refused with [`StoreError::Full`] when the disk is.
    pub async fn scan<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let storage = self.storage()?;
        if storage.is_full() {
            return Err(StoreError::Full { percent: storage.percent() }.into());
        }
        self.writer.run(Turn::Now, job).await
    }

    /// Runs `query` on a reading connection, in one consistent view.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.run(query).await
    }

    /// How full the disk is.
    pub fn storage(&self) -> Result<Storage, StoreError> {
        Storage::of(&self.folder)
    }

    /// Checks what the start had no time for; damage is an error, and the next start keeps the file aside.
    pub async fn check_rest(&self) -> Result<(), StoreError> {
        let (path, unseen) = (self.folder.join(DATABASE_FILE), Arc::clone(&self.unseen));
        if unseen.is_empty() {
            return Ok(());
        }
        tokio::task::spawn_blocking(move || recovery::look_on(&path, &unseen))
            .await
            .unwrap_or(Err(StoreError::Stopped))
    }

    /// Changes with every commit.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Opens `agent.db` in `folder` for one look from another process; `None` when there is none.
pub fn peek<T>(
    folder: &Path,
    query: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let path = folder.join(DATABASE_FILE);
    if !path.exists() {
        return Ok(None);
    }
    query(&reader::open(&path)?).map(Some)
}
