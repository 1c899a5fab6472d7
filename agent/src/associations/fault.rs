//! What can be wrong with a file of associations and with its rows, in words that say what to do.

use sealtrace_protocol::code::{Code, ParseError};
use sealtrace_protocol::ledger::Rejection;
use sealtrace_protocol::text::TextError;
use serde::Serialize;

use crate::feedback::message_of;
use crate::store::StoreError;

/// A column of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// What went in.
    Child,
    /// Into what.
    Parent,
    /// Of which product.
    Product,
    /// Of which lot.
    Lot,
    /// When.
    Time,
}

impl Column {
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Child => 0,
            Self::Parent => 1,
            Self::Product => 2,
            Self::Lot => 3,
            Self::Time => 4,
        }
    }

    /// The word in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Product => "product",
            Self::Lot => "lot",
            Self::Time => "time",
        }
    }
}

/// Why nothing of a file is imported.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is nothing in it.
    #[error("the file is empty; export it again")]
    Empty,
    /// Only a header.
    #[error("the file has a header and no rows; export it again")]
    NoRows,
    /// An Excel workbook.
    #[error("this is an Excel workbook; save it as \"CSV UTF-8\", with the codes as text")]
    Workbook,
    /// Excel's "Unicode text".
    #[error("this is UTF-16; save it as \"CSV UTF-8\"")]
    Utf16,
    /// The first row is neither UTF-8 nor GB18030.
    #[error("the header is neither UTF-8 nor GB18030; save the file as \"CSV UTF-8\"")]
    HeaderEncoding,
    /// A column that must be there.
    #[error(
        "there is no column `{column}` (子码/瓶码 for child, 父码/箱码 for parent), but: {found}; name the columns in the first row"
    )]
    ColumnMissing {
        /// Which.
        column: &'static str,
        /// What there is.
        found: String,
    },
    /// Two columns that both could be it.
    #[error("both `{first}` and `{second}` could be the column `{column}`; rename one")]
    ColumnTwice {
        /// Which.
        column: &'static str,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A row without an end.
    #[error("row {0} is longer than a row can be; is a quotation mark never closed?")]
    RowTooLong(u64),
    /// More columns than anybody needs.
    #[error("row {0} has too many columns; export child, parent, product, lot and time")]
    TooManyColumns(u64),
    /// More rows than are imported at once.
    #[error("the file has more than {0} rows; cut it into several, each with the header")]
    TooManyRows(u64),
    /// A serial number in the column for lots.
    #[error(
        "the file speaks of more than {0} products and lots; is the right column called lot? Cut the file into several if so"
    )]
    TooManyLots(u64),
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] std::io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Fewer or more fields than the header.
    #[error("has {found} columns, the header has {expected}")]
    Columns {
        /// Fields of this row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// Neither UTF-8 nor GB18030.
    #[error("is neither UTF-8 nor GB18030")]
    Encoding,
    /// A number as Excel writes it when it takes a code for one.
    #[error("was rounded by Excel; the code is lost")]
    Rounded,
    /// Not a code.
    #[error("is no code: {0}")]
    NotACode(ParseError),
    /// Nothing there.
    #[error("is missing")]
    Missing,
    /// A package inside itself.
    #[error("is the package it is in")]
    OwnParent,
    /// Nobody here knows this product.
    #[error("is no product known here")]
    NoProduct,
    /// Not a lot.
    #[error("is no lot: it {0}")]
    Lot(TextError),
    /// The label says something else.
    #[error("says {says} on its label")]
    Label {
        /// What the label says.
        says: String,
    },
    /// Not a time.
    #[error("is no time")]
    Time,
    /// Not yet.
    #[error("lies in the future")]
    Future,
    /// The same row before.
    #[error("is in this file twice, first in row {first}")]
    Twice {
        /// Where first.
        first: u64,
    },
    /// One thing in two packages.
    #[error("is in two packages: in row {first} it is in {parent}")]
    TwoParents {
        /// Where first.
        first: u64,
        /// In which.
        parent: String,
    },
    /// Not what the other rows of its package say.
    #[error("differs from row {first}, which is of the same package")]
    Differs {
        /// The other row.
        first: u64,
    },
    /// Packages inside each other.
    #[error("is inside itself by way of other packages, or more than three levels up")]
    Circle,
    /// A package it holds is not imported.
    #[error("is not imported itself, see its own rows")]
    ChildSpoiled,
    /// Nobody can tell whether it is a box, a case or a pallet.
    #[error("is of an unknown level: neither its roll nor the product's plan says which")]
    NoLevel,
    /// Nobody here can tell whether it is ours.
    #[error("is not known here: it may be ours, and may be anything")]
    Unknown {
        /// Which.
        code: Code,
    },
    /// The device has no name for another task of its own.
    #[error("cannot be filed: this device can open no more tasks, or is not enrolled")]
    NoTask,
    /// The rules say no.
    #[error("{0}")]
    Rejected(Box<Rejection>),
}

