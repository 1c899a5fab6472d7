//! Labels of reusable pallets (周转托盘): of no order and no product, known at every site, loaded again and again.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{Carriers, FeedRow};
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CodeOrder, Codebook, CodesError, Purpose, Scheme, Wanted, mint};
use crate::accounts::AccountId;
use crate::feed;
use crate::store::audit::Entry;
use crate::store::{self, Store, StoreError};
use crate::writing;

/// How many labels somebody asks for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WantedCarriers {
    /// So many.
    pub count: u32,
}

/// Labels that were made together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CarrierRoll {
    /// The number of the code order.
    pub id: u32,
    /// The first …
    pub first: Option<Code>,
    /// … and the last of them.
    pub last: Option<Code>,
    /// How many.
    pub count: u32,
    /// When.
    pub created_at: Timestamp,
}

impl CarrierRoll {
    /// The labels of a code order.
    #[must_use]
    pub fn of(codebook: &Codebook, order: &CodeOrder, created_at: Timestamp) -> Self {
        Self {
            id: order.id,
            first: codebook.code_at(order, 0),
            last: codebook.code_at(order, order.count.saturating_sub(1)),
            count: order.count,
            created_at,
        }
    }
}

/// Makes labels and tells all sites of them.
pub async fn issue(
    store: &Store,
    codebook: &Codebook,
    wanted: WantedCarriers,
    by: AccountId,
    now: Timestamp,
) -> Result<CarrierRoll, CodesError> {
    let roll = writing!(store, |tx| {
        let (purpose, level, count) = (Purpose::Carriers, Level::Pallet, wanted.count);
        let order = mint(tx, codebook, Wanted { purpose, level, count }, now).await?;
        let sites = store::organisations::site_ids(tx).await?;
        let rows: Vec<FeedRow> = told(&order).into_iter().collect();
        feed::publish(tx, &sites, &rows).await?;
        let roll = CarrierRoll::of(codebook, &order, now);
        let damaged = |error| StoreError::damaged("carriers", error);
        let entry = Entry {
            account: Some(by),
            resource: "carriers",
            subject: order.id.into(),
            label: &roll.first.as_ref().map(Code::canonical).unwrap_or_default(),
            action: "create",
            before: &serde_json::Value::Null,
            after: &serde_json::to_value(&roll).map_err(damaged)?,
        };
        store::audit::add(tx, &entry, now).await?;
        Ok::<_, CodesError>(roll)
    })?;
    codebook.refresh(store).await?;
    Ok(roll)
}

/// What sites are told of labels that were made together.
#[must_use]
pub fn told(order: &CodeOrder) -> Option<FeedRow> {
    match (order.purpose, order.scheme) {
        (Purpose::Carriers, Scheme::Sscc { first_body }) => {
            Some(FeedRow::Carriers(Carriers { first_body, count: order.count }))
        }
        (Purpose::Carriers | Purpose::Order { .. } | Purpose::Device { .. }, _) => None,
    }
}
