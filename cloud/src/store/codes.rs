//! Code orders and the keys that make codes.

use sealtrace_protocol::ids::{DeviceId, Epoch, OrderId};
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::time::Timestamp;

use super::search::{Listing, Page};
use super::{Row, Store, StoreError, Tx};
use crate::codes::cipher::KEY_BYTES;
use crate::codes::{CodeOrder, Purpose, Scheme};

/// The counter of code order numbers.
pub const ORDER_COUNTER: &str = "code_order";

/// Every version of the minting key, oldest first.
pub async fn mint_keys(store: &Store) -> Result<Vec<(u8, [u8; KEY_BYTES])>, StoreError> {
    let mut tx = store.read().await?;
    let rows = tx
        .query("select purpose, secret from keys where purpose like 'mint/%' order by purpose", &[])
        .await?;
    rows.iter()
        .map(|row| {
            let (purpose, secret): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let version = purpose.rsplit('/').next().and_then(|version| version.parse().ok());
            let secret = <[u8; KEY_BYTES]>::try_from(secret).ok();
            version
                .zip(secret)
                .ok_or_else(|| StoreError::damaged("minting key", "not a version and 32 bytes"))
        })
        .collect()
}

/// Writes a new code order down.
pub async fn insert_order(
    tx: &mut Tx,
    order: &CodeOrder,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (key_version, first_body) = match order.scheme {
        Scheme::Minted { key_version } => (Some(key_version), None),
        Scheme::Sscc { first_body } => (None, Some(first_body)),
    };
    let device = match order.purpose {
        Purpose::Device { device, epoch } => Some((device, epoch)),
        Purpose::Order { .. } | Purpose::Carriers => None,
    };
    tx.execute(
        "insert into code_orders
             (id, production_order, product, level, count, key_version, first_body, device, device_epoch, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            order.id.into(),
            order.purpose.order().into(),
            order.purpose.product().into(),
            order.level.rank().into(),
            order.count.into(),
            key_version.into(),
            first_body.into(),
            device.map(|(device, _)| device).into(),
            device.map(|(_, epoch)| epoch).into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The code orders with a number above `known`.
pub async fn orders_after(tx: &mut Tx, known: u32) -> Result<Vec<CodeOrder>, StoreError> {
    let rows = tx
        .query(
            "select id, production_order, product, level, count, key_version, first_body, device, device_epoch
             from code_orders where id > $1 order by id",
            &[known.into()],
        )
        .await?;
    rows.iter().map(read_order).collect()
}

/// The code orders of one production order.
pub async fn orders_of(tx: &mut Tx, id: OrderId) -> Result<Vec<CodeOrder>, StoreError> {
    let rows = tx
        .query(
            "select id, production_order, product, level, count, key_version, first_body, device, device_epoch
             from code_orders where production_order = $1 order by level, id",
            &[id.into()],
        )
        .await?;
    rows.iter().map(read_order).collect()
}

/// The labels of reusable pallets, and when they were made; the newest first.
pub async fn carriers(
    tx: &mut Tx,
    page: &Page,
) -> Result<Listing<(CodeOrder, Timestamp)>, StoreError> {
    let rows = tx
        .query(
            "select id, production_order, product, level, count, key_version, first_body, device, device_epoch, created_at
             from code_orders where production_order is null and device is null order by id desc limit $1 offset $2",
            &[page.limit(), page.offset()],
        )
        .await?;
    let total =
        "select count(*) from code_orders where production_order is null and device is null";
    let total = tx.query_one(total, &[]).await?.get(0)?;
    let rows = rows.iter().map(|row| Ok((read_order(row)?, row.get(9)?)));
    Ok(Listing { rows: rows.collect::<Result<_, StoreError>>()?, total })
}

/// All of them, for a site that is new.
pub async fn all_carriers(tx: &mut Tx) -> Result<Vec<CodeOrder>, StoreError> {
    let rows = tx
        .query(
            "select id, production_order, product, level, count, key_version, first_body, device, device_epoch
             from code_orders where production_order is null and device is null order by id",
            &[],
        )
        .await?;
    rows.iter().map(read_order).collect()
}

/// The labels that a device was leased last in this epoch of its stream.
pub async fn newest_leased(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    level: Level,
) -> Result<Option<CodeOrder>, StoreError> {
    let row = tx
        .query_opt(
            "select id, production_order, product, level, count, key_version, first_body, device, device_epoch
             from code_orders where device = $1 and level = $2 and device_epoch = $3
             order by id desc limit 1",
            &[device.into(), level.rank().into(), epoch.into()],
        )
        .await?;
    row.as_ref().map(read_order).transpose()
}

/// How often a device was leased labels of a level since then, in whatever epoch.
pub async fn leased_since(
    tx: &mut Tx,
    device: DeviceId,
    level: Level,
    since: Timestamp,
) -> Result<u32, StoreError> {
    tx.query_one(
        "select count(*) from code_orders where device = $1 and level = $2 and created_at > $3",
        &[device.into(), level.rank().into(), since.into()],
    )
    .await?
    .get(0)
}

fn read_order(row: &Row) -> Result<CodeOrder, StoreError> {
    let level = Level::from_rank(row.get(3)?)
        .ok_or_else(|| StoreError::damaged("code order", "no such level"))?;
    let scheme = match (row.get(5)?, row.get(6)?) {
        (Some(key_version), None) => Scheme::Minted { key_version },
        (None, Some(first_body)) => Scheme::Sscc { first_body },
        _ => return Err(StoreError::damaged("code order", "neither minted nor a range")),
    };
    let purpose = match (row.get(1)?, row.get(2)?, row.get(7)?, row.get(8)?) {
        (Some(order), Some(product), None, None) => Purpose::Order { order, product },
        (None, None, Some(device), Some(epoch)) => Purpose::Device { device, epoch },
        (None, None, None, None) => Purpose::Carriers,
        _ => {
            return Err(StoreError::damaged(
                "code order",
                "not for an order, carriers or a device",
            ));
        }
    };
    Ok(CodeOrder { id: row.get(0)?, purpose, level, count: row.get(4)?, scheme })
}
