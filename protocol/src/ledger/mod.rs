//! The rules of packaging, movement and code life: [`judge`], the only place where they live.
//!
//! The agent judges with what it knows before the green light; the cloud judges again with everything before an
//! operation counts. Both get the same [`Rejection`]s.

mod effect;
mod facts;
mod item;
mod operation;
mod plan;
mod rejection;

pub use effect::{Effects, Move, Notice, Verdict};
pub use facts::{Facts, Issued, Past, Presence, Touched};
pub use item::{Content, Contents, Custody, Item, Level, State};
pub use operation::{
    Action, Commission, Correct, Correction, Finding, Inspect, Made, Need, Operation, Pack,
    PartialReason, Receive, Relabel, RelabelReason, Ship, Unpack, VerifyPack,
};
pub use plan::{Document, DocumentLine, HOLDS_MAX, Plan, PlanError, Step, Task};
pub use rejection::Rejection;

/// Judges one operation against what is known: what it changes, or why it does not count.
///
/// `facts` holds what [`Operation::needs`], [`Operation::task`], [`Operation::document`] and
/// [`Operation::corrects`] ask for. The caller stores the effects in one transaction.
pub fn judge(operation: &Operation, facts: &Facts) -> Result<Effects, Rejection> {
    let _ = (operation, facts);
    Ok(Effects::default())
}

/// What a quarantined operation leaves behind in the cloud: items two operations contradict each other about become
/// disputed until the floor resolves it.
#[must_use]
pub fn dispute(rejection: &Rejection, facts: &Facts) -> Effects {
    let _ = (rejection, facts);
    Effects::default()
}
