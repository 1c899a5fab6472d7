//! What is written with every answer of the station, in one transaction, before the answer is shown.

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::code::{Code, SCAN_BYTES_MAX};
use sealtrace_protocol::ids::{Cursor, DocumentId, SiteId};
use sealtrace_protocol::ledger::{Action, RelabelReason};
use sealtrace_protocol::time::Stamp;

use super::known::Known;
use super::work::{Kept, Last, Offer, Opened, Work};
use super::{
    AddTo, Commission, Count, Errand, Load, Machine, Matter, Moment, Pack, Packing, Reason,
    Relabel, Resolve, Resolving, Rework, Role, Scanned, Screen, Sheet, Step, Then, Unpack, Verify,
    WriteOff, job,
};
use crate::feedback::Say;
use crate::store::exceptions::Resolved;
use crate::store::journal::{self, Draft};
use crate::store::outbox::{self, ConfirmError, Confirmed};
use crate::store::{StoreError, exceptions, feed, settings};

/// What the station's drafts are stored under.
pub(crate) const SOURCE: &str = "station";
/// What is open is remembered under this.
pub(super) const WORK_KEY: &str = "station.work";
/// Scans shown with their tone.
const LAST_MAX: usize = 5;
/// Characters shown of a text that is no code.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// Refusals that answer the person and say nothing about the goods.
const ON_THE_SPOT: [&str; 11] = [
    "scanned_twice",
    "in_it_already",
    "not_set_aside",
    "blocked",
    "task_done",
    "too_few",
    "too_many",
    "too_many_codes",
    "role_not_permitted",
    "not_of_it",
    "old_not_found",
];

/// Everything a writing transaction needs, taken along to the writer's thread.
pub(super) struct Pen {
    text: String,
    code: Option<Code>,
    moment: Moment,
    work: Work,
    drafts: Vec<Kept>,
}

pub(super) struct Written {
    pub(super) say: Say,
    pub(super) work: Work,
    pub(super) drafts: Vec<Kept>,
}

impl Pen {
    pub(super) fn of(
        work: &Work,
        drafts: &[Kept],
        text: &str,
        code: Option<Code>,
        moment: Moment,
    ) -> Self {
        let end = text.floor_char_boundary(SCAN_BYTES_MAX);
        let text = text.get(..end).unwrap_or_default().to_owned();
        Self { text, code, moment, work: work.clone(), drafts: drafts.to_vec() }
    }

    pub(super) fn at(&self, tx: &Transaction<'_>) -> Result<Moment, StoreError> {
        with_basis(tx, self.moment)
    }

    /// Writes what `machine` said and makes it stay what it is.
    pub(super) fn write(
        mut self,
        tx: &Transaction<'_>,
        moment: &Moment,
        step: Step,
        machine: &Machine,
    ) -> Result<Written, ConfirmError> {
        let Step { mut say, then } = step;
        self.work.compared = matches!(machine, Machine::Count(count) if count.is_compared());
        let scanned = !self.text.is_empty();
        self.work.asks = None;
        self.work.offer = say.offer.map(|document| Offer { document, text: self.text.clone() });
        match then {
            Then::Nothing if scanned => {
                self.draft(tx, moment, None)?;
                self.except(tx, moment, &say)?;
            }
            Then::Nothing => {}
            Then::Draft(role) => {
                self.draft(tx, moment, Some(role))?;
            }
            Then::Confirm { role, action } => {
                if role.is_some() {
                    self.draft(tx, moment, role)?;
                }
                let confirmed = self.confirm(tx, moment, vec![action])?;
                let notices = confirmed.iter().flat_map(|one| one.effects.notices.clone());
                let notices: Vec<_> = notices.collect();
                say = Say::noticed(say.message, &notices, None).at_least(say.tone);
            }
            Then::Resolve { role, resolving } => {
                if role.is_some() {
                    self.draft(tx, moment, role)?;
                }
                self.resolve(tx, moment, resolving)?;
            }
        }
        if scanned {
            let code = self.code.map_or_else(|| printable(&self.text), |code| code.canonical());
            let at = moment.at.wall.millis();
            self.work.last.insert(0, Last { code, at, tone: say.tone });
            self.work.last.truncate(LAST_MAX);
        }
        self.work.blocked = say.tone.blocks();
        settings::set(tx, WORK_KEY, &self.work)?;
        Ok(Written { say, work: self.work, drafts: self.drafts })
    }

