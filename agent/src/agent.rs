//! What every part of a running agent shares.

use std::sync::Arc;

use sealtrace_protocol::ids::DeviceId;
use tokio::sync::{Mutex, watch};

use crate::clock::Clock;
use crate::config::Config;
use crate::identity::Identity;
use crate::print::Standings;
use crate::store::Store;

/// The running agent. Clones share everything.
#[derive(Clone)]
pub struct Agent {
    /// Its memory.
    pub store: Store,
    /// Its clock.
    pub clock: Clock,
    /// What it was told.
    pub config: Arc<Config>,
    /// Who it is; none before enrolment.
    pub identity: Option<Arc<Identity>>,
    /// Drawn at this start.
    pub boot: [u8; 16],
    /// How the connection to the cloud stands; the sync driver says so.
    pub link: watch::Sender<Link>,
    /// How its printers stand; their drivers say so.
    pub printers: Standings,
    /// Held while a batch is sealed or marked as having left: a file is written beside the sending.
    pub(crate) leaving: Arc<Mutex<()>>,
}

/// How the connection to the cloud stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The last thing asked was answered.
    pub online: bool,
    /// Why not, in words for the log and `status`.
    pub error: Option<String>,
}

impl Agent {
    /// A freshly started agent.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        config: Config,
        identity: Option<Identity>,
        boot: [u8; 16],
    ) -> Self {
        let (config, identity) = (Arc::new(config), identity.map(Arc::new));
        let (link, _) = watch::channel(Link::default());
        let printers = Standings::new(&config.printers);
        Self { store, clock, config, identity, boot, link, printers, leaving: Arc::default() }
    }

    /// Which device it is; none before enrolment.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        self.identity.as_ref().map(|identity| identity.device.device)
    }
}
