//! Packed cases become pallets by themselves: when as many wait as one holds, the task's next SSCC labels them.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::TaskId;
use sealtrace_protocol::ledger::{Action, Level, Made, Pack, PartialReason, Rejection, State};
use sealtrace_protocol::link::TaskRow;
use sealtrace_protocol::time::Stamp;

use super::PalletState;
use super::held::Held;
use super::record::except;
use super::sequential::Fault;
use crate::store::exceptions::{self, Exception, Kind};
use crate::store::journal::Draft;
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
    /// What it is: the label reader's level, or what was stacked from it.
    pub(super) level: Level,
}

impl Stacked {
    /// The role of its draft, before the level.
    pub(super) const ROLE: &str = "stacked.";

    /// The role of its draft.
    pub(super) fn role(level: Level) -> String {
        format!("{}{}", Self::ROLE, level.name())
    }
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
    let level = held.level();
    let (_, of) = outer(task, level).filter(|(around, _)| !held.who.elsewhere.contains(around))?;
    let waits = |stacked: &&Stacked| stacked.task == Some(task.id) && stacked.level == level;
    let cases = held.stack.iter().filter(waits).count();
    Some(PalletState { cases: u32::try_from(cases).unwrap_or(u32::MAX), of })
}

/// What goes around this level, whichever task the lane is at by now.
fn outer(task: &TaskRow, level: Level) -> Option<(Level, u32)> {
    let step = task.plan.steps().find(|step| step.level > level)?;
    Some((step.level, step.holds))
}

/// Puts what was packed where it waits for what goes around it, if that is this lane's to pack.
pub(super) fn put(
    tx: &Transaction<'_>,
    held: &mut Held,
    code: Code,
    task: TaskId,
    level: Level,
    at: Stamp,
) -> Result<(), StoreError> {
    let around = feed::task(tx, task)?.and_then(|task| outer(&task, level));
    if around.is_none_or(|(around, _)| held.who.elsewhere.contains(&around)) {
        return Ok(());
    }
    let draft = held.draft(&Stacked::role(level), "", Some(code), at);
    let id = journal::append(tx, &Draft { task: Some(task), ..draft })?;
    held.stack.push(Stacked { id, code, task: Some(task), level });
    Ok(())
}

/// Packs one pallet if enough cases of one task wait. What a task left over, or cannot pack, does not hold up the next.
pub(super) fn pack(
    tx: &Transaction<'_>,
    mut held: Held,
    at: Stamp,
) -> Result<(Held, Stacking), ConfirmError> {
    if held.memory.owed.is_some() {
        // Whether the last case stays is not certain yet.
        return Ok((held, Stacking::Waiting));
    }
    let kinds = held.stack.iter().filter_map(|stacked| Some((stacked.level, stacked.task?)));
    // Inner levels first: what becomes of them may fill an outer one.
    let kinds: BTreeSet<_> = kinds.collect();
    let mut stacking = Stacking::Waiting;
    for (level, id) in kinds {
        match pack_of(tx, &mut held, id, level, at)? {
            Stacking::Changed => return Ok((held, Stacking::Changed)),
            Stacking::Stuck => stacking = Stacking::Stuck,
            Stacking::Waiting => {}
        }
    }
    if held.memory.finishing && held.machine.is_between_cases() {
        held.memory.finishing = false;
        held.remember(tx)?;
    }
    Ok((held, stacking))
}

