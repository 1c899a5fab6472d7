//! What a document may say: every fault of a form at its field, 箱 and 托 converted by the plan in force.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DealerId, DocumentId, OrderId, ProductId, Revision, SiteId};
use sealtrace_protocol::ledger::{DocumentKind, Level, Part, Party};
use sealtrace_protocol::link::Product;
use serde::Deserialize;

use super::{Document, DocumentsError};
use crate::form::{Check, Invalid, UNITS_MAX};
use crate::store::documents::{NewDocument, NewLine};
use crate::store::{self, StoreError, Tx};

/// What somebody asks for who wants a document created or changed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Its number on paper.
    pub number: String,
    /// inbound, outbound, return, transfer, count.
    pub kind: String,
    /// Our site that works on it.
    pub site: u64,
    /// The other site.
    pub other: Option<u64>,
    /// The dealer.
    pub dealer: Option<u64>,
    /// The production order whose goods come in.
    pub order: Option<u64>,
    /// Anything.
    pub note: String,
    /// What is asked for.
    pub lines: Vec<DraftLine>,
    /// When it is changed: the version that was.
    pub version: u64,
}

/// One line as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DraftLine {
    /// The product's id.
    pub product: u64,
    /// unit, box, case, pallet.
    pub unit: String,
    /// How many of them.
    pub quantity: u32,
}

/// The most lines of one document.
const LINES_MAX: usize = 500;
/// The most characters of a note.
const NOTE_CHARACTERS_MAX: usize = 500;

/// Reads a form. `known` is the document it is to change.
pub(super) async fn read(
    tx: &mut Tx,
    draft: &Draft,
    known: Option<DocumentId>,
) -> Result<NewDocument, DocumentsError> {
    let mut check = Check::new();
    let number = check.number("number", &draft.number);
    if let Some(id) = store::documents::by_number(tx, &number).await? {
        check.require(known == Some(id), "number", "taken");
    }
    let note = check.note("note", &draft.note, NOTE_CHARACTERS_MAX);
    let kind = check.choice("kind", &draft.kind, DocumentKind::from_name);
    let Some(kind) = kind else {
        // What else there must be hangs on the kind.
        lines(tx, draft, &mut check).await?;
        check.done()?;
        return Err(Invalid::field("kind", "unknown").into());
    };
    expected(kind, draft, &mut check);
    let lines = lines(tx, draft, &mut check).await?;
    let may_be_empty = kind == DocumentKind::Count;
    check.require(may_be_empty || !draft.lines.is_empty(), "lines", "required");
    let new = NewDocument {
        number,
        kind,
        site: SiteId(draft.site),
        other: draft.other.map(SiteId),
        dealer: draft.dealer.map(DealerId),
        order: draft.order.map(OrderId),
        note,
        lines,
    };
    terms(tx, &new, &mut check).await?;
    check.done()?;
    Ok(new)
}

/// Which fields each kind has.
fn expected(kind: DocumentKind, draft: &Draft, check: &mut Check) {
    let (has_dealer, has_other, has_order) = match kind {
        DocumentKind::Outbound | DocumentKind::Return => (true, false, false),
        DocumentKind::Transfer => (false, true, false),
        DocumentKind::Inbound => (false, true, true),
        DocumentKind::Count => (false, false, false),
    };
    check.require(!has_dealer || draft.dealer.is_some(), "dealer", "required");
    check.require(has_dealer || draft.dealer.is_none(), "dealer", "unexpected");
    let must_have_other = kind == DocumentKind::Transfer;
    check.require(!must_have_other || draft.other.is_some(), "other", "required");
    check.require(has_other || draft.other.is_none(), "other", "unexpected");
    check.require(has_order || draft.order.is_none(), "order", "unexpected");
    check.require(draft.other != Some(draft.site), "other", "same");
}

async fn lines(tx: &mut Tx, draft: &Draft, check: &mut Check) -> Result<Vec<NewLine>, StoreError> {
    check.require(draft.lines.len() <= LINES_MAX, "lines", "too_many");
    let asked = draft.lines.iter().take(LINES_MAX);
    let ids: BTreeSet<ProductId> = asked.map(|line| ProductId(line.product)).collect();
    let products = store::catalog::products(tx, &ids).await?;
    let mut seen = BTreeSet::new();
    let mut demand: BTreeMap<ProductId, u32> = BTreeMap::new();
    let mut lines = Vec::with_capacity(draft.lines.len());
    for (at, asked) in draft.lines.iter().take(LINES_MAX).enumerate() {
        let field = |name: &str| format!("lines.{at}.{name}");
        let id = ProductId(asked.product);
        let product = products.get(&id);
        check.require(product.is_some(), &field("product"), "unknown");
        let quantity = check.units(&field("quantity"), asked.quantity, 1);
        let Some(unit) = check.choice(&field("unit"), &asked.unit, Level::from_name) else {
            continue;
        };
        check.require(seen.insert((id, unit)), &field("product"), "twice");
        let Some(product) = product else { continue };
        let Some(line) = convert(product, unit, quantity) else {
            check.fault(&field("unit"), "not_in_plan");
            continue;
        };
        for part in &line.parts {
            let units = demand.entry(part.product).or_default();
            *units = units.saturating_add(part.units);
            check.require(*units <= UNITS_MAX, &field("quantity"), "too_large");
        }
        lines.push(line);
    }
    Ok(lines)
}

