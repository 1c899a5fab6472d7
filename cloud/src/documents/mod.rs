//! Shipment documents (出库单): created approved, worked on by devices, done when everything has moved.

mod state;

use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId, SiteId};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

pub use state::State;

use crate::named::Named;

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
