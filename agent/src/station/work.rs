//! What is open at the station: by whom, on which screen, and what is remembered of it with every answer.

use sealtrace_protocol::ids::{DealerId, DocumentId, OperationId, OperatorId, SiteId, TaskId};
use sealtrace_protocol::ledger;
use serde::{Deserialize, Serialize};

use super::choosing::Choosing;
use super::commands::Command;
use super::{Face, Reason, Resolution, Role, Scanned, Screen};
use crate::feedback::Tone;

/// Who works at the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub operator: OperatorId,
    /// What they may do.
    pub role: ledger::Role,
    /// Where.
    pub site: SiteId,
}

/// A screen, and what it is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Which screen.
    pub screen: Screen,
    /// The task worked on.
    pub task: Option<TaskId>,
    /// The document worked on.
    pub document: Option<DocumentId>,
    /// The dealer that brings goods back without a document.
    pub dealer: Option<DealerId>,
    /// Goods that come back were opened.
    pub opened: bool,
    /// Why goods end, get a new label or are left as they are.
    pub reason: Option<Reason>,
    /// The exception that is resolved.
    pub exception: Option<i64>,
    /// How.
    pub resolution: Option<Resolution>,
}

impl Opened {
    /// A screen, opened for nothing in particular.
    #[must_use]
    pub const fn of(screen: Screen) -> Self {
        Self {
            screen,
            task: None,
            document: None,
            dealer: None,
            opened: false,
            reason: None,
            exception: None,
            resolution: None,
        }
    }

    /// The same work under another document: what was scanned under either stays where it is.
    #[must_use]
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.screen == other.screen && self.document.is_some() && other.document.is_some()
    }
}

/// A scan as the list of the last ones shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// The code, or the text that was none.
    pub code: String,
    /// When.
    pub at: i64,
    /// How it was answered.
    pub tone: Tone,
}

/// How a text came to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A scanner that types.
    Wedge,
    /// A person.
    Typed,
    /// A picture.
    Camera,
    /// The device's own scanner service.
    Broadcast,
}

/// What is remembered with every answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Work {
    /// Where the open work is done.
    pub(super) site: Option<SiteId>,
    pub(super) opened: Option<Opened>,
    /// What is shown: the work, or home or a look-up in front of it.
    pub(super) showing: Showing,
    pub(super) blocked: bool,
    /// Units of other lots may go into the open package.
    pub(super) mixed_lots: bool,
    /// Who approved what is done with the open package.
    pub(super) approver: Option<OperatorId>,
    /// The command that waits for somebody to approve it.
    pub(super) asks: Option<Command>,
    /// The difference of a count is shown, to be posted.
    pub(super) compared: bool,
    /// What the last scan fits better.
    pub(super) offer: Option<Offer>,
    /// What is chosen before a screen opens.
    pub(super) choosing: Option<Choosing>,
    /// What was done last with each screen, the newest last: it can be taken back from there.
    pub(super) done: Vec<Done>,
    pub(super) last: Vec<Last>,
}

/// The last thing that was done with a screen and what it was opened for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) opened: Opened,
    pub(super) site: SiteId,
    /// In order; several when they were one answer to an exception.
    pub(super) operations: Vec<OperationId>,
    /// The exception that was resolved by it.
    pub(super) exception: Option<i64>,
}

/// Screens whose last operation is remembered.
const DONE_MAX: usize = 16;

impl Work {
    /// True for a scan of what is open now; one made under another document waits.
    pub(super) fn is_of(&self, kept: &Kept) -> bool {
        self.opened.is_some_and(|opened| opened.document == kept.document)
    }

    /// This is open from now on.
    pub(super) fn begin(&mut self, opened: Opened, site: SiteId) {
        if self.opened != Some(opened) {
            self.last.clear();
            (self.offer, self.compared) = (None, false);
            self.agree_anew();
        }
        self.opened = Some(opened);
        self.site = Some(site);
        self.showing = Showing::Work;
        self.choosing = None;
    }

    /// These operations were done with what is open.
    pub(super) fn did(&mut self, operations: Vec<OperationId>, site: SiteId) {
        self.forget_done();
        let Some(opened) = self.opened else { return };
        self.done.push(Done { opened, site, operations, exception: None });
        let before = self.done.len().saturating_sub(DONE_MAX);
        self.done.drain(..before);
    }

    /// What was done last resolved this exception.
    pub(super) fn resolved(&mut self, exception: i64) {
        if let Some(last) = self.done.last_mut() {
            last.exception = Some(exception);
        }
    }

    /// What was done last with what is open, here.
    pub(super) fn last_done(&self) -> Option<&Done> {
        let mine = |done: &&Done| Some(done.opened) == self.opened && Some(done.site) == self.site;
        self.done.iter().rev().find(mine)
    }

    /// True when something can be taken back there.
    pub(super) fn has_done(&self, opened: &Opened, site: SiteId) -> bool {
        self.done.iter().any(|done| done.opened == *opened && done.site == site)
    }

    /// It was taken back, or something else was done after it.
    pub(super) fn forget_done(&mut self) {
        let opened = self.opened;
        self.done.retain(|done| Some(done.opened) != opened);
    }

    /// What was agreed for the open package does not hold for the next one.
    pub(super) fn agree_anew(&mut self) {
        (self.mixed_lots, self.approver, self.asks) = (false, None, None);
    }
}

/// A scan that fits another open document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) document: DocumentId,
    /// What was scanned.
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Showing {
    #[default]
    Home,
    Work,
    Lookup,
    Choice,
}

#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: i64,
    pub(super) role: Role,
    pub(super) scanned: Scanned,
    /// The document it was scanned under.
    pub(super) document: Option<DocumentId>,
}

/// What the page is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which screen.
    pub screen: Screen,
    /// What it is opened for; none in front of the work.
    pub opened: Option<Opened>,
    /// The machine's face.
    pub face: Face,
    /// True until the refusal is acknowledged.
    pub blocked: bool,
    /// The command that waits for somebody to approve it.
    pub asks: Option<Command>,
    /// The document that the last scan fits.
    pub offer: Option<DocumentId>,
    /// What is to be chosen before a screen opens.
    pub choosing: Option<Choosing>,
    /// Scans that are not confirmed, by the document they were made under: the open one's, and others' left aside.
    pub scans: Vec<(Option<DocumentId>, usize)>,
    /// Newest first.
    pub last: Vec<Last>,
    /// Grows with every answer.
    pub revision: u64,
}