/// A line in single units, by the product's plan in force; none when the plan has no such unit.
fn convert(product: &Product, unit: Level, quantity: u32) -> Option<NewLine> {
    let mut parts = product.plan.units_in(unit, product.id)?;
    for part in &mut parts {
        part.units = part.units.saturating_mul(quantity);
    }
    let units = parts.iter().fold(0_u32, |sum, part| sum.saturating_add(part.units));
    let mixed = !product.plan.parts().is_empty();
    let revision: Revision = product.revision;
    Some(NewLine { product: product.id, unit, quantity, revision, units, mixed, parts })
}

/// Whether sites, dealer and products of a document are there for something new, and may have to do with each other.
/// Asked again when it is submitted and approved. Whatever comes back or is counted is taken as it is.
pub(super) async fn terms(
    tx: &mut Tx,
    new: &NewDocument,
    check: &mut Check,
) -> Result<(), StoreError> {
    let is_strict = match new.kind {
        DocumentKind::Inbound | DocumentKind::Outbound | DocumentKind::Transfer => true,
        DocumentKind::Return | DocumentKind::Count => false,
    };
    for (field, site) in [("site", Some(new.site)), ("other", new.other)] {
        let Some(site) = site else { continue };
        match store::organisations::site(tx, site).await? {
            None => check.fault(field, if site.get() == 0 { "required" } else { "unknown" }),
            Some(site) => check.require(site.enabled, field, "disabled"),
        }
    }
    if let Some(dealer) = new.dealer {
        match store::organisations::dealer(tx, dealer).await? {
            None => check.fault("dealer", "unknown"),
            Some(dealer) => check.require(dealer.enabled || !is_strict, "dealer", "disabled"),
        }
    }
    if let Some(order) = new.order {
        let known = store::orders::order(tx, order).await?;
        check.require(known.is_some(), "order", "unknown");
    }
    if !is_strict {
        return Ok(());
    }
    let parts = new.lines.iter().flat_map(|line| &line.parts).map(|part| part.product);
    let all: BTreeSet<ProductId> = new.lines.iter().map(|line| line.product).chain(parts).collect();
    let known = store::catalog::products(tx, &all).await?;
    for (at, line) in new.lines.iter().enumerate() {
        let field = format!("lines.{at}.product");
        let product = known.get(&line.product);
        check.require(product.is_some_and(|product| product.enabled), &field, "disabled");
        check.require(permitted(line, &known, Party::Site(new.site)), &field, "unauthorised");
        if let (DocumentKind::Transfer, Some(other)) = (new.kind, new.other) {
            check.require(permitted(line, &known, Party::Site(other)), &field, "unauthorised");
        }
        if let Some(dealer) = new.dealer {
            let may_have = permitted(line, &known, Party::Dealer(dealer));
            check.require(may_have, "dealer", "unauthorised");
        }
    }
    Ok(())
}

/// The party may have the product of a line and whatever its packages mix.
fn permitted(line: &NewLine, known: &BTreeMap<ProductId, Product>, party: Party) -> bool {
    let parts = line.parts.iter().map(|part: &Part| part.product);
    let mut products = parts.chain([line.product]);
    products.all(|product| known.get(&product).is_none_or(|known| known.permit.allows(party)))
}

/// The first field in which a form says something else than a document.
pub(super) fn difference(known: &Document, draft: &Draft) -> Option<&'static str> {
    let line = |line: &super::Line| DraftLine {
        product: line.product.id.get(),
        unit: line.unit.name().to_owned(),
        quantity: line.quantity,
    };
    let lines: Vec<DraftLine> = known.lines.iter().map(line).collect();
    let id_of = |dealer: &crate::named::Named<DealerId>| dealer.id.get();
    [
        ("kind", known.kind.name() == draft.kind),
        ("site", known.site.id.get() == draft.site),
        ("other", known.other.as_ref().map(|site| site.id.get()) == draft.other),
        ("dealer", known.dealer.as_ref().map(id_of) == draft.dealer),
        ("order", known.order.as_ref().map(|order| order.id.get()) == draft.order),
        ("lines", lines == draft.lines),
        ("note", known.note == draft.note.trim()),
    ]
    .into_iter()
    .find_map(|(field, is_same)| (!is_same).then_some(field))
}
