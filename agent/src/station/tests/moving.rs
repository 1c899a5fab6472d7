//! Receiving and shipping: what is refused at the scan, and what the document counts.

use sealtrace_protocol::ids::{DealerId, DocumentId};
use sealtrace_protocol::ledger::{
    Document, DocumentLine, LotStatus, LotTerms, Party, Permit, Route,
};

use super::*;

const DOCUMENT: DocumentId = DocumentId(4);
const DEALER: DealerId = DealerId(9);

fn sheet() -> Sheet {
    Sheet { document: DOCUMENT, shared: Vec::new() }
}

fn ship() -> Machine {
    Machine::Ship(Ship::new(sheet()))
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
    let step = machine.confirm();
    let Then::Confirm { action: Action::Ship(ship), .. } = step.then else { panic!() };
    assert_eq!(ship.codes, [case(0)]);
    assert_eq!(word(&machine.confirm()), "not_open");
    assert!(machine.face().load.is_empty());
}

#[test]
fn more_than_the_devices_share_is_refused_as_that() {
    let mut facts = stocked();
    put_document(&mut facts, OUT, 4, 2);
    let sheet = Sheet { document: DOCUMENT, shared: vec![PRODUCT] };
    let step = scan(&mut Machine::Ship(Ship::new(sheet)), &facts, case(0));
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
    let mut machine = Machine::Receive(Receive::default());
    assert_eq!(word(&scan(&mut machine, &facts, case(0))), "already_here");
    assert_eq!(scan(&mut machine, &facts, case(1)).then, Then::Draft(Role::Top));
    let Then::Confirm { action: Action::Receive(receive), .. } = machine.confirm().then else {
        panic!("nothing was received")
    };
    assert_eq!((receive.document, receive.codes.as_slice()), (None, &[case(1)][..]));
}

#[test]
fn goods_are_received_against_their_document_and_no_more_than_it_asks_for() {
    let receive = || Machine::Receive(Receive::new(Some(sheet())));
    let mut facts = stocked();
    put_document(&mut facts, IN, 4, 0);
    let mut machine = receive();
    assert_eq!(word(&scan(&mut machine, &facts, case(1))), "accepted");
    assert_eq!(machine.face().load.units(), 3);
    let Then::Confirm { action: Action::Receive(received), .. } = machine.confirm().then else {
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
    let mut machine = Machine::Receive(Receive::default());
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
