//! What a lane writes: each function is part of one transaction, after which the reader gets its answer.

use std::collections::{BTreeSet, VecDeque};

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::code::{self, Code, Scan};
use sealtrace_protocol::ids::{DeviceId, OperationId, SiteId, TaskId};
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Level, Made, Operation, Pack, PartialReason, Presence,
};
use sealtrace_protocol::time::Stamp;
use serde::{Deserialize, Serialize};

use super::LastCase;
use super::choice::{Waits, choose};
use super::sequential::{Aside, Fault, Labelled, Reading, Sequential};
use super::stack::Stacked;
use crate::config::TaskSource;
use crate::input::serial::Heard;
use crate::station::known::Known;
use crate::station::{Job, Ledger, Moment, job, unscanned};
use crate::store::exceptions::{self, Exception, Kind};
use crate::store::journal::{self, Draft};
use crate::store::outbox::{self, ConfirmError};
use crate::store::{StoreError, feed, settings};

/// Cases the line screen lists.
const LAST_MAX: usize = 10;
const FAULT_ROLE: &str = "fault.";

/// Who a lane is: the same in every transaction.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) site: SiteId,
    /// This device; none before enrolment.
    pub(super) device: Option<DeviceId>,
    pub(super) task: TaskSource,
}

/// What must be found again after a restart, besides drafts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The last label and whether its case was accepted.
    pub(super) previous: Option<(Code, bool)>,
    pub(super) task: Option<TaskId>,
    pub(super) accepted_cases: u64,
    pub(super) rejected_cases: u64,
    pub(super) no_reads: u64,
    pub(super) last: VecDeque<LastCase>,
}

/// The lane between two events. Cloned into a transaction, and replaced by what comes back from it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) who: Who,
    pub(super) machine: Sequential,
    /// The drafts of the open case.
    pub(super) drafts: Vec<i64>,
    /// Packed cases that wait for their pallet.
    pub(super) stack: Vec<Stacked>,
    /// Tasks whose pallets cannot be packed; somebody was told.
    pub(super) stuck: BTreeSet<TaskId>,
    pub(super) memory: Memory,
    pub(super) job: Option<Job>,
    /// Why there is no job.
    pub(super) waits: Waits,
}

/// What became of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) label: Option<Code>,
    pub(super) accepted: bool,
    /// The reader said it once more; nothing was written.
    pub(super) again: bool,
    /// The operation, when a case was packed.
    pub(super) operation: Option<OperationId>,
}

impl Who {
    pub(super) fn source(&self) -> String {
        super::source(&self.name)
    }
}

/// Finds the lane as it was when the program ended.
pub(super) fn restore(conn: &Connection, who: Who) -> Result<Held, StoreError> {
    let memory: Memory = settings::get(conn, &who.source())?.unwrap_or_default();
    let mut held = Held {
        machine: Sequential::new(0, memory.previous),
        drafts: Vec::new(),
        stack: Vec::new(),
        stuck: BTreeSet::new(),
        job: job(conn, memory.task)?,
        waits: Waits::NoTask,
        memory,
        who,
    };
    held.follow_plan();
    for row in journal::drafts(conn, &held.who.source())? {
        let Draft { role, text, code, task, .. } = row.draft;
        if role == Stacked::ROLE {
            held.stack.extend(code.map(|code| Stacked { id: row.id, code, task }));
            continue;
        }
        held.drafts.push(row.id);
        let text = (!text.is_empty()).then_some(text);
        match role.strip_prefix(FAULT_ROLE) {
            Some("noise") => {
                held.machine.unit(Reading::Noise, None);
            }
            Some(word) => held.machine.replay(text, code, Some(Fault::new(word))),
            None => held.machine.replay(text, code, None),
        }
    }
    held.choose_task(conn)?;
    Ok(held)
}

impl Held {
    /// The case level of the plan: the first one around units.
    pub(super) fn case_level(&self) -> Level {
        let plan = self.job.as_ref().map(|job| &job.task.plan);
        plan.and_then(|plan| plan.steps().next()).map_or(Level::Case, |step| step.level)
    }

    fn follow_plan(&mut self) {
        let level = self.case_level();
        let holds = self.job.as_ref().and_then(|job| job.task.plan.holds(level)).unwrap_or(0);
        self.machine.set_holds(holds);
    }

    pub(super) fn moment(&self, conn: &Connection, at: Stamp) -> Result<Moment, StoreError> {
        let site = self.who.site;
        let basis = feed::basis(conn, site)?;
        Ok(Moment { at, operator: None, approver: None, site, basis })
    }

