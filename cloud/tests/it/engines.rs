//! The engines every store and API test runs on: SQLite in a folder of its own, PostgreSQL in a schema of its own.
//!
//! PostgreSQL takes part when `SEALTRACE_TEST_POSTGRES` names a server; otherwise each test says that it did not.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;
use sealtrace_cloud::store::{Database, Store};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

const SERVER: &str = "SEALTRACE_TEST_POSTGRES";
static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// Runs a test once per engine, each time on an empty database.
pub(crate) async fn on_both_engines(test: impl AsyncFn(Store)) {
    on_both_databases(async |database| test(Store::open(database).await.unwrap()).await).await;
}

/// Like [`on_both_engines`], for tests that open the database themselves.
pub(crate) async fn on_both_databases(test: impl AsyncFn(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    test(&Database::Sqlite { folder: folder.path().to_owned() }).await;

    let Some(server) = std::env::var_os(SERVER) else {
        eprintln!("PostgreSQL did not run: {SERVER} names no server");
        return;
    };
    let server = server.into_string().unwrap();
    let client = connect(&server).await;
    let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
    let schema = format!("test_{}_{number}", std::process::id());
    client
        .batch_execute(&format!("drop schema if exists {schema} cascade; create schema {schema}"))
        .await
        .unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{separator}options=-csearch_path%3D{schema}");
    let outcome = AssertUnwindSafe(test(&Database::Postgres { url })).catch_unwind().await;
    drop_schema(&client, &schema).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// What the test left running may hold a table for a moment longer: the server then picks us to give way.
async fn drop_schema(client: &Client, schema: &str) {
    let drop = format!("drop schema {schema} cascade");
    while let Err(error) = client.batch_execute(&drop).await {
        assert_eq!(error.code(), Some(&SqlState::T_R_DEADLOCK_DETECTED), "{error}");
    }
}

/// A bare connection to the engine's server.
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
