//! The one connection that writes: a thread with a bounded queue, one commit for everything that waits.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use super::checkpoint::Checkpointer;
use super::{StoreError, recovery};

/// Jobs that may wait; the one after that waits to be let in.
const QUEUE_JOBS_MAX: usize = 1_024;
/// Jobs that share a commit at most, so that the first does not wait for ever.
const GROUP_JOBS_MAX: usize = 256;
/// Pages held in memory by the writer, in KiB (SQLite takes it negative).
const CACHE_KIB: i32 = 8 * 1024;
/// Where refinery keeps what was applied.
pub(super) const MIGRATION_TABLE: &str = "refinery_schema_history";
const LOCK_FILE: &str = "agent.lock";

const MIGRATIONS: [(&str, &str); 1] = [("V1__agent", include_str!("migrations/V1__agent.sql"))];

/// Says to the waiter what became of its job, once the group's fate is known.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What a job does: runs inside its savepoint; true = keep what it did. Without a transaction it only makes its answer.
type Work = Box<dyn FnOnce(Option<&Transaction<'_>>) -> (bool, Answer) + Send>;

/// Who waits for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// A person or a line: at once, with all others of the kind.
    Now,
    /// Nobody: in between, one at a time.
    Later,
}

struct Job {
    turn: Turn,
    work: Work,
}

/// The queue to the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    commits: watch::Receiver<u64>,
}

impl Writer {
    /// Takes the folder's lock, checks, opens and migrates the file, starts the thread. Also answers the tables that
    /// there was no time to check.
    pub(super) fn start(path: &Path) -> Result<(Self, Vec<&'static str>), StoreError> {
        let lock = lock(path)?;
        let unseen = recovery::prepare(path)?;
        let checkpointer = Checkpointer::start(path)?;
        let mut connection = open(path, &checkpointer)?;
        migrate(&mut connection)?;
        let (jobs, queue) = mpsc::channel(QUEUE_JOBS_MAX);
        let (committed, commits) = watch::channel(0);
        let path = path.to_owned();
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let path = path.clone();
                move || {
                    let _lock = lock;
                    work(&path, connection, &checkpointer, queue, &committed);
                }
            })
            .map_err(StoreError::folder(&path, "given a writer thread"))?;
        Ok((Self { jobs, commits }, unseen))
    }

    pub(super) async fn run<T, E, F>(&self, turn: Turn, job: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move |tx| {
            let result = tx.map_or_else(|| Err(StoreError::Stopped.into()), job);
            let ran = tx.is_some();
            let keep = result.is_ok();
            let answer: Answer = Box::new(move |fate: Result<(), StoreError>| {
                let result = match fate {
                    Err(error) if ran => result.and_then(|_| Err(error.into())),
                    Err(error) => Err(error.into()),
                    Ok(()) => result,
                };
                // A waiter that gave up has nothing to hear.
                let _ = tell.send(result);
            });
            (keep, answer)
        });
        if self.jobs.send(Job { turn, work }).await.is_err() {
            return Err(StoreError::Stopped.into());
        }
        told.await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }

    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }
}

fn work(
    path: &Path,
    connection: Connection,
    checkpointer: &Checkpointer,
    mut queue: mpsc::Receiver<Job>,
    committed: &watch::Sender<u64>,
) {
    let mut connection = Some(connection);
    let mut waiting = Waiting::default();
    while let Some(group) = waiting.next_group(&mut queue) {
        if connection.is_none() {
            connection = reopen(path, checkpointer);
        }
        let Some(open) = connection.as_mut() else {
            refuse(group, &StoreError::Stopped);
            continue;
        };
        let (answers, fate) = commit_group(open, group);
        match &fate {
            Ok(()) => committed.send_modify(|count| *count = count.wrapping_add(1)),
            Err(error) => {
                tracing::error!(
                    store.path = %path.display(),
                    error = error as &dyn std::error::Error,
                    store.jobs = answers.len(),
                    "the store could not commit; nothing of the group was kept, the file is opened anew"
                );
                connection = None;
            }
        }
        for answer in answers {
            answer(fate.clone());
        }
    }
    tracing::debug!(store.path = %path.display(), "the store's writer ends");
}

/// Jobs taken from the queue and not run yet.
#[derive(Default)]
struct Waiting {
    now: VecDeque<Job>,
    later: VecDeque<Job>,
    /// It is the turn of one that nobody waits for.
    laters_turn: bool,
}

