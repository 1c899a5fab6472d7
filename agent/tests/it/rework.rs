//! Cases that a lane set aside come back through rework: what it was sure of is not scanned again.

use axum::http::StatusCode;
use sealtrace_agent::config::{Config, TaskSource};
use sealtrace_agent::input::reader::{Answer, Event, Heard};
use sealtrace_agent::lane::{self, Lane, Readers};
use sealtrace_agent::store::rejected::{self, Place};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::Action;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::floor::{PIN, SITE, agent, case, item, parent, printed, unit};
use crate::making::{approve, operation};
use crate::page::{Floor, page_of, said};

const LANE: &str = "灌装一线";

/// A lane that is told what passes, and the station beside it.
struct Line {
    floor: Floor,
    units: mpsc::Sender<Event>,
    cases: mpsc::Sender<Event>,
    lane: Lane,
}

async fn line() -> Line {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(folder.path(), Config::default()).await;
    let (units, hear_units) = mpsc::channel(1);
    let (cases, hear_cases) = mpsc::channel(1);
    let readers = Readers { units: hear_units, cases: hear_cases };
    let lane = lane::start_told(&agent, LANE, SITE, TaskSource::Open, readers).await.unwrap();
    let page = page_of(&agent, vec![lane.remote()]).await;
    let floor = Floor { folder, agent, page };
    floor.log_in("li").await;
    Line { floor, units, cases, lane }
}

async fn tell(reader: &mpsc::Sender<Event>, heard: Heard) {
    let (answer, answered) = oneshot::channel();
    reader.send(Event::Heard { heard, at_ms: 0, answer: Some(answer) }).await.unwrap();
    assert_eq!(answered.await, Ok(Answer::Good));
}

impl Line {
    /// Units pass; none where one cannot be read.
    async fn pass(&self, units: impl IntoIterator<Item = Option<u64>>) {
        for n in units {
            let heard = n.map_or(Heard::NoRead, |n| Heard::Text(printed(unit(n))));
            tell(&self.units, heard).await;
        }
    }

    /// The label passes, or nobody can read it.
    async fn label(&self, label: Option<u64>) {
        let heard = label.map_or(Heard::NoRead, |n| Heard::Text(printed(case(n))));
        tell(&self.cases, heard).await;
    }

    async fn rejected(&self) -> Vec<Value> {
        let answer = self.floor.get(&format!("lanes/{LANE}/rejected")).await;
        answer["rows"].as_array().unwrap().clone()
    }

    async fn open_exceptions(&self) -> usize {
        let open = self.floor.get("exceptions").await["rows"].as_array().unwrap().clone();
        let of_lane = open.iter().filter(|row| row["lane"] == LANE).count();
        let lanes = self.floor.get("lanes").await;
        assert_eq!(lanes["rows"][0]["exceptions"], of_lane, "the line screen says how many");
        open.len()
    }

