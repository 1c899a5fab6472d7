//! What happens when operations meet: small histories told by hand, each ending in the one item that matters.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, DealerId, DocumentId, ProductId, SiteId, TaskId, Version};
use sealtrace_protocol::ledger::{
    Action, Commission, Contents, Correct, Correction, Custody, Document, DocumentLine, Effects,
    Facts, HOLDS_MAX, Issued, Item, Level, Made, Notice, Operation, Pack, Presence, Receive,
    Rejection, Relabel, RelabelReason, Route, Ship, State, Task, Unpack, VerifyPack, judge,
};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, TimeInterval, Timestamp};

use crate::world::{Ledger, PRODUCT, REVISION, case, id, lot, pallet, unit};

/// A ledger and how many operations it has heard.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) ledger: Ledger,
    seq: u64,
}

impl Story {
    /// An action at a time of the device's clock, at a site.
    pub(crate) fn at(
        &mut self,
        time: i64,
        site: u64,
        action: Action,
    ) -> Result<Effects, Rejection> {
        self.seq += 1;
        self.ledger.accept(id(self.seq), &operation(time, site, action))
    }

    /// An action at site 1, one minute after the one before.
    pub(crate) fn then(&mut self, action: Action) -> Result<Effects, Rejection> {
        let time = i64::try_from(self.seq).unwrap() * 60_000;
        self.at(time, 1, action)
    }

    pub(crate) fn item(&self, code: Code) -> &Item {
        &self.ledger.items[&code]
    }
}

pub(crate) fn operation(time: i64, site: u64, action: Action) -> Operation {
    Operation {
        at: Stamp { wall: Timestamp(time), uncertainty_ms: 5 },
        operator: None,
        approver: None,
        site: SiteId(site),
        basis: Cursor(0),
        action,
    }
}

const MADE: fn() -> Made =
    || Made { task: TaskId(1), product: PRODUCT, lot: lot(), plan: REVISION };

fn commission(codes: &[Code]) -> Action {
    Action::Commission(Commission { codes: codes.to_vec(), made: MADE() })
}

/// Three units into a case, as planned.
pub(crate) fn pack_case(parent: Code, children: &[Code]) -> Action {
    let children = children.to_vec();
    Action::Pack(Pack {
        parent,
        level: Level::Case,
        children,
        made: Some(MADE()),
        partial: None,
        mixed_lots: false,
    })
}

/// Anything onto a pallet, without a plan.
fn pack_pallet(parent: Code, children: &[Code]) -> Action {
    let children = children.to_vec();
    Action::Pack(Pack {
        parent,
        level: Level::Pallet,
        children,
        made: None,
        partial: None,
        mixed_lots: false,
    })
}

fn receive(codes: &[Code]) -> Action {
    Action::Receive(Receive { codes: codes.to_vec(), document: None })
}

fn relabel(old: Code, new: Code) -> Action {
    Action::Relabel(Relabel { old, new, reason: RelabelReason::Damaged })
}

/// Documents 1 and 3 leave from site 1, document 2 from site 2.
pub(crate) fn ship(codes: &[Code], document: u64) -> Action {
    Action::Ship(Ship { codes: codes.to_vec(), document: DocumentId(document) })
}

#[test]
fn a_unit_registered_after_it_was_packed_stays_in_its_package() {
    let mut story = Story::default();
    story.then(receive(&[unit(1)])).unwrap();
    story.then(pack_pallet(pallet(0), &[unit(1)])).unwrap();
    assert_eq!(story.item(unit(1)).state, State::Announced { under: None });
    assert!(story.item(pallet(0)).contents.is_empty());
    story.then(commission(&[unit(1)])).unwrap();
    assert_eq!(story.item(unit(1)).parent, Some(pallet(0)));
    assert_eq!(story.item(unit(1)).state, State::Active);
    assert_eq!(story.item(pallet(0)).contents.units(), 1);
}

