//! What sites must know, in commit order: two streams a site, numbered by one counter.
//!
//! *Desk* is everything but goods, a row of JSON for each thing; *goods* are packages and the units of open ones, of
//! which only the key is kept here: a page reads them from the ledger as they are now. A later row about the same
//! thing takes the earlier one's place, so a feed is as long as what there is to know.
//!
//! [`publish`] and [`publish_goods`] are called inside the transaction that changes something, as late as possible:
//! they take the site's counter, whose row lock keeps the order of cursors the order of commits, so a device never
//! misses a row.

pub mod goods;
pub mod http;
pub mod prefetch;

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::FeedRow;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::codes::ItemKey;
use crate::store::{Store, StoreError, Tx, feed as stored};

/// Rows of one desk page.
pub const DESK_PAGE_ROWS_MAX: u32 = 256;

/// Tells sites' devices something. A later row about the same thing takes the earlier one's place.
pub async fn publish(tx: &mut Tx, sites: &[SiteId], rows: &[FeedRow]) -> Result<(), StoreError> {
    let rows: Vec<(String, &FeedRow)> = rows.iter().map(|row| (subject(row), row)).collect();
    // Always in the same order: two writers then wait for each other instead of forever.
    let sites: BTreeSet<SiteId> = sites.iter().copied().collect();
    for site in sites {
        stored::append_desk(tx, site, &rows).await?;
    }
    Ok(())
}

/// Tells each site's devices of items: these have changed, or are news there.
pub async fn publish_goods(
    tx: &mut Tx,
    told: &BTreeMap<SiteId, BTreeSet<ItemKey>>,
) -> Result<(), StoreError> {
    for (site, keys) in told {
        stored::append_goods(tx, *site, keys).await?;
    }
    Ok(())
}

/// A [`sealtrace_protocol::link::FeedPage`] whose rows are passed on as they were written.
#[derive(Debug, Serialize)]
pub struct DeskPage {
    rows: Vec<DeskEntry>,
    cursor: Cursor,
    more: bool,
}

#[derive(Debug, Serialize)]
struct DeskEntry {
    cursor: Cursor,
    row: Box<RawValue>,
}

/// What a site's devices must know besides goods that changed after `after`.
pub async fn desk(store: &Store, site: SiteId, after: Cursor) -> Result<DeskPage, StoreError> {
    let mut tx = store.read().await?;
    let mut rows = stored::desk_after(&mut tx, site, after, DESK_PAGE_ROWS_MAX + 1).await?;
    let more = cut(&mut rows, DESK_PAGE_ROWS_MAX);
    let cursor = rows.last().map_or(after, |(cursor, _)| *cursor);
    let rows = rows
        .into_iter()
        .map(|(cursor, entry)| {
            let row = RawValue::from_string(entry)
                .map_err(|error| StoreError::damaged("feed row", error))?;
            Ok(DeskEntry { cursor, row })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(DeskPage { rows, cursor, more })
}

/// Takes away what was only asked for to see whether there is more behind a page; says whether there is.
fn cut<T>(rows: &mut Vec<T>, page: u32) -> bool {
    let page = usize::try_from(page).unwrap_or(usize::MAX);
    let more = rows.len() > page;
    rows.truncate(page);
    more
}

/// What a row is about; the same subject has one row.
fn subject(row: &FeedRow) -> String {
    match row {
        FeedRow::Site(site) => format!("site/{}", site.id),
        FeedRow::Owner(_) => "owner".to_owned(),
        FeedRow::Product(product) => format!("product/{}", product.id),
        FeedRow::Lot(lot) => format!("lot/{}", lot.id),
        FeedRow::Dealer(dealer) => format!("dealer/{}", dealer.id),
        FeedRow::Operator(operator) => format!("operator/{}", operator.id),
        FeedRow::Task(task) => format!("task/{}", task.id),
        FeedRow::Document(document) => format!("document/{}", document.id()),
        FeedRow::Roll(roll) => match roll.first_body {
            // SSCC ranges of one order and level are several, minted codes have one digest for all.
            Some(first_body) => format!("roll/{}/{}/{first_body}", roll.order, roll.level.name()),
            None => format!("roll/{}/{}", roll.order, roll.level.name()),
        },
        FeedRow::Carriers(carriers) => format!("carriers/{}", carriers.first_body),
        FeedRow::Labels(labels) => format!("labels/{}", labels.lease.first_body),
    }
}
