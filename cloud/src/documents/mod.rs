//! Documents (单据): what is to arrive, leave, come back, move or be counted. Written, submitted, approved; worked on by
//! devices from then on; done when everything has moved.

mod act;
mod form;
pub mod http;
mod publish;
pub mod reassign;
mod save;
mod share;
mod state;

use sealtrace_protocol::ids::{
    DealerId, DeviceId, DocumentId, OrderId, ProductId, Revision, SiteId,
};
use sealtrace_protocol::ledger::{DocumentKind, Level, Rejection};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

pub use act::{act, act_on_all};
pub use form::{Draft, DraftLine};
pub use publish::publish;
pub use save::{create, edit};
pub use share::{Shares, share};
pub use state::{Action, State};

use crate::accounts::AccountId;
use crate::form::Invalid;
use crate::named::{Named, Numbered};
use crate::office::OfficeError;
use crate::store::audit::Entry;
use crate::store::{self, Retry, StoreError, Tx};

/// Why a document is not created or not changed.
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
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile and is at version {version} by now")]
    ChangedMeanwhile {
        /// The version it has.
        version: u64,
    },
    /// Not where it stands.
    #[error("it cannot be done to a document that is {}", .state.shown())]
    WrongState {
        /// Where it stands.
        state: State,
    },
    /// Goods were scanned under it, although nobody knows yet what they are.
    #[error("goods were scanned under it already")]
    InWork,
    /// The request was decided on.
    #[error("the request was decided on: {}", .state.name())]
    Decided {
        /// How.
        state: reassign::Standing,
    },
    /// The same person cannot ask and approve.
    #[error("somebody else must approve what this person asked for")]
    SecondPerson,
    /// The rules refuse it.
    #[error("it does not count: {rejection}")]
    Rejected {
        /// Why.
        rejection: Rejection,
    },
    /// No such document or request.
    #[error("there is no such document or request")]
    NotFound,
    /// The office cannot sign it.
    #[error(transparent)]
    Office(OfficeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OfficeError> for DocumentsError {
    fn from(error: OfficeError) -> Self {
        match error {
            OfficeError::Rejected { rejection } => Self::Rejected { rejection },
            OfficeError::Store(error) => Self::Store(error),
            OfficeError::Frozen | OfficeError::Seal(_) => Self::Office(error),
        }
    }
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
    /// Counted up by each change.
    pub version: u64,
    /// Its number on paper.
    pub number: String,
    /// Which kind.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: State,
    /// Our site that works on it.
    pub site: Named<SiteId>,
    /// The other site: where a transfer goes, where goods that come in are from.
    pub other: Option<Named<SiteId>>,
    /// To whom goods leave, from whom they come back.
    pub dealer: Option<Named<DealerId>>,
    /// The production order whose goods come in.
    pub order: Option<Numbered<OrderId>>,
    /// What somebody wrote beside it.
    pub note: String,
    /// What is asked for, as on paper.
    pub lines: Vec<Line>,
    /// The same in units, and how many have moved.
    pub demand: Vec<Demand>,
    /// How it is shared out among devices.
    pub shares: Vec<Share>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who did what with it.
    pub history: Vec<Event>,
    /// What whoever asks may do with it now.
    pub actions: Vec<Action>,
}

/// One line of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What.
    pub product: Named<ProductId>,
    /// 瓶, 盒, 箱 or 托 …
    pub unit: Level,
    /// … and how many of them.
    pub quantity: u32,
    /// The revision of the product's plan that says how much that is …
    pub revision: Revision,
    /// … in single units.
    pub units: u32,
}

/// How much is asked for of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// What.
    pub product: Named<ProductId>,
    /// How many units are asked for.
    pub units: u32,
    /// How many have moved.
    pub moved: u32,
}

/// What one device may move of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The device.
    pub device: Named<DeviceId>,
    /// What.
    pub product: Named<ProductId>,
    /// How many units.
    pub units: u32,
    /// How many it has moved.
    pub moved: u32,
}

/// Something somebody did with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub account: Named<AccountId>,
    /// create, edit, submit …
    pub action: String,
}

/// Writes down who did what with a document: in its own history and in the console's.
async fn remember(
    tx: &mut Tx,
    action: &str,
    (before, id): (Option<&Document>, DocumentId),
    (by, now): (AccountId, Timestamp),
) -> Result<Document, DocumentsError> {
    store::documents::note(tx, id, action, by, now).await?;
    let after = store::documents::shown(tx, id).await?.ok_or(DocumentsError::NotFound)?;
    // Who did what before is written down beside it.
    let json = |document: &Document| {
        serde_json::to_value(Document { history: Vec::new(), ..document.clone() })
            .map_err(|error| StoreError::damaged("document", error))
    };
    let entry = Entry {
        account: Some(by),
        resource: "documents",
        subject: id.get(),
        label: &after.number,
        action,
        before: &before.map(json).transpose()?.unwrap_or_default(),
        after: &json(&after)?,
    };
    store::audit::add(tx, &entry, now).await?;
    Ok(after)
}

impl Document {
    /// The same, for somebody who may change documents: with what can be done now.
    #[must_use]
    pub fn with_actions(mut self) -> Self {
        let can = |action: &Action| match action {
            Action::Reassign if self.kind != DocumentKind::Outbound => false,
            Action::Edit
            | Action::Submit
            | Action::Approve
            | Action::Reject
            | Action::Withdraw
            | Action::Void
            | Action::Close
            | Action::Share
            | Action::Reassign => self.state.after(*action).is_some(),
        };
        self.actions = Action::ALL.into_iter().filter(can).collect();
        self
    }
}
