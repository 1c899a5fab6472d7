//! The rules of packaging, movement and code life: [`judge`], the only place where they live.
//!
//! The agent judges with what it knows before the green light; the cloud judges again with everything before an
//! operation counts. Both get the same [`Rejection`]s.

mod action;
mod arrival;
mod correction;
mod departure;
mod document;
mod effect;
mod facts;
mod item;
mod labels;
mod looking;
mod making;
mod operation;
mod packing;
mod pending;
mod plan;
mod reconciling;
mod rejection;
mod stock;
mod strip;
mod terms;
mod unpacking;

pub use action::{
    Action, AddTo, Commission, Correct, Correction, Count, Destroy, DestroyReason, Finding,
    Inspect, Made, OpenTask, Outcome, Pack, PartialReason, PostCount, Reassign, Receive, Relabel,
    RelabelReason, Return, Sample, SampleReason, Settle, Ship, Transfer, Unpack, VerifyPack,
};
pub use document::{Document, DocumentKind, DocumentLine, Party, Route};
pub use effect::{Effects, Move, Notice, Verdict};
pub use facts::{Facts, Issued, Past, Presence, Touched};
pub use item::{Content, Contents, Custody, Ending, Item, Level, State};
pub use operation::{Need, OPERATION_CODES_MAX, Operation};
pub use plan::{HOLDS_MAX, Part, Plan, PlanError, Step, Task};
pub use rejection::Rejection;
pub use strip::{Fate, Strip, WriteOff};
pub use terms::{LotStatus, LotTerms, Permit, Role, Rules, Worker};

/// Judges one operation against what is known: what it changes, or why it does not count.
///
/// `facts` holds what [`Operation::needs`], [`Operation::task`], [`Operation::documents`] and [`Operation::corrects`]
/// ask for, and [`Facts::strip`] where [`Operation::strip`] names one; for a correction, also the present items of all codes in [`Past`]; then the terms of [`Facts::lots`] and
/// [`Facts::products`]. The caller stores the effects in one transaction.
pub fn judge(operation: &Operation, facts: &Facts) -> Result<Effects, Rejection> {
    may_be_done(operation, facts)?;
    match &operation.action {
        Action::OpenTask(open) => making::open_task(operation, *open, facts),
        Action::Commission(commission) => making::commission(operation, commission, facts),
        Action::Pack(pack) => packing::pack(operation, pack, facts),
        Action::AddTo(add) => packing::add_to(operation, add, facts),
        Action::Regroup(regroup) => packing::regroup(operation, regroup, facts),
        Action::Unpack(unpack) => unpacking::unpack(operation, *unpack, facts),
        Action::Relabel(relabel) => labels::relabel(operation, *relabel, facts),
        Action::VerifyPack(verify) => looking::verify(operation, verify, facts),
        Action::Receive(receive) => arrival::receive(operation, receive, facts),
        Action::Return(back) => arrival::take_back(operation, back, facts),
        Action::Ship(ship) => departure::ship(operation, ship, facts),
        Action::Transfer(transfer) => departure::transfer(operation, transfer, facts),
        Action::Reassign(reassign) => departure::reassign(operation, reassign, facts),
        Action::Count(count) => looking::count(operation, count, facts),
        Action::PostCount(post) => stock::post_count(operation, post, facts),
        Action::Sample(sample) => stock::sample(operation, sample, facts),
        Action::Destroy(destroy) => stock::destroy(operation, destroy, facts),
        Action::WriteOff(write_off) => reconciling::write_off(operation, write_off, facts),
        // An inspection is evidence about an item, whatever the item is; it changes none.
        Action::Inspect(_) => Ok(Effects::default()),
        Action::Correct(correct) => correction::correct(operation, *correct, facts),
        Action::Settle(settle) => correction::settle(operation, settle, facts),
    }
}

/// Whoever did it may work there, and it is of a size that can be explained to somebody.
fn may_be_done(operation: &Operation, facts: &Facts) -> Result<(), Rejection> {
    let site = operation.site;
    if facts.sites.as_ref().is_some_and(|sites| !sites.contains(&site)) {
        return Err(Rejection::SiteNotPermitted { site });
    }
    if let Some(operator) = operation.operator
        && let Some(worker) = facts.worker
    {
        if !worker.permitted {
            return Err(Rejection::OperatorNotPermitted { operator, site });
        }
        if !worker.role.may(&operation.action) {
            return Err(Rejection::RoleNotPermitted { needs: Role::Operator });
        }
    }
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (count, limit) = (operation.needs().len(), OPERATION_CODES_MAX);
    if count > limit {
        return Err(Rejection::TooManyCodes { count: number(count), limit: number(limit) });
    }
    Ok(())
}

/// What a quarantined operation leaves behind in the cloud: items that it and an accepted operation contradict each
/// other about become disputed, until the floor resolves it. Two parents: the first stays, the child is disputed.
/// Two shipments by different sites: both are kept, the goods are disputed. All such items, not only the one that the
/// rejection names, and under the labels they have by now.
#[must_use]
pub fn dispute(operation: &Operation, rejection: &Rejection, facts: &Facts) -> Effects {
    let codes = match (&operation.action, rejection) {
        (Action::Pack(pack), Rejection::AlreadyPacked { .. }) => &pack.children,
        (Action::AddTo(add), Rejection::AlreadyPacked { .. }) => &add.children,
        (Action::Ship(ship), Rejection::AlreadyShipped { .. }) => &ship.codes,
        _ => return Effects::default(),
    };
    let mut pending = pending::Pending::new(operation, facts);
    for code in codes {
        let current = pending.current(*code).ok();
        let Some(item) = current.and_then(|code| pending.item(code)).cloned() else { continue };
        let contradicts = match (operation.document(), pending.custody(&item)) {
            (None, _) => item.parent.is_some(),
            (Some(document), Some(Custody::Shipped { from, document: earlier, .. })) => {
                from != operation.site && earlier != document
            }
            (
                Some(_),
                Some(
                    Custody::At(_)
                    | Custody::Sent { .. }
                    | Custody::Lost { .. }
                    | Custody::Gone { .. },
                )
                | None,
            ) => false,
        };
        if contradicts && item.is_in_use() {
            pending.put(Item { disputed: true, ..item });
        }
    }
    pending.effects()
}
