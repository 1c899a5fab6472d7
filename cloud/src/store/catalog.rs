//! Products with the revisions of their packaging plans, who may have them, and what is said of their lots.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DealerId, ProductId, Revision, SiteId};
use sealtrace_protocol::ledger::{LotStatus, LotTerms, Permit, Plan, Step};
use sealtrace_protocol::link::{LotRow, Product};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;

use super::search::{groups, places};
use super::{FromValue, Row, StoreError, Tx, Value, counters};

/// Where a product's newest plan is: `p` the product, `l` its plan.
const PRODUCTS: &str = "select p.id, p.name, p.gtin, l.plan, l.revision, p.enabled
    from products p join product_plans l on l.product = p.id
    and l.revision = (select max(revision) from product_plans where product = p.id)";

/// The product with this id.
pub async fn product(tx: &mut Tx, id: ProductId) -> Result<Option<Product>, StoreError> {
    Ok(products(tx, &BTreeSet::from([id])).await?.remove(&id))
}

/// The products with these ids.
pub async fn products(
    tx: &mut Tx,
    ids: &BTreeSet<ProductId>,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let sql = format!("{PRODUCTS} where p.id in ({})", places());
    let mut permits = permits(tx, ids).await?;
    let ids: Vec<ProductId> = ids.iter().copied().collect();
    let mut found = BTreeMap::new();
    for group in groups(&ids) {
        for row in tx.query(&sql, &group).await? {
            let product = read(&row, &mut permits)?;
            found.insert(product.id, product);
        }
    }
    Ok(found)
}

/// Every product, for a site that is new.
pub async fn all_products(tx: &mut Tx) -> Result<Vec<Product>, StoreError> {
    let rows = tx.query(&format!("{PRODUCTS} order by p.id"), &[]).await?;
    let ids: BTreeSet<ProductId> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    let mut permits = permits(tx, &ids).await?;
    rows.iter().map(|row| read(row, &mut permits)).collect()
}

fn read(row: &Row, permits: &mut BTreeMap<ProductId, Permit>) -> Result<Product, StoreError> {
    let id = row.get(0)?;
    Ok(Product {
        id,
        name: row.get(1)?,
        gtin: row.get(2)?,
        plan: read_plan(&row.get::<String>(3)?)?,
        revision: row.get(4)?,
        permit: permits.remove(&id).unwrap_or_default(),
        enabled: row.get(5)?,
    })
}

/// The plan a product had at a revision; none when there is no such revision.
pub async fn plan(
    tx: &mut Tx,
    product: ProductId,
    revision: Revision,
) -> Result<Option<Plan>, StoreError> {
    const FIND: &str = "select plan from product_plans where product = $1 and revision = $2";
    let row = tx.query_opt(FIND, &[product.into(), revision.into()]).await?;
    row.map(|row| read_plan(&row.get::<String>(0)?)).transpose()
}

/// The plans in force, and which revisions they are.
pub async fn plans_in_force(
    tx: &mut Tx,
    products: &[ProductId],
) -> Result<BTreeMap<ProductId, (Revision, Plan)>, StoreError> {
    let sql = format!(
        "select l.product, l.revision, l.plan from product_plans l where l.product in ({})
         and l.revision = (select max(revision) from product_plans where product = l.product)",
        places()
    );
    let mut found = BTreeMap::new();
    for group in groups(products) {
        for row in tx.query(&sql, &group).await? {
            let plan = read_plan(&row.get::<String>(2)?)?;
            found.insert(row.get(0)?, (row.get(1)?, plan));
        }
    }
    Ok(found)
}

/// Adds the next revision of a product's plan.
pub async fn add_plan(
    tx: &mut Tx,
    product: ProductId,
    revision: Revision,
    plan: &Plan,
    now: Timestamp,
) -> Result<(), StoreError> {
    const ADD: &str = "insert into product_plans (product, revision, plan, created_at)
        values ($1, $2, $3, $4)";
    const ADD_PART: &str = "insert into plan_parts (product, revision, part) values ($1, $2, $3)";
    let text = plan_text(plan)?;
    tx.execute(ADD, &[product.into(), revision.into(), text.into(), now.into()]).await?;
    let parts = plan.parts().iter();
    let parts: Vec<Vec<Value>> =
        parts.map(|part| vec![product.into(), revision.into(), part.product.into()]).collect();
    tx.execute_many(ADD_PART, &parts).await?;
    Ok(())
}

