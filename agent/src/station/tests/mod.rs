//! Every machine with the real rules and facts at hand.

use sealtrace_protocol::code::{Claims, Gtin, Minted, Scan};
use sealtrace_protocol::ids::{OrderId, ProductId, Revision, TaskId, Version};
use sealtrace_protocol::ledger::{
    Contents, Custody, Item, Made, Pack as PackAction, Part, PartialReason, Plan, RelabelReason,
    State, Step as PlanStep, Task, Unpack as UnpackAction,
};
use sealtrace_protocol::link::{TaskKind, TaskRow, TaskState};
use sealtrace_protocol::text::Lot;

use super::*;
use crate::task::Progress;

mod making;
mod moving;

const SITE: SiteId = SiteId(1);
const PRODUCT: ProductId = ProductId(7);

fn unit(n: u128) -> Code {
    Code::Minted(Minted::new(9, n).unwrap())
}

fn case(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(3_690_123_450_000_000 + n).unwrap())
}

fn pallet(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(3_690_123_459_000_000 + n).unwrap())
}

fn lot() -> Lot {
    Lot::new("L1").unwrap()
}

fn plan() -> Plan {
    Plan::new(vec![PlanStep::new(Level::Case, 3), PlanStep::new(Level::Pallet, 2)]).unwrap()
}

fn job() -> Job {
    job_after(0)
}

/// The task with so many of its six units made.
fn job_after(made: u32) -> Job {
    let state = if made < 6 { TaskState::Open } else { TaskState::Done };
    let task = TaskRow {
        id: TaskId(5),
        order: OrderId(1),
        order_number: "PO-1".to_owned(),
        site: SITE,
        product: PRODUCT,
        lot: lot(),
        date: None,
        shift: None,
        plan: plan(),
        revision: Revision(2),
        kind: TaskKind::Device,
        device: None,
        quantity: 6,
        made,
        state,
        leases: Vec::new(),
    };
    let progress = Progress { made, here: made, state };
    Job { task, gtins: vec!["06901234567892".to_owned()], progress }
}

/// Ten units, three case labels and a pallet label, all printed and unused.
fn printed() -> Facts {
    let mut facts = Facts::new();
    facts.task = Some(Task {
        id: TaskId(5),
        order: OrderId(1),
        site: SITE,
        product: PRODUCT,
        lot: lot(),
        plan: plan(),
        revision: Revision(2),
    });
    let mut issue = |code, level| {
        facts.set(code, Presence::Absent(Issued { level, product: Some(PRODUCT), carrier: false }));
    };
    (0..10).for_each(|n| issue(unit(n), Level::Unit));
    (0..3).for_each(|n| issue(case(n), Level::Case));
    issue(pallet(0), Level::Pallet);
    facts
}

fn item(code: Code, level: Level, parent: Option<Code>, units: u32) -> Item {
    Item {
        code,
        level,
        state: State::Active,
        parent,
        custody: parent.is_none().then_some(Custody::At(SITE)),
        contents: Contents::of(PRODUCT, lot(), units),
        children: if level == Level::Unit { 0 } else { units },
        disputed: false,
        version: Version(1),
    }
}

/// A case of three units, as packed.
fn put_case(facts: &mut Facts, label: Code, units: [Code; 3]) {
    facts.set(label, Presence::Present(item(label, Level::Case, None, 3)));
    facts.set_children(label, units.to_vec());
    for unit in units {
        facts.set(unit, Presence::Present(item(unit, Level::Unit, Some(label), 1)));
    }
}

fn now() -> Moment {
    Moment {
        at: Stamp { wall: Timestamp(1_000_000), uncertainty_ms: 50 },
        operator: Some(OperatorId(3)),
        approver: None,
        site: SITE,
        basis: Cursor(0),
    }
}

fn read(code: Code) -> Scan {
    Scan { code, claims: Claims::default() }
}

fn scan(machine: &mut Machine, facts: &Facts, code: Code) -> Step {
    let Ok(step) = machine.scan(&read(code), &now(), facts);
    step
}

fn scan_all(machine: &mut Machine, facts: &Facts, codes: &[Code]) -> Step {
    let mut step = Step::not_now();
    for code in codes {
        step = scan(machine, facts, *code);
        assert!(!step.say.tone.blocks(), "{code}: {:?}", step.say);
    }
    step
}

