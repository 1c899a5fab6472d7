//! The configuration file, read once: every mistake in it is listed at once, before a line starts.

mod port;
mod printer;
mod section;

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use sealtrace_firmware_config::Profile;
use sealtrace_protocol::ids::{SiteId, TaskId};
use sealtrace_protocol::ledger::Level;
use toml::de::DeTable;

pub use printer::{PrinterConfig, Prints};
use section::{Notes, Section};

use crate::input::port::is_serial;

/// Where the local page listens when nothing is said.
const ADDRESS_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7070);
/// Where the data goes when nothing is said.
const DATA_DEFAULT: &str = "sealtrace-agent";
/// How long nobody uses the page before it locks, when nothing is said.
const LOCK_AFTER_S_DEFAULT: u32 = 300;
/// Where a name server listens when nothing is said.
const NAMESERVER_PORT: u16 = 53;
/// Lanes one agent can run.
const LANES_MAX: usize = 16;

/// What the agent was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its data folder.
    pub data: PathBuf,
    /// The local page.
    pub ui: Ui,
    /// The cloud's web address, for enrolment.
    pub cloud: Option<String>,
    /// Who is asked where the cloud is; none = whoever the system asks.
    pub nameservers: Vec<SocketAddr>,
    /// The version of this file, told to the cloud with every batch.
    pub version: u32,
    /// Lines it runs.
    pub lanes: Vec<LaneConfig>,
    /// Printers it has.
    pub printers: Vec<PrinterConfig>,
}

/// The local page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ui {
    /// Where it listens; loopback only.
    pub address: SocketAddr,
    /// It locks when nobody has used it for so long; none = never.
    pub lock_after_ms: Option<u64>,
}

impl Default for Ui {
    fn default() -> Self {
        Self { address: ADDRESS_DEFAULT, lock_after_ms: lock_after_ms(LOCK_AFTER_S_DEFAULT) }
    }
}

/// One production line.
#[derive(Clone, Debug)]
pub struct LaneConfig {
    /// Its name on screens; also what its drafts are stored under.
    pub name: String,
    /// The site it stands at; none = the device's only one.
    pub site: Option<SiteId>,
    /// The task it works on.
    pub task: TaskSource,
    /// The level that its label reader reads; none = the plan's first.
    pub packs: Option<Level>,
    /// The unit reader takes one picture of everything that goes into a case; else it sees one after the other.
    pub pictures: bool,
    /// Reads units.
    pub units: Port,
    /// Reads case labels.
    pub cases: Port,
    /// Rejects cases.
    pub gate: Option<Port>,
    /// It prints the labels of its cases; the label reader verifies them.
    pub prints: Option<Prints>,
}

/// Where a lane gets its task from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskSource {
    /// The oldest open line task of its site, then the next.
    Open,
    /// This one.
    Task(TaskId),
}

/// A device on a port.
#[derive(Clone, Debug)]
pub struct Port {
    /// What it speaks.
    pub profile: Profile,
    /// Its path (`/dev/ttyUSB0`) or `host:port`.
    pub port: String,
}

/// One mistake in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line in the file, from 1.
    pub line: usize,
    /// The key's path.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} cannot be read; give another with --config, or make it readable")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It says things that cannot be.
    #[error("{path} has {} mistake(s):{}", mistakes.len(), Listed(path, mistakes))]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// All of them, in the order of the file.
        mistakes: Vec<Mistake>,
    },
}

struct Listed<'a>(&'a Path, &'a [Mistake]);

impl Display for Listed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.1.iter().try_for_each(|Mistake { line, key, what, next }| {
            write!(f, "\n  {}:{line}: {key}: {what}; {next}", self.0.display())
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: DATA_DEFAULT.into(),
            ui: Ui::default(),
            cloud: None,
            nameservers: Vec::new(),
            version: 0,
            lanes: Vec::new(),
            printers: Vec::new(),
        }
    }
}

impl Config {
    /// Reads the file; relative paths in it are meant from where it lies.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file that lies at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut notes = Notes { text, mistakes: Vec::new() };
        let folder = path.parent().unwrap_or(Path::new(""));
        let config = read(&mut notes, folder, text);
        let mut mistakes = notes.mistakes;
        match config {
            Some(config) if mistakes.is_empty() => Ok(config),
            Some(_) | None => {
                mistakes.sort_by_key(|mistake| mistake.line);
                Err(ConfigError::Invalid { path: path.to_owned(), mistakes })
            }
        }
    }
}

fn lock_after_ms(seconds: u32) -> Option<u64> {
    (seconds > 0).then(|| u64::from(seconds).saturating_mul(1_000))
}

