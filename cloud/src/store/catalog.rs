//! Products and how they are packed.

use sealtrace_protocol::ids::ProductId;
use sealtrace_protocol::ledger::{Plan, Step};
use sealtrace_protocol::link::Product;
use sealtrace_protocol::time::Timestamp;

use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, counters};

/// Adds a product; `None` when its GTIN is there already.
pub async fn add_product(
    tx: &mut Tx,
    name: &str,
    gtin: &str,
    plan: &Plan,
    now: Timestamp,
) -> Result<Option<ProductId>, StoreError> {
    let id = ProductId(counters::next(tx, "product").await?);
    let added = tx
        .execute(
            "insert into products (id, name, gtin, plan, created_at) values ($1, $2, $3, $4, $5)
             on conflict (gtin) do nothing",
            &[id.into(), name.into(), gtin.into(), plan_text(plan)?.into(), now.into()],
        )
        .await?;
    Ok((added == 1).then_some(id))
}

/// The product with this id.
pub async fn product(tx: &mut Tx, id: ProductId) -> Result<Option<Product>, StoreError> {
    let row = tx
        .query_opt("select id, name, gtin, plan from products where id = $1", &[id.into()])
        .await?;
    row.as_ref().map(read).transpose()
}

/// Products whose name or GTIN contains what is asked for.
pub async fn products(tx: &mut Tx, page: &Page) -> Result<Listing<Product>, StoreError> {
    let rows = tx
        .query(
            "select id, name, gtin, plan from products
             where lower(name) like $1 escape '\\' or gtin like $1 escape '\\'
             order by id limit $2 offset $3",
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            "select count(*) from products
             where lower(name) like $1 escape '\\' or gtin like $1 escape '\\'",
            &[page.pattern()],
        )
        .await?;
    Ok(Listing { rows: rows.iter().map(read).collect::<Result<_, _>>()?, total: total.get(0)? })
}

/// Every product, for a site that is new.
pub async fn all_products(tx: &mut Tx) -> Result<Vec<Product>, StoreError> {
    let rows = tx.query("select id, name, gtin, plan from products order by id", &[]).await?;
    rows.iter().map(read).collect()
}

/// A plan as it is stored.
pub(super) fn plan_text(plan: &Plan) -> Result<String, StoreError> {
    serde_json::to_string(plan).map_err(|error| StoreError::damaged("packing plan", error))
}

/// A stored plan.
pub(super) fn read_plan(text: &str) -> Result<Plan, StoreError> {
    let steps: Vec<Step> =
        serde_json::from_str(text).map_err(|error| StoreError::damaged("packing plan", error))?;
    Plan::new(steps).map_err(|error| StoreError::damaged("packing plan", error))
}

fn read(row: &Row) -> Result<Product, StoreError> {
    let plan: String = row.get(3)?;
    Ok(Product { id: row.get(0)?, name: row.get(1)?, gtin: row.get(2)?, plan: read_plan(&plan)? })
}
