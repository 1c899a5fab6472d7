//! Strips of labels that are on no goods: what became of them, and what is known of one.

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::time::Timestamp;

/// See [`super::Action::WriteOff`]. A strip lies on one roll, its ends included; a single label is its own first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOff {
    /// The label that comes first on the roll.
    pub first: Code,
    /// The last.
    pub last: Code,
    /// How many labels that is, as whoever wrote them off saw it.
    pub count: u32,
    /// What became of them.
    pub fate: Fate,
}

/// What became of labels that are on no goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// 报废: torn, misprinted, cut off.
    Scrapped,
    /// 退回: given back to the store of labels. They may come onto goods later.
    Returned,
    /// 作废: nobody knows where they are. Whoever puts one on goods now is refused.
    Void,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Scrapped, Self::Returned, Self::Void];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scrapped => "scrapped",
            Self::Returned => "returned",
            Self::Void => "void",
        }
    }

    /// The fate with this [`Fate::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.name() == name)
    }

    /// True when such a label may still come onto goods.
    #[must_use]
    pub const fn may_be_used(self) -> bool {
        match self {
            Self::Returned => true,
            Self::Scrapped | Self::Void => false,
        }
    }
}

/// What is known of a strip of labels: from one place of a roll to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strip {
    /// How many labels it has.
    pub count: u32,
    /// The first of them that is, or was, on goods.
    pub used: Option<Code>,
    /// The first of them that is accounted for already, and how.
    pub written_off: Option<(Code, Fate)>,
    /// When its last label was issued.
    pub issued_at: Timestamp,
}