fn read(notes: &mut Notes<'_>, folder: &Path, text: &str) -> Option<Config> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let whole = errors.is_empty();
    for error in errors {
        let what = error.message().replace('\n', ", ");
        notes.add(
            &error.span().unwrap_or(0..0),
            "file",
            what,
            "correct the TOML (https://toml.io)",
        );
    }
    if !whole {
        return None;
    }
    let mut section = Section::new(notes, "", root.get_ref(), 0..0);
    let data = section.text("data", Some(DATA_DEFAULT));
    let ui = section.ui();
    let cloud = section.text("cloud", Some(""));
    let nameservers = section.nameservers();
    let version = section.number("version", Some(0));
    let lanes = section.lanes(folder);
    let printers = section.printers(folder);
    section.ports(lanes.as_deref(), printers.as_deref());
    section.labelling(lanes.as_deref(), printers.as_deref());
    section.finish();
    let cloud = cloud.filter(|url| !url.is_empty());
    let (data, lanes, printers) = (folder.join(data?), lanes?, printers?);
    let (nameservers, version) = (nameservers?, version?);
    Some(Config { data, ui: ui?, cloud, nameservers, version, lanes, printers })
}

impl Section<'_, '_, '_> {
    fn nameservers(&mut self) -> Option<Vec<SocketAddr>> {
        let texts = self.texts("nameservers")?;
        let address = |text: &String| {
            let bare = text.parse().map(|ip: IpAddr| SocketAddr::new(ip, NAMESERVER_PORT));
            bare.or_else(|_| text.parse()).ok()
        };
        let addresses: Option<Vec<SocketAddr>> = texts.iter().map(address).collect();
        if addresses.is_none() {
            self.wrong(
                "nameservers",
                "is not a list of addresses",
                "write them as [\"192.168.1.1\", \"192.168.1.2:53\"]",
            );
        }
        addresses
    }

    fn ui(&mut self) -> Option<Ui> {
        let Some(value) = self.get("ui") else { return Some(Ui::default()) };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong("ui", "is not a table", "begin it with [ui], then address and lock_after_s");
            return None;
        };
        let mut section = Section::new(self.notes, "ui", table, value.span());
        let wanted = "an address such as 127.0.0.1:7070";
        let address = section.parsed("address", Some(ADDRESS_DEFAULT), wanted, |text| {
            text.parse::<SocketAddr>().ok()
        });
        if address.is_some_and(|address| !address.ip().is_loopback()) {
            let what = "the page is for this machine only";
            section.wrong("address", what, "use a loopback address such as 127.0.0.1:7070");
        }
        let lock_after_s = section.number("lock_after_s", Some(LOCK_AFTER_S_DEFAULT));
        section.finish();
        Some(Ui { address: address?, lock_after_ms: lock_after_ms(lock_after_s?) })
    }

    fn lanes(&mut self, folder: &Path) -> Option<Vec<LaneConfig>> {
        self.named("lane", LANES_MAX, |lane| &lane.name, |section| section.lane(folder))
    }

    fn lane(mut self, folder: &Path) -> Option<LaneConfig> {
        let name = self.text("name", None);
        let has_site = self.get("site").is_some();
        let site = self.number("site", None);
        let task = self.task();
        let has_packs = self.get("packs").is_some();
        let packs = self.parsed("packs", Some(Level::Case), "box, case or pallet", |text| {
            Level::from_name(text).filter(|level| *level != Level::Unit)
        });
        let kinds = |word: &str| match word {
            "sequential" => Some(false),
            "whole_frame" => Some(true),
            _ => None,
        };
        let pictures = self.parsed("aggregation", Some(false), "sequential or whole_frame", kinds);
        let units = self.port("units", folder, true);
        let separator = |port: &Port| {
            port.profile.reader().is_ok_and(|reader| !reader.framing.separator.is_empty())
        };
        if pictures == Some(true) && units.as_ref().is_some_and(|port| !separator(port)) {
            let what = "needs a reader that sends all codes of a picture at once";
            self.wrong("aggregation", what, "give its profile framing.separator");
        }
        let cases = self.port("cases", folder, true);
        let prints = self.prints();
        let has_gate = self.get("gate").is_some();
        let gate = self.port("gate", folder, false);
        self.finish();
        if (has_site && site.is_none()) || (has_gate && gate.is_none()) {
            return None;
        }
        Some(LaneConfig {
            name: name?,
            site: site.map(|site| SiteId(u64::from(site))),
            task: task?,
            pictures: pictures?,
            packs: packs.map(|packs| has_packs.then_some(packs))?,
            units: units?,
            cases: cases?,
            gate,
            prints: prints?,
        })
    }

    fn task(&mut self) -> Option<TaskSource> {
        let Some(value) = self.get("task") else { return Some(TaskSource::Open) };
        if value.get_ref().as_str() == Some("open") {
            return Some(TaskSource::Open);
        }
        let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse().ok());
        if number.is_none() {
            self.wrong("task", "is no task", "write \"open\" or the task's number without quotes");
        }
        number.map(|number| TaskSource::Task(TaskId(number)))
    }

    fn port(&mut self, key: &'static str, folder: &Path, required: bool) -> Option<Port> {
        let Some(value) = self.get(key) else {
            if required {
                let next = format!("add [lane.{key}] with profile and port");
                self.wrong(key, "is missing", &next);
            }
            return None;
        };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, "is not a table", "give it profile and port");
            return None;
        };
        let path = self.key(key);
        let mut section = Section::new(self.notes, &path, table, value.span());
        let profile = section.profile(folder, |profile| match key {
            "gate" => profile.gate().map(|_| ()),
            _ => profile.reader().map(|_| ()),
        });
        let port = section.text("port", None);
        if let (Some(profile), Some(port)) = (&profile, &port) {
            let reached = if is_serial(port) {
                profile.serial().map(|_| ())
            } else {
                profile.tcp().map(|_| ())
            };
            if let Err(error) = reached {
                let next = "write a path such as /dev/ttyUSB0 for a serial port, else an address";
                section.wrong("port", error, next);
                return None;
            }
        }
        section.finish();
        Some(Port { profile: profile?, port: port? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"
data = "data"
version = 3
ui = { address = "127.0.0.1:7171", lock_after_s = 60 }
nameservers = ["192.168.1.1", "[fd00::1]:5353"]

[[lane]]
name = "line-1"
site = 2
task = 12
units = { profile = "virtual-line", port = "/dev/ttyUSB0" }
cases = { profile = "virtual-line", port = "/dev/ttyUSB1" }
gate = { profile = "serial-gate", port = "/dev/ttyUSB2" }
"#;

    #[test]
    fn a_whole_file_is_read() {
        let config = Config::parse(Path::new("/etc/sealtrace/agent.toml"), LINE).unwrap();
        assert_eq!(config.data, Path::new("/etc/sealtrace/data"));
        assert_eq!((config.ui.address.port(), config.ui.lock_after_ms), (7171, Some(60_000)));
        assert_eq!(config.nameservers[0], "192.168.1.1:53".parse().unwrap());
        assert_eq!(config.nameservers[1].port(), 5353);
        let lane = &config.lanes[0];
        assert_eq!(lane.task, TaskSource::Task(TaskId(12)));
        assert_eq!(lane.site, Some(SiteId(2)));
        assert_eq!(lane.gate.as_ref().unwrap().port, "/dev/ttyUSB2");
    }

    #[test]
    fn an_empty_file_is_enough() {
        let config = Config::parse(Path::new("agent.toml"), "").unwrap();
        assert_eq!(config.ui, Ui::default());
        assert!(config.lanes.is_empty());
    }

    #[test]
    fn all_mistakes_are_listed_at_once_with_their_lines() {
        let bad = LINE
            .replace("127.0.0.1:7171", "0.0.0.0:80")
            .replace("version = 3", "versoin = 3")
            .replace("192.168.1.1", "192.168.1.")
            .replace("\"serial-gate\"", "\"seriel-gate\"");
        let error = Config::parse(Path::new("agent.toml"), &bad).unwrap_err();
        let ConfigError::Invalid { mistakes, .. } = &error else { panic!("{error}") };
        let found: Vec<_> = mistakes.iter().map(|found| (found.line, found.key.as_str())).collect();
        let places =
            [(3, "versoin"), (4, "ui.address"), (5, "nameservers"), (13, "lane[0].gate.profile")];
        assert_eq!(found, places);
        let text = error.to_string();
        assert!(text.contains("agent.toml:4: ui.address:"), "{text}");
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        let error = Config::parse(Path::new("agent.toml"), "data = \nui = 5").unwrap_err();
        assert!(error.to_string().contains("agent.toml:1"), "{error}");
    }

    #[test]
    fn a_lane_without_readers_names_each() {
        let error = Config::parse(Path::new("a.toml"), "[[lane]]\nname = \"x\"").unwrap_err();
        let ConfigError::Invalid { mistakes, .. } = error else { panic!() };
        let keys: Vec<_> = mistakes.into_iter().map(|mistake| mistake.key).collect();
        assert_eq!(keys, ["lane[0].units", "lane[0].cases"]);
    }
}
