//! Making good: Correct. Nothing is deleted; a new operation says what is so from now on.

use super::effect::Effects;
use super::facts::{Facts, Past, Presence, Touched};
use super::item::{Contents, Custody, State};
use super::operation::{Correct, Correction, Operation};
use super::pending::Pending;
use super::rejection::Rejection;

/// Everything the named operation touched goes back to what it was before, if nothing has happened to it since.
/// Whoever stands where it was done may do that.
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
        uncount(&mut pending, past, touched);
        match &touched.before {
            Some(before) => pending.put(before.clone()),
            None => pending.dissolve(touched.after.clone()),
        }
    }
    Ok(pending.effects())
}

/// Takes back what the operation counted under inbound documents: what it received, and what was heard of goods that
/// had been received before.
fn uncount(pending: &mut Pending<'_>, past: &Past, touched: &Touched) {
    let Touched { before, after } = touched;
    let was = before.as_ref();
    let awaited = was.and_then(|before| match before.state {
        State::Announced { under } if after.state == State::Active => under,
        State::Announced { .. } | State::Free | State::Active | State::Replaced { .. } => None,
    });
    let arrived = after.custody == Some(Custody::At(past.site))
        && was.and_then(|before| before.custody) != after.custody;
    let document = awaited.or(past.received_under.filter(|_| arrived));
    if let Some(document) = document {
        let mut counted = after.contents.clone();
        if awaited.is_some() {
            counted.remove(&was.map_or_else(Contents::none, |before| before.contents.clone()));
        }
        pending.count_off(document, &counted);
    }
}