impl Fault {
    /// The rule that is broken, in snake_case.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Columns { .. } => "columns",
            Self::Encoding => "encoding",
            Self::Rounded => "rounded",
            Self::NotACode(_) => "unreadable",
            Self::Missing => "required",
            Self::OwnParent => "own_parent",
            Self::NoProduct => "unknown_product",
            Self::Lot(_) => "lot_text",
            Self::Label { .. } => "label_differs",
            Self::Time => "time",
            Self::Future => "future",
            Self::Twice { .. } => "twice",
            Self::TwoParents { .. } => "two_parents",
            Self::Differs { .. } => "differs",
            Self::Circle => "circle",
            Self::ChildSpoiled => "child_spoiled",
            Self::NoLevel => "no_level",
            Self::Unknown { .. } => "not_known_here",
            Self::NoTask => "no_task",
            Self::Rejected(rejection) => rejection.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::Columns { .. } => "the file may be cut short; export it again",
            Self::Encoding => "save the file as \"CSV UTF-8\"",
            Self::Rounded => "format the column as text before the codes come in, and export again",
            Self::NotACode(_) | Self::Missing | Self::OwnParent => {
                "correct the row, or take its package out of the file and scan it by hand"
            }
            Self::NoProduct => {
                "give the GTIN, and check on the sync screen that the device is up to date"
            }
            Self::Lot(_) => {
                "give the lot as it is printed: 1 to 20 letters, digits and signs of GS1"
            }
            Self::Label { .. } => "one of the two is wrong: look at the goods and correct the row",
            Self::Time => "give it as 2026-11-20 08:31:05, with +08:00 behind it if need be",
            Self::Future => {
                "check the clock of the system that wrote the file, or import with --now"
            }
            Self::Twice { .. } => "take one of the two rows out",
            Self::TwoParents { .. } => "scan which package it is in, and take the other row out",
            Self::Differs { .. } => {
                "one package is of one product and lot: correct the rows, or pack it by hand"
            }
            Self::Circle => "correct the rows: units into cases, cases onto pallets",
            Self::ChildSpoiled => "correct that one, and import the file again",
            Self::NoLevel => "give product and lot, or import it under a task",
            Self::Unknown { .. } => {
                "check that its order is released to this site and the device is up to date, or import with --trust"
            }
            Self::NoTask => "enrol the device, or give a task",
            Self::Rejected(rejection) => next_after(rejection.code()),
        }
    }

    /// The code that is spoken of.
    pub(super) fn code(&self) -> Option<String> {
        if let Self::Unknown { code } = self {
            return Some(code.canonical());
        }
        let Self::Rejected(rejection) = self else { return None };
        let message = message_of(rejection);
        let code = message.params.get("code").or_else(|| message.params.get("parent"));
        code.and_then(|code| code.as_str()).map(str::to_owned)
    }
}

/// What to do when the rules say no. Whatever is not named here is explained by the sentence itself.
fn next_after(rule: &str) -> &'static str {
    match rule {
        "already_in_use" | "already_packed" | "already_shipped" | "gone" | "replaced" => {
            "look the code up; if the ledger is right, take the package out of the file, else unpack first"
        }
        "written_off" => {
            "the label was scrapped: look whether it is on the goods, and relabel them if it is"
        }
        "foreign" | "not_in_use" => {
            "it was not issued for this order: look at the label, and at the order's roll"
        }
        "wrong_product" | "wrong_lot" => {
            "correct the row, or import it under the task it belongs to"
        }
        "too_few" => {
            "look for the missing rows; a package that is short on purpose is imported with --partial by a supervisor"
        }
        "too_many" => "look which of the codes are in another package, and correct the rows",
        "task_closed" | "not_made_here" | "unauthorised" => {
            "ask who plans production: the task or product is not for this site"
        }
        "role_not_permitted" => "let a supervisor import it",
        _ => "look the code up on the device, correct the row and import the file again",
    }
}

/// What is wrong with one row, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowError {
    /// Which row; the header is 1.
    pub row: u64,
    /// Which column; none when it is the row as a whole.
    pub column: Option<Column>,
    /// What stands there.
    pub value: String,
    /// The rule that is broken.
    pub rule: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: &'static str,
}

impl RowError {
    pub(super) fn new(row: u64, column: Option<Column>, value: &str, fault: &Fault) -> Self {
        Self {
            row,
            column,
            value: super::file::shown(value),
            rule: fault.rule(),
            what: fault.to_string(),
            next: fault.next(),
        }
    }
}
