//! The ledger as it would be: facts with an operation's changes laid over them, until they become effects.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::action::Action;
use super::effect::{Effects, Move, Notice};
use super::facts::{Facts, Issued, Presence};
use super::item::{Contents, Custody, Item, Level, State};
use super::operation::Operation;
use super::rejection::Rejection;
use crate::code::Code;
use crate::ids::{DocumentId, Version};

/// What a code stands for right now.
pub(super) enum Found {
    /// An item in use.
    InUse(Item),
    /// Nothing yet, or nothing any more: it may be taken into use.
    Idle(Issued),
    /// Issued, and perhaps in use: this device has not been told.
    Untold(Issued),
    /// Nobody here can tell.
    Unknown,
}

pub(super) struct Pending<'a> {
    pub(super) operation: &'a Operation,
    pub(super) facts: &'a Facts,
    changed: BTreeMap<Code, Item>,
    looked_at: BTreeSet<Code>,
    counted: BTreeMap<DocumentId, Move>,
    notices: Vec<Notice>,
}

impl<'a> Pending<'a> {
    pub(super) fn new(operation: &'a Operation, facts: &'a Facts) -> Self {
        Self {
            operation,
            facts,
            changed: BTreeMap::new(),
            looked_at: BTreeSet::new(),
            counted: BTreeMap::new(),
            notices: Vec::new(),
        }
    }

    /// The code that stands for `code`: itself, or what replaced its label if this was done before that.
    ///
    /// Followed as far as the facts go: a chain longer than the caller cared to fetch, or one that two sources of a
    /// device closed to a circle, ends with the replacement as the answer.
    pub(super) fn current(&self, code: Code) -> Result<Code, Rejection> {
        let mut current = code;
        let mut seen = BTreeSet::new();
        while let Some(State::Replaced { by, at }) = self.item(current).map(|item| item.state) {
            let followed = seen.insert(current) && self.facts.knows(by);
            if !followed || !self.operation.at.interval().before(at) {
                return Err(Rejection::Replaced { code, by });
            }
            current = by;
        }
        Ok(current)
    }

    /// The codes that stand for `codes`, in order; an error when two of them are the same item.
    pub(super) fn distinct(&self, codes: &[Code]) -> Result<Vec<Code>, Rejection> {
        let mut seen = BTreeSet::new();
        let distinct = |code: &Code| {
            let current = self.current(*code)?;
            if seen.insert(current) {
                Ok(current)
            } else {
                Err(Rejection::ScannedTwice { code: *code })
            }
        };
        codes.iter().map(distinct).collect()
    }

    /// What stands behind a current code. A label that was scrapped or is void cannot be on goods.
    pub(super) fn find(&self, code: Code) -> Result<Found, Rejection> {
        let is_used = self.item(code).is_some_and(|item| item.state != State::Free);
        match self.facts.written_off(code).filter(|fate| !fate.may_be_used()) {
            Some(fate) if !is_used => return Err(Rejection::WrittenOff { code, fate }),
            Some(_) | None => {}
        }
        if let Some(item) = self.item(code) {
            return Ok(match item.state {
                State::Active | State::Announced { .. } => Found::InUse(item.clone()),
                State::Free => {
                    let unknown = Issued { level: item.level, product: None, carrier: false };
                    Found::Idle(self.facts.issued(code).unwrap_or(unknown))
                }
                State::Replaced { by, .. } => return Err(Rejection::Replaced { code, by }),
            });
        }
        let trusts = self.operation.action.accepts_unknown();
        match self.facts.presence(code) {
            Presence::Absent(issued) => Ok(Found::Idle(*issued)),
            Presence::Untold(issued) if trusts => Ok(Found::Untold(*issued)),
            Presence::Unknown if trusts => Ok(Found::Unknown),
            Presence::Untold(_) | Presence::Unknown => Err(Rejection::NotInUse { code }),
            Presence::Foreign | Presence::Present(_) => Err(Rejection::Foreign { code }),
        }
    }

    /// The item behind a code, with the changes so far.
    pub(super) fn item(&self, code: Code) -> Option<&Item> {
        if let Some(item) = self.changed.get(&code) {
            return Some(item);
        }
        match self.facts.presence(code) {
            Presence::Present(item) => Some(item),
            Presence::Absent(_) | Presence::Untold(_) | Presence::Unknown | Presence::Foreign => {
                None
            }
        }
    }

    /// The package an item is in, if it is known. What a device pieced together could be a circle; levels that must
    /// rise end it.
    fn package(&self, item: &Item) -> Option<&Item> {
        let package = item.parent.and_then(|parent| self.item(parent))?;
        (package.level > item.level).then_some(package)
    }

    /// Whose custody an item is in: its root's.
    pub(super) fn custody(&self, item: &Item) -> Option<Custody> {
        let mut root = item;
        while let Some(package) = self.package(root) {
            root = package;
        }
        root.custody
    }

    /// Goods that are gone, or on their way to another site, are not what somebody holds; what was lost is found, and
    /// what was sent here has arrived.
    pub(super) fn at_hand(&mut self, item: &Item) -> Result<(), Rejection> {
        let (code, here) = (item.code, self.operation.site);
        match self.custody(item) {
            Some(Custody::Gone { how, .. }) => return Err(Rejection::Gone { code, how }),
            Some(Custody::Sent { to, document, .. }) if to != here => {
                return Err(Rejection::OnItsWay { code, to, document });
            }
            Some(Custody::Sent { from, .. }) => self.notice(Notice::ImpliedReceipt { code, from }),
            Some(Custody::Lost { .. }) => self.notice(Notice::FoundAgain { code }),
            Some(Custody::At(_) | Custody::Shipped { .. }) | None => {}
        }
        Ok(())
    }

