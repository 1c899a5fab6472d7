//! Putting together and looking inside: Commission, Pack, VerifyPack.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::document::Party;
use super::effect::{Effects, Notice};
use super::facts::{Facts, Issued};
use super::item::{Contents, Custody, Item, Level, State};
use super::operation::{Commission, Made, Operation, Pack, VerifyPack};
use super::pending::{Found, Pending};
use super::plan::{HOLDS_MAX, Task};
use super::rejection::Rejection;
use crate::code::Code;
use crate::ids::ProductId;

/// Units are registered as produced.
pub(super) fn commission(
    operation: &Operation,
    commission: &Commission,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let task = task(operation, &commission.made, commission.codes.first().copied(), facts)?;
    let mut pending = Pending::new(operation, facts);
    for code in pending.distinct(&commission.codes)? {
        let here = Some(Custody::At(operation.site));
        let made = match pending.find(code)? {
            // It moved, and may have been packed, before this was heard of: it stays where it is.
            Found::InUse(item) if item.is_announced() && item.level == Level::Unit => {
                pending.heard_of(item, task)
            }
            Found::InUse(_) => return Err(Rejection::AlreadyInUse { code }),
            Found::Idle(issued) | Found::Untold(issued) => {
                level_is(code, issued.level, Level::Unit)?;
                unit_fits(code, issued.product, task)?;
                Item { custody: here, ..unit(&pending, code, issued.product, task) }
            }
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                Item { custody: here, ..unit(&pending, code, None, task) }
            }
        };
        if let Some(parent) = made.parent {
            pending.change_contents(parent, |have| have.add(&made.contents));
        }
        pending.put(made);
    }
    Ok(pending.effects())
}

/// Children go into a package that begins with it, or that was announced by its movement.
pub(super) fn pack(
    operation: &Operation,
    pack: &Pack,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    let made = pack.made.as_ref();
    let task = made.map(|made| task(operation, made, Some(pack.parent), facts)).transpose()?;
    let mut parent = open_parent(&mut pending, pack)?;
    let child_level = check_count(pack, task)?;
    let mut place = None;
    let mut contents = Contents::none();
    let mut joined = Vec::with_capacity(pack.children.len());
    for child in pending.distinct(&pack.children)? {
        if child == parent.code {
            return Err(Rejection::ScannedTwice { code: child });
        }
        let item = join(&mut pending, pack, task, child, child_level)?;
        let at = pending.custody(&item).unwrap_or(Custody::At(operation.site));
        if *place.get_or_insert(at) != at {
            return Err(Rejection::CustodyDiffers { code: child, parent: parent.code });
        }
        contents.add(&item.contents);
        joined.push(item);
    }
    if let Some(task) = task {
        check_mix(pack, task, &joined)?;
    }
    let under = match parent.state {
        State::Announced { under } => under,
        State::Free | State::Active | State::Replaced { .. } => None,
    };
    for mut item in joined {
        parent.children = parent.children.saturating_add(1);
        // What came in before anything was heard of it counts where its package came in.
        if let State::Announced { under: own } = item.state {
            item.state = State::Announced { under: own.or(under) };
        }
        pending.put(Item { parent: Some(parent.code), custody: None, ..item });
    }
    if let Some(document) = under {
        pending.count(document, &contents);
    }
    settle(&mut pending, &mut parent, place);
    parent.state = State::Active;
    let parent_code = parent.code;
    pending.put(parent);
    pending.change_contents(parent_code, |have| have.add(&contents));
    Ok(pending.effects())
}

/// What was found inside is compared with the ledger; children found in place are no longer disputed.
pub(super) fn verify(
    operation: &Operation,
    verify: &VerifyPack,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    let parent = pending.current(verify.parent)?;
    let package = match pending.find(parent)? {
        Found::InUse(item) if item.level == Level::Unit => {
            return Err(Rejection::NotAPackage { code: parent });
        }
        Found::InUse(item) => item,
        Found::Idle(_) => return Err(Rejection::NotInUse { code: parent }),
        Found::Untold(_) | Found::Unknown => {
            pending.notice(Notice::Provisional { code: parent });
            return Ok(pending.effects());
        }
    };
    let current = |code: &Code| pending.current(*code).unwrap_or(*code);
    let seen: BTreeSet<Code> = verify.seen.iter().map(current).collect();
    let inside: BTreeSet<Code> = facts.children(parent).iter().copied().collect();
    for code in seen.intersection(&inside) {
        if let Some(item) = pending.item(*code).filter(|item| item.disputed).cloned() {
            pending.put(Item { disputed: false, ..item });
        }
    }
    let missing: Vec<Code> = inside.difference(&seen).copied().collect();
    let foreign: Vec<Code> = seen.difference(&inside).copied().collect();
    pending.notice(if missing.is_empty() && foreign.is_empty() {
        Notice::Complete { parent, units: package.contents.units() }
    } else {
        Notice::Differs { parent, missing, foreign }
    });
    pending.look_at(package);
    Ok(pending.effects())
}

