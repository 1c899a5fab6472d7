//! Who is told of what: each device exactly what its sites may see, and of bottles only those somebody may need.

use std::collections::BTreeSet;

use sealtrace_cloud::documents;
use sealtrace_cloud::organisations::Operators;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::ledger::{
    Action, Level, Pack, PartialReason, Receive, Relabel, RelabelReason, Ship, Unpack, Verdict,
};
use sealtrace_protocol::link::{FeedPage, FeedRow, GoodsPage};
use sealtrace_protocol::wire;
use sealtrace_protocol::wire::v1::Record;
use serde_json::json;

use crate::engines::on_both_databases;
use crate::world::{TestDevice, World, added};

/// A device that reads its sites' goods as they come.
struct Reader {
    device: TestDevice,
    site: SiteId,
    at: Cursor,
}

impl Reader {
    async fn new(world: &World, name: &str, site: SiteId) -> Self {
        Self { device: world.device_at(name, site).await, site, at: Cursor(0) }
    }

    /// The codes it is told of since it last asked.
    async fn news(&mut self) -> BTreeSet<Code> {
        let url = self.device.url(&format!("feed/goods?site={}&after={}", self.site, self.at));
        let response = self.device.http.get(url).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        let page: GoodsPage = wire::decode(&response.bytes().await.unwrap(), "goods").unwrap();
        self.at = page.cursor;
        let codes: BTreeSet<Code> = page.items.iter().map(|item| item.code).collect();
        assert_eq!(codes.len(), page.items.len());
        codes
    }

    /// Does something that counts.
    async fn does(&mut self, world: &World, action: Action) {
        let mut operation = world.operation(action);
        operation.site = self.site;
        self.sends(world, &[Record::Made(operation)]).await;
    }

    async fn sends(&mut self, world: &World, records: &[Record]) {
        let bytes = self.device.next(records, world.clock.now());
        let (status, answer) = self.device.deliver(&bytes).await;
        assert_eq!(status, 200, "{answer}");
        world.judge().await;
        let verdicts = self.device.verdicts().await;
        let last = verdicts.iter().rev().take(records.len());
        for (_, _, verdict) in last {
            assert!(matches!(verdict, Verdict::Applied { .. }), "{verdict:?}");
        }
    }

    async fn receives(&mut self, world: &World, code: Code) {
        self.does(world, Action::Receive(Receive { codes: vec![code], document: None })).await;
    }
}

fn set<'a>(codes: impl IntoIterator<Item = &'a Code>) -> BTreeSet<Code> {
    codes.into_iter().copied().collect()
}

fn partial(world: &World, case: Code, units: &[Code]) -> Record {
    let Record::Made(mut operation) = world.pack_of(case, units.to_vec()) else { panic!() };
    let Action::Pack(pack) = &mut operation.action else { panic!() };
    pack.partial = Some(PartialReason::EndOfTask);
    Record::Made(operation)
}

