//! Who saw which item where, and what the plain rule says of it.

use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;

use super::{Row, StoreError, Tx, Value};
use crate::accounts::AccountId;
use crate::codes::ItemKey;
use crate::diversion::{Judgement, Kind, Shipped};

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSighting {
    /// The item.
    pub item: ItemKey,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub kind: Kind,
    /// In which prefecture, when that is known.
    pub region: Option<u32>,
    /// How far off the place may be.
    pub accuracy_m: Option<u32>,
    /// What an inspector says.
    pub finding: Option<String>,
    /// In words.
    pub note: Option<String>,
    /// The inspector.
    pub account: Option<AccountId>,
    /// The dealer that brought it back.
    pub brought_by: Option<DealerId>,
}

/// A sighting as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSighting {
    /// Its number among the sightings of its item, from 1.
    pub nth: u64,
    /// What was seen.
    pub seen: NewSighting,
    /// The name of the dealer that brought it back.
    pub dealer: Option<String>,
    /// What the plain rule says.
    pub judgement: Judgement,
}

/// How often consumers asked about an item, this time included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scans {
    /// This is the nth scan.
    pub nth: u64,
    /// When the first was.
    pub first_at: Timestamp,
    /// Where the first was.
    pub first_region: Option<u32>,
}

/// Keeps a consumer's scan; says the how many-th it is.
pub async fn record_scan(
    tx: &mut Tx,
    new: &NewSighting,
    judgement: &Judgement,
) -> Result<Scans, StoreError> {
    let row = tx
        .query_one(
            "insert into seen_items (item, sightings, scans, first_at, first_region)
             values ($1, 1, 1, $2, $3)
             on conflict (item) do update set sightings = seen_items.sightings + 1,
                 scans = seen_items.scans + 1,
                 first_at = coalesce(seen_items.first_at, excluded.first_at),
                 first_region = case when seen_items.first_at is null
                     then excluded.first_region else seen_items.first_region end
             returning sightings, scans, first_at, first_region",
            &[new.item.number().into(), new.at.into(), new.region.into()],
        )
        .await?;
    insert(tx, row.get(0)?, new, judgement).await?;
    Ok(Scans { nth: row.get(1)?, first_at: row.get(2)?, first_region: row.get(3)? })
}

/// Keeps what somebody else than a consumer saw; says its number.
pub async fn record(
    tx: &mut Tx,
    new: &NewSighting,
    judgement: &Judgement,
) -> Result<u64, StoreError> {
    let row = tx
        .query_one(
            "insert into seen_items (item, sightings, scans) values ($1, 1, 0)
             on conflict (item) do update set sightings = seen_items.sightings + 1
             returning sightings",
            &[new.item.number().into()],
        )
        .await?;
    let nth = row.get(0)?;
    insert(tx, nth, new, judgement).await?;
    Ok(nth)
}

async fn insert(
    tx: &mut Tx,
    nth: u64,
    new: &NewSighting,
    judgement: &Judgement,
) -> Result<(), StoreError> {
    let mut values: Vec<Value> = vec![
        new.item.number().into(),
        nth.into(),
        new.at.into(),
        new.kind.name().into(),
        new.region.into(),
        new.accuracy_m.into(),
        new.finding.clone().into(),
        new.note.clone().into(),
        new.account.map(|account| account.0).into(),
        new.brought_by.into(),
    ];
    values.extend(judgement_values(judgement));
    tx.execute(
        "insert into sightings (item, nth, at, kind, region, accuracy_m, finding, note, account,
             brought_by, root, outside, document, dealer, product, lot, shipped_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        &values,
    )
    .await?;
    Ok(())
}

fn judgement_values(judgement: &Judgement) -> Vec<Value> {
    let shipped = judgement.shipped.as_ref();
    vec![
        judgement.root.number().into(),
        judgement.outside.into(),
        shipped.map(|shipped| shipped.document).into(),
        shipped.map(|shipped| shipped.dealer).into(),
        shipped.map(|shipped| shipped.product).into(),
        shipped.and_then(|shipped| shipped.lot).into(),
        shipped.map(|shipped| shipped.at).into(),
    ]
}

/// Puts another judgement in the place of the earlier one.
pub async fn judge_again(
    tx: &mut Tx,
    item: ItemKey,
    nth: u64,
    judgement: &Judgement,
) -> Result<(), StoreError> {
    let mut values: Vec<Value> = vec![item.number().into(), nth.into()];
    values.extend(judgement_values(judgement));
    tx.execute(
        "update sightings set root = $3, outside = $4, document = $5, dealer = $6, product = $7,
             lot = $8, shipped_at = $9
         where item = $1 and nth = $2",
        &values,
    )
    .await?;
    Ok(())
}

const COLUMNS: &str = "item, nth, at, kind, region, accuracy_m, finding, note, account,
    root, outside, document, dealer, product, lot, shipped_at, brought_by,
    (select d.name from dealers d where d.id = brought_by)";

