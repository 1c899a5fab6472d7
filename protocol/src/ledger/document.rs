//! Documents operations are judged against: where goods go, how many are asked for, how many have moved.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::facts::{Facts, Issued};
use super::item::Contents;
use super::rejection::Rejection;
use crate::code::Code;
use crate::ids::{DealerId, DocumentId, ProductId, SiteId};

/// Somebody goods can be with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// One of our sites.
    Site(SiteId),
    /// A dealer.
    Dealer(DealerId),
}

/// From where to where a document sends goods; its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// 入库: goods arrive at a site, from one of ours or from outside.
    Inbound { from: Option<SiteId>, to: SiteId },
    /// 出库: goods leave for a dealer.
    Outbound { from: SiteId, to: DealerId },
    /// 退货: goods come back from a dealer.
    Return { from: DealerId, to: SiteId },
    /// 调拨: goods move between sites.
    Transfer { from: SiteId, to: SiteId },
    /// 盘点: what is at a site is counted.
    Count { at: SiteId },
}

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 入库单.
    Inbound,
    /// 出库单.
    Outbound,
    /// 退货单.
    Return,
    /// 调拨单.
    Transfer,
    /// 盘点单.
    Count,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Inbound, Self::Outbound, Self::Return, Self::Transfer, Self::Count];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Return => "return",
            Self::Transfer => "transfer",
            Self::Count => "count",
        }
    }

    /// The kind with this [`DocumentKind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Route {
    /// What kind of document has this route.
    #[must_use]
    pub const fn kind(self) -> DocumentKind {
        match self {
            Self::Inbound { .. } => DocumentKind::Inbound,
            Self::Outbound { .. } => DocumentKind::Outbound,
            Self::Return { .. } => DocumentKind::Return,
            Self::Transfer { .. } => DocumentKind::Transfer,
            Self::Count { .. } => DocumentKind::Count,
        }
    }

    /// Who sends; for a count, nobody.
    #[must_use]
    pub const fn from(self) -> Option<Party> {
        match self {
            Self::Inbound { from: Some(site), .. }
            | Self::Outbound { from: site, .. }
            | Self::Transfer { from: site, .. } => Some(Party::Site(site)),
            Self::Return { from, .. } => Some(Party::Dealer(from)),
            Self::Inbound { from: None, .. } | Self::Count { .. } => None,
        }
    }

    /// Who receives; for a count, the site that is counted.
    #[must_use]
    pub const fn to(self) -> Party {
        match self {
            Self::Inbound { to, .. }
            | Self::Return { to, .. }
            | Self::Transfer { to, .. }
            | Self::Count { at: to } => Party::Site(to),
            Self::Outbound { to, .. } => Party::Dealer(to),
        }
    }

    /// The dealer it concerns.
    #[must_use]
    pub const fn dealer(self) -> Option<DealerId> {
        match self {
            Self::Outbound { to: dealer, .. } | Self::Return { from: dealer, .. } => Some(dealer),
            Self::Inbound { .. } | Self::Transfer { .. } | Self::Count { .. } => None,
        }
    }

    /// The sites whose people work on it.
    pub fn sites(self) -> impl Iterator<Item = SiteId> {
        let (one, other) = match self {
            Self::Inbound { to: site, .. }
            | Self::Outbound { from: site, .. }
            | Self::Return { to: site, .. }
            | Self::Count { at: site } => (site, None),
            Self::Transfer { from, to } => (from, Some(to)),
        };
        core::iter::once(one).chain(other)
    }
}

/// How many units of one product a document asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    /// What.
    pub product: ProductId,
    /// How many units are asked for.
    pub units: u32,
    /// How many have moved under it.
    pub moved: u32,
}

/// A document as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name.
    pub id: DocumentId,
    /// From where to where.
    pub route: Route,
    /// True from its approval until it is done or void.
    pub open: bool,
    /// What is asked for, each product once; a package that mixes products counts by what is in it.
    pub lines: Vec<DocumentLine>,
    /// Products that are packages of other products (礼盒) and were asked for as such.
    #[serde(default)]
    pub sets: Vec<ProductId>,
}

impl Document {
    /// True when goods issued for this product were asked for.
    #[must_use]
    pub fn names(&self, product: ProductId) -> bool {
        self.line(product).is_some() || self.sets.contains(&product)
    }

    /// The open document with this id, of a kind that an operation works under.
    pub(super) fn open(
        facts: &Facts,
        id: DocumentId,
        kinds: &[DocumentKind],
    ) -> Result<Self, Rejection> {
        let document = facts.document(id).filter(|document| document.open);
        let document = document.ok_or(Rejection::DocumentClosed { document: id })?;
        let kind = document.route.kind();
        if kinds.contains(&kind) {
            Ok(document.clone())
        } else {
            Err(Rejection::WrongDocument { document: id, kind })
        }
    }

    /// It is worked on at `site`.
    pub(super) fn is_worked_on_at(&self, site: SiteId, expected: SiteId) -> Result<(), Rejection> {
        if site == expected {
            Ok(())
        } else {
            Err(Rejection::WrongSite { document: self.id, site, expected })
        }
    }

    /// What is known of a code without contents: its product must be on the document.
    pub(super) fn asks_for(&self, code: Code, issued: Issued) -> Result<(), Rejection> {
        match issued.product.filter(|product| !self.names(*product)) {
            Some(product) => Err(Rejection::NotOnDocument { code, product, document: self.id }),
            None => Ok(()),
        }
    }

    /// The load so far, `code` the last of it, must be on the document's lines, and not over them.
    pub(super) fn takes(&self, load: &Contents, code: Code) -> Result<(), Rejection> {
        let mut units = BTreeMap::new();
        for content in load.iter() {
            let sum = units.entry(content.product).or_insert(0_u32);
            *sum = sum.saturating_add(content.units);
        }
        let document = self.id;
        for (product, load) in units {
            let missing = Rejection::NotOnDocument { code, product, document };
            let line = self.line(product).ok_or(missing)?;
            let would = line.moved.saturating_add(load);
            if would > line.units {
                let ordered = line.units;
                return Err(Rejection::Over { code, document, product, ordered, would });
            }
        }
        Ok(())
    }

    /// The line for this product.
    #[must_use]
    pub fn line(&self, product: ProductId) -> Option<&DocumentLine> {
        self.lines.iter().find(|line| line.product == product)
    }
}
