//! An item: one unit or package, what it is, where it stands in the tree and who has it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::ids::{DealerId, DocumentId, ProductId, SiteId, Version};
use crate::text::Lot;
use crate::time::TimeInterval;

/// Packaging level, inner to outer: 瓶 盒 箱 托.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A bottle, can or bag: what a consumer buys.
    Unit,
    /// An inner box.
    Box,
    /// A case.
    Case,
    /// A pallet.
    Pallet,
}

impl Level {
    /// All levels, inner to outer.
    pub const ALL: [Self; 4] = [Self::Unit, Self::Box, Self::Case, Self::Pallet];

    /// The number stored for this level.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Unit => 0,
            Self::Box => 1,
            Self::Case => 2,
            Self::Pallet => 3,
        }
    }

    /// The word used in APIs and file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Box => "box",
            Self::Case => "case",
            Self::Pallet => "pallet",
        }
    }

    /// The level stored as `rank`.
    #[must_use]
    pub fn from_rank(rank: u8) -> Option<Self> {
        Self::ALL.get(usize::from(rank)).copied()
    }

    /// The level with this [`Level::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What has become of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Carries nothing now: an emptied package, or a registration undone. It may be used again.
    Free,
    /// A package whose movement was reported before its packing: real, contents not heard of yet.
    Announced {
        /// The inbound document it was received under: its contents count there once they are heard of.
        under: Option<DocumentId>,
    },
    /// In use.
    Active,
    /// Its label was replaced; this code is terminal.
    Replaced {
        /// The code that took its place.
        by: Code,
        /// When.
        at: TimeInterval,
    },
}

/// Who holds an item. Kept on the root of a tree only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// At one of our sites.
    At(SiteId),
    /// On its way from one of our sites to another (调拨).
    Sent {
        /// The site it left, where it was before.
        from: SiteId,
        /// The site it goes to.
        to: SiteId,
        /// Under this document.
        document: DocumentId,
    },
    /// Sent to a dealer.
    Shipped {
        /// The site it left, where it was before.
        from: SiteId,
        /// The dealer it went to.
        to: DealerId,
        /// Under this document.
        document: DocumentId,
    },
    /// Not there when its site was counted (盘亏). It is found again when somebody scans it.
    Lost {
        /// The site it was at.
        at: SiteId,
    },
    /// Taken out for good.
    Gone {
        /// The site it was at.
        at: SiteId,
        /// How.
        how: Ending,
    },
}

impl Custody {
    /// The site that has it, or that had it last.
    #[must_use]
    pub const fn site(self) -> SiteId {
        match self {
            Self::At(site)
            | Self::Sent { from: site, .. }
            | Self::Shipped { from: site, .. }
            | Self::Lost { at: site }
            | Self::Gone { at: site, .. } => site,
        }
    }

    /// The document it left under.
    #[must_use]
    pub const fn document(self) -> Option<DocumentId> {
        match self {
            Self::Sent { document, .. } | Self::Shipped { document, .. } => Some(document),
            Self::At(_) | Self::Lost { .. } | Self::Gone { .. } => None,
        }
    }
}

/// How an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// 取样.
    Sampled,
    /// 报废.
    Destroyed,
}

/// How many units of one product and lot a package holds, all levels below it counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Content {
    /// The product.
    pub product: ProductId,
    /// Its lot.
    pub lot: Lot,
    /// How many units.
    pub units: u32,
}

/// Contents by (product, lot): sorted, each pair once, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Content>")]
pub struct Contents(Vec<Content>);

impl TryFrom<Vec<Content>> for Contents {
    type Error = &'static str;

    fn try_from(contents: Vec<Content>) -> Result<Self, Self::Error> {
        let key = |content: &Content| (content.product, content.lot);
        let sorted = contents.iter().zip(contents.iter().skip(1)).all(|(a, b)| key(a) < key(b));
        if sorted && contents.iter().all(|content| content.units > 0) {
            Ok(Self(contents))
        } else {
            Err("contents are sorted, each product and lot once, never zero")
        }
    }
}

impl Contents {
    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// `units` of one product and lot.
    #[must_use]
    pub fn of(product: ProductId, lot: Lot, units: u32) -> Self {
        let mut contents = Self::none();
        contents.change(product, lot, |have| have.saturating_add(units));
        contents
    }

