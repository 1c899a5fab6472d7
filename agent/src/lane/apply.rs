//! Print and apply: a case that is full gets its label from the lane's printer, and the label reader must read just that
//! label in time. Anything else sets the case aside.

use std::sync::Arc;

use rusqlite::Transaction;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::time::Stamp;
use serde::{Deserialize, Serialize};

use super::driver::Line;
use super::held::Held;
use super::record::set_aside;
use super::sequential::Fault;
use crate::config::{Config, Prints};
use crate::print::request::{Asking, PrintError, Wanted, What, queue};
use crate::store::{StoreError, print};

/// Another label than the one that was printed.
const MISMATCH: &str = "label_mismatch";
/// No label was read in time.
const LATE: &str = "label_late";

/// How a lane labels its cases.
#[derive(Clone, Debug)]
pub(super) struct Applies {
    pub(super) prints: Prints,
    /// Where its printer stands.
    pub(super) config: Arc<Config>,
}

/// What a full case waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Applied {
    /// The label that was printed for it; none = it gets none.
    label: Option<Code>,
    /// The printer's job.
    job: Option<i64>,
    /// Why none could be printed, though nothing is wrong with the case.
    why: Option<String>,
}

/// Prints the label of the open case once it is full. One with something wrong gets none.
pub(super) fn print_label(
    tx: &Transaction<'_>,
    held: &mut Held,
    at: Stamp,
) -> Result<(), StoreError> {
    let Some(applies) = &held.who.applies else { return Ok(()) };
    let (count, partial) = (held.machine.count(), held.memory.finishing);
    let full = count > 0 && (count >= held.holds() || partial);
    if held.memory.applied.is_some() || !full {
        return Ok(());
    }
    held.memory.applied = Some(if held.machine.is_whole(partial) {
        let short = (count < held.holds()).then_some(count);
        let what = What::Fresh { level: held.level(), task: held.memory.task, count: short };
        let printer = Some(applies.prints.printer.clone());
        let wanted = Wanted { what, printer, template: None, copies: 1 };
        let asking = Asking { operator: None, site: held.who.site, at: at.wall };
        match queue(tx, (&applies.config, None), &wanted, asking) {
            Ok(queued) => {
                let label = queued.code.and_then(|code| code.parse().ok());
                Applied { label, job: Some(queued.job), why: None }
            }
            Err(PrintError::Refused(message)) => {
                tracing::error!(
                    lane.name = held.who.name,
                    print.problem = message.code,
                    "a full case gets no label and is set aside"
                );
                Applied { why: Some(message.code), ..Applied::default() }
            }
            Err(PrintError::Store(error)) => return Err(error),
        }
    } else {
        Applied::default()
    });
    Ok(())
}

/// What is wrong with a label that was read, on a lane that prints them.
pub(super) fn against(held: &Held, label: Option<Code>) -> Option<Fault> {
    held.who.applies.as_ref()?;
    let applied = held.memory.applied.clone().unwrap_or_default();
    if let Some(why) = applied.why {
        return Some(Fault::new(&why));
    }
    (label.is_some() && label != applied.label).then(|| Fault::new(MISMATCH))
}

/// A label that was not printed yet would end up on the wrong case.
pub(super) fn withdraw(tx: &Transaction<'_>, held: &mut Held, at: Stamp) -> Result<(), StoreError> {
    match held.memory.applied.take().and_then(|applied| applied.job) {
        Some(job) => print::withdraw(tx, job, at.wall),
        None => Ok(()),
    }
}

/// Nobody has read the label in time.
fn late(tx: &Transaction<'_>, mut held: Held, at: Stamp) -> Result<Held, StoreError> {
    let Some(applied) = held.memory.applied.clone() else { return Ok(held) };
    let word = applied.why.as_deref().unwrap_or(LATE);
    let aside = held.machine.give_up(applied.label, Fault::new(word));
    set_aside(tx, &mut held, &aside, at)?;
    held.choose_task(tx)?;
    held.remember(tx)?;
    Ok(held)
}

impl Line {
    /// How long the label of the open case may still be waited for; none while none is.
    pub(super) fn label_due_ms(&mut self) -> Option<u64> {
        let applies = self.held.who.applies.as_ref().filter(|_| self.held.memory.applied.is_some());
        let Some(applies) = applies else {
            self.applied_since_ms = None;
            return None;
        };
        let now_ms = self.clock.monotonic_ms();
        let since_ms = *self.applied_since_ms.get_or_insert(now_ms);
        Some(applies.prints.verify_ms.saturating_sub(now_ms.saturating_sub(since_ms)))
    }

    /// The case leaves without its label having been read: it is taken off the belt.
    pub(super) async fn label_is_late(&mut self) {
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let done = self.store.write(move |tx| late(tx, held, at)).await;
        self.keep(done, "that a label was not read could not be stored");
        // Not stored, it is tried again after as long.
        self.applied_since_ms = None;
        if let Some(gate) = &self.gate {
            gate.reject().await;
        }
    }
}