fn close(machine: &mut Machine, facts: &Facts) -> Step {
    let Ok(step) = machine.close(&now(), facts);
    step
}

fn word(step: &Step) -> &str {
    &step.say.message.code
}

fn packed(step: &Step) -> &PackAction {
    let Then::Confirm { action: Action::Pack(pack), .. } = &step.then else { panic!("{step:?}") };
    pack
}

fn pack() -> Machine {
    Machine::Pack(Pack::new(Packing::Loose, Some(job()), false))
}

#[test]
fn a_full_case_confirms_itself_when_its_label_comes_last() {
    let (facts, mut machine) = (printed(), pack());
    let step = scan_all(&mut machine, &facts, &[unit(0), unit(1), unit(2)]);
    assert_eq!(step.then, Then::Draft(Role::Child(Level::Unit)));
    let face = machine.face();
    assert_eq!((face.count, face.of, face.prompt.code.as_str()), (3, Some(3), "scan_parent"));
    let step = scan(&mut machine, &facts, case(0));
    let made = Made { task: TaskId(5), product: PRODUCT, lot: lot(), plan: Revision(2) };
    let expected = PackAction {
        parent: case(0),
        level: Level::Case,
        children: vec![unit(0), unit(1), unit(2)],
        made: Some(made),
        partial: None,
        mixed_lots: false,
    };
    assert_eq!((packed(&step), word(&step)), (&expected, "operation_confirmed"));
    assert_eq!(machine.face().count, 0);
}

#[test]
fn a_full_case_confirms_itself_when_its_label_came_first() {
    let (facts, mut machine) = (printed(), pack());
    let step = scan(&mut machine, &facts, case(1));
    assert_eq!(step.then, Then::Draft(Role::Parent(Level::Case)));
    let step = scan_all(&mut machine, &facts, &[unit(0), unit(1), unit(2)]);
    assert_eq!(packed(&step).parent, case(1));
}

#[test]
fn finished_cases_go_onto_a_pallet() {
    let (mut facts, mut machine) = (printed(), pack());
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    put_case(&mut facts, case(1), [unit(3), unit(4), unit(5)]);
    let step = scan_all(&mut machine, &facts, &[case(0), case(1), pallet(0)]);
    assert_eq!((packed(&step).level, packed(&step).children.len()), (Level::Pallet, 2));
}

#[test]
fn finished_cases_are_put_together_without_a_task_when_a_person_says_so() {
    let mut facts = printed();
    let mut machine = Machine::Pack(Pack::new(Packing::Loose, None, false));
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    scan_all(&mut machine, &facts, &[case(0), pallet(0)]);
    let step = confirm(&mut machine);
    assert_eq!((packed(&step).made, packed(&step).children.as_slice()), (None, &[case(0)][..]));
}

#[test]
fn the_same_unit_again_is_refused_with_place_and_time() {
    let (facts, mut machine) = (printed(), pack());
    scan_all(&mut machine, &facts, &[unit(0), unit(1)]);
    let step = scan(&mut machine, &facts, unit(0));
    assert_eq!((step.say.tone, word(&step)), (Tone::Refused, "scanned_twice"));
    assert_eq!(step.say.message.params["position"], 1);
    assert_eq!(step.say.message.params["at"], 1_000_000);
    assert_eq!(machine.face().count, 2);
}

#[test]
fn one_unit_too_many_is_refused_without_naming_a_label_nobody_scanned() {
    let (facts, mut machine) = (printed(), pack());
    scan_all(&mut machine, &facts, &[unit(0), unit(1), unit(2)]);
    let step = scan(&mut machine, &facts, unit(3));
    assert_eq!((step.say.tone, word(&step)), (Tone::Refused, "too_many"));
    assert_eq!(step.say.message.params.get("parent"), None);
}

#[test]
fn a_foreign_code_and_a_packed_unit_are_refused_and_do_not_count() {
    let (mut facts, mut machine) = (printed(), pack());
    facts.set(unit(90), Presence::Foreign);
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    assert_eq!(word(&scan(&mut machine, &facts, unit(90))), "foreign");
    assert_eq!(word(&scan(&mut machine, &facts, unit(1))), "already_packed");
    assert_eq!(machine.face().count, 0);
}

