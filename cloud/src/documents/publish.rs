//! Telling the sites of a document how it stands.

use sealtrace_protocol::ids::{DocumentId, SiteId};
use sealtrace_protocol::link::{DocumentRow, FeedRow};

use crate::feed;
use crate::store::{self, StoreError, Tx};

/// Tells the document's sites how it stands; called when people have changed that, and when goods have moved.
pub async fn publish(tx: &mut Tx, id: DocumentId) -> Result<(), StoreError> {
    let Some(document) = store::documents::document(tx, id).await? else { return Ok(()) };
    let Some(number) = store::documents::number(tx, id).await? else { return Ok(()) };
    let shares = store::documents::shares(tx, id).await?;
    let sites: Vec<SiteId> = document.route.sites().collect();
    let row = DocumentRow { document, number, shares };
    feed::publish(tx, &sites, &[FeedRow::Document(row)]).await
}
