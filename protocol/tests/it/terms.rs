//! The terms goods and people are under: quality of lots, who may have a product, who may do what, what a mix holds.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{
    Cursor, DealerId, DocumentId, OperatorId, ProductId, Revision, SiteId, TaskId,
};
use sealtrace_protocol::ledger::{
    Action, Commission, Contents, Correct, Correction, Document, DocumentLine, Effects, Facts,
    Issued, Level, LotStatus, LotTerms, Made, Notice, Operation, Pack, Part, PartialReason, Party,
    Permit, Plan, Presence, Reassign, Receive, Rejection, Role, Route, Rules, Ship, State, Step,
    VerifyPack, Worker, judge,
};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};

use crate::world::{Ledger, PRODUCT, REVISION, case, id, lot, pallet, unit};

const HERE: SiteId = SiteId(1);
const DEALER: DealerId = DealerId(1);
const OTHER: ProductId = ProductId(2);
const SET: ProductId = ProductId(3);

fn operation(site: SiteId, action: Action) -> Operation {
    Operation {
        at: Stamp { wall: Timestamp(0), uncertainty_ms: 5 },
        operator: None,
        approver: None,
        site,
        basis: Cursor(0),
        action,
    }
}

fn made() -> Made {
    Made { task: TaskId(1), product: PRODUCT, lot: lot(), plan: REVISION }
}

fn pack(parent: Code, children: &[Code]) -> Operation {
    let children = children.to_vec();
    let pack = Pack {
        parent,
        level: Level::Case,
        children,
        made: Some(made()),
        partial: None,
        mixed_lots: false,
    };
    operation(HERE, Action::Pack(pack))
}

fn ship(codes: &[Code], document: u64) -> Operation {
    let ship = Ship { codes: codes.to_vec(), document: DocumentId(document) };
    operation(HERE, Action::Ship(ship))
}

fn receive(site: SiteId, codes: &[Code], document: u64) -> Operation {
    let document = Some(DocumentId(document));
    operation(site, Action::Receive(Receive { codes: codes.to_vec(), document }))
}

