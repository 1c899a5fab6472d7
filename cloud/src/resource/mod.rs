//! Declared resources: the lists the back office keeps (brands, products, sites, dealers, operators, lots, accounts …).
//!
//! A resource is a [`Definition`]: a table and its fields. From that alone it has validation that names every fault at
//! its place, uniqueness, a tree without circles, lists with filters and pages, optimistic versions, permissions, audit
//! rows in the same transaction, and the form the console draws (`GET /resources`).
//!
//! To add one: its table in both migrations with `id, enabled, version, created_at` beside the fields, a type with its
//! definition, and its name in [`http::routes`]. What a definition cannot say is a method of [`Resource`]:
//!
//! ```ignore
//! /// 品牌.
//! pub struct Brands;
//!
//! pub static BRANDS: Definition = Definition::new("brands", &[Field::name().unique()])
//!     .used_by(&[Use::new("products", "products", &[("brand", "id")])]);
//!
//! impl Resource for Brands {
//!     const DEFINITION: &'static Definition = &BRANDS;
//! }
//! ```

pub mod definition;
pub mod http;
mod list;
pub mod parse;
pub mod record;
mod save;
mod show;

use std::future::Future;

use sealtrace_protocol::time::Timestamp;

pub use definition::{Definition, Field, Kind, Link, Secret, Unique, Use};
pub use list::Query;
pub use parse::Form;
pub use record::{Cell, Cells, Record};
pub use save::{create, delete, edit, enable};

use crate::accounts::AccountId;
use crate::accounts::password::HashError;
use crate::form::{Check, Invalid};
use crate::store::{Retry, StoreError, Tx};

/// A declared resource, and what its declaration cannot say.
pub trait Resource: Send + Sync + 'static {
    /// What it declares.
    const DEFINITION: &'static Definition;

    /// Notes faults between fields, and against what others hold. A field that could not be read holds nothing here.
    fn check(
        _tx: &mut Tx,
        _change: &Change<'_>,
        _check: &mut Check,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Why a row may be neither disabled nor deleted by somebody; the word the console shows.
    fn must_stay(
        _tx: &mut Tx,
        _record: &Record,
        _by: Option<AccountId>,
    ) -> impl Future<Output = Result<Option<&'static str>, StoreError>> + Send {
        async { Ok(None) }
    }

    /// Reads fields of kind `rows` and `plan`, of all rows of a page at once.
    fn read_parts(
        _tx: &mut Tx,
        _records: &mut [Record],
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Writes fields of kind `rows` and `plan`.
    fn write_parts(
        _tx: &mut Tx,
        _change: &Change<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Runs last in the transaction of every change: tells sites, ends sessions.
    fn changed(
        _tx: &mut Tx,
        _change: &Change<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }
}

/// One row before and after; a row is made, changed or deleted.
pub struct Change<'a> {
    /// Its id; 0 while a row that is being made has none.
    pub id: u64,
    /// None: it is made.
    pub before: Option<&'a Record>,
    /// None: it is deleted.
    pub after: Option<&'a Record>,
    /// When.
    pub now: Timestamp,
    /// Whether one of its secrets is another now.
    pub new_secret: bool,
}

/// Why a resource was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// The form is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such row.
    #[error("there is no such row")]
    NotFound,
    /// Somebody else saved it in the meantime.
    #[error("the row has version {version} by now")]
    ChangedMeanwhile {
        /// Its version now.
        version: u64,
    },
    /// Something refers to it.
    #[error("{count} {by} use the row")]
    InUse {
        /// What.
        by: &'static str,
        /// How many.
        count: u64,
    },
    /// No verifier could be made of a secret.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for ResourceError {
    /// Somebody else took the same name at the same moment: looking again finds it taken.
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict() || matches!(error, StoreError::Exists(_)))
    }
}

/// The row with this id and all its parts.
pub async fn find<R: Resource>(tx: &mut Tx, id: u64) -> Result<Option<Record>, StoreError> {
    let mut found = crate::store::resource::find(tx, R::DEFINITION, id).await?;
    R::read_parts(tx, found.as_mut_slice()).await?;
    Ok(found)
}
