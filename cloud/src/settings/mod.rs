//! What the owner has settled on for everybody (设置).

pub mod http;

use sealtrace_protocol::link::{FeedRow, OwnerRules};
use sealtrace_protocol::time::Timestamp;
use serde_json::json;

use crate::accounts::AccountId;
use crate::feed;
use crate::store::audit::{self, Action, Entry};
use crate::store::{self, Store, StoreError};
use crate::writing;

/// Keeps what was settled on, tells all sites and writes it down.
pub async fn change(
    store: &Store,
    rules: OwnerRules,
    by: AccountId,
    now: Timestamp,
) -> Result<OwnerRules, StoreError> {
    writing!(store, |tx| {
        let before = store::settings::owner_rules(tx).await?;
        if before == rules {
            return Ok(rules);
        }
        store::settings::keep(tx, rules).await?;
        let sites = store::organisations::site_ids(tx).await?;
        feed::publish(tx, &sites, &[FeedRow::Owner(rules)]).await?;
        let entry = Entry {
            account: Some(by),
            resource: "settings",
            subject: 1,
            label: "",
            action: Action::Edit.name(),
            before: &json!(before),
            after: &json!(rules),
        };
        audit::add(tx, &entry, now).await?;
        Ok(rules)
    })
}
