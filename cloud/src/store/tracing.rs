//! An item's life: each version, the operation that made it, and where that operation is signed.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{
    BatchNo, DeviceId, Epoch, OperationId, OperatorId, ProductId, Seq, SiteId, Version,
};
use sealtrace_protocol::ledger::{Item, Level};
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::time::{Stamp, Timestamp};

use super::{Row, StoreError, Tx};
use crate::catalog::ProductName;
use crate::codes::{Codebook, ItemKey};
use crate::named::Named;

/// One version of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The version.
    pub version: Version,
    /// The item as it was from then on.
    pub item: Item,
    /// The operation that made it, where it travelled.
    pub operation: OperationId,
    /// The batch it is signed in.
    pub batch: BatchNo,
    /// commission, pack …
    pub kind: String,
    /// When, by the device's clock.
    pub at: Stamp,
    /// Who did it.
    pub operator: Option<Named<OperatorId>>,
    /// Where.
    pub site: Named<SiteId>,
    /// With which device.
    pub device: Named<DeviceId>,
    /// The verdict as JSON; none for applied without notices.
    pub verdict: Option<String>,
}

/// An item's versions, oldest first.
pub async fn life(tx: &mut Tx, item: ItemKey) -> Result<Vec<Step>, StoreError> {
    let rows = tx
        .query(
            "select h.version, h.item, h.device, h.epoch, h.seq, o.batch, o.kind, o.at,
                 o.uncertainty_ms, o.operator, p.name, o.site, s.name, d.name, o.verdict
             from history h
             join operations o on o.device = h.device and o.epoch = h.epoch and o.seq = h.seq
             join devices d on d.id = h.device
             left join sites s on s.id = o.site
             left join operators p on p.id = o.operator
             where h.key = $1 order by h.version",
            &[item.number().into()],
        )
        .await?;
    rows.iter().map(step).collect()
}

fn step(row: &Row) -> Result<Step, StoreError> {
    let bytes: Vec<u8> = row.get(1)?;
    let operator: Option<OperatorId> = row.get(9)?;
    let operator_name: Option<String> = row.get(10)?;
    let site_name: Option<String> = row.get(12)?;
    let device: DeviceId = row.get(2)?;
    Ok(Step {
        version: row.get(0)?,
        item: super::ledger::read_item(&bytes)?,
        operation: OperationId { device, epoch: row.get(3)?, seq: row.get(4)? },
        batch: row.get(5)?,
        kind: row.get(6)?,
        at: Stamp { wall: row.get(7)?, uncertainty_ms: row.get(8)? },
        operator: operator.map(|id| Named::new(id, operator_name.unwrap_or_default())),
        site: Named::new(row.get(11)?, site_name.unwrap_or_default()),
        device: Named::new(device, row.get(13)?),
        verdict: row.get(14)?,
    })
}

/// What lies directly inside a package: key and level.
pub async fn children(tx: &mut Tx, parent: ItemKey) -> Result<Vec<(ItemKey, Level)>, StoreError> {
    let rows = tx
        .query(
            "select key, level from items where parent = $1 order by key",
            &[parent.number().into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let level = Level::from_rank(row.get(1)?)
                .ok_or_else(|| StoreError::damaged("item", "no such level"))?;
            Ok((ItemKey::from_number(row.get(0)?), level))
        })
        .collect()
}

/// Those of these items that are disputed now.
pub async fn disputed(tx: &mut Tx, items: &[ItemKey]) -> Result<Vec<ItemKey>, StoreError> {
    let sql = format!(
        "select key from items where disputed = 1 and key in ({})",
        super::search::places()
    );
    let mut found = Vec::new();
    for values in super::search::keys(items) {
        for row in tx.query(&sql, &values).await? {
            found.push(ItemKey::from_number(row.get(0)?));
        }
    }
    Ok(found)
}

