//! `judge` against the naive model on random histories, and what acceptance order does and does not decide.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, DocumentId, OperatorId};
use sealtrace_protocol::ledger::{Custody, Item, Level, State, judge};

use crate::model::{Model, Place, Thing};
use crate::world::{DOCUMENTS, Ledger, codes, history, id};

fn place(ledger: &Ledger, item: &Item) -> Option<Place> {
    let mut root = item;
    while let Some(parent) = root.parent {
        root = &ledger.items[&parent];
    }
    root.custody.map(|custody| match custody {
        Custody::At(site) => Place::At(site),
        Custody::Sent { from, document, .. } => Place::Sent(from, document),
        Custody::Shipped { from, document, .. } => Place::Shipped(from, document),
        Custody::Lost { at } => Place::Lost(at),
        Custody::Gone { at, how } => Place::Gone(at, how),
    })
}

fn agree(ledger: &Ledger, model: &Model) -> Result<(), TestCaseError> {
    for (code, item) in &ledger.items {
        let Some(thing) = model.things.get(code) else {
            prop_assert!(!item.is_in_use(), "{code} is in use in the ledger only: {item:?}");
            prop_assert!(item.contents.is_empty() && item.children == 0);
            continue;
        };
        let here = Thing {
            level: item.level,
            parent: item.parent,
            place: place(ledger, item).expect("what is in use is somewhere"),
            real: item.state == State::Active,
            disputed: item.disputed,
            under: match item.state {
                State::Announced { under } => under,
                _ => None,
            },
        };
        prop_assert_eq!(&here, thing, "{} differs", code);
        prop_assert_eq!(item.contents.units(), model.units(*code), "contents of {}", code);
        prop_assert_eq!(item.children as usize, model.children(*code).len());
        prop_assert!(item.parent.is_none() || item.custody.is_none(), "custody sits on the root");
    }
    for code in model.things.keys() {
        prop_assert!(ledger.items.contains_key(code), "{code} is in the model only");
    }
    let written = ledger.written.iter().map(|(code, (fate, _))| (*code, *fate)).collect();
    prop_assert_eq!(&model.written, &written, "labels on nothing");
    for document in (1..=DOCUMENTS).map(DocumentId) {
        let moved = ledger.moved.get(&document).copied().unwrap_or_default();
        let naive = model.moved.get(&document).copied().unwrap_or_default();
        prop_assert_eq!(moved, naive, "under {}", document);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(1_500)))]

    #[test]
    fn judge_agrees_with_the_naive_model(history in history(0, 40)) {
        let (mut ledger, mut model) = (Ledger::default(), Model::default());
        for (seq, operation) in (1..).zip(&history) {
            let judged = ledger.accept(id(seq), operation);
            let naive = model.accept(id(seq), operation);
            prop_assert_eq!(judged.is_ok(), naive.is_ok(), "{:?} gave {:?}", operation, judged);
            if let Err(rejection) = &judged {
                model.dispute(operation, rejection);
            }
            agree(&ledger, &model)?;
        }
    }

    #[test]
    fn operations_on_disjoint_trees_commute(
        (ours, theirs) in (history(0, 25), history(1, 25)),
        turns in prop::collection::vec(any::<bool>(), 60),
    ) {
        // Documents are shared by design, so each world keeps to its own side of the fence.
        let ours: Vec<_> = ours.into_iter().filter(|o| o.document().is_none() && o.corrects().is_none()).collect();
        let theirs: Vec<_> = theirs.into_iter().filter(|o| o.corrects().is_none()).collect();
        let mut one = Ledger::default();
        for (seq, operation) in (1..).zip(ours.iter().chain(&theirs)) {
            let _ = one.accept(id(seq), operation);
        }
        let mut mixed = Ledger::default();
        let (mut left, mut right) = (ours.iter(), theirs.iter());
        let mut turns = turns.into_iter();
        let mut seq = 0;
        loop {
            let first = turns.next().unwrap_or_default();
            let next = if first { left.next().or_else(|| right.next()) } else { right.next().or_else(|| left.next()) };
            let Some(operation) = next else { break };
            seq += 1;
            let _ = mixed.accept(id(seq), operation);
        }
        prop_assert_eq!(one.items, mixed.items);
        prop_assert_eq!(one.moved, mixed.moved);
    }

    #[test]
    fn who_and_what_they_had_seen_does_not_change_the_outcome(history in history(0, 30)) {
        let (mut one, mut other) = (Ledger::default(), Ledger::default());
        for (seq, operation) in (1..).zip(&history) {
            let mut told = operation.clone();
            told.operator = told.operator.map(|_| OperatorId(7));
            told.basis = Cursor(seq);
            prop_assert_eq!(one.accept(id(seq), operation), other.accept(id(seq), &told));
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn nothing_outside_an_operations_trees_changes(history in history(0, 40)) {
        let mut ledger = Ledger::default();
        for (seq, operation) in (1..).zip(&history) {
            let before = ledger.clone();
            let named = codes(operation);
            let Ok(effects) = ledger.accept(id(seq), operation) else { continue };
            if operation.corrects().is_some() {
                continue;
            }
            for item in &effects.items {
                prop_assert!(related(&before, &named, item), "{} was not spoken of", item.code);
            }
        }
    }
}

#[test]
fn random_histories_get_every_kind_of_operation_accepted() {
    let mut runner = TestRunner::deterministic();
    let mut accepted = std::collections::BTreeMap::new();
    for _ in 0..300 {
        let history = history(0, 40).new_tree(&mut runner).unwrap().current();
        let mut ledger = Ledger::default();
        for (seq, operation) in (1..).zip(&history) {
            if ledger.accept(id(seq), operation).is_ok() {
                *accepted.entry(operation.action.kind()).or_insert(0) += 1;
            }
        }
    }
    let rare: Vec<_> = accepted.iter().filter(|(_, count)| **count < 10).collect();
    assert!(rare.is_empty() && accepted.len() == 19, "{accepted:?}");
}

/// Named itself, or above or directly below something named, or what a named code was replaced by.
fn related(before: &Ledger, named: &std::collections::BTreeSet<Code>, item: &Item) -> bool {
    let ancestors = |mut code: Code| {
        let mut all = vec![code];
        while let Some(known) = before.items.get(&code) {
            let next = match known.state {
                State::Replaced { by, .. } => Some(by),
                _ => known.parent,
            };
            let Some(next) = next else { break };
            all.push(next);
            code = next;
        }
        all
    };
    let reach: Vec<Code> = named.iter().flat_map(|code| ancestors(*code)).collect();
    reach.contains(&item.code)
        || before
            .items
            .get(&item.code)
            .and_then(|item| item.parent)
            .is_some_and(|p| reach.contains(&p))
}

#[test]
fn shipping_a_pallet_changes_one_item() {
    use sealtrace_protocol::ids::SiteId;
    use sealtrace_protocol::ledger::{Action, Facts, Operation, Presence, Ship};
    use sealtrace_protocol::time::{Stamp, Timestamp};

    use crate::world::{PRODUCT, lot, pallet};
    let mut ledger = Ledger::default();
    let pallet = pallet(0);
    let item = Item {
        code: pallet,
        level: Level::Pallet,
        state: State::Active,
        parent: None,
        custody: Some(Custody::At(SiteId(1))),
        contents: sealtrace_protocol::ledger::Contents::of(PRODUCT, lot(), 6),
        children: 2,
        disputed: false,
        version: sealtrace_protocol::ids::Version(1),
    };
    ledger.items.insert(pallet, item.clone());
    let operation = Operation {
        at: Stamp { wall: Timestamp(0), uncertainty_ms: 0 },
        operator: None,
        approver: None,
        site: SiteId(1),
        basis: Cursor(0),
        action: Action::Ship(Ship { codes: vec![pallet], document: DocumentId(1) }),
    };
    let mut facts = Facts::new();
    facts.set(pallet, Presence::Present(item));
    facts.set_document(ledger.document(DocumentId(1)));
    let effects = judge(&operation, &facts).unwrap();
    assert_eq!(effects.items.len(), 1);
    assert_eq!(effects.moves[0].on.units(), 6);
}
