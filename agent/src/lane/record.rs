//! What a lane writes: each function is part of one transaction, after which the reader gets its answer.

use rusqlite::Transaction;
use sealtrace_protocol::code::{self, Code, Scan};
use sealtrace_protocol::ids::OperationId;
use sealtrace_protocol::ledger::{Action, Pack, PartialReason, Presence};
use sealtrace_protocol::time::Stamp;

use super::apply;
use super::held::{FAULT_ROLE, Held, Owed, SPOILED_ROLE, Who};
use super::sequential::{Aside, Fault, Labelled, Pictured, Place, Reading};
use super::stack;
use super::{LastCase, Resync};
use crate::input::reader::Heard;
use crate::station::known::Known;
use crate::station::{Ledger, unscanned};
use crate::store::StoreError;
use crate::store::exceptions::{self, Exception, Kind};
use crate::store::journal;
use crate::store::outbox::{self, ConfirmError};
use crate::store::rejected::{self, Rejected};

/// Cases the line screen lists.
const LAST_MAX: usize = 10;

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

/// Takes what the unit reader said.
pub(super) fn reading(
    tx: &Transaction<'_>,
    held: Held,
    heard: Heard,
    at: Stamp,
) -> Result<Held, StoreError> {
    match (held.who.pictures, heard) {
        (true, Heard::Picture(codes)) => picture(tx, held, codes, at),
        (true, Heard::Text(text)) => picture(tx, held, vec![Some(text)], at),
        (true, Heard::NoRead) => picture(tx, held, vec![None], at),
        // The answer to this very reading was lost: it is on the disk already.
        (false, Heard::Text(text)) if held.machine.is_repeat(&text) => Ok(held),
        (_, heard) => unit(tx, held, heard, at),
    }
}

/// Takes what was said about one thing that passed.
fn unit(tx: &Transaction<'_>, mut held: Held, heard: Heard, at: Stamp) -> Result<Held, StoreError> {
    held.choose_task(tx)?;
    let (text, reading, fault) = match heard {
        Heard::NoRead => (String::new(), Reading::NoRead, None),
        Heard::Garbage(_) => (String::new(), Reading::Noise, None),
        Heard::Text(text) => {
            let (reading, fault) = read(tx, &held, &text, at)?;
            (text, reading, fault)
        }
        // Two codes in view of a reader that sees one thing at a time: which one passed, nobody knows.
        Heard::Picture(codes) => {
            let text = codes.into_iter().flatten().collect::<Vec<_>>().join(" ");
            (text.clone(), Reading::Unreadable { text }, None)
        }
    };
    let code = reading.code();
    if reading == Reading::NoRead {
        held.memory.no_reads += 1;
    }
    let noise = reading == Reading::Noise;
    if let Some(aside) = held.machine.unit(reading, fault) {
        set_aside(tx, &mut held, &aside, at)?;
    }
    let role =
        if noise { format!("{SPOILED_ROLE}noise") } else { place_role(held.machine.last_fault()) };
    let id = journal::append(tx, &held.draft(&role, &text, code, at))?;
    if noise {
        held.marks.push(id)
    } else {
        held.drafts.push(id)
    }
    apply::print_label(tx, &mut held, at)?;
    held.remember(tx)?;
    Ok(held)
}

/// Takes one picture of everything that goes into a case.
fn picture(
    tx: &Transaction<'_>,
    mut held: Held,
    codes: Vec<Option<String>>,
    at: Stamp,
) -> Result<Held, StoreError> {
    held.choose_task(tx)?;
    let mut seen = Vec::with_capacity(codes.len());
    for code in codes {
        match code {
            Some(text) => seen.push(read(tx, &held, &text, at)?),
            None => {
                held.memory.no_reads += 1;
                seen.push((Reading::NoRead, None));
            }
        }
    }
    let Pictured { aside, better, added } = held.machine.picture(seen);
    match &aside {
        Some(aside) => set_aside(tx, &mut held, aside, at)?,
        // Drafts of places stand in their order; what spoils a case has a draft and no place.
        None => held.retake(tx, &better, at)?,
    }
    for (text, code, fault) in added {
        let role = place_role(fault.as_ref());
        let draft = held.draft(&role, text.as_deref().unwrap_or_default(), code, at);
        held.drafts.push(journal::append(tx, &draft)?);
    }
    apply::print_label(tx, &mut held, at)?;
    held.remember(tx)?;
    Ok(held)
}

fn place_role(fault: Option<&Fault>) -> String {
    match fault {
        Some(fault) => format!("{FAULT_ROLE}{}", fault.word),
        None => "unit".to_owned(),
    }
}

