//! New labels for old at the page, also where the old one cannot be read.

use sealtrace_agent::config::Config;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::{Action, RelabelReason, State};
use serde_json::{Value, json};

use crate::floor::{
    OTHER_SITE, PRODUCT, agent, case, copy_of, hears_of, item, pallet, parent, unit,
};
use crate::making::operation;
use crate::moving::cased;
use crate::page::{Floor, page, said, signed_in};

/// Two cases of three on a pallet.
async fn stacked() -> Floor {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.packed(1, [3, 4, 5]).await;
    for code in [pallet(0), case(0), case(1)] {
        assert_eq!(floor.scan(code).await["tone"], "accepted");
    }
    floor
}

async fn search(floor: &Floor, scans: &[Code]) -> Value {
    floor.open("relabel", json!({"reason": "unreadable"})).await;
    let mut reply = Value::Null;
    for code in scans {
        reply = floor.scan(*code).await;
        assert_eq!(reply["tone"], "accepted", "{reply}");
    }
    reply
}

async fn replaced(floor: &Floor, old: Code) -> Option<Code> {
    match item(&floor.agent.store, old).await?.state {
        State::Replaced { by, .. } => Some(by),
        State::Free | State::Announced { .. } | State::Active => None,
    }
}

#[tokio::test]
async fn why_a_label_was_replaced_is_recorded() {
    let floor = stacked().await;
    for (n, word, reason) in
        [(0, "damaged", RelabelReason::Damaged), (1, "other", RelabelReason::Other)]
    {
        floor.open("relabel", json!({"reason": word})).await;
        floor.scan(unit(n)).await;
        assert_eq!(said(&floor.scan(unit(n + 20)).await), ("accepted", "operation_confirmed"));
        let Action::Relabel(relabel) = operation(&floor, 4 + n).await.action else { panic!() };
        assert_eq!(relabel.reason, reason);
        assert_eq!(parent(&floor.agent.store, unit(n + 20)).await, Some(case(0)));
    }
}

#[tokio::test]
async fn a_bottle_is_found_by_its_case_and_its_neighbours() {
    let floor = stacked().await;
    let reply = search(&floor, &[case(0), unit(0), unit(2)]).await;
    assert_eq!(said(&reply), ("accepted", "old_found"));
    assert_eq!(reply["message"]["params"]["code"], json!(unit(1)));
    assert_eq!((&reply["view"]["count"], &reply["view"]["of"]), (&json!(2), &json!(3)));
    assert_eq!(reply["view"]["parent"]["code"], json!(case(0)));
    assert_eq!(said(&floor.scan(unit(20)).await), ("accepted", "operation_confirmed"));
    assert_eq!(replaced(&floor, unit(1)).await, Some(unit(20)));
    let Action::Relabel(relabel) = operation(&floor, 4).await.action else { panic!() };
    assert_eq!((relabel.old, relabel.reason), (unit(1), RelabelReason::Unreadable));
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert_eq!(parent(&floor.agent.store, unit(1)).await, Some(case(0)));
}

#[tokio::test]
async fn a_case_is_found_by_a_bottle_in_it_by_its_pallet_or_by_the_other_case() {
    for scans in [vec![unit(4)], vec![pallet(0), case(0)], vec![case(0), pallet(0)], vec![case(0)]]
    {
        let floor = stacked().await;
        search(&floor, &scans).await;
        let reply = floor.scan(case(9)).await;
        assert_eq!(said(&reply), ("accepted", "operation_confirmed"), "{scans:?} {reply}");
        assert_eq!(replaced(&floor, case(1)).await, Some(case(9)), "{scans:?}");
        assert_eq!(parent(&floor.agent.store, unit(4)).await, Some(case(9)));
        assert_eq!(parent(&floor.agent.store, case(9)).await, Some(pallet(0)));
    }
}

#[tokio::test]
async fn as_long_as_several_could_be_meant_nothing_is_replaced() {
    let floor = stacked().await;
    search(&floor, &[unit(0)]).await;
    let reply = floor.scan(unit(20)).await;
    assert_eq!(said(&reply), ("refused", "old_not_found"));
    assert_eq!(reply["message"]["params"]["left"], 2);
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.scan(unit(3)).await), ("refused", "not_of_it"));
    floor.command("acknowledge").await;
    let before = floor.get("station").await;
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    let after = floor.get("station").await;
    assert_eq!((&after["count"], &after["parent"]), (&before["count"], &before["parent"]));
    floor.scan(unit(1)).await;
    assert_eq!(said(&floor.scan(unit(20)).await), ("accepted", "operation_confirmed"));
    assert_eq!(replaced(&floor, unit(2)).await, Some(unit(20)));
    assert_eq!(floor.get("exceptions").await["rows"], json!([]));
}

#[tokio::test]
async fn what_is_in_a_package_that_was_packed_elsewhere_is_not_guessed() {
    let floor = signed_in().await;
    hears_of(&floor.agent.store, cased(20, PRODUCT, OTHER_SITE)).await;
    search(&floor, &[case(20)]).await;
    let reply = floor.scan(unit(20)).await;
    assert_eq!(said(&reply), ("refused", "contents_unknown"));
    floor.command("acknowledge").await;
    floor.command("undo").await;
    assert_eq!(said(&floor.scan(unit(21)).await), ("refused", "contents_unknown"));
}
