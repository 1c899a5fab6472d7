//! What the owner has settled on for everybody.

use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::ledger::Rules;
use sealtrace_protocol::link::OwnerRules;

use super::{StoreError, Tx, organisations};

/// What the owner has settled on; the protocol's defaults while nothing was changed.
pub async fn owner_rules(tx: &mut Tx) -> Result<OwnerRules, StoreError> {
    let row = tx.query_opt("select pending_may_ship from settings where id = 1", &[]).await?;
    let pending_may_ship = row.map(|row| row.get(0)).transpose()?;
    let default = Rules::default().pending_may_ship;
    Ok(OwnerRules { pending_may_ship: pending_may_ship.unwrap_or(default) })
}

/// Keeps what the owner has settled on.
pub async fn keep(tx: &mut Tx, rules: OwnerRules) -> Result<(), StoreError> {
    tx.execute(
        "insert into settings (id, pending_may_ship) values (1, $1)
         on conflict (id) do update set pending_may_ship = excluded.pending_may_ship",
        &[rules.pending_may_ship.into()],
    )
    .await?;
    Ok(())
}

/// What operations at a site are judged by.
pub async fn rules(tx: &mut Tx, site: SiteId) -> Result<Rules, StoreError> {
    let OwnerRules { pending_may_ship } = owner_rules(tx).await?;
    let site = organisations::site(tx, site).await?;
    let implied_receipt = site.map(|site| site.implied_receipt);
    let default = Rules::default().implied_receipt;
    Ok(Rules { pending_may_ship, implied_receipt: implied_receipt.unwrap_or(default) })
}