/// What a text says, and what the rules have against it.
fn read(
    tx: &Transaction<'_>,
    held: &Held,
    text: &str,
    at: Stamp,
) -> Result<(Reading, Option<Fault>), StoreError> {
    let text = text.to_owned();
    Ok(match code::parse(&text) {
        Err(_) => (Reading::Unreadable { text }, None),
        Ok(scan) => {
            let fault = refusal(tx, held, &scan, at)?;
            (Reading::Code { text, code: scan.code }, fault)
        }
    })
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
    let unknown =
        matches!((ledger.presence(scan.code)?, scan.code), (Presence::Unknown, Code::Sscc(_)));
    if unknown && held.holds_units() {
        // Nobody knows this label, but a bottle never carries an SSCC.
        return Ok(Some(Fault::new("wrong_level")));
    }
    let level = held.level();
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

/// Takes what the label reader said; `stopped` is why no case may pass now.
pub(super) fn label(
    tx: &Transaction<'_>,
    mut held: Held,
    heard: Heard,
    stopped: Option<&'static str>,
    at: Stamp,
) -> Result<(Held, Ended), ConfirmError> {
    held.choose_task(tx)?;
    let (text, scan) = match heard {
        Heard::Text(text) => {
            let scan = code::parse(&text).ok();
            (text, scan)
        }
        // Two labels in view: whose case this is, nobody knows.
        Heard::NoRead | Heard::Garbage(_) | Heard::Picture(_) => (String::new(), None),
    };
    let label = scan.as_ref().map(|scan| scan.code);
    let again = held.memory.owed.is_some_and(|owed| Some(owed.label) == label);
    if again {
        // The label whose answer a restart swallowed, whatever passed meanwhile.
        let ended = Ended { label, accepted: true, again, operation: None };
        return Ok((held, ended));
    }
    let mismatch = scan.zip(held.job.as_ref()).and_then(|(scan, job)| job.mismatch(&scan));
    let mismatch = mismatch.map(|say| Fault::new(&say.message.code));
    let applied = apply::against(&held, label);
    let against = stopped.map(Fault::new).or(mismatch).or(applied);
    if label.is_none() {
        held.memory.no_reads += 1;
    }
    let mut operation = None;
    let accepted = match (held.machine.label(label, held.memory.finishing), label) {
        (Labelled::Again(accepted), _) => {
            let ended = Ended { label, accepted, again: true, operation };
            return Ok((held, ended));
        }
        (Labelled::Whole(_), Some(label)) if against.is_some() => {
            if let Some(aside) = held.machine.close(label, against) {
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
    let owed = label.zip(operation).filter(|_| held.who.gated);
    held.memory.owed = owed.map(|(label, operation)| Owed { label, operation });
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
    let level = held.level();
    let holds = held.holds();
    let short = u32::try_from(children.len()).is_ok_and(|count| count < holds);
    let partial = (short && held.memory.finishing).then_some(PartialReason::EndOfTask);
    let made = held.made();
    let pack = Pack { parent: label, level, children, made, partial, mixed_lots: false };
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
    held.memory.applied = None;
    held.drafts.clear();
    held.memory.accepted_cases += 1;
    list(held, Some(label), true, None, at);
    if let Some(task) = held.memory.task {
        stack::put(tx, held, label, task, level, at)?;
    }
    Ok(Some(confirmed.id))
}

/// Records a case that is not packed: its drafts are undone with the reason, a person is told.
pub(super) fn set_aside(
    tx: &Transaction<'_>,
    held: &mut Held,
    aside: &Aside,
    at: Stamp,
) -> Result<(), StoreError> {
    let why = format!("set_aside: {}", aside.fault.word);
    apply::withdraw(tx, held, at)?;
    for id in held.drafts.drain(..).chain(held.marks.drain(..)) {
        journal::undo(tx, id, at.wall, &why)?;
    }
    let exception = except(tx, &held.who, aside.label, &aside.fault, at)?;
    rejected::keep(tx, exception, &known(held, aside))?;
    held.memory.rejected_cases += 1;
    held.memory.previous = aside.label.map(|label| (label, false));
    if let Some(gap) = &aside.gap {
        held.memory.resync = Some(Resync {
            at: at.wall.millis(),
            gap: gap.clone(),
            label: aside.label,
            places: u32::try_from(aside.places.len()).unwrap_or(u32::MAX),
        });
        tracing::warn!(
            lane.name = held.who.name,
            lane.gap = gap,
            case.label = aside.label.map(|label| label.canonical()),
            "the lane has found its place again: what was open is set aside, the next case begins here"
        );
    }
    list(held, aside.label, false, Some(aside.fault.word.clone()), at);
    tracing::warn!(
        lane.name = held.who.name,
        case.label = aside.label.map(|label| label.canonical()),
        case.reason = aside.fault.word,
        case.places = aside.places.len(),
        case.codes = aside.codes().len(),
        "a case was set aside"
    );
    Ok(())
}

pub(super) fn list(
    held: &mut Held,
    case: Option<Code>,
    accepted: bool,
    reason: Option<String>,
    at: Stamp,
) {
    held.memory.last.push_front(LastCase { case, at: at.wall.millis(), accepted, reason });
    held.memory.last.truncate(LAST_MAX);
}

pub(super) fn except(
    tx: &Transaction<'_>,
    who: &Who,
    code: Option<Code>,
    fault: &Fault,
    at: Stamp,
) -> Result<i64, StoreError> {
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
    )
}

/// What rework needs to know of a case.
fn known(held: &Held, aside: &Aside) -> Rejected {
    let place = |place: &Place| rejected::Place {
        text: place.text.clone(),
        code: place.code,
        fault: place.fault.as_ref().map(|fault| fault.word.clone()),
    };
    Rejected {
        label: aside.label,
        level: held.level(),
        inner: held.inner_level(),
        holds: held.holds(),
        made: held.made(),
        word: aside.fault.word.clone(),
        unsure: aside.unsure,
        places: aside.places.iter().map(place).collect(),
    }
}