    /// Where goods are that somebody holds: what was lost or sent here is here.
    pub(super) fn place(&self, item: &Item) -> Custody {
        let here = Custody::At(self.operation.site);
        match self.custody(item) {
            Some(custody @ (Custody::At(_) | Custody::Shipped { .. } | Custody::Gone { .. })) => {
                custody
            }
            Some(Custody::Sent { .. } | Custody::Lost { .. }) | None => here,
        }
    }

    /// A package somebody works on is at `place` with all that it is in: what was lost or on its way here is found.
    pub(super) fn found_at(&mut self, code: Code, place: Custody) {
        let mut root = self.item(code).cloned();
        while let Some(package) = root.as_ref().and_then(|item| self.package(item)).cloned() {
            root = Some(package);
        }
        if let Some(root) = root {
            self.put(Item { custody: Some(place), ..root });
        }
    }

    /// Writes an item down; [`Pending::effects`] counts its version up.
    pub(super) fn put(&mut self, item: Item) {
        self.changed.insert(item.code, item);
    }

    /// Records that the operation concerns an item although nothing about it changes.
    pub(super) fn look_at(&mut self, item: Item) {
        self.looked_at.insert(item.code);
        self.put(item);
    }

    /// Tells people something about an operation that counts.
    pub(super) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// Counts goods that came in under a document; what leaves under one follows from custody by itself.
    pub(super) fn count(&mut self, document: DocumentId, contents: &Contents) {
        moved(&mut self.counted, document).on.add(contents);
    }

    /// Takes an item out of the package it is in: it keeps the custody it was under, the packages above lose it, and
    /// those with nothing left inside end.
    pub(super) fn detach(&mut self, item: &mut Item) {
        item.custody = self.custody(item);
        let Some(parent) = item.parent else { return };
        let leaving = item.contents.clone();
        self.change_contents(parent, |contents| contents.remove(&leaving));
        let mut emptying = self.package(item).cloned();
        while let Some(mut package) = emptying {
            package.children = package.children.saturating_sub(1);
            let emptied = package.children == 0;
            emptying = self.package(&package).filter(|_| emptied).cloned();
            if emptied { self.dissolve(package) } else { self.put(package) }
        }
        item.parent = None;
    }

    /// Ends a package that has nothing in it any more; the packages above lose nothing by it.
    pub(super) fn dissolve(&mut self, package: Item) {
        self.put(Item {
            state: State::Free,
            parent: None,
            custody: None,
            contents: Contents::none(),
            children: 0,
            disputed: false,
            ..package
        });
    }

    /// Applies a change of contents to a package and all packages it is in.
    pub(super) fn change_contents(&mut self, package: Code, change: impl Fn(&mut Contents)) {
        let mut next = self.item(package).cloned();
        while let Some(mut item) = next {
            change(&mut item.contents);
            next = self.package(&item).cloned();
            self.put(item);
        }
    }

    /// An item that begins now.
    pub(super) fn begin(&self, code: Code, level: Level, state: State) -> Item {
        Item {
            code,
            level,
            state,
            parent: None,
            custody: None,
            contents: Contents::none(),
            children: 0,
            disputed: false,
            version: self.item(code).map_or(Version(0), |item| item.version),
        }
    }

    /// Goods whose packing was not heard of yet may move all the same: lines and other devices synchronise later.
    pub(super) fn announce(&mut self, code: Code, issued: Issued, notice: Notice) -> Item {
        self.notice(notice);
        self.begin(code, issued.level, State::Announced { under: None })
    }

    /// Everything that changes, versions counted up, and the moves that follow from it: what left under a document
    /// counts there, also when it comes back later under another.
    pub(super) fn effects(self) -> Effects {
        let mut moves = self.counted;
        let mut items = Vec::with_capacity(self.changed.len());
        for (code, mut item) in self.changed {
            let before = self.facts.presence(code).item();
            item.version = before.map_or(Version(0), |before| before.version);
            if before == Some(&item) && !self.looked_at.contains(&code) {
                continue;
            }
            item.version = item.version.next();
            if let Some((document, contents)) = before.and_then(left) {
                moved(&mut moves, document).off.add(contents);
            }
            if let Some((document, contents)) = left(&item) {
                moved(&mut moves, document).on.add(contents);
            }
            items.push(item);
        }
        let takes_off = matches!(self.operation.action, Action::Reassign(_));
        let moves = moves.into_values().filter_map(|gross| net(gross, takes_off)).collect();
        Effects { items, moves, notices: self.notices }
    }

    /// The same with the moves given: what a correction takes back is what the operation it names had moved.
    pub(super) fn effects_moving(self, moves: Vec<Move>) -> Effects {
        Effects { moves, ..self.effects() }
    }
}

/// The document an item left under, and what is in it.
fn left(item: &Item) -> Option<(DocumentId, &Contents)> {
    let document = item.custody.and_then(Custody::document)?;
    Some((document, &item.contents))
}

fn moved(moves: &mut BTreeMap<DocumentId, Move>, document: DocumentId) -> &mut Move {
    moves.entry(document).or_insert_with(|| Move {
        document,
        on: Contents::none(),
        off: Contents::none(),
    })
}

/// What went on and came off again cancels out; a move of nothing is none.
fn net(gross: Move, takes_off: bool) -> Option<Move> {
    let mut on = gross.on.clone();
    on.remove(&gross.off);
    let mut off = gross.off;
    off.remove(&gross.on);
    if !takes_off {
        off = Contents::none();
    }
    (!on.is_empty() || !off.is_empty()).then_some(Move { document: gross.document, on, off })
}
