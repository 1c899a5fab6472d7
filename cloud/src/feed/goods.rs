//! Pages of goods: keys in the order they were told, items as the ledger has them now.

use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::{GOODS_PAGE_ITEMS_MAX, GoodsPage};

use super::cut;
use crate::codes::{Codebook, ItemKey};
use crate::store::{Store, StoreError, feed as stored, ledger};

/// [`GOODS_PAGE_ITEMS_MAX`], as queries count.
const PAGE_ITEMS_MAX: u32 = 2_000;
const _: () = assert!(PAGE_ITEMS_MAX as usize == GOODS_PAGE_ITEMS_MAX);

/// The goods a site's devices must know that changed after `after`.
///
/// Keys and items come from one view of the database: an item that changes later is told again at a later position.
pub async fn page(
    store: &Store,
    codebook: &Codebook,
    site: SiteId,
    after: Cursor,
) -> Result<GoodsPage, StoreError> {
    let mut tx = store.read().await?;
    let mut told = stored::goods_after(&mut tx, site, after, PAGE_ITEMS_MAX + 1).await?;
    let more = cut(&mut told, PAGE_ITEMS_MAX);
    let cursor = told.last().map_or(after, |(cursor, _)| *cursor);
    if told.is_empty() {
        return Ok(GoodsPage { items: Vec::new(), cursor, more });
    }
    // Another process may have issued these codes a moment ago.
    codebook.refresh_in(&mut tx).await?;
    let keys: Vec<ItemKey> = told.into_iter().map(|(_, key)| key).collect();
    let mut items = ledger::items(&mut tx, codebook, &keys).await?;
    let items = keys.iter().filter_map(|key| items.remove(key)).collect();
    Ok(GoodsPage { items, cursor, more })
}
