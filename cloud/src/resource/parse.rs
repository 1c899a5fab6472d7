//! A form as it comes in becomes cells: every field read by its kind, every fault noted at its place.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::code::Gtin;
use sealtrace_protocol::ids::{ProductId, Revision};
use sealtrace_protocol::ledger::{HOLDS_MAX, Level, Part, Plan, PlanError, Step};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde_json::{Map, Value};

use super::definition::{Definition, Field, Kind, Secret};
use super::record::{Cell, Cells};
use crate::accounts::password;
use crate::diversion::regions;
use crate::form::Check;

/// What was sent.
pub type Form = Map<String, Value>;
/// What is kept of secrets instead of them, by field.
pub type Verifiers = BTreeMap<&'static str, String>;

/// The most rows, references or steps of one field.
const ENTRIES_MAX: usize = 1_000;
/// What a row has beside its fields: a form may send it back.
const OF_EVERY_ROW: [&str; 5] = ["id", "version", "enabled", "created_at", "revision"];

/// Reads a whole form. `before` is the row it changes: fixed fields and secrets that are not typed again stay.
pub fn form(
    definition: &Definition,
    form: &Form,
    before: Option<&Cells>,
    verifiers: &Verifiers,
    check: &mut Check,
) -> Cells {
    let reader = Reader { before, verifiers };
    refuse_others(form, "", check, |name| {
        definition.field(name).is_some() || OF_EVERY_ROW.contains(&name)
    });
    let mut cells = Cells::default();
    for field in definition.fields {
        let sent = form.get(field.name).unwrap_or(&Value::Null);
        let cell = reader.field(field, sent, form, field.name, check);
        cells.set(field.name, cell);
    }
    cells
}

/// The text of each secret that is worth a verifier.
pub fn secrets<'f>(definition: &Definition, form: &'f Form) -> Vec<(&'static str, &'f str)> {
    let mut found = Vec::new();
    for field in definition.fields {
        if let Kind::Secret(secret) = &field.kind
            && let Some(text) = form.get(field.name).and_then(Value::as_str)
            && secret.fault(text, "").is_none()
        {
            found.push((field.name, text));
        }
    }
    found
}

impl Secret {
    fn fault(self, text: &str, login: &str) -> Option<&'static str> {
        match self {
            Self::Password => password::weakness(text, login),
            Self::Pin => password::pin_fault(text),
        }
    }
}

struct Reader<'a> {
    before: Option<&'a Cells>,
    verifiers: &'a Verifiers,
}

