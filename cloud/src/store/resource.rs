//! SQL of declared resources, built from their definitions. Names of tables and columns come from the program only;
//! everything a person typed is a parameter.

use std::collections::{BTreeMap, BTreeSet};

use super::search::{Listing, groups, places};
use super::{Row, StoreError, Tx, Value};
use crate::resource::{Cell, Cells, Definition, Field, Kind, Link, Query, Record};

/// What every resource keeps of a row, before its fields.
const OF_EVERY_ROW: [&str; 4] = ["id", "version", "enabled", "created_at"];

/// What a row is called.
pub struct Called {
    /// Its label.
    pub name: String,
    /// Whether it is there for anything new.
    pub enabled: bool,
}

/// Columns that are read: secrets never are.
fn shown(definition: &Definition) -> impl Iterator<Item = &'static Field> {
    let fields = definition.fields.iter();
    fields.filter(|field| field.is_column() && !matches!(field.kind, Kind::Secret(_)))
}

fn links(definition: &Definition) -> impl Iterator<Item = (&'static Field, &'static Link)> {
    definition.fields.iter().filter_map(|field| {
        if let Kind::Many(link) = field.kind { Some((field, link)) } else { None }
    })
}

fn select(definition: &Definition) -> String {
    let fields = shown(definition).map(|field| field.name);
    let columns: Vec<&str> = OF_EVERY_ROW.into_iter().chain(fields).collect();
    format!("select {} from {}", columns.join(", "), definition.table)
}

/// The row with this id, with its links; small forms and plans are read by the resource itself.
pub async fn find(
    tx: &mut Tx,
    definition: &Definition,
    id: u64,
) -> Result<Option<Record>, StoreError> {
    let sql = format!("{} where id = $1", select(definition));
    let Some(row) = tx.query_opt(&sql, &[id.into()]).await? else { return Ok(None) };
    let mut records = [read(definition, &row)?];
    read_links(tx, definition, &mut records).await?;
    let [record] = records;
    Ok(Some(record))
}

/// A page of rows, with their links.
pub async fn list(
    tx: &mut Tx,
    definition: &Definition,
    query: &Query,
) -> Result<Listing<Record>, StoreError> {
    let (condition, mut values) = condition(definition, query);
    let count = format!("select count(*) from {}{condition}", definition.table);
    let total = tx.query_one(&count, &values).await?.get(0)?;
    let by = query.sort.map_or("id", |field| field.name);
    let direction = if query.descending { "desc" } else { "asc" };
    let (limit, offset) = (values.len() + 1, values.len() + 2);
    let sql = format!(
        "{}{condition} order by {by} {direction} nulls last, id {direction} limit ${limit} offset ${offset}",
        select(definition)
    );
    values.extend([query.page.limit(), query.page.offset()]);
    let rows = tx.query(&sql, &values).await?;
    let mut rows: Vec<Record> =
        rows.iter().map(|row| read(definition, row)).collect::<Result<_, _>>()?;
    read_links(tx, definition, &mut rows).await?;
    Ok(Listing { rows, total })
}

/// ` where …`, with its parameters.
fn condition(definition: &Definition, query: &Query) -> (String, Vec<Value>) {
    let mut terms = Vec::new();
    let mut values = Vec::new();
    if !query.page.q.trim().is_empty() {
        values.push(query.page.pattern());
        let searched = definition.fields.iter().filter(|field| field.searched);
        let each =
            searched.map(|field| format!("lower({}) like lower($1) escape '\\'", field.name));
        terms.push(format!("({})", each.collect::<Vec<_>>().join(" or ")));
    }
    let enabled = query.enabled.map(|enabled| ("enabled", enabled.into()));
    let filters = query.filters.iter().map(|(field, value)| (field.name, value.clone()));
    for (column, value) in enabled.into_iter().chain(filters) {
        values.push(value);
        terms.push(format!("{column} = ${}", values.len()));
    }
    if terms.is_empty() {
        return (String::new(), values);
    }
    (format!(" where {}", terms.join(" and ")), values)
}

