//! What is made and put together: single units, more into a package, out of several into a new one.

use sealtrace_protocol::ledger::{AddTo as AddToAction, Commission as CommissionAction, Rejection};

use super::*;

fn commission(made: u32) -> Machine {
    Machine::Commission(Commission::new(job_after(made)))
}

fn commissioned(step: &Step) -> &CommissionAction {
    let Then::Confirm { action: Action::Commission(done), .. } = &step.then else {
        panic!("{step:?}")
    };
    done
}

fn added(step: &Step) -> &AddToAction {
    let Then::Confirm { action: Action::AddTo(done), .. } = &step.then else { panic!("{step:?}") };
    done
}

/// A case that holds two of its three, and one more loose unit of another lot.
fn opened() -> Facts {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    facts.set(case(0), Presence::Present(item(case(0), Level::Case, None, 2)));
    let other = Contents::of(PRODUCT, Lot::new("L9").unwrap(), 1);
    let loose = Item { contents: other, ..item(unit(7), Level::Unit, None, 1) };
    facts.set(unit(7), Presence::Present(loose));
    facts
}

#[test]
fn units_are_registered_one_by_one_until_the_task_has_all_it_wants() {
    let (facts, mut machine) = (printed(), commission(3));
    let step = scan_all(&mut machine, &facts, &[unit(0), unit(1)]);
    assert_eq!(step.then, Then::Draft(Role::Child(Level::Unit)));
    let face = machine.face();
    assert_eq!((face.count, face.of, face.can.confirm), (5, Some(6), true));
    assert_eq!(word(&scan(&mut machine, &facts, unit(1))), "scanned_twice");
    let step = scan(&mut machine, &facts, unit(2));
    assert_eq!(commissioned(&step).codes, [unit(0), unit(1), unit(2)]);
    assert_eq!((machine.face().count, machine.face().can.confirm), (6, false));
    assert_eq!(word(&scan(&mut machine, &facts, unit(3))), "task_done");
}

#[test]
fn what_is_scanned_so_far_is_registered_when_a_person_says_so() {
    let (facts, mut machine) = (printed(), commission(0));
    assert_eq!(word(&confirm(&mut machine)), "not_open");
    scan_all(&mut machine, &facts, &[unit(4)]);
    assert_eq!(commissioned(&confirm(&mut machine)).codes, [unit(4)]);
    assert_eq!(machine.face().count, 1);
}

#[test]
fn only_units_of_the_task_are_registered() {
    let (mut facts, mut machine) = (printed(), commission(0));
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    assert_eq!(word(&scan(&mut machine, &facts, unit(0))), "already_in_use");
    assert_eq!(word(&scan(&mut machine, &facts, case(1))), "wrong_level");
    assert_eq!(word(&scan(&mut machine, &facts, case(99))), "wrong_level");
    assert!(scan(&mut machine, &facts, unit(77)).say.provisional);
}

#[test]
fn a_task_that_wants_no_number_goes_on_and_any_of_its_cases_may_be_the_last() {
    let mut endless = job();
    endless.task.quantity = 0;
    let facts = printed();
    let mut machine = Machine::Commission(Commission::new(endless.clone()));
    scan_all(&mut machine, &facts, &[unit(0), unit(1)]);
    assert_eq!((machine.face().count, machine.face().of), (2, None));
    let mut machine = Machine::Pack(Pack::new(Packing::Loose, Some(endless), false));
    scan_all(&mut machine, &facts, &[case(0), unit(0)]);
    let step = close(&mut machine, &facts);
    assert_eq!(packed(&step).partial, Some(PartialReason::EndOfTask));
}

#[test]
fn more_goes_into_a_package_until_it_is_full() {
    let facts = opened();
    let mut machine = Machine::AddTo(AddTo::new(Some(job()), false));
    let step = scan(&mut machine, &facts, case(0));
    assert_eq!(step.then, Then::Draft(Role::Package(Level::Case)));
    let params = &step.say.message.params;
    assert_eq!((&params["units"], &params["of"]), (&2.into(), &3.into()));
    assert_eq!((machine.face().count, machine.face().of), (2, Some(3)));
    assert_eq!(word(&scan(&mut machine, &facts, unit(7))), "wrong_lot");
    let step = scan(&mut machine, &facts, unit(5));
    assert_eq!((added(&step).parent, added(&step).children.as_slice()), (case(0), &[unit(5)][..]));
    assert_eq!(word(&scan(&mut machine, &facts, unit(0))), "not_a_package");
}

