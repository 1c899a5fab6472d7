//! Writing a document down: the same number twice is the same document, a draft can say something else.

use sealtrace_protocol::ids::DocumentId;
use sealtrace_protocol::time::Timestamp;

use super::form::{self, Draft};
use super::{Action, Document, DocumentsError, remember};
use crate::accounts::AccountId;
use crate::form::{Check, Invalid};
use crate::store::{self, Store};
use crate::writing;

/// Creates a draft; true when it is new. The same document again is answered as it is by now; another one under a number
/// in use is refused.
pub async fn create(
    store: &Store,
    draft: &Draft,
    by: AccountId,
    now: Timestamp,
) -> Result<(Document, bool), DocumentsError> {
    writing!(store, |tx| {
        let number = Check::new().number("number", &draft.number);
        if let Some(id) = store::documents::by_number(tx, &number).await? {
            let known = store::documents::shown(tx, id).await?.ok_or(DocumentsError::NotFound)?;
            return match form::difference(&known, draft) {
                None => Ok((known, false)),
                Some(field) => Err(DocumentsError::NumberTaken { number: known.number, id, field }),
            };
        }
        let new = form::read(tx, draft, None).await?;
        let id = store::documents::add(tx, &new, now).await?;
        let id = id.ok_or_else(|| Invalid::field("number", "taken"))?;
        let created = remember(tx, "create", (None, id), (by, now)).await?;
        Ok((created, true))
    })
}

/// Lets a draft say something else.
pub async fn edit(
    store: &Store,
    id: DocumentId,
    draft: &Draft,
    by: AccountId,
    now: Timestamp,
) -> Result<Document, DocumentsError> {
    writing!(store, |tx| {
        let known = store::documents::shown(tx, id).await?.ok_or(DocumentsError::NotFound)?;
        let state = known.state;
        state.after(Action::Edit).ok_or(DocumentsError::WrongState { state })?;
        if known.version != draft.version {
            return Err(DocumentsError::ChangedMeanwhile { version: known.version });
        }
        let new = form::read(tx, draft, Some(id)).await?;
        store::documents::change(tx, id, &new).await?;
        remember(tx, Action::Edit.name(), (Some(&known), id), (by, now)).await
    })
}
