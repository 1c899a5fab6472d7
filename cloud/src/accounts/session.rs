//! Sessions of the pages, in our own store on both engines; what the cookie says is kept as its hash only.

use std::fmt;

use async_trait::async_trait;
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::time::Timestamp;
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::AccountId;
use crate::clock::Clock;
use crate::store::sessions::StoredSession;
use crate::store::{self, Store, StoreError};
use crate::writing;

/// The cookie's name.
pub const SESSION_COOKIE: &str = "sealtrace_session";
/// What a session holds of whoever is signed in: the account's id.
pub const SIGNED_IN: &str = "account";
/// How long a login lasts: a shift.
pub const SESSION_HOURS: i64 = 12;

/// Sessions in the cloud's store.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Clock,
}

impl Sessions {
    /// Kept in `store`, ended by `clock`.
    #[must_use]
    pub const fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let now = self.clock.now();
        loop {
            let (key, session) = (key(&record.id), stored(record)?);
            let added: std::result::Result<bool, StoreError> = writing!(self.store, |tx| {
                store::sessions::remove_ended(tx, now).await?;
                store::sessions::add(tx, &key, &session).await
            });
            if added.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let (key, session) = (key(&record.id), stored(record)?);
        let saved: std::result::Result<(), StoreError> =
            writing!(self.store, |tx| { store::sessions::save(tx, &key, &session).await });
        saved.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut tx = self.store.read().await.map_err(backend)?;
        let found = store::sessions::load(&mut tx, &key(id), self.clock.now()).await;
        let Some(session) = found.map_err(backend)? else { return Ok(None) };
        let data = serde_json::from_str(&session.data)
            .map_err(|error| Error::Decode(error.to_string()))?;
        let seconds = session.expires_at.millis().div_euclid(1_000);
        let expiry_date = OffsetDateTime::from_unix_timestamp(seconds)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let key = key(id);
        let removed: std::result::Result<(), StoreError> =
            writing!(self.store, |tx| { store::sessions::remove(tx, &key).await });
        removed.map_err(backend)
    }
}

fn key(id: &Id) -> String {
    Hash::of(&id.0.to_be_bytes()).to_string()
}

fn stored(record: &Record) -> Result<StoredSession> {
    let account = record.data.get(SIGNED_IN).and_then(serde_json::Value::as_u64).map(AccountId);
    let data =
        serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    let expires_at = Timestamp(record.expiry_date.unix_timestamp().saturating_mul(1_000));
    Ok(StoredSession { account, data, expires_at })
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}
