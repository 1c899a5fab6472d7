//! The list of suspected diversion (疑似窜货), per code: what was shipped where, and where it was seen.

use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId};
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

use super::{RegionName, Shipped, Sighting, text};
use crate::codes::{Codebook, ItemKey};
use crate::named::{Named, Numbered};
use crate::store::search::{Listing, Page};
use crate::store::sightings::Filter;
use crate::store::tracing::Noun;
use crate::store::{self, StoreError, Tx};

/// A code that was seen outside the territory it was shipped to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// The code.
    pub code: String,
    /// What it labels.
    pub level: Level,
    /// What it is.
    pub product: Named<ProductId>,
    /// Its lot.
    pub lot: Option<Lot>,
    /// To whom it was shipped.
    pub dealer: Named<DealerId>,
    /// Under which document.
    pub document: Numbered<DocumentId>,
    /// When.
    pub shipped_at: Timestamp,
    /// Where that dealer could sell it then.
    pub territory: Vec<RegionName>,
    /// When it was seen, oldest first; of very many those outside and the newest.
    pub sightings: Vec<Sighting>,
    /// How many times it was seen outside, shown here or not.
    pub outside: u64,
    /// The latest of those outside.
    pub last_at: Timestamp,
}

/// One page of suspects, the latest first.
pub async fn suspects(
    tx: &mut Tx,
    codebook: &Codebook,
    filter: &Filter,
    page: &Page,
) -> Result<Listing<Suspect>, StoreError> {
    let items = store::sightings::suspects(tx, filter, page).await?;
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        rows.extend(suspect(tx, codebook, item).await?);
    }
    Ok(Listing { rows, total: store::sightings::suspects_total(tx, filter).await? })
}

async fn suspect(
    tx: &mut Tx,
    codebook: &Codebook,
    item: ItemKey,
) -> Result<Option<Suspect>, StoreError> {
    let sightings = store::sightings::of_item(tx, item).await?;
    let latest = sightings.iter().filter(|sighting| sighting.judgement.outside);
    let latest = latest.max_by_key(|sighting| sighting.seen.at);
    let (Some(latest), Some(order)) = (latest, codebook.order(item.order())) else {
        return Ok(None);
    };
    let Some(Shipped { document, dealer, product, lot, at }) = latest.judgement.shipped.clone()
    else {
        return Ok(None);
    };
    let last_at = latest.seen.at;
    let outside = store::sightings::outside(tx, item).await?;
    let territory = store::territories::territory(tx, dealer, product, at).await?;
    let name = store::tracing::name;
    Ok(Some(Suspect {
        code: text(codebook, item),
        level: order.level,
        product: Named::new(product, name(tx, Noun::Product, product.get()).await?),
        lot,
        dealer: Named::new(dealer, name(tx, Noun::Dealer, dealer.get()).await?),
        document: Numbered::new(document, name(tx, Noun::Document, document.get()).await?),
        shipped_at: at,
        territory: territory.into_iter().map(RegionName::of).collect(),
        sightings: sightings.into_iter().map(Sighting::from).collect(),
        outside,
        last_at,
    }))
}
