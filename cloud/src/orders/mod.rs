//! Production orders (生产订单): created, given codes, released as tasks to lines and PDAs, done when enough was made.

mod create;
mod floor;
pub mod http;
mod issue;
mod progress;
mod release;
mod split;
mod tasks;

use sealtrace_protocol::ids::{DeviceId, OrderId, Revision, SiteId, TaskId};
use sealtrace_protocol::ledger::{Level, Plan};
use sealtrace_protocol::link::{TaskKind, TaskState};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

pub use create::{Draft, create, edit, withdraw};
pub use floor::{open_task, withdraw_task};
pub use issue::{IssuedRoll, WantedCodes, issue};
pub use progress::{Ending, OrderState, Stored, task_state};
pub use release::{Plan as ReleasePlan, PlannedTask, release};
pub use split::{Share, split};
pub use tasks::{end, publish_task};

use crate::accounts::AccountId;
use crate::catalog::ProductName;
use crate::codes::CodesError;
use crate::form::Invalid;
use crate::named::Named;
use crate::store::audit::Entry;
use crate::store::{self, Retry, StoreError, Tx};

/// Why an order is not created, changed, given codes or released.
#[derive(Debug, thiserror::Error)]
pub enum OrdersError {
    /// The form is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Another order has this number.
    #[error("order {id} has the number {number} already, and another {field}")]
    NumberTaken {
        /// The number.
        number: String,
        /// The order that has it.
        id: OrderId,
        /// What it says differently.
        field: &'static str,
    },
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile and is at version {version} by now")]
    ChangedMeanwhile {
        /// The version it has.
        version: u64,
    },
    /// It was withdrawn.
    #[error("it was withdrawn")]
    Void,
    /// Something was made already.
    #[error("something was made already")]
    InWork,
    /// No such order or task.
    #[error("there is no such order or task")]
    NotFound,
    /// Codes cannot be issued.
    #[error(transparent)]
    Codes(#[from] CodesError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for OrdersError {
    fn is_conflict(&self) -> bool {
        match self {
            Self::Store(error) => error.is_conflict(),
            Self::Codes(error) => error.is_conflict(),
            Self::Invalid(_)
            | Self::NumberTaken { .. }
            | Self::ChangedMeanwhile { .. }
            | Self::Void
            | Self::InWork
            | Self::NotFound => false,
        }
    }
}

/// An order as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Counted up by each change.
    pub version: u64,
    /// Its number on paper.
    pub number: String,
    /// What is made.
    pub product: ProductName,
    /// In which lot, where a task names none of its own.
    pub lot: Lot,
    /// How many units; 0 = as many as there are.
    pub quantity: u32,
    /// How it is packed …
    pub plan: Plan,
    /// … which is this revision of the product's plan.
    pub revision: Revision,
    /// Where it stands.
    pub state: OrderState,
    /// How many units were made under its tasks.
    pub made: u64,
    /// What is in use under its codes; counted where one order is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub produced: Option<Counts>,
    /// Codes issued for it.
    pub codes: Counts,
    /// Its parts.
    pub tasks: Vec<Task>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Order {
    /// How many units its tasks were asked for, without what those will not make that are void or closed short.
    #[must_use]
    pub fn released(&self) -> u64 {
        let asked = |task: &Task| match task.state {
            TaskState::Open | TaskState::InWork => task.quantity,
            TaskState::Done | TaskState::Void => task.made.min(task.quantity),
        };
        self.tasks.iter().map(|task| u64::from(asked(task))).sum()
    }
}

/// Writes down who did what with an order.
async fn audit(
    tx: &mut Tx,
    action: &str,
    (before, after): (Option<&Order>, &Order),
    (by, now): (AccountId, Timestamp),
) -> Result<(), StoreError> {
    let json = |order: &Order| serde_json::to_value(order);
    let damaged = |error| StoreError::damaged("order", error);
    let entry = Entry {
        account: Some(by),
        resource: "orders",
        subject: after.id.get(),
        label: &after.number,
        action,
        before: &before.map(json).transpose().map_err(damaged)?.unwrap_or_default(),
        after: &json(after).map_err(damaged)?,
    };
    store::audit::add(tx, &entry, now).await
}

/// A part of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Where it is worked on.
    pub site: Named<SiteId>,
    /// Who works on it.
    pub kind: TaskKind,
    /// The only device that does; none = any of its kind there.
    pub device: Option<Named<DeviceId>>,
    /// How many units are wanted; 0 = as many as there are.
    pub quantity: u32,
    /// How many were made.
    pub made: u32,
    /// In which lot.
    pub lot: Lot,
    /// The production date, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// The shift.
    pub shift: Option<String>,
    /// Which revision of the product's plan it is packed by.
    pub revision: Revision,
    /// Where it stands.
    pub state: TaskState,
}

/// Items by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// 瓶.
    pub units: u64,
    /// 盒.
    pub boxes: u64,
    /// 箱.
    pub cases: u64,
    /// 托.
    pub pallets: u64,
}

impl Counts {
    /// Says how many there are of a level.
    pub const fn put(&mut self, level: Level, count: u64) {
        match level {
            Level::Unit => self.units = count,
            Level::Box => self.boxes = count,
            Level::Case => self.cases = count,
            Level::Pallet => self.pallets = count,
        }
    }
}

/// The word for who works on a task.
#[must_use]
pub const fn kind_name(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Line => "line",
        TaskKind::Device => "device",
    }
}

/// The kind with this [`kind_name`].
#[must_use]
pub fn kind_from_name(name: &str) -> Option<TaskKind> {
    [TaskKind::Line, TaskKind::Device].into_iter().find(|kind| kind_name(*kind) == name)
}
