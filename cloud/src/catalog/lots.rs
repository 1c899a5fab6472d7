//! Lots (批次): what quality control says of them, and whom they were made for.

use sealtrace_protocol::ledger::{LotStatus, LotTerms};
use sealtrace_protocol::link::FeedRow;

use super::PRODUCTS;
use crate::feed;
use crate::organisations::DEALERS;
use crate::resource::{Change, Definition, Field, Kind, Resource, Use};
use crate::store::{self, StoreError, Tx};

/// 批次.
pub struct Lots;

const STATUSES: [&str; 3] =
    [LotStatus::Pending.name(), LotStatus::Released.name(), LotStatus::Blocked.name()];

/// Lots. One that an order, a task or an item names is not deleted: it would be pending again.
pub static LOTS: Definition = Definition::new(
    "lots",
    &[
        Field::new("product", Kind::One(&PRODUCTS)).required().fixed().listed().filtered(),
        Field::new("lot", Kind::Lot)
            .required()
            .fixed()
            .unique_within("product")
            .listed()
            .searched()
            .sorted(),
        Field::new("status", Kind::Choice(&STATUSES)).required().listed().filtered().sorted(),
        Field::new("dealer", Kind::One(&DEALERS)).listed().filtered(),
        Field::new("produced_on", Kind::Date).listed().sorted(),
    ],
)
.table("product_lots")
.label("lot")
.without_toggle()
.used_by(&[
    Use::new("orders", "production_orders", &[("product", "product"), ("lot", "lot")]),
    Use::new("tasks", "task_lots", &[("product", "product"), ("lot", "lot")]),
    Use::new("items", "lots", &[("product", "product"), ("lot", "lot")]),
]);

impl Resource for Lots {
    const DEFINITION: &'static Definition = &LOTS;

    async fn changed(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let Some(mut lot) = store::catalog::lot(tx, change.id).await? else { return Ok(()) };
        if change.after.is_none() {
            lot.terms = LotTerms::default();
        }
        let sites = store::organisations::site_ids(tx).await?;
        feed::publish(tx, &sites, &[FeedRow::Lot(lot)]).await
    }
}
