//! What must be chosen before a screen opens, one thing after the other: by a touch, or by the number it stands beside.

use rusqlite::Connection;
use sealtrace_protocol::ids::{DeviceId, SiteId};
use sealtrace_protocol::ledger::{DestroyReason, Fate, Outcome, RelabelReason, SampleReason};
use sealtrace_protocol::link::{Dealer, DocumentRow, TaskKind, TaskRow};
use serde::{Deserialize, Serialize};

use super::commands::Digit;
use super::work::Opened;
use super::{Matter, Reason, Resolution, Screen};
use crate::store::exceptions::ExceptionRow;
use crate::store::{StoreError, exceptions, feed};
use crate::task;

/// Entries shown at a time: as many as there are digits for.
const PAGE_MAX: usize = 9;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The task worked on.
    Task,
    /// The document worked on.
    Document,
    /// The dealer that brings goods back.
    Dealer,
    /// Whether they were opened.
    Opened,
    /// Why.
    Reason,
    /// What is resolved.
    Exception,
    /// How.
    Resolution,
}

/// A screen that is to be opened, as far as it has been chosen what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choosing {
    pub(super) wanted: Opened,
    /// What may be left out is left out.
    without: bool,
    /// It was said whether goods that come back were opened.
    opened_said: bool,
    page: usize,
}

/// One of those to choose from.
#[derive(Clone, Debug)]
pub enum Entry {
    /// See [`What::Task`].
    Task(Box<TaskRow>),
    /// See [`What::Document`].
    Document(Box<DocumentRow>),
    /// See [`What::Dealer`].
    Dealer(Dealer),
    /// See [`What::Opened`].
    Opened(bool),
    /// See [`What::Reason`].
    Reason(Reason),
    /// See [`What::Exception`].
    Exception(Box<ExceptionRow>),
    /// See [`What::Resolution`].
    Resolution(Resolution),
}

/// What there is to choose from now.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is chosen.
    pub what: What,
    /// The entries shown.
    pub entries: Vec<Entry>,
    /// It goes on without one.
    pub none: bool,
    /// There are others.
    pub more: bool,
}

impl Choosing {
    pub(super) const fn new(wanted: Opened) -> Self {
        Self { wanted, without: false, opened_said: false, page: 0 }
    }

    pub(super) const fn screen(&self) -> Screen {
        self.wanted.screen
    }

    /// What is chosen next, and whether it may be left out; none when the screen can open.
    pub(super) fn missing(&self) -> Option<(What, bool)> {
        let Opened { task, document, dealer, reason, exception, resolution, .. } = self.wanted;
        let needed = |is_there: bool, what: What| (!is_there).then_some((what, false));
        let useful = |is_there: bool, what| (!is_there && !self.without).then_some((what, true));
        match self.wanted.screen {
            Screen::Commission => needed(task.is_some(), What::Task),
            Screen::Pack | Screen::AddTo | Screen::Regroup => useful(task.is_some(), What::Task),
            Screen::Ship | Screen::Transfer | Screen::Count => {
                needed(document.is_some(), What::Document)
            }
            Screen::Receive => useful(document.is_some(), What::Document),
            Screen::Return => useful(document.is_some() || dealer.is_some(), What::Document)
                .or_else(|| needed(document.is_some() || dealer.is_some(), What::Dealer))
                .or_else(|| needed(self.opened_said, What::Opened)),
            Screen::Relabel | Screen::Sample | Screen::Destroy | Screen::WriteOff => {
                needed(reason.is_some(), What::Reason)
            }
            Screen::Resolve => needed(exception.is_some(), What::Exception)
                .or_else(|| needed(resolution.is_some(), What::Resolution))
                .or_else(|| {
                    let asks = resolution == Some(Resolution::Seen);
                    needed(!asks || reason.is_some(), What::Reason)
                }),
            Screen::Home | Screen::Unpack | Screen::Rework | Screen::Verify | Screen::Lookup => {
                None
            }
        }
    }

    /// What this is to be chosen from; nothing once the screen can open.
    pub fn choice(
        &self,
        conn: &Connection,
        site: SiteId,
        device: Option<DeviceId>,
    ) -> Result<Option<Choice>, StoreError> {
        let Some((what, none)) = self.missing() else { return Ok(None) };
        let all = self.entries(conn, what, site, device)?;
        let more = all.len() > PAGE_MAX;
        let first = self.first(all.len());
        let entries = all.into_iter().skip(first).take(PAGE_MAX).collect();
        Ok(Some(Choice { what, entries, none, more }))
    }

    /// The next entries; behind the last the first.
    pub(super) fn turn(&mut self) {
        self.page = self.page.saturating_add(1);
    }

