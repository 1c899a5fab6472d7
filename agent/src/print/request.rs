//! What is wanted becomes a job: fields, template, printer, and for a fresh label the next SSCC, in one transaction.

use rusqlite::{Connection, Transaction};
use sealtrace_firmware_config::label::{Fields, Layout};
use sealtrace_protocol::code::{self, Code, Sscc};
use sealtrace_protocol::ids::{OperatorId, SiteId, TaskId};
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::time::Timestamp;
use serde_json::Value;

use super::fields;
use crate::config::{Config, PrinterConfig};
use crate::feedback::Message;
use crate::station::full::FullPackage;
use crate::store::print::{self, Job, NewJob, State};
use crate::store::{StoreError, feed, items, labels};

/// Labels of one job.
pub const COPIES_MAX: u32 = 20;
/// What the symbol of a unit's test label says: no code.
const TEST: &str = "TEST";
/// Characters of a reason.
const WHY_CHARACTERS_MAX: usize = 200;

/// A label that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it labels.
    pub what: What,
    /// On this printer; none = the first that has a label for it.
    pub printer: Option<String>,
    /// This label; none = the printer's usual one for it.
    pub template: Option<String>,
    /// How many.
    pub copies: u32,
}

/// What a label is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A package that has none: a fresh SSCC.
    Fresh {
        /// Its level.
        level: Level,
        /// The task whose goods are in it.
        task: Option<TaskId>,
        /// Units in it; none = a whole one.
        count: Option<u32>,
    },
    /// A package whose label is damaged: a fresh SSCC, with what its old label said.
    Replacing {
        /// The old label, as scanned or typed.
        text: String,
    },
    /// A label that can be read: the same again.
    Again {
        /// As scanned or typed.
        text: String,
        /// Why there shall be two.
        why: String,
    },
    /// How a label of this level comes out: it says that it is a test, and its number is nobody's.
    Test {
        /// The level.
        level: Level,
    },
}

/// Who asks, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    /// Who; none = a screen by itself.
    pub operator: Option<OperatorId>,
    /// Where.
    pub site: SiteId,
    /// When.
    pub at: Timestamp,
}

/// A job that was queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its number.
    pub job: i64,
    /// What it labels.
    pub code: Option<String>,
    /// Where it is printed.
    pub printer: String,
}

/// Why a label is not printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// An answer for the person.
    #[error("{}", .0.code)]
    Refused(Message),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn refused(code: &str) -> PrintError {
    PrintError::Refused(Message::new(code))
}

/// What a label says before its code is known, and for which level it is.
struct Subject {
    level: Level,
    fields: Fields,
    /// Its code, and the text its symbol held; none = a fresh one.
    code: Option<(Code, String)>,
}

/// Queues a label. `host` is in the short URLs of unit codes, as far as this device knows it.
pub fn queue(
    tx: &Transaction<'_>,
    (config, host): (&Config, Option<&str>),
    wanted: &Wanted,
    asking: Asking,
) -> Result<Queued, PrintError> {
    if !(1..=COPIES_MAX).contains(&wanted.copies) {
        return Err(PrintError::Refused(
            Message::new("copies_out_of_range").with("max", COPIES_MAX),
        ));
    }
    let why = match &wanted.what {
        What::Again { why, .. } => Some(reason(why)?),
        What::Fresh { .. } | What::Replacing { .. } | What::Test { .. } => None,
    };
    let subject = subject(tx, host, &wanted.what)?;
    let (printer, template) = chosen(config, wanted, subject.level)?;
    let (code, text) = match subject.code {
        Some((code, text)) => (code, Some(text)),
        None => (fresh(tx, subject.level)?, None),
    };
    let fields = fields::with_code(subject.fields, code, text.as_deref());
    // What cannot be printed is said now, and its SSCC is not used up: the transaction ends here.
    fields::layout(printer, &template, &fields).map_err(PrintError::Refused)?;
    let job = job(printer, template, fields::to_json(&fields), asking);
    let code = match wanted.what {
        What::Test { .. } => None,
        What::Fresh { .. } | What::Replacing { .. } | What::Again { .. } => Some(code.canonical()),
    };
    let job = NewJob { code, copies: wanted.copies, why, ..job };
    enqueue(tx, &job)?.ok_or_else(|| refused("internal"))
}

