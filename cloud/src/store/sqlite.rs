//! The embedded engine: one connection writes, a few read, each call runs where it is called.
//!
//! Calls take microseconds. Only a commit waits for the disk; on the multi-threaded runtime it first hands its
//! worker's other tasks over.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::{Row, StoreError, Value, migration};

const FILE_NAME: &str = "sealtrace.db";
const READERS_MAX: usize = 8;
const STATEMENTS_CACHED_MAX: usize = 256;
/// How long a writer of another process (the command line) is waited for.
const BUSY_WAIT_MS: u32 = 10_000;

/// One database file.
#[derive(Clone)]
pub(super) struct Sqlite {
    writer: Arc<AsyncMutex<Connection>>,
    readers: Arc<Readers>,
}

/// Connections that only read: as many as there are permits, made when first needed.
struct Readers {
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    path: std::path::PathBuf,
}

/// One transaction on one connection.
pub(super) struct Transaction {
    connection: Lent,
    open: bool,
}

enum Lent {
    Writer(OwnedMutexGuard<Connection>),
    Reader { connection: Option<Connection>, readers: Arc<Readers>, _permit: OwnedSemaphorePermit },
}

impl Sqlite {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
            place: folder.display().to_string(),
            source,
        };
        make_private(folder).map_err(|error| failed(error.into()))?;
        let path = folder.join(FILE_NAME);
        let mut connection = connect(&path).map_err(|error| failed(error.into()))?;
        refuse_newer(&connection, failed)?;
        migration::for_sqlite()
            .and_then(|runner| runner.run(&mut connection))
            .map_err(|error| StoreError::Migrate(Box::new(error)))?;
        Ok(Self {
            writer: Arc::new(AsyncMutex::new(connection)),
            readers: Arc::new(Readers {
                permits: Arc::new(Semaphore::new(READERS_MAX)),
                idle: Mutex::new(Vec::new()),
                path,
            }),
        })
    }

    pub(super) async fn write(&self) -> Result<Transaction, StoreError> {
        let connection = Lent::Writer(Arc::clone(&self.writer).lock_owned().await);
        Transaction::begin(connection, "begin immediate")
    }

    pub(super) async fn read(&self) -> Result<Transaction, StoreError> {
        let permit = Arc::clone(&self.readers.permits)
            .acquire_owned()
            .await
            .map_err(|error| StoreError::Connection(error.into()))?;
        let idle = self.readers.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.readers.path)
                .and_then(|connection| {
                    connection.pragma_update(None, "query_only", true)?;
                    Ok(connection)
                })
                .map_err(|error| StoreError::Connection(error.into()))?,
        };
        let connection = Lent::Reader {
            connection: Some(connection),
            readers: Arc::clone(&self.readers),
            _permit: permit,
        };
        Transaction::begin(connection, "begin deferred")
    }
}

impl Readers {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys lie in this folder: it is made for the service's own user only.
fn make_private(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    connection.execute_batch(&format!(
        "pragma busy_timeout = {BUSY_WAIT_MS};
         pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;"
    ))?;
    Ok(connection)
}

fn refuse_newer(
    connection: &Connection,
    failed: impl Fn(Box<dyn std::error::Error + Send + Sync>) -> StoreError,
) -> Result<(), StoreError> {
    const MADE: &str = "select count(*) from sqlite_master where name = 'refinery_schema_history'";
    const NEWEST: &str = "select coalesce(max(version), 0) from refinery_schema_history";
    let ask = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(|error| failed(error.into()))
    };
    if ask(MADE)? == 0 {
        return Ok(());
    }
    let (found, known) = (ask(NEWEST)?, migration::newest());
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(()) }
}

impl Transaction {
    fn begin(connection: Lent, sql: &str) -> Result<Self, StoreError> {
        let mut transaction = Self { connection, open: false };
        transaction.connection()?.execute_batch(sql).map_err(|error| failed(sql, error))?;
        transaction.open = true;
        Ok(transaction)
    }

