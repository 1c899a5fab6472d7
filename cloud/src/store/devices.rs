//! Devices, their certificates and enrolment tokens.

use sealtrace_protocol::ids::{DeviceId, SiteId};
use sealtrace_protocol::link::Site;
use sealtrace_protocol::signing::{Hash, PublicKey};
use sealtrace_protocol::time::Timestamp;

use super::{Row, StoreError, Tx, Value};
use crate::devices::Device;

/// An enrolment token as stored.
#[derive(Clone, Debug)]
pub struct Token {
    /// SHA-256 of its text.
    pub hash: Hash,
    /// The name the device will have.
    pub name: String,
    /// Where it may work.
    pub sites: Vec<SiteId>,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// A device as found by its certificate.
pub struct Known {
    /// The device.
    pub device: Device,
    /// True when it is not to be trusted any more.
    pub revoked: bool,
}

/// Keeps a token.
pub async fn insert_token(
    tx: &mut Tx,
    hash: Hash,
    name: &str,
    sites: &[SiteId],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let sites = serde_json::to_string(sites)
        .map_err(|error| StoreError::damaged("list of sites", error))?;
    tx.execute(
        "insert into tokens (hash, name, sites, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        &[hash.into(), name.into(), sites.into(), now.into(), expires_at.into()],
    )
    .await?;
    Ok(())
}

/// The token with this hash.
pub async fn token(tx: &mut Tx, hash: Hash) -> Result<Option<Token>, StoreError> {
    let row = tx
        .query_opt(
            "select hash, name, sites, expires_at, used_at from tokens where hash = $1",
            &[hash.into()],
        )
        .await?;
    row.map(|row| {
        let sites: String = row.get(2)?;
        let sites = serde_json::from_str(&sites)
            .map_err(|error| StoreError::damaged("list of sites", error))?;
        Ok(Token {
            hash: row.get(0)?,
            name: row.get(1)?,
            sites,
            expires_at: row.get(3)?,
            used_at: row.get(4)?,
        })
    })
    .transpose()
}

/// Uses a token up.
pub async fn use_token(
    tx: &mut Tx,
    hash: Hash,
    device: DeviceId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let used = tx
        .execute(
            "update tokens set used_at = $1, device = $2 where hash = $3 and used_at is null",
            &[now.into(), device.into(), hash.into()],
        )
        .await?;
    if used == 1 { Ok(()) } else { Err(StoreError::Conflict("the token was just used".into())) }
}

/// Writes a new device down.
pub async fn insert_device(
    tx: &mut Tx,
    device: DeviceId,
    name: &str,
    key: PublicKey,
    sites: &[SiteId],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into devices (id, name, signing_key, enrolled_at) values ($1, $2, $3, $4)",
        &[device.into(), name.into(), key.0.as_slice().into(), now.into()],
    )
    .await?;
    let rows: Vec<Vec<Value>> =
        sites.iter().map(|site| vec![device.into(), (*site).into()]).collect();
    tx.execute_many(
        "insert into device_sites (device, site) values ($1, $2) on conflict (device, site) do nothing",
        &rows,
    )
    .await?;
    Ok(())
}

/// Writes a certificate down that was given to a device.
pub async fn insert_certificate(
    tx: &mut Tx,
    device: DeviceId,
    der: &[u8],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into certificates (hash, device, der, expires_at) values ($1, $2, $3, $4)",
        &[Hash::of(der).into(), device.into(), der.into(), expires_at.into()],
    )
    .await?;
    Ok(())
}

/// The device a certificate was given to.
pub async fn by_certificate(tx: &mut Tx, hash: Hash) -> Result<Option<Known>, StoreError> {
    let row = tx
        .query_opt(
            "select d.id, d.name, d.signing_key, d.revoked_at
             from certificates c join devices d on d.id = c.device where c.hash = $1",
            &[hash.into()],
        )
        .await?;
    match row {
        Some(row) => known(tx, &row).await.map(Some),
        None => Ok(None),
    }
}

/// The device with this id.
pub async fn by_id(tx: &mut Tx, id: DeviceId) -> Result<Option<Known>, StoreError> {
    let row = tx
        .query_opt(
            "select id, name, signing_key, revoked_at from devices where id = $1",
            &[id.into()],
        )
        .await?;
    match row {
        Some(row) => known(tx, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn known(tx: &mut Tx, row: &Row) -> Result<Known, StoreError> {
    let id: DeviceId = row.get(0)?;
    let sites = named_sites(tx, id).await?.into_iter().map(|site| site.id).collect();
    let device = Device { id, name: row.get(1)?, key: key(row, 2)?, sites };
    Ok(Known { device, revoked: row.get::<Option<Timestamp>>(3)?.is_some() })
}

/// The key a device signs with.
pub async fn signing_key(tx: &mut Tx, device: DeviceId) -> Result<Option<PublicKey>, StoreError> {
    let row =
        tx.query_opt("select signing_key from devices where id = $1", &[device.into()]).await?;
    row.map(|row| key(&row, 0)).transpose()
}

/// Where a device may work.
pub async fn named_sites(tx: &mut Tx, device: DeviceId) -> Result<Vec<Site>, StoreError> {
    let rows = tx
        .query(
            "select s.id, s.name, s.implied_receipt
             from device_sites d join sites s on s.id = d.site
             where d.device = $1 order by s.id",
            &[device.into()],
        )
        .await?;
    let site =
        |row: &Row| Ok(Site { id: row.get(0)?, name: row.get(1)?, implied_receipt: row.get(2)? });
    rows.iter().map(site).collect()
}

/// The devices that are trusted and may work at a site.
pub async fn active_at(tx: &mut Tx, site: SiteId) -> Result<Vec<DeviceId>, StoreError> {
    let rows = tx
        .query(
            "select d.id from device_sites s join devices d on d.id = s.device
             where s.site = $1 and d.revoked_at is null order by d.id",
            &[site.into()],
        )
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Notes that a device delivered something.
pub async fn seen(
    tx: &mut Tx,
    device: DeviceId,
    software: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update devices set last_seen_at = $1, software = $2 where id = $3",
        &[now.into(), software.into(), device.into()],
    )
    .await?;
    Ok(())
}

/// Takes a device's trust away from now on.
pub async fn revoke(tx: &mut Tx, device: DeviceId, now: Timestamp) -> Result<bool, StoreError> {
    let revoked = tx
        .execute(
            "update devices set revoked_at = $1 where id = $2 and revoked_at is null",
            &[now.into(), device.into()],
        )
        .await?;
    Ok(revoked == 1)
}

fn key(row: &Row, column: usize) -> Result<PublicKey, StoreError> {
    row.get::<Hash>(column).map(|bytes| PublicKey(bytes.0))
}