    /// Between two cases the lane looks which task it works on.
    pub(super) fn choose_task(&mut self, conn: &Connection) -> Result<(), StoreError> {
        if !self.machine.is_between_cases() {
            return Ok(());
        }
        let id = match choose(conn, &self.who)? {
            Ok(id) => Some(id),
            Err(waits) => {
                self.waits = waits;
                None
            }
        };
        self.job = job(conn, id)?;
        self.memory.task = self.job.as_ref().map(|job| job.task.id);
        self.follow_plan();
        Ok(())
    }

    fn made(&self) -> Option<Made> {
        self.job.as_ref().map(Job::made)
    }

    fn draft(&self, role: &str, text: &str, code: Option<Code>, at: Stamp) -> Draft {
        Draft {
            source: self.who.source(),
            role: role.to_owned(),
            text: text.to_owned(),
            code,
            at,
            operator: None,
            site: self.who.site,
            task: self.memory.task,
            document: None,
            accepted: true,
        }
    }

    pub(super) fn remember(&self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        settings::set(tx, &self.who.source(), &self.memory)
    }
}

/// Takes what the unit reader said.
pub(super) fn unit(
    tx: &Transaction<'_>,
    mut held: Held,
    heard: Heard,
    at: Stamp,
) -> Result<Held, StoreError> {
    held.choose_task(tx)?;
    let (text, code, reading, fault) = match heard {
        Heard::NoRead => (String::new(), None, Reading::NoRead, None),
        Heard::Garbage(_) => (String::new(), None, Reading::Noise, None),
        Heard::Text(text) => match code::parse(&text) {
            Err(_) => (text.clone(), None, Reading::Unreadable { text }, None),
            Ok(scan) => {
                let fault = refusal(tx, &held, &scan, at)?;
                let reading = Reading::Code { text: text.clone(), code: scan.code };
                (text, Some(scan.code), reading, fault)
            }
        },
    };
    let noise = reading == Reading::Noise;
    if reading == Reading::NoRead {
        held.memory.no_reads += 1;
    }
    if let Some(aside) = held.machine.unit(reading, fault) {
        set_aside(tx, &mut held, &aside, at)?;
    }
    let role = match held.machine.last_fault() {
        _ if noise => format!("{FAULT_ROLE}noise"),
        Some(fault) => format!("{FAULT_ROLE}{}", fault.word),
        None => "unit".to_owned(),
    };
    let id = journal::append(tx, &held.draft(&role, &text, code, at))?;
    held.drafts.push(id);
    held.remember(tx)?;
    Ok(held)
}

/// What the rules have against this unit alone.
fn refusal(
    tx: &Transaction<'_>,
    held: &Held,
    scan: &Scan,
    at: Stamp,
) -> Result<Option<Fault>, StoreError> {
    let Some(job) = &held.job else { return Ok(Some(Fault::new(held.waits.word()))) };
    if let Some(say) = job.mismatch(scan) {
        return Ok(Some(Fault::new(&say.message.code)));
    }
    let ledger = Known(tx);
    if matches!((ledger.presence(scan.code)?, scan.code), (Presence::Unknown, Code::Sscc(_))) {
        // Nobody knows this label, but a bottle never carries an SSCC.
        return Ok(Some(Fault::new("wrong_level")));
    }
    let level = held.case_level();
    let pack = Pack {
        parent: unscanned(),
        level,
        children: vec![scan.code],
        made: held.made(),
        partial: Some(PartialReason::EndOfTask),
        mixed_lots: false,
    };
    let operation = held.moment(tx, at)?.operation(Action::Pack(pack));
    Ok(ledger.judge(&operation, Some(level))?.err().map(Fault::from))
}

/// Takes what the label reader said.
pub(super) fn label(
    tx: &Transaction<'_>,
    mut held: Held,
    heard: Heard,
    at: Stamp,
) -> Result<(Held, Ended), ConfirmError> {
    held.choose_task(tx)?;
    let (text, scan) = match heard {
        Heard::Text(text) => {
            let scan = code::parse(&text).ok();
            (text, scan)
        }
        Heard::NoRead | Heard::Garbage(_) => (String::new(), None),
    };
    let label = scan.as_ref().map(|scan| scan.code);
    let mismatch = scan.zip(held.job.as_ref()).and_then(|(scan, job)| job.mismatch(&scan));
    if label.is_none() {
        held.memory.no_reads += 1;
    }
    let mut operation = None;
    let accepted = match (held.machine.label(label), label) {
        (Labelled::Again(accepted), _) => {
            let ended = Ended { label, accepted, again: true, operation };
            return Ok((held, ended));
        }
        (Labelled::Whole(_), Some(label)) if mismatch.is_some() => {
            let fault = mismatch.map(|say| Fault::new(&say.message.code));
            if let Some(aside) = held.machine.close(label, fault) {
                set_aside(tx, &mut held, &aside, at)?;
            }
            false
        }
        (Labelled::Whole(children), Some(label)) => {
            operation = pack_case(tx, &mut held, label, &text, children, at)?;
            operation.is_some()
        }
        // A case without a label is never whole.
        (Labelled::Whole(_), None) => false,
        (Labelled::Aside(aside), _) => {
            set_aside(tx, &mut held, &aside, at)?;
            false
        }
    };
    held.memory.previous = label.map(|label| (label, accepted));
    held.choose_task(tx)?;
    held.remember(tx)?;
    Ok((held, Ended { label, accepted, again: false, operation }))
}

