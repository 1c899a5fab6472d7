//! What the owner has settled on for everybody.

use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::ledger::Rules;
use sealtrace_protocol::link::OwnerRules;

use super::{StoreError, Tx, organisations};

/// What the owner has settled on; the protocol's defaults while nothing was changed.
pub async fn owner_rules(tx: &mut Tx) -> Result<OwnerRules, StoreError> {
    let row = tx
        .query_opt("select pending_may_ship, void_after_days from settings where id = 1", &[])
        .await?;
    let Some(row) = row else {
        let Rules { pending_may_ship, void_after_days, .. } = Rules::default();
        return Ok(OwnerRules { pending_may_ship, void_after_days });
    };
    Ok(OwnerRules { pending_may_ship: row.get(0)?, void_after_days: row.get(1)? })
}

/// Keeps what the owner has settled on.
pub async fn keep(tx: &mut Tx, rules: OwnerRules) -> Result<(), StoreError> {
    tx.execute(
        "insert into settings (id, pending_may_ship, void_after_days) values (1, $1, $2)
         on conflict (id) do update set pending_may_ship = excluded.pending_may_ship,
             void_after_days = excluded.void_after_days",
        &[rules.pending_may_ship.into(), rules.void_after_days.into()],
    )
    .await?;
    Ok(())
}

/// What operations at a site are judged by.
pub async fn rules(tx: &mut Tx, site: SiteId) -> Result<Rules, StoreError> {
    let OwnerRules { pending_may_ship, void_after_days } = owner_rules(tx).await?;
    let site = organisations::site(tx, site).await?;
    let implied_receipt = site.map(|site| site.implied_receipt);
    let default = Rules::default().implied_receipt;
    let implied_receipt = implied_receipt.unwrap_or(default);
    Ok(Rules { pending_may_ship, implied_receipt, void_after_days })
}
