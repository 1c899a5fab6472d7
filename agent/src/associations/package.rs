//! One package of a file becomes one operation, or is so already, or the rules say why not.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DeviceId, OrderId, ProductId, TaskId};
use sealtrace_protocol::ledger::{
    self, Action, Effects, Item, Level, Made, Notice, Operation, Pack, PartialReason, Plan,
    Presence, Rejection, Task,
};
use sealtrace_protocol::link::TaskRow;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Stamp;

use super::fault::{Column, Fault};
use super::{OTHER_CLOCK_MS, Request};
use crate::station::{Moment, OwnTaskError, Wanted, open_task};
use crate::store::associations::{Associated, Association};
use crate::store::outbox::{self, ConfirmError};
use crate::store::{StoreError, feed, items};

/// What became of a package.
#[derive(Debug)]
pub(super) enum Done {
    /// It is an operation of this device now.
    Stored,
    /// It would be; this is what it would be then.
    Possible(Box<Item>),
    /// It is in the ledger as the file says.
    AlreadySo,
    /// It is left out.
    Faulty { row: u64, column: Option<Column>, value: String, fault: Fault },
}

/// Turns packages into operations.
pub(super) struct Becoming {
    request: Request,
    now: Stamp,
    device: Option<DeviceId>,
    /// Packages of the same file as they would be, when it is only tried.
    expected: BTreeMap<Code, Item>,
}

/// Why a package is left out, and where that is in the file.
type Fallible<T> = Result<T, Wrong>;

/// What is wrong with a package, or with the store.
enum Wrong {
    At(u64, Column, Fault),
    Package(Fault),
    Store(StoreError),
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ConfirmError> for Wrong {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Refused(rejection) => Self::Package(Fault::Rejected(Box::new(rejection))),
            ConfirmError::Store(error) => Self::Store(error),
        }
    }
}

impl From<OwnTaskError> for Wrong {
    fn from(error: OwnTaskError) -> Self {
        match error {
            OwnTaskError::NoProduct => Self::Package(Fault::NoProduct),
            OwnTaskError::NoName => Self::Package(Fault::NoTask),
            OwnTaskError::Refused(rejection) => Self::Package(Fault::Rejected(Box::new(rejection))),
            OwnTaskError::Store(error) => Self::Store(error),
        }
    }
}

/// The task a package is made under.
enum Under {
    /// None: finished packages are only put together.
    Nothing,
    /// One that is there.
    Task(TaskRow),
    /// One that is opened when this package counts.
    New(Box<Task>),
}

impl Becoming {
    pub(super) const fn new(request: Request, now: Stamp, device: Option<DeviceId>) -> Self {
        Self { request, now, device, expected: BTreeMap::new() }
    }

    /// A package of the same file would be this.
    pub(super) fn expect(&mut self, item: Option<Item>) {
        self.expected.extend(item.map(|item| (item.code, item)));
    }

    /// Would it count? Nothing is written.
    pub(super) fn attempt(
        &self,
        conn: &Connection,
        package: &Associated,
    ) -> Result<Done, StoreError> {
        ended(package, self.attempted(conn, package))
    }

    /// Stores it as an operation, if it counts.
    pub(super) fn store(
        &self,
        tx: &Transaction<'_>,
        package: &Associated,
    ) -> Result<Done, StoreError> {
        ended(package, self.stored(tx, package))
    }

    fn attempted(&self, conn: &Connection, package: &Associated) -> Fallible<Done> {
        if is_so(conn, package)? {
            return Ok(Done::AlreadySo);
        }
        let under = self.under(conn, package)?;
        let effects = self.judged(conn, package, &under)?;
        let item = effects.items.into_iter().find(|item| item.code == package.parent);
        // A label that was replaced stands for another code: what is packed on top is judged by what is known.
        Ok(item.map_or(Done::AlreadySo, |item| Done::Possible(Box::new(item))))
    }

    fn stored(&self, tx: &Transaction<'_>, package: &Associated) -> Fallible<Done> {
        if is_so(tx, package)? {
            return Ok(Done::AlreadySo);
        }
        let mut under = self.under(tx, package)?;
        if let (Under::New(task), Some(device)) = (&under, self.device) {
            // A task is opened for what counts, not for what is wrong.
            self.judged(tx, package, &under)?;
            let date = package.rows.iter().find_map(|row| row.at).and_then(|at| {
                let local = time::UtcDateTime::from_unix_timestamp(at.millis() / 1_000).ok()?;
                let date = local.to_offset(self.request.offset).date();
                Lot::new(&date.to_string()).ok()
            });
            let Task { product, lot, .. } = **task;
            let wanted = Wanted { product, lot, date, shift: None, quantity: 0 };
            let moment = Moment { at: self.now, ..self.moment(tx, package)? };
            let id = open_task(tx, device, moment, wanted)?;
            under = Under::Task(feed::task(tx, id)?.ok_or(Wrong::Package(Fault::NoTask))?);
        }
        let operation = self.operation(tx, package, &under)?;
        outbox::confirm_if(tx, &operation, &[], |effects| self.agreed(effects))?;
        Ok(Done::Stored)
    }