/// The package to fill: it must not be in use, unless only its movement is known so far.
fn open_parent(pending: &mut Pending<'_>, pack: &Pack) -> Result<Item, Rejection> {
    let code = pending.current(pack.parent)?;
    if pack.level == Level::Unit {
        return Err(Rejection::NotAPackage { code });
    }
    let parent = match pending.find(code)? {
        Found::InUse(item) if item.is_announced() => item,
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

/// The package is where its children are. One that moved before its packing was heard of stays where it has got to;
/// what was packed elsewhere was received there, or where it left, without a scan.
fn settle(pending: &mut Pending<'_>, parent: &mut Item, children: Option<Custody>) {
    let Some(reached) = pending.custody(parent) else {
        parent.custody = children;
        return;
    };
    let (Custody::At(first) | Custody::Shipped { from: first, .. }) = reached;
    match children {
        Some(Custody::At(from)) if from != first => {
            pending.notice(Notice::ImpliedReceipt { code: parent.code, from });
        }
        Some(_) | None => {}
    }
}

/// Checks the number of children against the plan and says which level they must be.
fn check_count(pack: &Pack, task: Option<&Task>) -> Result<Option<Level>, Rejection> {
    let parent = pack.parent;
    let count = u32::try_from(pack.children.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Err(Rejection::Nothing { parent });
    }
    let too_many = |holds| Err(Rejection::TooMany { parent, holds, count });
    let Some(task) = task else {
        return if count > HOLDS_MAX { too_many(HOLDS_MAX) } else { Ok(None) };
    };
    let plan = &task.plan;
    let (Some(holds), Some(child_level)) = (plan.holds(pack.level), plan.child_level(pack.level))
    else {
        return Err(Rejection::NotInPlan { level: pack.level });
    };
    if count > holds {
        return too_many(holds);
    }
    if count < holds && pack.partial.is_none() {
        return Err(Rejection::TooFew { parent, holds, count });
    }
    Ok(Some(child_level))
}

/// A package that mixes products holds no more of one than its plan says; when it is full, it then holds as many.
fn check_mix(pack: &Pack, task: &Task, children: &[Item]) -> Result<(), Rejection> {
    if task.plan.child_level(pack.level) != Some(Level::Unit) {
        return Ok(());
    }
    for part in task.plan.parts() {
        let is_part = |item: &&Item| item.product() == Some(part.product);
        let count = u32::try_from(children.iter().filter(is_part).count()).unwrap_or(u32::MAX);
        if count > part.units {
            let (parent, product, holds) = (pack.parent, part.product, part.units);
            return Err(Rejection::WrongMix { parent, product, holds, count });
        }
    }
    Ok(())
}

/// One child as it may go in: in use, whole, in no other package; or a unit that begins now.
fn join(
    pending: &mut Pending<'_>,
    pack: &Pack,
    task: Option<&Task>,
    code: Code,
    level: Option<Level>,
) -> Result<Item, Rejection> {
    let item = match pending.find(code)? {
        Found::InUse(item) => item,
        Found::Idle(issued) => {
            level_fits(code, issued.level, level, pack.level)?;
            return match task {
                Some(task) if issued.level == Level::Unit => {
                    unit_fits(code, issued.product, task)?;
                    Ok(unit(pending, code, issued.product, task))
                }
                _ => Err(Rejection::NotInUse { code }),
            };
        }
        Found::Untold(issued) => {
            level_fits(code, issued.level, level, pack.level)?;
            if let Some(task) = task {
                label_fits(code, issued, task)?;
                if issued.level == Level::Unit {
                    return Ok(unit(pending, code, issued.product, task));
                }
            }
            // Packed somewhere else, if at all: what is in it will follow.
            pending.notice(Notice::Provisional { code });
            let announced = State::Announced { under: None };
            return Ok(pending.begin(code, issued.level, announced));
        }
        Found::Unknown => {
            pending.notice(Notice::Provisional { code });
            return match (task, level) {
                (Some(task), Some(Level::Unit)) => Ok(unit(pending, code, None, task)),
                (_, Some(level)) => {
                    Ok(pending.begin(code, level, State::Announced { under: None }))
                }
                (_, None) => Err(Rejection::NotInUse { code }),
            };
        }
    };
    level_fits(code, item.level, level, pack.level)?;
    if item.disputed {
        return Err(Rejection::Disputed { code });
    }
    if let Some(parent) = item.parent {
        return Err(Rejection::AlreadyPacked { code, parent });
    }
    if let Some(Custody::Shipped { to, document, .. }) = item.custody {
        return Err(Rejection::AlreadyShipped { code, to, document });
    }
    if item.is_announced() {
        if let (Level::Unit, Some(task)) = (item.level, task) {
            return Ok(pending.heard_of(item, task));
        }
        pending.notice(Notice::ContentsToFollow { code });
    }
    if let Some(task) = task {
        contents_are(&item, task, pack.made.as_ref())?;
    }
    Ok(item)
}

/// A unit as it begins under a task. In a mix it is what it was issued for; where nobody here can tell, its contents
/// follow.
fn unit(pending: &Pending<'_>, code: Code, issued: Option<ProductId>, task: &Task) -> Item {
    let mixes = !task.plan.parts().is_empty();
    match if mixes { issued } else { Some(task.product) } {
        Some(product) => Item {
            contents: Contents::of(product, task.lot, 1),
            ..pending.begin(code, Level::Unit, State::Active)
        },
        None => pending.begin(code, Level::Unit, State::Announced { under: None }),
    }
}

impl Pending<'_> {
    /// A unit that moved before it was made, as far as anybody had heard: now it is known what it is, and it counts
    /// where it came in.
    fn heard_of(&mut self, item: Item, task: &Task) -> Item {
        let issued = self.facts.issued(item.code).and_then(|issued| issued.product);
        let made = unit(self, item.code, issued, task);
        if let State::Announced { under: Some(document) } = item.state {
            self.count(document, &made.contents);
        }
        let state = if made.is_announced() { item.state } else { made.state };
        Item { state, contents: made.contents, ..item }
    }
}

/// The task that is worked on: at this site, for this product and lot, by the plan the operation names; and the site
/// may make what it makes.
fn task<'a>(
    operation: &Operation,
    made: &Made,
    code: Option<Code>,
    facts: &'a Facts,
) -> Result<&'a Task, Rejection> {
    let task = facts
        .task
        .as_ref()
        .filter(|task| task.id == made.task && task.site == operation.site)
        .filter(|task| task.product == made.product && task.lot == made.lot)
        .filter(|task| task.revision == made.plan)
        .ok_or(Rejection::TaskClosed { task: made.task })?;
    let party = Party::Site(operation.site);
    let parts = task.plan.parts().iter().map(|part| part.product);
    let mut products = core::iter::once(task.product).chain(parts);
    match (products.find(|product| !facts.may_have(*product, party)), code) {
        (Some(product), Some(code)) => Err(Rejection::Unauthorised { code, product, party }),
        (Some(_), None) | (None, _) => Ok(task),
    }
}

