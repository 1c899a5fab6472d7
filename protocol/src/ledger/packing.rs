//! Putting together: Pack, AddTo, Regroup.

use alloc::vec::Vec;

use super::action::{AddTo, Pack, PartialReason};
use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Contents, Custody, Item, Level, State};
use super::making::{contents_are, label_fits, level_is, product_is, task, unit, unit_fits};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::plan::{HOLDS_MAX, Task};
use super::rejection::Rejection;
use super::terms::Role;
use super::unpacking;
use crate::code::Code;

/// Children go into a package that begins with it, or that was announced by its movement.
pub(super) fn pack(
    operation: &Operation,
    pack: &Pack,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    begin(operation, pack, facts, From::Loose)
}

/// The same with what may be in other packages now: it leaves them, and those left empty end.
pub(super) fn regroup(
    operation: &Operation,
    regroup: &Pack,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    begin(operation, regroup, facts, From::Packages)
}

/// More goes into a package that is there. It stays in the package it is in.
pub(super) fn add_to(
    operation: &Operation,
    add: &AddTo,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let made = add.made.as_ref();
    let task = made.map(|made| task(operation, made, Some(add.parent), facts)).transpose()?;
    approved(add.mixed_lots, facts)?;
    let mut pending = Pending::new(operation, facts);
    let code = pending.current(add.parent)?;
    let parent = match pending.find(code)? {
        Found::InUse(item) => item,
        Found::Idle(_) => return Err(Rejection::NotInUse { code }),
        Found::Untold(issued) => {
            pending.notice(Notice::Provisional { code });
            pending.begin(code, issued.level, State::Announced { under: None })
        }
        // Not even its level is known: the cloud will tell whether this fits.
        Found::Unknown => {
            pending.notice(Notice::Provisional { code });
            return Ok(pending.effects());
        }
    };
    if parent.level == Level::Unit {
        return Err(Rejection::NotAPackage { code });
    }
    if parent.disputed {
        return Err(Rejection::Disputed { code });
    }
    pending.at_hand(&parent)?;
    let place = pending.place(&parent);
    if let Custody::Shipped { to, document, .. } = place {
        return Err(Rejection::AlreadyShipped { code, to, document });
    }
    let joining = Joining {
        parent: code,
        level: parent.level,
        children: &add.children,
        inside: parent.children,
        partial: true,
        task,
        any_lot: add.mixed_lots,
        from: From::Loose,
    };
    let (joined, at) = joining.join(&mut pending, &parent.contents)?;
    if let Some(child) = joined.first().filter(|_| at != Some(place)) {
        return Err(Rejection::CustodyDiffers { code: child.code, parent: code });
    }
    put_inside(&mut pending, parent, joined);
    pending.found_at(code, place);
    Ok(pending.effects())
}

/// Where children come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// They are in no package.
    Loose,
    /// They may leave the packages they are in.
    Packages,
}

fn begin(
    operation: &Operation,
    pack: &Pack,
    facts: &Facts,
    from: From,
) -> Result<Effects, Rejection> {
    let made = pack.made.as_ref();
    let task = made.map(|made| task(operation, made, Some(pack.parent), facts)).transpose()?;
    approved(pack.mixed_lots || pack.partial == Some(PartialReason::Shortage), facts)?;
    let mut pending = Pending::new(operation, facts);
    let mut parent = open_parent(&mut pending, pack)?;
    let joining = Joining {
        parent: parent.code,
        level: pack.level,
        children: &pack.children,
        inside: 0,
        partial: pack.partial.is_some(),
        task,
        any_lot: pack.mixed_lots,
        from,
    };
    let (joined, place) = joining.join(&mut pending, &Contents::none())?;
    settle(&mut pending, &mut parent, place);
    let announced = core::mem::replace(&mut parent.state, State::Active);
    if let State::Announced { under: Some(document) } = announced {
        for child in &joined {
            pending.count(document, &child.contents);
        }
    }
    let under = match announced {
        State::Announced { under } => under,
        State::Free | State::Active | State::Replaced { .. } => None,
    };
    // What came in before anything was heard of it counts where its package came in.
    let inherit = |mut child: Item| {
        if let State::Announced { under: own } = child.state {
            child.state = State::Announced { under: own.or(under) };
        }
        child
    };
    put_inside(&mut pending, parent, joined.into_iter().map(inherit).collect());
    Ok(pending.effects())
}

/// What an operator may not do alone was done or approved by somebody who may.
fn approved(asks: bool, facts: &Facts) -> Result<(), Rejection> {
    if !asks || facts.approved() {
        Ok(())
    } else {
        Err(Rejection::RoleNotPermitted { needs: Role::Supervisor })
    }
}

