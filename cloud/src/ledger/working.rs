//! The items operations speak of while they are judged: read once, changed in memory, written once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, Version};
use sealtrace_protocol::ledger::{
    Action, Custody, Facts, Fate, Issued, Item, Level, Need, Operation, Past, Presence, State,
    Touched,
};

use super::telling::{Change, Concerned, Telling};
use crate::codes::{Codebook, ItemKey, Resolved};
use crate::feed;
use crate::reconciliation::Counts;
use crate::reconciliation::standing;
use crate::reconciliation::tally::{Strip, fate_at};
use crate::store::operations::Done;
use crate::store::{StoreError, Tx, ledger as stored, reconciliation};

/// Replaced labels followed at most; more would be a circle.
const REPLACED_MAX: usize = 64;
/// Packages an item can be inside of: one per level above it.
const DEPTH_MAX: usize = Level::ALL.len();

/// The part of the ledger that is being worked on.
pub struct Working<'c> {
    codebook: &'c Codebook,
    /// Every item looked at; none = nothing has happened to it.
    items: BTreeMap<ItemKey, Option<Item>>,
    /// What of `items` is directly inside which package.
    inside: BTreeMap<ItemKey, BTreeSet<ItemKey>>,
    /// Packages whose children are all in `items`.
    opened: BTreeSet<ItemKey>,
    changed: BTreeSet<ItemKey>,
    versions: Vec<(ItemKey, OperationId, Item)>,
    /// Labels that are on nothing and accounted for, of code orders that were asked about.
    strips: BTreeMap<u32, Vec<Strip>>,
    /// What labels have become, not written yet.
    counted: BTreeMap<u32, Counts>,
    telling: Telling,
}

impl<'c> Working<'c> {
    /// Nothing looked at yet.
    #[must_use]
    pub fn new(codebook: &'c Codebook) -> Self {
        Self {
            codebook,
            items: BTreeMap::new(),
            inside: BTreeMap::new(),
            opened: BTreeSet::new(),
            changed: BTreeSet::new(),
            versions: Vec::new(),
            strips: BTreeMap::new(),
            counted: BTreeMap::new(),
            telling: Telling::default(),
        }
    }

    /// Fetches what these codes stand for, many with one query.
    pub async fn prefetch(
        &mut self,
        tx: &mut Tx,
        codes: impl Iterator<Item = Code> + Send,
    ) -> Result<(), StoreError> {
        let keys: BTreeSet<ItemKey> =
            codes.filter_map(|code| self.ours(code).map(|(key, _)| key)).collect();
        self.load(tx, keys).await
    }

    /// States what is known of each code an operation needs.
    pub async fn facts(
        &mut self,
        tx: &mut Tx,
        needs: Vec<(Code, Need)>,
    ) -> Result<Facts, StoreError> {
        let mut facts = Facts::new();
        for (code, need) in needs {
            let mut code = code;
            for _ in 0..REPLACED_MAX {
                let Some(by) = self.state(tx, &mut facts, code, need).await? else { break };
                code = by;
            }
        }
        Ok(facts)
    }

    /// States what is known of one code; answers with the code that replaced it.
    async fn state(
        &mut self,
        tx: &mut Tx,
        facts: &mut Facts,
        code: Code,
        need: Need,
    ) -> Result<Option<Code>, StoreError> {
        let Some((key, issued)) = self.ours(code) else {
            facts.set(code, Presence::Foreign);
            return Ok(None);
        };
        let item = self.item(tx, key).await?;
        if item.as_ref().is_none_or(|item| item.state == State::Free)
            && let Some(fate) = self.fate(tx, key).await?
        {
            facts.set_written_off(code, fate);
        }
        let Some(item) = item else {
            facts.set(code, Presence::Absent(issued));
            return Ok(None);
        };
        if item.state != State::Active || item.level != Level::Unit {
            facts.set_issued(code, issued);
        }
        let replaced_by = if let State::Replaced { by, .. } = item.state { Some(by) } else { None };
        if matches!(need, Need::Ancestors | Need::Children) {
            self.state_ancestors(tx, facts, item.parent).await?;
        }
        if matches!(need, Need::Children) {
            let mut children = Vec::new();
            for child in self.children(tx, key).await? {
                children.push(child.code);
                facts.set(child.code, Presence::Present(child));
            }
            facts.set_children(code, children);
        }
        facts.set(code, Presence::Present(item));
        Ok(replaced_by)
    }

