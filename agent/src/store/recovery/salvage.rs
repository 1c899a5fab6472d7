//! Reading what can be read out of a damaged file, row by row, into a new one.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Transaction, params_from_iter};

use super::super::StoreError;

/// Places that are tried one by one between what is readable from either end.
const TRIES_MAX: i64 = 200_000;

/// Epoch and seq, or 0 and the row's number.
type Place = (i64, i64);

/// How a table came over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    /// Rows in the new file.
    pub(super) rows: u64,
    /// Part of it could not be read.
    pub(super) broken: bool,
}

/// One table on its way from one file to the other.
struct Move<'a> {
    from: &'a Connection,
    to: &'a Transaction<'a>,
    table: &'a str,
    columns: Vec<String>,
    came: Came,
}

/// Copies a table whose rows lie in this order: from its beginning to the damage, from its end back to it, and what can
/// be counted through in between, one by one.
pub(super) fn copy(
    from: &Connection,
    to: &Transaction<'_>,
    table: &str,
    order: &str,
) -> Result<Came, StoreError> {
    let failed = || StoreError::sqlite("take a table over");
    let columns: Vec<String> = to
        .prepare("select name from pragma_table_info(?1) order by cid")
        .and_then(|mut query| query.query_map([table], |row| row.get(0))?.collect())
        .map_err(failed())?;
    let mut moving = Move { from, to, table, columns, came: Came::default() };
    let forth = moving.walk(order)?;
    if let Some(reached) = forth {
        moving.came.broken = true;
        let until = moving.walk(&reversed(order))?.flatten();
        moving.between(order, reached, until)?;
    }
    Ok(moving.came)
}

impl Move<'_> {
    /// Copies rows in this order. At the end none; else the place of the last row before what cannot be read.
    fn walk(&mut self, order: &str) -> Result<Option<Option<Place>>, StoreError> {
        let (mut last, place) = (None, place_of(order));
        let Ok(mut query) = self.from.prepare(&format!("{} order by {order}", self.select(place)))
        else {
            return Ok(Some(None));
        };
        let Ok(mut rows) = query.query([]) else { return Ok(Some(None)) };
        loop {
            match rows.next() {
                Ok(None) => return Ok(None),
                Ok(Some(row)) => {
                    // Of a row that is only half there nothing is taken.
                    let Ok((place, values)) = self.read(row) else {
                        self.came.broken = true;
                        continue;
                    };
                    last = place.or(last);
                    self.put(values)?;
                }
                Err(_) => return Ok(Some(last)),
            }
        }
    }

    /// Tries every place between two.
    fn between(
        &mut self,
        order: &str,
        reached: Option<Place>,
        until: Option<Place>,
    ) -> Result<(), StoreError> {
        let condition = match place_of(order) {
            Counted::Rows => "rowid = ?2 and ?1 = 0",
            Counted::Places => "epoch = ?1 and seq = ?2",
            Counted::Not => return Ok(()),
        };
        let (Some((epoch, last)), Some(end)) = (until, until.map(|(_, seq)| seq)) else {
            return Ok(());
        };
        let first = reached.filter(|(other, _)| *other == epoch).map_or(0, |(_, seq)| seq);
        let sql = format!("{} where {condition}", self.select(place_of(order)));
        let Ok(mut query) = self.from.prepare(&sql) else { return Ok(()) };
        for seq in first.max(end.saturating_sub(TRIES_MAX))..last {
            let Ok(mut rows) = query.query([epoch, seq]) else { continue };
            while let Ok(Some(row)) = rows.next() {
                if let Ok((_, values)) = self.read(row) {
                    self.put(values)?;
                }
            }
        }
        Ok(())
    }

    fn select(&self, counted: Counted) -> String {
        let place = match counted {
            Counted::Rows => "0, rowid",
            Counted::Places => "epoch, seq",
            Counted::Not => "null, null",
        };
        format!("select {place}, {} from {}", self.columns.join(", "), self.table)
    }

    fn read(&self, row: &Row<'_>) -> rusqlite::Result<(Option<Place>, Vec<Value>)> {
        let epoch: Option<i64> = row.get(0)?;
        let place = epoch.zip(row.get::<_, Option<i64>>(1)?);
        let values = (0..self.columns.len()).map(|at| row.get(at + 2)).collect::<Result<_, _>>()?;
        Ok((place, values))
    }

    /// Writes a row; one that cannot be one is left, one that is there already is there.
    fn put(&mut self, values: Vec<Value>) -> Result<(), StoreError> {
        let places = vec!["?"; values.len()].join(", ");
        let sql = format!("insert or ignore into {} values ({places})", self.table);
        let written = self
            .to
            .prepare_cached(&sql)
            .and_then(|mut insert| insert.execute(params_from_iter(values)));
        match written {
            Ok(rows) => {
                self.came.rows += u64::try_from(rows).unwrap_or_default();
                Ok(())
            }
            Err(error) if is_senseless(&error) => {
                self.came.broken = true;
                Ok(())
            }
            Err(error) => Err(StoreError::sqlite("take a row over")(error)),
        }
    }
}

/// The same order from its end.
pub(super) fn reversed(order: &str) -> String {
    order.split(", ").map(|key| format!("{key} desc")).collect::<Vec<_>>().join(", ")
}

/// What a table's rows are counted by.
#[derive(Clone, Copy)]
enum Counted {
    Rows,
    Places,
    Not,
}

fn place_of(order: &str) -> Counted {
    match order {
        "rowid" => Counted::Rows,
        order if order.starts_with("epoch, seq") => Counted::Places,
        _ => Counted::Not,
    }
}

/// The new file's rules say that this is no such row.
fn is_senseless(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(rusqlite::ErrorCode::ConstraintViolation | rusqlite::ErrorCode::TypeMismatch)
    )
}
