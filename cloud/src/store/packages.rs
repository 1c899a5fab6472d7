//! Packages and what is in them, by key: what the feed must find out without reading whole items.

use std::collections::BTreeSet;

use sealtrace_protocol::ids::{ProductId, SiteId};
use sealtrace_protocol::ledger::Contents;
use sealtrace_protocol::wire;

use super::{Row, StoreError, Tx, Value};
use crate::codes::{CODES_PER_ORDER_MAX, ItemKey};

/// Keys asked for with one query; a fixed number, so that the statement is prepared once.
pub(super) const KEYS_PER_QUERY: usize = 64;

/// Placeholders for [`KEYS_PER_QUERY`] keys, from `$first` on.
pub(super) fn places(first: usize) -> String {
    let places: Vec<String> =
        (first..first + KEYS_PER_QUERY).map(|number| format!("${number}")).collect();
    places.join(", ")
}

/// The values for [`places`].
pub(super) fn key_values(chunk: &[ItemKey]) -> impl Iterator<Item = Value> + use<'_> {
    let keys = chunk.iter().map(|key| Value::from(key.number()));
    keys.chain(std::iter::repeat(Value::Null)).take(KEYS_PER_QUERY)
}

/// A package found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its key.
    pub key: ItemKey,
    /// True when there may be packages in it; false when there are none.
    pub holds_packages: bool,
}

/// As many units as children: nothing but units inside.
const PACKAGE: &str =
    "key, case when mixed is null and coalesce(units, 0) = children then 0 else 1 end";

fn read(row: &Row) -> Result<Package, StoreError> {
    Ok(Package { key: ItemKey::from_number(row.get(0)?), holds_packages: row.get(1)? })
}

/// The packages directly inside these.
pub async fn inside(tx: &mut Tx, parents: &[ItemKey]) -> Result<Vec<Package>, StoreError> {
    let sql = format!("select {PACKAGE} from items where parent in ({}) and level > 0", places(1));
    let mut found = Vec::new();
    for chunk in parents.chunks(KEYS_PER_QUERY) {
        let values: Vec<Value> = key_values(chunk).collect();
        for row in tx.query(&sql, &values).await? {
            found.push(read(&row)?);
        }
    }
    Ok(found)
}

/// The units directly inside these packages.
pub async fn units_inside(tx: &mut Tx, parents: &[ItemKey]) -> Result<Vec<ItemKey>, StoreError> {
    let sql = format!("select key from items where parent in ({}) and level = 0", places(1));
    keys_of(tx, &sql, parents).await
}

/// The packages directly inside one, behind a key, in order of keys.
pub async fn inside_after(
    tx: &mut Tx,
    parent: ItemKey,
    after: ItemKey,
    limit: u32,
) -> Result<Vec<Package>, StoreError> {
    let sql = format!(
        "select {PACKAGE} from items where parent = $1 and level > 0 and key > $2
         order by key limit $3"
    );
    let values = [parent.number().into(), after.number().into(), limit.into()];
    tx.query(&sql, &values).await?.iter().map(read).collect()
}

/// The outermost packages at a site behind a key, in order of keys, each with the products in it.
pub async fn at_site(
    tx: &mut Tx,
    site: SiteId,
    after: ItemKey,
    limit: u32,
) -> Result<Vec<(Package, BTreeSet<ProductId>)>, StoreError> {
    // Word for word the condition of the index on them.
    let sql = format!(
        "select {PACKAGE}, mixed, (select l.product from lots l where l.id = items.lot) from items
         where parent is null and custody = 0 and level > 0 and site = $1 and key > $2
         order by key limit $3"
    );
    let rows = tx.query(&sql, &[site.into(), after.number().into(), limit.into()]).await?;
    rows.iter()
        .map(|row| {
            let mixed: Option<Vec<u8>> = row.get(2)?;
            let products = match mixed {
                Some(bytes) => wire::decode::<Contents>(&bytes, "contents")
                    .map_err(|error| StoreError::damaged("contents of an item", error))?
                    .iter()
                    .map(|content| content.product)
                    .collect(),
                None => row.get::<Option<ProductId>>(3)?.into_iter().collect(),
            };
            Ok((read(row)?, products))
        })
        .collect()
}

/// The packages in use among the codes of one code order, behind a key, in order of keys.
pub async fn of_code_order(
    tx: &mut Tx,
    order: u32,
    after: ItemKey,
    limit: u32,
) -> Result<Vec<ItemKey>, StoreError> {
    let (first, end) = (ItemKey::new(order, 0), ItemKey::new(order, CODES_PER_ORDER_MAX));
    let rows = tx
        .query(
            "select key from items
             where key > $1 and key >= $2 and key < $3 and level > 0 and state in (1, 2)
             order by key limit $4",
            &[after.number().into(), first.number().into(), end.number().into(), limit.into()],
        )
        .await?;
    rows.iter().map(|row| Ok(ItemKey::from_number(row.get(0)?))).collect()
}

/// The packages these items are directly in.
pub async fn around(tx: &mut Tx, keys: &[ItemKey]) -> Result<BTreeSet<ItemKey>, StoreError> {
    let sql =
        format!("select parent from items where key in ({}) and parent is not null", places(1));
    keys_of(tx, &sql, keys).await.map(BTreeSet::from_iter)
}

/// Which of these packages are open.
pub async fn open_among(tx: &mut Tx, keys: &[ItemKey]) -> Result<BTreeSet<ItemKey>, StoreError> {
    let sql = format!("select key from open_packages where key in ({})", places(1));
    keys_of(tx, &sql, keys).await.map(BTreeSet::from_iter)
}

/// Marks packages as open.
pub async fn open(tx: &mut Tx, keys: &[ItemKey]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = keys.iter().map(|key| vec![key.number().into()]).collect();
    let sql = "insert into open_packages (key) values ($1) on conflict (key) do nothing";
    tx.execute_many(sql, &rows).await.map(drop)
}

/// These packages are not open any more.
pub async fn close(tx: &mut Tx, keys: &[ItemKey]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = keys.iter().map(|key| vec![key.number().into()]).collect();
    tx.execute_many("delete from open_packages where key = $1", &rows).await.map(drop)
}

/// One column of keys for many keys.
async fn keys_of(tx: &mut Tx, sql: &str, keys: &[ItemKey]) -> Result<Vec<ItemKey>, StoreError> {
    let mut found = Vec::new();
    for chunk in keys.chunks(KEYS_PER_QUERY) {
        let values: Vec<Value> = key_values(chunk).collect();
        for row in tx.query(sql, &values).await? {
            found.push(ItemKey::from_number(row.get(0)?));
        }
    }
    Ok(found)
}
