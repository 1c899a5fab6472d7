//! Receiving and shipping: what is refused at the scan, and what the document counts.

use sealtrace_protocol::ids::{DealerId, DocumentId};
use sealtrace_protocol::ledger::{
    DestroyReason, Document, DocumentLine, LotStatus, LotTerms, Party, Permit, Route, SampleReason,
};

use super::*;

const DOCUMENT: DocumentId = DocumentId(4);
const DEALER: DealerId = DealerId(9);

fn sheet() -> Sheet {
    Sheet { document: DOCUMENT, shared: Vec::new() }
}

fn ship() -> Machine {
    Machine::Load(Load::new(Errand::Ship(sheet())))
}

/// The document asks for this many units of the product, of which some have moved.
fn put_document(facts: &mut Facts, route: Route, units: u32, moved: u32) {
    let lines = vec![DocumentLine { product: PRODUCT, units, moved }];
    facts.set_document(Document { id: DOCUMENT, route, open: true, lines, sets: Vec::new() });
}

const OUT: Route = Route::Outbound { from: SITE, to: DEALER };
const IN: Route = Route::Inbound { from: None, to: SITE };

/// Two cases of three; the first is here, the second elsewhere.
fn stocked() -> Facts {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    put_case(&mut facts, case(1), [unit(3), unit(4), unit(5)]);
    let elsewhere = Some(Custody::At(SiteId(2)));
    let item = Item { custody: elsewhere, ..item(case(1), Level::Case, None, 3) };
    facts.set(case(1), Presence::Present(item));
    facts
}

#[test]
fn a_load_is_shipped_as_one_operation_and_too_much_is_refused_at_the_scan() {
    let mut facts = stocked();
    put_document(&mut facts, OUT, 4, 0);
    let mut machine = ship();
    let step = scan(&mut machine, &facts, case(0));
    assert_eq!(step.say.message.params["units"], 3);
    assert_eq!(machine.face().load, Contents::of(PRODUCT, lot(), 3));
    assert_eq!(word(&scan(&mut machine, &facts, case(1))), "over");
    assert_eq!(machine.face().load.units(), 3);
    let step = confirm(&mut machine);
    let Then::Confirm { action: Action::Ship(ship), .. } = step.then else { panic!() };
    assert_eq!(ship.codes, [case(0)]);
    assert_eq!(word(&confirm(&mut machine)), "not_open");
    assert!(machine.face().load.is_empty());
}

#[test]
fn more_than_the_devices_share_is_refused_as_that() {
    let mut facts = stocked();
    put_document(&mut facts, OUT, 4, 2);
    let sheet = Sheet { document: DOCUMENT, shared: vec![PRODUCT] };
    let step = scan(&mut Machine::Load(Load::new(Errand::Ship(sheet))), &facts, case(0));
    assert_eq!((step.say.tone, word(&step)), (Tone::Refused, "over_share"));
    assert_eq!(step.say.message.params["ordered"], 4);
}

#[test]
fn what_must_not_go_to_this_dealer_is_refused_at_the_scan() {
    let may_ship = |change: &dyn Fn(&mut Facts)| {
        let mut facts = stocked();
        put_document(&mut facts, OUT, 40, 0);
        change(&mut facts);
        word(&scan(&mut ship(), &facts, case(0))).to_owned()
    };
    let lot_is = |status, dealer| {
        move |facts: &mut Facts| {
            facts.set_lot(PRODUCT, lot(), LotTerms { status, dealer });
            facts.rules.pending_may_ship = false;
        }
    };
    assert_eq!(may_ship(&lot_is(LotStatus::Released, None)), "accepted");
    assert_eq!(may_ship(&lot_is(LotStatus::Blocked, None)), "lot_blocked");
    assert_eq!(may_ship(&lot_is(LotStatus::Pending, None)), "lot_pending");
    assert_eq!(may_ship(&lot_is(LotStatus::Released, Some(DealerId(8)))), "wrong_dealer");
    let nobody = Permit { sites: None, dealers: Some(Vec::new()) };
    assert_eq!(may_ship(&|facts| facts.set_permit(PRODUCT, nobody.clone())), "unauthorised");
    let elsewhere =
        Item { custody: Some(Custody::At(SiteId(2))), ..item(case(0), Level::Case, None, 3) };
    let not_here = |facts: &mut Facts| {
        facts.set(case(0), Presence::Present(elsewhere.clone()));
        facts.rules.implied_receipt = false;
    };
    assert_eq!(may_ship(&not_here), "not_received");
}