    fn draft(
        &mut self,
        tx: &Transaction<'_>,
        moment: &Moment,
        role: Option<Role>,
    ) -> Result<(), StoreError> {
        let opened = self.work.opened;
        let draft = Draft {
            source: SOURCE.to_owned(),
            role: role.map_or_else(|| "refused".to_owned(), |role| role.to_string()),
            text: self.text.clone(),
            code: self.code,
            at: moment.at,
            operator: moment.operator,
            site: moment.site,
            task: opened.and_then(|opened| opened.task),
            document: opened.and_then(|opened| opened.document),
            accepted: role.is_some(),
        };
        let id = journal::append(tx, &draft)?;
        if let (Some(role), Some(code)) = (role, self.code) {
            let scanned = Scanned { code, at: moment.at.wall };
            self.drafts.push(Kept { id, role, scanned, document: draft.document });
        }
        Ok(())
    }

    /// What was scanned becomes the first of these operations, and counts as done together with the others.
    fn confirm(
        &mut self,
        tx: &Transaction<'_>,
        moment: &Moment,
        actions: Vec<Action>,
    ) -> Result<Vec<Confirmed>, ConfirmError> {
        let of_it = self.drafts.iter().filter(|kept| self.work.is_of(kept));
        let mut ids: Vec<_> = of_it.map(|kept| kept.id).collect();
        let mut confirmed = Vec::with_capacity(actions.len());
        for action in actions {
            confirmed.push(outbox::confirm(tx, &moment.operation(action), &ids)?);
            ids.clear();
        }
        self.work.did(confirmed.iter().map(|one| one.id).collect(), moment.site);
        self.work.agree_anew();
        let work = &self.work;
        self.drafts.retain(|kept| !work.is_of(kept));
        Ok(confirmed)
    }

    fn resolve(
        &mut self,
        tx: &Transaction<'_>,
        moment: &Moment,
        resolving: Resolving,
    ) -> Result<(), ConfirmError> {
        let Resolving { exception, resolution, reason, actions } = resolving;
        let confirmed = self.confirm(tx, moment, actions)?;
        self.work.resolved(exception);
        let resolved = Resolved {
            at: moment.at.wall,
            by: moment.operator,
            how: resolution.name().to_owned(),
            reason: reason.map(|reason| reason.name().to_owned()),
            operation: confirmed.last().map(|last| last.id),
        };
        exceptions::resolve(tx, exception, &resolved)?;
        Ok(())
    }

    /// A refused code waits in the queue until it counts or somebody has looked into it.
    fn except(&self, tx: &Transaction<'_>, moment: &Moment, say: &Say) -> Result<(), StoreError> {
        let told = ON_THE_SPOT.contains(&say.message.code.as_str());
        let screen = self.work.opened.map(|opened| opened.screen);
        match (self.code, screen) {
            (Some(code), Some(screen))
                if say.tone.blocks() && !told && screen != Screen::Resolve =>
            {
                exceptions::refuse(tx, code, screen.name(), &say.message, moment.at.wall)
            }
            (_, _) => Ok(()),
        }
    }
}

pub(super) fn with_basis(conn: &Connection, moment: Moment) -> Result<Moment, StoreError> {
    Ok(Moment { basis: feed::basis(conn, moment.site)?, ..moment })
}

/// The machine of the opened work with its drafts taken again.
pub(super) fn machine(
    conn: &Connection,
    work: &Work,
    drafts: &[Kept],
    at: Stamp,
) -> Result<Machine, StoreError> {
    let Some(opened) = work.opened else { return Ok(Machine::Home) };
    let mut machine = fresh(conn, opened, work.mixed_lots)?.unwrap_or(Machine::Home);
    for kept in drafts.iter().filter(|kept| work.is_of(kept)) {
        machine.replay(kept.role, kept.scanned);
    }
    let site = work.site.unwrap_or(SiteId(0));
    let nobody = Moment { at, operator: None, approver: None, site, basis: Cursor(0) };
    machine.catch_up(&nobody, &Known(conn))?;
    if let Machine::Count(count) = &mut machine
        && work.compared
    {
        count.compare(&nobody, &Known(conn))?;
    }
    Ok(machine)
}

