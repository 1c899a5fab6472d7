//! Verdicts: one per operation, in order, the same whoever judges; what they leave in items, history, feed.

use futures_util::future::join_all;
use sealtrace_cloud::codes::{Codebook, Resolved};
use sealtrace_cloud::ingest::judging::judge_round;
use sealtrace_cloud::store::{StoreError, ledger};
use sealtrace_cloud::writing;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Epoch, OperationId, Seq, SiteId, Version};
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Custody, Item, Level, Pack, Receive, Rejection, Relabel,
    RelabelReason, Ship, State, Unpack, Verdict,
};
use sealtrace_protocol::link::{FeedPage, FeedRow, GoodsPage};
use sealtrace_protocol::wire;
use sealtrace_protocol::wire::v1::Record;

use crate::engines::on_both_databases;
use crate::world::{TestDevice, UNITS_PER_CASE, World, code, logged};

async fn item(world: &World, code: Code) -> Option<Item> {
    let book = &world.cloud.codebook;
    let Resolved::Ours { key, .. } = book.resolve(&code) else { panic!("{code} is foreign") };
    let mut tx = world.cloud.store.read().await.unwrap();
    ledger::item(&mut tx, book, key).await.unwrap()
}

async fn count(world: &World, table: &str) -> i64 {
    let mut tx = world.cloud.store.read().await.unwrap();
    let sql = format!("select count(*) from {table}");
    tx.query_one(&sql, &[]).await.unwrap().get(0).unwrap()
}

/// Delivers one batch, has it judged, answers with its verdicts.
async fn done(world: &World, device: &mut TestDevice, records: &[Record]) -> Vec<Verdict> {
    let before = device.verdicts().await.len();
    let bytes = device.next(records, world.clock.now());
    let (status, answer) = device.deliver(&bytes).await;
    assert_eq!(status, 200, "{answer}");
    world.judge().await;
    device.verdicts().await.into_iter().skip(before).map(|(_, _, verdict)| verdict).collect()
}

fn applied(verdicts: &[Verdict]) -> usize {
    verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Applied { .. })).count()
}

fn rejections(verdicts: &[Verdict]) -> Vec<&'static str> {
    let rejection = |verdict: &Verdict| match verdict {
        Verdict::Quarantined { rejection } => Some(rejection.code()),
        Verdict::Applied { .. } | Verdict::Duplicate { .. } | Verdict::Frozen => None,
    };
    verdicts.iter().filter_map(rejection).collect()
}

fn pallet(world: &World, children: &[Code]) -> Record {
    let parent = world.codes(Level::Pallet)[0];
    let children = children.to_vec();
    let pack = Pack {
        parent,
        level: Level::Pallet,
        children,
        made: None,
        partial: None,
        mixed_lots: false,
    };
    Record::Made(world.operation(Action::Pack(pack)))
}