#[test]
fn what_is_here_already_is_not_received_again() {
    let facts = stocked();
    let mut machine = Machine::Load(Load::new(Errand::Receive(None)));
    assert_eq!(word(&scan(&mut machine, &facts, case(0))), "already_here");
    assert_eq!(scan(&mut machine, &facts, case(1)).then, Then::Draft(Role::Top));
    let Then::Confirm { action: Action::Receive(receive), .. } = confirm(&mut machine).then else {
        panic!("nothing was received")
    };
    assert_eq!((receive.document, receive.codes.as_slice()), (None, &[case(1)][..]));
}

#[test]
fn goods_are_received_against_their_document_and_no_more_than_it_asks_for() {
    let receive = || Machine::Load(Load::new(Errand::Receive(Some(sheet()))));
    let mut facts = stocked();
    put_document(&mut facts, IN, 4, 0);
    let mut machine = receive();
    assert_eq!(word(&scan(&mut machine, &facts, case(1))), "accepted");
    assert_eq!(machine.face().load.units(), 3);
    let Then::Confirm { action: Action::Receive(received), .. } = confirm(&mut machine).then else {
        panic!("nothing was received")
    };
    assert_eq!(received.document, Some(DOCUMENT));

    put_document(&mut facts, IN, 4, 2);
    assert_eq!(word(&scan(&mut receive(), &facts, case(1))), "over");
    put_document(&mut facts, Route::Inbound { from: None, to: SiteId(3) }, 4, 0);
    assert_eq!(word(&scan(&mut receive(), &facts, case(1))), "wrong_site");
    let lines = vec![DocumentLine { product: ProductId(8), units: 9, moved: 0 }];
    facts.set_document(Document { id: DOCUMENT, route: IN, open: true, lines, sets: Vec::new() });
    assert_eq!(word(&scan(&mut receive(), &facts, case(1))), "not_on_document");
    put_document(&mut facts, IN, 4, 0);
    facts.set_permit(PRODUCT, Permit { sites: Some(Vec::new()), dealers: None });
    let step = scan(&mut receive(), &facts, case(1));
    assert_eq!(word(&step), "unauthorised");
    let party = serde_json::to_value(Party::Site(SITE)).unwrap();
    assert_eq!(step.say.message.params["party"], party);
}

#[test]
fn a_blocked_lot_comes_in_and_the_person_is_told_to_set_it_apart() {
    let mut facts = stocked();
    facts.set_lot(PRODUCT, lot(), LotTerms { status: LotStatus::Blocked, dealer: None });
    let mut machine = Machine::Load(Load::new(Errand::Receive(None)));
    let step = scan(&mut machine, &facts, case(1));
    assert_eq!((step.say.tone, word(&step)), (Tone::Warning, "set_apart"));
    assert_eq!(step.then, Then::Draft(Role::Top));
}

#[test]
fn a_load_replayed_after_a_restart_is_weighed_again() {
    let mut facts = stocked();
    put_document(&mut facts, OUT, 9, 0);
    let mut machine = ship();
    machine.replay(Role::Top, Scanned { code: case(0), at: Timestamp(5) });
    let Ok(()) = machine.catch_up(&now(), &facts);
    assert_eq!((machine.face().count, machine.face().load.units()), (1, 3));
}

const BACK: Route = Route::Return { from: DEALER, to: SITE };
const ACROSS: Route = Route::Transfer { from: SITE, to: SiteId(2) };

/// The first case was shipped to the dealer.
fn shipped() -> Facts {
    let mut facts = stocked();
    let custody = Custody::Shipped { from: SITE, to: DEALER, document: DocumentId(1) };
    let item = Item { custody: Some(custody), ..item(case(0), Level::Case, None, 3) };
    facts.set(case(0), Presence::Present(item));
    facts
}

fn returning(opened: bool, sheet: Option<Sheet>) -> Machine {
    Machine::Load(Load::new(Errand::Return { from: DEALER, opened, sheet }))
}

