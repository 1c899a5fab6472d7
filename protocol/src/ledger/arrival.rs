//! Goods arrive: Receive, Return.

use super::action::{Receive, Return};
use super::document::{Document, DocumentKind, Party};
use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Contents, Custody, Item, Level, State};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use super::terms::LotStatus;
use crate::code::Code;
use crate::ids::DealerId;

/// Goods arrive at the site of the operation.
pub(super) fn receive(
    operation: &Operation,
    receive: &Receive,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    const KINDS: [DocumentKind; 2] = [DocumentKind::Inbound, DocumentKind::Transfer];
    let document = receive.document.map(|id| Document::open(facts, id, &KINDS)).transpose()?;
    come_in(operation, &receive.codes, document, facts, |pending, item| {
        let code = item.code;
        match pending.custody(item) {
            Some(Custody::At(site)) if site == operation.site => {
                return Err(Rejection::AlreadyHere { code });
            }
            // What a dealer has comes back by a return, which asks more questions.
            Some(Custody::Shipped { to, document, .. }) => {
                return Err(Rejection::AlreadyShipped { code, to, document });
            }
            Some(Custody::Gone { how, .. }) => return Err(Rejection::Gone { code, how }),
            Some(Custody::Lost { .. }) => pending.notice(Notice::FoundAgain { code }),
            Some(Custody::At(_) | Custody::Sent { .. }) | None => {}
        }
        authorised(item, Party::Site(operation.site), facts)
    })
}

/// Goods come back from a dealer. Whoever brings what was shipped to another, or to nobody, brings evidence: it is
/// taken, and told. Of an opened package only the units that are scanned come back.
pub(super) fn take_back(
    operation: &Operation,
    back: &Return,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let document = back
        .document
        .map(|id| Document::open(facts, id, &[DocumentKind::Return]))
        .transpose()?
        .map(|document| match document.route.dealer() {
            Some(dealer) if dealer == back.from => Ok(document),
            Some(_) | None => Err(Rejection::DocumentClosed { document: document.id }),
        })
        .transpose()?;
    come_in(operation, &back.codes, document, facts, |pending, item| {
        let (code, level) = (item.code, item.level);
        if back.opened && level != Level::Unit {
            return Err(Rejection::WrongLevel { code, level, expected: Level::Unit });
        }
        let shipped_to: Option<DealerId> = match pending.custody(item) {
            Some(Custody::Shipped { to, .. }) => Some(to),
            Some(Custody::Gone { how, .. }) => return Err(Rejection::Gone { code, how }),
            Some(Custody::At(_) | Custody::Sent { .. } | Custody::Lost { .. }) | None => None,
        };
        if shipped_to != Some(back.from) {
            pending.notice(Notice::ReturnedByOther { code, by: back.from, shipped_to });
        }
        Ok(())
    })
}

/// Goods come in at the site of the operation, if `may` they, and count under the document.
fn come_in(
    operation: &Operation,
    codes: &[Code],
    document: Option<Document>,
    facts: &Facts,
    may: impl Fn(&mut Pending<'_>, &Item) -> Result<(), Rejection>,
) -> Result<Effects, Rejection> {
    if let Some(document) = &document
        && let Party::Site(to) = document.route.to()
    {
        document.is_worked_on_at(operation.site, to)?;
    }
    // What a transfer moved was counted when it left.
    let counts = |document: &&Document| document.route.kind() != DocumentKind::Transfer;
    let document = document.as_ref().filter(counts);
    let mut pending = Pending::new(operation, facts);
    let mut load = Contents::none();
    for code in pending.distinct(codes)? {
        let (issued, notice) = match pending.find(code)? {
            Found::InUse(item) => {
                may(&mut pending, &item)?;
                arrive(&mut pending, item, document, &mut load)?;
                continue;
            }
            Found::Idle(issued) => (issued, Notice::ContentsToFollow { code }),
            Found::Untold(issued) => (issued, Notice::Provisional { code }),
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                continue;
            }
        };
        document.map_or(Ok(()), |document| document.asks_for(code, issued))?;
        let item = pending.announce(code, issued, notice);
        may(&mut pending, &item)?;
        arrive(&mut pending, item, document, &mut load)?;
    }
    Ok(pending.effects())
}

fn arrive(
    pending: &mut Pending<'_>,
    mut item: Item,
    document: Option<&Document>,
    load: &mut Contents,
) -> Result<(), Rejection> {
    mention_blocked(pending, &item);
    if let Some(document) = document {
        load.add(&item.contents);
        document.takes(load, item.code)?;
        pending.count(document.id, &item.contents);
        if item.is_announced() {
            item.state = State::Announced { under: Some(document.id) };
        }
    }
    pending.detach(&mut item);
    // Whoever holds it settles where it is.
    let custody = Some(Custody::At(pending.operation.site));
    pending.put(Item { custody, disputed: false, ..item });
    Ok(())
}

/// The site or dealer may have every product in it.
pub(super) fn authorised(item: &Item, party: Party, facts: &Facts) -> Result<(), Rejection> {
    match facts.forbidden(&item.contents, party) {
        Some(product) => Err(Rejection::Unauthorised { code: item.code, product, party }),
        None => Ok(()),
    }
}

/// Blocked goods may come in, so that they can be set apart; people are told.
pub(super) fn mention_blocked(pending: &mut Pending<'_>, item: &Item) {
    let code = item.code;
    for content in item.contents.iter() {
        let (product, lot) = (content.product, content.lot);
        if pending.facts.lot(product, lot).status == LotStatus::Blocked {
            pending.notice(Notice::LotBlocked { code, product, lot });
        }
    }
}
