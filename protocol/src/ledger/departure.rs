//! Goods leave: Ship, Transfer, Reassign.

use super::action::{Reassign, Ship, Transfer};
use super::arrival::{authorised, mention_blocked};
use super::document::{Document, DocumentKind, Party, Route};
use super::effect::{Effects, Notice};
use super::facts::Facts;
use super::item::{Contents, Custody, Item};
use super::operation::Operation;
use super::pending::{Found, Pending};
use super::rejection::Rejection;
use super::terms::{LotStatus, Role};
use crate::code::Code;
use crate::ids::{DealerId, DocumentId, SiteId};

/// Goods leave for the document's dealer. A package is one change, however much is in it.
pub(super) fn ship(
    operation: &Operation,
    ship: &Ship,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let (document, to) = outbound(operation.site, ship.document, facts)?;
    let custody = Custody::Shipped { from: operation.site, to, document: document.id };
    leave(operation, &ship.codes, &document, custody, facts, |_, item| may_go_to(item, to, facts))
}

/// Goods leave for another of our sites; they are on their way until they are received there.
pub(super) fn transfer(
    operation: &Operation,
    transfer: &Transfer,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let document = Document::open(facts, transfer.document, &[DocumentKind::Transfer])?;
    let Route::Transfer { from, to } = document.route else {
        return Err(Rejection::WrongDocument {
            document: document.id,
            kind: document.route.kind(),
        });
    };
    document.is_worked_on_at(operation.site, from)?;
    let custody = Custody::Sent { from, to, document: document.id };
    leave(operation, &transfer.codes, &document, custody, facts, |pending, item| {
        authorised(item, Party::Site(to), facts)?;
        mention_blocked(pending, item);
        Ok(())
    })
}

/// Goods that somebody holds here leave under a document, if `may` they.
fn leave(
    operation: &Operation,
    codes: &[Code],
    document: &Document,
    custody: Custody,
    facts: &Facts,
    may: impl Fn(&mut Pending<'_>, &Item) -> Result<(), Rejection>,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    let mut load = Contents::none();
    for code in pending.distinct(codes)? {
        let mut item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(issued) => {
                document.asks_for(code, issued)?;
                pending.announce(code, issued, Notice::ContentsToFollow { code })
            }
            Found::Untold(issued) => {
                document.asks_for(code, issued)?;
                pending.announce(code, issued, Notice::Provisional { code })
            }
            Found::Unknown => {
                pending.notice(Notice::Provisional { code });
                continue;
            }
        };
        may_leave(&mut pending, &item, document)?;
        may(&mut pending, &item)?;
        load.add(&item.contents);
        document.takes(&load, code)?;
        pending.detach(&mut item);
        item.custody = Some(custody);
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
    if dispatched && !facts.approved() {
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
            Some(_) | None => {
                return Err(Rejection::NotUnderDocument { code, document: from });
            }
        }
        may_go_to(&item, to, facts)?;
        load.add(&item.contents);
        document.takes(&load, code)?;
        pending.detach(&mut item);
        item.custody = under;
        pending.put(item);
    }
    Ok(pending.effects())
}

fn outbound(
    site: SiteId,
    id: DocumentId,
    facts: &Facts,
) -> Result<(Document, DealerId), Rejection> {
    let document = Document::open(facts, id, &[DocumentKind::Outbound])?;
    let Route::Outbound { from, to } = document.route else {
        return Err(Rejection::WrongDocument { document: id, kind: document.route.kind() });
    };
    document.is_worked_on_at(site, from)?;
    Ok((document, to))
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

fn may_leave(pending: &mut Pending<'_>, item: &Item, document: &Document) -> Result<(), Rejection> {
    let (code, here) = (item.code, pending.operation.site);
    if item.disputed {
        return Err(Rejection::Disputed { code });
    }
    pending.at_hand(item)?;
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
        Some(
            Custody::At(_) | Custody::Sent { .. } | Custody::Lost { .. } | Custody::Gone { .. },
        )
        | None => {}
    }
    Ok(())
}