/// Children are in their package from now on, and the packages above hold more.
fn put_inside(pending: &mut Pending<'_>, mut parent: Item, children: Vec<Item>) {
    let code = parent.code;
    let mut contents = Contents::none();
    for child in children {
        contents.add(&child.contents);
        parent.children = parent.children.saturating_add(1);
        pending.put(Item { parent: Some(code), custody: None, ..child });
    }
    pending.put(parent);
    pending.change_contents(code, |have| have.add(&contents));
}

/// The package to fill: it must not be in use, unless only its movement is known so far. A carrier that was sent away
/// loaded and is here again was emptied where nobody scanned it.
fn open_parent(pending: &mut Pending<'_>, pack: &Pack) -> Result<Item, Rejection> {
    let code = pending.current(pack.parent)?;
    if pack.level == Level::Unit {
        return Err(Rejection::NotAPackage { code });
    }
    let parent = match pending.find(code)? {
        Found::InUse(item) if item.is_announced() => item,
        Found::InUse(item) if is_returned_carrier(pending, &item) => {
            pending.notice(Notice::ImpliedUnpack { code });
            let level = item.level;
            let facts = pending.facts;
            unpacking::whole(pending, item, facts)?;
            pending.begin(code, level, State::Active)
        }
        Found::InUse(_) => return Err(Rejection::AlreadyInUse { code }),
        Found::Idle(issued) | Found::Untold(issued) => {
            if let Some(made) = &pack.made {
                product_is(code, issued.product, made.product)?;
            }
            level_is(code, issued.level, pack.level)?;
            pending.begin(code, issued.level, State::Active)
        }
        Found::Unknown => {
            pending.notice(Notice::Provisional { code });
            pending.begin(code, pack.level, State::Active)
        }
    };
    level_is(code, parent.level, pack.level)?;
    if parent.disputed { Err(Rejection::Disputed { code }) } else { Ok(parent) }
}

fn is_returned_carrier(pending: &Pending<'_>, item: &Item) -> bool {
    pending.facts.issued(item.code).is_some_and(|issued| issued.carrier)
        && item.parent.is_none()
        && matches!(item.custody, Some(Custody::Shipped { .. } | Custody::Lost { .. }))
}

/// The package is where its children are. One that moved before its packing was heard of stays where it has got to;
/// what was packed elsewhere was received there, or where it left, without a scan.
fn settle(pending: &mut Pending<'_>, parent: &mut Item, children: Option<Custody>) {
    let Some(reached) = pending.custody(parent) else {
        parent.custody = children;
        return;
    };
    let first = reached.site();
    match children {
        Some(Custody::At(from)) if from != first => {
            pending.notice(Notice::ImpliedReceipt { code: parent.code, from });
        }
        Some(_) | None => {}
    }
}

/// What goes into which package, and by which rules.
struct Joining<'a> {
    parent: Code,
    level: Level,
    children: &'a [Code],
    /// How many are inside already.
    inside: u32,
    /// It may hold less than its plan says.
    partial: bool,
    task: Option<&'a Task>,
    any_lot: bool,
    from: From,
}