/// A ledger that holds two cases of three at the first site.
fn two_cases() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.accept(id(1), &pack(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    ledger.accept(id(2), &pack(case(1), &[unit(3), unit(4), unit(5)])).unwrap();
    ledger
}

fn judged(
    ledger: &Ledger,
    operation: &Operation,
    change: impl FnOnce(&mut Facts),
) -> Result<Effects, Rejection> {
    let mut facts = ledger.facts(operation);
    change(&mut facts);
    judge(operation, &facts)
}

fn terms(status: LotStatus) -> LotTerms {
    LotTerms { status, dealer: None }
}

#[test]
fn a_blocked_lot_does_not_leave_but_may_come_in() {
    let ledger = two_cases();
    let blocked = |facts: &mut Facts| facts.set_lot(PRODUCT, lot(), terms(LotStatus::Blocked));
    let code = case(0);
    let rejection = Rejection::LotBlocked { code, product: PRODUCT, lot: lot() };
    assert_eq!(judged(&ledger, &ship(&[code], 1), blocked), Err(rejection));
    let arrived = judged(&ledger, &receive(SiteId(2), &[code], 4), blocked).unwrap();
    assert_eq!(arrived.notices, [Notice::LotBlocked { code, product: PRODUCT, lot: lot() }]);
}

#[test]
fn one_blocked_lot_in_a_mixed_package_is_enough() {
    let mut ledger = two_cases();
    let more = Contents::of(PRODUCT, Lot::new("L2").unwrap(), 1);
    ledger.items.get_mut(&case(0)).unwrap().contents.add(&more);
    let blocked = |facts: &mut Facts| {
        facts.set_lot(PRODUCT, Lot::new("L2").unwrap(), terms(LotStatus::Blocked));
    };
    let rejection = judged(&ledger, &ship(&[case(0)], 1), blocked).unwrap_err();
    assert_eq!(rejection.code(), "lot_blocked");
    assert!(judged(&ledger, &ship(&[case(1)], 1), blocked).is_ok());
}

#[test]
fn whether_a_pending_lot_leaves_is_the_owners_rule() {
    let ledger = two_cases();
    let with = |status: Option<LotStatus>, pending_may_ship| {
        judged(&ledger, &ship(&[case(0)], 1), |facts| {
            facts.rules = Rules { pending_may_ship, ..facts.rules };
            if let Some(status) = status {
                facts.set_lot(PRODUCT, lot(), terms(status));
            }
        })
        .map(|_| ())
        .map_err(|rejection| rejection.code())
    };
    assert_eq!(with(Some(LotStatus::Pending), true), Ok(()));
    assert_eq!(with(Some(LotStatus::Pending), false), Err("lot_pending"));
    assert_eq!(with(None, false), Err("lot_pending"), "what nobody has spoken of is pending");
    assert_eq!(with(Some(LotStatus::Released), false), Ok(()));
}

#[test]
fn a_lot_made_for_one_dealer_goes_to_no_other() {
    let ledger = two_cases();
    let made_for = |expected| {
        move |facts: &mut Facts| {
            let terms = LotTerms { status: LotStatus::Released, dealer: Some(expected) };
            facts.set_lot(PRODUCT, lot(), terms);
        }
    };
    let code = case(0);
    let rejection = Rejection::WrongDealer { code, dealer: DEALER, expected: DealerId(9) };
    assert_eq!(judged(&ledger, &ship(&[code], 1), made_for(DealerId(9))), Err(rejection));
    assert!(judged(&ledger, &ship(&[code], 1), made_for(DEALER)).is_ok());
}

#[test]
fn what_a_site_or_dealer_may_not_have_is_not_made_received_or_shipped() {
    let ledger = two_cases();
    let only = |sites: Option<Vec<SiteId>>, dealers: Option<Vec<DealerId>>| {
        move |facts: &mut Facts| facts.set_permit(PRODUCT, Permit { sites, dealers })
    };
    let refused = |operation: &Operation, change: &dyn Fn(&mut Facts)| {
        judged(&ledger, operation, change).unwrap_err()
    };
    let nobody = |facts: &mut Facts| only(Some(vec![]), Some(vec![]))(facts);
    let (site, dealer) = (Party::Site(HERE), Party::Dealer(DEALER));
    let no = |code, party| Rejection::Unauthorised { code, product: PRODUCT, party };

    assert_eq!(refused(&ship(&[case(0)], 1), &nobody), no(case(0), dealer));
    assert_eq!(refused(&pack(case(2), &[unit(6), unit(7), unit(8)]), &nobody), no(case(2), site));
    let commission = Commission { codes: vec![unit(9)], made: made() };
    let commission = operation(HERE, Action::Commission(commission));
    assert_eq!(refused(&commission, &nobody), no(unit(9), site));
    let arrival = receive(SiteId(2), &[case(0)], 4);
    assert_eq!(refused(&arrival, &nobody), no(case(0), Party::Site(SiteId(2))));

    assert!(judged(&ledger, &ship(&[case(0)], 1), only(Some(vec![]), Some(vec![DEALER]))).is_ok());
    assert!(judged(&ledger, &commission, only(Some(vec![HERE]), Some(vec![]))).is_ok());
    assert!(judged(&ledger, &arrival, only(None, None)).is_ok());
}

#[test]
fn a_site_may_ask_for_goods_to_be_received_before_they_leave() {
    let mut ledger = two_cases();
    let moved =
        operation(SiteId(2), Action::Receive(Receive { codes: vec![case(0)], document: None }));
    ledger.accept(id(3), &moved).unwrap();
    let strict = |facts: &mut Facts| facts.rules.implied_receipt = false;
    let rejection = Rejection::NotReceived { code: case(0), at: SiteId(2) };
    assert_eq!(judged(&ledger, &ship(&[case(0)], 1), strict), Err(rejection));
    let lenient = judged(&ledger, &ship(&[case(0)], 1), |_| ()).unwrap();
    assert_eq!(lenient.notices, [Notice::ImpliedReceipt { code: case(0), from: SiteId(2) }]);
    assert!(judged(&ledger, &ship(&[case(1)], 1), strict).is_ok());
}

#[test]
fn people_work_where_they_may_and_an_auditor_changes_nothing() {
    let ledger = two_cases();
    let by = |operation: &Operation, role, permitted| {
        let operation = Operation { operator: Some(OperatorId(7)), ..operation.clone() };
        let worker = |facts: &mut Facts| facts.worker = Some(Worker { role, permitted });
        judged(&ledger, &operation, worker).map(|_| ())
    };
    let out = ship(&[case(0)], 1);
    assert_eq!(by(&out, Role::Operator, true), Ok(()));
    let elsewhere = Rejection::OperatorNotPermitted { operator: OperatorId(7), site: HERE };
    assert_eq!(by(&out, Role::Manager, false), Err(elsewhere));
    let needs = Rejection::RoleNotPermitted { needs: Role::Operator };
    assert_eq!(by(&out, Role::Auditor, true), Err(needs));
    let look = VerifyPack { parent: case(0), seen: vec![] };
    assert_eq!(by(&operation(HERE, Action::VerifyPack(look)), Role::Auditor, true), Ok(()));
}

#[test]
fn a_plan_that_changed_since_does_not_change_what_was_packed_by_the_old_one() {
    let ledger = Ledger::default();
    let packed = pack(case(0), &[unit(0), unit(1), unit(2)]);
    let newer = judged(&ledger, &packed, |facts| {
        facts.task.as_mut().unwrap().revision = Revision(2);
    });
    assert_eq!(newer, Err(Rejection::TaskClosed { task: TaskId(1) }));
    assert!(judged(&ledger, &packed, |_| ()).is_ok());
}

mod reassigning {
    use super::*;

    fn reassign(codes: &[Code], from: u64, to: u64) -> Operation {
        let (from, to) = (DocumentId(from), DocumentId(to));
        operation(HERE, Action::Reassign(Reassign { codes: codes.to_vec(), from, to }))
    }

    /// Both cases shipped under document 1.
    fn shipped() -> Ledger {
        let mut ledger = two_cases();
        ledger.accept(id(3), &ship(&[case(0), case(1)], 1)).unwrap();
        ledger
    }

    #[test]
    fn a_scan_moves_to_another_document_of_the_site_and_its_dealer() {
        let mut ledger = shipped();
        ledger.accept(id(4), &reassign(&[case(0)], 1, 3)).unwrap();
        let moved = |document| ledger.moved.get(&DocumentId(document)).copied();
        assert_eq!((moved(1), moved(3)), (Some(3), Some(3)));
    }

    #[test]
    fn one_bottle_moves_out_of_its_case() {
        let mut ledger = shipped();
        ledger.accept(id(4), &reassign(&[unit(0)], 1, 3)).unwrap();
        assert_eq!(ledger.items[&case(0)].children, 2);
        assert_eq!(ledger.moved[&DocumentId(3)], 1);
        assert_eq!(ledger.moved[&DocumentId(1)], 5);
    }

    #[test]
    fn once_dispatched_a_supervisor_must_approve() {
        let ledger = shipped();
        let by = |role: Option<Role>| {
            judged(&ledger, &reassign(&[case(0)], 1, 3), |facts| {
                let document = facts.document(DocumentId(1)).unwrap();
                facts.set_document(Document { open: false, ..document.clone() });
                facts.worker = role.map(|role| Worker { role, permitted: true });
            })
            .map(|_| ())
        };
        let refused = Err(Rejection::RoleNotPermitted { needs: Role::Supervisor });
        assert_eq!(by(None), refused);
        assert_eq!(by(Some(Role::Operator)), refused);
        assert_eq!(by(Some(Role::Supervisor)), Ok(()));
        assert_eq!(by(Some(Role::Manager)), Ok(()));
    }

    #[test]
    fn only_what_is_under_the_document_goes_and_only_where_it_may() {
        let mut ledger = shipped();
        let refused = |ledger: &mut Ledger, operation: &Operation| {
            ledger.clone().accept(id(9), operation).unwrap_err().code()
        };
        assert_eq!(refused(&mut ledger, &reassign(&[case(0)], 3, 1)), "not_under_document");
        assert_eq!(refused(&mut ledger, &reassign(&[case(0)], 1, 1)), "not_under_document");
        assert_eq!(refused(&mut ledger, &reassign(&[case(0)], 1, 2)), "wrong_site");
        assert_eq!(refused(&mut ledger, &reassign(&[case(0)], 1, 4)), "wrong_document");
        assert_eq!(refused(&mut ledger, &reassign(&[case(3)], 1, 3)), "not_in_use");
        let one_left = |facts: &mut Facts| {
            let document = facts.document(DocumentId(3)).unwrap().clone();
            let lines = vec![DocumentLine { product: PRODUCT, units: 2, moved: 0 }];
            facts.set_document(Document { lines, ..document });
        };
        let over = judged(&ledger, &reassign(&[case(0)], 1, 3), one_left).unwrap_err();
        assert_eq!(over.code(), "over");
        let blocked = |facts: &mut Facts| facts.set_lot(PRODUCT, lot(), terms(LotStatus::Blocked));
        let blocked = judged(&ledger, &reassign(&[case(0)], 1, 3), blocked).unwrap_err();
        assert_eq!(blocked.code(), "lot_blocked");
    }
}

mod receiving {
    use super::*;

    fn moved(ledger: &Ledger, document: u64) -> u32 {
        ledger.moved.get(&DocumentId(document)).copied().unwrap_or_default()
    }

    #[test]
    fn a_document_counts_what_came_in_and_refuses_what_it_does_not_ask_for() {
        let mut ledger = two_cases();
        ledger.accept(id(3), &receive(SiteId(2), &[case(0)], 4)).unwrap();
        assert_eq!(moved(&ledger, 4), 3);
        let none_left = |facts: &mut Facts| {
            let document = facts.document(DocumentId(4)).unwrap().clone();
            let lines = vec![DocumentLine { product: PRODUCT, units: 5, moved: 3 }];
            facts.set_document(Document { lines, ..document });
        };
        let over = judged(&ledger, &receive(SiteId(2), &[case(1)], 4), none_left).unwrap_err();
        assert_eq!(over.code(), "over");
        let other = |facts: &mut Facts| {
            let document = facts.document(DocumentId(4)).unwrap().clone();
            facts.set_document(Document { lines: vec![], ..document });
        };
        let other = judged(&ledger, &receive(SiteId(2), &[case(1)], 4), other).unwrap_err();
        assert_eq!(other.code(), "not_on_document");
        let wrong = judged(&ledger, &receive(SiteId(2), &[case(1)], 5), |_| ()).unwrap_err();
        assert_eq!(wrong.code(), "wrong_site");
        let kind = judged(&ledger, &receive(SiteId(2), &[case(1)], 2), |_| ()).unwrap_err();
        assert_eq!(kind.code(), "wrong_document");
    }

    #[test]
    fn goods_that_leave_again_came_in_all_the_same() {
        let mut ledger = two_cases();
        ledger.accept(id(3), &receive(SiteId(2), &[case(0)], 4)).unwrap();
        let out = Operation { site: SiteId(2), ..ship(&[case(0)], 2) };
        ledger.accept(id(4), &out).unwrap();
        assert_eq!((moved(&ledger, 4), moved(&ledger, 2)), (3, 3));
    }

    #[test]
    fn what_was_packed_is_heard_of_after_it_came_in() {
        let mut ledger = Ledger::default();
        ledger.accept(id(1), &receive(SiteId(2), &[pallet(0)], 4)).unwrap();
        assert_eq!(moved(&ledger, 4), 0);
        let onto = Pack {
            parent: pallet(0),
            level: Level::Pallet,
            children: vec![case(0)],
            made: Some(made()),
            partial: Some(PartialReason::EndOfTask),
            mixed_lots: false,
        };
        // The line made the case, then the pallet; the pallet's packing is heard of first.
        let announced =
            operation(SiteId(2), Action::Receive(Receive { codes: vec![case(0)], document: None }));
        ledger.accept(id(2), &announced).unwrap();
        ledger.accept(id(3), &operation(HERE, Action::Pack(onto))).unwrap();
        let under = Some(DocumentId(4));
        assert_eq!(ledger.items[&case(0)].state, State::Announced { under });
        assert_eq!(moved(&ledger, 4), 0);
        ledger.accept(id(4), &pack(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
        assert_eq!(moved(&ledger, 4), 3);
        let undo = Correct { names: id(4), correction: Correction::Undo };
        ledger.accept(id(5), &operation(HERE, Action::Correct(undo))).unwrap();
        assert_eq!(moved(&ledger, 4), 0);
        assert_eq!(ledger.items[&case(0)].state, State::Announced { under });
    }

    #[test]
    fn undoing_a_receipt_takes_it_off_the_document() {
        let mut ledger = two_cases();
        ledger.accept(id(3), &receive(SiteId(2), &[case(0)], 4)).unwrap();
        let undo = Correct { names: id(3), correction: Correction::Undo };
        ledger.accept(id(4), &operation(SiteId(2), Action::Correct(undo))).unwrap();
        assert_eq!(moved(&ledger, 4), 0);
    }
}

mod mixing {
    use super::*;

    /// A box of two of one product and one of another, four boxes to a case.
    fn plan() -> Plan {
        let parts = vec![Part { product: PRODUCT, units: 2 }, Part { product: OTHER, units: 1 }];
        let gift = Step { level: Level::Box, holds: 3, parts };
        Plan::new(vec![gift, Step::new(Level::Case, 4)]).unwrap()
    }

    fn facts(children: &[(Code, ProductId)], parent: Code) -> Facts {
        let mut facts = Facts::new();
        facts.task = Some(sealtrace_protocol::ledger::Task {
            id: TaskId(1),
            order: sealtrace_protocol::ids::OrderId(1),
            site: HERE,
            product: SET,
            lot: lot(),
            plan: plan(),
            revision: REVISION,
        });
        for (code, product) in children {
            let issued = Issued { level: Level::Unit, product: Some(*product), carrier: false };
            facts.set(*code, Presence::Absent(issued));
        }
        facts.set(
            parent,
            Presence::Absent(Issued { level: Level::Box, product: Some(SET), carrier: false }),
        );
        facts
    }

    fn packed(children: &[(Code, ProductId)], partial: bool) -> Result<Effects, Rejection> {
        let pack = Pack {
            parent: case(0),
            level: Level::Box,
            children: children.iter().map(|(code, _)| *code).collect(),
            made: Some(Made { product: SET, ..made() }),
            partial: partial.then_some(PartialReason::EndOfTask),
            mixed_lots: false,
        };
        judge(&operation(HERE, Action::Pack(pack)), &facts(children, case(0)))
    }

    #[test]
    fn a_gift_box_holds_what_its_plan_says() {
        let [a, b, c] = [unit(0), unit(1), unit(2)];
        let effects = packed(&[(a, PRODUCT), (b, OTHER), (c, PRODUCT)], false).unwrap();
        let package = effects.items.iter().find(|item| item.code == case(0)).unwrap();
        let mut expected = Contents::of(PRODUCT, lot(), 2);
        expected.add(&Contents::of(OTHER, lot(), 1));
        assert_eq!(package.contents, expected);

        let two_of_the_other = packed(&[(a, PRODUCT), (b, OTHER), (c, OTHER)], false);
        let (parent, product) = (case(0), OTHER);
        let mix = Rejection::WrongMix { parent, product, holds: 1, count: 2 };
        assert_eq!(two_of_the_other, Err(mix));
        let foreign = packed(&[(a, PRODUCT), (b, SET), (c, PRODUCT)], false).unwrap_err();
        assert_eq!(foreign.code(), "wrong_product");
        assert!(packed(&[(a, PRODUCT)], true).is_ok());
    }

    #[test]
    fn boxes_and_cases_of_a_mix_are_counted_in_units_of_each_product() {
        let parts = |a, b| {
            Some(vec![Part { product: PRODUCT, units: a }, Part { product: OTHER, units: b }])
        };
        assert_eq!(plan().units_in(Level::Box, SET), parts(2, 1));
        assert_eq!(plan().units_in(Level::Case, SET), parts(8, 4));
        assert_eq!(plan().units_in(Level::Pallet, SET), None);
        assert_eq!(plan().units_in(Level::Unit, SET), None, "a gift set has no single bottle");
        let plain = crate::world::plan();
        let units = |level| plain.units_in(level, PRODUCT).map(|parts| parts[0].units);
        assert_eq!(units(Level::Unit), Some(1));
        assert_eq!((units(Level::Case), units(Level::Pallet)), (Some(3), Some(6)));
        assert_eq!(units(Level::Box), None);
    }

    #[test]
    fn only_the_innermost_package_mixes_and_what_it_mixes_adds_up() {
        let part = |product, units| Part { product: ProductId(product), units };
        let step = |level, holds, parts| Step { level, holds, parts };
        for steps in [
            vec![step(Level::Box, 3, vec![part(1, 1), part(2, 1)])],
            vec![step(Level::Box, 3, vec![part(1, 3)])],
            vec![step(Level::Box, 3, vec![part(1, 2), part(1, 1)])],
            vec![step(Level::Box, 2, vec![part(1, 2), part(2, 0)])],
            vec![Step::new(Level::Box, 3), step(Level::Case, 2, vec![part(1, 1), part(2, 1)])],
        ] {
            assert!(Plan::new(steps.clone()).is_err(), "{steps:?}");
        }
    }

    #[test]
    fn goods_issued_for_a_set_are_on_a_document_that_asks_for_the_set() {
        let label = case(0);
        let document = Document {
            id: DocumentId(1),
            route: Route::Outbound { from: HERE, to: DEALER },
            open: true,
            lines: vec![DocumentLine { product: PRODUCT, units: 2, moved: 0 }],
            sets: vec![SET],
        };
        let judged = |sets: Vec<ProductId>| {
            let mut facts = Facts::new();
            facts.set(
                label,
                Presence::Absent(Issued { level: Level::Box, product: Some(SET), carrier: false }),
            );
            facts.set_document(Document { sets, ..document.clone() });
            judge(&ship(&[label], 1), &facts).map(|_| ()).map_err(|rejection| rejection.code())
        };
        assert_eq!(judged(vec![SET]), Ok(()));
        assert_eq!(judged(vec![]), Err("not_on_document"));
    }
}