    async fn state_ancestors(
        &mut self,
        tx: &mut Tx,
        facts: &mut Facts,
        mut parent: Option<Code>,
    ) -> Result<(), StoreError> {
        for _ in 0..DEPTH_MAX {
            let Some(code) = parent else { break };
            let Some((key, _)) = self.ours(code) else { break };
            let Some(item) = self.item(tx, key).await? else { break };
            parent = item.parent;
            facts.set(code, Presence::Present(item));
        }
        Ok(())
    }

    /// States what an earlier operation did, and what has become of those items.
    pub async fn state_past(
        &mut self,
        tx: &mut Tx,
        facts: &mut Facts,
        done: Done,
    ) -> Result<(), StoreError> {
        let touched = Vec::with_capacity(done.touched.len());
        let mut past = Past { site: done.site, touched, moves: done.moves };
        for (key, version) in &done.touched {
            let missing = || StoreError::damaged("history", "a version is missing");
            let after = stored::at_version(tx, *key, *version).await?.ok_or_else(missing)?;
            let before = match version.get().checked_sub(1).filter(|before| *before > 0) {
                Some(before) => stored::at_version(tx, *key, Version(before)).await?,
                None => None,
            };
            if let Some(now) = self.item(tx, *key).await? {
                if now.state == State::Free
                    && let Some(fate) = self.fate(tx, *key).await?
                {
                    facts.set_written_off(now.code, fate);
                }
                facts.set(now.code, Presence::Present(now));
            }
            past.touched.push(Touched { before, after });
        }
        facts.past = Some(past);
        Ok(())
    }

    /// Takes an operation's effects over; answers with the versions they made.
    pub async fn apply(
        &mut self,
        tx: &mut Tx,
        by: OperationId,
        operation: &Operation,
        items: Vec<Item>,
    ) -> Result<Vec<(ItemKey, Version)>, StoreError> {
        let mut touched = Vec::with_capacity(items.len());
        let mut changes = Vec::with_capacity(items.len());
        for item in items {
            let Some((key, _)) = self.ours(item.code) else {
                return Err(StoreError::damaged("effect", format!("{} is foreign", item.code)));
            };
            touched.push((key, item.version));
            self.versions.push((key, by, item.clone()));
            self.changed.insert(key);
            let before = self.items.get(&key).cloned().flatten();
            changes.push((key, before, item.clone()));
            self.hold(key, Some(item));
        }
        for (key, before, after) in changes {
            self.count(tx, key, before.as_ref(), &after).await?;
            self.note(tx, operation, key, before.as_ref(), &after).await?;
        }
        Ok(touched)
    }

    /// Counts what has become of a label.
    async fn count(
        &mut self,
        tx: &mut Tx,
        key: ItemKey,
        before: Option<&Item>,
        after: &Item,
    ) -> Result<(), StoreError> {
        let was_free = before.is_none_or(|before| before.state == State::Free);
        let fate =
            if was_free || after.state == State::Free { self.fate(tx, key).await? } else { None };
        let (was, is) = (standing(before, fate), standing(Some(after), fate));
        if was != is {
            let counts = self.counted.entry(key.order()).or_default();
            counts.count(was, -1);
            counts.count(is, 1);
        }
        Ok(())
    }

    /// What became of a label that is on nothing.
    async fn fate(&mut self, tx: &mut Tx, key: ItemKey) -> Result<Option<Fate>, StoreError> {
        let strips = match self.strips.entry(key.order()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(reconciliation::strips(tx, key.order()).await?),
        };
        Ok(fate_at(strips, key.index()))
    }

    /// Strips of labels were accounted for, or are not any more.
    pub fn forget_strips(&mut self) {
        self.strips.clear();
    }

    /// Notes for whom a change is news.
    async fn note(
        &mut self,
        tx: &mut Tx,
        operation: &Operation,
        key: ItemKey,
        before: Option<&Item>,
        after: &Item,
    ) -> Result<(), StoreError> {
        let key_of = |code: Option<Code>| code.and_then(|code| self.ours(code)).map(|(key, _)| key);
        let parent = key_of(after.parent);
        let replaced_by = match after.state {
            State::Replaced { by, .. } => key_of(Some(by)),
            State::Free | State::Announced { .. } | State::Active => None,
        };
        let partial = matches!(&operation.action, Action::Pack(pack) | Action::Regroup(pack)
            if pack.partial.is_some() && pack.parent == after.code);
        // Most changes are units that go into their first package, and nobody asks who has those.
        let is_new_inside = after.level == Level::Unit && before.is_none() && parent.is_some();
        let (at, had, has) = if is_new_inside {
            (None, Concerned::default(), Concerned::default())
        } else {
            let had = self.concerned(tx, before).await?;
            (Some(operation.site), had, self.concerned(tx, Some(after)).await?)
        };
        let change = Change { key, before, after, at, had, has, parent, replaced_by, partial };
        self.telling.note(&change);
        Ok(())
    }

