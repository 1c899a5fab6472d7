//! Moving scans to another document: at once while theirs is open, afterwards (改派) when a second person agrees.

use sealtrace_protocol::code::{self, Code};
use sealtrace_protocol::ids::{DocumentId, OperationId};
use sealtrace_protocol::ledger::{self, DocumentKind, OPERATION_CODES_MAX, Party};
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Action, Document, DocumentsError, remember};
use crate::accounts::AccountId;
use crate::cloud::Cloud;
use crate::form::{Check, Invalid, NAME_CHARACTERS_MAX};
use crate::named::{Named, Numbered};
use crate::office;
use crate::store::audit::Entry;
use crate::store::reassignments::{self as stored, NewReassignment};
use crate::store::{self, StoreError, Tx};
use crate::writing;

/// What somebody asks for who wants scans to go under another document.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Packages or units shipped under the document.
    pub codes: Vec<String>,
    /// The document they are to go under.
    pub to: u64,
    /// Why.
    pub reason: String,
}

/// A request to move what was dispatched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reassignment {
    /// Its id.
    pub id: u64,
    /// The document the goods were shipped under.
    pub document: Numbered<DocumentId>,
    /// The document they are to go under.
    pub to: Numbered<DocumentId>,
    /// Packages or units.
    pub codes: Vec<Code>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: Standing,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// By whom.
    pub requested_by: Named<AccountId>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<Named<AccountId>>,
    /// The office's operation, when it was approved.
    pub operation: Option<OperationId>,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Somebody else is to decide.
    Requested,
    /// Done.
    Approved,
    /// Not to be done.
    Rejected,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Requested, Self::Approved, Self::Rejected];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// What somebody did who put one there.
    const fn action(self) -> &'static str {
        match self {
            Self::Requested => "create",
            Self::Approved => "approve",
            Self::Rejected => "reject",
        }
    }

    /// The standing with this [`Standing::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The scans are under the other document; this is the one they were under.
    Done(Box<Document>),
    /// Somebody else must approve it.
    Requested(Box<Reassignment>),
}

/// Moves scans to another document, or asks for it.
pub async fn reassign(
    cloud: &Cloud,
    from: DocumentId,
    asked: &Asked,
    by: AccountId,
    now: Timestamp,
) -> Result<Outcome, DocumentsError> {
    writing!(cloud.store, |tx| {
        let state = store::documents::state(tx, from).await?.ok_or(DocumentsError::NotFound)?;
        state.after(Action::Reassign).ok_or(DocumentsError::WrongState { state })?;
        let new = check(tx, from, asked).await?;
        if state.is_open() {
            move_scans(cloud, tx, &new, by, now).await?;
            let document = store::documents::shown(tx, from).await?;
            return Ok(Outcome::Done(Box::new(document.ok_or(DocumentsError::NotFound)?)));
        }
        let id = stored::add(tx, &new, by, now).await?;
        let request = audited(tx, Standing::Requested.action(), (None, id), (by, now)).await?;
        Ok(Outcome::Requested(Box::new(request)))
    })
}

async fn check(
    tx: &mut Tx,
    from: DocumentId,
    asked: &Asked,
) -> Result<NewReassignment, DocumentsError> {
    let mut check = Check::new();
    let to = DocumentId(asked.to);
    let is_outbound = |document: &ledger::Document| document.route.kind() == DocumentKind::Outbound;
    let source = store::documents::document(tx, from).await?;
    check.require(source.is_some_and(|source| is_outbound(&source)), "document", "wrong_kind");
    match store::documents::document(tx, to).await? {
        None => check.fault("to", if asked.to == 0 { "required" } else { "unknown" }),
        Some(target) => {
            check.require(from != to, "to", "same");
            check.require(is_outbound(&target), "to", "wrong_kind");
            check.require(target.open, "to", "not_open");
        }
    }
    check.require(!asked.codes.is_empty(), "codes", "required");
    check.require(asked.codes.len() <= OPERATION_CODES_MAX, "codes", "too_many");
    let mut codes = Vec::with_capacity(asked.codes.len());
    for (at, text) in asked.codes.iter().take(OPERATION_CODES_MAX).enumerate() {
        match code::parse(text) {
            Ok(scanned) => codes.push(scanned.code),
            Err(_) => check.fault(&format!("codes.{at}"), "unreadable"),
        }
    }
    let reason = check.text("reason", &asked.reason, 4 * NAME_CHARACTERS_MAX);
    check.done()?;
    Ok(NewReassignment { from, to, codes, reason })
}

/// The office signs it; both documents remember who did that.
async fn move_scans(
    cloud: &Cloud,
    tx: &mut Tx,
    new: &NewReassignment,
    by: AccountId,
    now: Timestamp,
) -> Result<OperationId, DocumentsError> {
    let source = store::documents::document(tx, new.from).await?.ok_or(DocumentsError::NotFound)?;
    let Some(Party::Site(site)) = source.route.from() else {
        return Err(Invalid::field("document", "wrong_kind").into());
    };
    let reassign = ledger::Reassign { codes: new.codes.clone(), from: new.from, to: new.to };
    let action = ledger::Action::Reassign(reassign);
    let mut before = Vec::with_capacity(2);
    for id in [new.from, new.to] {
        before.push((id, store::documents::shown(tx, id).await?));
    }
    let done = office::does(cloud, tx, site, action, now).await?;
    for (id, before) in before {
        remember(tx, Action::Reassign.name(), (before.as_ref(), id), (by, now)).await?;
    }
    Ok(done)
}

/// Decides on a request; whoever asked for it cannot.
pub async fn decide(
    cloud: &Cloud,
    id: u64,
    decision: Standing,
    by: AccountId,
    now: Timestamp,
) -> Result<Reassignment, DocumentsError> {
    writing!(cloud.store, |tx| {
        let request = stored::one(tx, id).await?.ok_or(DocumentsError::NotFound)?;
        if request.state != Standing::Requested {
            return Err(DocumentsError::Decided { state: request.state });
        }
        let operation = match decision {
            Standing::Approved => {
                if request.requested_by.id == by {
                    return Err(DocumentsError::SecondPerson);
                }
                let Reassignment { document, to, codes, reason, .. } = request.clone();
                let new = NewReassignment { from: document.id, to: to.id, codes, reason };
                Some(move_scans(cloud, tx, &new, by, now).await?)
            }
            // Whoever asked for it may also take it back.
            Standing::Rejected | Standing::Requested => None,
        };
        stored::decide(tx, id, decision, operation, by, now).await?;
        audited(tx, decision.action(), (Some(&request), id), (by, now)).await
    })
}

/// Writes down who did what with a request; answers with how it is now.
async fn audited(
    tx: &mut Tx,
    action: &str,
    (before, id): (Option<&Reassignment>, u64),
    (by, now): (AccountId, Timestamp),
) -> Result<Reassignment, DocumentsError> {
    let after = stored::one(tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let json = |request: &Reassignment| {
        serde_json::to_value(request).map_err(|error| StoreError::damaged("request", error))
    };
    let entry = Entry {
        account: Some(by),
        resource: "reassignments",
        subject: id,
        label: &after.document.number,
        action,
        before: &before.map(json).transpose()?.unwrap_or_default(),
        after: &json(&after)?,
    };
    store::audit::add(tx, &entry, now).await?;
    Ok(after)
}