#[tokio::test(flavor = "multi_thread")]
async fn packing_relabelling_unpacking_and_shipping_leave_what_judge_says() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let cases = world.codes(Level::Case);
        let packs = [world.pack(0), world.pack(1), world.pack(2), pallet(&world, &cases[..3])];
        let verdicts = done(&world, &mut device, &packs).await;
        assert_eq!(applied(&verdicts), 4, "{verdicts:?}");

        let pallet_code = world.codes(Level::Pallet)[0];
        let root = item(&world, pallet_code).await.unwrap();
        assert_eq!((root.contents.units(), root.children), (12, 3));
        assert_eq!(root.custody, Some(Custody::At(world.site)));
        let case = item(&world, cases[1]).await.unwrap();
        assert_eq!((case.parent, case.custody), (Some(pallet_code), None));

        // A new label on the middle case: its units follow, the old code leads to the new one.
        let relabel = Relabel { old: cases[1], new: cases[9], reason: RelabelReason::Damaged };
        let verdicts =
            done(&world, &mut device, &[Record::Made(world.operation(Action::Relabel(relabel)))])
                .await;
        assert_eq!(applied(&verdicts), 1, "{verdicts:?}");
        let old = item(&world, cases[1]).await.unwrap();
        assert!(matches!(old.state, State::Replaced { by, .. } if by == cases[9]));
        let unit = world.codes(Level::Unit)[UNITS_PER_CASE];
        assert_eq!(item(&world, unit).await.unwrap().parent, Some(cases[9]));

        // Shipping the pallet changes the pallet's row and no other.
        let dealer = world.dealer("经销商").await;
        let document = world.document("SO-1", dealer, 12).await;
        let ship = Ship { codes: vec![pallet_code], document };
        let history = count(&world, "history").await;
        let verdicts =
            done(&world, &mut device, &[Record::Made(world.operation(Action::Ship(ship)))]).await;
        assert_eq!(applied(&verdicts), 1, "{verdicts:?}");
        assert_eq!(count(&world, "history").await, history + 1);
        let shipped = item(&world, pallet_code).await.unwrap();
        let custody = Custody::Shipped { from: world.site, to: dealer, document };
        assert_eq!(shipped.custody, Some(custody));
        let mut tx = world.cloud.store.read().await.unwrap();
        let moved = sealtrace_cloud::store::documents::document(&mut tx, document).await.unwrap();
        assert_eq!(moved.unwrap().lines[0].moved, 12);
        drop(tx);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_folds_to_the_items_and_every_version_is_there() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let cases = world.codes(Level::Case);
        let unpack = Record::Made(world.operation(Action::Unpack(Unpack::Whole(cases[0]))));
        let records = [world.pack(0), unpack, world.pack(0), world.pack(1)];
        let verdicts = done(&world, &mut device, &records).await;
        assert_eq!(applied(&verdicts), 4, "{verdicts:?}");
        let book = &world.cloud.codebook;
        let mut tx = world.cloud.store.read().await.unwrap();
        let rows = tx
            .query("select key, max(version), count(*) from history group by key", &[])
            .await
            .unwrap();
        assert_eq!(rows.len(), 10);
        for row in rows {
            let key = sealtrace_cloud::codes::ItemKey::from_number(row.get(0).unwrap());
            let newest: Version = row.get(1).unwrap();
            assert_eq!(row.get::<i64>(2).unwrap(), i64::from(newest.get()), "gapless");
            let now = ledger::item(&mut tx, book, key).await.unwrap();
            let then = ledger::at_version(&mut tx, key, newest).await.unwrap();
            assert_eq!(now, then);
        }
        drop(tx);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_count_is_quarantined_with_the_devices_own_words() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let units = world.codes(Level::Unit);
        let cases = world.codes(Level::Case);
        let foreign: Code = "7ZZZZZZZZZZZZZZZZ".parse().unwrap();
        let mut with_foreign = units[4..7].to_vec();
        with_foreign.push(foreign);
        let receive = Action::Receive(Receive { codes: vec![cases[7]], document: None });
        let records = [
            world.pack(0),
            world.pack_of(cases[2], with_foreign),
            world.pack_of(cases[3], units[8..10].to_vec()),
            world.pack_of(cases[4], units[0..4].to_vec()),
            Record::Made(world.operation(receive)),
        ];
        let verdicts = done(&world, &mut device, &records).await;
        assert_eq!(applied(&verdicts[..1]), 1);
        assert_eq!(rejections(&verdicts[1..4]), ["foreign", "too_few", "already_packed"]);
        // Two accepted operations contradict each other about the units of the first case.
        let disputed = item(&world, units[0]).await.unwrap();
        assert!(disputed.disputed);
        assert_eq!(disputed.parent, Some(cases[0]));
        let mut tx = world.cloud.store.read().await.unwrap();
        let row = tx.query_one("select count(*) from lots", &[]).await.unwrap();
        assert_eq!(row.get::<i64>(0).unwrap(), 1);
        drop(tx);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_can_be_undone_also_in_its_own_batch_until_something_moves_on() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let undo = |seq| {
            let names = OperationId { device: device.id, epoch: Epoch(1), seq: Seq(seq) };
            let correct = Correct { names, correction: Correction::Undo };
            Record::Made(world.operation(Action::Correct(correct)))
        };
        let unpack = Action::Unpack(Unpack::Whole(world.codes(Level::Case)[1]));
        let unpack = Record::Made(world.operation(unpack));
        let records =
            [world.pack(0), undo(1), world.pack(0), world.pack(1), unpack, undo(4), undo(77)];
        let verdicts = done(&world, &mut device, &records).await;
        assert_eq!(applied(&verdicts), 5, "{verdicts:?}");
        assert_eq!(rejections(&verdicts), ["moved_on", "no_such_operation"]);
        let mut tx = world.cloud.store.read().await.unwrap();
        let tasks = sealtrace_cloud::store::orders::order(&mut tx, world.order).await.unwrap();
        assert_eq!(tasks.unwrap().tasks[0].made, 8);
        drop(tx);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_that_judge_at_once_give_each_operation_one_verdict() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut devices = vec![world.device("one").await, world.device("two").await];
        // Both devices claim the same cases: of each pair one counts, whoever comes first.
        for case in 0..6 {
            for device in &mut devices {
                let bytes = device.next(&[world.pack(case)], world.clock.now());
                device.deliver(&bytes).await;
            }
        }
        let (store, now) = (&world.cloud.store, world.clock.now());
        let prefix = world.cloud.config.codes.company_prefix.clone();
        let judges = (0..4).map(|_| async {
            let codebook = Codebook::load(store, prefix.clone()).await.unwrap();
            while judge_round(store, &codebook, now).await.unwrap() > 0 {}
        });
        join_all(judges).await;
        let mut counted = 0;
        for device in &devices {
            let verdicts = device.verdicts().await;
            let seqs: Vec<u64> = verdicts.iter().map(|(_, seq, _)| *seq).collect();
            assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
            let verdicts: Vec<Verdict> =
                verdicts.into_iter().map(|(_, _, verdict)| verdict).collect();
            counted += applied(&verdicts);
        }
        assert_eq!(counted, 6);
        assert_eq!(count(&world, "items").await, 6 * 5);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_judges_by_itself_soon_after_a_delivery() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let bytes = device.next(&[world.pack(0)], world.clock.now());
        device.deliver(&bytes).await;
        let mut waited_ms = 0;
        while device.verdicts().await.is_empty() {
            assert!(waited_ms < 10_000, "nothing was judged");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            waited_ms += 20;
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_stream_does_not_hold_up_the_others() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut devices = [world.device("one").await, world.device("two").await];
        let first = devices[0].next(&[world.pack(0)], world.clock.now());
        let second = devices[0].next(&[world.pack(1)], world.clock.now());
        devices[0].deliver(&first).await;
        devices[0].deliver(&second).await;
        world.judge().await;
        let store = &world.cloud.store;
        let damaged: Result<(), StoreError> = writing!(store, |tx| {
            tx.execute("update batches set sealed = $1", &[vec![1_u8, 2, 3].into()]).await?;
            tx.execute("update streams set judged_batch = 1 where batch = 2", &[]).await?;
            Ok(())
        });
        damaged.unwrap();
        let bytes = devices[1].next(&[world.pack(2)], world.clock.now());
        devices[1].deliver(&bytes).await;
        world.judge().await;
        let verdicts = devices[1].verdicts().await;
        assert!(matches!(verdicts[0].2, Verdict::Applied { .. }), "{verdicts:?}");
        assert!(logged(&["ERROR", "a stream could not be judged"]));
        world.stop().await;
    })
    .await;
}