/// What dealers brought back at `at` was scanned by mistake: nobody had it.
pub async fn withdraw_returns(
    tx: &mut Tx,
    items: &[ItemKey],
    at: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = items
        .iter()
        .map(|item| vec![item.number().into(), at.into(), Kind::Return.name().into()])
        .collect();
    let sql = "delete from sightings where item = $1 and at = $2 and kind = $3";
    tx.execute_many(sql, &rows).await.map(drop)
}

/// One sighting of an item.
pub async fn one(
    tx: &mut Tx,
    item: ItemKey,
    nth: u64,
) -> Result<Option<StoredSighting>, StoreError> {
    let sql = format!("select {COLUMNS} from sightings where item = $1 and nth = $2");
    let row = tx.query_opt(&sql, &[item.number().into(), nth.into()]).await?;
    row.as_ref().map(read).transpose()
}

/// The most sightings of one item that are read at once: anybody can scan a code as often as they like.
pub const OF_ITEM_MAX: u32 = 200;

/// The sightings of an item, oldest first: at most [`OF_ITEM_MAX`], those outside before others, new before old.
pub async fn of_item(tx: &mut Tx, item: ItemKey) -> Result<Vec<StoredSighting>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from (
             select * from sightings where item = $1 order by outside desc, nth desc limit $2
         ) newest order by nth"
    );
    tx.query(&sql, &[item.number().into(), OF_ITEM_MAX.into()]).await?.iter().map(read).collect()
}

/// How many times an item was seen outside its territory.
pub async fn outside(tx: &mut Tx, item: ItemKey) -> Result<u64, StoreError> {
    let sql = "select count(*) from sightings where item = $1 and outside = 1";
    tx.query_one(sql, &[item.number().into()]).await?.get(0)
}

/// The sightings that were last judged by the custody of one of these packages.
pub async fn under_roots(
    tx: &mut Tx,
    roots: &[ItemKey],
) -> Result<Vec<StoredSighting>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from sightings where root in ({}) order by item, nth",
        super::search::places()
    );
    let mut found = Vec::new();
    for values in super::search::keys(roots) {
        for row in tx.query(&sql, &values).await? {
            found.push(read(&row)?);
        }
    }
    Ok(found)
}

/// Which suspects are asked for; none = any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// This item only.
    pub item: Option<ItemKey>,
    /// Seen in this prefecture.
    pub region: Option<u32>,
    /// Shipped to this dealer.
    pub dealer: Option<DealerId>,
    /// Of this product.
    pub product: Option<ProductId>,
}

const SUSPECTED: &str = "from sightings where outside = 1
    and (cast($1 as bigint) is null or item = $1) and (cast($2 as bigint) is null or region = $2)
    and (cast($3 as bigint) is null or dealer = $3) and (cast($4 as bigint) is null or product = $4)";

impl Filter {
    fn values(&self) -> Vec<Value> {
        vec![
            self.item.map(ItemKey::number).into(),
            self.region.into(),
            self.dealer.into(),
            self.product.into(),
        ]
    }
}

/// Items seen outside their territory, the latest first.
pub async fn suspects(
    tx: &mut Tx,
    filter: &Filter,
    page: &super::search::Page,
) -> Result<Vec<ItemKey>, StoreError> {
    let mut values = filter.values();
    values.extend([page.limit(), page.offset()]);
    let sql = format!(
        "select item, max(at) {SUSPECTED} group by item order by max(at) desc, item limit $5 offset $6"
    );
    let rows = tx.query(&sql, &values).await?;
    rows.iter().map(|row| row.get(0).map(ItemKey::from_number)).collect()
}

/// How many items were seen outside their territory.
pub async fn suspects_total(tx: &mut Tx, filter: &Filter) -> Result<u64, StoreError> {
    let sql = format!("select count(distinct item) {SUSPECTED}");
    tx.query_one(&sql, &filter.values()).await?.get(0)
}

fn read(row: &Row) -> Result<StoredSighting, StoreError> {
    let kind: String = row.get(3)?;
    let kind = Kind::from_name(&kind)
        .ok_or_else(|| StoreError::damaged("sighting", format!("there is no kind {kind}")))?;
    let document: Option<DocumentId> = row.get(11)?;
    let dealer: Option<DealerId> = row.get(12)?;
    let product: Option<ProductId> = row.get(13)?;
    let lot: Option<Lot> = row.get(14)?;
    let at: Option<Timestamp> = row.get(15)?;
    let shipped = (|| {
        Some(Shipped { document: document?, dealer: dealer?, product: product?, lot, at: at? })
    })();
    Ok(StoredSighting {
        nth: row.get(1)?,
        seen: NewSighting {
            item: ItemKey::from_number(row.get(0)?),
            at: row.get(2)?,
            kind,
            region: row.get(4)?,
            accuracy_m: row.get(5)?,
            finding: row.get(6)?,
            note: row.get(7)?,
            account: row.get::<Option<u64>>(8)?.map(AccountId),
            brought_by: row.get(16)?,
        },
        dealer: row.get(17)?,
        judgement: Judgement {
            root: ItemKey::from_number(row.get(9)?),
            outside: row.get(10)?,
            shipped,
        },
    })
}
