//! A deliberately naive ledger: every item carries its own place, contents are counted by walking, nothing is shared.
//! It knows the rules in plain words and no cleverness; `judge` must agree with it.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperationId, SiteId};
use sealtrace_protocol::ledger::{Action, Level, Operation, Presence, Rejection, Unpack};
use sealtrace_protocol::time::TimeInterval;

use crate::world::{DEMAND, issued, plan, route};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    At(SiteId),
    Shipped(SiteId, DocumentId),
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
    /// What it counted under inbound documents.
    counted: BTreeMap<DocumentId, u32>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) things: BTreeMap<Code, Thing>,
    replaced: BTreeMap<Code, (Code, TimeInterval)>,
    /// What each accepted operation changed: the world before it, and how often each thing had been touched after it.
    snapshots: BTreeMap<OperationId, Snapshot>,
    touches: BTreeMap<Code, u32>,
    /// Units that came in under each document.
    pub(crate) received: BTreeMap<DocumentId, u32>,
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
        let touched = self.touch(&before);
        let site = operation.site;
        let had = |document| before.received.get(document).copied().unwrap_or_default();
        let more = self.received.iter().filter(|(document, now)| **now > had(document));
        let counted = more.map(|(document, now)| (*document, now - had(document))).collect();
        self.snapshots.insert(id, Snapshot { site, before: Box::new(before), touched, counted });
        Ok(())
    }

    fn count(&mut self, document: Option<DocumentId>, units: u32) {
        if let Some(document) = document {
            *self.received.entry(document).or_default() += units;
        }
    }

    /// What the two ledgers contradict each other about after a refusal becomes disputed here as well.
    pub(crate) fn dispute(&mut self, operation: &Operation, rejection: &Rejection) {
        let before = self.clone();
        let now = operation.at.interval();
        let (codes, document) = match (&operation.action, rejection) {
            (Action::Pack(pack), Rejection::AlreadyPacked { .. }) => (&pack.children, None),
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
                (Some(_), Place::At(_)) => false,
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
            Action::Pack(pack) => {
                let planned = pack.made.is_some();
                let holds = plan().holds(pack.level).ok_or(())?;
                let count = u32::try_from(pack.children.len()).unwrap();
                if planned && (count > holds || (count < holds && pack.partial.is_none())) {
                    return Err(());
                }
                self.pack(operation, pack.parent, pack.level, &pack.children, planned)
            }
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
            Action::Ship(ship) => self.ship(operation, &ship.codes, ship.document),
            Action::Reassign(reassign) => {
                if site_of(reassign.to) != site || reassign.from == reassign.to {
                    return Err(());
                }
                for code in self.currents(&reassign.codes, now)? {
                    let thing = self.things.get(&code).filter(|thing| !thing.disputed).ok_or(())?;
                    if thing.place != Place::Shipped(site, reassign.from) {
                        return Err(());
                    }
                    if self.shipped_units(reassign.to) + self.units(code) > DEMAND {
                        return Err(());
                    }
                    self.go(code, Place::Shipped(site, reassign.to));
                }
                Ok(())
            }
            Action::Inspect(_) => Ok(()),
            Action::Correct(correct) => self.undo(correct.names, site),
        }
    }

    fn receive(
        &mut self,
        operation: &Operation,
        codes: &[Code],
        document: Option<DocumentId>,
    ) -> Answer {
        let here = operation.site;
        if document.is_some_and(|document| site_of(document) != here) {
            return Err(());
        }
        for code in self.currents(codes, operation.at.interval())? {
            match self.things.get(&code).map(|thing| thing.place) {
                None => self.announce(code, Place::At(here))?,
                Some(Place::At(there)) if there != here => self.go(code, Place::At(here)),
                Some(_) => return Err(()),
            }
            let units = self.units(code);
            self.count(document, units);
            let over = document.is_some_and(|document| self.received[&document] > DEMAND);
            if units > 0 && over {
                return Err(());
            }
            let thing = self.things.get_mut(&code).unwrap();
            if !thing.real && document.is_some() {
                thing.under = document;
            }
        }
        Ok(())
    }

    fn unpack(&mut self, unpack: Unpack, now: TimeInterval) -> Answer {
        match unpack {
            Unpack::Whole(code) => {
                let code = self.current(code, now)?;
                let package = self.things.get(&code).filter(|t| t.level != Level::Unit).ok_or(())?;
                let parent = package.parent;
                for child in self.children(code) {
                    let child = self.things.get_mut(&child).unwrap();
                    (child.parent, child.disputed) = (None, false);
                }
                self.things.remove(&code);
                self.drop_emptied(parent);
            }
            Unpack::Child(code) => {
                let code = self.current(code, now)?;
                let parent = self.things.get(&code).and_then(|thing| thing.parent).ok_or(())?;
                self.things.get_mut(&code).unwrap().disputed = false;
                self.leave(code, parent);
            }
        }
        Ok(())
    }

    fn undo(&mut self, names: OperationId, here: SiteId) -> Answer {
        let Snapshot { site, before, touched, counted } =
            self.snapshots.get(&names).cloned().ok_or(())?;
        if site != here
            || touched.iter().any(|(code, touches)| self.touches.get(code) != Some(touches))
        {
            return Err(());
        }
        for (document, units) in counted {
            *self.received.get_mut(&document).unwrap() -= units;
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

    fn pack(
        &mut self,
        operation: &Operation,
        parent: Code,
        level: Level,
        children: &[Code],
        planned: bool,
    ) -> Answer {
        let now = operation.at.interval();
        let parent = self.current(parent, now)?;
        level_of(parent, level)?;
        if self.things.get(&parent).is_some_and(|thing| thing.real || thing.disputed) {
            return Err(());
        }
        let mut place = None;
        for child in self.currents(children, now)? {
            if planned {
                level_of(child, plan().child_level(level).unwrap())?;
            }
            match self.things.get(&child) {
                None if planned && level == Level::Case => {
                    self.make(child, Level::Unit, Place::At(operation.site));
                }
                None => return Err(()),
                Some(thing) => {
                    let shipped = matches!(thing.place, Place::Shipped(..));
                    if thing.level >= level || thing.disputed || thing.parent.is_some() || shipped {
                        return Err(());
                    }
                    if planned && thing.level == Level::Unit && !thing.real {
                        let (place, under) = (thing.place, thing.under);
                        self.make(child, Level::Unit, place);
                        self.count(under, 1);
                    }
                }
            }
            let there = self.things[&child].place;
            if *place.get_or_insert(there) != there {
                return Err(());
            }
            self.things.get_mut(&child).unwrap().parent = Some(parent);
        }
        if !self.things.contains_key(&parent) {
            self.make(parent, level, place.unwrap());
        }
        let package = self.things.get_mut(&parent).unwrap();
        package.real = true;
        let under = package.under.take();
        for child in self.children(parent) {
            let units = self.units(child);
            self.count(under, units);
            let thing = self.things.get_mut(&child).unwrap();
            if !thing.real {
                thing.under = thing.under.or(under);
            }
        }
        let place = self.things[&parent].place;
        self.move_all(parent, place);
        Ok(())
    }

    fn relabel(&mut self, old: Code, new: Code, now: TimeInterval) -> Answer {
        let current = self.current(old, now)?;
        if old == new || self.things.contains_key(&new) || self.replaced.contains_key(&new) {
            return Err(());
        }
        let thing = self.things.get(&current).filter(|thing| !thing.disputed).cloned().ok_or(())?;
        level_of(new, thing.level)?;
        for child in self.children(current) {
            self.things.get_mut(&child).unwrap().parent = Some(new);
        }
        self.things.remove(&current);
        self.things.insert(new, thing);
        self.replaced.insert(current, (new, now));
        Ok(())
    }

    fn ship(&mut self, operation: &Operation, codes: &[Code], document: DocumentId) -> Answer {
        let from = site_of(document);
        if from != operation.site {
            return Err(());
        }
        let already = self.shipped_units(document);
        let mut load = 0;
        for code in self.currents(codes, operation.at.interval())? {
            match self.things.get(&code) {
                None => self.announce(code, Place::Shipped(from, document))?,
                Some(thing) if thing.disputed => return Err(()),
                Some(Thing { place: Place::Shipped(by, earlier), .. })
                    if *by != from || *earlier == document =>
                {
                    return Err(());
                }
                Some(_) => {
                    load += self.units(code);
                    if already + load > DEMAND {
                        return Err(());
                    }
                    self.go(code, Place::Shipped(from, document));
                }
            }
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
        let distinct: BTreeSet<&Code> = codes.iter().collect();
        if distinct.len() != codes.len() {
            return Err(());
        }
        codes.iter().map(|code| self.current(*code, now)).collect()
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

    pub(crate) fn shipped_units(&self, document: DocumentId) -> u32 {
        let shipped = |thing: &Thing| {
            thing.level == Level::Unit
                && thing.real
                && matches!(thing.place, Place::Shipped(_, under) if under == document)
        };
        u32::try_from(self.things.values().filter(|thing| shipped(thing)).count()).unwrap()
    }
}

/// The site whose people work on a document.
fn site_of(document: DocumentId) -> SiteId {
    route(document).sites().next().unwrap()
}

fn level_of(code: Code, level: Level) -> Answer {
    match issued(code) {
        Presence::Absent(issued) if issued.level == level => Ok(()),
        _ => Err(()),
    }
}