async fn goods(device: &TestDevice, site: SiteId, after: u64) -> GoodsPage {
    let url = device.url(&format!("feed/goods?site={site}&after={after}"));
    let response = device.http.get(url).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    wire::decode(&response.bytes().await.unwrap(), "page").unwrap()
}

/// The packages a page of the feed speaks of, and how many units each holds.
fn packages(page: &GoodsPage) -> Vec<(Code, u32)> {
    page.items.iter().map(|item| (item.code, item.contents.units())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_gets_a_pallet_is_told_of_the_cases_on_it() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut line = world.device("line").await;
        let mut warehouse = world.device_at("warehouse", world.other_site).await;
        let cases = world.codes(Level::Case);
        let packs = [world.pack(0), world.pack(1), pallet(&world, &cases[..2])];
        done(&world, &mut line, &packs).await;
        let site = world.other_site;
        assert_eq!(packages(&goods(&warehouse, site, 0).await), []);

        let pallet = world.codes(Level::Pallet)[0];
        let receive = Receive { codes: vec![pallet], document: None };
        let mut receive = world.operation(Action::Receive(receive));
        receive.site = site;
        done(&world, &mut warehouse, &[Record::Made(receive)]).await;
        let mut told = packages(&goods(&warehouse, site, 0).await);
        told.sort_unstable();
        assert_eq!(told, [(cases[0], 4), (cases[1], 4), (pallet, 8)]);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_tells_a_site_what_concerns_it_and_a_later_row_replaces_an_earlier_one() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let site = world.site;
        let (status, answer) = device.get(&format!("feed/desk?site={site}&after=0")).await;
        assert_eq!(status, 200, "{answer}");
        let desk: FeedPage = serde_json::from_value(answer).unwrap();
        assert!(!desk.more);
        let has = |test: fn(&FeedRow) -> bool| desk.rows.iter().any(|entry| test(&entry.row));
        assert!(has(|row| matches!(row, FeedRow::Task(_))));
        assert!(has(|row| matches!(row, FeedRow::Product(_))));
        assert!(has(|row| matches!(row, FeedRow::Roll(roll) if roll.level == Level::Unit)));
        assert!(desk.rows.is_sorted_by_key(|entry| entry.cursor));
        assert_eq!(desk.rows.last().unwrap().cursor, desk.cursor);

        done(&world, &mut device, &[world.pack(0), world.pack(1)]).await;
        let second = goods(&device, site, 0).await;
        let cases = world.codes(Level::Case);
        assert_eq!(packages(&second), [(cases[0], 4), (cases[1], 4)]);

        let unpack = Record::Made(world.operation(Action::Unpack(Unpack::Whole(cases[0]))));
        done(&world, &mut device, &[unpack]).await;
        let third = packages(&goods(&device, site, second.cursor.get()).await);
        assert!(third.contains(&(cases[0], 0)), "{third:?}");
        let whole = packages(&goods(&device, site, 0).await);
        assert!(whole.contains(&(cases[0], 0)) && whole.contains(&(cases[1], 4)), "{whole:?}");

        for stream in ["desk", "goods"] {
            let other = format!("feed/{stream}?site={}&after=0", world.other_site);
            let (status, answer) = device.get(&other).await;
            assert_eq!((status, code(&answer)), (403, "site_not_permitted"));
            let (status, answer) = device.get(&format!("feed/{stream}?site=x")).await;
            assert_eq!((status, code(&answer)), (400, "unreadable_query"));
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rejections_are_the_same_words_in_json() {
    let code: Code = "7ZZZZZZZZZZZZZZZZ".parse().unwrap();
    let verdict = Verdict::Quarantined { rejection: Rejection::Foreign { code } };
    let text = serde_json::to_string(&verdict).unwrap();
    assert_eq!(text, r#"{"quarantined":{"rejection":{"foreign":{"code":"7ZZZZZZZZZZZZZZZZ"}}}}"#);
}
