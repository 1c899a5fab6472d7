//! Connections that only read. Each query sees one consistent state.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// Idle connections kept open.
const IDLE_MAX: usize = 4;
/// Pages held in memory by each reader, in KiB.
const CACHE_KIB: i32 = 1024;
/// Statements each keeps prepared: a page's view takes more than the sixteen that are kept otherwise.
const STATEMENTS_MAX: usize = 128;

/// Idle connections, taken and given back.
#[derive(Clone)]
pub(super) struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path), idle: Arc::default() }
    }

    pub(super) async fn run<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let readers = self.clone();
        tokio::task::spawn_blocking(move || readers.query(query))
            .await
            .unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }

    fn query<T, E: From<StoreError>>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => open(&self.path)?,
        };
        let tx = connection.transaction().map_err(StoreError::sqlite("begin reading"))?;
        let result = query(&tx)?;
        tx.finish().map_err(StoreError::sqlite("end reading"))?;
        self.give_back(connection);
        Ok(result)
    }

    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(StoreError::sqlite("open for reading"))?;
    connection
        .pragma_update(None, "cache_size", -CACHE_KIB)
        .map_err(StoreError::sqlite("take its settings"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}
