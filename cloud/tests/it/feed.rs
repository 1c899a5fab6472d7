//! The feed: whoever follows it misses nothing, however many write at once; pages are bounded; a change costs a row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sealtrace_cloud::feed::{DESK_PAGE_ROWS_MAX, desk, goods, publish, publish_goods};
use sealtrace_cloud::store::{Store, StoreError};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{Cursor, OrderId, ProductId, SiteId};
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{FeedPage, FeedRow, GOODS_PAGE_ITEMS_MAX, GoodsPage, Site};

use crate::engines::on_both_engines;
use crate::stock::Stock;

const HERE: SiteId = SiteId(1);
const THERE: SiteId = SiteId(2);
const WRITERS: u32 = 4;
const WRITES: u32 = 20;
const SUBJECTS: u32 = 7;
/// How long followers wait for a row before it counts as missed.
const PATIENCE: Duration = Duration::from_secs(60);

/// One page of a site's desk stream, as a device reads it.
pub(crate) async fn desk_page(store: &Store, site: SiteId, after: Cursor) -> FeedPage {
    let page = desk(store, site, after).await.unwrap();
    serde_json::from_value(serde_json::to_value(page).unwrap()).unwrap()
}

async fn goods_page(stock: &Stock, site: SiteId, after: Cursor) -> GoodsPage {
    goods::page(&stock.store, &stock.codebook, site, after).await.unwrap()
}

async fn stock(store: &Store) -> Stock {
    Stock::new(store, OrderId(1), ProductId(1)).await
}

/// Told everywhere, or here only.
fn sites_of(subject: u32) -> &'static [SiteId] {
    if subject.is_multiple_of(2) { &[HERE, THERE] } else { &[HERE] }
}

/// The subject's package and its desk row get their next version, told in one transaction.
async fn write(stock: &Stock, subject: u32) {
    let (key, sites) = (stock.key(Level::Case, subject), sites_of(subject));
    let done: Result<(), StoreError> = writing!(stock.store, |tx| {
        let version = stock.touch(tx, key, Level::Case, HERE).await?;
        let told = sites.iter().map(|site| (*site, BTreeSet::from([key]))).collect();
        publish_goods(tx, &told).await?;
        // Positions are taken; what commits meanwhile must not come out in front of them.
        tokio::task::yield_now().await;
        let (id, name) = (SiteId(u64::from(subject)), version.to_string());
        let row = FeedRow::Site(Site { id, name, implied_receipt: false });
        publish(tx, sites, &[row]).await?;
        tokio::task::yield_now().await;
        Ok(())
    });
    done.unwrap();
}

