//! Making, changing, enabling and deleting rows: checked as a whole, written as a whole, written down in the audit.

use std::collections::BTreeSet;

use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use super::definition::{Definition, Unique};
use super::parse::{self, Form, Verifiers};
use super::record::{Cell, Cells, Record, Reference};
use super::show::{self, Names};
use super::{Change, Resource, ResourceError, find};
use crate::accounts::{AccountId, password};
use crate::form::{Check, Invalid};
use crate::store::audit::{Action, Entry};
use crate::store::resource::{self as stored, Called};
use crate::store::{Store, StoreError, Tx, audit, counters};
use crate::writing;

/// Rows that are enabled or disabled at once.
const ROWS_AT_ONCE_MAX: usize = 200;
/// How deep a tree can be; more would be a circle.
const DEPTH_MAX: usize = 64;

/// Makes a row; answers with it.
pub async fn create<R: Resource>(
    store: &Store,
    form: &Form,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<Value, ResourceError> {
    let verifiers = verifiers(R::DEFINITION, form).await?;
    writing!(store, |tx| {
        let mut check = Check::new();
        let cells = parse::form(R::DEFINITION, form, None, &verifiers, &mut check);
        let record = Record { id: 0, version: 1, enabled: true, created_at: now, cells };
        save::<R>(tx, None, record, check, &Saving { by, now, verifiers: &verifiers }).await
    })
}

/// Puts a whole form in the place of a row; answers with the row as it is now.
pub async fn edit<R: Resource>(
    store: &Store,
    id: u64,
    form: &Form,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<Value, ResourceError> {
    let verifiers = verifiers(R::DEFINITION, form).await?;
    let version = form.get("version").and_then(Value::as_u64);
    let version = version.ok_or_else(|| Invalid::field("version", "required"))?;
    writing!(store, |tx| {
        let before = find::<R>(tx, id).await?.ok_or(ResourceError::NotFound)?;
        if before.version != version {
            return Err(ResourceError::ChangedMeanwhile { version: before.version });
        }
        let mut check = Check::new();
        let cells = parse::form(R::DEFINITION, form, Some(&before.cells), &verifiers, &mut check);
        let record = Record { version: version.saturating_add(1), cells, ..before.clone() };
        save::<R>(tx, Some(before), record, check, &Saving { by, now, verifiers: &verifiers }).await
    })
}

/// Who saves when, and what is kept of the secrets they typed.
struct Saving<'a> {
    by: Option<AccountId>,
    now: Timestamp,
    verifiers: &'a Verifiers,
}

async fn save<R: Resource>(
    tx: &mut Tx,
    before: Option<Record>,
    mut record: Record,
    mut check: Check,
    saving: &Saving<'_>,
) -> Result<Value, ResourceError> {
    let definition = R::DEFINITION;
    let before = before.as_ref();
    check_references(tx, definition, before, &record.cells, &mut check).await?;
    check_unique(tx, definition, &record, &mut check).await?;
    check_tree(tx, definition, &record, &mut check).await?;
    let new_secret = before.is_some() && !saving.verifiers.is_empty();
    let now = saving.now;
    let change = Change { id: record.id, before, after: Some(&record), now, new_secret };
    R::check(tx, &change, &mut check).await?;
    check.done()?;
    if before.is_none() {
        record.id = counters::next(tx, definition.table).await?;
        stored::insert(tx, definition, &record).await?;
    } else {
        stored::update(tx, definition, &record).await?;
    }
    let change = Change { id: record.id, before, after: Some(&record), now, new_secret };
    R::write_parts(tx, &change).await?;
    let after = find::<R>(tx, record.id).await?.ok_or(ResourceError::NotFound)?;
    let change = Change { after: Some(&after), ..change };
    R::changed(tx, &change).await?;
    let action = if before.is_none() { Action::Create } else { Action::Edit };
    Ok(write_down::<R>(tx, &change, action, saving.by).await?)
}

/// Enables or disables rows, all or none; answers with how many were not so before.
pub async fn enable<R: Resource>(
    store: &Store,
    ids: &[u64],
    enabled: bool,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<u64, ResourceError> {
    let mut check = Check::new();
    check.require(!ids.is_empty(), "ids", "required");
    check.require(ids.len() <= ROWS_AT_ONCE_MAX, "ids", "too_many");
    check.done()?;
    let action = if enabled { Action::Enable } else { Action::Disable };
    writing!(store, |tx| {
        let mut check = Check::new();
        let mut changed = 0_u64;
        for (at, id) in ids.iter().enumerate() {
            let place = format!("ids.{at}");
            let Some(before) = find::<R>(tx, *id).await? else {
                check.fault(&place, "unknown");
                continue;
            };
            if before.enabled == enabled {
                continue;
            }
            if !enabled && let Some(reason) = R::must_stay(tx, &before, by).await? {
                check.fault(&place, reason);
                continue;
            }
            stored::set_enabled(tx, R::DEFINITION, *id, enabled).await?;
            let version = before.version.saturating_add(1);
            let after = Record { enabled, version, ..before.clone() };
            let (before, after) = (Some(&before), Some(&after));
            let change = Change { id: *id, before, after, now, new_secret: false };
            R::changed(tx, &change).await?;
            write_down::<R>(tx, &change, action, by).await?;
            changed = changed.saturating_add(1);
        }
        check.done()?;
        Ok::<_, ResourceError>(changed)
    })
}

/// Deletes a row that nothing refers to, with its parts.
pub async fn delete<R: Resource>(
    store: &Store,
    id: u64,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<(), ResourceError> {
    writing!(store, |tx| {
        let before = find::<R>(tx, id).await?.ok_or(ResourceError::NotFound)?;
        if let Some(reason) = R::must_stay(tx, &before, by).await? {
            return Err(Invalid::field("id", reason).into());
        }
        if let Some((by, count)) = stored::used(tx, R::DEFINITION, id).await? {
            return Err(ResourceError::InUse { by, count });
        }
        let change = Change { id, before: Some(&before), after: None, now, new_secret: false };
        R::changed(tx, &change).await?;
        write_down::<R>(tx, &change, Action::Delete, by).await?;
        stored::remove(tx, R::DEFINITION, id).await?;
        Ok(())
    })
}

/// Verifiers are slow to make on purpose, so they are made before the transaction.
async fn verifiers(definition: &Definition, form: &Form) -> Result<Verifiers, ResourceError> {
    let mut verifiers = Verifiers::new();
    for (field, text) in parse::secrets(definition, form) {
        verifiers.insert(field, password::verifier_of(text.to_owned()).await?);
    }
    Ok(verifiers)
}

/// What is referred to must be there, and enabled unless it was referred to before.
async fn check_references(
    tx: &mut Tx,
    definition: &Definition,
    before: Option<&Record>,
    cells: &Cells,
    check: &mut Check,
) -> Result<(), StoreError> {
    let kept = before.map(|record| record.cells.references(definition.fields));
    let kept: BTreeSet<(&str, u64)> =
        kept.iter().flatten().map(|reference| (reference.of.name, reference.id)).collect();
    let names = Names::of(tx, cells.references(definition.fields)).await?;
    for Reference { place, of, id } in cells.references(definition.fields) {
        let is_fine = |row: &Called| row.enabled || kept.contains(&(of.name, id));
        match names.get(of, id) {
            Some(row) => check.require(is_fine(row), &place, "disabled"),
            None => check.fault(&place, "unknown"),
        }
    }
    Ok(())
}

async fn check_unique(
    tx: &mut Tx,
    definition: &Definition,
    record: &Record,
    check: &mut Check,
) -> Result<(), StoreError> {
    for field in definition.fields {
        let others = match field.unique {
            Unique::No => continue,
            Unique::Everywhere => None,
            Unique::Within(other) => definition.field(other),
        };
        let is_filled_in = *record.cells.get(field.name) != Cell::Empty;
        if is_filled_in && stored::is_taken(tx, definition, field, others, record).await? {
            check.fault(field.name, "taken");
        }
    }
    Ok(())
}

/// Nobody is below itself.
async fn check_tree(
    tx: &mut Tx,
    definition: &Definition,
    record: &Record,
    check: &mut Check,
) -> Result<(), StoreError> {
    let Some(tree) = definition.tree else { return Ok(()) };
    let mut above = record.cells.one(tree);
    for _ in 0..DEPTH_MAX {
        let Some(id) = above else { return Ok(()) };
        if id == record.id {
            break;
        }
        above = stored::parent(tx, definition, tree, id).await?;
    }
    check.fault(tree, "cycle");
    Ok(())
}

/// The audit row; answers with the row as it is shown now.
async fn write_down<R: Resource>(
    tx: &mut Tx,
    change: &Change<'_>,
    action: Action,
    by: Option<AccountId>,
) -> Result<Value, StoreError> {
    let definition = R::DEFINITION;
    let mut shown = [Value::Null, Value::Null];
    for (shown, record) in shown.iter_mut().zip([change.before, change.after]) {
        if let Some(record) = record {
            *shown = show::row(tx, definition, record).await?;
        }
    }
    let [before, after] = shown;
    let newest = change.after.or(change.before);
    let label = newest.map_or("", |record| record.cells.text(definition.label));
    let mut written = after.clone();
    if let Some(fields) = written.as_object_mut().filter(|_| change.new_secret) {
        fields.insert("secret".to_owned(), json!("changed"));
    }
    let entry = Entry {
        account: by,
        resource: definition.name,
        subject: change.id,
        label,
        action: action.name(),
        before: &before,
        after: &written,
    };
    audit::add(tx, &entry, change.now).await?;
    Ok(after)
}
