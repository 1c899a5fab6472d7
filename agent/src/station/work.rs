//! What is open at the station: by whom, on which screen, and what is remembered of it with every answer.

use sealtrace_protocol::ids::{DocumentId, OperationId, OperatorId, SiteId, TaskId};
use sealtrace_protocol::ledger;
use serde::{Deserialize, Serialize};

use super::{Face, Role, Scanned, Screen};
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

/// A screen opened for a task or document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Which screen.
    pub screen: Screen,
    /// The task worked on.
    pub task: Option<TaskId>,
    /// The document worked on.
    pub document: Option<DocumentId>,
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
    /// Close below the plan.
    Close,
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
    pub(super) last_operation: Option<OperationId>,
    pub(super) last: Vec<Last>,
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
}

/// What the page is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which screen.
    pub screen: Screen,
    /// The task in work, when the screen has one.
    pub task: Option<TaskId>,
    /// The document in work, when the screen has one.
    pub document: Option<DocumentId>,
    /// The machine's face.
    pub face: Face,
    /// True until the refusal is acknowledged.
    pub blocked: bool,
    /// Newest first.
    pub last: Vec<Last>,
}
