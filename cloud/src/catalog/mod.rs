//! Products (商品) and how they are packed.

pub mod http;

use sealtrace_protocol::code::Gtin;
use sealtrace_protocol::ids::ProductId;
use sealtrace_protocol::ledger::{HOLDS_MAX, Level, Plan, PlanError, Step};
use sealtrace_protocol::link::{FeedRow, Product};
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::feed;
use crate::form::{Check, Invalid};
use crate::store::{self, Retry, Store, StoreError};
use crate::writing;

/// A product by name and GTIN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductName {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// 14 digits.
    pub gtin: String,
}

/// What somebody asks for who wants a product added.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewProduct {
    /// The name on screens.
    pub name: String,
    /// 8, 12, 13 or 14 digits.
    pub gtin: String,
    /// How it is packed, inner to outer.
    pub plan: Vec<NewStep>,
}

/// One step of a packing plan as asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewStep {
    /// box, case or pallet.
    pub level: String,
    /// How many of the next lower level it holds.
    pub holds: u32,
}

/// Why a product was not added.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The form is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for CatalogError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// Adds a product and tells all sites.
pub async fn add_product(
    store: &Store,
    new: &NewProduct,
    now: Timestamp,
) -> Result<Product, CatalogError> {
    let mut check = Check::new();
    let name = check.name("name", &new.name);
    let gtin = check.choice("gtin", new.gtin.trim(), |text| Gtin::new(text).ok());
    let plan = plan(&new.plan, &mut check);
    let (gtin, plan) = check.finish(gtin.zip(plan))?;
    let gtin = gtin.to_string();
    writing!(store, |tx| {
        let id = store::catalog::add_product(tx, &name, &gtin, &plan, now).await?;
        let id = id.ok_or_else(|| Invalid::field("gtin", "taken"))?;
        let (name, gtin, plan) = (name.clone(), gtin.clone(), plan.clone());
        let product = Product { id, name, gtin, plan };
        let sites = store::organisations::site_ids(tx).await?;
        feed::publish(tx, &sites, &[FeedRow::Product(product.clone())]).await?;
        Ok(product)
    })
}

/// Reads a plan; each bad step is named by its place.
fn plan(steps: &[NewStep], check: &mut Check) -> Option<Plan> {
    check.require(!steps.is_empty(), "plan", "required");
    let mut read = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let level = check.choice(&format!("plan.{at}.level"), &step.level, Level::from_name);
        let is_possible = (1..=HOLDS_MAX).contains(&step.holds);
        check.require(is_possible, &format!("plan.{at}.holds"), "out_of_range");
        read.extend(level.map(|level| Step { level, holds: step.holds }));
    }
    match Plan::new(read) {
        Ok(plan) => Some(plan),
        Err(PlanError::Order(_)) => {
            check.fault("plan", "order");
            None
        }
        // Named by its place already.
        Err(PlanError::Holds { .. }) => None,
    }
}
