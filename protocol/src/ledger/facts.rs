//! What is known when an operation is judged: fetched by the caller, read by the rules.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::item::{Item, Level};
use super::plan::{Document, Task};
use crate::code::Code;
use crate::ids::{ProductId, SiteId};

/// What is known of one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In the ledger.
    Present(Item),
    /// One of ours, and nothing has happened to it yet.
    Absent(Issued),
    /// One of ours by its roll; whether anything has happened to it, this device cannot tell.
    Untold(Issued),
    /// Nobody here can tell anything. Only devices answer this and [`Presence::Untold`]; the cloud knows its codes.
    Unknown,
    /// Not one of ours.
    Foreign,
}

impl Presence {
    /// The item, when it is in the ledger.
    #[must_use]
    pub const fn item(&self) -> Option<&Item> {
        match self {
            Self::Present(item) => Some(item),
            Self::Absent(_) | Self::Untold(_) | Self::Unknown | Self::Foreign => None,
        }
    }

    /// The level the code has or was issued for, when that is known.
    #[must_use]
    pub const fn level(&self) -> Option<Level> {
        match self {
            Self::Present(item) => Some(item.level),
            Self::Absent(issued) | Self::Untold(issued) => Some(issued.level),
            Self::Unknown | Self::Foreign => None,
        }
    }
}

/// What a code was issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The level it may stand for.
    pub level: Level,
    /// The product it was minted for, when it was minted for one.
    pub product: Option<ProductId>,
}

/// What an earlier operation did: each touched item as it was before (none = it was absent) and the version it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Where it was done.
    pub site: SiteId,
    /// Items before and after, in any order.
    pub touched: Vec<Touched>,
}

/// One item an earlier operation touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The item before; none when nothing had happened to it.
    pub before: Option<Item>,
    /// The item as the operation left it.
    pub after: Item,
}

/// Everything the rules may look at. An item not mentioned is [`Presence::Unknown`].
#[derive(Clone, Debug, Default)]
pub struct Facts {
    items: BTreeMap<Code, Presence>,
    children: BTreeMap<Code, Vec<Code>>,
    issued: BTreeMap<Code, Issued>,
    /// Where the device may work; none when whoever judges has made sure of that already.
    pub sites: Option<Vec<SiteId>>,
    /// The task the operation names.
    pub task: Option<Task>,
    /// The document the operation names.
    pub document: Option<Document>,
    /// The effects of the operation it corrects.
    pub past: Option<Past>,
}

impl Facts {
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// States what is known of a code.
    pub fn set(&mut self, code: Code, presence: Presence) {
        self.items.insert(code, presence);
    }

    /// States what lies directly inside a package.
    pub fn set_children(&mut self, parent: Code, children: Vec<Code>) {
        self.children.insert(parent, children);
    }

    /// States what a code was issued for although it is in the ledger: when it is [`super::State::Free`] again, it may
    /// still only stand for that.
    pub fn set_issued(&mut self, code: Code, issued: Issued) {
        self.issued.insert(code, issued);
    }

    pub(super) fn issued(&self, code: Code) -> Option<Issued> {
        self.issued.get(&code).copied()
    }

    /// What is known of a code.
    #[must_use]
    pub fn presence(&self, code: Code) -> &Presence {
        self.items.get(&code).unwrap_or(&Presence::Unknown)
    }

    /// True when [`Facts::set`] was called for this code.
    #[must_use]
    pub fn knows(&self, code: Code) -> bool {
        self.items.contains_key(&code)
    }

    /// What lies directly inside a package.
    #[must_use]
    pub fn children(&self, parent: Code) -> &[Code] {
        self.children.get(&parent).map_or(&[], Vec::as_slice)
    }
}
