//! 关联导入: associations that another line system or a supplier of pre-associated labels (套标) wrote into a file become
//! operations, package by package, judged and signed like scans.
//!
//! A package with a row that is wrong is left out whole, and so is what holds it; all others are imported
//! (ADR 16). A package that is in the
//! ledger as the file says is "already so": the same file again does nothing, and after a power cut it goes on.

mod command;
mod fault;
mod file;
mod package;
mod when;

use std::collections::BTreeMap;
use std::io::Read;

use sealtrace_protocol::code::{self, Code, Gtin, Scan};
use sealtrace_protocol::ids::{OperatorId, ProductId, SiteId, TaskId};
use sealtrace_protocol::ledger::Role;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};
use serde::Serialize;
use time::UtcOffset;
use tokio::runtime::Handle;

use crate::agent::Agent;
use crate::store::associations::{Again, Associated, Association, Staging};
use crate::store::{StoreError, feed};

pub use command::{CommandError, ImportAssociations};
pub use fault::{Column, Fault, FileError, RowError};
use file::{Row, Rows};
use package::{Becoming, Done};
pub(crate) use when::offset;

/// Rows of one file.
const ROWS_MAX: u64 = 5_000_000;
/// Products and lots of one file: each is a task of its own when none is given.
const LOTS_MAX: u64 = 200;
/// Errors that are told one by one; the others are counted.
const ERRORS_MAX: usize = 1_000;
/// Codes that go into the store with one job, so that scans get their turn in between.
const PORTION_CODES: usize = 200;
/// How far off the clock of another system may be.
pub(crate) const OTHER_CLOCK_MS: u32 = 10 * 60 * 1_000;
/// Levels of packages in one file: box, case, pallet.
const DEPTH_MAX: u8 = 3;

/// Who imports what, and how.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Who.
    pub operator: OperatorId,
    /// Where it was packed.
    pub site: SiteId,
    /// The task all of it belongs to; none = a task of this device's own for each product and lot.
    pub task: Option<TaskId>,
    /// Nothing is stored.
    pub check: bool,
    /// Packages that hold less than their plan says are meant to; a supervisor says so.
    pub partial: bool,
    /// Codes that nobody here has heard of are taken on trust (待核验).
    pub trust: bool,
    /// It was done now, whatever the file says.
    pub now: bool,
    /// What times mean that do not say it themselves.
    pub offset: UtcOffset,
}

/// What became of a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Nothing was stored, as asked.
    pub checked: bool,
    /// Rows behind the header, empty ones not counted.
    pub rows: u64,
    /// Packages they make.
    pub packages: u64,
    /// Packages imported, or that would be.
    pub imported: u64,
    /// Packages that were so already.
    pub already_so: u64,
    /// Packages left out because of what is wrong with a row.
    pub left_out: u64,
    /// How much is wrong.
    pub errors_total: u64,
    /// The first of it.
    pub errors: Vec<RowError>,
}

impl Report {
    /// Everything in the file is in the ledger, or would be.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.errors_total == 0
    }

    fn fault(&mut self, row: u64, column: Option<Column>, value: &str, fault: &Fault) {
        self.errors_total += 1;
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(RowError::new(row, column, value, fault));
        }
    }
}

/// Imports a file. It goes on to its end, whoever waits for it.
pub async fn import(
    agent: &Agent,
    request: Request,
    file: impl Read + Send + 'static,
) -> Result<Report, FileError> {
    let (agent, runtime) = (agent.clone(), Handle::current());
    let work = move || Import::begin(agent, runtime, request)?.run(file);
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(FileError::Store(StoreError::Stopped)))
}

/// True when somebody in this role imports at all.
pub(crate) fn is_for(role: Role) -> bool {
    crate::station::Screen::Pack.is_for(role)
}

/// An import under way, on a thread of its own.
struct Import {
    agent: Agent,
    runtime: Handle,
    request: Request,
    now: Stamp,
    products: Products,
    staging: Staging,
    report: Report,
}

/// Products as a file names them: by GTIN or name.
#[derive(Default)]
struct Products {
    by_text: BTreeMap<String, ProductId>,
    gtins: BTreeMap<ProductId, String>,
}