impl Joining<'_> {
    /// The children as they may go in, and where all of them are. `contents` is what is inside already.
    fn join(
        &self,
        pending: &mut Pending<'_>,
        contents: &Contents,
    ) -> Result<(Vec<Item>, Option<Custody>), Rejection> {
        let child_level = self.check_count()?;
        let mut place = None;
        let mut joined = Vec::with_capacity(self.children.len());
        for child in pending.distinct(self.children)? {
            if child == self.parent {
                return Err(Rejection::ScannedTwice { code: child });
            }
            let item = self.child(pending, child, child_level)?;
            let at = pending.place(&item);
            if *place.get_or_insert(at) != at {
                return Err(Rejection::CustodyDiffers { code: child, parent: self.parent });
            }
            pending.put(item);
            joined.push(child);
        }
        // As they are now that all have left where they were: one may have come out of another.
        let now = |code: Code| {
            let item = pending.item(code).filter(|item| item.is_in_use()).cloned();
            item.ok_or(Rejection::NotInUse { code })
        };
        let joined = joined.into_iter().map(now).collect::<Result<Vec<Item>, _>>()?;
        self.check_mix(contents, &joined)?;
        Ok((joined, place))
    }

    /// Checks the number of children against the plan and says which level they must be.
    fn check_count(&self) -> Result<Option<Level>, Rejection> {
        let parent = self.parent;
        let more = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        if more == 0 {
            return Err(Rejection::Nothing { parent });
        }
        let count = self.inside.saturating_add(more);
        let too_many = |holds| Err(Rejection::TooMany { parent, holds, count });
        let Some(task) = self.task else {
            return if count > HOLDS_MAX { too_many(HOLDS_MAX) } else { Ok(None) };
        };
        let plan = &task.plan;
        let (Some(holds), Some(child_level)) =
            (plan.holds(self.level), plan.child_level(self.level))
        else {
            return Err(Rejection::NotInPlan { level: self.level });
        };
        if count > holds {
            return too_many(holds);
        }
        if count < holds && !self.partial {
            return Err(Rejection::TooFew { parent, holds, count });
        }
        Ok(Some(child_level))
    }

    /// A package that mixes products holds no more of one than its plan says; when it is full, it then holds as many.
    fn check_mix(&self, contents: &Contents, children: &[Item]) -> Result<(), Rejection> {
        let Some(task) = self.task else { return Ok(()) };
        if task.plan.child_level(self.level) != Some(Level::Unit) {
            return Ok(());
        }
        let mut all = contents.clone();
        for child in children {
            all.add(&child.contents);
        }
        for part in task.plan.parts() {
            let of_it = all.iter().filter(|content| content.product == part.product);
            let count = of_it.fold(0_u32, |sum, content| sum.saturating_add(content.units));
            if count > part.units {
                let (parent, product, holds) = (self.parent, part.product, part.units);
                return Err(Rejection::WrongMix { parent, product, holds, count });
            }
        }
        Ok(())
    }

    /// One child as it may go in: in use and whole, and in no other package unless it may leave it; or a unit that
    /// begins now.
    fn child(
        &self,
        pending: &mut Pending<'_>,
        code: Code,
        level: Option<Level>,
    ) -> Result<Item, Rejection> {
        let item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(issued) => {
                self.level_fits(code, issued.level, level)?;
                return match self.task {
                    Some(task) if issued.level == Level::Unit => {
                        unit_fits(code, issued.product, task)?;
                        Ok(unit(pending, code, issued.product, task))
                    }
                    _ => Err(Rejection::NotInUse { code }),
                };
            }
            Found::Untold(issued) => {
                self.level_fits(code, issued.level, level)?;
                if let Some(task) = self.task {
                    label_fits(code, issued, task)?;
                    if issued.level == Level::Unit {
                        return Ok(unit(pending, code, issued.product, task));
                    }
                }
                // Packed somewhere else, if at all: what is in it will follow.
                pending.notice(Notice::Provisional { code });
                return Ok(pending.begin(code, issued.level, State::Announced { under: None }));
            }
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                let announced = State::Announced { under: None };
                return match (self.task, level) {
                    (Some(task), Some(Level::Unit)) => Ok(unit(pending, code, None, task)),
                    (_, Some(level)) => Ok(pending.begin(code, level, announced)),
                    (_, None) => Err(Rejection::NotInUse { code }),
                };
            }
        };
        self.level_fits(code, item.level, level)?;
        self.known(pending, item)
    }

    /// The same for a child that is in the ledger.
    fn known(&self, pending: &mut Pending<'_>, mut item: Item) -> Result<Item, Rejection> {
        let code = item.code;
        if item.disputed {
            return Err(Rejection::Disputed { code });
        }
        let stays = |parent: &Code| self.from == From::Loose || *parent == self.parent;
        if let Some(parent) = item.parent.filter(stays) {
            return Err(Rejection::AlreadyPacked { code, parent });
        }
        pending.at_hand(&item)?;
        if let Custody::Shipped { to, document, .. } = pending.place(&item) {
            return Err(Rejection::AlreadyShipped { code, to, document });
        }
        if item.parent.is_some() {
            pending.detach(&mut item);
        }
        if item.is_announced() {
            if let (Level::Unit, Some(task)) = (item.level, self.task) {
                return Ok(pending.heard_of(item, task));
            }
            pending.notice(Notice::ContentsToFollow { code });
        }
        if let Some(task) = self.task {
            contents_are(&item, task, self.any_lot || !task.plan.parts().is_empty())?;
        }
        Ok(item)
    }

    /// With a plan the child's level is given; without one, anything below the package goes in.
    fn level_fits(
        &self,
        code: Code,
        level: Level,
        planned: Option<Level>,
    ) -> Result<(), Rejection> {
        match planned {
            Some(expected) => level_is(code, level, expected),
            None if level < self.level => Ok(()),
            None => {
                let below = self.level.rank().checked_sub(1).and_then(Level::from_rank);
                level_is(code, level, below.unwrap_or(Level::Unit))
            }
        }
    }
}
