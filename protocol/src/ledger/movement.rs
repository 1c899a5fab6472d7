//! Goods come and go: Receive, Ship.

use super::effect::{Effects, Notice};
use super::facts::{Facts, Issued};
use super::item::{Custody, Item, State};
use super::operation::{Operation, Receive, Ship};
use super::pending::{Found, Pending};
use super::plan::Document;
use super::rejection::Rejection;
use crate::code::Code;

/// Goods arrive at the site of the operation.
pub(super) fn receive(
    operation: &Operation,
    receive: &Receive,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let mut pending = Pending::new(operation, facts);
    let here = Custody::At(operation.site);
    for code in pending.distinct(&receive.codes)? {
        let mut item = match pending.find(code)? {
            Found::InUse(item) => item,
            Found::Idle(issued) => {
                announce(&mut pending, code, issued, Notice::ContentsToFollow { code })
            }
            Found::Untold(issued) => {
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
    let document = open_document(operation, ship, facts)?;
    let mut pending = Pending::new(operation, facts);
    let mut load = super::item::Contents::none();
    for code in pending.distinct(&ship.codes)? {
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
        may_leave(&mut pending, &item, document)?;
        load.add(&item.contents);
        fits(&load, code, document)?;
        pending.detach(&mut item);
        item.custody =
            Some(Custody::Shipped { from: operation.site, to: document.to, document: document.id });
        pending.put(item);
    }
    Ok(pending.effects())
}

fn open_document<'a>(
    operation: &Operation,
    ship: &Ship,
    facts: &'a Facts,
) -> Result<&'a Document, Rejection> {
    let document = facts
        .document
        .as_ref()
        .filter(|document| document.id == ship.document && document.open)
        .ok_or(Rejection::DocumentClosed { document: ship.document })?;
    if document.from == operation.site {
        return Ok(document);
    }
    let (site, expected) = (operation.site, document.from);
    Err(Rejection::WrongSite { document: document.id, site, expected })
}

/// Goods whose packing was not heard of yet may move all the same: lines and other devices synchronise later.
fn announce(pending: &mut Pending<'_>, code: Code, issued: Issued, notice: Notice) -> Item {
    pending.notice(notice);
    pending.begin(code, issued.level, State::Announced)
}

/// What is known of a code without contents: its product must be on the document.
fn is_on(document: &Document, code: Code, issued: Issued) -> Result<(), Rejection> {
    match issued.product.filter(|product| document.line(*product).is_none()) {
        Some(product) => Err(Rejection::NotOnDocument { code, product, document: document.id }),
        None => Ok(()),
    }
}

fn may_leave(pending: &mut Pending<'_>, item: &Item, document: &Document) -> Result<(), Rejection> {
    let code = item.code;
    if item.disputed {
        return Err(Rejection::Disputed { code });
    }
    match pending.custody(item) {
        Some(Custody::Shipped { from, to, document: earlier }) => {
            if earlier == document.id || from != document.from {
                return Err(Rejection::AlreadyShipped { code, to, document: earlier });
            }
            pending.notice(Notice::ImpliedReturn { code });
        }
        Some(Custody::At(site)) if site != document.from => {
            pending.notice(Notice::ImpliedReceipt { code, from: site });
        }
        Some(Custody::At(_)) | None => {}
    }
    Ok(())
}

/// The load so far must be on the document's lines, and not over them.
fn fits(load: &super::item::Contents, code: Code, document: &Document) -> Result<(), Rejection> {
    let mut units = alloc::collections::BTreeMap::new();
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
