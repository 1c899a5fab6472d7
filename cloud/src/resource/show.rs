//! Rows as they go out: references with the names of what they refer to, secrets not at all.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ledger::Step;
use serde_json::{Map, Value, json};

use super::definition::{Definition, Field, Kind};
use super::record::{Cell, Cells, Record};
use crate::store::{StoreError, Tx, resource as stored};

/// What referenced rows are called, by resource and id.
struct Names(BTreeMap<(&'static str, u64), String>);

/// Rows with the names of all they refer to.
pub(super) async fn rows(
    tx: &mut Tx,
    definition: &Definition,
    records: &[Record],
) -> Result<Vec<Value>, StoreError> {
    let names = Names::of(tx, definition, records).await?;
    let each = records.iter();
    Ok(each.map(|record| names.record(definition, record)).collect())
}

/// One row.
pub(super) async fn row(
    tx: &mut Tx,
    definition: &Definition,
    record: &Record,
) -> Result<Value, StoreError> {
    let names = Names::of(tx, definition, std::slice::from_ref(record)).await?;
    Ok(names.record(definition, record))
}

impl Names {
    async fn of(
        tx: &mut Tx,
        definition: &Definition,
        records: &[Record],
    ) -> Result<Self, StoreError> {
        let mut wanted: BTreeMap<&'static str, (&'static Definition, BTreeSet<u64>)> =
            BTreeMap::new();
        for record in records {
            for reference in record.cells.references(definition.fields) {
                let of = reference.of;
                wanted.entry(of.name).or_insert((of, BTreeSet::new())).1.insert(reference.id);
            }
        }
        let mut names = BTreeMap::new();
        for (name, (of, ids)) in wanted {
            let found = stored::named(tx, of, &ids).await?;
            names.extend(found.into_iter().map(|(id, row)| ((name, id), row.name)));
        }
        Ok(Self(names))
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
        let of = kind.refers_to().map_or("", |of| of.name);
        let name = self.0.get(&(of, id)).map_or("", String::as_str);
        json!({ "id": id, "name": name })
    }
}
