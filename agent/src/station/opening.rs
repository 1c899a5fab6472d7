//! Which screen opens for whom, and for which task or document.

use rusqlite::Connection;
use sealtrace_protocol::ids::{DeviceId, DocumentId, TaskId};
use sealtrace_protocol::ledger::{DocumentKind, Rejection, Role};
use sealtrace_protocol::link::{TaskKind, TaskState};

use super::Screen;
use super::work::{Opened, Person};
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
            Self::Refused(rejection) => message_of(rejection),
            Self::Store(_) => Message::new("internal"),
        }
    }
}

/// The kind of document a screen works on; none for screens that take none.
const fn takes(screen: Screen) -> Option<DocumentKind> {
    match screen {
        Screen::Ship => Some(DocumentKind::Outbound),
        Screen::Receive => Some(DocumentKind::Inbound),
        Screen::Home
        | Screen::Pack
        | Screen::Relabel
        | Screen::Unpack
        | Screen::Verify
        | Screen::Lookup => None,
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

/// The task or document of a screen is this device's to work on.
pub(super) fn check(
    conn: &Connection,
    opened: Opened,
    person: Person,
    device: Option<DeviceId>,
) -> Result<(), OpenError> {
    if let Some(id) = opened.task {
        check_task(conn, id, person, device)?;
    }
    match opened.document {
        Some(id) => check_document(conn, id, opened.screen, person),
        None if opened.screen == Screen::Ship => Err(OpenError::DocumentMissing),
        None => Ok(()),
    }
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
    let kind = document.route.kind();
    if takes(screen) != Some(kind) {
        return refused(Rejection::WrongDocument { document: id, kind });
    }
    let (site, mut sites) = (person.site, document.route.sites());
    match sites.next() {
        Some(expected) if expected != site => {
            refused(Rejection::WrongSite { document: id, site, expected })
        }
        Some(_) | None => Ok(()),
    }
}
