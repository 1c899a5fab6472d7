//! What a task makes: Commission, and what units and labels must be to belong to it.

use super::action::{Commission, Made, OpenTask};
use super::document::Party;
use super::effect::{Effects, Notice};
use super::facts::{Facts, Issued};
use super::item::{Contents, Custody, Item, Level, State};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::plan::Task;
use super::rejection::Rejection;
use crate::code::Code;
use crate::ids::ProductId;

/// A task begins without an order: under a name of the device's own, for what the site may make.
pub(super) fn open_task(
    operation: &Operation,
    open: OpenTask,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let OpenTask { task, product, .. } = open;
    let opener = task.opened_by();
    let is_own = opener.is_some() && facts.device.is_none_or(|device| opener == Some(device));
    if !is_own || facts.task.is_some() {
        return Err(Rejection::TaskClosed { task });
    }
    let site = operation.site;
    if facts.may_have(product, Party::Site(site)) {
        Ok(Effects::default())
    } else {
        Err(Rejection::NotMadeHere { product, site })
    }
}

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

/// A unit as it begins under a task. In a mix it is what it was issued for; where nobody here can tell, its contents
/// follow.
pub(super) fn unit(
    pending: &Pending<'_>,
    code: Code,
    issued: Option<ProductId>,
    task: &Task,
) -> Item {
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
    pub(super) fn heard_of(&mut self, item: Item, task: &Task) -> Item {
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
pub(super) fn task<'a>(
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

pub(super) fn level_is(code: Code, level: Level, expected: Level) -> Result<(), Rejection> {
    if level == expected { Ok(()) } else { Err(Rejection::WrongLevel { code, level, expected }) }
}

/// A package's label was issued for the task's product.
pub(super) fn product_is(
    code: Code,
    issued: Option<ProductId>,
    expected: ProductId,
) -> Result<(), Rejection> {
    match issued {
        Some(product) if product != expected => {
            Err(Rejection::WrongProduct { code, product, expected })
        }
        Some(_) | None => Ok(()),
    }
}

/// A unit is of a product that the task's packages hold.
pub(super) fn unit_fits(
    code: Code,
    issued: Option<ProductId>,
    task: &Task,
) -> Result<(), Rejection> {
    match issued.filter(|product| !task.plan.takes(*product, task.product)) {
        Some(product) => Err(Rejection::WrongProduct { code, product, expected: task.product }),
        None => Ok(()),
    }
}

pub(super) fn label_fits(code: Code, issued: Issued, task: &Task) -> Result<(), Rejection> {
    match issued.level {
        Level::Unit => unit_fits(code, issued.product, task),
        Level::Box | Level::Case | Level::Pallet => product_is(code, issued.product, task.product),
    }
}

/// What is in a package or unit is what the task makes; `any_lot` when it may be of other lots.
pub(super) fn contents_are(item: &Item, task: &Task, any_lot: bool) -> Result<(), Rejection> {
    let code = item.code;
    for content in item.contents.iter() {
        unit_fits(code, Some(content.product), task)?;
        if !any_lot && content.lot != task.lot {
            let (lot, expected) = (content.lot, task.lot);
            return Err(Rejection::WrongLot { code, lot, expected });
        }
    }
    Ok(())
}