#[test]
fn a_code_nobody_knows_is_taken_on_trust_unless_it_cannot_be_a_bottle() {
    let (facts, mut machine) = (printed(), pack());
    let step = scan(&mut machine, &facts, unit(77));
    assert_eq!((step.say.tone, step.say.provisional), (Tone::Accepted, true));
    scan(&mut machine, &facts, case(0));
    assert_eq!(word(&scan(&mut machine, &facts, case(99))), "wrong_level");
}

#[test]
fn a_label_of_another_product_or_lot_is_refused_at_the_door() {
    let (facts, mut machine) = (printed(), pack());
    let gtin = Gtin::from_number(4_006_381_333_931).unwrap();
    let claims = Claims { gtin: Some(gtin), ..Claims::default() };
    let Ok(step) = machine.scan(&Scan { code: unit(0), claims }, &now(), &facts);
    assert_eq!((step.say.tone, word(&step)), (Tone::Refused, "wrong_product"));
    let claims = Claims { lot: Some(Lot::new("L2").unwrap()), ..Claims::default() };
    let Ok(step) = machine.scan(&Scan { code: unit(0), claims }, &now(), &facts);
    assert_eq!(word(&step), "wrong_lot");
}

#[test]
fn a_short_case_is_a_shortage_unless_it_is_the_last_of_the_task() {
    let (facts, mut machine) = (printed(), pack());
    scan_all(&mut machine, &facts, &[case(0), unit(0)]);
    assert_eq!(word(&confirm(&mut machine)), "too_few");
    assert_eq!(packed(&close(&mut machine, &facts)).partial, Some(PartialReason::Shortage));

    let mut machine = Machine::Pack(Pack::new(Packing::Loose, Some(job_after(5)), false));
    scan_all(&mut machine, &facts, &[case(0), unit(0)]);
    assert_eq!(packed(&close(&mut machine, &facts)).partial, Some(PartialReason::EndOfTask));
}

#[test]
fn drafts_bring_a_machine_back_to_the_middle_of_a_case() {
    let facts = printed();
    let mut machine = pack();
    for (role, code) in [(Role::Parent(Level::Case), case(0)), (Role::Child(Level::Unit), unit(0))]
    {
        let written = role.to_string();
        let scanned = Scanned { code, at: Timestamp(5) };
        machine.replay(written.parse().unwrap(), scanned);
    }
    assert_eq!((machine.face().count, machine.face().parent.unwrap().0), (1, case(0)));
    let step = scan_all(&mut machine, &facts, &[unit(1), unit(2)]);
    assert_eq!(packed(&step).children, [unit(0), unit(1), unit(2)]);
}

#[test]
fn a_damaged_label_is_replaced_by_two_scans() {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    let mut machine = Machine::Relabel(Relabel::new(RelabelReason::Damaged));
    let step = scan(&mut machine, &facts, case(0));
    assert_eq!(step.then, Then::Draft(Role::Old(Level::Case)));
    assert_eq!(word(&scan(&mut machine, &facts, unit(5))), "wrong_level");
    let step = scan(&mut machine, &facts, case(1));
    let Then::Confirm { role: Some(Role::New), action: Action::Relabel(relabel) } = step.then
    else {
        panic!("{step:?}")
    };
    assert_eq!((relabel.old, relabel.new), (case(0), case(1)));
}

#[test]
fn a_label_that_was_never_used_cannot_be_replaced() {
    let mut machine = Machine::Relabel(Relabel::new(RelabelReason::Damaged));
    assert_eq!(word(&scan(&mut machine, &printed(), case(0))), "not_in_use");
}

#[test]
fn a_bottle_leaves_its_case_at_once_and_a_case_asks_first() {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    let mut machine = Machine::Unpack(Unpack::default());
    let step = scan(&mut machine, &facts, unit(1));
    let child = Action::Unpack(UnpackAction::Child(unit(1)));
    assert_eq!(step.then, Then::Confirm { role: Some(Role::Package(Level::Unit)), action: child });
    let step = scan(&mut machine, &facts, case(0));
    assert_eq!(step.then, Then::Draft(Role::Package(Level::Case)));
    assert!(machine.face().can.confirm);
    let whole = Action::Unpack(UnpackAction::Whole(case(0)));
    assert_eq!(confirm(&mut machine).then, Then::Confirm { role: None, action: whole });
}

