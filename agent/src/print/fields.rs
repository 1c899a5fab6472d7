//! What a label says: fields of a task, of an item, and of a code; and the layout they make.

use rusqlite::Connection;
use sealtrace_firmware_config::label::{Field, Fields, Layout};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::code::gs1::{Associations, ElementString, GS};
use sealtrace_protocol::ledger::{Item, Level};
use sealtrace_protocol::link::TaskRow;
use serde_json::{Map, Value};

use super::chain;
use crate::config::PrinterConfig;
use crate::feedback::Message;
use crate::store::print::Job;
use crate::store::{StoreError, feed};

/// What a package of a task says. Without a count it is a whole one.
pub fn of_task(
    conn: &Connection,
    task: &TaskRow,
    level: Level,
    count: Option<u32>,
) -> Result<Fields, StoreError> {
    let mut fields = Fields::default().with(Field::Lot, task.lot);
    if let Some(product) = feed::product(conn, task.product)? {
        fields = fields.with(Field::Product, product.name).with(Field::Gtin, product.gtin);
    }
    if let Some(date) = &task.date {
        fields = fields.with(Field::Date, date);
    }
    let whole = || {
        let parts = task.plan.units_in(level, task.product)?;
        Some(parts.iter().fold(0_u32, |units, part| units.saturating_add(part.units)))
    };
    Ok(match count.or_else(whole) {
        Some(count) => fields.with(Field::Count, count),
        None => fields,
    })
}

/// What an item's label says: what is inside, as far as it is one thing.
pub fn of_item(conn: &Connection, item: &Item) -> Result<Fields, StoreError> {
    let mut fields = Fields::default();
    let mut products: Vec<_> = item.contents.iter().map(|content| content.product).collect();
    let mut lots: Vec<_> = item.contents.iter().map(|content| content.lot).collect();
    let units = item.contents.units();
    products.dedup();
    lots.dedup();
    if let [product] = products.as_slice()
        && let Some(product) = feed::product(conn, *product)?
    {
        fields = fields.with(Field::Product, product.name).with(Field::Gtin, product.gtin);
    }
    if let [lot] = lots.as_slice() {
        fields = fields.with(Field::Lot, lot);
    }
    Ok(if units > 0 { fields.with(Field::Count, units) } else { fields })
}

/// What a test says wherever a label says something.
pub fn of_test() -> Fields {
    Fields::default()
        .with(Field::Product, "测试 TEST")
        .with(Field::Lot, "TEST")
        .with(Field::Date, "2000-01-01")
        .with(Field::Count, 0)
        .with(Field::Gtin, "00000000000000")
}

/// The same with the code it labels. `text` is what a symbol of it holds.
#[must_use]
pub fn with_code(fields: Fields, code: Code, text: Option<&str>) -> Fields {
    let canonical = code.canonical();
    let fields = fields.with(Field::Code, text.unwrap_or(&canonical));
    match code {
        Code::Sscc(sscc) => fields.with(Field::Sscc, sscc),
        Code::Minted(_) | Code::Sgtin(_) => fields,
    }
}

/// As a job stores them.
#[must_use]
pub fn to_json(fields: &Fields) -> Value {
    let entry = |(field, value): (Field, &str)| (field.name().to_owned(), Value::from(value));
    Value::Object(fields.iter().map(entry).collect::<Map<_, _>>())
}

fn from_json(value: &Value) -> Fields {
    let entries = value.as_object().into_iter().flatten();
    let known =
        entries.filter_map(|(name, value)| Some((Field::from_name(name)?, value.as_str()?)));
    known.fold(Fields::default(), |fields, (field, value)| fields.with(field, value))
}

/// Lays a label out for a printer, or says why it cannot be printed.
pub fn layout(printer: &PrinterConfig, template: &str, fields: &Fields) -> Result<Layout, Message> {
    let Some(label) = printer.labels.iter().find(|label| label.name == template) else {
        return Err(Message::new("no_such_label").with("label", template));
    };
    let laid_out = label.lay_out(&printer.printer, fields, element_string);
    laid_out.map_err(|error| {
        let why = chain(&error);
        Message::new("label_impossible").with("label", template).with("why", why)
    })
}

/// A job's layout.
pub fn layout_of(printer: &PrinterConfig, job: &Job) -> Result<Layout, Message> {
    layout(printer, &job.template, &from_json(&job.fields))
}

/// A job as bytes for its printer.
pub(super) fn commands(printer: &PrinterConfig, job: &Job) -> Result<Vec<u8>, Message> {
    Ok(layout_of(printer, job)?.commands(&printer.printer, job.copies))
}

/// What stands in a symbol is checked as GS1 checks it; what a label requires may be on another symbol of it.
fn element_string(text: &str) -> Option<String> {
    let elements = ElementString::parse_with(text, Associations::Excluded).ok()?;
    Some(elements.unbracketed(GS))
}
