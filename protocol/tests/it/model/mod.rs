//! A deliberately naive ledger: every item carries its own place, contents are counted by walking, nothing is shared.
//! It knows the rules in plain words and no cleverness; `judge` must agree with it.

mod moving;
mod packing;

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperationId, SiteId};
use sealtrace_protocol::ledger::{
    Action, AddTo, Ending, Fate, Level, Operation, Pack, PartialReason, Presence, Rejection,
    Return, Route, Unpack, WriteOff,
};
use sealtrace_protocol::time::TimeInterval;

use crate::strips::{VOID_FROM, between};
use crate::world::{DEMAND, DOCUMENTS, is_carrier, issued, plan, route};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    At(SiteId),
    Sent(SiteId, DocumentId),
    Shipped(SiteId, DocumentId),
    Lost(SiteId),
    Gone(SiteId, Ending),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thing {
    pub(crate) level: Level,
    pub(crate) parent: Option<Code>,
    pub(crate) place: Place,
    /// For units: it was made. For packages: it was packed.
    pub(crate) real: bool,
    pub(crate) disputed: bool,
    /// While it is not real: the inbound document it came in under.
    pub(crate) under: Option<DocumentId>,
}

/// An accepted operation: where it was done, the world before it, and how often each thing it changed had been touched.
#[derive(Clone, Debug)]
struct Snapshot {
    site: SiteId,
    before: Box<Model>,
    touched: BTreeMap<Code, u32>,
    /// What it moved under documents.
    moved: BTreeMap<DocumentId, i64>,
    /// Labels it said something of.
    wrote: BTreeSet<Code>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) things: BTreeMap<Code, Thing>,
    replaced: BTreeMap<Code, (Code, TimeInterval)>,
    /// Labels on nothing of which somebody has said what became of them.
    pub(crate) written: BTreeMap<Code, Fate>,
    /// What each accepted operation changed: the world before it, and how often each thing had been touched after it.
    snapshots: BTreeMap<OperationId, Snapshot>,
    touches: BTreeMap<Code, u32>,
    /// Units that moved under each document.
    pub(crate) moved: BTreeMap<DocumentId, u32>,
}

type Answer = Result<(), ()>;

impl Model {
    pub(crate) fn accept(&mut self, id: OperationId, operation: &Operation) -> Answer {
        let before = self.clone();
        let answer = self.act(operation);
        if answer.is_err() {
            *self = before;
            return answer;
        }
        self.count_what_left(operation, &before);
        let touched = self.touch(&before);
        let site = operation.site;
        let had = |document: &DocumentId| before.moved.get(document).copied().unwrap_or_default();
        let difference = |(document, now): (&DocumentId, &u32)| {
            (*document, i64::from(*now) - i64::from(had(document)))
        };
        let moved = self.moved.iter().map(difference).collect();
        let said = |code: &&Code| !before.written.contains_key(*code);
        let wrote = self.written.keys().filter(said).copied().collect();
        let before = Self { snapshots: BTreeMap::new(), ..before };
        self.snapshots
            .insert(id, Snapshot { site, before: Box::new(before), touched, moved, wrote });
        Ok(())
    }

    /// What is under a document that was not before has left under it. It stays counted when it comes back, unless it
    /// goes under another document instead, or that it left is undone.
    fn count_what_left(&mut self, operation: &Operation, before: &Self) {
        if matches!(operation.action, Action::Correct(_)) {
            return;
        }
        for document in (1..=DOCUMENTS).map(DocumentId) {
            let (was, is) = (before.units_under(document), self.units_under(document));
            let moved = self.moved.entry(document).or_default();
            if is > was {
                *moved += is - was;
            } else if matches!(operation.action, Action::Reassign(_)) {
                *moved -= was - is;
            }
        }
    }

    fn count(&mut self, document: Option<DocumentId>, units: u32) {
        if let Some(document) = document {
            *self.moved.entry(document).or_default() += units;
        }
    }

