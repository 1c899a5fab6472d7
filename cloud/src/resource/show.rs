//! Rows as they go out: references with the names of what they refer to, secrets not at all.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ledger::Step;
use serde_json::{Map, Value, json};

use super::definition::{Definition, Field, Kind};
use super::record::{Cell, Cells, Record, Reference};
use crate::store::resource::{self as stored, Called};
use crate::store::{StoreError, Tx};

/// Rows with the names of all they refer to.
pub(super) async fn rows(
    tx: &mut Tx,
    definition: &Definition,
    records: &[Record],
) -> Result<Vec<Value>, StoreError> {
    let references = records.iter().flat_map(|record| record.cells.references(definition.fields));
    let names = Names::of(tx, references).await?;
    let each = records.iter();
    Ok(each.map(|record| names.record(definition, record)).collect())
}

/// One row.
pub(super) async fn row(
    tx: &mut Tx,
    definition: &Definition,
    record: &Record,
) -> Result<Value, StoreError> {
    let names = Names::of(tx, record.cells.references(definition.fields)).await?;
    Ok(names.record(definition, record))
}

/// What referenced rows are called, by resource and id.
pub(super) struct Names(BTreeMap<(&'static str, u64), Called>);

impl Names {
    /// Looks up everything that is referred to.
    pub(super) async fn of(
        tx: &mut Tx,
        references: impl IntoIterator<Item = Reference>,
    ) -> Result<Self, StoreError> {
        let mut wanted: BTreeMap<&'static str, (&'static Definition, BTreeSet<u64>)> =
            BTreeMap::new();
        for Reference { of, id, .. } in references {
            wanted.entry(of.name).or_insert((of, BTreeSet::new())).1.insert(id);
        }
        let mut names = BTreeMap::new();
        for (name, (of, ids)) in wanted {
            let found = stored::named(tx, of, &ids).await?;
            names.extend(found.into_iter().map(|(id, row)| ((name, id), row)));
        }
        Ok(Self(names))
    }

    /// What a row is called; none when there is no such row.
    pub(super) fn get(&self, of: &Definition, id: u64) -> Option<&Called> {
        self.0.get(&(of.name, id))
    }

    fn record(&self, definition: &Definition, record: &Record) -> Value {
        let mut row = self.cells(definition.fields, &record.cells);
        row.insert("id".to_owned(), record.id.into());
        row.insert("version".to_owned(), record.version.into());
        row.insert("enabled".to_owned(), record.enabled.into());
        row.insert("created_at".to_owned(), record.created_at.millis().into());
        row.into()
    }

    fn cells(&self, fields: &'static [Field], cells: &Cells) -> Map<String, Value> {
        let mut row = Map::new();
        for field in fields {
            if matches!(field.kind, Kind::Secret(_)) {
                continue;
            }
            let cell = cells.get(field.name);
            row.insert(field.name.to_owned(), self.cell(&field.kind, cell));
            if let Cell::Plan(_, revision) = cell {
                row.insert("revision".to_owned(), revision.get().into());
            }
        }
        row
    }

    fn cell(&self, kind: &Kind, cell: &Cell) -> Value {
        match cell {
            Cell::Empty => Value::Null,
            Cell::Text(text) => text.as_str().into(),
            Cell::Moment(at) => at.millis().into(),
            Cell::Flag(flag) => (*flag).into(),
            Cell::One(id) => self.reference(kind, *id),
            Cell::Many(ids) => ids.iter().map(|id| self.reference(kind, *id)).collect(),
            Cell::Regions(regions) => regions.iter().map(u32::to_string).collect(),
            Cell::Rows(rows) => {
                let fields: &'static [Field] =
                    if let Kind::Rows(fields) = kind { fields } else { &[] };
                rows.iter().map(|row| Value::from(self.cells(fields, row))).collect()
            }
            Cell::Plan(plan, _) => plan.steps().map(|step| self.step(kind, step)).collect(),
        }
    }

    fn step(&self, kind: &Kind, step: &Step) -> Value {
        let parts = step.parts.iter().map(|part| {
            json!({ "product": self.reference(kind, part.product.get()), "units": part.units })
        });
        let parts: Value = parts.collect();
        json!({ "level": step.level.name(), "holds": step.holds, "parts": parts })
    }

    fn reference(&self, kind: &Kind, id: u64) -> Value {
        let called = kind.refers_to().and_then(|of| self.get(of, id));
        let name = called.map_or("", |row| &row.name);
        json!({ "id": id, "name": name })
    }
}
