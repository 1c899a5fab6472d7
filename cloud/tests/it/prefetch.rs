//! Prefetch: the site that will receive goods is told of them before, exactly of those, however often it is interrupted.

use std::collections::BTreeSet;

use sealtrace_cloud::clock::Clock;
use sealtrace_cloud::codes::{Codebook, ItemKey};
use sealtrace_cloud::config::{Config, Flags};
use sealtrace_cloud::documents::State;
use sealtrace_cloud::feed::{goods, prefetch};
use sealtrace_cloud::store::documents::{NewDocument, NewLine};
use sealtrace_cloud::store::{Store, StoreError, documents};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{Cursor, DealerId, DocumentId, OrderId, ProductId, Revision, SiteId};
use sealtrace_protocol::ledger::{Contents, Custody, DocumentKind, Item, Level, Part};

use crate::engines::on_both_engines;
use crate::stock::Stock;

const RECEIVER: SiteId = SiteId(1);
const SENDER: SiteId = SiteId(2);
const ELSEWHERE: SiteId = SiteId(3);
const BEER: ProductId = ProductId(1);
const SODA: ProductId = ProductId(2);
/// Goods that take several steps to tell.
const PALLETS: u32 = 40;
const CASES: u32 = 30;

/// An approved inbound document for beer.
async fn inbound(store: &Store, from: Option<SiteId>, order: Option<OrderId>) -> DocumentId {
    let line = NewLine {
        product: BEER,
        unit: Level::Unit,
        quantity: 100,
        revision: Revision(1),
        units: 100,
        mixed: false,
        parts: vec![Part { product: BEER, units: 100 }],
    };
    let new = NewDocument {
        number: "IN-1".to_owned(),
        kind: DocumentKind::Inbound,
        site: RECEIVER,
        other: from,
        dealer: None,
        order,
        note: String::new(),
        lines: vec![line],
    };
    let approved: Result<_, StoreError> = writing!(store, |tx| {
        let id = documents::add(tx, &new, Clock::System.now()).await?.unwrap();
        documents::set_state(tx, id, State::Approved).await?;
        let document = documents::document(tx, id).await?.unwrap();
        prefetch::request(tx, &document, order).await?;
        Ok(id)
    });
    approved.unwrap()
}

/// Puts a pallet with its cases somewhere; answers with the keys of all of them.
async fn pallet(stock: &Stock, nth: u32, cases: u32, site: SiteId) -> Vec<ItemKey> {
    let outer = stock.key(Level::Pallet, nth);
    let (_, bare) = stock.package(outer, Level::Pallet, Ok(site));
    let contents = Contents::of(stock.product, stock.lot, 4 * cases);
    let mut items = vec![(outer, Item { contents, children: cases, ..bare })];
    for case in nth * CASES..nth * CASES + cases {
        items.push(stock.package(stock.key(Level::Case, case), Level::Case, Err(outer)));
    }
    // A bottle in the first case, and one that stands alone.
    let unit = |nth, place| {
        let (key, item) = stock.package(stock.key(Level::Unit, nth), Level::Unit, place);
        (key, Item { children: 0, contents: Contents::of(stock.product, stock.lot, 1), ..item })
    };
    let inside = unit(2 * nth, Err(stock.key(Level::Case, nth * CASES)));
    let packages = items.iter().map(|(key, _)| *key).collect();
    items.extend([inside, unit(2 * nth + 1, Ok(site))]);
    stock.put(&items).await;
    packages
}

/// Everything a site was told, and that it was told of each thing once.
async fn told(stock: &Stock, site: SiteId) -> BTreeSet<String> {
    let page = goods::page(&stock.store, &stock.codebook, site, Cursor(0)).await.unwrap();
    assert!(!page.more);
    let codes: BTreeSet<String> = page.items.iter().map(|item| item.code.to_string()).collect();
    assert_eq!(codes.len(), page.items.len());
    codes
}

/// Exactly these; a thousand codes say less than those that differ.
fn same(told: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let missing: Vec<_> = expected.difference(told).take(3).collect();
    let foreign: Vec<_> = told.difference(expected).take(3).collect();
    assert!(missing.is_empty() && foreign.is_empty(), "missing {missing:?}, foreign {foreign:?}");
}

async fn run_to_the_end(stock: &Stock) {
    while prefetch::round(&stock.store, &stock.codebook).await.unwrap() > 0 {}
}

