//! The list of devices: where each may work and how far its stream is.

use sealtrace_protocol::ids::{DeviceId, SiteId};
use sealtrace_protocol::time::Timestamp;

use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, devices};
use crate::devices::console::DeviceShown;
use crate::named::Named;

/// Devices whose name contains what is asked for, with the newest generation of each stream. The office (0) is none: nobody
/// enrolled it, and nobody can revoke it.
pub async fn devices(tx: &mut Tx, page: &Page) -> Result<Listing<DeviceShown>, StoreError> {
    let rows = tx
        .query(
            "select d.id, d.name, d.enrolled_at, d.last_seen_at, d.software, d.revoked_at,
                 s.epoch, s.batch, s.frozen_at,
                 (select max(c.expires_at) from certificates c where c.device = d.id),
                 (select count(*) from operations o where o.device = d.id)
             from devices d
             join streams s on s.device = d.id
                 and s.epoch = (select max(n.epoch) from streams n where n.device = d.id)
             where d.id <> 0 and lower(d.name) like lower($1) escape '\\'
             order by d.id limit $2 offset $3",
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            "select count(*) from devices d where d.id <> 0 and lower(d.name) like lower($1) escape '\\'",
            &[page.pattern()],
        )
        .await?;
    let mut devices = Vec::with_capacity(rows.len());
    for row in &rows {
        let sites = sites(tx, row.get(0)?).await?;
        devices.push(read(row, sites)?);
    }
    Ok(Listing { rows: devices, total: total.get(0)? })
}

fn read(row: &Row, sites: Vec<Named<SiteId>>) -> Result<DeviceShown, StoreError> {
    let is_revoked = row.get::<Option<Timestamp>>(5)?.is_some();
    let is_frozen = row.get::<Option<Timestamp>>(8)?.is_some();
    Ok(DeviceShown {
        id: row.get(0)?,
        name: row.get(1)?,
        sites,
        state: match (is_revoked, is_frozen) {
            (true, _) => "revoked",
            (false, true) => "frozen",
            (false, false) => "active",
        },
        epoch: row.get(6)?,
        enrolled_at: row.get(2)?,
        last_seen_at: row.get(3)?,
        last_batch: row.get(7)?,
        operations: row.get(10)?,
        software: row.get(4)?,
        certificate_expires_at: row.get(9)?,
    })
}

async fn sites(tx: &mut Tx, device: DeviceId) -> Result<Vec<Named<SiteId>>, StoreError> {
    let sites = devices::named_sites(tx, device).await?;
    Ok(sites.into_iter().map(|site| Named::new(site.id, site.name)).collect())
}
