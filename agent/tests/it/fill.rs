//! A device fills itself from the feed of its sites over real TLS: desk first, then goods, page by page.

use std::time::Duration;

use sealtrace_agent::enrol::enrol;
use sealtrace_agent::store::{feed, outbox};
use sealtrace_agent::task::progress;
use sealtrace_protocol::ids::{Cursor, SiteId, Version};
use sealtrace_protocol::ledger::{Action, Item, VerifyPack};
use sealtrace_protocol::link::{
    FeedPage, FeedRow, FeedStream, GOODS_PAGE_ITEMS_MAX, GoodsPage, TaskRow, TaskState,
};
use sealtrace_protocol::wire::encode;

use crate::cloud::{Cloud, TOKEN};
use crate::feed::told;
use crate::store::{
    SITE, TASK, case, confirm, item, operation, pack, page, product, task_page, task_row, unit,
    unit_digest,
};
use crate::sync::{Running, enrolled, enrolment, fed, within};

/// One page of goods as it goes over the wire.
fn goods(items: Vec<Item>, cursor: u64, more: bool) -> (Cursor, Vec<u8>) {
    let cursor = Cursor(cursor);
    (cursor, encode(&GoodsPage { items, cursor, more }))
}

/// So many pages of two cases each.
fn pages(count: u64) -> Vec<(Cursor, Vec<u8>)> {
    let page = |n: u64| goods(vec![told(2 * n), told(2 * n + 1)], n + 1, n + 1 < count);
    (0..count).map(page).collect()
}

async fn cursor(running: &Running, site: SiteId, stream: FeedStream) -> u64 {
    let cursor = running.store().read(move |conn| feed::cursor(conn, site, stream)).await;
    cursor.unwrap().get()
}

#[tokio::test]
async fn the_desk_comes_before_goods_and_a_change_of_it_while_they_come() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let stopped = 60;
    {
        let mut known = cloud.known();
        let first = FeedPage {
            cursor: Cursor(1),
            more: true,
            ..page(1, vec![FeedRow::Product(product())])
        };
        known.desk.insert(SITE, vec![first, task_page()]);
        known.goods.insert(SITE, pages(stopped));
        known.goods_pause = Duration::from_millis(50);
    }
    let running = Running::start(data.path()).await;
    within(async || cursor(&running, SITE, FeedStream::Goods).await >= 3).await;
    let task = TaskRow { state: TaskState::Done, ..task_row() };
    let changed = page(9, vec![FeedRow::Task(task)]);
    cloud.known().desk.entry(SITE).or_default().push(changed);
    within(async || cursor(&running, SITE, FeedStream::Desk).await == 9).await;
    let reached = cursor(&running, SITE, FeedStream::Goods).await;
    assert!(reached < stopped, "the goods were all there already");
    within(async || cursor(&running, SITE, FeedStream::Goods).await == stopped).await;
    let streams: Vec<FeedStream> =
        cloud.known().asked.iter().map(|(_, stream, _)| *stream).collect();
    assert_eq!(streams[..3], [FeedStream::Desk, FeedStream::Desk, FeedStream::Goods]);
    running.stop().await;
}

