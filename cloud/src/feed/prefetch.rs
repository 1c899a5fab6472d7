//! Prefetch: a site is told of the packages a document will bring before they arrive, so that they can be received
//! there without a network.
//!
//! Told are packages only; the units of open ones follow when the site gets them. It goes in small transactions, each
//! of which remembers where it stopped: whoever interrupts it, and however many processes do it, nothing is left out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sealtrace_protocol::ids::{DocumentId, OrderId, ProductId, SiteId};
use sealtrace_protocol::ledger::{Document, Level, Route};

use super::publish_goods;
use crate::codes::{Codebook, ItemKey};
use crate::http::error::chain;
use crate::store::packages::{self, Package};
use crate::store::{Retry as _, Store, StoreError, Tx, documents, feed as stored};
use crate::writing;

/// Packages looked at in one transaction: scans that are judged meanwhile wait no longer than that takes.
const STEP_PACKAGES_MAX: usize = 500;
/// The same, as queries count.
const STEP_ROWS_MAX: u32 = 500;
/// Packages of one kind read ahead while walking down.
const READ_AHEAD: u32 = 64;
/// Documents looked at in one round.
const DOCUMENTS_PER_ROUND: u32 = 64;

/// Begins to tell the receiving site of the goods a document will bring: those made for `order` when it names one,
/// otherwise those of its products that are where it comes from. Called when the document is approved; it stops by
/// itself when the document is not open any more.
pub async fn request(
    tx: &mut Tx,
    document: &Document,
    order: Option<OrderId>,
) -> Result<(), StoreError> {
    let Some((sender, _)) = journey(document.route) else { return Ok(()) };
    if order.is_none() && sender.is_none() {
        // They come from outside: nobody knows them yet.
        return Ok(());
    }
    stored::begin_prefetch(tx, document.id, order).await
}

/// The site goods come from, as far as it is ours, and the one they arrive at.
fn journey(route: Route) -> Option<(Option<SiteId>, SiteId)> {
    match route {
        Route::Inbound { from, to } => Some((from, to)),
        Route::Transfer { from, to } => Some((Some(from), to)),
        Route::Outbound { .. } | Route::Return { .. } | Route::Count { .. } => None,
    }
}

/// Takes every prefetch one step further; says how many there are to go on with. Safe to run in several processes.
pub async fn round(store: &Store, codebook: &Codebook) -> Result<usize, StoreError> {
    let waiting = stored::prefetches(&mut store.read().await?, DOCUMENTS_PER_ROUND).await?;
    let mut unfinished = 0;
    for document in waiting {
        match step(store, codebook, document).await {
            Ok(done) => unfinished += usize::from(!done),
            // Somebody else is at it.
            Err(error) if error.is_conflict() => {}
            Err(error) => tracing::error!(
                document.id = %document, error = chain(&error),
                "the goods of a document could not be told to the site they will arrive at"
            ),
        }
    }
    Ok(unfinished)
}

/// One step of one prefetch, all of it or nothing of it; says whether it is over.
async fn step(store: &Store, codebook: &Codebook, id: DocumentId) -> Result<bool, StoreError> {
    writing!(store, |tx| {
        codebook.refresh_in(tx).await?;
        let Some(prefetch) = stored::take_prefetch(tx, id).await? else { return Ok(true) };
        let document = documents::document(tx, id).await?.filter(|document| document.open);
        let goods = document.and_then(|document| {
            let (sender, receiver) = journey(document.route)?;
            Some((Goods::of(&document, prefetch.order, sender)?, receiver))
        });
        let Some((goods, receiver)) = goods else {
            stored::end_prefetch(tx, id).await?;
            return Ok(true);
        };
        let found = goods.behind(tx, codebook, prefetch.position).await?;
        let done = found.position.is_empty();
        if done {
            stored::end_prefetch(tx, id).await?;
        } else {
            stored::advance_prefetch(tx, id, &found.position).await?;
        }
        publish_goods(tx, &BTreeMap::from([(receiver, found.packages)])).await?;
        Ok(done)
    })
}

/// What a document will bring.
enum Goods {
    /// What is made under this order.
    MadeFor(OrderId),
    /// Outermost packages at this site that hold one of these products, with the packages inside.
    At(SiteId, BTreeSet<ProductId>),
}

/// What one step found, and where it stopped; nowhere when there is nothing left.
struct Found {
    packages: BTreeSet<ItemKey>,
    position: Vec<ItemKey>,
}

impl Goods {
    fn of(document: &Document, order: Option<OrderId>, sender: Option<SiteId>) -> Option<Self> {
        if let Some(order) = order {
            return Some(Self::MadeFor(order));
        }
        let products = document.lines.iter().map(|line| line.product).collect();
        sender.map(|site| Self::At(site, products))
    }

