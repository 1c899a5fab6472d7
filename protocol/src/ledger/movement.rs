//! Goods come and go: Receive, Ship, Reassign.

use alloc::collections::BTreeMap;

use super::document::{Document, DocumentKind, Party, Route};
use super::effect::{Effects, Notice};
use super::facts::{Facts, Issued};
use super::item::{Contents, Custody, Item, State};
use super::operation::{Operation, Reassign, Receive, Ship};
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use super::terms::{LotStatus, Role};
use crate::code::Code;
use crate::ids::{DealerId, DocumentId, SiteId};

/// Goods arrive at the site of the operation.
pub(super) fn receive(
    operation: &Operation,
    receive: &Receive,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let document = receive.document.map(|id| inbound(operation, id, facts)).transpose()?;
    let mut pending = Pending::new(operation, facts);
    let here = Custody::At(operation.site);
    let mut load = Contents::none();
    for code in pending.distinct(&receive.codes)? {
        let mut item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(issued) => {
                is_on(document, code, issued)?;
                announce(&mut pending, code, issued, Notice::ContentsToFollow { code })
            }
            Found::Untold(issued) => {
                is_on(document, code, issued)?;
                announce(&mut pending, code, issued, Notice::Provisional { code })
            }
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                continue;
            }
        };
        match pending.custody(&item) {
            Some(custody) if custody == here => return Err(Rejection::AlreadyHere { code }),
            // What a dealer has comes back by a return, which asks more questions.
            Some(Custody::Shipped { to, document, .. }) => {
                return Err(Rejection::AlreadyShipped { code, to, document });
            }
            Some(Custody::At(_)) | None => {}
        }
        authorised(&item, Party::Site(operation.site), facts)?;
        mention_blocked(&mut pending, &item);
        if let Some(document) = document {
            load.add(&item.contents);
            fits(&load, code, document)?;
            pending.count(document.id, &item.contents);
            if item.is_announced() {
                item.state = State::Announced { under: Some(document.id) };
            }
        }
        pending.detach(&mut item);
        item.custody = Some(here);
        pending.put(item);
    }
    Ok(pending.effects())
}

/// Goods leave for the document's dealer. A package is one change, however much is in it.
pub(super) fn ship(
    operation: &Operation,
    ship: &Ship,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let (document, to) = outbound(operation.site, ship.document, facts)?;
    let mut pending = Pending::new(operation, facts);
    let mut load = Contents::none();
    for code in pending.distinct(&ship.codes)? {
        let mut item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(issued) => {
                is_on(Some(document), code, issued)?;
                announce(&mut pending, code, issued, Notice::ContentsToFollow { code })
            }
            Found::Untold(issued) => {
                is_on(Some(document), code, issued)?;
                announce(&mut pending, code, issued, Notice::Provisional { code })
            }
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                continue;
            }
        };
        may_leave(&mut pending, &item, document)?;
        may_go_to(&item, to, facts)?;
        load.add(&item.contents);
        fits(&load, code, document)?;
        pending.detach(&mut item);
        item.custody = Some(Custody::Shipped { from: operation.site, to, document: document.id });
        pending.put(item);
    }
    Ok(pending.effects())
}

/// Goods shipped under one document go under another of the same site. While the first is open whoever scanned them
/// may do that; once it is done a supervisor must (改派).
pub(super) fn reassign(
    operation: &Operation,
    reassign: &Reassign,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let (document, to) = outbound(operation.site, reassign.to, facts)?;
    let from = reassign.from;
    let dispatched = !facts.document(from).is_some_and(|from| from.open);
    if dispatched && !facts.worker.is_some_and(|worker| worker.role.approves()) {
        return Err(Rejection::RoleNotPermitted { needs: Role::Supervisor });
    }
    let mut pending = Pending::new(operation, facts);
    let mut load = Contents::none();
    for code in pending.distinct(&reassign.codes)? {
        let mut item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(_) | Found::Untold(_) | Found::Unknown => {
                return Err(Rejection::NotInUse { code });
            }
        };
        if item.disputed {
            return Err(Rejection::Disputed { code });
        }
        let under = Some(Custody::Shipped { from: operation.site, to, document: document.id });
        match pending.custody(&item) {
            Some(Custody::Shipped { from: left, document, .. })
                if left == operation.site && document == from && from != reassign.to => {}
            Some(Custody::Shipped { .. } | Custody::At(_)) | None => {
                return Err(Rejection::NotUnderDocument { code, document: from });
            }
        }
        may_go_to(&item, to, facts)?;
        load.add(&item.contents);
        fits(&load, code, document)?;
        pending.detach(&mut item);
        item.custody = under;
        pending.put(item);
    }
    Ok(pending.effects())
}

/// The open document of a kind, with the site it is for; anything else is a refusal.
fn open(id: DocumentId, kind: DocumentKind, facts: &Facts) -> Result<&Document, Rejection> {
    let document = facts
        .document(id)
        .filter(|document| document.open)
        .ok_or(Rejection::DocumentClosed { document: id })?;
    let found = document.route.kind();
    if found == kind {
        Ok(document)
    } else {
        Err(Rejection::WrongDocument { document: id, kind: found })
    }
}

