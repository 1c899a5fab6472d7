//! Our own file system for SQLite: real files on the real disk, whose fsync takes as much longer as is asked, and which
//! counts them. For one process: locks and the log's index live in its memory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use sqlite_plugin::flags::{AccessFlags, CreateMode, LockLevel, OpenMode, OpenOpts, ShmLockMode};
use sqlite_plugin::vars;
use sqlite_plugin::vfs::{RegisterOpts, Vfs, VfsHandle, VfsResult, register_static};

use crate::clock::nap;

/// The name SQLite knows it by.
const NAME: &str = "slow-disk";
/// The thread of the store that commits (agent/src/store/writer.rs).
const WRITER: &str = "store-writer";
/// Places of the log's index that can be locked.
const INDEX_LOCKS: usize = 8;
/// SQLite may rely on one thing only: what was not written is not changed by a power cut.
const CHARACTERISTICS: i32 = vars::SQLITE_IOCAP_POWERSAFE_OVERWRITE;

/// The disk, as whoever measures sees it. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct SlowDisk {
    added_ms: Arc<AtomicU64>,
    syncs: Arc<AtomicU64>,
    waited_for: Arc<AtomicU64>,
    shared: Arc<Mutex<HashMap<String, Arc<Mutex<Shared>>>>>,
}

/// What all connections to one database see.
#[derive(Default)]
struct Shared {
    /// Connections that hold at least a shared lock.
    readers: u32,
    /// Somebody will write: reserved, pending or exclusive.
    writer: Option<LockLevel>,
    index: Vec<&'static [AtomicU64]>,
    /// Who holds each place of the index: how many share it, or -1 for one alone.
    places: [i32; INDEX_LOCKS],
}

/// An open file.
pub(super) struct Open {
    file: File,
    read_only: bool,
    lock: LockLevel,
    shared: Arc<Mutex<Shared>>,
    /// Deleted when it is closed.
    goes: Option<String>,
}

impl VfsHandle for Open {
    fn readonly(&self) -> bool {
        self.read_only
    }

    fn in_memory(&self) -> bool {
        false
    }
}

impl SlowDisk {
    /// Every database opened in this process from now on is on it.
    pub(super) fn install() -> Result<Self> {
        let disk = Self::default();
        let name = CString::new(NAME).context("name")?;
        register_static(name, disk.clone(), RegisterOpts { make_default: true })
            .map_err(|code| anyhow!("SQLite does not take our file system: {code}"))?;
        Ok(disk)
    }

    /// From now on every fsync takes that much longer.
    pub(super) fn add(&self, time_ms: u64) {
        self.added_ms.store(time_ms, Ordering::SeqCst);
    }

    /// How many there were so far; how many of them in the store's writer, whom scans wait for.
    pub(super) fn syncs(&self) -> (u64, u64) {
        (self.syncs.load(Ordering::SeqCst), self.waited_for.load(Ordering::SeqCst))
    }
}

impl Vfs for SlowDisk {
    type Handle = Open;