/// Packs a whole case, or sets it aside when the rules refuse it after all.
fn pack_case(
    tx: &Transaction<'_>,
    held: &mut Held,
    label: Code,
    text: &str,
    children: Vec<Code>,
    at: Stamp,
) -> Result<Option<OperationId>, ConfirmError> {
    let id = journal::append(tx, &held.draft("label", text, Some(label), at))?;
    held.drafts.push(id);
    let pack = Pack {
        parent: label,
        level: held.case_level(),
        children,
        made: held.made(),
        partial: None,
        mixed_lots: false,
    };
    let operation = held.moment(tx, at)?.operation(Action::Pack(pack));
    let confirmed = match outbox::confirm(tx, &operation, &held.drafts) {
        Ok(confirmed) => confirmed,
        Err(ConfirmError::Refused(rejection)) => {
            if let Some(aside) = held.machine.close(label, Some(rejection.into())) {
                set_aside(tx, held, &aside, at)?;
            }
            return Ok(None);
        }
        Err(error @ ConfirmError::Store(_)) => return Err(error),
    };
    held.machine.close(label, None);
    held.drafts.clear();
    held.memory.accepted_cases += 1;
    list(held, Some(label), true, None, at);
    let id = journal::append(tx, &held.draft(Stacked::ROLE, "", Some(label), at))?;
    held.stack.push(Stacked { id, code: label, task: held.memory.task });
    Ok(Some(confirmed.id))
}

/// Records a case that is not packed: its drafts are undone with the reason, a person is told.
fn set_aside(
    tx: &Transaction<'_>,
    held: &mut Held,
    aside: &Aside,
    at: Stamp,
) -> Result<(), StoreError> {
    let why = format!("set_aside: {}", aside.fault.word);
    for id in held.drafts.drain(..) {
        journal::undo(tx, id, at.wall, &why)?;
    }
    except(tx, &held.who, aside.label, &aside.fault, at)?;
    held.memory.rejected_cases += 1;
    held.memory.previous = aside.label.map(|label| (label, false));
    list(held, aside.label, false, Some(aside.fault.word.clone()), at);
    tracing::warn!(
        lane.name = held.who.name,
        case.label = aside.label.map(|label| label.canonical()),
        case.reason = aside.fault.word,
        case.places = aside.places,
        case.codes = aside.codes.len(),
        "a case was set aside"
    );
    Ok(())
}

/// Takes a packed case back that its gate did not let pass in time.
pub(super) fn revoke(
    tx: &Transaction<'_>,
    mut held: Held,
    label: Code,
    names: OperationId,
    why: &str,
    at: Stamp,
) -> Result<Held, ConfirmError> {
    let correct = Correct { names, correction: Correction::Undo };
    let operation: Operation = held.moment(tx, at)?.operation(Action::Correct(correct));
    outbox::confirm(tx, &operation, &[])?;
    for stacked in held.stack.iter().filter(|stacked| stacked.code == label) {
        journal::undo(tx, stacked.id, at.wall, why)?;
    }
    held.stack.retain(|stacked| stacked.code != label);
    held.machine.revoke(label);
    held.memory.previous = Some((label, false));
    held.memory.accepted_cases = held.memory.accepted_cases.saturating_sub(1);
    held.memory.rejected_cases += 1;
    held.memory.last.pop_front();
    list(&mut held, Some(label), false, Some(why.to_owned()), at);
    except(tx, &held.who, Some(label), &Fault::new(why), at)?;
    held.remember(tx)?;
    Ok(held)
}

fn list(held: &mut Held, case: Option<Code>, accepted: bool, reason: Option<String>, at: Stamp) {
    held.memory.last.push_front(LastCase { case, at: at.wall.millis(), accepted, reason });
    held.memory.last.truncate(LAST_MAX);
}

pub(super) fn except(
    tx: &Transaction<'_>,
    who: &Who,
    code: Option<Code>,
    fault: &Fault,
    at: Stamp,
) -> Result<(), StoreError> {
    exceptions::add(
        tx,
        &Exception {
            at: at.wall,
            kind: Kind::SetAside,
            code,
            lane: Some(who.name.clone()),
            operation: None,
            rejection: fault.rejection.clone(),
            detail: fault.word.clone(),
        },
    )?;
    Ok(())
}