/// A batch as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    /// The device.
    pub device: Named<DeviceId>,
    /// Its Ed25519 key.
    pub signing_key: Vec<u8>,
    /// The bytes as they came.
    pub sealed: Vec<u8>,
    /// Its first operation.
    pub first: Seq,
    /// Its last operation.
    pub last: Seq,
    /// The hash noted when they came.
    pub hash: Hash,
    /// The hash of the batch before it.
    pub previous: Hash,
    /// When they came.
    pub received_at: Timestamp,
    /// The sealed receipt; none while batches before it are missing.
    pub receipt: Option<Vec<u8>>,
}

/// A batch by its place.
pub async fn batch(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    batch: BatchNo,
) -> Result<Option<StoredBatch>, StoreError> {
    let row = tx
        .query_opt(
            "select d.name, d.signing_key, b.sealed, b.hash, b.previous, b.received_at, b.receipt,
                 b.first_seq, b.last_seq
             from batches b join devices d on d.id = b.device
             where b.device = $1 and b.epoch = $2 and b.batch = $3",
            &[device.into(), epoch.into(), batch.into()],
        )
        .await?;
    row.map(|row| {
        Ok(StoredBatch {
            device: Named::new(device, row.get(0)?),
            signing_key: row.get(1)?,
            sealed: row.get(2)?,
            hash: row.get(3)?,
            previous: row.get(4)?,
            received_at: row.get(5)?,
            receipt: row.get(6)?,
            first: row.get(7)?,
            last: row.get(8)?,
        })
    })
    .transpose()
}

/// The verdicts of a batch's operations, as JSON by seq; none for applied without notices.
pub async fn verdicts(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    batch: BatchNo,
) -> Result<Vec<(u64, Option<String>)>, StoreError> {
    let rows = tx
        .query(
            "select seq, verdict from operations
             where device = $1 and epoch = $2 and batch = $3 order by seq",
            &[device.into(), epoch.into(), batch.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// The dealers, sites, products or documents called by these ids.
pub async fn name(tx: &mut Tx, of: Noun, id: u64) -> Result<String, StoreError> {
    let sql = match of {
        Noun::Dealer => "select name from dealers where id = $1",
        Noun::Site => "select name from sites where id = $1",
        Noun::Product => "select name from products where id = $1",
        Noun::Document => "select number from documents where id = $1",
        Noun::Order => "select number from production_orders where id = $1",
    };
    let row = tx.query_opt(sql, &[id.into()]).await?;
    row.map_or(Ok(String::new()), |row| row.get(0))
}

/// What is looked up by [`name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// 经销商.
    Dealer,
    /// 部署点.
    Site,
    /// 商品.
    Product,
    /// 单据, by its number.
    Document,
    /// 生产订单, by its number.
    Order,
}

/// A product by name and GTIN.
pub async fn product_name(tx: &mut Tx, id: ProductId) -> Result<Option<ProductName>, StoreError> {
    let row =
        tx.query_opt("select id, name, gtin from products where id = $1", &[id.into()]).await?;
    row.map(|row| Ok(ProductName { id: row.get(0)?, name: row.get(1)?, gtin: row.get(2)? }))
        .transpose()
}

/// The item as it is now; none when nothing has happened to it.
pub async fn latest(tx: &mut Tx, item: ItemKey) -> Result<Option<Item>, StoreError> {
    let row = tx
        .query_opt(
            "select item from history where key = $1 order by version desc limit 1",
            &[item.number().into()],
        )
        .await?;
    row.map(|row| super::ledger::read_item(&row.get::<Vec<u8>>(0)?)).transpose()
}

/// The items among these codes that are ours.
#[must_use]
pub fn key_of(codebook: &Codebook, code: &Code) -> Option<ItemKey> {
    match codebook.resolve(code) {
        crate::codes::Resolved::Ours { key, .. } => Some(key),
        crate::codes::Resolved::Foreign => None,
    }
}