fn pallet(world: &World, cases: &[Code]) -> Action {
    Action::Pack(Pack {
        parent: world.codes(Level::Pallet)[0],
        level: Level::Pallet,
        children: cases.to_vec(),
        made: None,
        partial: None,
        mixed_lots: false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn bottles_are_told_of_open_cases_only_and_follow_them_to_whoever_gets_them() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let (units, cases) = (world.codes(Level::Unit), world.codes(Level::Case));
        let mut line = Reader::new(&world, "line", world.site).await;
        let mut store = Reader::new(&world, "store", world.other_site).await;
        line.sends(&world, &[world.pack(0), world.pack(1)]).await;
        assert_eq!(line.news().await, set(&cases[..2]), "full cases are told without bottles");

        // 尾箱: closed below its plan, more may be put in.
        line.sends(&world, &[partial(&world, cases[2], &units[8..10])]).await;
        assert_eq!(line.news().await, set([&cases[2], &units[8], &units[9]]));

        // A bottle is taken out: it stands alone now, and the others are needed to put one back.
        line.does(&world, Action::Unpack(Unpack::Child(units[0]))).await;
        let mut opened = set(&units[0..4]);
        opened.insert(cases[0]);
        assert_eq!(line.news().await, opened);
        // Another: nothing new about the two that stay.
        line.does(&world, Action::Unpack(Unpack::Child(units[1]))).await;
        assert_eq!(line.news().await, set([&cases[0], &units[1]]));

        // The pallet is opened as well when it loses a case, but has no bottles of its own.
        line.does(&world, pallet(&world, &cases[..3])).await;
        let on_pallet = set(cases[..3].iter().chain([&world.codes(Level::Pallet)[0]]));
        assert_eq!(line.news().await, on_pallet);
        store.receives(&world, world.codes(Level::Pallet)[0]).await;
        let mut arrived = on_pallet;
        arrived.extend([units[2], units[3], units[8], units[9]]);
        assert_eq!(store.news().await, arrived, "open cases bring their bottles");
        assert_eq!(line.news().await, set([&world.codes(Level::Pallet)[0]]));
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bottle_that_was_told_is_told_again_and_one_that_was_not_stays_unknown() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let (units, cases) = (world.codes(Level::Unit), world.codes(Level::Case));
        let mut line = Reader::new(&world, "line", world.site).await;
        let mut store = Reader::new(&world, "store", world.other_site).await;
        line.sends(&world, &[world.pack(0), world.pack(1)]).await;
        line.does(&world, Action::Unpack(Unpack::Whole(cases[0]))).await;
        let mut loose = set(&units[..4]);
        loose.extend(&cases[..2]);
        assert_eq!(line.news().await, loose);
        // Packed again: they were told to stand alone, and do not any more.
        line.sends(&world, &[world.pack_of(cases[3], units[..4].to_vec())]).await;
        let mut packed = set(&units[..4]);
        packed.insert(cases[3]);
        assert_eq!(line.news().await, packed);
        // A full case with a new label takes bottles along that nobody was told of.
        let relabel = |old, new| Relabel { old, new, reason: RelabelReason::Damaged };
        line.does(&world, Action::Relabel(relabel(cases[1], cases[4]))).await;
        assert_eq!(line.news().await, set([&cases[1], &cases[4]]));
        // An open one takes along bottles that were told, and is open under its new label too.
        line.does(&world, Action::Unpack(Unpack::Child(units[0]))).await;
        line.news().await;
        line.does(&world, Action::Relabel(relabel(cases[3], cases[5]))).await;
        assert_eq!(line.news().await, set([&cases[3], &cases[5], &units[1], &units[2], &units[3]]));
        store.receives(&world, cases[5]).await;
        assert_eq!(store.news().await, set([&cases[5], &units[1], &units[2], &units[3]]));
        // A bottle that moves by itself is told to whoever gets it and to whoever had it.
        line.news().await;
        store.receives(&world, units[0]).await;
        assert_eq!(store.news().await, set([&units[0]]));
        assert_eq!(line.news().await, set([&units[0]]));
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_that_follow_later_are_told_to_whoever_holds_the_package_by_then() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let (cases, outer) = (world.codes(Level::Case), world.codes(Level::Pallet)[0]);
        let mut line = Reader::new(&world, "line", world.site).await;
        let mut store = Reader::new(&world, "store", world.other_site).await;
        store.receives(&world, outer).await;
        assert_eq!(store.news().await, set([&outer]), "announced: real, contents unknown");
        let late = Record::Made(world.operation(pallet(&world, &cases[..2])));
        line.sends(&world, &[world.pack(0), world.pack(1), late]).await;
        let mut all = set(&cases[..2]);
        all.insert(outer);
        assert_eq!(store.news().await, all);
        world.stop().await;
    })
    .await;
}

/// What a device reads of a site's desk.
async fn desk(device: &TestDevice, site: SiteId) -> Vec<FeedRow> {
    let (status, answer) = device.get(&format!("feed/desk?site={site}&after=0")).await;
    assert_eq!(status, 200, "{answer}");
    let page: FeedPage = serde_json::from_value(answer).unwrap();
    page.rows.into_iter().map(|entry| entry.row).collect()
}