/// The newest version of each subject, by stream.
type Versions = BTreeMap<(&'static str, u32), u32>;

fn subject_of(row: &FeedRow) -> (u32, u32) {
    let FeedRow::Site(site) = row else { panic!("only sites were told") };
    (u32::try_from(site.id.get()).unwrap(), site.name.parse().unwrap())
}

/// Takes a row over; it must be newer than what was known.
fn learn(known: &mut Versions, subject: (&'static str, u32), version: u32) {
    let before = known.insert(subject, version);
    assert!(before < Some(version), "{subject:?} was {before:?}, then {version}");
}

/// Pages through both streams, again and again, until everything expected was seen.
async fn follow(stock: Arc<Stock>, site: SiteId, expected: Versions) {
    let (mut desk_at, mut goods_at) = (Cursor(0), Cursor(0));
    let mut known = Versions::new();
    while known != expected {
        let page = desk_page(&stock.store, site, desk_at).await;
        for entry in page.rows {
            assert!(entry.cursor > desk_at, "cursors only rise");
            desk_at = entry.cursor;
            let (subject, version) = subject_of(&entry.row);
            learn(&mut known, ("desk", subject), version);
        }
        let page = goods_page(&stock, site, goods_at).await;
        assert!(page.cursor >= goods_at);
        goods_at = page.cursor;
        for item in page.items {
            let subject = place(&stock, &item.code.to_string()).unwrap();
            learn(&mut known, ("goods", subject), item.version.get());
        }
        tokio::task::yield_now().await;
    }
}

fn place(stock: &Stock, code: &str) -> Option<u32> {
    (0..SUBJECTS).find(|nth| stock.codes([stock.key(Level::Case, *nth)]).contains(code))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_follows_a_feed_while_others_write_misses_nothing() {
    on_both_engines(async |store| {
        let stock = Arc::new(stock(&store).await);
        let mut writes: BTreeMap<u32, u32> = BTreeMap::new();
        for write in 0..WRITERS * WRITES {
            *writes.entry(write % SUBJECTS).or_default() += 1;
        }
        let expected = |site| -> Versions {
            let told = writes.iter().filter(|(subject, _)| sites_of(**subject).contains(&site));
            told.flat_map(|(subject, count)| {
                [(("desk", *subject), *count), (("goods", *subject), *count)]
            })
            .collect()
        };
        let mut tasks = tokio::task::JoinSet::new();
        for site in [HERE, THERE] {
            tasks.spawn(follow(Arc::clone(&stock), site, expected(site)));
        }
        for writer in 0..WRITERS {
            let stock = Arc::clone(&stock);
            tasks.spawn(async move {
                for nth in 0..WRITES {
                    write(&stock, (writer * WRITES + nth) % SUBJECTS).await;
                }
            });
        }
        let all = tokio::time::timeout(PATIENCE, tasks.join_all()).await;
        all.expect("a row was missed");
        resumes_anywhere(&stock).await;
    })
    .await;
}

/// From whatever position a device asks, it gets exactly what lies behind it.
async fn resumes_anywhere(stock: &Stock) {
    let whole = desk_page(&stock.store, HERE, Cursor(0)).await;
    let goods = goods_page(stock, HERE, Cursor(0)).await;
    assert_eq!((whole.rows.len(), goods.items.len()), (7, 7), "one row each, the last");
    let newest = whole.cursor.max(goods.cursor);
    let mut tails = BTreeSet::new();
    for after in 0..=newest.get() {
        let rest = desk_page(&stock.store, HERE, Cursor(after)).await;
        let cursors: Vec<Cursor> = rest.rows.iter().map(|entry| entry.cursor).collect();
        let behind = whole.rows.iter().map(|entry| entry.cursor).filter(|one| one.get() > after);
        assert_eq!(cursors, behind.collect::<Vec<_>>());
        let rest = goods_page(stock, HERE, Cursor(after)).await;
        assert!(goods.items.ends_with(&rest.items), "the end of the whole");
        tails.insert(rest.items.len());
    }
    assert_eq!(tails, (0..=goods.items.len()).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_an_end_and_says_whether_there_is_more() {
    on_both_engines(async |store| {
        let stock = stock(&store).await;
        let count = u32::try_from(GOODS_PAGE_ITEMS_MAX).unwrap() + 1;
        let items: Vec<_> = (0..count)
            .map(|nth| stock.package(stock.key(Level::Case, nth), Level::Case, Ok(HERE)))
            .collect();
        stock.put(&items).await;
        let keys = items.iter().map(|(key, _)| *key).collect();
        let told = BTreeMap::from([(HERE, keys)]);
        let rows: Vec<FeedRow> = (0..=u64::from(DESK_PAGE_ROWS_MAX))
            .map(|id| Site { id: SiteId(id), name: "x".to_owned(), implied_receipt: false })
            .map(FeedRow::Site)
            .collect();
        let done: Result<(), StoreError> = writing!(store, |tx| {
            publish_goods(tx, &told).await?;
            publish(tx, &[HERE], &rows).await
        });
        done.unwrap();

        let first = goods_page(&stock, HERE, Cursor(0)).await;
        assert_eq!((first.items.len(), first.more), (GOODS_PAGE_ITEMS_MAX, true));
        let rest = goods_page(&stock, HERE, first.cursor).await;
        assert_eq!((rest.items.len(), rest.more), (1, false));
        let nothing = goods_page(&stock, HERE, rest.cursor).await;
        assert_eq!((nothing.items.len(), nothing.cursor, nothing.more), (0, rest.cursor, false));

        let page_rows = usize::try_from(DESK_PAGE_ROWS_MAX).unwrap();
        let first = desk_page(&store, HERE, Cursor(0)).await;
        assert_eq!((first.rows.len(), first.more), (page_rows, true));
        let rest = desk_page(&store, HERE, first.cursor).await;
        assert_eq!((rest.rows.len(), rest.more), (1, false));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_package_costs_one_row_and_is_told_as_it_is_now() {
    on_both_engines(async |store| {
        let stock = stock(&store).await;
        for subject in 0..SUBJECTS {
            write(&stock, subject).await;
        }
        let known = goods_page(&stock, HERE, Cursor(0)).await;
        write(&stock, 3).await;
        let news = goods_page(&stock, HERE, known.cursor).await;
        assert_eq!(news.items.len(), 1);
        assert_eq!(news.items[0].version.get(), 2);
        assert_eq!(place(&stock, &news.items[0].code.to_string()), Some(3));
        assert_eq!(desk_page(&store, HERE, known.cursor).await.rows.len(), 2, "subject 6 and 3");
    })
    .await;
}
