//! Packed cases become pallets by themselves: when as many wait as one holds, the task's next SSCC labels them.

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::TaskId;
use sealtrace_protocol::ledger::{Action, Level, Made, Pack, Presence, Rejection};
use sealtrace_protocol::link::TaskRow;
use sealtrace_protocol::time::Stamp;

use super::PalletState;
use super::record::{Held, except};
use super::sequential::Fault;
use crate::progress;
use crate::store::outbox::{self, ConfirmError};
use crate::store::{StoreError, feed, items, journal, settings};

/// A packed case that waits for its pallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stacked {
    /// Its draft.
    pub(super) id: i64,
    pub(super) code: Code,
    /// The task it was made for.
    pub(super) task: Option<TaskId>,
}

impl Stacked {
    /// The role of its draft.
    pub(super) const ROLE: &str = "stacked";
}

/// What one attempt did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stacking {
    /// Too few cases wait.
    Waiting,
    /// A pallet was packed, or a case left the stack: look again.
    Changed,
    /// It cannot go on; the reason is recorded.
    Stuck,
}

/// The pallet in work, for the screen.
pub(super) fn pallet(held: &Held) -> Option<PalletState> {
    let task = &held.job.as_ref()?.task;
    let (_, of) = outer(task, held.case_level())?;
    let cases = held.stack.iter().filter(|stacked| stacked.task == Some(task.id)).count();
    Some(PalletState { cases: u32::try_from(cases).unwrap_or(u32::MAX), of })
}

fn outer(task: &TaskRow, inner: Level) -> Option<(Level, u32)> {
    let step = task.plan.steps().find(|step| step.level > inner)?;
    Some((step.level, step.holds))
}

/// Packs one pallet if enough cases wait.
pub(super) fn pack(
    tx: &Transaction<'_>,
    mut held: Held,
    at: Stamp,
) -> Result<(Held, Stacking), ConfirmError> {
    let Some(id) = held.stack.first().and_then(|stacked| stacked.task) else {
        return Ok((held, Stacking::Waiting));
    };
    let Some(task) = feed::task(tx, id)? else { return Ok((held, Stacking::Waiting)) };
    let Some((level, holds)) = outer(&task, held.case_level()) else {
        return Ok((held, Stacking::Waiting));
    };
    let holds = usize::try_from(holds).unwrap_or(usize::MAX);
    let ready: Vec<Stacked> =
        held.stack.iter().copied().filter(|stacked| stacked.task == Some(id)).take(holds).collect();
    if ready.len() < holds {
        return Ok((held, Stacking::Waiting));
    }
    let Some(parent) = next_label(tx, &task, level)? else {
        tracing::error!(
            lane.name = held.who.name,
            task.id = id.get(),
            "no SSCC is left for pallets of this task: release more, the cases wait"
        );
        return Ok((held, Stacking::Stuck));
    };
    let made = Made { task: id, product: task.product, lot: task.lot };
    let children = ready.iter().map(|stacked| stacked.code).collect();
    let pack = Pack { parent, level, children, made: Some(made), partial: None };
    let operation = held.moment(tx, at)?.operation(Action::Pack(pack));
    let drafts: Vec<_> = ready.iter().map(|stacked| stacked.id).collect();
    match outbox::confirm(tx, &operation, &drafts) {
        Ok(_) => {
            progress::count(tx, &operation)?;
            held.stack.retain(|stacked| !drafts.contains(&stacked.id));
            Ok((held, Stacking::Changed))
        }
        Err(ConfirmError::Refused(rejection)) => {
            let stacking = drop_refused(tx, &mut held, &ready, rejection, at)?;
            Ok((held, stacking))
        }
        Err(error @ ConfirmError::Store(_)) => Err(error),
    }
}

/// A case that cannot go onto the pallet any more (it was opened or packed by hand) leaves the stack.
fn drop_refused(
    tx: &Transaction<'_>,
    held: &mut Held,
    ready: &[Stacked],
    rejection: Rejection,
    at: Stamp,
) -> Result<Stacking, StoreError> {
    let fields = serde_json::to_value(&rejection).unwrap_or_default();
    let named = fields.get(rejection.code()).and_then(|fields| fields.get("code")?.as_str());
    let gone = ready.iter().find(|stacked| Some(stacked.code.canonical().as_str()) == named);
    except(tx, &held.who, gone.map(|stacked| stacked.code), &Fault::from(rejection), at)?;
    let Some(gone) = gone else { return Ok(Stacking::Stuck) };
    journal::undo(tx, gone.id, at.wall, "left_stack")?;
    held.stack.retain(|stacked| stacked.id != gone.id);
    Ok(Stacking::Changed)
}

/// The next unused SSCC of the task's leases for this level.
fn next_label(
    tx: &Transaction<'_>,
    task: &TaskRow,
    level: Level,
) -> Result<Option<Code>, StoreError> {
    let key = format!("lease.{}.{}", task.id, level.name());
    let mut at: u32 = settings::get(tx, &key)?.unwrap_or_default();
    while let Some(code) = leased(task, level, at) {
        at = at.saturating_add(1);
        if is_unused(tx, code)? {
            settings::set(tx, &key, &at)?;
            return Ok(Some(code));
        }
    }
    Ok(None)
}

fn leased(task: &TaskRow, level: Level, index: u32) -> Option<Code> {
    let mut index = index;
    for lease in task.leases.iter().filter(|lease| lease.level == level) {
        if index < lease.count {
            return lease.sscc(index).map(Code::Sscc);
        }
        index -= lease.count;
    }
    None
}

fn is_unused(conn: &Connection, code: Code) -> Result<bool, StoreError> {
    Ok(match items::presence(conn, code)? {
        Presence::Present(item) => {
            !item.is_in_use() && item.state == sealtrace_protocol::ledger::State::Free
        }
        Presence::Absent(_) | Presence::Unknown | Presence::Foreign => true,
    })
}