fn documents_in(rows: &[FeedRow]) -> BTreeSet<&str> {
    rows.iter()
        .filter_map(|row| match row {
            FeedRow::Document(row) => Some(row.number.as_str()),
            FeedRow::Site(_)
            | FeedRow::Owner(_)
            | FeedRow::Product(_)
            | FeedRow::Lot(_)
            | FeedRow::Dealer(_)
            | FeedRow::Operator(_)
            | FeedRow::Task(_)
            | FeedRow::Roll(_)
            | FeedRow::Carriers(_)
            | FeedRow::Labels(_) => None,
        })
        .collect()
}

fn has(rows: &[FeedRow], is: impl Fn(&FeedRow) -> bool) -> bool {
    rows.iter().any(is)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_device_is_told_exactly_what_its_sites_may_see() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let dealer = world.dealer("甲").await;
        for (login, site) in [("li", world.site), ("wang", world.other_site)] {
            let form = json!({"login": login, "name": login, "role": "operator", "pin": "2580",
                "sites": [site]});
            added::<Operators>(&world.cloud.store, form, world.clock.now()).await;
        }
        let line = documents::DraftLine {
            product: world.product.get(),
            unit: "case".to_owned(),
            quantity: 1,
        };
        let draft = |number: &str, kind: &str| documents::Draft {
            number: number.to_owned(),
            kind: kind.to_owned(),
            site: world.site.get(),
            lines: vec![line.clone()],
            ..documents::Draft::default()
        };
        let other = Some(world.other_site.get());
        world.approved(&documents::Draft { other, ..draft("T-1", "transfer") }).await;
        world.document("OUT-1", dealer, 4).await;
        world
            .approved(&documents::Draft {
                site: world.other_site.get(),
                ..draft("IN-1", "inbound")
            })
            .await;

        let here = world.device_at("here", world.site).await;
        let there = world.device_at("there", world.other_site).await;
        let (here_rows, there_rows) =
            (desk(&here, world.site).await, desk(&there, world.other_site).await);
        assert_eq!(documents_in(&here_rows), BTreeSet::from(["OUT-1", "T-1"]));
        assert_eq!(documents_in(&there_rows), BTreeSet::from(["IN-1", "T-1"]));
        let is_task = |row: &FeedRow| matches!(row, FeedRow::Task(_));
        assert!(has(&here_rows, is_task) && !has(&there_rows, is_task));
        let login = |rows: &[FeedRow], login: &str| {
            has(rows, |row| matches!(row, FeedRow::Operator(operator) if operator.login == login))
        };
        assert!(login(&here_rows, "li") && !login(&here_rows, "wang"));
        assert!(login(&there_rows, "wang") && !login(&there_rows, "li"));
        for rows in [&here_rows, &there_rows] {
            assert!(has(rows, |row| matches!(row, FeedRow::Product(_))), "both may have it");
            assert!(has(rows, |row| matches!(row, FeedRow::Dealer(_))));
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_are_told_where_they_are_where_they_were_and_nowhere_else() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let cases = world.codes(Level::Case);
        let mut line = Reader::new(&world, "line", world.site).await;
        let mut store = Reader::new(&world, "store", world.other_site).await;
        line.sends(&world, &[world.pack(0), world.pack(1)]).await;
        assert_eq!(store.news().await, BTreeSet::new());
        store.receives(&world, cases[1]).await;
        assert_eq!(store.news().await, set([&cases[1]]));
        assert_eq!(line.news().await, set(&cases[..2]));
        let dealer = world.dealer("甲").await;
        let document = world.document("OUT-1", dealer, 4).await;
        line.does(&world, Action::Ship(Ship { codes: vec![cases[0]], document })).await;
        assert_eq!(line.news().await, set([&cases[0]]));
        assert_eq!(store.news().await, BTreeSet::new());
        world.stop().await;
    })
    .await;
}