    fn judged(&self, conn: &Connection, package: &Associated, under: &Under) -> Fallible<Effects> {
        let operation = self.operation(conn, package, under)?;
        let mut facts = items::facts(conn, &operation)?;
        if let Under::New(task) = under {
            facts.task = Some((**task).clone());
        }
        for row in &package.rows {
            if let Some(item) = self.expected.get(&row.child) {
                facts.set(row.child, Presence::Present(item.clone()));
            }
        }
        let effects = ledger::judge(&operation, &facts).map_err(ConfirmError::Refused)?;
        self.agreed(&effects)?;
        Ok(effects)
    }

    /// A file can wait until the device has heard of its codes; a truck cannot.
    fn agreed(&self, effects: &Effects) -> Result<(), Wrong> {
        let unknown = effects.notices.iter().find_map(|notice| match notice {
            Notice::Provisional { code } => Some(*code),
            Notice::ContentsToFollow { .. }
            | Notice::ImpliedReceipt { .. }
            | Notice::ImpliedReturn { .. }
            | Notice::ReturnedByOther { .. }
            | Notice::ImpliedUnpack { .. }
            | Notice::FoundAgain { .. }
            | Notice::Elsewhere { .. }
            | Notice::Short { .. }
            | Notice::LotBlocked { .. }
            | Notice::Differs { .. }
            | Notice::Complete { .. } => None,
        });
        match unknown.filter(|_| !self.request.trust) {
            Some(code) => Err(Wrong::Package(Fault::Unknown { code })),
            None => Ok(()),
        }
    }

    /// The task of all its rows.
    fn under(&self, conn: &Connection, package: &Associated) -> Fallible<Under> {
        let (product, lot) = one_kind(package)?;
        if let Some(id) = self.request.task {
            let closed = Rejection::TaskClosed { task: id };
            let task = feed::task(conn, id)?;
            let task = task.ok_or(Wrong::Package(Fault::Rejected(Box::new(closed))))?;
            is_of(package, &task, product, lot)?;
            return Ok(Under::Task(task));
        }
        let first = package.rows.first().map_or(0, |row| row.number);
        let (product, lot) = match (product, lot) {
            (Some(product), Some(lot)) => (product, lot),
            (None, None) => return Ok(Under::Nothing),
            (Some(_), None) => return Err(Wrong::At(first, Column::Lot, Fault::Missing)),
            (None, Some(_)) => return Err(Wrong::At(first, Column::Product, Fault::Missing)),
        };
        let device = self.device.ok_or(Wrong::Package(Fault::NoTask))?;
        let site = self.request.site;
        let known = feed::product(conn, product)?.filter(|product| product.enabled);
        let known = known.ok_or(Wrong::At(first, Column::Product, Fault::NoProduct))?;
        let own = feed::open_tasks(conn)?.into_iter().find(|task| {
            task.id.opened_by() == Some(device)
                && (task.product, task.lot, task.site) == (product, lot, site)
                && task.revision == known.revision
        });
        Ok(match own {
            Some(task) => Under::Task(task),
            None => Under::New(Box::new(Task {
                id: TaskId::local(device, TaskId::LOCAL_NTH_MAX)
                    .ok_or(Wrong::Package(Fault::NoTask))?,
                order: OrderId(0),
                site,
                product,
                lot,
                plan: known.plan,
                revision: known.revision,
            })),
        })
    }

    fn operation(
        &self,
        conn: &Connection,
        package: &Associated,
        under: &Under,
    ) -> Fallible<Operation> {
        let (made, plan) = match under {
            Under::Nothing => (None, None),
            Under::Task(task) => {
                (Some((task.id, task.product, task.lot, task.revision)), Some(&task.plan))
            }
            Under::New(task) => {
                (Some((task.id, task.product, task.lot, task.revision)), Some(&task.plan))
            }
        };
        let made = made.map(|(task, product, lot, plan)| Made { task, product, lot, plan });
        let level = self.level(conn, package, plan)?.ok_or(Wrong::Package(Fault::NoLevel))?;
        let holds = plan.and_then(|plan| plan.holds(level)).unwrap_or(0);
        let short = usize::try_from(holds).is_ok_and(|holds| package.rows.len() < holds);
        let pack = Pack {
            parent: package.parent,
            level,
            children: package.rows.iter().map(|row| row.child).collect(),
            made,
            partial: (short && self.request.partial).then_some(PartialReason::Shortage),
            mixed_lots: false,
        };
        Ok(self.moment(conn, package)?.operation(Action::Pack(pack)))
    }

    fn moment(&self, conn: &Connection, package: &Associated) -> Result<Moment, StoreError> {
        let Request { operator, site, .. } = self.request;
        let last = package.rows.iter().filter_map(|row| row.at).max();
        let told = last.map(|wall| Stamp { wall, uncertainty_ms: OTHER_CLOCK_MS });
        let basis = feed::basis(conn, site)?;
        let at = told.unwrap_or(self.now);
        Ok(Moment { at, operator: Some(operator), approver: None, site, basis })
    }

