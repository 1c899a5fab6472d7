//! What the machines ask, answered from this device's store.

use rusqlite::Connection;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, ProductId, SiteId};
use sealtrace_protocol::ledger::{self, Item, Level, Operation, Plan, Presence};
use sealtrace_protocol::link::DocumentRow;

use super::{Difference, Judged, Ledger, SOURCE, fill_in};
use crate::store::rejected::{self, RejectedRow};
use crate::store::strips::{self, Balance};
use crate::store::{StoreError, counting, feed, items, journal};

/// The store, as a ledger, in one consistent view.
pub struct Known<'a>(pub &'a Connection);

impl Ledger for Known<'_> {
    type Error = StoreError;

    fn presence(&self, code: Code) -> Result<Presence, StoreError> {
        items::presence(self.0, code)
    }

    fn children(&self, package: Code) -> Result<Option<Vec<Item>>, StoreError> {
        let count = items::item(self.0, package)?.map_or(0, |item| item.children);
        let children = items::children(self.0, package)?;
        Ok((usize::try_from(count) == Ok(children.len())).then_some(children))
    }

    fn plan(&self, product: ProductId) -> Result<Option<Plan>, StoreError> {
        Ok(feed::product(self.0, product)?.map(|product| product.plan))
    }

    fn others_like(
        &self,
        document: DocumentId,
        site: SiteId,
    ) -> Result<Vec<(DocumentId, Vec<Code>)>, StoreError> {
        let Some(row) = feed::document(self.0, document)? else { return Ok(Vec::new()) };
        let kind = row.document.route.kind();
        let mut others = feed::open_documents(self.0)?;
        others.retain(|other| {
            let route = other.document.route;
            other.id() != document && route.kind() == kind && route.sites().any(|at| at == site)
        });
        let drafts = journal::drafts(self.0, SOURCE)?;
        let waiting = |other: &DocumentRow| {
            let of_it = drafts.iter().filter(|row| row.draft.document == Some(other.id()));
            (other.id(), of_it.filter_map(|row| row.draft.code).collect())
        };
        Ok(others.iter().map(waiting).collect())
    }

    fn rejected(&self, code: Code) -> Result<Option<RejectedRow>, StoreError> {
        rejected::find(self.0, code)
    }

    fn difference(&self, count: DocumentId, site: SiteId) -> Result<Difference, StoreError> {
        let counting::Difference { lost, found } = counting::difference(self.0, count, site)?;
        Ok(Difference { missing: lost, foreign: found })
    }

    fn labels_between(&self, first: Code, last: Code) -> Result<Option<u32>, StoreError> {
        strips::count(self.0, first, last)
    }

    fn balance(&self, label: Code) -> Result<Option<Balance>, StoreError> {
        strips::balance(self.0, label)
    }

    fn judge(&self, operation: &Operation, blank: Option<Level>) -> Result<Judged, StoreError> {
        let mut facts = items::facts(self.0, operation)?;
        fill_in(&mut facts, blank);
        Ok(ledger::judge(operation, &facts))
    }
}
