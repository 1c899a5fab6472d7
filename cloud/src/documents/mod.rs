//! Shipment documents (出库单): created approved, worked on by devices, done when everything has moved.

mod create;
pub mod http;
mod state;

use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId, SiteId};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

pub use create::{Draft, DraftLine, create, publish, withdraw};
pub use state::State;

use crate::form::Invalid;
use crate::named::Named;
use crate::store::{Retry, StoreError};

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// The form is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Another document has this number.
    #[error("document {id} has the number {number} already, and another {field}")]
    NumberTaken {
        /// The number.
        number: String,
        /// The document that has it.
        id: DocumentId,
        /// What it says differently.
        field: &'static str,
    },
    /// No such document.
    #[error("there is no such document")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for DocumentsError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// A document as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// Its number on paper.
    pub number: String,
    /// outbound.
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// The site goods leave.
    pub site: Named<SiteId>,
    /// The dealer they go to.
    pub dealer: Named<DealerId>,
    /// What is asked for.
    pub lines: Vec<Line>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// One line of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What.
    pub product: Named<ProductId>,
    /// How many units are asked for.
    pub units: u32,
    /// How many have moved.
    pub moved: u32,
}
