//! What people do with documents, one at a time or many at once.

use sealtrace_protocol::ids::DocumentId;
use sealtrace_protocol::time::Timestamp;

use super::{Action, Document, DocumentsError, form, publish, remember};
use crate::accounts::AccountId;
use crate::feed::prefetch;
use crate::form::Check;
use crate::store::{self, Store, Tx};
use crate::writing;

/// Takes a document one step further.
pub async fn act(
    store: &Store,
    id: DocumentId,
    action: Action,
    by: AccountId,
    now: Timestamp,
) -> Result<Document, DocumentsError> {
    writing!(store, |tx| {
        let known = store::documents::shown(tx, id).await?.ok_or(DocumentsError::NotFound)?;
        let state = known.state;
        let after = state.after(action).ok_or(DocumentsError::WrongState { state })?;
        if matches!(action, Action::Submit | Action::Approve) {
            still_right(tx, id).await?;
        }
        if action == Action::Void && store::documents::has_goods(tx, id).await? {
            return Err(DocumentsError::InWork);
        }
        store::documents::set_state(tx, id, after).await?;
        if action == Action::Approve {
            let document = store::documents::document(tx, id).await?;
            let document = document.ok_or(DocumentsError::NotFound)?;
            prefetch::request(tx, &document, known.order.as_ref().map(|order| order.id)).await?;
        }
        if state.is_told() || after.is_told() {
            publish(tx, id).await?;
        }
        remember(tx, action.name(), (Some(&known), id), (by, now)).await
    })
}

/// What was right when it was written may not be any more.
async fn still_right(tx: &mut Tx, id: DocumentId) -> Result<(), DocumentsError> {
    let said = store::documents::said(tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let mut check = Check::new();
    form::terms(tx, &said, &mut check).await?;
    Ok(check.done()?)
}

/// The same with many documents, each by itself: what became of each.
pub async fn act_on_all(
    store: &Store,
    ids: &[DocumentId],
    action: Action,
    by: AccountId,
    now: Timestamp,
) -> Vec<(DocumentId, Result<Document, DocumentsError>)> {
    let mut outcomes = Vec::with_capacity(ids.len());
    for id in ids {
        outcomes.push((*id, act(store, *id, action, by, now).await));
    }
    outcomes
}