impl Import {
    fn begin(agent: Agent, runtime: Handle, request: Request) -> Result<Self, FileError> {
        let known = runtime.block_on(agent.store.read(feed::products))?;
        let mut products = Products::default();
        for product in known {
            products.by_text.insert(product.name.clone(), product.id);
            products.by_text.insert(product.gtin.clone(), product.id);
            products.gtins.insert(product.id, product.gtin);
        }
        let staging = Staging::begin(agent.store.folder())?;
        let now = agent.clock.stamp();
        let report = Report { checked: request.check, ..Report::default() };
        Ok(Self { agent, runtime, request, now, products, staging, report })
    }

    fn run(mut self, file: impl Read) -> Result<Report, FileError> {
        self.read(file)?;
        self.staging.sort()?;
        let [_, packages, lots] = self.staging.counts()?;
        self.report.packages = packages;
        if lots > LOTS_MAX && self.request.task.is_none() {
            return Err(FileError::TooManyLots(LOTS_MAX));
        }
        self.tell_repeated()?;
        self.staging.order(DEPTH_MAX)?;
        let report = &mut self.report;
        self.staging.circles(|first, parent| {
            report.fault(first, Some(Column::Parent), &parent, &Fault::Circle);
        })?;
        for depth in 1..=DEPTH_MAX {
            self.import_at(depth)?;
        }
        self.report.left_out = self.staging.spoiled()?;
        self.report.errors.sort_by_key(|error| error.row);
        let Report { rows, imported, already_so, left_out, checked, .. } = self.report;
        tracing::info!(
            operator.id = self.request.operator.get(),
            import.rows = rows,
            import.packages = imported,
            import.already_so = already_so,
            import.left_out = left_out,
            import.checked_only = checked,
            "associations were imported"
        );
        Ok(self.report)
    }

    /// Reads every row, and says what is wrong with it by itself.
    fn read(&mut self, file: impl Read) -> Result<(), FileError> {
        let mut rows = Rows::open(file)?;
        while let Some(row) = rows.next()? {
            self.report.rows += 1;
            if self.report.rows > ROWS_MAX {
                return Err(FileError::TooManyRows(ROWS_MAX));
            }
            match row {
                Ok(row) => self.take(&row)?,
                Err((number, fault)) => self.report.fault(number, None, "", &fault),
            }
        }
        if self.report.rows == 0 { Err(FileError::NoRows) } else { Ok(()) }
    }

    fn take(&mut self, row: &Row) -> Result<(), StoreError> {
        let parent = code(row, Column::Parent).map_err(|fault| (Column::Parent, fault));
        match parent.clone().and_then(|parent| self.checked(row, parent.code)) {
            Ok(association) => self.staging.add(&association),
            Err((column, fault)) => {
                self.report.fault(row.number, Some(column), row.get(column), &fault);
                // The case is known, and lacks what this row should have said.
                parent.map_or(Ok(()), |parent| self.staging.spoil(parent.code))
            }
        }
    }

    /// A row on its own: everything in it can be read, and nothing in it contradicts itself.
    fn checked(&self, row: &Row, parent: Code) -> Result<Association, (Column, Fault)> {
        let at = |column| move |fault| (column, fault);
        let child = code(row, Column::Child).map_err(at(Column::Child))?;
        if child.code == parent {
            return Err((Column::Child, Fault::OwnParent));
        }
        let product = self.product(row.get(Column::Product)).map_err(at(Column::Product))?;
        let lot = lot(row.get(Column::Lot)).map_err(at(Column::Lot))?;
        self.label_fits(&child, product, lot).map_err(at(Column::Child))?;
        let when = self.when(row.get(Column::Time)).map_err(at(Column::Time))?;
        Ok(Association { number: row.number, child: child.code, parent, product, lot, at: when })
    }