    /// Each (product, lot) with its units.
    pub fn iter(&self) -> impl Iterator<Item = &Content> {
        self.0.iter()
    }

    /// All units together.
    #[must_use]
    pub fn units(&self) -> u32 {
        self.0.iter().fold(0, |sum, content| sum.saturating_add(content.units))
    }

    /// True when nothing is known to be inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts `more` in.
    pub fn add(&mut self, more: &Self) {
        for content in more.iter() {
            self.change(content.product, content.lot, |have| have.saturating_add(content.units));
        }
    }

    /// Takes `less` out, never below nothing.
    pub fn remove(&mut self, less: &Self) {
        for content in less.iter() {
            self.change(content.product, content.lot, |have| have.saturating_sub(content.units));
        }
    }

    fn change(&mut self, product: ProductId, lot: Lot, new: impl FnOnce(u32) -> u32) {
        match self.0.binary_search_by_key(&(product, lot), |content| (content.product, content.lot))
        {
            Ok(at) => {
                let units = new(self.0.get(at).map_or(0, |content| content.units));
                if units == 0 {
                    self.0.remove(at);
                } else if let Some(content) = self.0.get_mut(at) {
                    content.units = units;
                }
            }
            Err(at) => {
                let units = new(0);
                if units > 0 {
                    self.0.insert(at, Content { product, lot, units });
                }
            }
        }
    }
}

/// One unit or package as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its code.
    pub code: Code,
    /// Its packaging level.
    pub level: Level,
    /// What has become of it.
    pub state: State,
    /// The package it is in.
    pub parent: Option<Code>,
    /// Who holds it, when it is a root; a child's is its root's.
    pub custody: Option<Custody>,
    /// The units in it; one for a unit itself.
    pub contents: Contents,
    /// How many items are directly inside.
    pub children: u32,
    /// Two accepted operations contradict each other about it; the floor must decide.
    pub disputed: bool,
    /// How often it was touched.
    pub version: Version,
}

impl Item {
    /// The product of a unit, or of a package that holds only one.
    #[must_use]
    pub fn product(&self) -> Option<ProductId> {
        let mut products = self.contents.iter().map(|content| content.product);
        let first = products.next()?;
        products.all(|product| product == first).then_some(first)
    }

    /// The lot of a unit, or of a package that holds only one.
    #[must_use]
    pub fn lot(&self) -> Option<Lot> {
        let mut lots = self.contents.iter().map(|content| content.lot);
        let first = lots.next()?;
        lots.all(|lot| lot == first).then_some(first)
    }

    /// True when nothing but its movement has been heard of.
    #[must_use]
    pub const fn is_announced(&self) -> bool {
        matches!(self.state, State::Announced { .. })
    }

    /// True when it can be packed, shipped, opened.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self.state, State::Active | State::Announced { .. })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::wire::{decode, encode};

    fn content(product: u64, lot: &str, units: u32) -> Content {
        Content { product: ProductId(product), lot: Lot::new(lot).unwrap(), units }
    }

    fn contents(list: &[Content]) -> Contents {
        let mut all = Contents::none();
        for one in list {
            all.add(&Contents::of(one.product, one.lot, one.units));
        }
        all
    }

    #[test]
    fn lots_are_kept_apart_and_what_is_used_up_is_gone() {
        let mut all = contents(&[content(2, "B", 3), content(1, "A", 1), content(2, "A", 4)]);
        assert_eq!(all.units(), 8);
        assert_eq!(all.iter().map(|one| one.units).collect::<Vec<_>>(), [1, 4, 3]);
        all.remove(&contents(&[content(2, "A", 4), content(1, "A", 9), content(7, "A", 1)]));
        assert_eq!(all, contents(&[content(2, "B", 3)]));
    }

    #[test]
    fn contents_that_came_over_the_wire_are_sorted_too() {
        let fine = contents(&[content(1, "A", 1), content(1, "B", 1)]);
        assert_eq!(decode::<Contents>(&encode(&fine), "contents"), Ok(fine));
        for odd in [
            vec![content(1, "B", 1), content(1, "A", 1)],
            vec![content(1, "A", 1), content(1, "A", 1)],
            vec![content(1, "A", 0)],
        ] {
            assert!(decode::<Contents>(&encode(&odd), "contents").is_err(), "{odd:?}");
        }
    }
}
