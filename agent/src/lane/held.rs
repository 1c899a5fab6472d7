//! What a lane holds between two events, and how it is found again after a restart.

use std::collections::{BTreeSet, VecDeque};

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DeviceId, OperationId, SiteId, TaskId};
use sealtrace_protocol::ledger::{Level, Made};
use sealtrace_protocol::time::Stamp;
use serde::{Deserialize, Serialize};

use super::apply::{Applied, Applies};
use super::choice::{Waits, choose};
use super::sequential::{Fault, Sequential};
use super::stack::Stacked;
use super::{LastCase, Resync};
use crate::config::TaskSource;
use crate::station::{Job, Moment, job};
use crate::store::journal::{self, Draft};
use crate::store::{StoreError, feed, settings};

/// The role of a draft that is a place with something wrong, before the word.
pub(super) const FAULT_ROLE: &str = "fault.";
/// The role of a draft that is no place but spoils the open case, before the word.
pub(super) const SPOILED_ROLE: &str = "spoiled.";

/// Who a lane is: the same in every transaction.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) site: SiteId,
    /// This device; none before enrolment.
    pub(super) device: Option<DeviceId>,
    pub(super) task: TaskSource,
    /// The level it packs; none = the plan's first.
    pub(super) packs: Option<Level>,
    /// Levels that other lanes of this agent pack: what goes into them is theirs.
    pub(super) elsewhere: Vec<Level>,
    /// One reading shows everything that goes into a case.
    pub(super) pictures: bool,
    /// It prints the labels of its cases.
    pub(super) applies: Option<Applies>,
    /// A gate waits for a word on every case.
    pub(super) gated: bool,
    /// Both readers say once more what was not answered, so a restart is no gap.
    pub(super) repeats: bool,
}

/// A case that is packed and whose gate may not know yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owed {
    pub(super) label: Code,
    pub(super) operation: OperationId,
}

/// What must be found again after a restart, besides drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The last label and whether its case was accepted.
    pub(super) previous: Option<(Code, bool)>,
    /// The gate's word on it, written with its operation and struck out once it was said.
    pub(super) owed: Option<Owed>,
    pub(super) task: Option<TaskId>,
    pub(super) accepted_cases: u64,
    pub(super) rejected_cases: u64,
    pub(super) no_reads: u64,
    pub(super) last: VecDeque<LastCase>,
    /// How it found its place again after the last gap.
    pub(super) resync: Option<Resync>,
    /// The gate did not confirm a reject: no case passes until a person has looked.
    pub(super) unconfirmed: bool,
    /// The task ends here: the open case may stay short, and what waits becomes partial pallets.
    pub(super) finishing: bool,
    /// What the full case waits for, where the lane prints labels.
    pub(super) applied: Option<Applied>,
}

/// The lane between two events. Cloned into a transaction, and replaced by what comes back from it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) who: Who,
    pub(super) machine: Sequential,
    /// The drafts of the open case's places, in their order.
    pub(super) drafts: Vec<i64>,
    /// The drafts that spoil the open case and are no places.
    pub(super) marks: Vec<i64>,
    /// Packed cases that wait for their pallet.
    pub(super) stack: Vec<Stacked>,
    /// Tasks whose pallets cannot be packed; somebody was told.
    pub(super) stuck: BTreeSet<TaskId>,
    pub(super) memory: Memory,
    /// The memory as it was written last.
    written: Memory,
    pub(super) job: Option<Job>,
    /// Why there is no job.
    pub(super) waits: Waits,
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
        marks: Vec::new(),
        stack: Vec::new(),
        stuck: BTreeSet::new(),
        job: job(conn, memory.task)?,
        waits: Waits::NoTask,
        written: memory.clone(),
        memory,
        who,
    };
    held.follow_plan();
    for row in journal::drafts(conn, &held.who.source())? {
        let Draft { role, text, code, task, .. } = row.draft;
        if let Some(level) = role.strip_prefix(Stacked::ROLE).and_then(Level::from_name) {
            held.stack.extend(code.map(|code| Stacked { id: row.id, code, task, level }));
            continue;
        }
        let text = (!text.is_empty()).then_some(text);
        if let Some(word) = role.strip_prefix(SPOILED_ROLE) {
            held.marks.push(row.id);
            held.machine.spoil(Fault::new(word));
        } else {
            held.drafts.push(row.id);
            held.machine.replay(text, code, role.strip_prefix(FAULT_ROLE).map(Fault::new));
        }
    }
    held.choose_task(conn)?;
    Ok(held)
}

impl Held {
    /// What the lane packs: what it is configured for, else the plan's first level around units.
    pub(super) fn level(&self) -> Level {
        let plan = self.job.as_ref().map(|job| &job.task.plan);
        let first = plan.and_then(|plan| plan.steps().next()).map(|step| step.level);
        self.who.packs.or(first).unwrap_or(Level::Case)
    }

    /// True when single units go into what the lane packs.
    pub(super) fn holds_units(&self) -> bool {
        let plan = self.job.as_ref().map(|job| &job.task.plan);
        plan.and_then(|plan| plan.steps().next()).is_none_or(|step| step.level == self.level())
    }

    /// What goes into what the lane packs.
    pub(super) fn inner_level(&self) -> Level {
        let plan = self.job.as_ref().map(|job| &job.task.plan);
        plan.and_then(|plan| plan.child_level(self.level())).unwrap_or(Level::Unit)
    }

    /// How many of these; 0 while there is no plan.
    pub(super) fn holds(&self) -> u32 {
        let plan = self.job.as_ref().map(|job| &job.task.plan);
        plan.and_then(|plan| plan.holds(self.level())).unwrap_or(0)
    }

    fn follow_plan(&mut self) {
        let holds = self.holds();
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

    pub(super) fn made(&self) -> Option<Made> {
        self.job.as_ref().map(Job::made)
    }

    pub(super) fn draft(&self, role: &str, text: &str, code: Option<Code>, at: Stamp) -> Draft {
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

    /// Writes down that the open case cannot be trusted. Between two cases nothing is lost by a gap: what was missed is
    /// missing in the next one.
    pub(super) fn miss(
        mut self,
        tx: &Transaction<'_>,
        word: &str,
        at: Stamp,
    ) -> Result<Self, StoreError> {
        if self.machine.count() == 0 || self.machine.is_spoiled() {
            return Ok(self);
        }
        self.machine.spoil(Fault::new(word));
        let id = journal::append(tx, &self.draft(&format!("{SPOILED_ROLE}{word}"), "", None, at))?;
        self.marks.push(id);
        Ok(self)
    }

    /// A second picture has seen better what these places were.
    pub(super) fn retake(
        &mut self,
        tx: &Transaction<'_>,
        better: &[usize],
        at: Stamp,
    ) -> Result<(), StoreError> {
        for place in better.iter().rev() {
            if let Some(id) = self.drafts.get(*place).copied() {
                journal::undo(tx, id, at.wall, "seen_better")?;
                self.drafts.remove(*place);
            }
        }
        Ok(())
    }

    /// Writes the memory down if it has changed.
    pub(super) fn remember(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        if self.memory != self.written {
            settings::set(tx, &self.who.source(), &self.memory)?;
            self.written.clone_from(&self.memory);
        }
        Ok(())
    }
}
