//! Items, their history, and what operations did to them.

use std::collections::BTreeMap;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{
    DealerId, DeviceId, DocumentId, OperationId, ProductId, SiteId, Version,
};
use sealtrace_protocol::ledger::{Contents, Custody, Ending, Item, Level, State};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{TimeInterval, Timestamp};
use sealtrace_protocol::wire;

use super::{Row, StoreError, Tx, Value, counters};
use crate::codes::{Codebook, ItemKey};

/// Keys asked for with one query; a fixed number, so that the statement is prepared once.
const KEYS_PER_QUERY: usize = 64;
const LOT_COUNTER: &str = "lot";

/// Kinds of custody; null = in a package, or with nobody.
pub(super) const AT: u8 = 0;
pub(super) const SENT: u8 = 1;
const SHIPPED: u8 = 2;
const LOST: u8 = 3;
const SAMPLED: u8 = 4;
const DESTROYED: u8 = 5;

const ITEM: &str = "i.key, i.level, i.state, i.version, i.parent,
    i.custody, i.site, i.recipient, i.document, l.product, l.lot, i.units, i.mixed, i.children,
    i.disputed, i.replaced_by, i.replaced_from, i.replaced_to, i.announced_under";

/// The items with these keys that something has happened to.
pub async fn items(
    tx: &mut Tx,
    codebook: &Codebook,
    keys: &[ItemKey],
) -> Result<BTreeMap<ItemKey, Item>, StoreError> {
    let places: Vec<String> = (1..=KEYS_PER_QUERY).map(|number| format!("${number}")).collect();
    let sql = format!(
        "select {ITEM} from items i left join lots l on l.id = i.lot where i.key in ({})",
        places.join(", ")
    );
    let mut found = BTreeMap::new();
    for chunk in keys.chunks(KEYS_PER_QUERY) {
        let mut values: Vec<Value> = chunk.iter().map(|key| key.number().into()).collect();
        values.resize(KEYS_PER_QUERY, Value::Null);
        for row in tx.query(&sql, &values).await? {
            let (key, item) = read(&row, codebook)?;
            found.insert(key, item);
        }
    }
    Ok(found)
}

/// The item with this key, if something has happened to it.
pub async fn item(
    tx: &mut Tx,
    codebook: &Codebook,
    key: ItemKey,
) -> Result<Option<Item>, StoreError> {
    Ok(items(tx, codebook, &[key]).await?.remove(&key))
}

/// What is directly inside a package, by key.
pub async fn children(
    tx: &mut Tx,
    codebook: &Codebook,
    parent: ItemKey,
) -> Result<BTreeMap<ItemKey, Item>, StoreError> {
    let sql = format!(
        "select {ITEM} from items i left join lots l on l.id = i.lot
         where i.parent = $1 order by i.key"
    );
    let rows = tx.query(&sql, &[parent.number().into()]).await?;
    rows.iter().map(|row| read(row, codebook)).collect()
}

/// Writes items as they are now.
pub async fn put(
    tx: &mut Tx,
    codebook: &Codebook,
    items: &[(ItemKey, &Item)],
) -> Result<(), StoreError> {
    let mut lots = BTreeMap::new();
    let mut rows = Vec::with_capacity(items.len());
    for (key, item) in items {
        let mut pairs = item.contents.iter();
        let lot = match (pairs.next(), pairs.next()) {
            (Some(only), None) => {
                let pair = (only.product, only.lot);
                let id = match lots.get(&pair) {
                    Some(id) => *id,
                    None => *lots.entry(pair).or_insert(lot_id(tx, pair.0, pair.1).await?),
                };
                Some((id, only.units))
            }
            (None, _) | (Some(_), Some(_)) => None,
        };
        rows.push(values(*key, item, lot, codebook)?);
    }
    tx.execute_many(
        "insert into items (key, level, state, version, parent, custody, site, recipient, document,
                            lot, units, mixed, children, disputed, replaced_by, replaced_from,
                            replaced_to, announced_under)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         on conflict (key) do update set
             level = excluded.level, state = excluded.state, version = excluded.version,
             parent = excluded.parent, custody = excluded.custody, site = excluded.site,
             recipient = excluded.recipient, document = excluded.document, lot = excluded.lot,
             units = excluded.units, mixed = excluded.mixed, children = excluded.children,
             disputed = excluded.disputed, replaced_by = excluded.replaced_by,
             replaced_from = excluded.replaced_from, replaced_to = excluded.replaced_to,
             announced_under = excluded.announced_under",
        &rows,
    )
    .await?;
    Ok(())
}

