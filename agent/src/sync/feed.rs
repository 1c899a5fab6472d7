//! What the sites' feeds say is fetched page by page, and the digests of rolls they name.

use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::link::{DIGEST_BYTES, Roll};

use super::client::{Client, ClientError};
use super::driver::SyncError;
use super::outbox::Outcome;
use crate::agent::Agent;
use crate::identity::Identity;
use crate::store::{StoreError, feed};

/// Every site is asked, also when one is refused; the first refusal is what is reported.
pub(super) async fn fetch(
    agent: &Agent,
    identity: &Identity,
    client: &Client,
) -> Result<Outcome, SyncError> {
    let mut more = false;
    let mut refused = None;
    for site in identity.device.sites.iter().map(|site| site.id) {
        match fetch_page(agent, client, site).await {
            Ok(page_follows) => more |= page_follows,
            Err(error @ SyncError::Client(ClientError::Refused { .. })) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    fetch_digests(agent, client).await?;
    refused.map_or(Ok(Outcome::Feed { more }), Err)
}

async fn fetch_page(agent: &Agent, client: &Client, site: SiteId) -> Result<bool, SyncError> {
    let after = agent.store.read(move |conn| feed::cursor(conn, site)).await?;
    let page = client.feed(site, after).await?;
    let more = page.more && page.cursor > after;
    let at = agent.clock.now();
    let store = &agent.store;
    let (page, nothing) = store
        .read(move |conn| {
            let nothing = feed::says_nothing(conn, site, &page, at)?;
            Ok::<_, StoreError>((page, nothing))
        })
        .await?;
    if !nothing {
        store.write(move |tx| feed::store_page(tx, site, &page, at)).await?;
    }
    Ok(more)
}

async fn fetch_digests(agent: &Agent, client: &Client) -> Result<(), SyncError> {
    for Roll { order, level, count, .. } in agent.store.read(feed::digests_missing).await? {
        let bytes = client.digest(order, level).await?;
        let mut codes = 0_u64;
        for part in bytes.chunks(feed::DIGEST_PART_CODES * DIGEST_BYTES) {
            let (first, part) = (codes, part.to_vec());
            codes =
                codes.saturating_add(u64::try_from(part.len() / DIGEST_BYTES).unwrap_or_default());
            agent.store.write(move |tx| feed::store_digest(tx, order, level, first, &part)).await?;
        }
        agent.store.write(move |tx| feed::digest_stored(tx, order, level, codes)).await?;
        tracing::info!(
            order.id = order.get(),
            roll.level = level.name(),
            roll.codes = codes,
            roll.wanted = count,
            "a roll's codes are known here"
        );
    }
    Ok(())
}
