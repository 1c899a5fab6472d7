//! Sharing a document out among devices that may not reach each other, so that together they never move too much.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DeviceId, DocumentId, ProductId};
use sealtrace_protocol::link;
use sealtrace_protocol::time::Timestamp;
use serde::Deserialize;

use super::{Action, Document, DocumentsError, publish, remember};
use crate::accounts::AccountId;
use crate::form::{Check, Invalid};
use crate::store::{self, Store};
use crate::writing;

/// How somebody wants a document shared out; nothing = not at all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shares {
    /// Device by device.
    pub shares: Vec<DeviceShare>,
}

/// One device's share as asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeviceShare {
    /// The device's id.
    pub device: u64,
    /// What it may move.
    pub lines: Vec<ShareLine>,
}

/// One product of a share as asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShareLine {
    /// The product's id.
    pub product: u64,
    /// How many units.
    pub units: u32,
}

/// The most devices a document is shared out among.
const DEVICES_MAX: usize = 50;

/// Shares a document out, anew each time.
pub async fn share(
    store: &Store,
    id: DocumentId,
    asked: &Shares,
    by: AccountId,
    now: Timestamp,
) -> Result<Document, DocumentsError> {
    writing!(store, |tx| {
        let known = store::documents::shown(tx, id).await?.ok_or(DocumentsError::NotFound)?;
        let state = known.state;
        state.after(Action::Share).ok_or(DocumentsError::WrongState { state })?;
        let devices = store::devices::active_at(tx, known.site.id).await?;
        let devices: BTreeSet<DeviceId> = devices.into_iter().collect();
        let moved = store::documents::moved_by_devices(tx, id).await?;
        let shares = check(asked, &known, &devices, &moved)?;
        store::documents::set_shares(tx, id, &shares).await?;
        publish(tx, id).await?;
        remember(tx, Action::Share.name(), (Some(&known), id), (by, now)).await
    })
}

fn check(
    asked: &Shares,
    known: &Document,
    devices: &BTreeSet<DeviceId>,
    moved: &BTreeMap<(DeviceId, ProductId), u32>,
) -> Result<Vec<link::Share>, Invalid> {
    let mut check = Check::new();
    check.require(asked.shares.len() <= DEVICES_MAX, "shares", "too_many");
    let mut left = left_to_share(asked, known, moved);
    let mut seen = BTreeSet::new();
    let mut shares = Vec::new();
    for (at, share) in asked.shares.iter().take(DEVICES_MAX).enumerate() {
        let device = DeviceId(share.device);
        let field = format!("shares.{at}.device");
        check.require(devices.contains(&device), &field, "not_permitted");
        check.require(!share.lines.is_empty(), &format!("shares.{at}.lines"), "required");
        // More lines than products: one of them comes twice.
        for (line, asked) in share.lines.iter().take(left.len() + 1).enumerate() {
            let field = |name: &str| format!("shares.{at}.lines.{line}.{name}");
            let product = ProductId(asked.product);
            check.require(seen.insert((device, product)), &field("product"), "twice");
            let units = check.units(&field("units"), asked.units, 1);
            let Some(left) = left.get_mut(&product) else {
                check.fault(&field("product"), "not_on_document");
                continue;
            };
            check.require(units <= *left, &field("units"), "more_than_demand");
            *left = left.saturating_sub(units);
            let moved = moved.get(&(device, product)).copied().unwrap_or_default();
            check.require(units >= moved, &field("units"), "less_than_moved");
            shares.push(link::Share { device, product, units, moved });
        }
    }
    check.done()?;
    Ok(shares)
}

/// How much of each product there is to share out: what is asked for without what others have moved than those who are to
/// get a share.
fn left_to_share(
    asked: &Shares,
    known: &Document,
    moved: &BTreeMap<(DeviceId, ProductId), u32>,
) -> BTreeMap<ProductId, u32> {
    let mut left: BTreeMap<ProductId, u32> =
        known.demand.iter().map(|demand| (demand.product.id, demand.units)).collect();
    let shared: BTreeSet<(DeviceId, ProductId)> = asked
        .shares
        .iter()
        .flat_map(|share| share.lines.iter().map(|line| (share.device, line.product)))
        .map(|(device, product)| (DeviceId(device), ProductId(product)))
        .collect();
    for (pair, units) in moved.iter().filter(|(pair, _)| !shared.contains(pair)) {
        if let Some(left) = left.get_mut(&pair.1) {
            *left = left.saturating_sub(*units);
        }
    }
    left
}
