//! Creating a document: checked against what is known, the same number twice is the same document.

use std::collections::BTreeSet;

use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId, SiteId};
use sealtrace_protocol::link::{DocumentRow, FeedRow};
use sealtrace_protocol::time::Timestamp;
use serde::Deserialize;

use super::{Document, DocumentsError};
use crate::feed;
use crate::form::{Check, Invalid};
use crate::store::documents::NewDocument;
use crate::store::{self, Store, StoreError, Tx};
use crate::writing;

/// What somebody asks for who wants a document created.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Its number on paper.
    pub number: String,
    /// outbound.
    pub kind: String,
    /// The site goods leave.
    pub site: u64,
    /// The dealer they go to.
    pub dealer: u64,
    /// Products and units.
    pub lines: Vec<DraftLine>,
}

/// One line as asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DraftLine {
    /// The product's id.
    pub product: u64,
    /// How many units.
    pub units: u32,
}

/// The most lines of one document.
const LINES_MAX: usize = 500;

/// Creates a document, approved, and tells its site. The same document again is answered as it is; another one under
/// a number in use is a conflict.
pub async fn create(
    store: &Store,
    draft: &Draft,
    now: Timestamp,
) -> Result<Document, DocumentsError> {
    writing!(store, |tx| {
        let new = check(tx, draft).await?;
        let id = match store::documents::add(tx, &new, now).await? {
            Some(id) => {
                publish(tx, id).await?;
                id
            }
            None => existing(tx, &new).await?,
        };
        store::documents::shown(tx, id).await?.ok_or(DocumentsError::NotFound)
    })
}

async fn check(tx: &mut Tx, draft: &Draft) -> Result<NewDocument, DocumentsError> {
    let mut check = Check::new();
    let number = check.number("number", &draft.number);
    check.choice("kind", &draft.kind, |kind| (kind == "outbound").then_some(()));
    let (site, dealer) = (SiteId(draft.site), DealerId(draft.dealer));
    let site_is_known = store::organisations::site(tx, site).await?.is_some();
    check.require(site_is_known, "site", "unknown");
    let dealer_is_known = store::organisations::dealer_name(tx, dealer).await?.is_some();
    check.require(dealer_is_known, "dealer", "unknown");
    check.require(!draft.lines.is_empty(), "lines", "required");
    check.require(draft.lines.len() <= LINES_MAX, "lines", "too_many");
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(draft.lines.len());
    for (at, line) in draft.lines.iter().take(LINES_MAX).enumerate() {
        let product = ProductId(line.product);
        let field = format!("lines.{at}.product");
        check.require(seen.insert(product), &field, "twice");
        let is_known = store::catalog::product(tx, product).await?.is_some();
        check.require(is_known, &field, "unknown");
        lines.push((product, check.units(&format!("lines.{at}.units"), line.units, 1)));
    }
    check.done()?;
    Ok(NewDocument { number, site, dealer, lines })
}

/// The document that has this number, when it says the same.
async fn existing(tx: &mut Tx, new: &NewDocument) -> Result<DocumentId, DocumentsError> {
    let id = store::documents::by_number(tx, &new.number).await?;
    let id = id.ok_or(DocumentsError::NotFound)?;
    let known = store::documents::document(tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let known_lines: Vec<_> = known.lines.iter().map(|line| (line.product, line.units)).collect();
    let field = if known.from != new.site {
        "site"
    } else if known.to != new.dealer {
        "dealer"
    } else if known_lines != new.lines {
        "lines"
    } else {
        return Ok(id);
    };
    Err(DocumentsError::NumberTaken { number: new.number.clone(), id, field })
}

/// Tells the document's site how it stands; called also when goods have moved under it.
pub async fn publish(tx: &mut Tx, id: DocumentId) -> Result<(), StoreError> {
    let Some(document) = store::documents::document(tx, id).await? else { return Ok(()) };
    let Some(shown) = store::documents::shown(tx, id).await? else { return Ok(()) };
    let site = document.from;
    let row = DocumentRow { document, number: shown.number };
    feed::publish(tx, &[site], &[FeedRow::Document(row)]).await
}

/// Withdraws a document under which nothing has moved.
pub async fn withdraw(store: &Store, id: DocumentId) -> Result<Document, DocumentsError> {
    writing!(store, |tx| {
        let state = store::documents::state(tx, id).await?.ok_or(DocumentsError::NotFound)?;
        let after = state.withdrawn().ok_or_else(|| Invalid::field("state", "moved"))?;
        store::documents::set_state(tx, id, after).await?;
        publish(tx, id).await?;
        store::documents::shown(tx, id).await?.ok_or(DocumentsError::NotFound)
    })
}