impl Waiting {
    /// What shares the next commit: everything somebody waits for, or one job that nobody does, by turns. None at the
    /// end.
    fn next_group(&mut self, queue: &mut mpsc::Receiver<Job>) -> Option<Vec<Job>> {
        if self.now.is_empty() && self.later.is_empty() {
            self.take(queue.blocking_recv()?);
        }
        while self.now.len() < GROUP_JOBS_MAX {
            let Ok(job) = queue.try_recv() else { break };
            self.take(job);
        }
        let later = self.later.pop_front_if(|_| self.now.is_empty() || self.laters_turn);
        self.laters_turn = later.is_none();
        Some(match later {
            Some(job) => vec![job],
            None => self.now.drain(..).collect(),
        })
    }

    fn take(&mut self, job: Job) {
        match job.turn {
            Turn::Now => self.now.push_back(job),
            Turn::Later => self.later.push_back(job),
        }
    }
}

/// Runs every job in its own savepoint and commits once. An error here means: nothing of the group is stored.
fn commit_group(
    connection: &mut Connection,
    group: Vec<Job>,
) -> (Vec<Answer>, Result<(), StoreError>) {
    let mut answers = Vec::with_capacity(group.len());
    let mut jobs = group.into_iter();
    let fate = run_group(connection, &mut jobs, &mut answers);
    answers.extend(jobs.map(|job| (job.work)(None).1));
    (answers, fate.map_err(|error| StoreError::Commit(Arc::new(error))))
}

fn run_group(
    connection: &mut Connection,
    jobs: &mut impl Iterator<Item = Job>,
    answers: &mut Vec<Answer>,
) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        tx.execute_batch("savepoint job")?;
        let (keep, answer) = (job.work)(Some(&tx));
        answers.push(answer);
        // After a full disk or a write error SQLite has rolled the whole transaction back: then this fails.
        tx.execute_batch(if keep { "release job" } else { "rollback to job; release job" })?;
    }
    tx.commit()
}

/// Answers every job with `error`, unrun.
fn refuse(group: Vec<Job>, error: &StoreError) {
    for job in group {
        let (_, answer) = (job.work)(None);
        answer(Err(error.clone()));
    }
}

/// After a failed commit nothing cached is believed: the file is opened again and checked.
fn reopen(path: &Path, checkpointer: &Checkpointer) -> Option<Connection> {
    let checked = open(path, checkpointer).and_then(|mut connection| {
        recovery::is_whole(&mut connection)?;
        Ok(connection)
    });
    match checked {
        Ok(connection) => Some(connection),
        Err(error) => {
            tracing::error!(
                store.path = %path.display(),
                error = &error as &dyn std::error::Error,
                "the store could not be opened again; scans are refused"
            );
            None
        }
    }
}

fn open(path: &Path, checkpointer: &Checkpointer) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path).map_err(StoreError::sqlite("open"))?;
    let set = |name: &str, value: &dyn rusqlite::ToSql| {
        connection.pragma_update(None, name, value).map_err(StoreError::sqlite("take its settings"))
    };
    set("journal_mode", &"wal")?;
    set("synchronous", &"full")?;
    set("foreign_keys", &true)?;
    set("cache_size", &-CACHE_KIB)?;
    set("trusted_schema", &false)?;
    checkpointer.attend(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let lock_path = path.with_file_name(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(StoreError::folder(&lock_path, "opened"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::folder(&lock_path, "locked")(error)),
    }
}

pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let failed = |error| StoreError::Migration(Arc::new(error));
    let migrations = MIGRATIONS
        .iter()
        .map(|(name, sql)| refinery::Migration::unapplied(name, sql))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let known = migrations.iter().map(refinery::Migration::version).max().unwrap_or_default();
    let runner = refinery::Runner::new(&migrations).set_grouped(true);
    let migrated = connection
        .table_exists(None, MIGRATION_TABLE)
        .map_err(StoreError::sqlite("look for its layout"))?;
    if migrated {
        let found = runner.get_last_applied_migration(connection).map_err(failed)?;
        if let Some(found) = found.filter(|found| found.version() > known) {
            return Err(StoreError::Newer { found: found.version().into(), known: known.into() });
        }
    }
    runner.run(connection).map_err(failed)?;
    Ok(())
}
