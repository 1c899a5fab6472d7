//! Products (商品): how they are packed, and which organisations may have them.

use sealtrace_protocol::ids::ProductId;
use sealtrace_protocol::link::FeedRow;
use serde_json::json;

use super::{BRANDS, CATEGORIES};
use crate::feed;
use crate::form::Check;
use crate::named::Named;
use crate::organisations::{DEALERS, SITES};
use crate::resource::{Cell, Change, Definition, Field, Kind, Link, Record, Resource, Use};
use crate::store::{self, StoreError, Tx, catalog};

/// 商品.
pub struct Products;

static MAY_MAKE: Link = Link { of: &SITES, table: "product_sites", own: "product", other: "site" };
static MAY_BUY: Link =
    Link { of: &DEALERS, table: "product_dealers", own: "product", other: "dealer" };

/// Products. `restricted`: only these sites and dealers may have it; otherwise everybody may.
pub static PRODUCTS: Definition = Definition::new(
    "products",
    &[
        Field::name(),
        Field::new("gtin", Kind::Gtin).required().unique().fixed().listed().searched().sorted(),
        Field::new("brand", Kind::One(&BRANDS)).listed().filtered(),
        Field::new("category", Kind::One(&CATEGORIES)).listed().filtered(),
        Field::new("plan", Kind::Plan { of: &PRODUCTS }).required().listed(),
        Field::new("restricted", Kind::Flag { default: false }).listed().filtered(),
        Field::new("sites", Kind::Many(&MAY_MAKE)),
        Field::new("dealers", Kind::Many(&MAY_BUY)),
    ],
)
.used_by(&[
    Use::new("orders", "production_orders", &[("product", "id")]),
    Use::new("documents", "document_lines", &[("product", "id")]),
    Use::new("products", "plan_parts", &[("part", "id")]),
    Use::new("lots", "product_lots", &[("product", "id")]),
    Use::new("dealers", "territories", &[("product", "id")]),
])
.parts(&[("product_plans", "product"), ("plan_parts", "product")]);

impl Resource for Products {
    const DEFINITION: &'static Definition = &PRODUCTS;

    /// A plan mixes other products, which mix nothing themselves.
    async fn check(tx: &mut Tx, change: &Change<'_>, check: &mut Check) -> Result<(), StoreError> {
        let plan = change.after.and_then(|after| after.cells.plan("plan"));
        let Some((plan, _)) = plan.filter(|(plan, _)| !plan.parts().is_empty()) else {
            return Ok(());
        };
        let products: Vec<ProductId> = plan.parts().iter().map(|part| part.product).collect();
        let plans = catalog::plans_in_force(tx, &products).await?;
        for (at, product) in products.iter().enumerate() {
            let place = format!("plan.0.parts.{at}.product");
            check.require(product.get() != change.id, &place, "itself");
            let mixes = plans.get(product).is_some_and(|(_, plan)| !plan.parts().is_empty());
            check.require(!mixes, &place, "mixes");
        }
        if let Some((id, name)) = catalog::mixed_into(tx, ProductId(change.id)).await? {
            let details = json!({ "product": Named::new(id, name) });
            check.explain("plan.0.parts", "is_part", details);
        }
        Ok(())
    }

    async fn read_parts(tx: &mut Tx, records: &mut [Record]) -> Result<(), StoreError> {
        let ids: Vec<ProductId> = records.iter().map(|record| ProductId(record.id)).collect();
        let mut plans = catalog::plans_in_force(tx, &ids).await?;
        for record in records {
            let plan = plans.remove(&ProductId(record.id));
            let cell = plan.map_or(Cell::Empty, |(revision, plan)| Cell::Plan(plan, revision));
            record.cells.set("plan", cell);
        }
        Ok(())
    }

    /// Another plan is another revision; the one before stays as it was, for what was made by it.
    async fn write_parts(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let before = change.before.and_then(|before| before.cells.plan("plan"));
        let after = change.after.and_then(|after| after.cells.plan("plan"));
        match after.filter(|after| before != Some(*after)) {
            Some((plan, revision)) => {
                catalog::add_plan(tx, ProductId(change.id), revision, plan, change.now).await
            }
            None => Ok(()),
        }
    }

    async fn changed(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let Some(mut product) = catalog::product(tx, ProductId(change.id)).await? else {
            return Ok(());
        };
        product.enabled &= change.after.is_some();
        let sites = store::organisations::site_ids(tx).await?;
        feed::publish(tx, &sites, &[FeedRow::Product(product)]).await
    }
}