impl Reader<'_> {
    fn field(
        &self,
        field: &'static Field,
        sent: &Value,
        form: &Form,
        place: &str,
        check: &mut Check,
    ) -> Cell {
        let was = self.before.map(|before| before.get(field.name));
        if let Some(was) = was.filter(|_| field.fixed && sent.is_null()) {
            return was.clone();
        }
        let cell = self.read(field, sent, form, place, check);
        // These say by themselves when they are missing.
        let says_so = matches!(field.kind, Kind::Secret(_) | Kind::Plan { .. });
        if field.required && !says_so && is_empty(&cell) {
            check.fault(place, "required");
        }
        if was.is_some_and(|was| field.fixed && *was != cell) {
            check.fault(place, "fixed");
        }
        cell
    }

    fn secret(
        &self,
        secret: Secret,
        field: &'static Field,
        sent: &Value,
        form: &Form,
        check: &mut Check,
    ) -> Cell {
        let text = text_of(sent, field.name, check);
        if text.is_empty() && self.before.is_some() {
            return Cell::Empty;
        }
        let typed = form.get("login").and_then(Value::as_str).unwrap_or_default();
        let login = self.before.map_or(typed, |before| before.text("login"));
        if let Some(fault) = secret.fault(text, login.trim()) {
            check.fault(field.name, fault);
        }
        self.verifiers.get(field.name).cloned().map_or(Cell::Empty, Cell::Text)
    }

    fn read(
        &self,
        field: &'static Field,
        sent: &Value,
        form: &Form,
        place: &str,
        check: &mut Check,
    ) -> Cell {
        match &field.kind {
            Kind::Secret(secret) => self.secret(*secret, field, sent, form, check),
            Kind::Text { characters_max } => {
                let text = text_of(sent, place, check).trim();
                let is_left_empty = text.is_empty();
                let text = (!is_left_empty).then(|| check.text(place, text, *characters_max));
                Cell::Text(text.unwrap_or_default())
            }
            Kind::Gtin => word(sent, place, check, |text, _| {
                Gtin::new(text).ok().map(|gtin| gtin.to_string())
            }),
            Kind::Lot => word(sent, place, check, |text, _| Lot::new(text).ok().map(String::from)),
            Kind::Login => word(sent, place, check, |text, check| Some(check.login(place, text))),
            Kind::Choice(options) => {
                word(sent, place, check, |text, _| options.contains(&text).then(|| text.to_owned()))
            }
            Kind::Date => word(sent, place, check, |text, check| Some(check.date(place, text))),
            Kind::Flag { default } => {
                let flag = if sent.is_null() { Some(*default) } else { sent.as_bool() };
                check.require(flag.is_some(), place, "unreadable");
                Cell::Flag(flag.unwrap_or(*default))
            }
            Kind::Moment => {
                let at = sent.as_i64();
                check.require(at.is_some() || sent.is_null(), place, "unreadable");
                at.map_or(Cell::Empty, |at| Cell::Moment(Timestamp(at)))
            }
            Kind::One(_) => {
                check.require(sent.is_u64() || sent.is_null(), place, "unreadable");
                sent.as_u64().map_or(Cell::Empty, Cell::One)
            }
            Kind::Many(_) => {
                let entries = entries(sent, place, ENTRIES_MAX, check).iter();
                let ids: Option<BTreeSet<u64>> = entries.map(Value::as_u64).collect();
                check.require(ids.is_some(), place, "unreadable");
                Cell::Many(ids.unwrap_or_default())
            }
            Kind::Regions { max } => Cell::Regions(read_regions(sent, place, *max, check)),
            Kind::Rows(fields) => {
                let rows = entries(sent, place, ENTRIES_MAX, check).iter().enumerate();
                Cell::Rows(
                    rows.map(|(at, row)| small(fields, row, &format!("{place}.{at}"), check))
                        .collect(),
                )
            }
            Kind::Plan { .. } => {
                let before = self.before.and_then(|before| before.plan(field.name));
                plan(sent, place, check).map_or(Cell::Empty, |plan| revised(plan, before))
            }
        }
    }
}

/// A form within the form.
fn small(fields: &'static [Field], sent: &Value, place: &str, check: &mut Check) -> Cells {
    let mut cells = Cells::default();
    let Some(form) = sent.as_object() else {
        check.fault(place, "unreadable");
        return cells;
    };
    let is_known = |name: &str| fields.iter().any(|field| field.name == name);
    refuse_others(form, &format!("{place}."), check, is_known);
    let reader = Reader { before: None, verifiers: &Verifiers::new() };
    for field in fields {
        let sent = form.get(field.name).unwrap_or(&Value::Null);
        let cell = reader.field(field, sent, form, &format!("{place}.{}", field.name), check);
        cells.set(field.name, cell);
    }
    cells
}

/// Names that no field has: a word that is spelt wrong must not pass for one that was left out.
fn refuse_others(form: &Form, place: &str, check: &mut Check, is_known: impl Fn(&str) -> bool) {
    for name in form.keys() {
        check.require(is_known(name), &format!("{place}{name}"), "no_such_field");
    }
}

fn is_empty(cell: &Cell) -> bool {
    match cell {
        Cell::Empty => true,
        Cell::Text(text) => text.is_empty(),
        Cell::Many(ids) => ids.is_empty(),
        Cell::Regions(regions) => regions.is_empty(),
        Cell::Rows(rows) => rows.is_empty(),
        Cell::Moment(_) | Cell::Flag(_) | Cell::One(_) | Cell::Plan(..) => false,
    }
}

fn text_of<'v>(sent: &'v Value, place: &str, check: &mut Check) -> &'v str {
    check.require(sent.is_string() || sent.is_null(), place, "unreadable");
    sent.as_str().unwrap_or_default()
}

/// A text of a certain form; nothing when it is left empty, `unknown` when it is something else.
fn word(
    sent: &Value,
    place: &str,
    check: &mut Check,
    read: impl Fn(&str, &mut Check) -> Option<String>,
) -> Cell {
    let text = text_of(sent, place, check).trim();
    if text.is_empty() {
        return Cell::Empty;
    }
    let word = read(text, check);
    check.require(word.is_some(), place, "unknown");
    word.map_or(Cell::Empty, Cell::Text)
}