/// The first product whose plan in force mixes this one.
pub async fn mixed_into(
    tx: &mut Tx,
    part: ProductId,
) -> Result<Option<(ProductId, String)>, StoreError> {
    const FIND: &str = "select p.id, p.name from plan_parts l join products p on p.id = l.product
        where l.part = $1
        and l.revision = (select max(revision) from product_plans where product = l.product)
        order by p.id limit 1";
    let row = tx.query_opt(FIND, &[part.into()]).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Who may have these products; one that is not restricted is left out.
pub async fn permits(
    tx: &mut Tx,
    products: &BTreeSet<ProductId>,
) -> Result<BTreeMap<ProductId, Permit>, StoreError> {
    let restricted = format!("select id, restricted from products where id in ({})", places());
    let sites = format!(
        "select product, site from product_sites where product in ({}) order by site",
        places()
    );
    let dealers = format!(
        "select product, dealer from product_dealers where product in ({}) order by dealer",
        places()
    );
    let ids: Vec<ProductId> = products.iter().copied().collect();
    let restricted = pairs::<bool>(tx, &restricted, &ids).await?.into_iter();
    let nobody = || Permit { sites: Some(Vec::new()), dealers: Some(Vec::new()) };
    let mut permits: BTreeMap<ProductId, Permit> = restricted
        .filter(|(_, restricted)| *restricted)
        .map(|(product, _)| (product, nobody()))
        .collect();
    for (product, site) in pairs::<SiteId>(tx, &sites, &ids).await? {
        if let Some(Permit { sites: Some(sites), .. }) = permits.get_mut(&product) {
            sites.push(site);
        }
    }
    for (product, dealer) in pairs::<DealerId>(tx, &dealers, &ids).await? {
        if let Some(Permit { dealers: Some(dealers), .. }) = permits.get_mut(&product) {
            dealers.push(dealer);
        }
    }
    Ok(permits)
}

/// Products with something of each.
async fn pairs<T: FromValue>(
    tx: &mut Tx,
    sql: &str,
    products: &[ProductId],
) -> Result<Vec<(ProductId, T)>, StoreError> {
    let mut pairs = Vec::new();
    for group in groups(products) {
        for row in tx.query(sql, &group).await? {
            pairs.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok(pairs)
}

/// What is said of these lots; one that nobody has spoken of is left out.
pub async fn lot_terms(
    tx: &mut Tx,
    lots: &BTreeSet<(ProductId, Lot)>,
) -> Result<BTreeMap<(ProductId, Lot), LotTerms>, StoreError> {
    const FIND: &str = "select status, dealer from product_lots where product = $1 and lot = $2";
    let mut terms = BTreeMap::new();
    for (product, lot) in lots {
        if let Some(row) = tx.query_opt(FIND, &[(*product).into(), (*lot).into()]).await? {
            terms.insert((*product, *lot), read_terms(&row, 0)?);
        }
    }
    Ok(terms)
}

/// Makes sure that the back office knows a lot, pending when it is new; answers with its id there.
///
/// Devices need not be told: a lot nobody has spoken of is pending for them too.
pub async fn ensure_lot(
    tx: &mut Tx,
    product: ProductId,
    lot: Lot,
    now: Timestamp,
) -> Result<u64, StoreError> {
    const FIND: &str = "select id from product_lots where product = $1 and lot = $2";
    const ADD: &str = "insert into product_lots
        (id, product, lot, status, enabled, version, created_at) values ($1, $2, $3, $4, 1, 1, $5)";
    if let Some(row) = tx.query_opt(FIND, &[product.into(), lot.into()]).await? {
        return row.get(0);
    }
    let id = counters::next(tx, "product_lots").await?;
    let pending = LotStatus::default().name();
    tx.execute(ADD, &[id.into(), product.into(), lot.into(), pending.into(), now.into()]).await?;
    Ok(id)
}

/// The lot with this id, as devices are told of it.
pub async fn lot(tx: &mut Tx, id: u64) -> Result<Option<LotRow>, StoreError> {
    const FIND: &str = "select id, product, lot, status, dealer from product_lots where id = $1";
    let row = tx.query_opt(FIND, &[id.into()]).await?;
    row.as_ref().map(read_lot).transpose()
}

/// Every lot that something is said of, for a site that is new.
pub async fn all_lots(tx: &mut Tx) -> Result<Vec<LotRow>, StoreError> {
    const ALL: &str = "select id, product, lot, status, dealer from product_lots
        where status <> $1 or dealer is not null order by id";
    let rows = tx.query(ALL, &[LotStatus::default().name().into()]).await?;
    rows.iter().map(read_lot).collect()
}

fn read_lot(row: &Row) -> Result<LotRow, StoreError> {
    let terms = read_terms(row, 3)?;
    Ok(LotRow { id: row.get(0)?, product: row.get(1)?, lot: row.get(2)?, terms })
}

fn read_terms(row: &Row, first: usize) -> Result<LotTerms, StoreError> {
    let status: String = row.get(first)?;
    let status = LotStatus::from_name(&status)
        .ok_or_else(|| StoreError::damaged("lot", format!("there is no status {status}")))?;
    Ok(LotTerms { status, dealer: row.get(first + 1)? })
}

fn plan_text(plan: &Plan) -> Result<String, StoreError> {
    serde_json::to_string(plan).map_err(|error| StoreError::damaged("packing plan", error))
}

pub(super) fn read_plan(text: &str) -> Result<Plan, StoreError> {
    let steps: Vec<Step> =
        serde_json::from_str(text).map_err(|error| StoreError::damaged("packing plan", error))?;
    Plan::new(steps).map_err(|error| StoreError::damaged("packing plan", error))
}
