//! Which screen opens for whom, and for which task or document.

use rusqlite::Connection;
use sealtrace_protocol::ids::{DeviceId, DocumentId, TaskId};
use sealtrace_protocol::ledger::{Fate, Outcome, Rejection, Role};
use sealtrace_protocol::link::{TaskKind, TaskState};

use super::work::{Opened, Person};
use super::{Matter, Reason, Resolution, Screen};
use crate::feedback::{Message, message_of};
use crate::store::{StoreError, feed};
use crate::task;

/// Why a screen does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something else is in work.
    #[error("a package or load is open; confirm or undo it first")]
    PackageOpen,
    /// The task was withdrawn.
    #[error("the task was withdrawn")]
    TaskVoid,
    /// Enough was made under the task.
    #[error("the task is done")]
    TaskDone,
    /// The screen works on a document, and none is named.
    #[error("this screen needs a document")]
    DocumentMissing,
    /// The screen works on a task, and none is named.
    #[error("this screen needs a task")]
    TaskMissing,
    /// Nobody said which dealer brings the goods back.
    #[error("this screen needs a dealer")]
    DealerMissing,
    /// Nobody said why the goods end.
    #[error("this screen needs a reason")]
    ReasonMissing,
    /// Nobody said which exception is resolved.
    #[error("this screen needs an exception")]
    ExceptionMissing,
    /// Nobody said how.
    #[error("this screen needs to know how the exception is resolved")]
    ResolutionMissing,
    /// Somebody else was quicker, or it counts by now.
    #[error("the exception is resolved already")]
    ResolvedAlready,
    /// It is not resolved like that.
    #[error("this exception is not resolved like that")]
    NoSuchResolution,
    /// The rules say no.
    #[error("{0}")]
    Refused(Rejection),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// What the person is told.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::PackageOpen => Message::new("package_open"),
            Self::TaskVoid => Message::new("task_void"),
            Self::TaskDone => Message::new("task_done"),
            Self::DocumentMissing => Message::new("document_missing"),
            Self::TaskMissing => Message::new("task_missing"),
            Self::DealerMissing => Message::new("dealer_missing"),
            Self::ReasonMissing => Message::new("reason_missing"),
            Self::ExceptionMissing => Message::new("exception_missing"),
            Self::ResolutionMissing => Message::new("resolution_missing"),
            Self::ResolvedAlready => Message::new("resolved_already"),
            Self::NoSuchResolution => Message::new("no_such_resolution"),
            Self::Refused(rejection) => message_of(rejection),
            Self::Store(_) => Message::new("internal"),
        }
    }
}

/// The screen is for somebody in this role.
pub(super) fn is_for(screen: Screen, role: Role) -> Result<(), Rejection> {
    if screen.is_for(role) {
        Ok(())
    } else {
        Err(Rejection::RoleNotPermitted { needs: Role::Operator })
    }
}

/// The task or document of a screen is this device's to work on, and everything it needs was said.
pub(super) fn check(
    conn: &Connection,
    opened: Opened,
    person: Person,
    device: Option<DeviceId>,
) -> Result<(), OpenError> {
    let screen = opened.screen;
    match opened.task {
        Some(id) => check_task(conn, id, person, device)?,
        None if screen == Screen::Commission => return Err(OpenError::TaskMissing),
        None => {}
    }
    match opened.document {
        Some(id) => check_document(conn, id, screen, person)?,
        None if screen.needs_document() => return Err(OpenError::DocumentMissing),
        None => {}
    }
    if screen == Screen::Return && opened.document.is_none() {
        let dealer = opened.dealer.map(|dealer| feed::dealer(conn, dealer)).transpose()?.flatten();
        dealer.ok_or(OpenError::DealerMissing)?;
    }
    if screen == Screen::Resolve {
        return check_exception(conn, opened);
    }
    match (screen, opened.reason) {
        (Screen::Sample, Some(Reason::Sample(_))) | (Screen::Destroy, Some(Reason::Destroy(_))) => {
            Ok(())
        }
        (Screen::WriteOff, Some(Reason::Labels(Fate::Scrapped | Fate::Returned))) => Ok(()),
        (Screen::Sample | Screen::Destroy | Screen::WriteOff, _) => Err(OpenError::ReasonMissing),
        (_, _) => Ok(()),
    }
}

