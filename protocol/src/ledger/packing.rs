//! Putting together and looking inside: Commission, Pack, VerifyPack.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Contents, Custody, Item, Level, State};
use super::operation::{Commission, Made, Operation, Pack, VerifyPack};
use super::pending::{Found, Pending};
use super::plan::{HOLDS_MAX, Task};
use super::rejection::Rejection;
use crate::code::Code;

/// Units are registered as produced.
pub(super) fn commission(
    operation: &Operation,
    commission: &Commission,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    task(operation, &commission.made, facts)?;
    let mut pending = Pending::new(operation, facts);
    for code in pending.distinct(&commission.codes)? {
        let mut made = unit(&pending, code, &commission.made);
        match pending.find(code)? {
            // It moved, and may have been packed, before this was heard of: it stays where it is.
            Found::InUse(item) if item.state == State::Announced && item.level == Level::Unit => {
                let Item { parent, custody, disputed, .. } = item;
                made = Item { parent, custody, disputed, ..made };
            }
            Found::InUse(_) => return Err(Rejection::AlreadyInUse { code }),
            Found::Idle(issued) | Found::Untold(issued) => {
                level_is(code, issued.level, Level::Unit)?;
                product_is(code, issued.product, &commission.made)?;
                made.custody = Some(Custody::At(operation.site));
            }
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                made.custody = Some(Custody::At(operation.site));
            }
        }
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
    let mut parent = open_parent(&mut pending, pack)?;
    let child_level = check_count(operation, pack, facts)?;
    let mut place = None;
    let mut contents = Contents::none();
    let mut joined = Vec::with_capacity(pack.children.len());
    for child in pending.distinct(&pack.children)? {
        if child == parent.code {
            return Err(Rejection::ScannedTwice { code: child });
        }
        let item = join(&mut pending, pack, child, child_level)?;
        let at = pending.custody(&item).unwrap_or(Custody::At(operation.site));
        if *place.get_or_insert(at) != at {
            return Err(Rejection::CustodyDiffers { code: child, parent: parent.code });
        }
        contents.add(&item.contents);
        joined.push(item);
    }
    for item in joined {
        parent.children = parent.children.saturating_add(1);
        pending.put(Item { parent: Some(parent.code), custody: None, ..item });
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
        Found::InUse(item) if item.state == State::Announced => item,
        Found::InUse(_) => return Err(Rejection::AlreadyInUse { code }),
        Found::Idle(issued) | Found::Untold(issued) => {
            if let Some(made) = &pack.made {
                product_is(code, issued.product, made)?;
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
fn check_count(
    operation: &Operation,
    pack: &Pack,
    facts: &Facts,
) -> Result<Option<Level>, Rejection> {
    let parent = pack.parent;
    let count = u32::try_from(pack.children.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Err(Rejection::Nothing { parent });
    }
    let too_many = |holds| Err(Rejection::TooMany { parent, holds, count });
    let Some(made) = &pack.made else {
        return if count > HOLDS_MAX { too_many(HOLDS_MAX) } else { Ok(None) };
    };
    let plan = &task(operation, made, facts)?.plan;
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

/// One child as it may go in: in use, whole, in no other package; or a unit that begins now.
fn join(
    pending: &mut Pending<'_>,
    pack: &Pack,
    code: Code,
    level: Option<Level>,
) -> Result<Item, Rejection> {
    let item = match pending.find(code)? {
        Found::InUse(item) => item,
        Found::Idle(issued) => {
            level_fits(code, issued.level, level, pack.level)?;
            match &pack.made {
                Some(made) if issued.level == Level::Unit => {
                    product_is(code, issued.product, made)?;
                    return Ok(unit(pending, code, made));
                }
                _ => return Err(Rejection::NotInUse { code }),
            }
        }
        Found::Untold(issued) => {
            level_fits(code, issued.level, level, pack.level)?;
            if let Some(made) = &pack.made {
                product_is(code, issued.product, made)?;
                if issued.level == Level::Unit {
                    return Ok(unit(pending, code, made));
                }
            }
            // Packed somewhere else, if at all: what is in it will follow.
            pending.notice(Notice::Provisional { code });
            return Ok(pending.begin(code, issued.level, State::Announced));
        }
        Found::Unknown => {
            pending.notice(Notice::Provisional { code });
            return match (&pack.made, level) {
                (Some(made), Some(Level::Unit)) => Ok(unit(pending, code, made)),
                (_, Some(level)) => Ok(pending.begin(code, level, State::Announced)),
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
    if item.state == State::Announced {
        if let (Level::Unit, Some(made)) = (item.level, &pack.made) {
            return Ok(Item { custody: item.custody, ..unit(pending, code, made) });
        }
        pending.notice(Notice::ContentsToFollow { code });
    }
    if let Some(made) = &pack.made {
        contents_are(&item, made)?;
    }
    Ok(item)
}

fn unit(pending: &Pending<'_>, code: Code, made: &Made) -> Item {
    Item {
        contents: Contents::of(made.product, made.lot, 1),
        ..pending.begin(code, Level::Unit, State::Active)
    }
}

/// The task that is worked on: open, at this site, for this product and lot.
fn task<'a>(operation: &Operation, made: &Made, facts: &'a Facts) -> Result<&'a Task, Rejection> {
    facts
        .task
        .as_ref()
        .filter(|task| task.id == made.task && task.site == operation.site)
        .filter(|task| task.product == made.product && task.lot == made.lot)
        .ok_or(Rejection::TaskClosed { task: made.task })
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

fn product_is(
    code: Code,
    issued: Option<crate::ids::ProductId>,
    made: &Made,
) -> Result<(), Rejection> {
    match issued {
        Some(product) if product != made.product => {
            Err(Rejection::WrongProduct { code, product, expected: made.product })
        }
        Some(_) | None => Ok(()),
    }
}

fn contents_are(item: &Item, made: &Made) -> Result<(), Rejection> {
    let code = item.code;
    for content in item.contents.iter() {
        product_is(code, Some(content.product), made)?;
        if content.lot != made.lot {
            return Err(Rejection::WrongLot { code, lot: content.lot, expected: made.lot });
        }
    }
    Ok(())
}