    /// With this one of those shown; none when there is no such one.
    pub(super) fn chosen(mut self, choice: &Choice, digit: Digit) -> Option<Self> {
        let Some(position) = digit.position() else {
            self.without = true;
            return choice.none.then_some(self);
        };
        let wanted = &mut self.wanted;
        match choice.entries.get(position)? {
            Entry::Task(row) => wanted.task = Some(row.id),
            Entry::Document(row) => wanted.document = Some(row.id()),
            Entry::Dealer(dealer) => wanted.dealer = Some(dealer.id),
            Entry::Opened(opened) => {
                wanted.opened = *opened;
                self.opened_said = true;
            }
            Entry::Reason(reason) => wanted.reason = Some(*reason),
            Entry::Exception(row) => wanted.exception = Some(row.id),
            Entry::Resolution(resolution) => wanted.resolution = Some(*resolution),
        }
        self.page = 0;
        Some(self)
    }

    /// Without what may be left out.
    pub(super) const fn left_out(self) -> Self {
        Self { without: true, ..self }
    }

    fn first(&self, count: usize) -> usize {
        let pages = count.div_ceil(PAGE_MAX).max(1);
        (self.page % pages) * PAGE_MAX
    }

    fn entries(
        &self,
        conn: &Connection,
        what: What,
        site: SiteId,
        device: Option<DeviceId>,
    ) -> Result<Vec<Entry>, StoreError> {
        Ok(match what {
            What::Task => {
                let tasks = feed::open_tasks(conn)?.into_iter();
                let ours = tasks.filter(|row| task::is_for(row, TaskKind::Device, site, device));
                ours.map(|row| Entry::Task(Box::new(row))).collect()
            }
            What::Document => {
                let screen = self.wanted.screen;
                let mut rows = feed::open_documents(conn)?;
                rows.retain(|row| screen.works_on(row.document.route) == Some(site));
                rows.into_iter().map(|row| Entry::Document(Box::new(row))).collect()
            }
            What::Dealer => feed::dealers(conn)?.into_iter().map(Entry::Dealer).collect(),
            What::Opened => vec![Entry::Opened(false), Entry::Opened(true)],
            What::Reason => reasons(self.wanted.screen).into_iter().map(Entry::Reason).collect(),
            What::Exception => {
                let rows = exceptions::open(conn)?.into_iter();
                rows.map(|row| Entry::Exception(Box::new(row))).collect()
            }
            What::Resolution => {
                let matter = self.wanted.exception.map(|id| Matter::read(conn, id)).transpose()?;
                let resolutions = matter.flatten().map(|matter| matter.resolutions());
                resolutions.unwrap_or_default().into_iter().map(Entry::Resolution).collect()
            }
        })
    }
}

/// The reasons of a screen that asks for one, in the order of their numbers.
fn reasons(screen: Screen) -> Vec<Reason> {
    match screen {
        Screen::Sample => {
            [SampleReason::Inspection, SampleReason::Retained, SampleReason::Marketing]
                .map(Reason::Sample)
                .to_vec()
        }
        Screen::Destroy => [
            DestroyReason::Broken,
            DestroyReason::Expired,
            DestroyReason::Rejected,
            DestroyReason::Recalled,
        ]
        .map(Reason::Destroy)
        .to_vec(),
        Screen::WriteOff => [Fate::Scrapped, Fate::Returned].map(Reason::Labels).to_vec(),
        Screen::Relabel => [
            RelabelReason::Damaged,
            RelabelReason::Unreadable,
            RelabelReason::Missing,
            RelabelReason::Other,
        ]
        .map(Reason::Relabel)
        .to_vec(),
        Screen::Resolve => [Outcome::Misread, Outcome::SetApart, Outcome::ByHand, Outcome::NoFault]
            .map(Reason::Seen)
            .to_vec(),
        Screen::Home
        | Screen::Commission
        | Screen::Pack
        | Screen::AddTo
        | Screen::Regroup
        | Screen::Unpack
        | Screen::Rework
        | Screen::Verify
        | Screen::Receive
        | Screen::Ship
        | Screen::Return
        | Screen::Transfer
        | Screen::Count
        | Screen::Lookup => Vec::new(),
    }
}

/// The screen that the number of a document or an order on paper opens; none when it is nobody's number here.
pub(super) fn numbered(
    conn: &Connection,
    text: &str,
    site: SiteId,
    device: Option<DeviceId>,
) -> Result<Option<Choosing>, StoreError> {
    let text = text.trim();
    for row in feed::open_documents(conn)? {
        let works = |screen: &Screen| screen.works_on(row.document.route) == Some(site);
        let screen = Screen::ALL.into_iter().find(works);
        if let Some(screen) = screen.filter(|_| row.number.eq_ignore_ascii_case(text)) {
            let wanted = Opened { document: Some(row.id()), ..Opened::of(screen) };
            return Ok(Some(Choosing::new(wanted)));
        }
    }
    let mut tasks = feed::open_tasks(conn)?;
    tasks.retain(|row| {
        task::is_for(row, TaskKind::Device, site, device)
            && row.order_number.eq_ignore_ascii_case(text)
    });
    let task = tasks.first().map(|row| row.id);
    Ok(task.map(|task| Choosing::new(Opened { task: Some(task), ..Opened::of(Screen::Pack) })))
}