/// What the screen is opened for, and nothing that it has no use for: the dealer of a document is the document's.
pub(super) fn trimmed(opened: Opened) -> Opened {
    let Opened { screen, task, document, dealer, opened, reason, exception, resolution } = opened;
    let bare = Opened::of(screen);
    match screen {
        Screen::Commission | Screen::Pack | Screen::AddTo | Screen::Regroup => {
            Opened { task, ..bare }
        }
        Screen::Receive | Screen::Ship | Screen::Transfer | Screen::Count => {
            Opened { document, ..bare }
        }
        Screen::Return if document.is_some() => Opened { document, opened, ..bare },
        Screen::Return => Opened { dealer, opened, ..bare },
        Screen::Relabel => match reason {
            Some(Reason::Relabel(_)) => Opened { reason, ..bare },
            Some(Reason::Sample(_) | Reason::Destroy(_) | Reason::Labels(_) | Reason::Seen(_))
            | None => bare,
        },
        Screen::Sample | Screen::Destroy | Screen::WriteOff => Opened { reason, ..bare },
        Screen::Resolve => match resolution {
            Some(Resolution::Seen) => Opened { reason, exception, resolution, ..bare },
            Some(_) | None => Opened { exception, resolution, ..bare },
        },
        Screen::Home | Screen::Unpack | Screen::Rework | Screen::Verify | Screen::Lookup => bare,
    }
}

/// The exception is open, and is resolved like that.
fn check_exception(conn: &Connection, opened: Opened) -> Result<(), OpenError> {
    let id = opened.exception.ok_or(OpenError::ExceptionMissing)?;
    let matter = Matter::read(conn, id)?.filter(|matter| !matter.resolved);
    let matter = matter.ok_or(OpenError::ResolvedAlready)?;
    let resolution = opened.resolution.ok_or(OpenError::ResolutionMissing)?;
    if !matter.resolutions().contains(&resolution) {
        return Err(OpenError::NoSuchResolution);
    }
    let says_why = matches!(
        opened.reason,
        Some(Reason::Seen(
            Outcome::Misread | Outcome::SetApart | Outcome::ByHand | Outcome::NoFault
        ))
    );
    if resolution == Resolution::Seen && !says_why {
        return Err(OpenError::ReasonMissing);
    }
    Ok(())
}

fn check_task(
    conn: &Connection,
    id: TaskId,
    person: Person,
    device: Option<DeviceId>,
) -> Result<(), OpenError> {
    let task = feed::task(conn, id)?
        .filter(|task| task::is_for(task, TaskKind::Device, person.site, device))
        .ok_or(OpenError::Refused(Rejection::TaskClosed { task: id }))?;
    let progress = task::progress(conn, &task)?;
    match progress.state {
        TaskState::Open | TaskState::InWork => Ok(()),
        // What was made here may still go into outer packages.
        TaskState::Done if progress.here > 0 && task.plan.steps().count() > 1 => Ok(()),
        TaskState::Done => Err(OpenError::TaskDone),
        TaskState::Void => Err(OpenError::TaskVoid),
    }
}

fn check_document(
    conn: &Connection,
    id: DocumentId,
    screen: Screen,
    person: Person,
) -> Result<(), OpenError> {
    let refused = |rejection| Err(OpenError::Refused(rejection));
    let document = feed::document(conn, id)?.map(|row| row.document);
    let Some(document) = document.filter(|document| document.open) else {
        return refused(Rejection::DocumentClosed { document: id });
    };
    let site = person.site;
    match screen.works_on(document.route) {
        None => refused(Rejection::WrongDocument { document: id, kind: document.route.kind() }),
        Some(expected) if expected != site => {
            refused(Rejection::WrongSite { document: id, site, expected })
        }
        Some(_) => Ok(()),
    }
}