/// The machine of a screen before any scan; none when what it works on is not there.
fn fresh(
    conn: &Connection,
    opened: Opened,
    mixed_lots: bool,
) -> Result<Option<Machine>, StoreError> {
    let job = || job(conn, opened.task);
    let sheet = opened.document.map(|id| sheet(conn, id)).transpose()?;
    let load = |errand| Machine::Load(Load::new(errand));
    Ok(match opened.screen {
        Screen::Home | Screen::Lookup => None,
        Screen::Commission => job()?.map(|job| Machine::Commission(Commission::new(job))),
        Screen::Pack => Some(Machine::Pack(Pack::new(Packing::Loose, job()?, mixed_lots))),
        Screen::Regroup => Some(Machine::Pack(Pack::new(Packing::Regroup, job()?, mixed_lots))),
        Screen::AddTo => Some(Machine::AddTo(AddTo::new(job()?, mixed_lots))),
        Screen::Relabel => {
            let reason = match opened.reason {
                Some(Reason::Relabel(reason)) => reason,
                Some(
                    Reason::Sample(_) | Reason::Destroy(_) | Reason::Labels(_) | Reason::Seen(_),
                )
                | None => RelabelReason::Damaged,
            };
            Some(Machine::Relabel(Relabel::new(reason)))
        }
        Screen::Unpack => Some(Machine::Unpack(Unpack::default())),
        Screen::Rework => Some(Machine::Rework(Rework::default())),
        Screen::Verify => Some(Machine::Verify(Verify::default())),
        Screen::Receive => Some(load(Errand::Receive(sheet))),
        Screen::Ship => sheet.map(|sheet| load(Errand::Ship(sheet))),
        Screen::Return => {
            let from = match opened.document {
                Some(id) => feed::document(conn, id)?.and_then(|row| row.document.route.dealer()),
                None => opened.dealer,
            };
            let opened = opened.opened;
            from.map(|from| load(Errand::Return { from, opened, sheet }))
        }
        Screen::Transfer => sheet.map(|sheet| load(Errand::Transfer(sheet))),
        Screen::Count => sheet.map(|sheet| Machine::Count(Count::new(sheet))),
        Screen::Sample => match opened.reason {
            Some(Reason::Sample(reason)) => Some(load(Errand::Sample(reason))),
            Some(Reason::Destroy(_) | Reason::Labels(_) | Reason::Relabel(_) | Reason::Seen(_))
            | None => None,
        },
        Screen::Destroy => match opened.reason {
            Some(Reason::Destroy(reason)) => Some(load(Errand::Destroy(reason))),
            Some(Reason::Sample(_) | Reason::Labels(_) | Reason::Relabel(_) | Reason::Seen(_))
            | None => None,
        },
        Screen::WriteOff => match opened.reason {
            Some(Reason::Labels(fate)) => Some(Machine::WriteOff(WriteOff::new(fate))),
            Some(Reason::Sample(_) | Reason::Destroy(_) | Reason::Relabel(_) | Reason::Seen(_))
            | None => None,
        },
        Screen::Resolve => {
            let matter = opened.exception.map(|id| Matter::read(conn, id)).transpose()?.flatten();
            let reason = match opened.reason {
                Some(Reason::Seen(outcome)) => Some(outcome),
                Some(
                    Reason::Sample(_) | Reason::Destroy(_) | Reason::Labels(_) | Reason::Relabel(_),
                )
                | None => None,
            };
            matter.zip(opened.resolution).map(|(matter, resolution)| {
                Machine::Resolve(Resolve::new(matter, resolution, reason))
            })
        }
    })
}

fn sheet(conn: &Connection, document: DocumentId) -> Result<Sheet, StoreError> {
    let shares = feed::document(conn, document)?.map(|row| row.shares).unwrap_or_default();
    Ok(Sheet { document, shared: shares.iter().map(|share| share.product).collect() })
}

fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(SHOWN_CHARACTERS_MAX).collect()
}