#[test]
fn goods_come_back_sealed_or_by_the_bottle() {
    let mut facts = shipped();
    put_document(&mut facts, BACK, 3, 0);
    let mut machine = returning(false, Some(sheet()));
    let step = scan(&mut machine, &facts, case(0));
    assert_eq!((step.say.tone, word(&step)), (Tone::Accepted, "accepted"));
    let params = &step.say.message.params;
    assert_eq!((&params["units"], &params["of"]), (&3.into(), &3.into()));
    assert_eq!(machine.face().load.units(), 3);
    let Then::Confirm { action: Action::Return(back), .. } = confirm(&mut machine).then else {
        panic!("nothing came back")
    };
    assert_eq!((back.from, back.document, back.opened), (DEALER, Some(DOCUMENT), false));

    let mut machine = returning(true, None);
    assert_eq!(word(&scan(&mut machine, &facts, case(0))), "wrong_level");
    assert_eq!(word(&scan(&mut machine, &facts, unit(1))), "accepted");
    assert!(machine.face().load.is_empty());
}

#[test]
fn what_another_dealer_was_sent_comes_back_with_a_warning() {
    let facts = shipped();
    let mut machine =
        Machine::Load(Load::new(Errand::Return { from: DealerId(8), opened: false, sheet: None }));
    let step = scan(&mut machine, &facts, case(0));
    assert_eq!((step.say.tone, word(&step)), (Tone::Warning, "returned_by_other"));
    assert_eq!(step.say.message.params["shipped_to"], DEALER.get());
    assert_eq!(step.then, Then::Draft(Role::Top));
}

#[test]
fn goods_leave_for_another_site_and_are_received_there_without_counting_twice() {
    let mut facts = stocked();
    put_document(&mut facts, ACROSS, 4, 0);
    let mut machine = Machine::Load(Load::new(Errand::Transfer(sheet())));
    scan_all(&mut machine, &facts, &[case(0)]);
    assert_eq!(machine.face().load.units(), 3);
    assert!(matches!(
        confirm(&mut machine).then,
        Then::Confirm { action: Action::Transfer(sent), .. } if sent.document == DOCUMENT
    ));
    let mut there = stocked();
    put_document(&mut there, Route::Transfer { from: SiteId(2), to: SITE }, 3, 3);
    let mut machine = Machine::Load(Load::new(Errand::Receive(Some(sheet()))));
    scan_all(&mut machine, &there, &[case(1)]);
    assert!(machine.face().load.is_empty());
}

#[test]
fn samples_and_broken_goods_end_with_their_reason() {
    let facts = stocked();
    let mut machine = Machine::Load(Load::new(Errand::Sample(SampleReason::Retained)));
    let step = scan(&mut machine, &facts, unit(0));
    assert_eq!((step.say.tone, word(&step)), (Tone::Accepted, "short"));
    assert_eq!(step.say.message.params["units"], 2);
    let Then::Confirm { action: Action::Sample(sample), .. } = confirm(&mut machine).then else {
        panic!("no sample")
    };
    assert_eq!((sample.codes.as_slice(), sample.reason), (&[unit(0)][..], SampleReason::Retained));
    let mut machine = Machine::Load(Load::new(Errand::Destroy(DestroyReason::Broken)));
    scan_all(&mut machine, &facts, &[case(0)]);
    assert!(matches!(
        confirm(&mut machine).then,
        Then::Confirm { action: Action::Destroy(end), .. } if end.reason == DestroyReason::Broken
    ));
}

#[test]
fn a_count_names_what_is_elsewhere_and_is_compared_once_all_of_it_counts() {
    let mut facts = stocked();
    put_document(&mut facts, Route::Count { at: SITE }, 0, 0);
    let mut machine = Machine::Count(Count::new(sheet()));
    assert!(machine.face().can.close);
    scan_all(&mut machine, &facts, &[case(0)]);
    let step = scan(&mut machine, &facts, case(1));
    assert_eq!((step.say.tone, word(&step)), (Tone::Warning, "elsewhere"));
    assert_eq!(word(&close(&mut machine, &facts)), "count_open");
    let Then::Confirm { action: Action::Count(count), .. } = confirm(&mut machine).then else {
        panic!("nothing was counted")
    };
    assert_eq!(count.codes, [case(0), case(1)]);
    assert_eq!(word(&close(&mut machine, &facts)), "count_agrees");
    let face = machine.face();
    assert_eq!((face.prompt.code.as_str(), face.can.confirm), ("post_count", true));
    // Another scan goes on counting.
    scan_all(&mut machine, &facts, &[case(0)]);
    assert!(machine.face().difference.is_none());
}
