//! The terms goods and people are under: quality of lots, who may have a product, who may do what.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::document::Party;
use crate::ids::{DealerId, SiteId};

/// What quality control says of a lot (质检).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LotStatus {
    /// Not decided yet; what nobody has spoken of is pending too.
    #[default]
    Pending,
    /// It may leave.
    Released,
    /// It must not leave.
    Blocked,
}

impl LotStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Released, Self::Blocked];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Released => "released",
            Self::Blocked => "blocked",
        }
    }

    /// The status with this [`LotStatus::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// What must be known of a lot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotTerms {
    /// What quality control says.
    pub status: LotStatus,
    /// The only dealer it was made for (专供); none = anybody's.
    pub dealer: Option<DealerId>,
}

/// Who may have a product (商品授权).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// The sites that may make and stock it; none = all.
    pub sites: Option<Vec<SiteId>>,
    /// The dealers it may go to; none = all.
    pub dealers: Option<Vec<DealerId>>,
}

impl Permit {
    /// True when `party` may have the product.
    #[must_use]
    pub fn allows(&self, party: Party) -> bool {
        match party {
            Party::Site(site) => self.sites.as_ref().is_none_or(|sites| sites.contains(&site)),
            Party::Dealer(dealer) => {
                self.dealers.as_ref().is_none_or(|dealers| dealers.contains(&dealer))
            }
        }
    }
}

/// What the brand owner and the site of an operation have settled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Goods of a pending lot may leave.
    pub pending_may_ship: bool,
    /// Goods that were never received here may leave from here: their receipt is implied.
    pub implied_receipt: bool,
    /// Labels that nobody has accounted for are declared void so many days after they were issued, and not before.
    pub void_after_days: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { pending_may_ship: true, implied_receipt: true, void_after_days: 30 }
    }
}

/// What a person may do on devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 操作员.
    Operator,
    /// 班组长: approves what others may not do alone.
    Supervisor,
    /// 主管: as a supervisor, at every permitted site.
    Manager,
    /// 审计员: looks and verifies, changes nothing.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Operator, Self::Supervisor, Self::Manager, Self::Auditor];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Manager => "manager",
            Self::Auditor => "auditor",
        }
    }

    /// The role with this [`Role::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// True when somebody in this role may approve what others may not do alone.
    #[must_use]
    pub const fn approves(self) -> bool {
        match self {
            Self::Supervisor | Self::Manager => true,
            Self::Operator | Self::Auditor => false,
        }
    }

    /// True when somebody in this role may do this; approvals are asked for by the rules themselves.
    #[must_use]
    pub const fn may(self, action: &Action) -> bool {
        match self {
            Self::Operator | Self::Supervisor | Self::Manager => true,
            Self::Auditor => {
                matches!(action, Action::VerifyPack(_) | Action::Inspect(_) | Action::Count(_))
            }
        }
    }
}

/// Whoever did an operation, as known to whoever judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// What they may do.
    pub role: Role,
    /// Whether they were permitted at the operation's site when it was done.
    pub permitted: bool,
}