/// A site that sends: beer to be told, and other things not to be.
async fn sender(store: &Store) -> (Stock, Vec<ItemKey>) {
    let beer = Stock::new(store, OrderId(1), BEER).await;
    let mut expected = Vec::new();
    for nth in 0..PALLETS {
        expected.extend(pallet(&beer, nth, CASES, SENDER).await);
    }
    pallet(&beer, PALLETS, 2, ELSEWHERE).await;
    let soda = Stock::new(store, OrderId(2), SODA).await;
    for nth in 0..3 {
        pallet(&soda, nth, 2, SENDER).await;
    }
    let gone = pallet(&beer, PALLETS + 1, 2, SENDER).await;
    let custody = Custody::Shipped { from: SENDER, to: DealerId(7), document: DocumentId(9) };
    let (key, item) = beer.package(gone[0], Level::Pallet, Ok(SENDER));
    beer.put(&[(key, Item { custody: Some(custody), ..item })]).await;
    (beer, expected)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_where_the_document_comes_from_is_told_with_the_packages_inside() {
    on_both_engines(async |store| {
        let (stock, expected) = sender(&store).await;
        inbound(&store, Some(SENDER), None).await;
        run_to_the_end(&stock).await;
        same(&told(&stock, RECEIVER).await, &stock.codes(expected));
        assert!(told(&stock, SENDER).await.is_empty());
        assert_eq!(prefetch::round(&store, &stock.codebook).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn interrupted_and_taken_up_by_several_processes_it_tells_the_same() {
    on_both_engines(async |store| {
        let (stock, expected) = sender(&store).await;
        inbound(&store, Some(SENDER), None).await;
        assert_eq!(prefetch::round(&store, &stock.codebook).await.unwrap(), 1);
        let part = told(&stock, RECEIVER).await;
        assert!(!part.is_empty() && part.len() < expected.len(), "a step is small");
        // The process is gone; two others go on with nothing but the database.
        let mut others = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let store = store.clone();
            others.spawn(async move {
                let prefix = Config::parse("", "", &Flags::default()).unwrap().codes.company_prefix;
                let codebook = Codebook::load(&store, prefix).await.unwrap();
                while prefetch::round(&store, &codebook).await.unwrap() > 0 {}
            });
        }
        others.join_all().await;
        run_to_the_end(&stock).await;
        same(&told(&stock, RECEIVER).await, &stock.codes(expected));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn voiding_the_document_stops_it() {
    on_both_engines(async |store| {
        let (stock, _) = sender(&store).await;
        let document = inbound(&store, Some(SENDER), None).await;
        assert_eq!(prefetch::round(&store, &stock.codebook).await.unwrap(), 1);
        let part = told(&stock, RECEIVER).await;
        let voided: Result<(), StoreError> =
            writing!(store, |tx| { documents::set_state(tx, document, State::Void).await });
        voided.unwrap();
        assert_eq!(prefetch::round(&store, &stock.codebook).await.unwrap(), 0);
        same(&told(&stock, RECEIVER).await, &part);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_brings_what_is_made_under_its_labels_and_what_that_is_packed_in() {
    on_both_engines(async |store| {
        let order = OrderId(1);
        let stock = Stock::new(&store, order, BEER).await;
        let mut expected = Vec::new();
        for nth in 0..PALLETS {
            expected.extend(pallet(&stock, nth, CASES, SENDER).await);
        }
        // A case of this order on another order's pallet; that pallet's own case was not asked for.
        let other = Stock::new(&store, OrderId(2), SODA).await;
        let outer = other.key(Level::Pallet, 0);
        let case = stock.key(Level::Case, PALLETS * CASES);
        let (_, bare) = other.package(outer, Level::Pallet, Ok(SENDER));
        let contents = Contents::of(BEER, stock.lot, 8);
        other
            .put(&[
                (outer, Item { contents, children: 2, ..bare }),
                other.package(other.key(Level::Case, 0), Level::Case, Err(outer)),
            ])
            .await;
        stock.codebook.refresh(&store).await.unwrap();
        stock.put(&[stock.package(case, Level::Case, Err(outer))]).await;
        expected.extend([outer, case]);
        inbound(&store, None, Some(order)).await;
        run_to_the_end(&stock).await;
        same(&told(&stock, RECEIVER).await, &stock.codes(expected));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_from_outside_are_nothing_to_tell_of() {
    on_both_engines(async |store| {
        let (stock, _) = sender(&store).await;
        inbound(&store, None, None).await;
        assert_eq!(prefetch::round(&store, &stock.codebook).await.unwrap(), 0);
        assert!(told(&stock, RECEIVER).await.is_empty());
    })
    .await;
}
