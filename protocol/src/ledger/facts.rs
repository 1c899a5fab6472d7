//! What is known when an operation is judged: fetched by the caller, read by the rules.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::document::{Document, Party};
use super::effect::Move;
use super::item::{Contents, Item, Level};
use super::plan::Task;
use super::strip::{Fate, Strip};
use super::terms::{LotTerms, Permit, Rules, Worker};
use crate::code::Code;
use crate::ids::{DeviceId, DocumentId, ProductId, SiteId};
use crate::text::Lot;

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
    /// It stands on a carrier that is loaded again and again (周转托盘).
    pub carrier: bool,
}

/// What an earlier operation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Where it was done.
    pub site: SiteId,
    /// Each item it touched, before and after, in any order.
    pub touched: Vec<Touched>,
    /// What it moved under documents.
    pub moves: Vec<Move>,
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
    written_off: BTreeMap<Code, Fate>,
    documents: BTreeMap<DocumentId, Document>,
    lots: BTreeMap<(ProductId, Lot), LotTerms>,
    permits: BTreeMap<ProductId, Permit>,
    /// The device whose operation it is; none when whoever judges has made sure of that already.
    pub device: Option<DeviceId>,
    /// Where the device may work; none when whoever judges has made sure of that already.
    pub sites: Option<Vec<SiteId>>,
    /// The task the operation names.
    pub task: Option<Task>,
    /// Who did it; none when a line did it by itself, or when whoever judges has made sure of them already.
    pub worker: Option<Worker>,
    /// Who approved it.
    pub approver: Option<Worker>,
    /// What owner and site have settled on.
    pub rules: Rules,
    /// The strip of labels the operation names; none when its ends do not lie on one roll, in this order.
    pub strip: Option<Strip>,
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

    /// States that a label that is on no goods is accounted for.
    pub fn set_written_off(&mut self, code: Code, fate: Fate) {
        self.written_off.insert(code, fate);
    }

    /// States what is known of a document the operation names.
    pub fn set_document(&mut self, document: Document) {
        self.documents.insert(document.id, document);
    }

    /// The document with this id, when it is known.
    #[must_use]
    pub fn document(&self, id: DocumentId) -> Option<&Document> {
        self.documents.get(&id)
    }

    /// The products and lots the operation may be about: whoever states facts looks these up after the items.
    #[must_use]
    pub fn lots(&self) -> BTreeSet<(ProductId, Lot)> {
        let items = self.items.values().filter_map(Presence::item);
        let contents = items.flat_map(|item| item.contents.iter());
        contents.map(|content| (content.product, content.lot)).collect()
    }

    /// The products the operation may be about, looked up like [`Facts::lots`].
    #[must_use]
    pub fn products(&self) -> BTreeSet<ProductId> {
        let mut products: BTreeSet<ProductId> =
            self.lots().into_iter().map(|(product, _)| product).collect();
        if let Some(task) = &self.task {
            products.insert(task.product);
            products.extend(task.plan.parts().iter().map(|part| part.product));
        }
        for presence in self.items.values() {
            if let Presence::Absent(issued) | Presence::Untold(issued) = presence {
                products.extend(issued.product);
            }
        }
        products
    }

    /// States the terms of a lot; one not mentioned is pending and anybody's.
    pub fn set_lot(&mut self, product: ProductId, lot: Lot, terms: LotTerms) {
        self.lots.insert((product, lot), terms);
    }

    /// States who may have a product; one not mentioned is everybody's.
    pub fn set_permit(&mut self, product: ProductId, permit: Permit) {
        self.permits.insert(product, permit);
    }

    /// True when somebody who may approve did it or approved it.
    pub(super) fn approved(&self) -> bool {
        self.worker.is_some_and(|worker| worker.role.approves())
            || self.approver.is_some_and(|approver| approver.permitted && approver.role.approves())
    }

    pub(super) fn lot(&self, product: ProductId, lot: Lot) -> LotTerms {
        self.lots.get(&(product, lot)).copied().unwrap_or_default()
    }

    /// The first product among `contents` that `party` may not have.
    pub(super) fn forbidden(&self, contents: &Contents, party: Party) -> Option<ProductId> {
        let mut products = contents.iter().map(|content| content.product);
        products.find(|product| !self.may_have(*product, party))
    }

    pub(super) fn may_have(&self, product: ProductId, party: Party) -> bool {
        self.permits.get(&product).is_none_or(|permit| permit.allows(party))
    }

    pub(super) fn written_off(&self, code: Code) -> Option<Fate> {
        self.written_off.get(&code).copied()
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
