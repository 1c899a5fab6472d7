//! Which rows of a list are asked for: only what the definition declares can be filtered and sorted by.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::definition::{Definition, Field, Kind};
use super::{Resource, show};
use crate::form::{Check, Invalid};
use crate::store::search::{Listing, Page};
use crate::store::{StoreError, Tx, Value, resource as stored};

/// A part of a list.
pub struct Query {
    /// Which page, and what its rows must contain.
    pub page: Page,
    /// Only enabled or only disabled rows.
    pub enabled: Option<bool>,
    /// What fields must hold.
    pub filters: Vec<(&'static Field, Value)>,
    /// In the order of which field; by id when there is none.
    pub sort: Option<&'static Field>,
    /// From the last to the first.
    pub descending: bool,
}

/// What [`crate::http::Paged`] reads.
const OF_EVERY_LIST: [&str; 3] = ["page", "size", "q"];

impl Query {
    /// Reads the parameters of a list.
    pub fn read(
        definition: &Definition,
        asked: &BTreeMap<String, String>,
        page: Page,
    ) -> Result<Self, Invalid> {
        let mut check = Check::new();
        let mut query =
            Self { page, enabled: None, filters: Vec::new(), sort: None, descending: false };
        for (name, text) in asked {
            match name.as_str() {
                name if OF_EVERY_LIST.contains(&name) => {}
                "enabled" => query.enabled = check.choice("enabled", text, flag),
                "sort" => {
                    let (descending, by) =
                        text.strip_prefix('-').map_or((false, text.as_str()), |by| (true, by));
                    let declared = |name: &str| definition.field(name).filter(|field| field.sorted);
                    query.sort = check.choice("sort", by, declared);
                    query.descending = descending;
                }
                name => match definition.field(name).filter(|field| field.filtered) {
                    Some(field) => {
                        let value = check.choice(name, text, |text| value(&field.kind, text));
                        query.filters.extend(value.map(|value| (field, value)));
                    }
                    None => check.fault(name, "no_such_filter"),
                },
            }
        }
        check.done()?;
        Ok(query)
    }
}

/// Rows of a resource as they are shown.
pub(super) async fn list<R: Resource>(
    tx: &mut Tx,
    query: &Query,
) -> Result<Listing<Json>, StoreError> {
    let Listing { mut rows, total } = stored::list(tx, R::DEFINITION, query).await?;
    R::read_parts(tx, &mut rows).await?;
    Ok(Listing { rows: show::rows(tx, R::DEFINITION, &rows).await?, total })
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// A filter's text as what the column holds.
fn value(kind: &Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::One(_) => text.parse::<u64>().ok().map(Value::from),
        Kind::Regions { .. } => text.parse::<u32>().ok().map(Value::from),
        Kind::Flag { .. } => flag(text).map(Value::from),
        Kind::Choice(options) => options.contains(&text).then(|| text.into()),
        Kind::Text { .. } | Kind::Gtin | Kind::Lot | Kind::Login | Kind::Date => Some(text.into()),
        Kind::Secret(_) | Kind::Moment | Kind::Many(_) | Kind::Rows(_) | Kind::Plan { .. } => None,
    }
}