    /// What is in a case, in the order of its packing.
    async fn inside(&self, seq: u64) -> Vec<Code> {
        let Action::Pack(pack) = operation(&self.floor, seq).await.action else {
            panic!("no pack")
        };
        pack.children
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_case_with_one_unread_bottle_only_that_bottle_is_scanned_again() {
    let line = line().await;
    line.pass([Some(0), None, Some(2)]).await;
    line.label(Some(0)).await;
    let rows = line.rejected().await;
    assert_eq!(
        (rows[0]["code"].clone(), rows[0]["reason"].clone(), rows[0]["sure"].clone()),
        (json!(case(0)), json!("no_read"), json!(2))
    );
    let doubtful = json!([{"place": 2, "code": null, "text": null, "reason": "no_read"}]);
    assert_eq!(rows[0]["doubtful"], doubtful);

    let floor = &line.floor;
    floor.open("rework", json!({})).await;
    let begun = floor.scan(case(0)).await;
    assert_eq!(said(&begun), ("accepted", "rework_begun"));
    assert_eq!((&begun["view"]["count"], &begun["view"]["of"]), (&json!(2), &json!(3)));
    assert_eq!(said(&floor.scan(unit(2)).await), ("refused", "in_it_already"));
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.scan(unit(59_999)).await).0, "refused");
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "operation_confirmed"));
    let store = &floor.agent.store;
    for n in 0..3 {
        assert_eq!(parent(store, unit(n)).await, Some(case(0)));
    }
    assert_eq!(line.inside(1).await, [unit(0), unit(2), unit(1)]);
    assert!(line.rejected().await.is_empty());

    // Taken back, it waits again.
    floor.command("undo").await;
    assert_eq!(parent(store, unit(0)).await, None);
    assert_eq!(line.rejected().await.len(), 1);
    drop(line.lane);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_whose_label_cannot_be_read_is_found_by_a_bottle_and_gets_a_label() {
    let line = line().await;
    line.pass([Some(0), Some(1), Some(2)]).await;
    line.label(None).await;
    let floor = &line.floor;
    floor.open("rework", json!({})).await;
    let begun = floor.scan(unit(0)).await;
    assert_eq!(said(&begun), ("accepted", "rework_begun"));
    assert_eq!(begun["view"]["prompt"]["code"], "scan_parent");
    assert_eq!(said(&floor.scan(case(4)).await), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, unit(2)).await, Some(case(4)));
    assert_eq!(line.open_exceptions().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_case_gets_the_bottle_that_is_missing() {
    let line = line().await;
    line.pass([Some(0), Some(1)]).await;
    line.label(Some(0)).await;
    let floor = &line.floor;
    floor.open("rework", json!({})).await;
    let begun = floor.scan(case(0)).await;
    assert_eq!(begun["view"]["prompt"]["code"], "scan_doubtful");
    assert_eq!(begun["view"]["prompt"]["params"]["missing"], 1);
    assert_eq!(said(&floor.scan(unit(2)).await), ("accepted", "operation_confirmed"));
    assert_eq!(item(&floor.agent.store, case(0)).await.unwrap().contents.units(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_case_with_one_too_many_one_is_taken_out() {
    let line = line().await;
    line.pass([Some(0), Some(1)]).await;
    line.label(Some(0)).await;
    // Two pictures of one case saw two bottles more than it holds; only whole-frame lanes get there.
    line.floor
        .agent
        .store
        .write(|tx| {
            let mut row = rejected::of_lane(tx, LANE)?.remove(0);
            let place = |n| Place { text: None, code: Some(unit(n)), fault: None };
            row.case.places.extend([place(2), place(3)]);
            rejected::keep(tx, row.exception, &row.case)
        })
        .await
        .unwrap();
    let floor = &line.floor;
    floor.open("rework", json!({})).await;
    assert_eq!(floor.scan(case(0)).await["view"]["prompt"]["code"], "scan_surplus");
    assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "taken_out"));
    // Now it is as it should be; its label confirms.
    assert_eq!(said(&floor.scan(case(0)).await), ("accepted", "operation_confirmed"));
    assert_eq!(line.inside(1).await, [unit(0), unit(2), unit(3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_gap_nothing_is_certain_and_every_bottle_is_scanned_again() {
    let line = line().await;
    line.pass([Some(0)]).await;
    line.units.send(Event::Restarted).await.unwrap();
    line.pass([Some(1), Some(2)]).await;
    line.label(Some(0)).await;
    let rows = line.rejected().await;
    assert_eq!((&rows[0]["unsure"], &rows[0]["sure"]), (&json!(true), &json!(0)));
    assert_eq!(rows[0]["doubtful"].as_array().unwrap().len(), 3);
    let floor = &line.floor;
    floor.open("rework", json!({})).await;
    floor.scan(case(0)).await;
    for n in [2, 0] {
        assert_eq!(said(&floor.scan(unit(n)).await), ("accepted", "accepted"));
    }
    // A scan is taken back, and the program goes on where it was.
    floor.command("undo").await;
    let again = page_of(&floor.agent, Vec::new()).await;
    let again =
        Floor { folder: tempfile::tempdir().unwrap(), agent: floor.agent.clone(), page: again };
    again.log_in("li").await;
    assert_eq!(again.view().await["count"], 1);
    again.scan(unit(0)).await;
    assert_eq!(said(&again.scan(unit(1)).await), ("accepted", "operation_confirmed"));
    assert_eq!(line.inside(1).await, [unit(2), unit(0), unit(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_lane_set_aside_is_no_rework_and_a_reworked_case_is_none_any_more() {
    let line = line().await;
    let floor = &line.floor;
    floor.open("rework", json!({})).await;
    assert_eq!(said(&floor.scan(case(0)).await), ("refused", "not_set_aside"));
    floor.command("acknowledge").await;
    line.pass([Some(0), Some(1)]).await;
    line.label(Some(0)).await;
    floor.scan(case(0)).await;
    floor.scan(unit(2)).await;
    assert_eq!(said(&floor.scan(case(0)).await), ("refused", "not_set_aside"));
    assert_eq!(line.open_exceptions().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_stays_short_is_closed_on_purpose() {
    let line = line().await;
    line.pass([Some(0), Some(1)]).await;
    line.label(Some(0)).await;
    let floor = &line.floor;
    floor.open("rework", json!({})).await;
    floor.scan(case(0)).await;
    assert_eq!(
        floor.command("close").await["view"]["asks"],
        "close",
        "a shortage is a supervisor's"
    );
    let (status, reply) = approve(floor, "wang", PIN).await;
    assert_eq!((status, said(&reply)), (StatusCode::OK, ("accepted", "operation_confirmed")));
    assert_eq!(item(&floor.agent.store, case(0)).await.unwrap().contents.units(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_not_there_has_no_rejected_cases() {
    let line = line().await;
    let answer = line.floor.page.get("/api/lanes/another/rejected").await;
    answer.assert_status(StatusCode::NOT_FOUND);
    assert_eq!(answer.json::<Value>()["error"]["code"], "no_such_lane");
}