    fn connection(&self) -> Result<&Connection, StoreError> {
        match &self.connection {
            Lent::Writer(connection) => Ok(connection),
            Lent::Reader { connection: Some(connection), .. } => Ok(connection),
            Lent::Reader { connection: None, .. } => {
                Err(StoreError::Connection("the connection was given back".into()))
            }
        }
    }

    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let ask = || {
            let mut statement =
                self.connection()?.prepare_cached(&numbered(sql)).map_err(wrap(sql))?;
            let columns = statement.column_count();
            let mut found = statement.query(params_from_iter(values)).map_err(wrap(sql))?;
            let mut rows = Vec::new();
            while let Some(row) = found.next().map_err(wrap(sql))? {
                let values = (0..columns)
                    .map(|column| row.get_ref(column).map_err(wrap(sql)).and_then(value))
                    .collect::<Result<_, _>>()?;
                rows.push(Row::new(values));
            }
            Ok(rows)
        };
        ask()
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.connection()?.prepare_cached(&numbered(sql)).map_err(wrap(sql))?;
        let count = statement.execute(params_from_iter(values)).map_err(wrap(sql))?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    pub(super) fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Value>],
    ) -> Result<u64, StoreError> {
        let mut statement = self.connection()?.prepare_cached(&numbered(sql)).map_err(wrap(sql))?;
        let mut changed = 0_u64;
        for values in rows {
            let count = statement.execute(params_from_iter(values)).map_err(wrap(sql))?;
            changed = changed.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        Ok(changed)
    }

    pub(super) fn commit(mut self) -> Result<(), StoreError> {
        let commit =
            || self.connection()?.execute_batch("commit").map_err(|error| failed("commit", error));
        let multi_threaded = Handle::try_current()
            .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        let done = if multi_threaded { tokio::task::block_in_place(commit) } else { commit() };
        self.open = done.is_err();
        done
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.open
            && let Ok(connection) = self.connection()
            && let Err(error) = connection.execute_batch("rollback")
        {
            tracing::error!(error = %error, "a transaction could not be rolled back");
        }
        if let Lent::Reader { connection, readers, .. } = &mut self.connection
            && let Some(connection) = connection.take()
            && connection.is_autocommit()
        {
            readers.idle().push(connection);
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Real(number) => ValueRef::Real(*number),
        }))
    }
}

fn value(found: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(
            std::str::from_utf8(text)
                .map_err(|error| StoreError::damaged("text", error))?
                .to_owned(),
        ),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

fn wrap(sql: &str) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
    move |error| failed(sql, error)
}

fn failed(sql: &str, error: rusqlite::Error) -> StoreError {
    const UNIQUE: i32 = rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
    const PRIMARY: i32 = rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY;
    match error.sqlite_error() {
        Some(cause)
            if matches!(cause.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) =>
        {
            StoreError::Conflict(error.into())
        }
        Some(cause) if matches!(cause.extended_code, UNIQUE | PRIMARY) => {
            StoreError::Exists(error.into())
        }
        _ => StoreError::Query { sql: sql.to_owned(), source: error.into() },
    }
}

/// `$n` as `?n`: SQLite would number `$n` by first appearance. Quoted text stays as it is.
fn numbered(sql: &str) -> String {
    let mut quoted = None;
    let mut rest = sql.chars().peekable();
    let mut text = String::with_capacity(sql.len());
    while let Some(character) = rest.next() {
        match quoted {
            Some(quote) if character == quote => quoted = None,
            None if character == '\'' || character == '"' => quoted = Some(character),
            Some(_) | None => {}
        }
        let is_number =
            quoted.is_none() && character == '$' && rest.peek().is_some_and(char::is_ascii_digit);
        text.push(if is_number { '?' } else { character });
    }
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_data_folder_is_for_its_own_user_only() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("data/cloud");
        Sqlite::open(&folder).unwrap();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn dollars_become_question_marks_outside_quotes_only() {
        assert_eq!(
            numbered("select $2, $1, '$3 it''s $4', \"$5\""),
            "select ?2, ?1, '$3 it''s $4', \"$5\""
        );
        assert_eq!(numbered("select '$' || $10"), "select '$' || ?10");
    }
}