    fn moved_under(&self, document: DocumentId) -> u32 {
        self.moved.get(&document).copied().unwrap_or_default()
    }

    /// What the two ledgers contradict each other about after a refusal becomes disputed here as well.
    pub(crate) fn dispute(&mut self, operation: &Operation, rejection: &Rejection) {
        let before = self.clone();
        let now = operation.at.interval();
        let (codes, document) = match (&operation.action, rejection) {
            (Action::Pack(pack), Rejection::AlreadyPacked { .. }) => (&pack.children, None),
            (Action::AddTo(add), Rejection::AlreadyPacked { .. }) => (&add.children, None),
            (Action::Ship(ship), Rejection::AlreadyShipped { .. }) => {
                (&ship.codes, Some(ship.document))
            }
            _ => return,
        };
        for code in codes {
            let Ok(code) = self.current(*code, now) else { continue };
            let Some(thing) = self.things.get_mut(&code) else { continue };
            thing.disputed |= match (document, thing.place) {
                (None, _) => thing.parent.is_some(),
                (Some(ours), Place::Shipped(by, theirs)) => by != operation.site && theirs != ours,
                (Some(_), _) => false,
            };
        }
        self.touch(&before);
    }

    /// Counts a touch for everything that differs from before.
    fn touch(&mut self, before: &Self) -> BTreeMap<Code, u32> {
        let mut touched = BTreeMap::new();
        let codes: BTreeSet<Code> =
            before.things.keys().chain(self.things.keys()).copied().collect();
        for code in codes {
            let same = before.visible(code) == self.visible(code)
                && before.units(code) == self.units(code)
                && before.children(code).len() == self.children(code).len();
            if self.touches.get(&code) != before.touches.get(&code) {
                touched.insert(code, self.touches[&code]);
            } else if !same {
                let touches = self.touches.entry(code).or_default();
                *touches += 1;
                touched.insert(code, *touches);
            }
        }
        touched
    }

    /// A thing as the ledger keeps it: its place counts on the root only.
    fn visible(&self, code: Code) -> Option<(Thing, bool)> {
        let thing = self.things.get(&code)?;
        let root = thing.parent.is_none();
        let place = if root { thing.place } else { Place::At(SiteId(0)) };
        Some((Thing { place, ..thing.clone() }, root))
    }

    fn act(&mut self, operation: &Operation) -> Answer {
        self.none_written_off(operation)?;
        let now = operation.at.interval();
        let site = operation.site;
        match &operation.action {
            Action::Commission(commission) => {
                for code in self.currents(&commission.codes, now)? {
                    match self.things.get_mut(&code) {
                        Some(thing) if thing.level == Level::Unit && !thing.real => {
                            thing.real = true;
                            let under = thing.under.take();
                            self.count(under, 1);
                        }
                        Some(_) => return Err(()),
                        None => {
                            level_of(code, Level::Unit)?;
                            self.make(code, Level::Unit, Place::At(site));
                        }
                    }
                }
                Ok(())
            }
            Action::Pack(pack) => self.pack(operation, pack, false),
            Action::Regroup(pack) => self.pack(operation, pack, true),
            Action::AddTo(add) => self.add_to(operation, add),
            Action::Unpack(unpack) => self.unpack(*unpack, now),
            Action::Relabel(relabel) => self.relabel(relabel.old, relabel.new, now),
            Action::VerifyPack(verify) => {
                let parent = self.current(verify.parent, now)?;
                self.things.get(&parent).filter(|t| t.level != Level::Unit).ok_or(())?;
                let current = |code: &Code| self.current(*code, now).unwrap_or(*code);
                let seen: BTreeSet<Code> = verify.seen.iter().map(current).collect();
                for child in self.children(parent) {
                    if seen.contains(&child) && self.things[&child].disputed {
                        self.things.get_mut(&child).unwrap().disputed = false;
                    }
                }
                // Looking at a package is a touch, although nothing else changes.
                *self.touches.entry(parent).or_default() += 1;
                Ok(())
            }
            Action::Receive(receive) => self.receive(operation, &receive.codes, receive.document),
            Action::Return(_)
            | Action::Ship(_)
            | Action::Transfer(_)
            | Action::Reassign(_)
            | Action::Count(_)
            | Action::PostCount(_)
            | Action::Sample(_)
            | Action::Destroy(_) => self.movement(operation),
            Action::WriteOff(strip) => self.write_off(operation, *strip),
            Action::OpenTask(_) | Action::Inspect(_) => Ok(()),
            Action::Correct(correct) => self.undo(correct.names, site),
            Action::Settle(settle) => {
                for code in self.currents(&settle.codes, now)? {
                    let Some(thing) = self.things.get_mut(&code) else { continue };
                    let away = matches!(thing.place, Place::Shipped(..));
                    if thing.disputed && away && operation.operator.is_none() {
                        return Err(());
                    }
                    thing.disputed = false;
                    *self.touches.entry(code).or_default() += 1;
                }
                Ok(())
            }
        }
    }

