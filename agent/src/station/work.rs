//! What is open at the station: by whom, on which screen, and what is remembered of it with every answer.

use sealtrace_protocol::ids::{DealerId, DocumentId, OperationId, OperatorId, SiteId, TaskId};
use sealtrace_protocol::ledger;
use serde::{Deserialize, Serialize};

use super::{Face, Reason, Role, Scanned, Screen};
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
    /// Why goods end.
    pub reason: Option<Reason>,
}

impl Opened {
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

/// A command of a button or a command barcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Complete as it is.
    Confirm,
    /// Close below the plan; end a count.
    Close,
    /// Put units of other lots into the open package, or no more.
    Mix,
    /// Go on with the document that the last scan fits.
    Switch,
    /// Take the last scan or operation back.
    Undo,
    /// Leave the screen; open work stays open.
    Back,
    /// The person has seen the refusal.
    Acknowledge,
}

impl Command {
    /// The command a barcode says, if it says one.
    #[must_use]
    pub fn from_barcode(text: &str) -> Option<Self> {
        match text.trim() {
            "ST*CONFIRM*" => Some(Self::Confirm),
            "ST*CLOSE*" => Some(Self::Close),
            "ST*MIX*" => Some(Self::Mix),
            "ST*SWITCH*" => Some(Self::Switch),
            "ST*UNDO*" => Some(Self::Undo),
            "ST*BACK*" => Some(Self::Back),
            "ST*OK*" => Some(Self::Acknowledge),
            _ => None,
        }
    }
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
    /// What the last scan fits better.
    pub(super) offer: Option<Offer>,
    pub(super) last_operation: Option<OperationId>,
    pub(super) last: Vec<Last>,
}

impl Work {
    /// True for a scan of what is open now; one made under another document waits.
    pub(super) fn is_of(&self, kept: &Kept) -> bool {
        self.opened.is_some_and(|opened| opened.document == kept.document)
    }

    /// This is open from now on.
    pub(super) fn begin(&mut self, opened: Opened, site: SiteId) {
        if self.opened != Some(opened) {
            self.last_operation = None;
            self.last.clear();
            self.offer = None;
            self.agree_anew();
        }
        self.opened = Some(opened);
        self.site = Some(site);
        self.showing = Showing::Work;
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
    /// Scans that are not confirmed, by the document they were made under: the open one's, and others' left aside.
    pub scans: Vec<(Option<DocumentId>, usize)>,
    /// Newest first.
    pub last: Vec<Last>,
    /// Grows with every answer.
    pub revision: u64,
}
