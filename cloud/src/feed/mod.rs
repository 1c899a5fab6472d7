//! What sites must know: rows in commit order, a cursor per site.
//!
//! [`publish`] is called inside the transaction that changes something, as late as possible: it takes the site's
//! cursor row, whose lock keeps the order of cursors the order of commits, so a device never misses a row.

pub mod http;

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::{FeedPage, FeedRow};

use crate::store::{Store, StoreError, Tx, feed as stored};

/// Rows of one page.
pub const PAGE_ROWS: u32 = 500;

/// Tells sites' devices something. A later row about the same thing takes the earlier one's place.
pub async fn publish(tx: &mut Tx, sites: &[SiteId], rows: &[FeedRow]) -> Result<(), StoreError> {
    let rows: Vec<(String, &FeedRow)> = rows.iter().map(|row| (subject(row), row)).collect();
    // Always in the same order: two writers then wait for each other instead of forever.
    let sites: BTreeSet<SiteId> = sites.iter().copied().collect();
    for site in sites {
        stored::append(tx, site, &rows).await?;
    }
    Ok(())
}

/// [`publish`] with rows of its own for each site.
pub async fn publish_each(
    tx: &mut Tx,
    rows: &BTreeMap<SiteId, Vec<FeedRow>>,
) -> Result<(), StoreError> {
    for (site, rows) in rows {
        publish(tx, &[*site], rows).await?;
    }
    Ok(())
}

/// What a site's devices must know that changed after `after`.
pub async fn page(store: &Store, site: SiteId, after: Cursor) -> Result<FeedPage, StoreError> {
    let limit = PAGE_ROWS + 1;
    let mut rows = stored::after(&mut store.read().await?, site, after, limit).await?;
    let more = rows.len() > usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let cursor = rows.last().map_or(after, |entry| entry.cursor);
    Ok(FeedPage { rows, cursor, more })
}

/// What a row is about; the same subject has one row.
fn subject(row: &FeedRow) -> String {
    match row {
        FeedRow::Site(site) => format!("site/{}", site.id),
        FeedRow::Product(product) => format!("product/{}", product.id),
        FeedRow::Dealer(dealer) => format!("dealer/{}", dealer.id),
        FeedRow::Operator(operator) => format!("operator/{}", operator.id),
        FeedRow::Task(task) => format!("task/{}", task.id),
        FeedRow::Document(document) => format!("document/{}", document.id()),
        FeedRow::Roll(roll) => match roll.first_body {
            // SSCC ranges of one order and level are several, minted codes have one digest for all.
            Some(first_body) => format!("roll/{}/{}/{first_body}", roll.order, roll.level.name()),
            None => format!("roll/{}/{}", roll.order, roll.level.name()),
        },
        FeedRow::Package(item) => format!("package/{}", item.code),
    }
}