    /// A label that was scrapped or is void is on nothing, whatever anybody says; other labels of a package somebody
    /// only looks into do not matter.
    fn none_written_off(&self, operation: &Operation) -> Answer {
        let codes = match &operation.action {
            Action::VerifyPack(verify) => vec![verify.parent],
            Action::WriteOff(_) | Action::Settle(_) | Action::Inspect(_) | Action::Correct(_) => {
                vec![]
            }
            _ => crate::world::codes(operation).into_iter().collect(),
        };
        let usable = |code: &Code| !self.is_written_off(*code);
        if codes.iter().all(usable) { Ok(()) } else { Err(()) }
    }

    fn is_written_off(&self, code: Code) -> bool {
        !self.is_used(code) && matches!(self.written.get(&code), Some(Fate::Scrapped | Fate::Void))
    }

    fn is_used(&self, code: Code) -> bool {
        self.things.contains_key(&code) || self.replaced.contains_key(&code)
    }

    fn write_off(&mut self, operation: &Operation, strip: WriteOff) -> Answer {
        let codes = between(strip.first, strip.last).ok_or(())?;
        let free = |code: &Code| !self.is_used(*code) && !self.written.contains_key(code);
        let right = match strip.fate {
            Fate::Scrapped | Fate::Returned => codes.iter().all(free),
            Fate::Void => operation.operator.is_some() && operation.at.wall.millis() >= VOID_FROM,
        };
        if !right || codes.len() != strip.count as usize {
            return Err(());
        }
        let unaccounted: Vec<Code> = codes.into_iter().filter(free).collect();
        self.written.extend(unaccounted.into_iter().map(|code| (code, strip.fate)));
        Ok(())
    }

    /// A thing that is not gone.
    fn there(&self, code: Code) -> Result<&Thing, ()> {
        let thing = self.things.get(&code).ok_or(())?;
        if matches!(thing.place, Place::Gone(..)) { Err(()) } else { Ok(thing) }
    }

    fn undo(&mut self, names: OperationId, here: SiteId) -> Answer {
        let Snapshot { site, before, touched, moved, wrote } =
            self.snapshots.get(&names).cloned().ok_or(())?;
        if site != here
            || touched.iter().any(|(code, touches)| self.touches.get(code) != Some(touches))
        {
            return Err(());
        }
        if touched.keys().any(|code| before.things.contains_key(code) && self.is_written_off(*code))
        {
            return Err(());
        }
        self.written.retain(|code, _| !wrote.contains(code));
        for (document, units) in moved {
            let now = self.moved.entry(document).or_default();
            *now = u32::try_from(i64::from(*now) - units).unwrap();
        }
        for code in touched.keys() {
            match before.things.get(code) {
                Some(thing) => self.things.insert(*code, thing.clone()),
                None => self.things.remove(code),
            };
            match before.replaced.get(code) {
                Some(by) => self.replaced.insert(*code, *by),
                None => self.replaced.remove(code),
            };
        }
        let roots = self.things.iter().filter(|(_, thing)| thing.parent.is_none());
        let places: Vec<(Code, Place)> = roots.map(|(code, thing)| (*code, thing.place)).collect();
        for (root, place) in places {
            self.move_all(root, place);
        }
        Ok(())
    }