#[test]
fn units_of_another_lot_go_in_when_that_is_agreed() {
    let mut facts = opened();
    facts.approver = Some(ledger::Worker { role: ledger::Role::Supervisor, permitted: true });
    let mut machine = Machine::AddTo(AddTo::new(Some(job()), true));
    let step = scan_all(&mut machine, &facts, &[case(0), unit(7)]);
    assert!(added(&step).mixed_lots);
    let mut machine = Machine::Pack(Pack::new(Packing::Loose, Some(job()), true));
    assert!(machine.face().mixed_lots);
    let step = scan_all(&mut machine, &facts, &[unit(7), unit(8), unit(9), case(1)]);
    assert!(packed(&step).mixed_lots);
    assert!(!machine.face().mixed_lots, "it was agreed for that one case");
}

#[test]
fn a_package_goes_under_an_outer_one_that_is_there_or_begins_with_it() {
    let mut facts = opened();
    facts.set(pallet(0), Presence::Present(item(pallet(0), Level::Pallet, None, 3)));
    let mut machine = Machine::AddTo(AddTo::new(None, false));
    let step = scan_all(&mut machine, &facts, &[case(0), pallet(0)]);
    assert_eq!(
        (added(&step).parent, added(&step).children.as_slice()),
        (pallet(0), &[case(0)][..])
    );

    let label = Presence::Absent(Issued { level: Level::Pallet, product: None, carrier: false });
    facts.set(pallet(0), label);
    let mut machine = Machine::AddTo(AddTo::new(None, false));
    let step = scan_all(&mut machine, &facts, &[case(0), pallet(0)]);
    assert_eq!((packed(&step).parent, packed(&step).made), (pallet(0), None));
}

#[test]
fn adding_goes_on_after_a_restart_with_what_is_inside_now() {
    let facts = opened();
    let mut machine = Machine::AddTo(AddTo::new(Some(job()), false));
    machine.replay(Role::Package(Level::Case), Scanned { code: case(0), at: Timestamp(5) });
    let Ok(()) = machine.catch_up(&now(), &facts);
    assert_eq!((machine.face().count, machine.face().of), (2, Some(3)));
}

#[test]
fn units_leave_other_packages_for_a_new_one() {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    let mut loose = Machine::Pack(Pack::new(Packing::Loose, Some(job()), false));
    assert_eq!(word(&scan(&mut loose, &facts, unit(0))), "already_packed");
    let mut machine = Machine::Pack(Pack::new(Packing::Regroup, Some(job()), false));
    let step = scan_all(&mut machine, &facts, &[unit(0), unit(2), unit(5), case(1)]);
    let Then::Confirm { action: Action::Regroup(regroup), .. } = &step.then else {
        panic!("{step:?}")
    };
    assert_eq!((regroup.parent, regroup.children.len()), (case(1), 3));
    assert_eq!(step.say.message.params["kind"], "regroup");
}

#[test]
fn without_a_task_what_was_never_made_is_not_regrouped() {
    let mut facts = printed();
    put_case(&mut facts, case(0), [unit(0), unit(1), unit(2)]);
    let mut machine = Machine::Pack(Pack::new(Packing::Regroup, None, false));
    assert_eq!(word(&scan(&mut machine, &facts, unit(5))), "not_in_use");
    scan_all(&mut machine, &facts, &[unit(0), unit(1), case(1)]);
    assert!(machine.face().can.confirm);
    let step = confirm(&mut machine);
    assert!(matches!(step.then, Then::Confirm { action: Action::Regroup(_), .. }));
}

#[test]
fn a_short_case_without_a_supervisor_is_refused_by_the_rules() {
    let (mut facts, mut machine) = (printed(), pack());
    scan_all(&mut machine, &facts, &[case(0), unit(0)]);
    let Then::Confirm { action, .. } = close(&mut machine, &facts).then else { panic!() };
    let needs = ledger::Role::Supervisor;
    let judged = ledger::judge(&now().operation(action.clone()), &facts);
    assert_eq!(judged, Err(Rejection::RoleNotPermitted { needs }));
    facts.approver = Some(ledger::Worker { role: needs, permitted: true });
    assert!(ledger::judge(&now().operation(action), &facts).is_ok());
}
