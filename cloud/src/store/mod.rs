//! All SQL: one text per query, written with `$n`, run by two thin executors.
//!
//! [`sqlite`] keeps everything in one folder, [`postgres`] in a server several processes share. A query that both
//! engines understand is written once: `on conflict`, `returning`, `limit … offset`, `$n` in any order. Rules that
//! keep it so:
//!
//! * Columns are `bigint`/`integer`, `text`, `bytea`/`blob`, `double precision`/`real`; times are epoch milliseconds;
//!   yes and no are 1 and 0. `now` is an argument, never asked of the database.
//! * `sum(…)` of a bigint is a numeric in PostgreSQL: write `cast(sum(…) as bigint)`.
//! * `like` ignores case in SQLite only: write `lower(a) like lower($1)`.
//! * An error ends a PostgreSQL transaction: ask with `on conflict do nothing` and look at the count instead.
//! * Ids come from [`counters`], never from sequences, and there are no advisory locks: the tables must be able to
//!   spread over several machines one day.

pub mod accounts;
pub mod audit;
pub mod catalog;
pub mod codes;
pub mod counters;
pub mod devices;
pub mod documents;
pub mod feed;
pub mod fleet;
pub mod inspection;
pub mod keys;
pub mod ledger;
mod migration;
pub mod operations;
pub mod orders;
pub mod organisations;
pub mod packages;
mod postgres;
pub mod reassignments;
pub mod reconciliation;
pub mod resource;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod sightings;
mod sqlite;
pub mod streams;
pub mod tasks;
pub mod territories;
pub mod tracing;
mod value;

use std::path::PathBuf;

pub use value::{FromValue, Row, Value};