fn level_is(code: Code, level: Level, expected: Level) -> Result<(), Rejection> {
    if level == expected { Ok(()) } else { Err(Rejection::WrongLevel { code, level, expected }) }
}

/// With a plan the child's level is given; without one, anything below the package goes in.
fn level_fits(
    code: Code,
    level: Level,
    planned: Option<Level>,
    parent: Level,
) -> Result<(), Rejection> {
    match planned {
        Some(expected) => level_is(code, level, expected),
        None if level < parent => Ok(()),
        None => {
            let below = parent.rank().checked_sub(1).and_then(Level::from_rank);
            level_is(code, level, below.unwrap_or(Level::Unit))
        }
    }
}

/// A package's label was issued for the task's product.
fn product_is(code: Code, issued: Option<ProductId>, expected: ProductId) -> Result<(), Rejection> {
    match issued {
        Some(product) if product != expected => {
            Err(Rejection::WrongProduct { code, product, expected })
        }
        Some(_) | None => Ok(()),
    }
}

/// A unit is of a product that the task's packages hold.
fn unit_fits(code: Code, issued: Option<ProductId>, task: &Task) -> Result<(), Rejection> {
    match issued.filter(|product| !task.plan.takes(*product, task.product)) {
        Some(product) => Err(Rejection::WrongProduct { code, product, expected: task.product }),
        None => Ok(()),
    }
}

fn label_fits(code: Code, issued: Issued, task: &Task) -> Result<(), Rejection> {
    match issued.level {
        Level::Unit => unit_fits(code, issued.product, task),
        Level::Box | Level::Case | Level::Pallet => product_is(code, issued.product, task.product),
    }
}

/// What is in a package or unit is what the task makes. A mix takes the lots of its parts as they come.
fn contents_are(item: &Item, task: &Task, made: Option<&Made>) -> Result<(), Rejection> {
    let code = item.code;
    for content in item.contents.iter() {
        unit_fits(code, Some(content.product), task)?;
        let expected = made.filter(|_| task.plan.parts().is_empty()).map(|made| made.lot);
        if let Some(expected) = expected.filter(|expected| *expected != content.lot) {
            return Err(Rejection::WrongLot { code, lot: content.lot, expected });
        }
    }
    Ok(())
}
