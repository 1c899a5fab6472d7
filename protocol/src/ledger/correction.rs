//! Making good: Correct, Settle. Nothing is deleted; a new operation says what is so from now on.

use super::action::{Correct, Correction, Settle};
use super::effect::{Effects, Move, Notice};
use super::facts::{Facts, Presence};
use super::item::{Custody, Item, State};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use super::terms::Role;

/// Everything the named operation touched goes back to what it was before, if nothing has happened to it since, and
/// what it moved under documents is taken back. Whoever stands where it was done may do that.
pub(super) fn correct(
    operation: &Operation,
    correct: Correct,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let Correction::Undo = correct.correction;
    let names = correct.names;
    let past = facts.past.as_ref().ok_or(Rejection::NoSuchOperation { names })?;
    if past.site != operation.site {
        return Err(Rejection::DoneElsewhere { names, site: past.site });
    }
    let mut pending = Pending::new(operation, facts);
    for touched in &past.touched {
        let code = touched.after.code;
        let Presence::Present(now) = facts.presence(code) else {
            return Err(Rejection::MovedOn { code });
        };
        if *now != touched.after {
            return Err(Rejection::MovedOn { code });
        }
        // Its label was written off since: it carries nothing any more.
        let was_used = touched.before.as_ref().is_some_and(Item::is_in_use);
        if now.state == State::Free
            && was_used
            && let Some(fate) = facts.written_off(code).filter(|fate| !fate.may_be_used())
        {
            return Err(Rejection::WrittenOff { code, fate });
        }
        match &touched.before {
            Some(before) => pending.put(before.clone()),
            None => pending.dissolve(touched.after.clone()),
        }
    }
    let back = |moved: &Move| Move {
        document: moved.document,
        on: moved.off.clone(),
        off: moved.on.clone(),
    };
    Ok(pending.effects_moving(past.moves.iter().map(back).collect()))
}

/// Goods that two operations contradict each other about are where the ledger has them: somebody made sure. Where they
/// are with a dealer nobody can see them, so a supervisor says it. What was not disputed was looked at, no more.
pub(super) fn settle(
    operation: &Operation,
    settle: &Settle,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    for code in pending.distinct(&settle.codes)? {
        let item = match pending.find(code) {
            Ok(Found::InUse(item)) => item,
            Ok(Found::Idle(_)) | Err(Rejection::WrittenOff { .. }) => continue,
            Err(rejection) => return Err(rejection),
            Ok(Found::Untold(_) | Found::Unknown) => {
                pending.notice(Notice::Provisional { code });
                continue;
            }
        };
        let away = matches!(pending.custody(&item), Some(Custody::Shipped { .. }));
        if item.disputed && away && !facts.approved() {
            return Err(Rejection::RoleNotPermitted { needs: Role::Supervisor });
        }
        pending.look_at(Item { disputed: false, ..item });
    }
    Ok(pending.effects())
}