    fn canonical_path<'a>(&self, path: Cow<'a, str>) -> VfsResult<Cow<'a, str>> {
        let absolute = std::path::absolute(path.as_ref()).map_err(|_| vars::SQLITE_CANTOPEN)?;
        Ok(Cow::Owned(absolute.display().to_string()))
    }

    fn open(&self, path: Option<&str>, opts: OpenOpts) -> VfsResult<Open> {
        let read_only = opts.mode().is_readonly();
        let file = match path {
            None => tempfile::tempfile(),
            Some(path) => match opts.mode() {
                OpenMode::ReadOnly => File::open(path),
                OpenMode::ReadWrite { create } => OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create(create == CreateMode::Create)
                    .create_new(create == CreateMode::MustCreate)
                    .open(path),
            },
        };
        let file = file.map_err(|_| vars::SQLITE_CANTOPEN)?;
        let mut known = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = path.map_or_else(Arc::default, |path| {
            Arc::clone(known.entry(path.to_owned()).or_default())
        });
        let goes = path.filter(|_| opts.delete_on_close()).map(str::to_owned);
        Ok(Open { file, read_only, lock: LockLevel::Unlocked, shared, goes })
    }

    fn delete(&self, path: &str) -> VfsResult<()> {
        match std::fs::remove_file(path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(vars::SQLITE_IOERR_DELETE_NOENT)
            }
            Err(_) => Err(vars::SQLITE_IOERR_DELETE),
        }
    }

    fn access(&self, path: &str, _: AccessFlags) -> VfsResult<bool> {
        Ok(std::path::Path::new(path).exists())
    }

    fn file_size(&self, open: &mut Open) -> VfsResult<usize> {
        let size = open.file.metadata().map_err(|_| vars::SQLITE_IOERR_FSTAT)?.len();
        usize::try_from(size).map_err(|_| vars::SQLITE_IOERR_FSTAT)
    }

    fn truncate(&self, open: &mut Open, size: usize) -> VfsResult<()> {
        let size = u64::try_from(size).map_err(|_| vars::SQLITE_IOERR_TRUNCATE)?;
        open.file.set_len(size).map_err(|_| vars::SQLITE_IOERR_TRUNCATE)
    }

    fn write(&self, open: &mut Open, offset: usize, data: &[u8]) -> VfsResult<usize> {
        let offset = u64::try_from(offset).map_err(|_| vars::SQLITE_IOERR_WRITE)?;
        open.file.write_all_at(data, offset).map_err(|error| {
            let is_full = error.kind() == ErrorKind::StorageFull;
            if is_full { vars::SQLITE_FULL } else { vars::SQLITE_IOERR_WRITE }
        })?;
        Ok(data.len())
    }

    fn read(&self, open: &mut Open, offset: usize, data: &mut [u8]) -> VfsResult<usize> {
        let offset = u64::try_from(offset).map_err(|_| vars::SQLITE_IOERR_READ)?;
        let wanted = data.len();
        let (mut at, mut rest) = (offset, data);
        while !rest.is_empty() {
            match open.file.read_at(rest, at) {
                Ok(0) => {
                    // SQLite wants what is behind the end to be zeros, and to be told.
                    rest.fill(0);
                    return Err(vars::SQLITE_IOERR_SHORT_READ);
                }
                Ok(read) => {
                    at += u64::try_from(read).map_err(|_| vars::SQLITE_IOERR_READ)?;
                    rest = rest.get_mut(read..).ok_or(vars::SQLITE_IOERR_READ)?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(vars::SQLITE_IOERR_READ),
            }
        }
        Ok(wanted)
    }

    fn sync(&self, open: &mut Open) -> VfsResult<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        if std::thread::current().name() == Some(WRITER) {
            self.waited_for.fetch_add(1, Ordering::SeqCst);
        }
        open.file.sync_data().map_err(|_| vars::SQLITE_IOERR_FSYNC)?;
        nap(Duration::from_millis(self.added_ms.load(Ordering::SeqCst)));
        Ok(())
    }

    fn lock(&self, open: &mut Open, level: LockLevel) -> VfsResult<()> {
        let mut shared = open.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let own_writer = open.lock >= LockLevel::Reserved;
        match level {
            LockLevel::Unlocked => {}
            LockLevel::Shared => {
                if shared.writer.is_some_and(|writer| writer >= LockLevel::Pending) && !own_writer {
                    return Err(vars::SQLITE_BUSY);
                }
                if open.lock < LockLevel::Shared {
                    shared.readers += 1;
                }
            }
            LockLevel::Reserved | LockLevel::Pending | LockLevel::Exclusive => {
                if shared.writer.is_some() && !own_writer {
                    return Err(vars::SQLITE_BUSY);
                }
                if level == LockLevel::Exclusive && shared.readers > 1 {
                    shared.writer = Some(LockLevel::Pending);
                    open.lock = LockLevel::Pending;
                    return Err(vars::SQLITE_BUSY);
                }
                shared.writer = Some(level);
            }
        }
        open.lock = open.lock.max(level);
        Ok(())
    }

    fn unlock(&self, open: &mut Open, level: LockLevel) -> VfsResult<()> {
        let mut shared = open.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if open.lock >= LockLevel::Reserved && level < LockLevel::Reserved {
            shared.writer = None;
        }
        if open.lock >= LockLevel::Shared && level == LockLevel::Unlocked {
            shared.readers = shared.readers.saturating_sub(1);
        }
        open.lock = open.lock.min(level);
        Ok(())
    }

    fn check_reserved_lock(&self, open: &mut Open) -> VfsResult<bool> {
        let shared = open.shared.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(shared.writer.is_some())
    }

    fn close(&self, mut open: Open) -> VfsResult<()> {
        self.unlock(&mut open, LockLevel::Unlocked)?;
        open.goes.map_or(Ok(()), |path| self.delete(&path))
    }

    fn device_characteristics(&self, _: &mut Open) -> VfsResult<i32> {
        Ok(CHARACTERISTICS)
    }

    fn shm_map(
        &self,
        open: &mut Open,
        region: usize,
        bytes: usize,
        extend: bool,
    ) -> VfsResult<Option<NonNull<u8>>> {
        let mut shared = open.shared.lock().unwrap_or_else(PoisonError::into_inner);
        while extend && shared.index.len() <= region {
            let words: Vec<AtomicU64> = (0..bytes.div_ceil(8)).map(|_| AtomicU64::new(0)).collect();
            // SQLite keeps pointers to it as long as any connection is open; it is a few pages in all.
            shared.index.push(Vec::leak(words));
        }
        let words = shared.index.get(region).copied();
        Ok(words.and_then(|words| words.first()).map(|first| NonNull::from(first).cast()))
    }

    fn shm_lock(
        &self,
        open: &mut Open,
        offset: u32,
        count: u32,
        mode: ShmLockMode,
    ) -> VfsResult<()> {
        let mut shared = open.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let first = usize::try_from(offset).map_err(|_| vars::SQLITE_IOERR)?;
        let count = usize::try_from(count).map_err(|_| vars::SQLITE_IOERR)?;
        let places = shared.places.get_mut(first..first + count).ok_or(vars::SQLITE_IOERR)?;
        let is_free = match mode {
            ShmLockMode::LockShared => places.iter().all(|held| *held >= 0),
            ShmLockMode::LockExclusive => places.iter().all(|held| *held == 0),
            ShmLockMode::UnlockShared | ShmLockMode::UnlockExclusive => true,
        };
        if !is_free {
            return Err(vars::SQLITE_BUSY);
        }
        for held in places {
            match mode {
                ShmLockMode::LockShared => *held += 1,
                ShmLockMode::LockExclusive => *held = -1,
                ShmLockMode::UnlockShared => *held = (*held - 1).max(0),
                ShmLockMode::UnlockExclusive => *held = 0,
            }
        }
        Ok(())
    }

    fn shm_barrier(&self, _: &mut Open) {
        fence(Ordering::SeqCst);
    }

    fn shm_unmap(&self, open: &mut Open, delete: bool) -> VfsResult<()> {
        if delete {
            let mut shared = open.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.index.clear();
        }
        Ok(())
    }
}