fn entries<'v>(sent: &'v Value, place: &str, max: usize, check: &mut Check) -> &'v [Value] {
    check.require(sent.is_array() || sent.is_null(), place, "unreadable");
    let entries = sent.as_array().map_or(&[][..], Vec::as_slice);
    check.require(entries.len() <= max, place, "too_many");
    entries.get(..max).unwrap_or(entries)
}

/// Adcodes of prefectures, or of counties in them.
fn read_regions(sent: &Value, place: &str, max: usize, check: &mut Check) -> BTreeSet<u32> {
    let mut codes = BTreeSet::new();
    for entry in entries(sent, place, max, check) {
        match entry.as_str().and_then(regions::prefecture) {
            Some(region) => {
                codes.insert(region.code);
            }
            None => check.fault(place, "unknown"),
        }
    }
    codes
}

/// The same plan stays what it was; another is the next revision.
fn revised(plan: Plan, before: Option<(&Plan, Revision)>) -> Cell {
    match before {
        Some((was, revision)) if *was == plan => Cell::Plan(plan, revision),
        Some((_, Revision(newest))) => Cell::Plan(plan, Revision(newest.saturating_add(1))),
        None => Cell::Plan(plan, Revision(1)),
    }
}

/// Reads a plan; each bad step is named by its place.
fn plan(sent: &Value, place: &str, check: &mut Check) -> Option<Plan> {
    let sent = entries(sent, place, Level::ALL.len(), check);
    check.require(!sent.is_empty(), place, "required");
    let mut steps = Vec::with_capacity(sent.len());
    for (at, step) in sent.iter().enumerate() {
        let place = format!("{place}.{at}");
        let known = ["level", "holds", "parts"];
        if let Some(form) = step.as_object() {
            refuse_others(form, &format!("{place}."), check, |name| known.contains(&name));
        }
        let level = step.get("level").and_then(Value::as_str).unwrap_or_default();
        let level = check.choice(&format!("{place}.level"), level, Level::from_name);
        let holds = step.get("holds").and_then(Value::as_u64).unwrap_or_default();
        let holds = u32::try_from(holds).ok().filter(|holds| (1..=HOLDS_MAX).contains(holds));
        check.require(holds.is_some(), &format!("{place}.holds"), "out_of_range");
        let parts = step.get("parts").unwrap_or(&Value::Null);
        let parts = parts_of(parts, &format!("{place}.parts"), check);
        steps.push((level, holds, parts));
    }
    let whole = steps
        .into_iter()
        .map(|(level, holds, parts)| Some(Step { level: level?, holds: holds?, parts: parts? }));
    // What is not whole was named by its place already.
    let steps: Vec<Step> = whole.collect::<Option<_>>()?;
    let at = |level| steps.iter().position(|step| step.level == level).unwrap_or_default();
    match Plan::new(steps.clone()) {
        Ok(plan) => return (!steps.is_empty()).then_some(plan),
        Err(PlanError::Order(level)) => {
            // The later of two steps of one level is the one that lies wrong.
            let at = steps.iter().rposition(|step| step.level == level).unwrap_or_default();
            check.fault(&format!("{place}.{at}.level"), "order");
        }
        Err(PlanError::Parts(level)) => {
            check.fault(&format!("{place}.{}.parts", at(level)), "parts");
        }
        Err(PlanError::Holds { level, .. }) => {
            check.fault(&format!("{place}.{}.holds", at(level)), "out_of_range");
        }
    }
    None
}

fn parts_of(sent: &Value, place: &str, check: &mut Check) -> Option<Vec<Part>> {
    let mut parts = Some(Vec::new());
    for (at, part) in entries(sent, place, ENTRIES_MAX, check).iter().enumerate() {
        let product = part.get("product").and_then(Value::as_u64).map(ProductId);
        check.require(product.is_some(), &format!("{place}.{at}.product"), "required");
        let units = part.get("units").and_then(Value::as_u64);
        let units = units.and_then(|units| u32::try_from(units).ok()).filter(|units| *units > 0);
        check.require(units.is_some(), &format!("{place}.{at}.units"), "required");
        let part = product.zip(units).map(|(product, units)| Part { product, units });
        parts = parts.zip(part).map(|(mut parts, part)| {
            parts.push(part);
            parts
        });
    }
    parts
}