/// Queues the label of a package that has filled up, once; none when no printer does that by itself, or it is queued.
pub fn queue_full(
    tx: &Transaction<'_>,
    config: &Config,
    package: FullPackage,
    asking: Asking,
) -> Result<Option<Queued>, PrintError> {
    let level = package.level;
    let automatic = |printer: &&PrinterConfig| printer.automatic.contains(&level);
    let Some(printer) = config.printers.iter().find(automatic) else { return Ok(None) };
    let Some(template) = printer.label_for(level) else { return Ok(None) };
    if print::is_labelled(tx, package.first_draft)? {
        return Ok(None);
    }
    let what = What::Fresh { level, task: package.task, count: None };
    let subject = subject(tx, None, &what)?;
    let code = fresh(tx, level)?;
    let fields = fields::with_code(subject.fields, code, None);
    fields::layout(printer, &template.name, &fields).map_err(PrintError::Refused)?;
    let job = job(printer, template.name.clone(), fields::to_json(&fields), asking);
    let (code, package) = (Some(code.canonical()), Some(package.first_draft));
    enqueue(tx, &NewJob { code, package, ..job })
}

/// Queues what a job printed once more, for a reason that is written down.
pub fn queue_again(
    tx: &Transaction<'_>,
    config: &Config,
    (before, why): (&Job, &str),
    printer: Option<&str>,
    asking: Asking,
) -> Result<Queued, PrintError> {
    let why = reason(why)?;
    match before.state {
        State::Printed | State::Cancelled => {}
        State::Queued | State::Sending | State::Failed | State::Uncertain => {
            return Err(PrintError::Refused(
                Message::new("print_not_over").with("state", before.state),
            ));
        }
    }
    let printer = named(config, printer.unwrap_or(&before.printer))?;
    fields::layout_of(printer, before).map_err(PrintError::Refused)?;
    let job = job(printer, before.template.clone(), before.fields.clone(), asking);
    let (code, of_job, why) = (before.code.clone(), Some(before.id), Some(why));
    enqueue(tx, &NewJob { code, of_job, why, ..job })?.ok_or_else(|| refused("internal"))
}

/// The label that would be printed. A fresh one shows an SSCC of zeros: none is used up by looking.
pub fn preview(
    conn: &Connection,
    (config, host): (&Config, Option<&str>),
    wanted: &Wanted,
) -> Result<Layout, PrintError> {
    let subject = subject(conn, host, &wanted.what)?;
    let (printer, template) = chosen(config, wanted, subject.level)?;
    let (code, text) = match subject.code {
        Some((code, text)) => (code, Some(text)),
        None => (nobodys()?, None),
    };
    let fields = fields::with_code(subject.fields, code, text.as_deref());
    fields::layout(printer, &template, &fields).map_err(PrintError::Refused)
}

/// The printer of this name.
pub fn named<'c>(config: &'c Config, name: &str) -> Result<&'c PrinterConfig, PrintError> {
    let found = config.printers.iter().find(|printer| printer.name == name);
    found.ok_or_else(|| PrintError::Refused(Message::new("no_such_printer").with("printer", name)))
}

/// One copy of a label, of no code yet.
fn job(printer: &PrinterConfig, template: String, fields: Value, asking: Asking) -> NewJob {
    NewJob {
        at: asking.at,
        operator: asking.operator,
        site: asking.site,
        printer: printer.name.clone(),
        template,
        fields,
        code: None,
        copies: 1,
        of_job: None,
        why: None,
        package: None,
    }
}

fn enqueue(tx: &Transaction<'_>, job: &NewJob) -> Result<Option<Queued>, PrintError> {
    let queued = |id| Queued { job: id, code: job.code.clone(), printer: job.printer.clone() };
    Ok(print::enqueue(tx, job)?.map(queued))
}

