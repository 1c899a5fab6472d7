//! Making good: Correct. Nothing is deleted; a new operation says what is so from now on.

use super::action::{Correct, Correction};
use super::effect::{Effects, Move};
use super::facts::{Facts, Presence};
use super::operation::Operation;
use super::pending::Pending;
use super::rejection::Rejection;

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