fn pack_of(
    tx: &Transaction<'_>,
    held: &mut Held,
    id: TaskId,
    inner: Level,
    at: Stamp,
) -> Result<Stacking, ConfirmError> {
    let Some(task) = feed::task(tx, id)? else { return Ok(Stacking::Waiting) };
    let Some((level, holds)) = outer(&task, inner) else { return Ok(Stacking::Waiting) };
    let holds = usize::try_from(holds).unwrap_or(usize::MAX);
    let ready: Vec<Stacked> = held
        .stack
        .iter()
        .copied()
        .filter(|one| one.task == Some(id) && one.level == inner)
        .take(holds)
        .collect();
    let ends = held.memory.finishing && held.machine.is_between_cases() && !ready.is_empty();
    if ready.len() < holds && !ends {
        return Ok(Stacking::Waiting);
    }
    let Some((parent, next)) = next_label(tx, &task, level)? else {
        return Ok(stuck(tx, held, id, &Fault::new("no_pallet_label"), at)?);
    };
    let made = Made { task: id, product: task.product, lot: task.lot, plan: task.revision };
    let children = ready.iter().map(|stacked| stacked.code).collect();
    let partial = (ready.len() < holds).then_some(PartialReason::EndOfTask);
    let (made, mixed_lots) = (Some(made), false);
    let pack = Pack { parent, level, children, made, partial, mixed_lots };
    let operation = held.moment(tx, at)?.operation(Action::Pack(pack));
    let drafts: Vec<_> = ready.iter().map(|stacked| stacked.id).collect();
    match outbox::confirm(tx, &operation, &drafts) {
        Ok(_) => {
            settings::set(tx, &lease_key(&task, level), &next)?;
            held.stack.retain(|stacked| !drafts.contains(&stacked.id));
            held.stuck.remove(&id);
            put(tx, held, parent, task.id, level, at)?;
            Ok(Stacking::Changed)
        }
        Err(ConfirmError::Refused(rejection)) => {
            // A label that was not used stays for the next pallet, unless it is what was refused.
            let of_label = !matches!(rejection, Rejection::Unauthorised { .. });
            if of_label && named(&rejection) == Some(parent.canonical()) {
                settings::set(tx, &lease_key(&task, level), &next)?;
            }
            let named = named(&rejection);
            let gone = ready.iter().find(|stacked| Some(stacked.code.canonical()) == named);
            Ok(match gone {
                Some(gone) => leave(tx, held, *gone, rejection, at)?,
                None => stuck(tx, held, id, &Fault::from(rejection), at)?,
            })
        }
        Err(error @ ConfirmError::Store(_)) => Err(error),
    }
}

/// A case that cannot go onto the pallet any more (it was opened or packed by hand) leaves the stack.
fn leave(
    tx: &Transaction<'_>,
    held: &mut Held,
    gone: Stacked,
    rejection: Rejection,
    at: Stamp,
) -> Result<Stacking, StoreError> {
    except(tx, &held.who, Some(gone.code), &Fault::from(rejection), at)?;
    journal::undo(tx, gone.id, at.wall, "left_stack")?;
    held.stack.retain(|stacked| stacked.id != gone.id);
    Ok(Stacking::Changed)
}

/// Pallets of this task cannot be packed, and its cases wait. Somebody is told once, not with every case.
fn stuck(
    tx: &Transaction<'_>,
    held: &mut Held,
    id: TaskId,
    fault: &Fault,
    at: Stamp,
) -> Result<Stacking, StoreError> {
    if held.stuck.insert(id) {
        tracing::error!(
            lane.name = held.who.name,
            task.id = id.get(),
            pallet.reason = fault.word,
            "no pallet can be packed for this task; its cases wait"
        );
        let exception = Exception {
            at: at.wall,
            kind: Kind::Critical,
            code: None,
            lane: Some(held.who.name.clone()),
            operation: None,
            rejection: fault.rejection.clone(),
            detail: fault.word.clone(),
        };
        exceptions::add(tx, &exception)?;
    }
    Ok(Stacking::Stuck)
}

/// The code a rejection is about.
fn named(rejection: &Rejection) -> Option<String> {
    let fields = serde_json::to_value(rejection).ok()?;
    Some(fields.get(rejection.code())?.get("code")?.as_str()?.to_owned())
}

fn lease_key(task: &TaskRow, level: Level) -> String {
    format!("lease.{}.{}", task.id, level.name())
}

/// The next unused SSCC of the task's leases for this level, and where to look on once it is used. The feed leaves out
/// leases of a task that is another device's: that one may be using them right now.
fn next_label(
    conn: &Connection,
    task: &TaskRow,
    level: Level,
) -> Result<Option<(Code, u32)>, StoreError> {
    let mut at: u32 = settings::get(conn, &lease_key(task, level))?.unwrap_or_default();
    while let Some(code) = leased(task, level, at) {
        at = at.saturating_add(1);
        if is_unused(conn, code)? {
            return Ok(Some((code, at)));
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
    Ok(items::presence(conn, code)?.item().is_none_or(|item| item.state == State::Free))
}
