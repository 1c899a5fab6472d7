//! Operators (操作员): who works on devices, where, and as what.

use std::collections::BTreeSet;

use sealtrace_protocol::ids::{OperatorId, SiteId};
use sealtrace_protocol::ledger::{Role, Worker};
use sealtrace_protocol::link::FeedRow;
use sealtrace_protocol::time::{Stamp, Timestamp};

use super::SITES;
use crate::feed;
use crate::resource::{Change, Definition, Field, Kind, Link, Resource, Secret, Use};
use crate::store::{StoreError, Tx, organisations};

/// 操作员.
pub struct Operators;

static WORK_AT: Link = Link { of: &SITES, table: "operator_sites", own: "operator", other: "site" };
const ROLES: [&str; 4] =
    [Role::Operator.name(), Role::Supervisor.name(), Role::Manager.name(), Role::Auditor.name()];

/// Operators.
pub static OPERATORS: Definition = Definition::new(
    "operators",
    &[
        Field::new("login", Kind::Login).required().unique().fixed().listed().searched().sorted(),
        Field::name(),
        Field::new("role", Kind::Choice(&ROLES)).required().listed().filtered().sorted(),
        Field::new("pin", Kind::Secret(Secret::Pin)).required(),
        Field::new("sites", Kind::Many(&WORK_AT)).required().listed(),
    ],
)
.used_by(&[Use::new("operations", "operations", &[("operator", "id")])])
.parts(&[("operator_terms", "operator")]);

impl Resource for Operators {
    const DEFINITION: &'static Definition = &OPERATORS;

    /// Sites that lost somebody are told once more, so that their devices forget them.
    async fn changed(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let id = OperatorId(change.id);
        let Some(mut operator) = organisations::operator(tx, id).await? else { return Ok(()) };
        if change.after.is_none() {
            operator.enabled = false;
            operator.sites.clear();
        }
        organisations::keep_terms(tx, &operator, change.now).await?;
        let before = change.before.map(|before| before.cells.many("sites")).unwrap_or_default();
        let before = before.into_iter().map(SiteId);
        let told: BTreeSet<SiteId> = before.chain(operator.sites.iter().copied()).collect();
        let told: Vec<SiteId> = told.into_iter().collect();
        feed::publish(tx, &told, &[FeedRow::Operator(operator)]).await
    }
}

/// What an operator might do at one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkTerms {
    /// What the operator is now.
    pub role: Role,
    /// When they might work there and as what, the newest first.
    pub terms: Vec<WorkTerm>,
}

/// As what somebody might work at a site, from when until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkTerm {
    /// As what.
    pub role: Role,
    /// First instant, included.
    pub since: Timestamp,
    /// First instant it no longer holds; none = it still does.
    pub until: Option<Timestamp>,
}

impl WorkTerms {
    /// What they might do when something was done there.
    ///
    /// The device's clock may be off: somebody who was permitted at any time it may have been was permitted.
    #[must_use]
    pub fn worker(&self, at: Stamp) -> Worker {
        let span = at.interval();
        let held = |term: &&WorkTerm| {
            term.since <= span.latest && term.until.is_none_or(|until| until > span.earliest)
        };
        let then = self.terms.iter().find(held).map(|term| term.role);
        Worker { role: then.unwrap_or(self.role), permitted: then.is_some() }
    }
}
