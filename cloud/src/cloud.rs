//! Everything a request needs: the store and what is kept in memory beside it.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::codes::Codebook;
use crate::config::Config;
use crate::http::callers::Callers;
use crate::keys::{Keys, KeysError};
use crate::store::Store;

/// The service's state, shared by all requests. Cheap to clone.
#[derive(Clone)]
pub struct Cloud {
    /// The database.
    pub store: Store,
    /// Every code order in memory.
    pub codebook: Codebook,
    /// The time.
    pub clock: Clock,
    /// The service's own secrets.
    pub keys: Arc<Keys>,
    /// What was configured.
    pub config: Arc<Config>,
    /// Where devices find their listener, `https://host:port`.
    pub device_url: Arc<str>,
    /// What is remembered of callers, so that nobody asks too often.
    pub callers: Arc<Callers>,
    /// Rung when there may be operations to judge.
    pub to_judge: Arc<Notify>,
}

impl Cloud {
    /// Opens the database and reads what belongs in memory.
    pub async fn open(config: Config, clock: Clock, device_url: &str) -> Result<Self, KeysError> {
        let store = Store::open(&config.database).await?;
        let keys = Keys::load(&store, clock.now()).await?;
        let codebook = Codebook::load(&store, config.codes.company_prefix.clone()).await?;
        Ok(Self {
            store,
            codebook,
            clock,
            keys: Arc::new(keys),
            config: Arc::new(config),
            device_url: device_url.into(),
            callers: Arc::default(),
            to_judge: Arc::default(),
        })
    }
}
