//! Organisations (组织): sites where devices work, dealers with territories, operators.

pub mod http;
mod register;

use std::collections::BTreeSet;

use sealtrace_protocol::ids::{DealerId, OperatorId, ProductId, SiteId};
use sealtrace_protocol::link::OperatorRole;
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

pub use register::{
    NewDealer, NewOperator, NewSite, NewTerritory, add_dealer, add_operator, add_site,
};

use crate::accounts::password::HashError;
use crate::form::Invalid;
use crate::named::Named;
use crate::store::{Retry, StoreError};

/// Why an organisation was not added.
#[derive(Debug, thiserror::Error)]
pub enum OrganisationsError {
    /// The form is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No verifier could be made of a PIN.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for OrganisationsError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// The moment territories without an end are valid to.
pub const FOREVER: Timestamp = Timestamp(i64::MAX);

/// A place where devices work (部署点).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SiteKind,
}

/// What a site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// 工厂.
    Factory,
    /// 产线.
    Line,
    /// 仓库.
    Warehouse,
}

impl SiteKind {
    const ALL: [Self; 3] = [Self::Factory, Self::Line, Self::Warehouse];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Factory => "factory",
            Self::Line => "line",
            Self::Warehouse => "warehouse",
        }
    }

    /// The kind with this [`SiteKind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A dealer (经销商) and where it may sell what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dealer {
    /// Its id.
    pub id: DealerId,
    /// Its name.
    pub name: String,
    /// Where it may sell what.
    pub territories: Vec<Territory>,
}

/// Prefectures where a product may be sold during a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Territory {
    /// The product.
    pub product: ProductId,
    /// Adcodes of prefectures.
    #[serde(serialize_with = "as_texts")]
    pub regions: BTreeSet<u32>,
    /// First instant, included.
    pub valid_from: Timestamp,
    /// First instant it no longer holds; [`FOREVER`] = no end.
    #[serde(serialize_with = "unless_forever")]
    pub valid_to: Timestamp,
}

/// Somebody who works on devices (操作员).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What is typed to log in.
    pub login: String,
    /// The name on screens.
    pub name: String,
    /// operator or supervisor.
    pub role: OperatorRole,
    /// Where.
    pub sites: Vec<Named<SiteId>>,
}

/// The word for what an operator may do.
#[must_use]
pub const fn role_name(role: OperatorRole) -> &'static str {
    match role {
        OperatorRole::Operator => "operator",
        OperatorRole::Supervisor => "supervisor",
    }
}

/// The role with this [`role_name`].
#[must_use]
pub fn role_from_name(name: &str) -> Option<OperatorRole> {
    [OperatorRole::Operator, OperatorRole::Supervisor]
        .into_iter()
        .find(|role| role_name(*role) == name)
}

fn as_texts<S: serde::Serializer>(regions: &BTreeSet<u32>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(regions.iter().map(u32::to_string))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn unless_forever<S: serde::Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    Some(*at).filter(|at| *at != FOREVER).serialize(to)
}
