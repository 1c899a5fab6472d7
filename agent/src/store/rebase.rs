//! Our own operations on top of the cloud's word. What an item looks like here is what the cloud last said of it (its
//! *base*), changed by those of our operations that have no verdict yet, in their order, each judged by `judge`.
//!
//! When the base changes under such operations, or one of them turns out not to count, they are taken off and judged
//! again, and with them every one that shares an item with them. One that is refused then has no effects here any
//! more; it stays on its way to the cloud, whose verdict decides.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Transaction;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperationId};
use sealtrace_protocol::ledger::{Operation, judge};
use sealtrace_protocol::time::Timestamp;

use super::items::{self, Gathered, Standpoint};
use super::{StoreError, base, effects};

/// The place of an operation among all of this device: epoch and seq of its name.
pub(super) type Place = (u32, u64);

/// What operations are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// An item, or a code without one.
    Item(Code),
    /// How much has moved under a document.
    Document(DocumentId),
}

/// What this operation was judged by. One that corrects another hangs on all that the other hangs on.
pub(super) fn keys(
    tx: &Transaction<'_>,
    operation: &Operation,
    gathered: &Gathered<'_>,
) -> Result<BTreeSet<Key>, StoreError> {
    let codes = gathered.codes.iter().copied().map(Key::Item);
    let mut keys: BTreeSet<Key> = codes.chain(operation.documents().map(Key::Document)).collect();
    if let Some(id) = operation.corrects() {
        keys.extend(effects::keys_of(tx, (id.epoch.get(), id.seq.get()))?);
    }
    Ok(keys)
}

/// The cloud's word on these items has changed: operations of ours that they concern are judged again.
pub(super) fn rebase(tx: &Transaction<'_>, changed: BTreeSet<Code>) -> Result<(), StoreError> {
    let mut rework = Rework::new(tx);
    rework.widen(changed.into_iter().map(Key::Item))?;
    rework.run()
}

/// An operation of ours was judged; its verdict is stored. What it did here becomes the cloud's word, or is taken back.
///
/// Verdicts come in the order of operations: nothing of ours lies between the cloud's word and what this one did.
pub(super) fn settle(
    tx: &Transaction<'_>,
    id: OperationId,
    counts: bool,
    at: Timestamp,
) -> Result<(), StoreError> {
    let place = (id.epoch.get(), id.seq.get());
    if counts {
        for touched in items::touched(tx, id)? {
            base::sink(tx, &touched.after)?;
            items::refresh(tx, touched.after.code, at)?;
        }
        effects::count_moved(tx, place)?;
        effects::set_refused(tx, place, false)?;
        return effects::forget_looked_at(tx, place);
    }
    if effects::is_refused(tx, place)? {
        return effects::forget_looked_at(tx, place);
    }
    let moved = effects::moved(tx, place)?.into_keys();
    let mut concerned = effects::keys_of(tx, place)?;
    concerned.retain(|key| matches!(key, Key::Item(_)));
    concerned.extend(moved.map(|(document, _)| Key::Document(document)));
    let mut rework = Rework::new(tx);
    rework.take_off(place)?;
    effects::forget_touched(tx, place)?;
    effects::forget_looked_at(tx, place)?;
    rework.widen(concerned)?;
    rework.run()
}

/// Operations without a verdict that are judged again, together.
struct Rework<'t> {
    tx: &'t Transaction<'t>,
    /// What was looked at for further ones.
    followed: BTreeSet<Key>,
    /// In their order, with what each had moved before.
    places: BTreeMap<Place, effects::Moved>,
}

impl<'t> Rework<'t> {
    const fn new(tx: &'t Transaction<'t>) -> Self {
        Self { tx, followed: BTreeSet::new(), places: BTreeMap::new() }
    }

    /// Takes in every operation these keys concern, and those that share an item with one; true when there were any.
    fn widen(&mut self, keys: impl IntoIterator<Item = Key>) -> Result<bool, StoreError> {
        let mut queue: Vec<Key> = keys.into_iter().collect();
        let before = self.places.len();
        while let Some(key) = queue.pop() {
            if !self.followed.insert(key) {
                continue;
            }
            for place in effects::open_about(self.tx, key)? {
                if self.places.contains_key(&place) {
                    continue;
                }
                self.places.insert(place, effects::moved(self.tx, place)?);
                self.take_off(place)?;
                // Documents do not connect: what was moved under one is counted up to each operation's place.
                let concerned = effects::keys_of(self.tx, place)?.into_iter();
                queue.extend(concerned.filter(|key| matches!(key, Key::Item(_))));
            }
        }
        Ok(self.places.len() > before)
    }

    /// An operation has no effects any more. All others that touched the same items are taken off as well.
    fn take_off(&self, place: Place) -> Result<(), StoreError> {
        if effects::is_refused(self.tx, place)? {
            return Ok(());
        }
        base::restore(self.tx, place)?;
        effects::forget_moved(self.tx, place)?;
        effects::set_refused(self.tx, place, true)
    }

    /// Judges them again, in order; from the beginning whenever one turns out to concern further ones.
    fn run(&mut self) -> Result<(), StoreError> {
        while !self.places.is_empty() {
            let places: Vec<Place> = self.places.keys().copied().collect();
            for place in &places {
                self.take_off(*place)?;
            }
            let mut wider = false;
            for place in &places {
                wider = self.judge_again(*place)?;
                if wider {
                    break;
                }
            }
            if !wider && !self.widen_by_documents()? {
                break;
            }
        }
        Ok(())
    }

    /// True when it is judged by what further operations have changed, which must be taken off first.
    fn judge_again(&mut self, place: Place) -> Result<bool, StoreError> {
        let (operation, people) = effects::operation(self.tx, place)?;
        let standpoint = Standpoint::Again { place, people };
        let gathered = items::gather(self.tx, &operation, standpoint)?;
        let keys = keys(self.tx, &operation, &gathered)?;
        if self.widen(keys.iter().copied().filter(|key| matches!(key, Key::Item(_))))? {
            return Ok(true);
        }
        match judge(&operation, &gathered.facts) {
            Ok(effects) => {
                effects::apply(self.tx, place, &keys, &effects)?;
                effects::set_refused(self.tx, place, false)?;
            }
            Err(rejection) => {
                tracing::debug!(
                    operation.epoch = place.0,
                    operation.seq = place.1,
                    rejection = rejection.code(),
                    "an operation on its way to the cloud has no effects here any more"
                );
                effects::forget_touched(self.tx, place)?;
                effects::look_at(self.tx, place, &keys)?;
            }
        }
        Ok(false)
    }

    /// Where one moves more or less than before, later ones under the same document may be over, or not any more.
    fn widen_by_documents(&mut self) -> Result<bool, StoreError> {
        let mut documents = BTreeSet::new();
        for (place, before) in &self.places {
            let now = effects::moved(self.tx, *place)?;
            let differs = |one: &effects::Moved, other: &effects::Moved| {
                let differing = one.iter().filter(|(key, units)| other.get(key) != Some(units));
                differing.map(|((document, _), _)| Key::Document(*document)).collect::<Vec<_>>()
            };
            documents.extend(differs(before, &now).into_iter().chain(differs(&now, before)));
        }
        self.widen(documents)
    }
}
