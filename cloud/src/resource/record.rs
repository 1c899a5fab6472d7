//! A row of a resource in memory: a cell for each field.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::Revision;
use sealtrace_protocol::ledger::Plan;
use sealtrace_protocol::time::Timestamp;

use super::definition::{Definition, Field, Kind};

/// A row with what every resource keeps of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: u64,
    /// How often it was saved.
    pub version: u64,
    /// Whether it is there for anything new.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its fields.
    pub cells: Cells,
}

/// What the fields of a form hold.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cells(BTreeMap<&'static str, Cell>);

/// What one field holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, a word, a date; of a secret its verifier.
    Text(String),
    /// Epoch milliseconds.
    Moment(Timestamp),
    /// Yes or no.
    Flag(bool),
    /// The id of a row.
    One(u64),
    /// The ids of rows.
    Many(BTreeSet<u64>),
    /// Adcodes of prefectures.
    Regions(BTreeSet<u32>),
    /// Small forms.
    Rows(Vec<Cells>),
    /// A packaging plan and its revision.
    Plan(Plan, Revision),
}

impl Cells {
    /// Puts a cell in the place of what the field held.
    pub fn set(&mut self, field: &'static str, cell: Cell) {
        self.0.insert(field, cell);
    }

    /// What a field holds; nothing when it could not be read.
    #[must_use]
    pub fn get(&self, field: &str) -> &Cell {
        self.0.get(field).unwrap_or(&Cell::Empty)
    }

    /// The text of a field; empty when there is none.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        if let Cell::Text(text) = self.get(field) { text } else { "" }
    }

    /// The moment of a field.
    #[must_use]
    pub fn moment(&self, field: &str) -> Option<Timestamp> {
        if let Cell::Moment(at) = self.get(field) { Some(*at) } else { None }
    }

    /// The row a field refers to.
    #[must_use]
    pub fn one(&self, field: &str) -> Option<u64> {
        if let Cell::One(id) = self.get(field) { Some(*id) } else { None }
    }

    /// The rows a field refers to.
    #[must_use]
    pub fn many(&self, field: &str) -> BTreeSet<u64> {
        if let Cell::Many(ids) = self.get(field) { ids.clone() } else { BTreeSet::new() }
    }

    /// The prefectures of a field.
    #[must_use]
    pub fn regions(&self, field: &str) -> BTreeSet<u32> {
        if let Cell::Regions(regions) = self.get(field) { regions.clone() } else { BTreeSet::new() }
    }

    /// The small forms of a field.
    #[must_use]
    pub fn rows(&self, field: &str) -> &[Self] {
        if let Cell::Rows(rows) = self.get(field) { rows } else { &[] }
    }

    /// The plan of a field.
    #[must_use]
    pub fn plan(&self, field: &str) -> Option<(&Plan, Revision)> {
        if let Cell::Plan(plan, revision) = self.get(field) {
            Some((plan, *revision))
        } else {
            None
        }
    }

    /// Everything these cells refer to.
    #[must_use]
    pub fn references(&self, fields: &'static [Field]) -> Vec<Reference> {
        let mut found = Vec::new();
        self.gather(fields, "", &mut found);
        found
    }

    fn gather(&self, fields: &'static [Field], place: &str, found: &mut Vec<Reference>) {
        for field in fields {
            let place = format!("{place}{}", field.name);
            let mut mention = |place: String, of, id| found.push(Reference { place, of, id });
            match &field.kind {
                Kind::One(of) => {
                    if let Some(id) = self.one(field.name) {
                        mention(place, of, id);
                    }
                }
                Kind::Many(link) => {
                    for id in self.many(field.name) {
                        mention(place.clone(), link.of, id);
                    }
                }
                Kind::Plan { of } => {
                    let parts = self.plan(field.name).map_or(&[][..], |(plan, _)| plan.parts());
                    for (at, part) in parts.iter().enumerate() {
                        mention(format!("{place}.0.parts.{at}.product"), of, part.product.get());
                    }
                }
                Kind::Rows(fields) => {
                    for (at, row) in self.rows(field.name).iter().enumerate() {
                        row.gather(fields, &format!("{place}.{at}."), found);
                    }
                }
                Kind::Text { .. }
                | Kind::Gtin
                | Kind::Lot
                | Kind::Login
                | Kind::Secret(_)
                | Kind::Choice(_)
                | Kind::Flag { .. }
                | Kind::Date
                | Kind::Moment
                | Kind::Regions { .. } => {}
            }
        }
    }
}

/// One mention of a row of a resource.
pub struct Reference {
    /// Where in the form.
    pub place: String,
    /// Of which resource.
    pub of: &'static Definition,
    /// Which row.
    pub id: u64,
}