#[tokio::test]
async fn a_first_fill_goes_on_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    cloud.known().goods.insert(SITE, pages(40));
    cloud.known().goods_pause = Duration::from_millis(10);
    let running = Running::start(data.path()).await;
    within(async || cursor(&running, SITE, FeedStream::Goods).await >= 5).await;
    running.stop().await;
    cloud.known().asked.clear();
    let running = Running::start(data.path()).await;
    within(async || cursor(&running, SITE, FeedStream::Goods).await == 40).await;
    let first =
        cloud.known().asked.iter().find(|(_, stream, _)| *stream == FeedStream::Goods).copied();
    assert!(first.unwrap().2 >= Cursor(5), "it began anew: {first:?}");
    for n in 0..80 {
        assert!(item(running.store(), case(n)).await.is_some(), "{n}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_page_of_goods_that_does_not_read_is_named_and_nothing_of_it_is_stored() {
    let whole = goods(vec![told(1), told(2)], 1, false).1;
    let crowd = (0..=u64::try_from(GOODS_PAGE_ITEMS_MAX).unwrap()).map(told).collect();
    let too_many = goods(crowd, 1, false).1;
    let cases = [
        (whole[..whole.len() - 5].to_vec(), "does not read"),
        ([&whole[..], b"x"].concat(), "does not read"),
        (vec![0xff; 4_000], "does not read"),
        (vec![0; 3 * 1024 * 1024], "larger than"),
        (too_many, "larger than 2000"),
    ];
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    for (bad, word) in cases {
        cloud.known().goods.insert(SITE, vec![(Cursor(1), bad)]);
        within(async || {
            let error = running.agent.link.borrow().error.clone().unwrap_or_default();
            error.contains("goods") && error.contains(word)
        })
        .await;
        assert_eq!(item(running.store(), case(1)).await, None);
        assert_eq!(cursor(&running, SITE, FeedStream::Goods).await, 0);
        // Work goes on meanwhile, and what is right is taken.
        cloud.known().goods.insert(SITE, Vec::new());
        within(async || running.agent.link.borrow().online).await;
    }
    cloud.known().goods.insert(SITE, vec![(Cursor(1), whole)]);
    within(async || cursor(&running, SITE, FeedStream::Goods).await == 1).await;
    assert_eq!(item(running.store(), case(1)).await, Some(told(1)));
    running.stop().await;
}

#[tokio::test]
async fn a_device_of_two_sites_hears_of_both() {
    let data = tempfile::tempdir().unwrap();
    let other = SiteId(2);
    let cloud = Cloud::start().await;
    {
        let mut known = cloud.known();
        known.sites = vec![SITE, other];
        known.digest = unit_digest();
        known.desk.insert(SITE, vec![task_page()]);
        known.desk.insert(other, vec![page(70, vec![FeedRow::Site(crate::cloud::site(other))])]);
        known.goods.insert(SITE, pages(3));
        known.goods.insert(other, vec![goods(vec![told(90)], 800, false)]);
    }
    enrol(&enrolment(&cloud, data.path(), TOKEN)).await.unwrap();
    let running = Running::start(data.path()).await;
    within(async || cursor(&running, other, FeedStream::Goods).await == 800).await;
    within(async || cursor(&running, SITE, FeedStream::Goods).await == 3).await;
    assert_eq!(cursor(&running, other, FeedStream::Desk).await, 70);
    for n in [0, 5, 90] {
        assert_eq!(item(running.store(), case(n)).await, Some(told(n)));
    }
    running.stop().await;
}

#[tokio::test]
async fn what_a_page_has_of_ours_is_not_done_twice() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    cloud.known().goods.insert(SITE, vec![goods(vec![told(1)], 1, false)]);
    let running = Running::start(data.path()).await;
    fed(&running).await;
    within(async || cursor(&running, SITE, FeedStream::Goods).await == 1).await;
    // The cloud's page counts our operation, and comes before anybody asked for its verdict with success.
    let counted = Item { version: Version(2), ..told(1) };
    cloud.known().verdicts_held = Some(FeedStream::Goods);
    let verify = VerifyPack { parent: case(1), seen: vec![unit(0)] };
    confirm(running.store(), operation(Action::VerifyPack(verify)), vec![]).await.unwrap();
    within(async || !cloud.known().verdicts.is_empty()).await;
    cloud.known().verdicts_held = Some(FeedStream::Goods);
    cloud.known().goods.insert(SITE, vec![goods(vec![counted.clone()], 2, false)]);
    within(async || cursor(&running, SITE, FeedStream::Goods).await == 2).await;
    assert_eq!(item(running.store(), case(1)).await, Some(counted));
    assert_eq!(running.store().read(outbox::backlog).await.unwrap().unjudged, 0);
    running.stop().await;
}

#[tokio::test]
async fn what_a_task_counts_of_ours_is_not_counted_twice() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    // The cloud's task counts our bottles, and comes before their verdict: enough is made only when it is.
    cloud.known().verdicts_held = Some(FeedStream::Desk);
    confirm(running.store(), pack(1, &[2, 3]), vec![]).await.unwrap();
    within(async || !cloud.known().verdicts.is_empty()).await;
    let task = TaskRow { made: 2, quantity: 4, state: TaskState::InWork, ..task_row() };
    let counted = page(9, vec![FeedRow::Task(task)]);
    cloud.known().desk.entry(SITE).or_default().push(counted);
    within(async || cursor(&running, SITE, FeedStream::Desk).await == 9).await;
    let standing = running.store().read(|conn| {
        let task = feed::task(conn, TASK)?.expect("the task");
        progress(conn, &task)
    });
    let standing = standing.await.unwrap();
    assert_eq!((standing.made, standing.state), (2, TaskState::InWork));
    running.stop().await;
}
