//! A task at a machine: what is made, what the labels must say, how far it is.

use rusqlite::Connection;
use sealtrace_protocol::code::Scan;
use sealtrace_protocol::ids::TaskId;
use sealtrace_protocol::ledger::{Made, Rejection};
use sealtrace_protocol::link::{TaskRow, TaskState};

use super::Step;
use crate::feedback::{Message, Say};
use crate::store::{StoreError, feed};
use crate::task::{self, Progress};

/// A task and what the labels of its product must say.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The task.
    pub task: TaskRow,
    /// The GTINs its labels may carry, 14 digits each: the product's own, then those of what it mixes. None is known
    /// before its products are.
    pub gtins: Vec<String>,
    /// How far it was when this package was begun.
    pub progress: Progress,
}

impl Job {
    /// What an operation says of it.
    #[must_use]
    pub const fn made(&self) -> Made {
        let TaskRow { id: task, product, lot, revision: plan, .. } = self.task;
        Made { task, product, lot, plan }
    }

    /// True when enough was made: no package is begun any more, but a begun one is finished.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.progress.state == TaskState::Done
    }

    /// The answer to what would begin another package.
    pub(super) fn done(&self) -> Step {
        let message = Message::new("task_done")
            .with("made", self.progress.made)
            .with("quantity", self.task.quantity);
        Step::told(Say::refused(message))
    }

    /// True when its packages mix products, each with its own lot.
    #[must_use]
    pub fn mixes(&self) -> bool {
        !self.task.plan.parts().is_empty()
    }

    /// What the label claims besides its code must fit the task; the answer when it does not.
    pub(crate) fn mismatch(&self, scan: &Scan) -> Option<Say> {
        let code = scan.code;
        if let Some(gtin) = scan.claims.gtin
            && let Some(expected) = self.gtins.first()
            && !self.gtins.contains(&gtin.to_string())
        {
            let message = Message::new("wrong_product")
                .with("code", code)
                .with("gtin", gtin.to_string())
                .with("expected_gtin", expected);
            return Some(Say::refused(message));
        }
        let lot = scan.claims.lot.filter(|lot| *lot != self.task.lot && !self.mixes())?;
        Some(Say::rejection(&Rejection::WrongLot { code, lot, expected: self.task.lot }))
    }
}

/// The job of a task, when it has come with the feed.
pub(crate) fn job(conn: &Connection, task: Option<TaskId>) -> Result<Option<Job>, StoreError> {
    let Some(task) = task else { return Ok(None) };
    let Some(task) = feed::task(conn, task)? else { return Ok(None) };
    let parts = task.plan.parts().iter().map(|part| part.product);
    let mut gtins = Some(Vec::new());
    for product in std::iter::once(task.product).chain(parts) {
        let gtin = feed::product(conn, product)?.map(|product| product.gtin);
        gtins = gtins.zip(gtin).map(|(gtins, gtin)| [gtins, vec![gtin]].concat());
    }
    let gtins = gtins.unwrap_or_default();
    let progress = task::progress(conn, &task)?;
    Ok(Some(Job { task, gtins, progress }))
}
