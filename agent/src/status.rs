//! What `sealtrace-agent status` and the local page say about this device.

use sealtrace_protocol::ids::{DeviceId, SiteId};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use x509_parser::parse_x509_certificate;
use x509_parser::pem::parse_x509_pem;

use rusqlite::Connection;

use crate::identity::DeviceFile;
use crate::store::{Storage, StoreError, feed, journal, outbox, stream};

/// How this device stands.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Who it is.
    pub device: Option<Named<DeviceId>>,
    /// The only site it may work at; none when there are several.
    pub site: Option<Named<SiteId>>,
    /// True after enrolment.
    pub enrolled: bool,
    /// The cloud answers; only a running agent knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// Operations without a receipt.
    pub unsent_operations: u64,
    /// Sealed batches without a receipt.
    pub unsent_batches: u64,
    /// Receipted operations without a verdict.
    pub unjudged_operations: u64,
    /// Scans shown green that are in no operation yet.
    pub drafts: u64,
    /// When the last receipt came.
    pub last_receipt_at: Option<Timestamp>,
    /// When the feed last came.
    pub last_feed_at: Option<Timestamp>,
    /// How far the cloud's clock is ahead; only a running agent knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
    /// The disk.
    pub storage: Space,
    /// When the TLS certificate ends.
    pub certificate_expires_at: Option<Timestamp>,
    /// The cloud saw a fork: a supervisor must act.
    pub frozen: bool,
    /// The stream is lost: the device must reach the cloud before it confirms anything.
    pub lost: bool,
    /// This program.
    pub version: &'static str,
}

/// Something with a name.
#[derive(Clone, Debug, Serialize)]
pub struct Named<I> {
    /// Its id.
    pub id: I,
    /// Its name.
    pub name: String,
}

/// Room on the disk.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Space {
    /// Bytes free.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
}

/// Reads the status from the store; what only a running agent knows is left out.
pub fn read(
    conn: Option<&Connection>,
    device: Option<&DeviceFile>,
    storage: Storage,
) -> Result<Status, StoreError> {
    let known = conn.map(stream::read).transpose()?.flatten();
    let backlog = conn.map(outbox::backlog).transpose()?.unwrap_or_default();
    let site = device.and_then(|device| match device.sites.as_slice() {
        [site] => Some(Named { id: site.id, name: site.name.clone() }),
        _ => None,
    });
    Ok(Status {
        device: device.map(|file| Named { id: file.device, name: file.name.clone() }),
        site,
        enrolled: device.is_some(),
        online: None,
        unsent_operations: backlog.unreceipted_operations,
        unsent_batches: backlog.unsent,
        unjudged_operations: backlog.unjudged,
        drafts: conn.map(journal::open_count).transpose()?.unwrap_or_default(),
        last_receipt_at: backlog.receipt_at,
        last_feed_at: conn.map(feed::last_at).transpose()?.flatten(),
        clock_offset_ms: None,
        storage: Space { free_bytes: storage.free_bytes, total_bytes: storage.total_bytes },
        certificate_expires_at: device
            .and_then(|file| certificate_expires_at(&file.certificate_pem)),
        frozen: known.is_some_and(|stream| stream.frozen),
        lost: device.is_some() && known.is_none_or(|stream| stream.lost),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// When the first certificate in a PEM text ends.
#[must_use]
pub fn certificate_expires_at(pem: &str) -> Option<Timestamp> {
    let (_, block) = parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, certificate) = parse_x509_certificate(&block.contents).ok()?;
    Some(Timestamp(certificate.validity().not_after.timestamp().checked_mul(1_000)?))
}