fn fresh(tx: &Transaction<'_>, level: Level) -> Result<Code, PrintError> {
    match labels::take(tx, level)? {
        Some(sscc) => Ok(Code::Sscc(sscc)),
        None => Err(PrintError::Refused(Message::new("labels_used_up").with("level", level))),
    }
}

fn subject(conn: &Connection, host: Option<&str>, what: &What) -> Result<Subject, PrintError> {
    match what {
        What::Fresh { level: Level::Unit, .. } => Err(refused("units_are_not_labelled")),
        What::Fresh { level, task, count } => {
            let fields = match task.map(|id| feed::task(conn, id)).transpose()? {
                Some(Some(task)) => fields::of_task(conn, &task, *level, *count)?,
                Some(None) => return Err(refused("task_missing")),
                None => Fields::default(),
            };
            Ok(Subject { level: *level, fields, code: None })
        }
        What::Replacing { text } => {
            let subject = known(conn, host, text)?;
            if subject.level == Level::Unit {
                return Err(refused("units_are_not_labelled"));
            }
            Ok(Subject { code: None, ..subject })
        }
        What::Again { text, .. } => known(conn, host, text),
        What::Test { level } => {
            let code = nobodys()?;
            let text = if *level == Level::Unit { TEST.to_owned() } else { code.canonical() };
            let code = Some((code, text));
            Ok(Subject { level: *level, fields: fields::of_test(), code })
        }
    }
}

/// A number that no label has.
fn nobodys() -> Result<Code, PrintError> {
    Sscc::from_body(0).map(Code::Sscc).ok_or_else(|| refused("internal"))
}

/// What is known of a label that was read. A unit's says its short URL in full, however it was read or typed.
fn known(conn: &Connection, host: Option<&str>, text: &str) -> Result<Subject, PrintError> {
    let code = match code::parse(text) {
        Ok(scan) => scan.code,
        Err(error) => {
            let message =
                Message::new("unreadable").with("at", error.at).with("why", error.why.to_string());
            return Err(PrintError::Refused(message));
        }
    };
    let presence = items::presence(conn, code)?;
    let Some(level) = presence.level() else {
        return Err(PrintError::Refused(Message::new("unknown_code").with("code", code)));
    };
    let fields = match presence.item() {
        Some(item) => fields::of_item(conn, item)?,
        None => Fields::default(),
    };
    let text = match (code, host) {
        (Code::Minted(_), Some(host)) => code.printed(host),
        (Code::Minted(_) | Code::Sscc(_) | Code::Sgtin(_), _) => text.trim().to_owned(),
    };
    Ok(Subject { level, fields, code: Some((code, text)) })
}

fn chosen<'c>(
    config: &'c Config,
    wanted: &Wanted,
    level: Level,
) -> Result<(&'c PrinterConfig, String), PrintError> {
    let template_on = |printer: &PrinterConfig| match &wanted.template {
        Some(name) => printer
            .labels
            .iter()
            .find(|label| label.name == *name && label.is_for(level.name()))
            .map(|label| label.name.clone()),
        None => printer.label_for(level).map(|label| label.name.clone()),
    };
    let no_label = || PrintError::Refused(Message::new("no_label_for_level").with("level", level));
    if let Some(name) = &wanted.printer {
        let printer = named(config, name)?;
        return Ok((printer, template_on(printer).ok_or_else(no_label)?));
    }
    if config.printers.is_empty() {
        return Err(refused("no_printer"));
    }
    let mut fitting = config.printers.iter().filter_map(|one| Some((one, template_on(one)?)));
    fitting.next().ok_or_else(no_label)
}

fn reason(why: &str) -> Result<String, PrintError> {
    let why = why.trim();
    if why.is_empty() || why.chars().count() > WHY_CHARACTERS_MAX {
        return Err(refused("why_missing"));
    }
    Ok(why.to_owned())
}
