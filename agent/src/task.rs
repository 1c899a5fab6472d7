//! What a released task means to this device: whether it is its own, and how far it is.

use rusqlite::Connection;
use sealtrace_protocol::ids::{DeviceId, SiteId};
use sealtrace_protocol::link::{TaskKind, TaskRow, TaskState};

use crate::store::{StoreError, made};

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Units made: what the cloud has counted, and what this device made since.
    pub made: u32,
    /// Units made by this device.
    pub here: u32,
    /// Where that puts it.
    pub state: TaskState,
}

/// True when this device works on the task: at this site, as a line or by hand.
#[must_use]
pub fn is_for(task: &TaskRow, kind: TaskKind, site: SiteId, device: Option<DeviceId>) -> bool {
    let anybodys = task.device.is_none() || task.device == device;
    task.kind == kind && task.site == site && anybodys
}

/// How far a task is, as far as this device can tell.
pub fn progress(conn: &Connection, task: &TaskRow) -> Result<Progress, StoreError> {
    let made::Made { here, unjudged } = made::under(conn, task.id)?;
    let counted = i64::from(task.made).saturating_add(unjudged).max(0);
    // A verdict may be here before the feed that counts it: a line must not go on making more in between.
    let made = u32::try_from(counted).unwrap_or(u32::MAX).max(here);
    let state = match task.state {
        state @ (TaskState::Done | TaskState::Void) => state,
        TaskState::Open | TaskState::InWork if task.quantity > 0 && made >= task.quantity => {
            TaskState::Done
        }
        TaskState::Open | TaskState::InWork if made > 0 => TaskState::InWork,
        state @ (TaskState::Open | TaskState::InWork) => state,
    };
    Ok(Progress { made, here, state })
}