    async fn behind(
        &self,
        tx: &mut Tx,
        codebook: &Codebook,
        position: Vec<ItemKey>,
    ) -> Result<Found, StoreError> {
        match self {
            Self::MadeFor(order) => made_for(tx, codebook, *order, position).await,
            Self::At(site, products) => Walk::resume(position).on(tx, *site, products).await,
        }
    }
}

/// Packages under the labels issued for an order, one code order after the other, and the packages those are in.
async fn made_for(
    tx: &mut Tx,
    codebook: &Codebook,
    order: OrderId,
    position: Vec<ItemKey>,
) -> Result<Found, StoreError> {
    let levels = Level::ALL.into_iter().filter(|level| *level > Level::Unit);
    let mut code_orders: Vec<u32> =
        levels.flat_map(|level| codebook.orders_of(order, level)).map(|order| order.id).collect();
    code_orders.sort_unstable();
    let told = position.first().copied().unwrap_or(ItemKey::FIRST);
    for code_order in code_orders.into_iter().filter(|id| *id >= told.order()) {
        let made = packages::of_code_order(tx, code_order, told, STEP_ROWS_MAX).await?;
        let Some(last) = made.last().copied() else { continue };
        let mut found: BTreeSet<ItemKey> = made.into_iter().collect();
        let mut edge: Vec<ItemKey> = found.iter().copied().collect();
        while !edge.is_empty() {
            let around = packages::around(tx, &edge).await?;
            edge = around.into_iter().filter(|key| found.insert(*key)).collect();
        }
        return Ok(Found { packages: found, position: vec![last] });
    }
    Ok(Found { packages: BTreeSet::new(), position: Vec::new() })
}

/// A walk through the packages at a site, each before those inside it. What is held of it is one line from the
/// outside in, never the whole.
struct Walk {
    line: Vec<Place>,
}

/// A place in the line: among the packages at the site, or among those in the package before it in the line.
struct Place {
    /// The one looked at last.
    at: ItemKey,
    /// Some that come after it, read ahead.
    ahead: VecDeque<(Package, bool)>,
}

impl Place {
    const fn after(at: ItemKey) -> Self {
        Self { at, ahead: VecDeque::new() }
    }
}

impl Walk {
    fn resume(position: Vec<ItemKey>) -> Self {
        let line: Vec<Place> = position.into_iter().map(Place::after).collect();
        if line.is_empty() {
            Self { line: vec![Place::after(ItemKey::FIRST)] }
        } else {
            Self { line }
        }
    }

    async fn on(
        mut self,
        tx: &mut Tx,
        site: SiteId,
        products: &BTreeSet<ProductId>,
    ) -> Result<Found, StoreError> {
        let mut found = BTreeSet::new();
        for _ in 0..STEP_PACKAGES_MAX {
            let Some((package, wanted)) = self.next(tx, site, products).await? else { break };
            if wanted {
                found.insert(package.key);
            }
            if wanted && package.holds_packages {
                self.line.push(Place::after(ItemKey::FIRST));
            }
        }
        let position = self.line.iter().map(|place| place.at).collect();
        Ok(Found { packages: found, position })
    }

    /// The package after the one looked at last, and whether it is to be told; none at the end of the walk.
    async fn next(
        &mut self,
        tx: &mut Tx,
        site: SiteId,
        products: &BTreeSet<ProductId>,
    ) -> Result<Option<(Package, bool)>, StoreError> {
        while let Some(mut place) = self.line.pop() {
            if place.ahead.is_empty() {
                let parent = self.line.last().map(|place| place.at);
                place.ahead = ahead(tx, site, products, parent, place.at).await?;
            }
            if let Some((package, wanted)) = place.ahead.pop_front() {
                place.at = package.key;
                self.line.push(place);
                return Ok(Some((package, wanted)));
            }
        }
        Ok(None)
    }
}

/// The packages after `at` in a package, or outermost at the site; each with whether it is to be told.
async fn ahead(
    tx: &mut Tx,
    site: SiteId,
    products: &BTreeSet<ProductId>,
    parent: Option<ItemKey>,
    at: ItemKey,
) -> Result<VecDeque<(Package, bool)>, StoreError> {
    if let Some(parent) = parent {
        let inside = packages::inside_after(tx, parent, at, READ_AHEAD).await?;
        return Ok(inside.into_iter().map(|package| (package, true)).collect());
    }
    let outermost = packages::at_site(tx, site, at, READ_AHEAD).await?;
    Ok(outermost
        .into_iter()
        .map(|(package, holds)| (package, !holds.is_disjoint(products)))
        .collect())
}