#[test]
fn a_child_with_two_parents_is_disputed_until_one_is_opened() {
    let mut story = Story::default();
    story.then(pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    let second = story.then(pack_case(case(1), &[unit(3), unit(4), unit(2)]));
    assert_eq!(second, Err(Rejection::AlreadyPacked { code: unit(2), parent: case(0) }));
    assert!(story.item(unit(2)).disputed);
    assert!(!story.item(unit(1)).disputed);
    assert_eq!(story.item(unit(2)).parent, Some(case(0)), "first stays");

    story.then(Action::Unpack(Unpack::Whole(case(0)))).unwrap();
    story.then(pack_case(case(1), &[unit(3), unit(4), unit(2)])).unwrap();
    assert_eq!(story.item(unit(2)).parent, Some(case(1)));
}

#[test]
fn a_disputed_child_is_found_under_its_new_label() {
    let mut story = Story::default();
    story.at(0, 1, pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    story.at(100, 1, relabel(unit(2), unit(9))).unwrap();
    let late = story.at(50, 1, pack_case(case(1), &[unit(3), unit(4), unit(2)]));
    assert_eq!(late, Err(Rejection::AlreadyPacked { code: unit(9), parent: case(0) }));
    assert!(story.item(unit(9)).disputed);
}

#[test]
fn everything_two_sites_shipped_is_disputed_and_nothing_else() {
    let mut story = Story::default();
    story.then(ship(&[case(0), case(1)], 1)).unwrap();
    let second = story.at(0, 2, ship(&[case(2), case(0), case(1)], 2)).unwrap_err();
    assert!(matches!(second, Rejection::AlreadyShipped { code, .. } if code == case(0)));
    assert!(story.item(case(0)).disputed && story.item(case(1)).disputed);
    assert!(!story.ledger.items.contains_key(&case(2)), "the second shipment does not count");
    let third = story.then(ship(&[case(0)], 3)).unwrap_err();
    assert_eq!(third, Rejection::Disputed { code: case(0) });
}

#[test]
fn the_same_shipment_reported_twice_disputes_nothing() {
    let mut story = Story::default();
    story.then(ship(&[case(0)], 1)).unwrap();
    story.then(ship(&[case(0)], 1)).unwrap_err();
    assert!(!story.item(case(0)).disputed);
}

#[test]
fn no_package_holds_more_than_any_package_can() {
    let mut story = Story::default();
    let many: Vec<Code> = (0..=u64::from(HOLDS_MAX)).map(case).collect();
    let refused = story.then(pack_pallet(pallet(0), &many)).unwrap_err();
    assert_eq!(refused.code(), "too_many");
}

#[test]
fn circles_in_what_a_device_pieced_together_end() {
    let (one, other) = (case(0), case(1));
    let item = |code, level, parent, state| Item {
        code,
        level,
        state,
        parent,
        custody: None,
        contents: Contents::none(),
        children: 1,
        disputed: false,
        version: Version(1),
    };
    let operation = operation(0, 1, receive(&[one]));
    let mut facts = Facts::new();
    facts.set(one, Presence::Present(item(one, Level::Case, Some(other), State::Active)));
    facts.set(other, Presence::Present(item(other, Level::Pallet, Some(one), State::Active)));
    assert!(judge(&operation, &facts).is_ok());

    let at = operation.at.interval();
    let later = TimeInterval { earliest: at.latest.plus_ms(1), latest: at.latest.plus_ms(1) };
    let replaced = |by| State::Replaced { by, at: later };
    facts.set(one, Presence::Present(item(one, Level::Case, None, replaced(other))));
    facts.set(other, Presence::Present(item(other, Level::Case, None, replaced(one))));
    assert_eq!(judge(&operation, &facts).unwrap_err().code(), "replaced");
}

#[test]
fn a_replaced_label_is_not_followed_to_a_code_nobody_looked_up() {
    let mut story = Story::default();
    story.at(0, 1, commission(&[unit(0)])).unwrap();
    story.at(100, 1, relabel(unit(0), unit(1))).unwrap();
    let mut facts = Facts::new();
    facts.set(unit(0), Presence::Present(story.item(unit(0)).clone()));
    let late = judge(&operation(50, 1, receive(&[unit(0)])), &facts);
    assert_eq!(late, Err(Rejection::Replaced { code: unit(0), by: unit(1) }));
}

#[test]
fn a_package_seen_before_a_label_was_replaced_is_complete() {
    let mut story = Story::default();
    let inside = [unit(0), unit(1), unit(2)];
    story.at(0, 1, pack_case(case(0), &inside)).unwrap();
    story.at(100, 1, relabel(unit(2), unit(9))).unwrap();
    let verify = || Action::VerifyPack(VerifyPack { parent: case(0), seen: inside.to_vec() });
    let late = story.at(50, 1, verify()).unwrap();
    assert_eq!(late.notices, [Notice::Complete { parent: case(0), units: 3 }]);
    let after = story.at(200, 1, verify()).unwrap();
    let (missing, foreign) = (vec![unit(9)], vec![unit(2)]);
    assert_eq!(after.notices, [Notice::Differs { parent: case(0), missing, foreign }]);
}

#[test]
fn a_code_that_is_free_again_still_stands_for_what_it_was_issued_for() {
    let mut story = Story::default();
    story.then(commission(&[unit(0)])).unwrap();
    let undo = Correct { names: id(1), correction: Correction::Undo };
    story.then(Action::Correct(undo)).unwrap();
    assert_eq!(story.item(unit(0)).state, State::Free);
    let again = operation(0, 1, commission(&[unit(0)]));
    let mut facts = story.ledger.facts(&again);
    assert!(judge(&again, &facts).is_ok());
    let other = ProductId(PRODUCT.get() + 1);
    facts.set_issued(unit(0), Issued { level: Level::Unit, product: Some(other), carrier: false });
    assert_eq!(judge(&again, &facts).unwrap_err().code(), "wrong_product");
}

#[test]
fn only_what_the_task_makes_goes_into_its_package() {
    let mut story = Story::default();
    story.then(commission(&[unit(0)])).unwrap();
    let pack = operation(0, 1, pack_case(case(0), &[unit(0), unit(1), unit(2)]));
    let facts = story.ledger.facts(&pack);
    assert!(judge(&pack, &facts).is_ok());
    let with = |product, lot: &str| {
        let contents = Contents::of(product, Lot::new(lot).unwrap(), 1);
        let mut facts = facts.clone();
        facts.set(unit(0), Presence::Present(Item { contents, ..story.item(unit(0)).clone() }));
        judge(&pack, &facts).unwrap_err().code()
    };
    assert_eq!(with(PRODUCT, "L2"), "wrong_lot");
    assert_eq!(with(ProductId(2), "L1"), "wrong_product");
}

#[test]
fn a_task_is_for_its_own_site_product_and_lot() {
    let story = Story::default();
    let commission = operation(0, 1, commission(&[unit(0)]));
    let facts = story.ledger.facts(&commission);
    let task = facts.task.clone().unwrap();
    let with = |task| {
        let mut facts = facts.clone();
        facts.task = task;
        judge(&commission, &facts).map(|_| ()).map_err(|rejection| rejection.code())
    };
    assert_eq!(with(Some(task.clone())), Ok(()));
    for other in [
        Task { id: TaskId(9), ..task.clone() },
        Task { site: SiteId(2), ..task.clone() },
        Task { product: ProductId(2), ..task.clone() },
        Task { lot: Lot::new("L2").unwrap(), ..task },
    ] {
        assert_eq!(with(Some(other)), Err("task_closed"));
    }
    assert_eq!(with(None), Err("task_closed"));
}

#[test]
fn a_document_lets_out_what_it_asks_for_and_says_what_it_implies() {
    let mut story = Story::default();
    let cases = [case(0), case(1)];
    for (case, first) in cases.iter().zip([0, 3]) {
        story.then(pack_case(*case, &[unit(first), unit(first + 1), unit(first + 2)])).unwrap();
    }
    let shipped = operation(0, 2, ship(&cases, 2));
    let facts = story.ledger.facts(&shipped);
    let document = facts.document(DocumentId(2)).cloned().unwrap();
    let line = document.lines[0];
    let with = |document| {
        let mut facts = facts.clone();
        facts.set_document(document);
        judge(&shipped, &facts).map_err(|rejection| rejection.code())
    };
    let asks = |units| Document { lines: vec![DocumentLine { units, ..line }], ..document.clone() };
    assert_eq!(with(asks(5)), Err("over"));
    let implied = cases.map(|code| Notice::ImpliedReceipt { code, from: SiteId(1) });
    assert_eq!(with(asks(6)).unwrap().notices, implied);
    assert_eq!(with(Document { lines: vec![], ..document.clone() }), Err("not_on_document"));
    assert_eq!(with(Document { open: false, ..document.clone() }), Err("document_closed"));
    let inbound = Route::Inbound { from: None, to: SiteId(2) };
    assert_eq!(with(Document { route: inbound, ..document.clone() }), Err("wrong_document"));
    let elsewhere = Route::Outbound { from: SiteId(1), to: DealerId(2) };
    assert_eq!(with(Document { route: elsewhere, ..document }), Err("wrong_site"));

    story.then(ship(&[case(0)], 1)).unwrap();
    let again = story.then(ship(&[case(0)], 3)).unwrap();
    assert_eq!(again.notices, [Notice::ImpliedReturn { code: case(0) }]);
    let moved: Vec<_> = again.moves.iter().map(|m| (m.document.get(), m.on.units())).collect();
    assert_eq!(moved, [(3, 3)], "the first shipment did happen");

    let unheard = operation(0, 2, ship(&[case(4)], 2));
    let mut facts = story.ledger.facts(&unheard);
    let other = Issued { level: Level::Case, product: Some(ProductId(2)), carrier: false };
    facts.set(case(4), Presence::Absent(other));
    assert_eq!(judge(&unheard, &facts).unwrap_err().code(), "not_on_document");
}

#[test]
fn a_new_label_is_for_the_same_product() {
    let mut story = Story::default();
    story.then(commission(&[unit(0)])).unwrap();
    let relabel = operation(0, 1, relabel(unit(0), unit(9)));
    let mut facts = story.ledger.facts(&relabel);
    let other = Issued { level: Level::Unit, product: Some(ProductId(2)), carrier: false };
    facts.set(unit(9), Presence::Absent(other));
    assert_eq!(judge(&relabel, &facts).unwrap_err().code(), "wrong_product");
    facts.set(unit(9), Presence::Unknown);
    let effects = judge(&relabel, &facts).unwrap();
    assert_eq!(effects.notices, [Notice::Provisional { code: unit(9) }]);
    assert_eq!(effects.items.len(), 2);
}

#[test]
fn what_touches_in_time_is_not_before() {
    let span = |earliest, latest| TimeInterval {
        earliest: Timestamp(earliest),
        latest: Timestamp(latest),
    };
    assert!(span(0, 4).before(span(5, 9)));
    assert!(!span(0, 5).before(span(5, 9)));
}

#[test]
fn a_device_writes_only_what_it_can_know_of_unknown_codes() {
    let story = Story::default();
    let pallet_of = |made| {
        let children = vec![case(0), case(1)];
        let (parent, level) = (pallet(0), Level::Pallet);
        operation(
            0,
            1,
            Action::Pack(Pack { parent, level, children, made, partial: None, mixed_lots: false }),
        )
    };
    let planned = pallet_of(Some(MADE()));
    let mut facts = Facts::new();
    facts.task = story.ledger.facts(&planned).task;
    let effects = judge(&planned, &facts).unwrap();
    assert_eq!(effects.notices.len(), 3, "package and children, each taken on trust");
    for item in &effects.items[..2] {
        assert_eq!((item.state, item.level), (State::Announced { under: None }, Level::Case));
        assert_eq!((item.parent, item.custody), (Some(pallet(0)), None));
    }
    assert!(effects.items[2].contents.is_empty());
    assert_eq!(judge(&pallet_of(None), &facts).unwrap_err().code(), "not_in_use");
    for action in [receive(&[case(0)]), Action::Unpack(Unpack::Whole(case(0)))] {
        let effects = judge(&operation(0, 1, action), &facts).unwrap();
        assert_eq!((effects.items.len(), effects.notices.len()), (0, 1));
    }
}

#[test]
fn what_leaves_a_shipped_pallet_takes_its_custody_and_contents_along() {
    let mut story = Story::default();
    for (n, first) in [(0, 0), (1, 3)] {
        story.then(pack_case(case(n), &[unit(first), unit(first + 1), unit(first + 2)])).unwrap();
    }
    story.then(pack_pallet(pallet(0), &[case(0), case(1)])).unwrap();
    assert_eq!(story.item(case(0)).custody, None);
    story.then(ship(&[pallet(0)], 1)).unwrap();
    let shipped = story.item(pallet(0)).custody;
    story.then(Action::Unpack(Unpack::Child(case(0)))).unwrap();
    assert_eq!(story.item(case(0)).custody, shipped);
    assert_eq!(story.item(pallet(0)).contents.units(), 3);
    let packed = story.then(pack_pallet(pallet(1), &[case(0)])).unwrap_err();
    assert_eq!(packed.code(), "already_shipped");
    let undo = Correct { names: id(4), correction: Correction::Undo };
    assert_eq!(story.then(Action::Correct(undo)).unwrap_err().code(), "moved_on");
}

#[test]
fn a_disputed_child_that_somebody_received_alone_is_settled() {
    let mut story = Story::default();
    story.then(pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    story.then(pack_case(case(1), &[unit(3), unit(4), unit(2)])).unwrap_err();
    story.at(0, 2, receive(&[unit(2)])).unwrap();
    assert!(!story.item(unit(2)).disputed);
    story.at(0, 2, pack_pallet(pallet(0), &[unit(2)])).unwrap();
}

#[test]
fn a_pallet_received_before_its_packing_was_heard_of_is_packed_all_the_same() {
    let mut story = Story::default();
    story.at(0, 1, pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    story.at(1, 2, receive(&[pallet(0)])).unwrap();
    let late = story.at(2, 1, pack_pallet(pallet(0), &[case(0)])).unwrap();
    assert_eq!(late.notices, [Notice::ImpliedReceipt { code: pallet(0), from: SiteId(1) }]);
    let pallet = story.item(pallet(0));
    assert_eq!(pallet.custody, Some(Custody::At(SiteId(2))), "it is where it has got to");
    assert_eq!((pallet.contents.units(), pallet.state), (3, State::Active));
}

#[test]
fn a_pallet_shipped_before_its_packing_was_heard_of_counts_once_it_is() {
    let mut story = Story::default();
    story.at(0, 1, pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    let early = story.at(1, 2, ship(&[pallet(0)], 2)).unwrap();
    assert!(early.moves.is_empty(), "nobody knows yet what left");
    let late = story.at(2, 1, pack_pallet(pallet(0), &[case(0)])).unwrap();
    assert_eq!(late.moves[0].on.units(), 3);
    assert!(matches!(story.item(pallet(0)).custody, Some(Custody::Shipped { .. })));
    assert_eq!(story.item(case(0)).custody, None);
}

#[test]
fn children_from_two_places_are_never_packed_together() {
    let mut story = Story::default();
    story.at(0, 1, pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    story.at(1, 1, pack_case(case(1), &[unit(3), unit(4), unit(5)])).unwrap();
    story.at(2, 2, receive(&[case(1)])).unwrap();
    let refused = story.at(3, 1, pack_pallet(pallet(0), &[case(0), case(1)]));
    assert_eq!(refused, Err(Rejection::CustodyDiffers { code: case(1), parent: pallet(0) }));
}

#[test]
fn what_was_done_at_one_site_is_not_undone_at_another() {
    let mut story = Story::default();
    story.at(0, 1, commission(&[unit(0)])).unwrap();
    let undo = || Action::Correct(Correct { names: id(1), correction: Correction::Undo });
    let elsewhere = Rejection::DoneElsewhere { names: id(1), site: SiteId(1) };
    assert_eq!(story.at(1, 2, undo()), Err(elsewhere));
    story.at(2, 1, undo()).unwrap();
    assert_eq!(story.item(unit(0)).state, State::Free);
}

#[test]
fn a_device_acts_only_where_it_may_work() {
    let operation = operation(0, 3, receive(&[case(0)]));
    let mut facts = Facts::new();
    facts.sites = Some(vec![SiteId(1), SiteId(2)]);
    let refused = judge(&operation, &facts);
    assert_eq!(refused, Err(Rejection::SiteNotPermitted { site: SiteId(3) }));
    facts.sites = Some(vec![SiteId(3)]);
    judge(&operation, &facts).unwrap();
}

#[test]
fn an_operation_speaks_of_a_bounded_number_of_codes() {
    let many: Vec<Code> = (0..2_001).map(unit).collect();
    let refused = judge(&operation(0, 1, receive(&many)), &Facts::new());
    assert_eq!(refused, Err(Rejection::TooManyCodes { count: 2_001, limit: 2_000 }));
}

/// What a device knows of codes from a roll: that they were issued.
fn from_the_roll(codes: &[(Code, Level)]) -> Facts {
    let mut facts = Facts::new();
    for (code, level) in codes {
        let issued = Issued { level: *level, product: Some(PRODUCT), carrier: false };
        facts.set(*code, Presence::Untold(issued));
    }
    facts
}

#[test]
fn a_device_packs_fresh_units_from_a_roll_without_a_doubt() {
    let units = [unit(0), unit(1), unit(2)];
    let mut facts = from_the_roll(&[
        (case(0), Level::Case),
        (units[0], Level::Unit),
        (units[1], Level::Unit),
        (units[2], Level::Unit),
    ]);
    facts.task = Ledger::default().context(&operation(0, 1, pack_case(case(0), &units))).task;
    let effects = judge(&operation(0, 1, pack_case(case(0), &units)), &facts).unwrap();
    assert_eq!(effects.notices, []);
    assert_eq!(effects.items.len(), 4);
}

#[test]
fn a_device_takes_on_trust_what_was_packed_elsewhere() {
    let facts = from_the_roll(&[(case(0), Level::Case), (pallet(0), Level::Pallet)]);
    let doubt = |code| Notice::Provisional { code };
    let told = |action| judge(&operation(0, 1, action), &facts).unwrap().notices;
    assert_eq!(told(Action::Unpack(Unpack::Whole(case(0)))), [doubt(case(0))]);
    assert_eq!(told(relabel(case(0), case(1))), [doubt(case(0)), doubt(case(1))]);
    assert_eq!(told(pack_pallet(pallet(0), &[case(0)])), [doubt(case(0))]);
    assert_eq!(told(receive(&[pallet(0)])), [doubt(pallet(0))]);
}