    /// The sites an item is of concern to: the one that has it, or had it last, and the one it is on its way to.
    async fn concerned(
        &mut self,
        tx: &mut Tx,
        item: Option<&Item>,
    ) -> Result<Concerned, StoreError> {
        let custody = match item {
            Some(item) => self.root_custody(tx, item).await?,
            None => None,
        };
        let to = match custody {
            Some(Custody::Sent { to, .. }) => Some(to),
            Some(
                Custody::At(_)
                | Custody::Shipped { .. }
                | Custody::Lost { .. }
                | Custody::Gone { .. },
            )
            | None => None,
        };
        Ok([custody.map(Custody::site), to])
    }

    async fn root_custody(
        &mut self,
        tx: &mut Tx,
        item: &Item,
    ) -> Result<Option<Custody>, StoreError> {
        let (mut custody, mut parent) = (item.custody, item.parent);
        for _ in 0..DEPTH_MAX {
            let Some((key, _)) = parent.and_then(|code| self.ours(code)) else { break };
            let Some(outer) = self.item(tx, key).await? else { break };
            (custody, parent) = (outer.custody, outer.parent);
        }
        Ok(custody)
    }

    /// Writes what was changed, the feed's rows last.
    pub async fn flush(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let changed: Vec<(ItemKey, &Item)> = self
            .changed
            .iter()
            .filter_map(|key| Some((*key, self.items.get(key)?.as_ref()?)))
            .collect();
        stored::put(tx, self.codebook, &changed).await?;
        stored::remember(tx, &self.versions).await?;
        reconciliation::count(tx, &self.counted).await?;
        self.counted.clear();
        self.changed.clear();
        self.versions.clear();
        let told = self.telling.work_out(tx).await?;
        feed::publish_goods(tx, &told).await
    }

    fn ours(&self, code: Code) -> Option<(ItemKey, Issued)> {
        match self.codebook.resolve(&code) {
            Resolved::Ours { key, issued } => Some((key, issued)),
            Resolved::Foreign => None,
        }
    }

    async fn item(&mut self, tx: &mut Tx, key: ItemKey) -> Result<Option<Item>, StoreError> {
        if !self.items.contains_key(&key) {
            self.load(tx, BTreeSet::from([key])).await?;
        }
        Ok(self.items.get(&key).cloned().flatten())
    }

    async fn load(&mut self, tx: &mut Tx, keys: BTreeSet<ItemKey>) -> Result<(), StoreError> {
        let missing: Vec<ItemKey> =
            keys.into_iter().filter(|key| !self.items.contains_key(key)).collect();
        let mut found = stored::items(tx, self.codebook, &missing).await?;
        for key in missing {
            self.hold(key, found.remove(&key));
        }
        Ok(())
    }

    /// What is directly inside a package: as stored, with what was changed here laid over it.
    async fn children(&mut self, tx: &mut Tx, parent: ItemKey) -> Result<Vec<Item>, StoreError> {
        if self.opened.insert(parent) {
            for (key, item) in stored::children(tx, self.codebook, parent).await? {
                if !self.items.contains_key(&key) {
                    self.hold(key, Some(item));
                }
            }
        }
        let inside = self.inside.get(&parent).into_iter().flatten();
        Ok(inside.filter_map(|key| self.items.get(key)?.clone()).collect())
    }

    /// Holds an item as it is now, in the package it is in now.
    fn hold(&mut self, key: ItemKey, item: Option<Item>) {
        let package = |item: &Item| item.parent.and_then(|parent| self.ours(parent));
        let is = item.as_ref().and_then(package).map(|(parent, _)| parent);
        let was = self.items.get(&key).and_then(Option::as_ref).and_then(package);
        if let Some((was, _)) = was.filter(|(was, _)| Some(*was) != is)
            && let Some(inside) = self.inside.get_mut(&was)
        {
            inside.remove(&key);
        }
        if let Some(is) = is {
            self.inside.entry(is).or_default().insert(key);
        }
        self.items.insert(key, item);
    }
}