fn here(document: DocumentId, site: SiteId, expected: SiteId) -> Result<(), Rejection> {
    if site == expected { Ok(()) } else { Err(Rejection::WrongSite { document, site, expected }) }
}

fn inbound<'a>(
    operation: &Operation,
    id: DocumentId,
    facts: &'a Facts,
) -> Result<&'a Document, Rejection> {
    let document = open(id, DocumentKind::Inbound, facts)?;
    if let Party::Site(to) = document.route.to() {
        here(id, operation.site, to)?;
    }
    Ok(document)
}

fn outbound(
    site: SiteId,
    id: DocumentId,
    facts: &Facts,
) -> Result<(&Document, DealerId), Rejection> {
    let document = open(id, DocumentKind::Outbound, facts)?;
    let Route::Outbound { from, to } = document.route else {
        return Err(Rejection::WrongDocument { document: id, kind: document.route.kind() });
    };
    here(id, site, from)?;
    Ok((document, to))
}

/// The site or dealer may have every product in it.
fn authorised(item: &Item, party: Party, facts: &Facts) -> Result<(), Rejection> {
    match facts.forbidden(&item.contents, party) {
        Some(product) => Err(Rejection::Unauthorised { code: item.code, product, party }),
        None => Ok(()),
    }
}

/// Every lot in it may leave, and for this dealer.
fn may_go_to(item: &Item, dealer: DealerId, facts: &Facts) -> Result<(), Rejection> {
    authorised(item, Party::Dealer(dealer), facts)?;
    let code = item.code;
    for content in item.contents.iter() {
        let (product, lot) = (content.product, content.lot);
        let terms = facts.lot(product, lot);
        match terms.status {
            LotStatus::Blocked => return Err(Rejection::LotBlocked { code, product, lot }),
            LotStatus::Pending if !facts.rules.pending_may_ship => {
                return Err(Rejection::LotPending { code, product, lot });
            }
            LotStatus::Pending | LotStatus::Released => {}
        }
        if let Some(expected) = terms.dealer.filter(|expected| *expected != dealer) {
            return Err(Rejection::WrongDealer { code, dealer, expected });
        }
    }
    Ok(())
}

/// Blocked goods may come in, so that they can be set apart; people are told.
fn mention_blocked(pending: &mut Pending<'_>, item: &Item) {
    let code = item.code;
    for content in item.contents.iter() {
        let (product, lot) = (content.product, content.lot);
        if pending.facts.lot(product, lot).status == LotStatus::Blocked {
            pending.notice(Notice::LotBlocked { code, product, lot });
        }
    }
}

/// Goods whose packing was not heard of yet may move all the same: lines and other devices synchronise later.
fn announce(pending: &mut Pending<'_>, code: Code, issued: Issued, notice: Notice) -> Item {
    pending.notice(notice);
    pending.begin(code, issued.level, State::Announced { under: None })
}

/// What is known of a code without contents: its product must be on the document.
fn is_on(document: Option<&Document>, code: Code, issued: Issued) -> Result<(), Rejection> {
    let (Some(document), Some(product)) = (document, issued.product) else { return Ok(()) };
    if document.names(product) {
        Ok(())
    } else {
        Err(Rejection::NotOnDocument { code, product, document: document.id })
    }
}

fn may_leave(pending: &mut Pending<'_>, item: &Item, document: &Document) -> Result<(), Rejection> {
    let (code, here) = (item.code, pending.operation.site);
    if item.disputed {
        return Err(Rejection::Disputed { code });
    }
    match pending.custody(item) {
        Some(Custody::Shipped { from, to, document: earlier }) => {
            if earlier == document.id || from != here {
                return Err(Rejection::AlreadyShipped { code, to, document: earlier });
            }
            pending.notice(Notice::ImpliedReturn { code });
        }
        Some(Custody::At(site)) if site != here && !pending.facts.rules.implied_receipt => {
            return Err(Rejection::NotReceived { code, at: site });
        }
        Some(Custody::At(site)) if site != here => {
            pending.notice(Notice::ImpliedReceipt { code, from: site });
        }
        Some(Custody::At(_)) | None => {}
    }
    Ok(())
}

/// The load so far must be on the document's lines, and not over them.
fn fits(load: &Contents, code: Code, document: &Document) -> Result<(), Rejection> {
    let mut units = BTreeMap::new();
    for content in load.iter() {
        let sum = units.entry(content.product).or_insert(0_u32);
        *sum = sum.saturating_add(content.units);
    }
    for (product, load) in units {
        let line = document.line(product).ok_or(Rejection::NotOnDocument {
            code,
            product,
            document: document.id,
        })?;
        let would = line.moved.saturating_add(load);
        if would > line.units {
            return Err(Rejection::Over {
                code,
                document: document.id,
                product,
                ordered: line.units,
                would,
            });
        }
    }
    Ok(())
}
