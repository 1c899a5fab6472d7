//! Issuing codes for an order, also again when they run out.

use sealtrace_protocol::ids::OrderId;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Order, OrderState, OrdersError, audit, release};
use crate::accounts::AccountId;
use crate::codes::{self, Codebook, Purpose, Wanted};
use crate::form::{Check, Invalid};
use crate::store::{self, Store};
use crate::writing;

/// How many codes somebody asks for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WantedCodes {
    /// 瓶.
    pub units: u32,
    /// 盒.
    pub boxes: u32,
    /// 箱.
    pub cases: u32,
    /// 托.
    pub pallets: u32,
}

/// Codes that were issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssuedRoll {
    /// The level they label.
    pub level: Level,
    /// The first of them.
    pub first: String,
    /// How many.
    pub count: u32,
}

/// The most codes of one level issued at once.
const CODES_MAX: u32 = codes::CODES_PER_ORDER_MAX;

/// Issues codes for an order; again when they run out.
pub async fn issue(
    store: &Store,
    codebook: &Codebook,
    id: OrderId,
    wanted: WantedCodes,
    by: AccountId,
    now: Timestamp,
) -> Result<Vec<IssuedRoll>, OrdersError> {
    let minted = writing!(store, |tx| {
        let order = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        check(&order, wanted)?;
        let mut minted = Vec::new();
        for (level, count) in wanted.by_level() {
            let purpose = Purpose::Order { order: id, product: order.product.id };
            let wanted = Wanted { purpose, level, count };
            minted.push(codes::mint(tx, codebook, wanted, now).await?);
        }
        if order.state != OrderState::Draft {
            release::publish_rolls(tx, id).await?;
        }
        let issued = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        audit(tx, "codes", (Some(&order), &issued), (by, now)).await?;
        Ok::<_, OrdersError>(minted)
    })?;
    codebook.refresh(store).await?;
    Ok(minted
        .iter()
        .map(|order| {
            let first = (0..order.count).find_map(|index| codebook.code_at(order, index));
            let first = first.map(|code| code.canonical()).unwrap_or_default();
            IssuedRoll { level: order.level, first, count: order.count }
        })
        .collect())
}

impl WantedCodes {
    fn by_level(self) -> impl Iterator<Item = (Level, u32)> {
        [
            (Level::Unit, self.units),
            (Level::Box, self.boxes),
            (Level::Case, self.cases),
            (Level::Pallet, self.pallets),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }
}

fn check(order: &Order, wanted: WantedCodes) -> Result<(), Invalid> {
    let mut check = Check::new();
    check.require(wanted.by_level().next().is_some(), "units", "required");
    check.require(order.state != OrderState::Void, "order", "void");
    for (level, count) in wanted.by_level() {
        let field = match level {
            Level::Unit => "units",
            Level::Box => "boxes",
            Level::Case => "cases",
            Level::Pallet => "pallets",
        };
        check.require(count <= CODES_MAX, field, "too_large");
        // A plan that mixes takes the units of other orders.
        let is_planned = match level {
            Level::Unit => order.plan.parts().is_empty(),
            Level::Box | Level::Case | Level::Pallet => order.plan.holds(level).is_some(),
        };
        check.require(is_planned, field, "not_in_plan");
    }
    check.done()
}