    fn announce(&mut self, code: Code, place: Place) -> Answer {
        let Presence::Absent(issued) = issued(code) else { return Err(()) };
        self.make(code, issued.level, place);
        self.things.get_mut(&code).unwrap().real = false;
        Ok(())
    }

    fn make(&mut self, code: Code, level: Level, place: Place) {
        let thing = Thing { level, parent: None, place, real: true, disputed: false, under: None };
        self.things.insert(code, thing);
    }

    fn go(&mut self, code: Code, place: Place) {
        if let Some(parent) = self.things[&code].parent {
            self.leave(code, parent);
        }
        self.move_all(code, place);
    }

    fn leave(&mut self, code: Code, parent: Code) {
        self.things.get_mut(&code).unwrap().parent = None;
        self.drop_emptied(Some(parent));
    }

    fn drop_emptied(&mut self, mut package: Option<Code>) {
        while let Some(code) = package.filter(|code| self.children(*code).is_empty()) {
            package = self.things.remove(&code).and_then(|thing| thing.parent);
        }
    }

    fn move_all(&mut self, code: Code, place: Place) {
        self.things.get_mut(&code).unwrap().place = place;
        for child in self.children(code) {
            self.move_all(child, place);
        }
    }

    fn currents(&self, codes: &[Code], now: TimeInterval) -> Result<Vec<Code>, ()> {
        let current = |code: &Code| self.current(*code, now);
        let currents = codes.iter().map(current).collect::<Result<Vec<Code>, ()>>()?;
        let distinct: BTreeSet<&Code> = currents.iter().collect();
        if distinct.len() == codes.len() { Ok(currents) } else { Err(()) }
    }

    fn current(&self, mut code: Code, now: TimeInterval) -> Result<Code, ()> {
        while let Some((by, at)) = self.replaced.get(&code) {
            if !now.before(*at) {
                return Err(());
            }
            code = *by;
        }
        Ok(code)
    }

    pub(crate) fn children(&self, parent: Code) -> Vec<Code> {
        let inside = self.things.iter().filter(|(_, thing)| thing.parent == Some(parent));
        inside.map(|(code, _)| *code).collect()
    }

    pub(crate) fn units(&self, code: Code) -> u32 {
        match self.things.get(&code) {
            Some(thing) if thing.level == Level::Unit => u32::from(thing.real),
            Some(_) => self.children(code).into_iter().map(|child| self.units(child)).sum(),
            None => 0,
        }
    }

    fn units_under(&self, document: DocumentId) -> u32 {
        let left = |thing: &&Thing| {
            let under = match thing.place {
                Place::Sent(_, by) | Place::Shipped(_, by) => Some(by),
                Place::At(_) | Place::Lost(_) | Place::Gone(..) => None,
            };
            thing.level == Level::Unit && thing.real && under == Some(document)
        };
        u32::try_from(self.things.values().filter(left).count()).unwrap()
    }
}

/// What was lost, or sent here, is here when somebody holds it.
fn here_if_found(place: Place, here: SiteId) -> Place {
    match place {
        Place::Lost(_) | Place::Sent(..) => Place::At(here),
        Place::At(_) | Place::Shipped(..) | Place::Gone(..) => place,
    }
}

fn level_of(code: Code, level: Level) -> Answer {
    match issued(code) {
        Presence::Absent(issued) if issued.level == level => Ok(()),
        _ => Err(()),
    }
}
