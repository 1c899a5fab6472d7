//! Devices: how they are let in, and how they are known again.
//!
//! A supervisor makes a single-use [`token`](tokens); the device shows it with a certificate request and the key it
//! will sign batches with, and gets a client certificate from our own [`authority`]. On the [`listener`] that
//! certificate names the device.

pub mod authority;
pub mod console;
pub mod enrolment;
pub mod http;
pub mod listener;
pub mod tokens;

use sealtrace_protocol::ids::{DeviceId, SiteId};
use sealtrace_protocol::signing::PublicKey;

/// The device whose stream holds what the cloud itself signs; see [`crate::office`]. Enrolled ones count from 1.
pub const OFFICE: DeviceId = DeviceId(0);

/// An enrolled device as requests know it.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name in the system.
    pub id: DeviceId,
    /// Its name on screens.
    pub name: String,
    /// The key it signs batches with.
    pub key: PublicKey,
    /// Where it may work.
    pub sites: Vec<SiteId>,
}

impl Device {
    /// True when it may work at this site.
    #[must_use]
    pub fn may_work_at(&self, site: SiteId) -> bool {
        self.sites.contains(&site)
    }
}
