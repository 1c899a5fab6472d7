//! Which task a lane works on between two cases, or why it takes no cases.

use rusqlite::Connection;
use sealtrace_protocol::ids::TaskId;
use sealtrace_protocol::link::{TaskKind, TaskRow, TaskState};
use serde::Serialize;

use super::held::Who;
use crate::config::TaskSource;
use crate::store::{StoreError, feed};
use crate::task;

/// Why a lane takes no cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// No task was ever given to it.
    NoTask,
    /// Enough was made under all its tasks.
    TasksDone,
}

impl Waits {
    /// The word a case is set aside with that comes all the same.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoTask => "no_task",
            Self::TasksDone => "tasks_done",
        }
    }
}

/// The oldest open task that is this lane's and wants more, or the one it is configured for.
pub(super) fn choose(conn: &Connection, who: &Who) -> Result<Result<TaskId, Waits>, StoreError> {
    let tasks = match who.task {
        TaskSource::Task(id) => feed::task(conn, id)?.into_iter().collect(),
        TaskSource::Open => feed::open_tasks(conn)?,
    };
    let chosen = among(conn, who, tasks)?;
    match (chosen, who.task) {
        (Err(Waits::NoTask), TaskSource::Open) => among(conn, who, feed::closed_tasks(conn)?),
        (chosen, TaskSource::Open | TaskSource::Task(_)) => Ok(chosen),
    }
}

fn among(
    conn: &Connection,
    who: &Who,
    tasks: Vec<TaskRow>,
) -> Result<Result<TaskId, Waits>, StoreError> {
    let mut waits = Waits::NoTask;
    for row in tasks {
        if !task::is_for(&row, TaskKind::Line, who.site, who.device) {
            continue;
        }
        match task::progress(conn, &row)?.state {
            TaskState::Open | TaskState::InWork => return Ok(Ok(row.id)),
            TaskState::Done => waits = Waits::TasksDone,
            TaskState::Void => {}
        }
    }
    Ok(Err(waits))
}
