//! The shared engine: a pool of connections, serializable writers, prepared statements kept per connection.

use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::future::try_join_all;
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Config, NoTls};

use super::{Row, StoreError, Value, migration};

const CONNECTIONS_MAX: usize = 16;
const CONNECTION_WAIT_S: u64 = 30;
/// Statements of one `execute_many` that are under way at the same time.
const PIPELINED_MAX: usize = 512;
/// Processes that start together may make the tables at the same time; the losers look again.
const MIGRATION_ATTEMPTS_MAX: u32 = 5;
const BEGIN_WRITE: &str = "begin isolation level serializable";
const BEGIN_READ: &str = "begin isolation level repeatable read read only";

/// One database on a server.
#[derive(Clone)]
pub(super) struct Postgres {
    pool: Arc<Pool>,
}

/// One transaction on one connection; the connection is gone once the transaction has ended.
pub(super) struct Transaction {
    client: Option<Object>,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            StoreError::Open { place: "the configured URL".to_owned(), source: error.into() }
        })?;
        let place = place(&config);
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
            place: place.clone(),
            source,
        };
        let manager = Manager::from_config(
            config,
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(std::time::Duration::from_secs(CONNECTION_WAIT_S)))
            .build()
            .map_err(|error| failed(error.into()))?;
        let mut client = pool.get().await.map_err(|error| failed(error.into()))?;
        for attempt in 1.. {
            match migrate(&mut client).await {
                Err(StoreError::Migrate(_)) if attempt < MIGRATION_ATTEMPTS_MAX => {
                    super::pause(attempt + 4).await;
                }
                outcome => {
                    outcome?;
                    break;
                }
            }
        }
        drop(client);
        Ok(Self { pool: Arc::new(pool) })
    }

    pub(super) async fn write(&self) -> Result<Transaction, StoreError> {
        self.begin(BEGIN_WRITE).await
    }

    pub(super) async fn read(&self) -> Result<Transaction, StoreError> {
        self.begin(BEGIN_READ).await
    }

    async fn begin(&self, sql: &str) -> Result<Transaction, StoreError> {
        let client = self.pool.get().await.map_err(|error| StoreError::Connection(error.into()))?;
        // From here on dropping the transaction rolls back, also when `begin` is cut short.
        let transaction = Transaction { client: Some(client) };
        transaction.client()?.batch_execute(sql).await.map_err(wrap(sql))?;
        Ok(transaction)
    }
}

/// Server and database without user and password.
fn place(config: &Config) -> String {
    let hosts: Vec<String> = config.get_hosts().iter().map(|host| format!("{host:?}")).collect();
    format!("{} {}", config.get_dbname().unwrap_or("(default database)"), hosts.join(", "))
}

async fn migrate(client: &mut Object) -> Result<(), StoreError> {
    const MADE: &str = "select count(*) from information_schema.tables
        where table_schema = current_schema() and table_name = 'refinery_schema_history'";
    const NEWEST: &str =
        "select cast(coalesce(max(version), 0) as bigint) from refinery_schema_history";
    let made: i64 = client.query_one(MADE, &[]).await.map_err(wrap(MADE))?.get(0);
    if made > 0 {
        let found: i64 = client.query_one(NEWEST, &[]).await.map_err(wrap(NEWEST))?.get(0);
        let known = migration::newest();
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
    }
    let migrated = match migration::for_postgres() {
        Ok(runner) => runner.run_async::<tokio_postgres::Client>(client).await.map(|_| ()),
        Err(error) => Err(error),
    };
    migrated.map_err(|error| StoreError::Migrate(Box::new(error)))
}

impl Transaction {
    fn client(&self) -> Result<&Object, StoreError> {
        self.client
            .as_ref()
            .ok_or_else(|| StoreError::Connection("the transaction has ended".into()))
    }

    pub(super) async fn query(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(wrap(sql))?;
        let rows = client.query(&statement, &parameters(values)).await.map_err(wrap(sql))?;
        rows.iter().map(|row| read_row(row, sql)).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(wrap(sql))?;
        client.execute(&statement, &parameters(values)).await.map_err(wrap(sql))
    }

    pub(super) async fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Value>],
    ) -> Result<u64, StoreError> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(wrap(sql))?;
        let mut changed = 0_u64;
        for chunk in rows.chunks(PIPELINED_MAX) {
            // Polled together, they travel together: the connection sends in the order of the first poll.
            let sent = chunk.iter().map(|values| client.execute_raw(&statement, values));
            let counts = try_join_all(sent).await.map_err(wrap(sql))?;
            changed = counts.into_iter().fold(changed, u64::saturating_add);
        }
        Ok(changed)
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.client()?.batch_execute("commit").await.map_err(wrap("commit"))?;
        drop(self.client.take());
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        match Handle::try_current() {
            Ok(handle) => {
                handle.spawn(async move {
                    if let Err(error) = client.batch_execute("rollback").await {
                        tracing::warn!(error = %error, "a connection was lost before its rollback");
                        // Closed instead of given back: the server rolls back by itself.
                        drop(Object::take(client));
                    }
                });
            }
            Err(_) => drop(Object::take(client)),
        }
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

fn read_row(row: &tokio_postgres::Row, sql: &str) -> Result<Row, StoreError> {
    let values = (0..row.len()).map(|column| row.try_get(column).map_err(wrap(sql)));
    Ok(Row::new(values.collect::<Result<_, _>>()?))
}

fn wrap(sql: &str) -> impl Fn(tokio_postgres::Error) -> StoreError + '_ {
    move |error| match error.code() {
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
            StoreError::Conflict(error.into())
        }
        Some(&SqlState::UNIQUE_VIOLATION) => StoreError::Exists(error.into()),
        _ => StoreError::Query { sql: sql.to_owned(), source: error.into() },
    }
}

type Fault = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Int(number) => match *kind {
                Type::INT8 => out.put_i64(*number),
                Type::INT4 => out.put_i32(i32::try_from(*number)?),
                Type::INT2 => out.put_i16(i16::try_from(*number)?),
                _ => return Err(format!("an integer cannot be sent as {kind}").into()),
            },
            Self::Text(text) => return text.as_str().to_sql(kind, out),
            Self::Bytes(bytes) if *kind == Type::BYTEA => out.put_slice(bytes),
            Self::Bytes(_) => return Err(format!("bytes cannot be sent as {kind}").into()),
            Self::Real(number) if *kind == Type::FLOAT8 => out.put_f64(*number),
            Self::Real(_) => return Err(format!("a real number cannot be sent as {kind}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        // Decided value by value above: a null fits everywhere.
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(match *kind {
            Type::INT8 => Self::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(kind, raw)?),
            Type::BYTEA => Self::Bytes(raw.to_vec()),
            _ if <&str as FromSql<'_>>::accepts(kind) => {
                Self::Text(<&str as FromSql<'_>>::from_sql(kind, raw)?.to_owned())
            }
            _ => return Err(format!("a column of type {kind} is not read here").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
