//! 无单: a task that nobody released is opened at the station; the cloud files it under an order of its own.

use rusqlite::Transaction;
use sealtrace_protocol::ids::{DeviceId, OrderId, ProductId, TaskId};
use sealtrace_protocol::ledger::{Action, OpenTask, Rejection};
use sealtrace_protocol::link::{TaskKind, TaskRow, TaskState};
use sealtrace_protocol::text::{Lot, Text20};

use super::Moment;
use super::desk::Desk;
use super::pen::with_basis;
use super::work::Person;
use crate::store::outbox::{self, ConfirmError};
use crate::store::{StoreError, feed};

/// A task as somebody asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What is to be made.
    pub product: ProductId,
    /// In which lot.
    pub lot: Lot,
    /// The production date, `YYYY-MM-DD`.
    pub date: Option<Text20>,
    /// The shift.
    pub shift: Option<Text20>,
    /// How many units; 0 = as many as there are.
    pub quantity: u32,
}

/// Why a task is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OwnTaskError {
    /// Nobody here knows the product, or it is not made any more.
    #[error("the product is not known here, or not made any more")]
    NoProduct,
    /// This device has opened as many as it has names for, or was never enrolled.
    #[error("this device has no name for another task")]
    NoName,
    /// The rules say no.
    #[error("{0}")]
    Refused(Rejection),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ConfirmError> for OwnTaskError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Refused(rejection) => Self::Refused(rejection),
            ConfirmError::Store(error) => Self::Store(error),
        }
    }
}

impl Desk {
    /// Opens a task; work on it may begin at once.
    pub async fn open_task(&self, person: &Person, wanted: Wanted) -> Result<TaskId, OwnTaskError> {
        let device = self.device.ok_or(OwnTaskError::NoName)?;
        let moment = self.moment(person, None);
        self.store.write(move |tx| open_task(tx, device, moment, wanted)).await
    }
}

/// Opens a task within a transaction.
pub(crate) fn open_task(
    tx: &Transaction<'_>,
    device: DeviceId,
    moment: Moment,
    wanted: Wanted,
) -> Result<TaskId, OwnTaskError> {
    let Wanted { product, lot, date, shift, quantity } = wanted;
    let known = feed::product(tx, product)?.filter(|product| product.enabled);
    let known = known.ok_or(OwnTaskError::NoProduct)?;
    let (task, nth) = next_name(tx, device)?.ok_or(OwnTaskError::NoName)?;
    let plan = known.revision;
    let open = OpenTask { task, product, lot, plan, quantity, date, shift };
    let moment = with_basis(tx, moment)?;
    outbox::confirm(tx, &moment.operation(Action::OpenTask(open)), &[])?;
    let text = |text: Text20| text.as_str().to_owned();
    let row = TaskRow {
        id: task,
        // The cloud will say which.
        order: OrderId(0),
        order_number: format!("AD-{device}-{nth}"),
        site: moment.site,
        product,
        lot,
        date: date.map(text),
        shift: shift.map(text),
        plan: known.plan,
        revision: plan,
        kind: TaskKind::Device,
        device: Some(device),
        quantity,
        made: 0,
        state: TaskState::Open,
        leases: Vec::new(),
    };
    feed::store_opened(tx, &row)?;
    tracing::info!(task.id = task.get(), "a task was opened without an order");
    Ok(task)
}

/// The next name of a task of this device, and which one it is.
fn next_name(tx: &Transaction<'_>, device: DeviceId) -> Result<Option<(TaskId, u32)>, StoreError> {
    let Some(first) = TaskId::local(device, 0) else { return Ok(None) };
    let Some(behind) = TaskId::local(device, TaskId::LOCAL_NTH_MAX) else { return Ok(None) };
    let last = feed::last_task_between(tx, first, behind)?;
    let nth = last.map_or(0, |last| last.get() - first.get() + 1);
    let nth = u32::try_from(nth).ok();
    Ok(nth.and_then(|nth| Some((TaskId::local(device, nth)?, nth))))
}
