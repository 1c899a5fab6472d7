//! What the sites' feeds say is fetched page by page: the desk with the digests of the rolls it names, and goods.

use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::{DIGEST_BYTES, FeedPage, FeedStream, GoodsPage, LabelsWanted, Roll};

use super::client::{Client, ClientError};
use super::driver::SyncError;
use super::outbox::Outcome;
use super::verdicts;
use crate::agent::Agent;
use crate::identity::Identity;
use crate::store::{feed, labels};

/// How often a page is asked for again because verdicts came meanwhile. The one after that looks older than it is, until
/// the next.
const PAGE_AGAIN_MAX: u32 = 3;

/// Who asks whom.
#[derive(Clone, Copy)]
pub(super) struct Between<'a> {
    pub(super) agent: &'a Agent,
    pub(super) identity: &'a Identity,
    pub(super) client: &'a Client,
}

/// One page of every site's desk, and what it needs besides.
pub(super) async fn fetch_desk(between: Between<'_>) -> Result<Outcome, SyncError> {
    let store = &between.agent.store;
    let counted = store.read(feed::counted).await?;
    let more = each_site(between, FeedStream::Desk).await?;
    if let Some(upto) = counted.filter(|_| !more) {
        store.write(move |tx| feed::forget_counted(tx, upto)).await?;
    }
    if !more {
        fetch_digests(between).await?;
    }
    Ok(Outcome::Desk { more })
}

/// One page of every site's goods.
pub(super) async fn fetch_goods(between: Between<'_>) -> Result<Outcome, SyncError> {
    Ok(Outcome::Goods { more: each_site(between, FeedStream::Goods).await? })
}

/// Every site is asked, also when one is refused; the first refusal is what is reported.
async fn each_site(between: Between<'_>, stream: FeedStream) -> Result<bool, SyncError> {
    let mut more = false;
    let mut refused = None;
    for site in between.identity.device.sites.iter().map(|site| site.id) {
        let page = match stream {
            FeedStream::Desk => desk_page(between, site).await,
            FeedStream::Goods => goods_page(between, site).await,
        };
        match page {
            Ok(page_follows) => more |= page_follows,
            Err(error @ SyncError::Client(ClientError::Refused { .. })) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    refused.map_or(Ok(more), Err)
}

async fn desk_page(between: Between<'_>, site: SiteId) -> Result<bool, SyncError> {
    let store = &between.agent.store;
    let after = store.read(move |conn| feed::cursor(conn, site, FeedStream::Desk)).await?;
    let page: FeedPage = as_judged(between, site, after).await?;
    let (more, cursor) = (page.more && page.cursor > after, page.cursor);
    let at = between.agent.clock.now();
    let nothing = page.says_nothing()
        && store
            .read(move |conn| feed::says_nothing(conn, site, FeedStream::Desk, cursor, at))
            .await?;
    if !nothing {
        store.write_later(move |tx| feed::store_desk(tx, site, &page, at)).await?;
    }
    Ok(more)
}

async fn goods_page(between: Between<'_>, site: SiteId) -> Result<bool, SyncError> {
    let store = &between.agent.store;
    let after = store.read(move |conn| feed::cursor(conn, site, FeedStream::Goods)).await?;
    let page: GoodsPage = as_judged(between, site, after).await?;
    let (more, cursor) = (page.more && page.cursor > after, page.cursor);
    let at = between.agent.clock.now();
    let nothing = page.says_nothing()
        && store
            .read(move |conn| feed::says_nothing(conn, site, FeedStream::Goods, cursor, at))
            .await?;
    if nothing {
        return Ok(more);
    }
    let mut rest = page.items;
    loop {
        let later = rest.split_off(feed::GOODS_PART_ITEMS.min(rest.len()));
        let reached = later.is_empty().then_some(cursor);
        store.write_later(move |tx| feed::store_goods(tx, site, &rest, reached, at)).await?;
        if later.is_empty() {
            return Ok(more);
        }
        rest = later;
    }
}

/// A page that has of our own operations just what the verdicts have: neither does it count one that is still laid on
/// top here, nor does it lack one whose effects count here already.
async fn as_judged<P: Page>(
    between: Between<'_>,
    site: SiteId,
    after: Cursor,
) -> Result<P, SyncError> {
    let mut page = P::fetch(between.client, site, after).await?;
    for _ in 0..PAGE_AGAIN_MAX {
        if page.says_nothing() || verdicts::catch_up(between).await? == 0 {
            break;
        }
        page = P::fetch(between.client, site, after).await?;
    }
    Ok(page)
}

/// A page of either stream.
trait Page: Sized {
    /// The one behind `after`.
    fn fetch(
        client: &Client,
        site: SiteId,
        after: Cursor,
    ) -> impl Future<Output = Result<Self, ClientError>> + Send;

    /// True when there is nothing on it.
    fn says_nothing(&self) -> bool;
}

impl Page for FeedPage {
    async fn fetch(client: &Client, site: SiteId, after: Cursor) -> Result<Self, ClientError> {
        client.desk(site, after).await
    }

    fn says_nothing(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Page for GoodsPage {
    async fn fetch(client: &Client, site: SiteId, after: Cursor) -> Result<Self, ClientError> {
        client.goods(site, after).await
    }

    fn says_nothing(&self) -> bool {
        self.items.is_empty()
    }
}

/// Where half of what this device may print is used up, it is leased more.
pub(super) async fn fetch_labels(between: Between<'_>) -> Result<(), SyncError> {
    let store = &between.agent.store;
    for level in between.agent.config.printed_levels() {
        let stock = store.read(move |conn| labels::stock(conn, level)).await?;
        if !stock.is_low() {
            continue;
        }
        let newest = stock.newest.map(|newest| newest.first_body);
        let leased = match between.client.labels(&LabelsWanted { level, newest }).await {
            Ok(leased) => leased,
            // Work goes on with what is left; it is asked again with the next look at the desk.
            Err(ClientError::Refused { status, code }) => {
                tracing::warn!(
                    labels.level = level.name(),
                    http.status = status,
                    code,
                    "no labels were leased"
                );
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if leased.device != between.identity.device.device || leased.lease.level != level {
            return Err(ClientError::Answer("labels").into());
        }
        store.write(move |tx| labels::leased(tx, &leased)).await?;
        let (level, count) = (level.name(), leased.lease.count);
        tracing::info!(labels.level = level, labels.count = count, "labels to print were leased");
    }
    Ok(())
}

async fn fetch_digests(between: Between<'_>) -> Result<(), SyncError> {
    let store = &between.agent.store;
    for Roll { order, level, count, .. } in store.read(feed::digests_missing).await? {
        let mut digest = between.client.digest(order, level).await?;
        let mut codes = 0_u64;
        loop {
            let part = digest.next(feed::DIGEST_PART_CODES * DIGEST_BYTES).await?;
            if part.is_empty() {
                break;
            }
            let (first, read) = (codes, part.len() / DIGEST_BYTES);
            codes = codes.saturating_add(u64::try_from(read).unwrap_or_default());
            store.write_later(move |tx| feed::store_digest(tx, order, level, first, &part)).await?;
        }
        store.write(move |tx| feed::digest_stored(tx, order, level, codes)).await?;
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