    /// The package's level: the one it was issued for, else the one the plan has above what goes in.
    fn level(
        &self,
        conn: &Connection,
        package: &Associated,
        plan: Option<&Plan>,
    ) -> Result<Option<Level>, StoreError> {
        let known = |code: Code| match self.expected.get(&code) {
            Some(item) => Ok(Some(item.level)),
            None => Ok::<_, StoreError>(items::presence(conn, code)?.level()),
        };
        if let Some(level) = known(package.parent)? {
            return Ok(Some(level));
        }
        let (Some(plan), Some(first)) = (plan, package.rows.first()) else { return Ok(None) };
        let usual = match first.child {
            Code::Minted(_) | Code::Sgtin(_) => Some(Level::Unit),
            Code::Sscc(_) => None,
        };
        let Some(child) = known(first.child)?.or(usual) else { return Ok(None) };
        let above = plan.steps().find(|step| plan.child_level(step.level) == Some(child));
        Ok(above.map(|step| step.level))
    }
}

/// The one product and lot of a package, as far as its rows say.
fn one_kind(package: &Associated) -> Fallible<(Option<ProductId>, Option<Lot>)> {
    let Some(first) = package.rows.first() else { return Ok((None, None)) };
    for row in &package.rows {
        let differs =
            |column| Err(Wrong::At(row.number, column, Fault::Differs { first: first.number }));
        if row.product != first.product {
            return differs(Column::Product);
        }
        if row.lot != first.lot {
            return differs(Column::Lot);
        }
    }
    Ok((first.product, first.lot))
}

/// What the rows say is what the task makes.
fn is_of(
    package: &Associated,
    task: &TaskRow,
    product: Option<ProductId>,
    lot: Option<Lot>,
) -> Fallible<()> {
    let Some(&Association { number, child: code, .. }) = package.rows.first() else {
        return Ok(());
    };
    let rejected =
        |column, rejection| Err(Wrong::At(number, column, Fault::Rejected(Box::new(rejection))));
    if let Some(product) = product.filter(|product| *product != task.product) {
        let expected = task.product;
        return rejected(Column::Product, Rejection::WrongProduct { code, product, expected });
    }
    if let Some(lot) = lot.filter(|lot| *lot != task.lot) {
        return rejected(Column::Lot, Rejection::WrongLot { code, lot, expected: task.lot });
    }
    Ok(())
}

/// The ledger has the package as the file says; or this device packed it so, whatever has become of it since.
fn is_so(conn: &Connection, package: &Associated) -> Result<bool, StoreError> {
    let count = u32::try_from(package.rows.len()).unwrap_or(u32::MAX);
    let holds = items::item(conn, package.parent)?.is_some_and(|parent| parent.children == count);
    let mut inside = holds;
    for row in &package.rows {
        inside = inside
            && items::item(conn, row.child)?
                .is_some_and(|item| item.parent == Some(package.parent));
    }
    if inside {
        return Ok(true);
    }
    let children: BTreeSet<Code> = package.rows.iter().map(|row| row.child).collect();
    let packed = outbox::packed(conn, package.parent)?;
    Ok(packed
        .into_iter()
        .any(|pack| pack.children.into_iter().collect::<BTreeSet<_>>() == children))
}

/// What is wrong, at the place in the file where it is.
fn ended(package: &Associated, result: Fallible<Done>) -> Result<Done, StoreError> {
    let fault = match result {
        Ok(done) => return Ok(done),
        Err(Wrong::Store(error)) => return Err(error),
        Err(Wrong::At(row, column, fault)) => {
            let of_row = package.rows.iter().find(|one| one.number == row);
            let value = of_row.map(|one| value(one, column)).unwrap_or_default();
            return Ok(Done::Faulty { row, column: Some(column), value, fault });
        }
        Err(Wrong::Package(fault)) => fault,
    };
    let about = fault.code();
    let child = package.rows.iter().find(|row| about.as_ref() == Some(&row.child.canonical()));
    let (row, column, value) = match child {
        Some(row) => (row.number, Column::Child, row.child.canonical()),
        None => {
            let first = package.rows.first().map_or(0, |row| row.number);
            (first, Column::Parent, package.parent.canonical())
        }
    };
    Ok(Done::Faulty { row, column: Some(column), value, fault })
}

fn value(row: &Association, column: Column) -> String {
    match column {
        Column::Child => row.child.canonical(),
        Column::Parent => row.parent.canonical(),
        Column::Product => row.product.map(|product| product.to_string()).unwrap_or_default(),
        Column::Lot => row.lot.map(|lot| lot.to_string()).unwrap_or_default(),
        Column::Time => row.at.map(|at| at.millis().to_string()).unwrap_or_default(),
    }
}