/// Writes versions down: the item as an operation left it, and where that operation travelled.
pub async fn remember(
    tx: &mut Tx,
    versions: &[(ItemKey, OperationId, Item)],
) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = versions
        .iter()
        .map(|(key, by, item)| {
            vec![
                key.number().into(),
                item.version.into(),
                by.device.into(),
                by.epoch.into(),
                by.seq.into(),
                wire::encode(item).into(),
            ]
        })
        .collect();
    tx.execute_many(
        "insert into history (key, version, device, epoch, seq, item)
         values ($1, $2, $3, $4, $5, $6)",
        &rows,
    )
    .await?;
    Ok(())
}

/// An item as it was at a version.
pub async fn at_version(
    tx: &mut Tx,
    key: ItemKey,
    version: Version,
) -> Result<Option<Item>, StoreError> {
    let row = tx
        .query_opt(
            "select item from history where key = $1 and version = $2",
            &[key.number().into(), version.into()],
        )
        .await?;
    row.map(|row| read_item(&row.get::<Vec<u8>>(0)?)).transpose()
}

/// The device whose operation made an item what it is now, as far as `is` tells: of the newest versions in a row for which
/// it holds, the first. None when it does not hold now, or nothing is written down yet.
pub async fn put_by(
    tx: &mut Tx,
    key: ItemKey,
    is: impl Fn(&Item) -> bool,
) -> Result<Option<DeviceId>, StoreError> {
    let rows = tx
        .query(
            "select item, device from history where key = $1 order by version desc",
            &[key.number().into()],
        )
        .await?;
    let mut device = None;
    for row in &rows {
        if !is(&read_item(&row.get::<Vec<u8>>(0)?)?) {
            break;
        }
        device = Some(row.get(1)?);
    }
    Ok(device)
}

/// An item as [`remember`] wrote it.
pub fn read_item(bytes: &[u8]) -> Result<Item, StoreError> {
    wire::decode(bytes, "item").map_err(|error| StoreError::damaged("version of an item", error))
}

async fn lot_id(tx: &mut Tx, product: ProductId, lot: Lot) -> Result<i64, StoreError> {
    const FIND: &str = "select id from lots where product = $1 and lot = $2";
    let pair = [product.into(), lot.into()];
    if let Some(row) = tx.query_opt(FIND, &pair).await? {
        return row.get(0);
    }
    let id = counters::next(tx, LOT_COUNTER).await?;
    let [product, lot] = pair;
    tx.execute(
        "insert into lots (id, product, lot) values ($1, $2, $3)",
        &[id.into(), product, lot],
    )
    .await?;
    Ok(id.cast_signed())
}

fn key_of(codebook: &Codebook, code: Code) -> Result<ItemKey, StoreError> {
    match codebook.resolve(&code) {
        crate::codes::Resolved::Ours { key, .. } => Ok(key),
        crate::codes::Resolved::Foreign => {
            Err(StoreError::damaged("item", format!("{code} is not one of ours")))
        }
    }
}

fn values(
    key: ItemKey,
    item: &Item,
    lot: Option<(i64, u32)>,
    codebook: &Codebook,
) -> Result<Vec<Value>, StoreError> {
    let parent = item.parent.map(|code| key_of(codebook, code)).transpose()?;
    let held = item.custody;
    let mixed = (lot.is_none() && !item.contents.is_empty()).then(|| wire::encode(&item.contents));
    let (state, under, replaced) = match item.state {
        State::Free => (0_u8, None, None),
        State::Announced { under } => (1, under, None),
        State::Active => (2, None, None),
        State::Replaced { by, at } => (3, None, Some((key_of(codebook, by)?, at))),
    };
    Ok(vec![
        key.number().into(),
        item.level.rank().into(),
        state.into(),
        item.version.into(),
        parent.map(ItemKey::number).into(),
        held.map(custody_kind).into(),
        held.map(Custody::site).into(),
        held.and_then(recipient).into(),
        held.and_then(Custody::document).into(),
        lot.map(|(id, _)| id).into(),
        lot.map(|(_, units)| units).into(),
        mixed.into(),
        item.children.into(),
        item.disputed.into(),
        replaced.map(|(by, _)| by.number()).into(),
        replaced.map(|(_, at)| at.earliest).into(),
        replaced.map(|(_, at)| at.latest).into(),
        under.into(),
    ])
}

