//! Coming and going, naively.

use super::*;

impl Model {
    pub(super) fn movement(&mut self, operation: &Operation) -> Answer {
        let (now, site) = (operation.at.interval(), operation.site);
        match &operation.action {
            Action::Return(back) => self.take_back(operation, back),
            Action::Ship(ship) => match route(ship.document) {
                Route::Outbound { from, .. } if from == site => {
                    self.leave_under(operation, &ship.codes, ship.document, Place::Shipped)
                }
                _ => Err(()),
            },
            Action::Transfer(transfer) => match route(transfer.document) {
                Route::Transfer { from, .. } if from == site => {
                    self.leave_under(operation, &transfer.codes, transfer.document, Place::Sent)
                }
                _ => Err(()),
            },
            Action::Count(count) => {
                if route(count.document) != (Route::Count { at: site }) {
                    return Err(());
                }
                for code in self.currents(&count.codes, now)? {
                    self.things.get(&code).ok_or(())?;
                    *self.touches.entry(code).or_default() += 1;
                }
                Ok(())
            }
            Action::PostCount(post) => {
                let at = Route::Count { at: site };
                if route(post.document) != at || operation.operator.is_none() {
                    return Err(());
                }
                for code in self.currents(&post.found, now)? {
                    let thing = self.things.get(&code).ok_or(())?;
                    if matches!(thing.place, Place::Gone(..)) {
                        return Err(());
                    }
                    self.go(code, Place::At(site));
                    self.things.get_mut(&code).unwrap().disputed = false;
                }
                for code in self.currents(&post.lost, now)? {
                    self.things.get(&code).filter(|t| t.place == Place::At(site)).ok_or(())?;
                    self.go(code, Place::Lost(site));
                }
                Ok(())
            }
            Action::Sample(sample) => self.end(operation, &sample.codes, Ending::Sampled),
            Action::Destroy(destroy) => self.end(operation, &destroy.codes, Ending::Destroyed),
            Action::Reassign(reassign) => {
                let (from, to) = (reassign.from, reassign.to);
                if !matches!(route(to), Route::Outbound { from, .. } if from == site) || from == to
                {
                    return Err(());
                }
                let mut load = 0;
                for code in self.currents(&reassign.codes, now)? {
                    let thing = self.things.get(&code).filter(|thing| !thing.disputed).ok_or(())?;
                    if thing.place != Place::Shipped(site, from) {
                        return Err(());
                    }
                    self.takes(to, &mut load, code)?;
                    self.go(code, Place::Shipped(site, to));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn receive(
        &mut self,
        operation: &Operation,
        codes: &[Code],
        document: Option<DocumentId>,
    ) -> Answer {
        let here = operation.site;
        let counted = match document.map(route) {
            None => None,
            Some(Route::Inbound { to, .. }) if to == here => document,
            Some(Route::Transfer { to, .. }) if to == here => None,
            Some(_) => return Err(()),
        };
        for code in self.currents(codes, operation.at.interval())? {
            match self.things.get(&code).map(|thing| thing.place) {
                Some(Place::At(there)) if there == here => return Err(()),
                Some(Place::Shipped(..) | Place::Gone(..)) => return Err(()),
                _ => self.arrive(code, here, counted)?,
            }
        }
        Ok(())
    }

    pub(super) fn take_back(&mut self, operation: &Operation, back: &Return) -> Answer {
        let here = operation.site;
        let fits = Route::Return { from: back.from, to: here };
        if back.document.is_some_and(|document| route(document) != fits) {
            return Err(());
        }
        for code in self.currents(&back.codes, operation.at.interval())? {
            if back.opened {
                level_of(code, Level::Unit)?;
            }
            if self.things.get(&code).is_some_and(|t| matches!(t.place, Place::Gone(..))) {
                return Err(());
            }
            self.arrive(code, here, back.document)?;
        }
        Ok(())
    }

    /// Something comes in and counts under a document.
    pub(super) fn arrive(
        &mut self,
        code: Code,
        here: SiteId,
        document: Option<DocumentId>,
    ) -> Answer {
        if self.things.contains_key(&code) {
            self.go(code, Place::At(here));
        } else {
            self.announce(code, Place::At(here))?;
        }
        self.things.get_mut(&code).unwrap().disputed = false;
        let units = self.units(code);
        self.count(document, units);
        if units > 0 && document.is_some_and(|document| self.moved[&document] > DEMAND) {
            return Err(());
        }
        let thing = self.things.get_mut(&code).unwrap();
        if !thing.real && document.is_some() {
            thing.under = document;
        }
        Ok(())
    }

    pub(super) fn end(&mut self, operation: &Operation, codes: &[Code], how: Ending) -> Answer {
        let here = operation.site;
        for code in self.currents(codes, operation.at.interval())? {
            match self.things.get(&code) {
                None => self.announce(code, Place::Gone(here, how))?,
                Some(thing) if thing.disputed || matches!(thing.place, Place::Shipped(..)) => {
                    return Err(());
                }
                Some(thing) => {
                    self.at_hand(thing, here)?;
                    self.go(code, Place::Gone(here, how));
                }
            }
        }
        Ok(())
    }

    /// Nobody holds what is gone, or what is on its way somewhere else.
    pub(super) fn at_hand(&self, thing: &Thing, here: SiteId) -> Answer {
        match thing.place {
            Place::Gone(..) => Err(()),
            Place::Sent(_, document) => match route(document) {
                Route::Transfer { to, .. } if to == here => Ok(()),
                _ => Err(()),
            },
            Place::At(_) | Place::Shipped(..) | Place::Lost(_) => Ok(()),
        }
    }

    pub(super) fn leave_under(
        &mut self,
        operation: &Operation,
        codes: &[Code],
        document: DocumentId,
        place: fn(SiteId, DocumentId) -> Place,
    ) -> Answer {
        let from = operation.site;
        let mut load = 0;
        for code in self.currents(codes, operation.at.interval())? {
            match self.things.get(&code) {
                None => self.announce(code, place(from, document))?,
                Some(thing) if thing.disputed => return Err(()),
                Some(Thing { place: Place::Shipped(by, earlier), .. })
                    if *by != from || *earlier == document =>
                {
                    return Err(());
                }
                Some(thing) => {
                    self.at_hand(thing, from)?;
                    self.takes(document, &mut load, code)?;
                    self.go(code, place(from, document));
                }
            }
        }
        Ok(())
    }

    /// The document still asks for what is loaded.
    pub(super) fn takes(&self, document: DocumentId, load: &mut u32, code: Code) -> Answer {
        let units = self.units(code);
        *load += units;
        if units > 0 && self.moved_under(document) + *load > DEMAND { Err(()) } else { Ok(()) }
    }
}
