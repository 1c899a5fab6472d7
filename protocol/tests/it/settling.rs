//! What is disputed until somebody has looked: settled by an operation of its own.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OperatorId;
use sealtrace_protocol::ledger::{
    Action, Custody, Effects, Operation, Outcome, Rejection, Role, Settle,
};

use crate::conflicts::{Story, operation, pack_case, ship};
use crate::world::{case, id, unit};

fn settle(codes: &[Code]) -> Action {
    let (names, codes, outcome) = (Some(id(2)), codes.to_vec(), Outcome::Stands);
    Action::Settle(Settle { names, codes, outcome })
}

#[test]
fn a_disputed_child_that_was_found_where_the_ledger_has_it_goes_on_from_there() {
    let mut story = Story::default();
    story.then(pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    story.then(pack_case(case(1), &[unit(3), unit(4), unit(2)])).unwrap_err();
    assert!(story.item(unit(2)).disputed);
    let effects = story.then(settle(&[unit(2)])).unwrap();
    assert_eq!(effects.items.len(), 1, "only it was looked at");
    let item = story.item(unit(2));
    assert_eq!((item.disputed, item.parent), (false, Some(case(0))));
}

#[test]
fn who_shipped_disputed_goods_is_settled_by_a_supervisor_alone() {
    let mut story = Story::default();
    story.then(pack_case(case(0), &[unit(0), unit(1), unit(2)])).unwrap();
    story.then(ship(&[case(0)], 1)).unwrap();
    story.at(200_000, 2, ship(&[case(0)], 2)).unwrap_err();
    assert!(story.item(case(0)).disputed);
    let needs = Role::Supervisor;
    assert_eq!(story.then(settle(&[case(0)])), Err(Rejection::RoleNotPermitted { needs }));
    let by = operation(400_000, 1, settle(&[case(0)]));
    let by = Operation { operator: Some(OperatorId(9)), ..by };
    story.ledger.accept(id(90), &by).unwrap();
    let item = story.item(case(0));
    assert!(!item.disputed && matches!(item.custody, Some(Custody::Shipped { .. })));
}

#[test]
fn what_was_never_in_use_has_nothing_to_settle() {
    let mut story = Story::default();
    assert_eq!(story.then(settle(&[unit(7)])).unwrap(), Effects::default());
}