    fn product(&self, text: &str) -> Result<Option<ProductId>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        let gtin = Gtin::new(text).ok().map(|gtin| gtin.to_string());
        let by_gtin = gtin.and_then(|gtin| self.products.by_text.get(&gtin));
        let found = by_gtin.or_else(|| self.products.by_text.get(text));
        found.copied().map(Some).ok_or(Fault::NoProduct)
    }

    /// What the label says besides its code is what the row says.
    fn label_fits(
        &self,
        scan: &Scan,
        product: Option<ProductId>,
        lot: Option<Lot>,
    ) -> Result<(), Fault> {
        let expected = product.and_then(|product| self.products.gtins.get(&product));
        if let (Some(gtin), Some(expected)) = (scan.claims.gtin, expected)
            && gtin.to_string() != *expected
        {
            return Err(Fault::Label { says: gtin.to_string() });
        }
        match (scan.claims.lot, lot) {
            (Some(says), Some(lot)) if says != lot => Err(Fault::Label { says: says.to_string() }),
            (_, _) => Ok(()),
        }
    }

    fn when(&self, text: &str) -> Result<Option<Timestamp>, Fault> {
        if text.is_empty() || self.request.now {
            return Ok(None);
        }
        let at = when::read(text, self.request.offset).ok_or(Fault::Time)?;
        let latest = self.now.interval().latest.plus_ms(i64::from(OTHER_CLOCK_MS));
        if at > latest { Err(Fault::Future) } else { Ok(Some(at)) }
    }

    fn tell_repeated(&mut self) -> Result<(), StoreError> {
        let report = &mut self.report;
        self.staging.repeated(|again| {
            let Again { number, child, parent, first, first_parent } = again;
            let fault = if parent == first_parent {
                Fault::Twice { first }
            } else {
                Fault::TwoParents { first, parent: first_parent }
            };
            report.fault(number, Some(Column::Child), &child, &fault);
        })
    }

    /// Imports the packages that hold what was imported before them.
    fn import_at(&mut self, depth: u8) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let mut packages = self.staging.next(depth, after, PORTION_CODES)?;
            let last = packages.last().and_then(|package| package.rows.first());
            let Some(last) = last.map(|row| row.number) else { return Ok(()) };
            after = last;
            if depth > 1 {
                packages = self.without_spoiled(packages)?;
            }
            for (package, done) in self.judge(packages)? {
                self.note(&package, done)?;
            }
        }
    }

    /// Leaves out what holds a package that is left out.
    fn without_spoiled(
        &mut self,
        packages: Vec<Associated>,
    ) -> Result<Vec<Associated>, StoreError> {
        let mut whole = Vec::with_capacity(packages.len());
        for package in packages {
            match self.staging.spoiled_inside(package.parent)? {
                None => whole.push(package),
                Some((row, child)) => {
                    self.report.fault(row, Some(Column::Child), &child, &Fault::ChildSpoiled);
                    self.staging.leave_out(package.parent)?;
                }
            }
        }
        Ok(whole)
    }

    fn judge(&mut self, packages: Vec<Associated>) -> Result<Vec<(Associated, Done)>, StoreError> {
        let mut becoming = Becoming::new(self.request, self.now, self.agent.device());
        if self.request.check {
            for row in packages.iter().flat_map(|package| &package.rows) {
                becoming.expect(self.staging.kept(row.child)?);
            }
            let tried = self.agent.store.read(move |conn| {
                let judged = packages.into_iter().map(|package| {
                    let done = becoming.attempt(conn, &package)?;
                    Ok((package, done))
                });
                judged.collect::<Result<Vec<_>, StoreError>>()
            });
            return self.runtime.block_on(tried);
        }
        let stored = self.agent.store.write_later(move |tx| {
            let judged = packages.into_iter().map(|package| {
                let done = becoming.store(tx, &package)?;
                Ok((package, done))
            });
            judged.collect::<Result<Vec<_>, StoreError>>()
        });
        self.runtime.block_on(stored)
    }

    fn note(&mut self, package: &Associated, done: Done) -> Result<(), StoreError> {
        match done {
            Done::Stored => self.report.imported += 1,
            Done::Possible(item) => {
                self.report.imported += 1;
                self.staging.keep(&item)?;
            }
            Done::AlreadySo => self.report.already_so += 1,
            Done::Faulty { row, column, value, fault } => {
                self.report.fault(row, column, &value, &fault);
                self.staging.leave_out(package.parent)?;
            }
        }
        Ok(())
    }
}

fn code(row: &Row, column: Column) -> Result<Scan, Fault> {
    let text = row.get(column);
    if text.is_empty() {
        return Err(Fault::Missing);
    }
    if text.contains("E+") && text.parse::<f64>().is_ok() {
        return Err(Fault::Rounded);
    }
    code::parse(text).map_err(Fault::NotACode)
}

fn lot(text: &str) -> Result<Option<Lot>, Fault> {
    if text.is_empty() { Ok(None) } else { Lot::new(text).map(Some).map_err(Fault::Lot) }
}
