//! Gate and ledger agree: a case is packed when its gate was told to let it pass, and taken back when it was not.
//!
//! The word that is owed to the gate is written down with the case's operation, and struck out once it was said. What
//! is still owed after a restart was not said, unless the gate itself knows better or the reader repeats the label.

use rusqlite::Transaction;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::{Action, Correct, Correction, Operation};
use sealtrace_protocol::time::Stamp;

use super::held::{Held, Owed};
use super::record::{except, list};
use super::sequential::Fault;
use crate::store::exceptions::{self, Exception, Kind};
use crate::store::outbox::{self, ConfirmError};
use crate::store::rejected::{self, Place, Rejected};
use crate::store::{StoreError, journal};

/// The gate has been told.
pub(super) fn said(tx: &Transaction<'_>, mut held: Held) -> Result<Held, StoreError> {
    held.memory.owed = None;
    held.remember(tx)?;
    Ok(held)
}

/// Takes a packed case back that its gate did not let pass, as far as is known.
pub(super) fn revoke(
    tx: &Transaction<'_>,
    mut held: Held,
    owed: Owed,
    why: &str,
    at: Stamp,
) -> Result<Held, ConfirmError> {
    let Owed { label, operation: names } = owed;
    let correct = Correct { names, correction: Correction::Undo };
    let operation: Operation = held.moment(tx, at)?.operation(Action::Correct(correct));
    if let Err(error) = outbox::confirm(tx, &operation, &[]) {
        return keep(tx, held, owed, error, at);
    }
    for stacked in held.stack.iter().filter(|stacked| stacked.code == label) {
        journal::undo(tx, stacked.id, at.wall, why)?;
    }
    held.stack.retain(|stacked| stacked.code != label);
    held.machine.revoke(label);
    held.memory.owed = None;
    held.memory.previous = Some((label, false));
    held.memory.accepted_cases = held.memory.accepted_cases.saturating_sub(1);
    held.memory.rejected_cases += 1;
    held.memory.last.pop_front();
    list(&mut held, Some(label), false, Some(why.to_owned()), at);
    let exception = except(tx, &held.who, Some(label), &Fault::new(why), at)?;
    if let Some(case) = packed(tx, &held, owed, why)? {
        rejected::keep(tx, exception, &case)?;
    }
    held.remember(tx)?;
    Ok(held)
}

/// What was in the case, for rework: all of it was read.
fn packed(
    tx: &Transaction<'_>,
    held: &Held,
    owed: Owed,
    why: &str,
) -> Result<Option<Rejected>, StoreError> {
    let operation = outbox::operation(tx, owed.operation)?;
    let Some(Action::Pack(pack)) = operation.map(|operation| operation.action) else {
        return Ok(None);
    };
    let place = |code: Code| Place { text: None, code: Some(code), fault: None };
    Ok(Some(Rejected {
        label: Some(owed.label),
        level: pack.level,
        inner: held.inner_level(),
        holds: u32::try_from(pack.children.len()).unwrap_or(u32::MAX),
        made: pack.made,
        word: why.to_owned(),
        unsure: false,
        places: pack.children.into_iter().map(place).collect(),
    }))
}

/// A reject was not seen to happen: the lane stands until a person has looked.
pub(super) fn unconfirmed(
    tx: &Transaction<'_>,
    mut held: Held,
    at: Stamp,
) -> Result<Held, StoreError> {
    held.memory.unconfirmed = true;
    let rejected = held.memory.last.iter().find(|case| !case.accepted).and_then(|case| case.case);
    critical(tx, &held, rejected, "reject_unconfirmed", at)?;
    held.remember(tx)?;
    Ok(held)
}

/// The gate let a case pass that was taken back because nothing was heard of its accept.
pub(super) fn passed(
    tx: &Transaction<'_>,
    held: Held,
    label: Option<Code>,
    at: Stamp,
) -> Result<Held, StoreError> {
    critical(tx, &held, label, "gate_disagrees", at)?;
    Ok(held)
}

fn critical(
    tx: &Transaction<'_>,
    held: &Held,
    code: Option<Code>,
    detail: &str,
    at: Stamp,
) -> Result<(), StoreError> {
    let exception = Exception {
        at: at.wall,
        kind: Kind::Critical,
        code,
        lane: Some(held.who.name.clone()),
        operation: None,
        rejection: None,
        detail: detail.to_owned(),
    };
    exceptions::add(tx, &exception).map(|_| ())
}

/// Somebody has gone on with the case meanwhile, so it cannot be taken back by itself: a person must look.
fn keep(
    tx: &Transaction<'_>,
    mut held: Held,
    owed: Owed,
    error: ConfirmError,
    at: Stamp,
) -> Result<Held, ConfirmError> {
    let ConfirmError::Refused(rejection) = error else { return Err(error) };
    let exception = Exception {
        at: at.wall,
        kind: Kind::Critical,
        code: Some(owed.label),
        lane: Some(held.who.name.clone()),
        operation: Some(owed.operation),
        rejection: Some(rejection),
        detail: "gate_disagrees".to_owned(),
    };
    exceptions::add(tx, &exception)?;
    held.memory.owed = None;
    held.remember(tx)?;
    Ok(held)
}