#[test]
fn a_case_leaves_its_pallet_when_both_are_scanned() {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    facts.set(case(0), Presence::Present(item(case(0), Level::Case, Some(pallet(0)), 3)));
    facts.set(pallet(0), Presence::Present(item(pallet(0), Level::Pallet, None, 3)));
    for order in [[case(0), pallet(0)], [pallet(0), case(0)]] {
        let mut machine = Machine::Unpack(Unpack::default());
        let step = scan_all(&mut machine, &facts, &order);
        let child = Action::Unpack(UnpackAction::Child(case(0)));
        assert!(matches!(step.then, Then::Confirm { action, .. } if action == child));
    }
}

#[test]
fn verifying_lists_what_is_missing_and_what_is_foreign() {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    let mut machine = Machine::Verify(Verify::default());
    scan_all(&mut machine, &facts, &[case(0), unit(0)]);
    let step = scan(&mut machine, &facts, unit(8));
    assert_eq!((step.say.tone, word(&step)), (Tone::Warning, "differs"));
    let face = machine.face();
    let expected = Difference { missing: vec![unit(1), unit(2)], foreign: vec![unit(8)] };
    assert_eq!((face.count, face.of, face.difference), (2, Some(3), Some(expected)));
    let step = confirm(&mut machine);
    assert_eq!(step.say.tone, Tone::Warning);
    assert!(matches!(step.then, Then::Confirm { action: Action::VerifyPack(_), .. }));
}

#[test]
fn a_complete_package_verifies_green() {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    let mut machine = Machine::Verify(Verify::default());
    scan_all(&mut machine, &facts, &[case(0), unit(2), unit(0), unit(1)]);
    assert_eq!(machine.face().prompt.code, "confirm");
    assert_eq!(confirm(&mut machine).say.tone, Tone::Accepted);
}

#[test]
fn a_task_that_is_done_begins_no_package_of_new_units_but_its_cases_still_go_onto_pallets() {
    let (mut facts, done) =
        (printed(), || Machine::Pack(Pack::new(Packing::Loose, Some(job_after(6)), false)));
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    for code in [unit(7), case(2)] {
        let step = scan(&mut done(), &facts, code);
        assert_eq!((step.say.tone, word(&step)), (Tone::Refused, "task_done"));
        assert_eq!(step.say.message.params["quantity"], 6);
    }
    assert_eq!(word(&scan(&mut done(), &facts, case(0))), "accepted");
    assert_eq!(word(&scan(&mut done(), &facts, pallet(0))), "accepted");
    // Begun before it was done.
    let mut begun = done();
    begun.replay(Role::Child(Level::Unit), Scanned { code: unit(8), at: Timestamp(5) });
    assert_eq!(word(&scan(&mut begun, &facts, unit(9))), "accepted");
}

#[test]
fn labels_of_a_mixed_package_may_name_any_of_its_products_in_any_lot() {
    let mix = vec![Part { product: ProductId(8), units: 1 }, Part { product: PRODUCT, units: 2 }];
    let step = PlanStep { parts: mix, ..PlanStep::new(Level::Box, 3) };
    let mut job = job();
    job.task.plan = Plan::new(vec![step]).unwrap();
    job.gtins.push("04006381333931".to_owned());
    let gtin = Gtin::from_number(4_006_381_333_931).unwrap();
    let lot = Some(Lot::new("L2").unwrap());
    let claims = Claims { gtin: Some(gtin), lot, ..Claims::default() };
    assert_eq!(job.mismatch(&Scan { code: unit(0), claims }), None);
}

#[test]
fn auditors_look_verify_and_count_and_nothing_else() {
    let open =
        |role| Screen::ALL.into_iter().filter(|screen| screen.is_for(role)).collect::<Vec<_>>();
    let looking = [Screen::Home, Screen::Verify, Screen::Count, Screen::Lookup];
    assert_eq!(open(ledger::Role::Auditor), looking);
    assert_eq!(open(ledger::Role::Operator), Screen::ALL);
}

#[test]
fn looking_up_changes_nothing() {
    let mut machine = Machine::Lookup(Lookup::default());
    let step = scan(&mut machine, &printed(), unit(0));
    assert_eq!((step.say.tone, step.then), (Tone::Ready, Then::Nothing));
    assert_eq!(machine.face().item, Some(unit(0)));
}

/// What confirming does; no machine here asks the ledger for it.
fn confirm(machine: &mut Machine) -> Step {
    let Ok(step) = machine.confirm(&now(), &Facts::new());
    step
}
