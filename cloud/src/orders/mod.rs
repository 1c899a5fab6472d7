//! Production orders (生产订单): created, given codes, released as tasks to lines and PDAs, done when enough was made.

mod create;
pub mod http;
mod progress;
mod release;
mod split;

use sealtrace_protocol::ids::{OrderId, SiteId, TaskId};
use sealtrace_protocol::ledger::Plan;
use sealtrace_protocol::link::TaskKind;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

pub use create::{Draft, IssuedRoll, WantedCodes, create, issue};
pub use progress::{OrderState, Stored, TaskState};
pub use release::{Plan as ReleasePlan, PlannedTask, release};
pub use split::{Share, split};

use crate::catalog::ProductName;
use crate::codes::CodesError;
use crate::form::Invalid;
use crate::named::Named;
use crate::store::{Retry, StoreError};

/// Why an order is not created, given codes or released.
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
    /// Only a draft can be released.
    #[error("order {id} was released or withdrawn already")]
    NotDraft {
        /// The order.
        id: OrderId,
    },
    /// No such order.
    #[error("there is no such order")]
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
            | Self::NotDraft { .. }
            | Self::NotFound => false,
        }
    }
}

/// An order as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its number on paper.
    pub number: String,
    /// What is made.
    pub product: ProductName,
    /// In which lot.
    pub lot: Lot,
    /// How many units.
    pub quantity: u32,
    /// How it is packed.
    pub plan: Plan,
    /// Where it stands.
    pub state: OrderState,
    /// What is in use under its codes.
    pub produced: Counts,
    /// Codes issued for it.
    pub codes: Counts,
    /// Its parts.
    pub tasks: Vec<Task>,
    /// When it was created.
    pub created_at: Timestamp,
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
    /// How many units are wanted.
    pub quantity: u32,
    /// Where it stands.
    pub state: TaskState,
    /// How many units were made.
    pub units: u64,
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
