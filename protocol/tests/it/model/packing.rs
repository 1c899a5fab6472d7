//! Putting together and taking apart, naively.

use super::*;

impl Model {
    pub(super) fn unpack(&mut self, unpack: Unpack, now: TimeInterval) -> Answer {
        match unpack {
            Unpack::Whole(code) => {
                let code = self.current(code, now)?;
                let package = self.there(code)?;
                if package.level == Level::Unit {
                    return Err(());
                }
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
                let parent = self.there(code)?.parent.ok_or(())?;
                self.things.get_mut(&code).unwrap().disputed = false;
                self.leave(code, parent);
            }
        }
        Ok(())
    }

    pub(super) fn pack(&mut self, operation: &Operation, pack: &Pack, regroup: bool) -> Answer {
        let (now, planned) = (operation.at.interval(), pack.made.is_some());
        let holds = plan().holds(pack.level).ok_or(())?;
        let count = u32::try_from(pack.children.len()).unwrap();
        if planned && (count > holds || (count < holds && pack.partial.is_none())) {
            return Err(());
        }
        if pack.partial == Some(PartialReason::Shortage) && operation.operator.is_none() {
            return Err(());
        }
        let parent = self.current(pack.parent, now)?;
        level_of(parent, pack.level)?;
        if let Some(thing) = self.things.get(&parent).cloned() {
            let away = matches!(thing.place, Place::Shipped(..) | Place::Lost(_));
            if thing.real && is_carrier(parent) && away && thing.parent.is_none() {
                self.unpack(Unpack::Whole(parent), now)?;
            } else if thing.real || thing.disputed {
                return Err(());
            }
        }
        let children = self.currents(&pack.children, now)?;
        let place = self.gather(operation, parent, pack.level, &children, planned, regroup)?;
        if !self.things.contains_key(&parent) {
            self.make(parent, pack.level, place);
        }
        for child in &children {
            self.things.get_mut(child).unwrap().parent = Some(parent);
        }
        let package = self.things.get_mut(&parent).unwrap();
        package.real = true;
        let under = package.under.take();
        for child in children {
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

    pub(super) fn add_to(&mut self, operation: &Operation, add: &AddTo) -> Answer {
        let (now, planned) = (operation.at.interval(), add.made.is_some());
        let parent = self.current(add.parent, now)?;
        let package = self.things.get(&parent).filter(|thing| !thing.disputed).cloned().ok_or(())?;
        let shipped = matches!(package.place, Place::Shipped(..));
        if package.level == Level::Unit || shipped {
            return Err(());
        }
        self.at_hand(&package, operation.site)?;
        let count = u32::try_from(self.children(parent).len() + add.children.len()).unwrap();
        if planned && count > plan().holds(package.level).unwrap() {
            return Err(());
        }
        let children = self.currents(&add.children, now)?;
        let level = package.level;
        let place = self.gather(operation, parent, level, &children, planned, false)?;
        let mut root = parent;
        while let Some(outer) = self.things[&root].parent {
            root = outer;
        }
        if place != here_if_found(self.things[&root].place, operation.site) {
            return Err(());
        }
        for child in children {
            self.things.get_mut(&child).unwrap().parent = Some(parent);
        }
        self.move_all(root, place);
        Ok(())
    }

    /// Children ready to go into a package, and where they are.
    pub(super) fn gather(
        &mut self,
        operation: &Operation,
        parent: Code,
        level: Level,
        children: &[Code],
        planned: bool,
        regroup: bool,
    ) -> Result<Place, ()> {
        let here = operation.site;
        let mut place = None;
        for child in children.iter().copied() {
            if planned {
                level_of(child, plan().child_level(level).unwrap())?;
            }
            match self.things.get(&child).cloned() {
                None if planned && level == Level::Case => {
                    self.make(child, Level::Unit, Place::At(here));
                }
                None => return Err(()),
                Some(thing) => {
                    let shipped = matches!(thing.place, Place::Shipped(..));
                    if thing.level >= level || thing.disputed || shipped {
                        return Err(());
                    }
                    self.at_hand(&thing, here)?;
                    match thing.parent {
                        Some(from) if regroup && from != parent => self.leave(child, from),
                        Some(_) => return Err(()),
                        None => {}
                    }
                    if planned && thing.level == Level::Unit && !thing.real {
                        self.make(child, Level::Unit, thing.place);
                        self.count(thing.under, 1);
                    }
                }
            }
            let there = here_if_found(self.things[&child].place, here);
            if *place.get_or_insert(there) != there {
                return Err(());
            }
        }
        if children.iter().any(|child| !self.things.contains_key(child)) {
            return Err(());
        }
        place.ok_or(())
    }

    pub(super) fn relabel(&mut self, old: Code, new: Code, now: TimeInterval) -> Answer {
        let current = self.current(old, now)?;
        if old == new || self.things.contains_key(&new) || self.replaced.contains_key(&new) {
            return Err(());
        }
        let thing = self.there(current)?.clone();
        if thing.disputed {
            return Err(());
        }
        level_of(new, thing.level)?;
        for child in self.children(current) {
            self.things.get_mut(&child).unwrap().parent = Some(new);
        }
        self.things.remove(&current);
        self.things.insert(new, thing);
        self.replaced.insert(current, (new, now));
        Ok(())
    }
}