/// What rows are called; one that is not there is left out.
pub async fn named(
    tx: &mut Tx,
    definition: &Definition,
    ids: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Called>, StoreError> {
    let sql = format!(
        "select id, {}, enabled from {} where id in ({})",
        definition.label,
        definition.table,
        places()
    );
    let ids: Vec<u64> = ids.iter().copied().collect();
    let mut found = BTreeMap::new();
    for group in groups(&ids) {
        for row in tx.query(&sql, &group).await? {
            found.insert(row.get(0)?, Called { name: row.get(1)?, enabled: row.get(2)? });
        }
    }
    Ok(found)
}

/// The row above this one in a tree.
pub async fn parent(
    tx: &mut Tx,
    definition: &Definition,
    tree: &str,
    id: u64,
) -> Result<Option<u64>, StoreError> {
    let sql = format!("select {tree} from {} where id = $1", definition.table);
    let row = tx.query_opt(&sql, &[id.into()]).await?;
    row.map_or(Ok(None), |row| row.get(0))
}

/// True when another row, one that agrees in `within`, holds the same as `record` in a field.
pub async fn is_taken(
    tx: &mut Tx,
    definition: &Definition,
    field: &Field,
    within: Option<&Field>,
    record: &Record,
) -> Result<bool, StoreError> {
    let mut sql =
        format!("select count(*) from {} where id <> $1 and {} = $2", definition.table, field.name);
    let mut values = vec![record.id.into(), column(field, &record.cells)];
    if let Some(within) = within {
        let value = column(within, &record.cells);
        if value == Value::Null {
            sql.push_str(&format!(" and {} is null", within.name));
        } else {
            values.push(value);
            sql.push_str(&format!(" and {} = $3", within.name));
        }
    }
    Ok(tx.query_one(&sql, &values).await?.get::<u64>(0)? > 0)
}

/// Adds a row with its links.
pub async fn insert(
    tx: &mut Tx,
    definition: &Definition,
    record: &Record,
) -> Result<(), StoreError> {
    let fields: Vec<&Field> = definition.fields.iter().filter(|field| field.is_column()).collect();
    let columns: Vec<&str> =
        OF_EVERY_ROW.into_iter().chain(fields.iter().map(|field| field.name)).collect();
    let places: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
    let sql = format!(
        "insert into {} ({}) values ({})",
        definition.table,
        columns.join(", "),
        places.join(", ")
    );
    let mut values: Vec<Value> = vec![
        record.id.into(),
        record.version.into(),
        record.enabled.into(),
        record.created_at.into(),
    ];
    values.extend(fields.iter().map(|field| column(field, &record.cells)));
    tx.execute(&sql, &values).await?;
    write_links(tx, definition, record).await
}

/// Writes the fields of a row and its version; a secret that was not typed again stays.
pub async fn update(
    tx: &mut Tx,
    definition: &Definition,
    record: &Record,
) -> Result<(), StoreError> {
    let is_kept = |field: &&Field| {
        matches!(field.kind, Kind::Secret(_)) && *record.cells.get(field.name) == Cell::Empty
    };
    let fields = definition.fields.iter().filter(|field| field.is_column() && !is_kept(field));
    let mut values: Vec<Value> = vec![record.id.into(), record.version.into()];
    let mut columns = vec!["version = $2".to_owned()];
    for field in fields {
        values.push(column(field, &record.cells));
        columns.push(format!("{} = ${}", field.name, values.len()));
    }
    let sql = format!("update {} set {} where id = $1", definition.table, columns.join(", "));
    tx.execute(&sql, &values).await?;
    write_links(tx, definition, record).await
}

/// Enables or disables a row.
pub async fn set_enabled(
    tx: &mut Tx,
    definition: &Definition,
    id: u64,
    enabled: bool,
) -> Result<(), StoreError> {
    let sql = format!(
        "update {} set enabled = $2, version = version + 1 where id = $1",
        definition.table
    );
    tx.execute(&sql, &[id.into(), enabled.into()]).await?;
    Ok(())
}

/// What refers to a row, and how often; the first that does.
pub async fn used(
    tx: &mut Tx,
    definition: &Definition,
    id: u64,
) -> Result<Option<(&'static str, u64)>, StoreError> {
    for usage in definition.uses {
        let on: Vec<String> =
            usage.on.iter().map(|(theirs, ours)| format!("u.{theirs} = r.{ours}")).collect();
        let sql = format!(
            "select count(*) from {} u join {} r on {} where r.id = $1",
            usage.table,
            definition.table,
            on.join(" and ")
        );
        let count = tx.query_one(&sql, &[id.into()]).await?.get(0)?;
        if count > 0 {
            return Ok(Some((usage.by, count)));
        }
    }
    Ok(None)
}

/// Deletes a row with its links and parts.
pub async fn remove(tx: &mut Tx, definition: &Definition, id: u64) -> Result<(), StoreError> {
    let links = links(definition).map(|(_, link)| (link.table, link.own));
    let own = (definition.table, "id");
    for (table, column) in definition.parts.iter().copied().chain(links).chain([own]) {
        tx.execute(&format!("delete from {table} where {column} = $1"), &[id.into()]).await?;
    }
    Ok(())
}

async fn read_links(
    tx: &mut Tx,
    definition: &Definition,
    records: &mut [Record],
) -> Result<(), StoreError> {
    let ids: Vec<u64> = records.iter().map(|record| record.id).collect();
    for (field, Link { table, own, other, .. }) in links(definition) {
        let sql = format!("select {own}, {other} from {table} where {own} in ({})", places());
        let mut linked: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for group in groups(&ids) {
            for row in tx.query(&sql, &group).await? {
                linked.entry(row.get(0)?).or_default().insert(row.get(1)?);
            }
        }
        for record in &mut *records {
            let ids = linked.remove(&record.id).unwrap_or_default();
            record.cells.set(field.name, Cell::Many(ids));
        }
    }
    Ok(())
}

async fn write_links(
    tx: &mut Tx,
    definition: &Definition,
    record: &Record,
) -> Result<(), StoreError> {
    for (field, Link { table, own, other, .. }) in links(definition) {
        tx.execute(&format!("delete from {table} where {own} = $1"), &[record.id.into()]).await?;
        let ids = record.cells.many(field.name).into_iter();
        let pairs: Vec<Vec<Value>> = ids.map(|id| vec![record.id.into(), id.into()]).collect();
        let sql = format!("insert into {table} ({own}, {other}) values ($1, $2)");
        tx.execute_many(&sql, &pairs).await?;
    }
    Ok(())
}

fn read(definition: &Definition, row: &Row) -> Result<Record, StoreError> {
    let mut cells = Cells::default();
    for (at, field) in shown(definition).enumerate() {
        cells.set(field.name, cell(field, row, at + OF_EVERY_ROW.len())?);
    }
    let (version, enabled) = (row.get(1)?, row.get(2)?);
    Ok(Record { id: row.get(0)?, version, enabled, created_at: row.get(3)?, cells })
}

fn cell(field: &Field, row: &Row, at: usize) -> Result<Cell, StoreError> {
    let cell = match field.kind {
        Kind::Text { .. } | Kind::Gtin | Kind::Lot | Kind::Login | Kind::Choice(_) | Kind::Date => {
            row.get::<Option<String>>(at)?.map(Cell::Text)
        }
        Kind::Flag { .. } => row.get::<Option<bool>>(at)?.map(Cell::Flag),
        Kind::Moment => row.get::<Option<_>>(at)?.map(Cell::Moment),
        Kind::One(_) => row.get::<Option<u64>>(at)?.map(Cell::One),
        Kind::Regions { .. } => {
            Some(Cell::Regions(row.get::<Option<u32>>(at)?.into_iter().collect()))
        }
        // Not columns, or never read.
        Kind::Secret(_) | Kind::Many(_) | Kind::Rows(_) | Kind::Plan { .. } => None,
    };
    Ok(cell.unwrap_or(Cell::Empty))
}

/// What a column holds of a cell.
fn column(field: &Field, cells: &Cells) -> Value {
    match cells.get(field.name) {
        Cell::Text(text) => text.into(),
        Cell::Moment(at) => (*at).into(),
        Cell::Flag(flag) => (*flag).into(),
        Cell::One(id) => (*id).into(),
        Cell::Regions(regions) => regions.first().copied().into(),
        // In tables of their own.
        Cell::Empty | Cell::Many(_) | Cell::Rows(_) | Cell::Plan(..) => Value::Null,
    }
}
