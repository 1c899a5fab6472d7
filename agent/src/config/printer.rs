//! Printers in the configuration file: `[[printer]]`.

use std::path::Path;

use sealtrace_firmware_config::label::Template;
use sealtrace_firmware_config::{Printer, Profile};
use sealtrace_protocol::ledger::Level;

use super::section::Section;
use super::{Config, LaneConfig};

/// Printers one agent can have.
const PRINTERS_MAX: usize = 8;
/// How long after a case is full its label must have been read, when nothing is said.
const VERIFY_MS_DEFAULT: u32 = 5_000;

/// A label printer and what is loaded into it.
#[derive(Clone, Debug)]
pub struct PrinterConfig {
    /// Its name on screens; also what its jobs are stored under.
    pub name: String,
    /// What it speaks.
    pub profile: Profile,
    /// The same, known to be a printer.
    pub printer: Printer,
    /// Its path (`/dev/usb/lp0`, `/dev/ttyUSB0`) or `host:port`.
    pub port: String,
    /// The labels that fit what is loaded, the usual one of each level first.
    pub labels: Vec<Template>,
    /// Packages whose label it prints by itself as they fill up.
    pub automatic: Vec<Level>,
}

impl PrinterConfig {
    /// The label it uses for a level.
    #[must_use]
    pub fn label_for(&self, level: Level) -> Option<&Template> {
        self.labels.iter().find(|label| label.is_for(level.name()))
    }
}

/// A lane that labels its cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prints {
    /// On this printer.
    pub printer: String,
    /// How long after a case is full its label must have been read.
    pub verify_ms: u64,
}

impl Config {
    /// The levels whose labels are printed here.
    pub fn printed_levels(&self) -> impl Iterator<Item = Level> + '_ {
        let packages = Level::ALL.into_iter().filter(|level| *level != Level::Unit);
        packages
            .filter(|level| self.printers.iter().any(|printer| printer.label_for(*level).is_some()))
    }
}

impl Section<'_, '_, '_> {
    /// How a lane labels its cases; none inside when it does not.
    pub(super) fn prints(&mut self) -> Option<Option<Prints>> {
        let Some(value) = self.get("prints") else { return Some(None) };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong("prints", "is not a table", "give it printer and verify_ms");
            return None;
        };
        let path = self.key("prints");
        let mut section = Section::new(self.notes, &path, table, value.span());
        let printer = section.text("printer", None);
        let verify_ms = section.number("verify_ms", Some(VERIFY_MS_DEFAULT));
        if verify_ms == Some(0) {
            section.wrong("verify_ms", "is no time at all", "write how long print and way take");
        }
        section.finish();
        Some(Some(Prints { printer: printer?, verify_ms: u64::from(verify_ms?) }))
    }

    /// Lanes print on printers that are there.
    pub(super) fn labelling(
        &mut self,
        lanes: Option<&[LaneConfig]>,
        printers: Option<&[PrinterConfig]>,
    ) {
        let (Some(lanes), Some(printers)) = (lanes, printers) else { return };
        for (number, lane) in lanes.iter().enumerate() {
            let Some(prints) = &lane.prints else { continue };
            if printers.iter().all(|printer| printer.name != prints.printer) {
                let span = self
                    .peek("lane")
                    .and_then(|list| list.get_ref().as_array()?.get(number))
                    .map_or(0..0, toml::Spanned::span);
                let what = format!("there is no printer {:?}", prints.printer);
                let key = format!("lane[{number}].prints.printer");
                self.notes.add(&span, &key, what, "name one of the [[printer]] tables");
            }
        }
    }

    pub(super) fn printers(&mut self, folder: &Path) -> Option<Vec<PrinterConfig>> {
        self.named("printer", PRINTERS_MAX, |one| &one.name, |section| section.printer(folder))
    }

    fn printer(mut self, folder: &Path) -> Option<PrinterConfig> {
        let name = self.text("name", None);
        let profile = self.profile(folder, |profile| profile.printer().map(|_| ()));
        let port = self.text("port", None);
        let labels = self.labels(folder, profile.as_ref());
        let automatic = self.automatic(labels.as_deref());
        self.finish();
        let profile = profile?;
        let printer = profile.printer().ok()?.clone();
        let (name, port, labels) = (name?, port?, labels?);
        Some(PrinterConfig { name, profile, printer, port, labels, automatic: automatic? })
    }

    fn labels(&mut self, folder: &Path, profile: Option<&Profile>) -> Option<Vec<Template>> {
        let names = self.texts("labels")?;
        if names.is_empty() {
            let known: Vec<_> = Template::builtin_names().collect();
            let next = format!("list what is loaded, such as {}", known.join(", "));
            self.wrong("labels", "names none", &next);
            return None;
        }
        let width_um_max = profile?.printer().ok()?.width_um_max;
        let mut labels = Vec::with_capacity(names.len());
        for name in names {
            match template(folder, &name) {
                Ok(label) if label.width_um > width_um_max => {
                    let what = format!("{name} is wider than the printer prints");
                    self.wrong("labels", what, "load it into a wider printer");
                }
                Ok(label) => labels.push(Some(label)),
                Err(what) => {
                    self.wrong("labels", what, "name another label or correct it");
                    labels.push(None);
                }
            }
        }
        labels.into_iter().collect()
    }

    fn automatic(&mut self, labels: Option<&[Template]>) -> Option<Vec<Level>> {
        let mut levels = Vec::new();
        for name in self.texts("automatic")? {
            let level = Level::from_name(&name).filter(|level| *level != Level::Unit);
            let is_loaded = |labels: &[Template]| labels.iter().any(|label| label.is_for(&name));
            match level {
                None => {
                    let what = format!("{name:?} is no package");
                    self.wrong("automatic", what, "list box, case or pallet");
                }
                Some(_) if labels.is_some_and(|labels| !is_loaded(labels)) => {
                    let what = format!("no label for {name} is among labels");
                    self.wrong("automatic", what, "add one to labels");
                }
                Some(level) => levels.push(level),
            }
        }
        Some(levels)
    }
}

/// A built-in label or one of a file.
fn template(folder: &Path, name: &str) -> Result<Template, String> {
    let loaded = if Path::new(name).extension().is_some_and(|end| end == "toml") {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{} cannot be read ({error})", path.display()))?;
        Template::from_toml(name, &text)
    } else {
        Template::builtin(name)
    };
    loaded.map_err(|error| error.to_string())
}