/// Where the data lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// In a folder of its own, in this process.
    Sqlite {
        /// The folder; made when it is missing.
        folder: PathBuf,
    },
    /// In a PostgreSQL server, version 15 or newer.
    Postgres {
        /// `postgres://user@host/database`
        url: String,
    },
}

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error(
        "cannot open the database at {place}: check that it exists and that this user may use it"
    )]
    Open {
        /// Folder or server.
        place: String,
        /// The engine's reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Its tables cannot be brought up to date.
    #[error("cannot bring the tables of the database up to date")]
    Migrate(#[source] Box<refinery::Error>),
    /// It was written by a newer program.
    #[error(
        "the database has format {found}, this program knows formats up to {known}: use the newer program that wrote it"
    )]
    Newer {
        /// The format found.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// Somebody else changed the same data; the whole transaction may be tried again.
    #[error("another transaction changed the same data")]
    Conflict(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row with this key is there already.
    #[error("a row with this key exists")]
    Exists(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A query failed.
    #[error("the query `{sql}` failed")]
    Query {
        /// Its text.
        sql: String,
        /// The engine's reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No connection could be had.
    #[error("no connection to the database")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A column holds something else than the program expects.
    #[error("column {column} holds {found}, {expected} was expected")]
    Column {
        /// From 0.
        column: usize,
        /// What is there.
        found: &'static str,
        /// What should be there.
        expected: &'static str,
    },
    /// One row was expected.
    #[error("the query `{0}` gave no row")]
    NoRow(String),
    /// Stored bytes cannot be read any more.
    #[error("the stored {what} is damaged")]
    Damaged {
        /// What was stored.
        what: &'static str,
        /// Why it cannot be read.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// An error that may say "try the whole transaction again".
pub trait Retry {
    /// True when another transaction got in the way and trying again is safe and may help.
    fn is_conflict(&self) -> bool;
}

impl Retry for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl StoreError {
    /// Stored bytes or texts that cannot be read any more.
    pub fn damaged(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Damaged { what, source: source.into() }
    }
}

/// The most times one writing transaction is tried.
pub const ATTEMPTS_MAX: u32 = 12;

/// Runs a block in a writing transaction and commits it; when another transaction got in the way, runs it again.
///
/// `writing!(store, |tx| { …; Ok(value) })` gives the block's `Result`; `?` inside leaves the block and rolls back. The
/// error type needs `From<StoreError>` and [`Retry`]. `tx` is a `&mut Tx`. The block may run several times, so it must
/// not consume what it captures.
#[macro_export]
macro_rules! writing {
    ($store:expr, |$tx:ident| $body:block) => {{
        let store: &$crate::store::Store = &$store;
        let mut attempt: u32 = 0;
        loop {
            attempt += 1;
            // One error type from end to end, so that the caller names it at most once.
            let outcome = match store.write().await {
                Err(error) => Err(From::from(error)),
                Ok(mut transaction) => {
                    let done = {
                        let $tx: &mut $crate::store::Tx = &mut transaction;
                        async { $body }.await
                    };
                    match done {
                        Err(error) => Err(error),
                        Ok(value) => match transaction.commit().await {
                            Ok(()) => Ok(value),
                            Err(error) => Err(From::from(error)),
                        },
                    }
                }
            };
            match outcome {
                Err(error)
                    if attempt < $crate::store::ATTEMPTS_MAX
                        && $crate::store::Retry::is_conflict(&error) =>
                {
                    $crate::store::pause(attempt).await;
                }
                outcome => break outcome,
            }
        }
    }};
}

/// Waits a little, longer each time, before a transaction is tried again.
pub async fn pause(attempt: u32) {
    let mut byte = [0_u8; 1];
    // Without randomness two writers still part company, only later.
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut byte);
    let [spread] = byte;
    let base_ms = 1_u64 << attempt.min(7);
    let wait_ms = base_ms + u64::from(spread) % (base_ms + 1);
    tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Engine);

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// One transaction. Dropped without [`Tx::commit`], it never happened.
pub struct Tx(Open);

enum Open {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

impl Store {
    /// Opens the database, making it when it is new and bringing its tables up to date.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        match database {
            Database::Sqlite { folder } => {
                sqlite::Sqlite::open(folder).map(|sqlite| Self(Engine::Sqlite(sqlite)))
            }
            Database::Postgres { url } => {
                postgres::Postgres::open(url).await.map(|postgres| Self(Engine::Postgres(postgres)))
            }
        }
    }

    /// A transaction that sees one unchanging state and writes nothing.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.read().await.map(Open::Sqlite),
            Engine::Postgres(postgres) => postgres.read().await.map(Open::Postgres),
        }
        .map(Tx)
    }

    /// A transaction that acts as if it were alone; see [`writing!`] for the way to retry it.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.write().await.map(Open::Sqlite),
            Engine::Postgres(postgres) => postgres.write().await.map(Open::Postgres),
        }
        .map(Tx)
    }
}

impl Tx {
    /// All rows.
    pub async fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &mut self.0 {
            Open::Sqlite(transaction) => transaction.query(sql, values),
            Open::Postgres(transaction) => transaction.query(sql, values).await,
        }
    }

    /// The first row, if there is one.
    pub async fn query_opt(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// The first row; an error when there is none.
    pub async fn query_one(&mut self, sql: &str, values: &[Value]) -> Result<Row, StoreError> {
        self.query_opt(sql, values).await?.ok_or_else(|| StoreError::NoRow(sql.to_owned()))
    }

    /// Changes rows; says how many.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        match &mut self.0 {
            Open::Sqlite(transaction) => transaction.execute(sql, values),
            Open::Postgres(transaction) => transaction.execute(sql, values).await,
        }
    }

    /// The same change for many rows of values; says how many rows were changed in all.
    pub async fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Value>],
    ) -> Result<u64, StoreError> {
        match &mut self.0 {
            Open::Sqlite(transaction) => transaction.execute_many(sql, rows),
            Open::Postgres(transaction) => transaction.execute_many(sql, rows).await,
        }
    }

    /// Makes everything done so far durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Open::Sqlite(transaction) => transaction.commit(),
            Open::Postgres(transaction) => transaction.commit().await,
        }
    }
}