fn read(row: &Row, codebook: &Codebook) -> Result<(ItemKey, Item), StoreError> {
    let code = |key: i64| {
        let unknown = || StoreError::damaged("item", format!("no code has key {key}"));
        codebook.code(ItemKey::from_number(key)).ok_or_else(unknown)
    };
    let key: i64 = row.get(0)?;
    let level = Level::from_rank(row.get(1)?)
        .ok_or_else(|| StoreError::damaged("item", "no such level"))?;
    let state = match (row.get::<u8>(2)?, row.get::<Option<i64>>(15)?) {
        (0, None) => State::Free,
        (1, None) => State::Announced { under: row.get(18)? },
        (2, None) => State::Active,
        (3, Some(by)) => {
            let at = TimeInterval {
                earliest: row.get::<Timestamp>(16)?,
                latest: row.get::<Timestamp>(17)?,
            };
            State::Replaced { by: code(by)?, at }
        }
        _ => return Err(StoreError::damaged("item", "no such state")),
    };
    let item = Item {
        code: code(key)?,
        level,
        state,
        parent: row.get::<Option<i64>>(4)?.map(code).transpose()?,
        custody: read_custody(row)?,
        contents: read_contents(row)?,
        children: row.get(13)?,
        disputed: row.get(14)?,
        version: row.get(3)?,
    };
    Ok((ItemKey::from_number(key), item))
}

const fn custody_kind(custody: Custody) -> u8 {
    match custody {
        Custody::At(_) => AT,
        Custody::Sent { .. } => SENT,
        Custody::Shipped { .. } => SHIPPED,
        Custody::Lost { .. } => LOST,
        Custody::Gone { how: Ending::Sampled, .. } => SAMPLED,
        Custody::Gone { how: Ending::Destroyed, .. } => DESTROYED,
    }
}

/// Whom goods that left were sent to: a site or a dealer.
const fn recipient(custody: Custody) -> Option<u64> {
    match custody {
        Custody::Sent { to, .. } => Some(to.get()),
        Custody::Shipped { to, .. } => Some(to.get()),
        Custody::At(_) | Custody::Lost { .. } | Custody::Gone { .. } => None,
    }
}

fn read_custody(row: &Row) -> Result<Option<Custody>, StoreError> {
    let Some(kind) = row.get::<Option<u8>>(5)? else { return Ok(None) };
    let missing = || StoreError::damaged("item", "its custody is incomplete");
    let at = row.get::<Option<SiteId>>(6)?.ok_or_else(missing)?;
    let to = || row.get::<Option<u64>>(7)?.ok_or_else(missing);
    let document = || row.get::<Option<DocumentId>>(8)?.ok_or_else(missing);
    Ok(Some(match kind {
        AT => Custody::At(at),
        SENT => Custody::Sent { from: at, to: SiteId(to()?), document: document()? },
        SHIPPED => Custody::Shipped { from: at, to: DealerId(to()?), document: document()? },
        LOST => Custody::Lost { at },
        SAMPLED => Custody::Gone { at, how: Ending::Sampled },
        DESTROYED => Custody::Gone { at, how: Ending::Destroyed },
        _ => return Err(StoreError::damaged("item", "no such custody")),
    }))
}

fn read_contents(row: &Row) -> Result<Contents, StoreError> {
    if let Some(product) = row.get::<Option<ProductId>>(9)? {
        return Ok(Contents::of(product, row.get(10)?, row.get(11)?));
    }
    match row.get::<Option<Vec<u8>>>(12)? {
        Some(bytes) => wire::decode(&bytes, "contents")
            .map_err(|error| StoreError::damaged("contents of an item", error)),
        None => Ok(Contents::none()),
    }
}
