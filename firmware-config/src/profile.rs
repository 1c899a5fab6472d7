//! A profile: one device model, read from TOML, or refused with everything that is wrong with it.

use crate::builtin::PROFILES;
use crate::document::{Document, Problem, Section};
use crate::gate::Gate;
use crate::pda::Pda;
use crate::printer::Printer;
use crate::reader::Reader;
use crate::serial::Serial;
use crate::tcp::Tcp;

/// What is known of one device model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The file's name without `.toml`, such as `keyence-sr750`.
    pub name: String,
    /// Who makes it.
    pub maker: String,
    /// Which model or family.
    pub model: String,
    /// One sentence for the person who chooses.
    pub summary: String,
    /// Key paths whose values nobody has confirmed on a device.
    pub unverified: Vec<String>,
    /// What kind of device, and what is particular to it.
    pub device: Device,
    serial: Option<Serial>,
    tcp: Option<Tcp>,
}

/// The kinds of device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    Reader(Reader),
    Gate(Gate),
    Pda(Pda),
    Printer(Printer),
}

/// Why there is no profile, or not the wanted part of one.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No built-in profile has this name.
    #[error("there is no built-in profile {name:?}: use one of {}", known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// No built-in label template has this name.
    #[error("there is no built-in label {name:?}: use one of {}", known.join(", "))]
    UnknownTemplate {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// The file is wrong; every problem is listed, in the order of the file.
    #[error("{file} has {}:{}", count(problems.len()), list(problems))]
    Invalid {
        /// Name of the file, as the caller gave it.
        file: String,
        /// At least one.
        problems: Vec<Problem>,
    },
    /// The profile describes another kind of device.
    #[error(
        "the profile {name} describes a {found}, not a {wanted}: name a profile of kind {wanted}"
    )]
    WrongKind {
        /// The profile.
        name: String,
        /// Its kind.
        found: &'static str,
        /// The kind that was asked for.
        wanted: &'static str,
    },
    /// The device does not have this kind of connection.
    #[error("the profile {name} has no [{wanted}] table: connect the device otherwise, or add it")]
    NoTransport {
        /// The profile.
        name: String,
        /// `serial` or `tcp`.
        wanted: &'static str,
    },
}

impl Profile {
    /// The built-in profile of this name.
    pub fn builtin(name: &str) -> Result<Self, ProfileError> {
        match PROFILES.iter().find(|(known, _)| *known == name) {
            Some((known, text)) => Self::from_toml(&format!("{known}.toml"), text),
            None => Err(ProfileError::Unknown {
                name: name.to_owned(),
                known: Self::builtin_names().collect(),
            }),
        }
    }

    /// The names of all built-in profiles, sorted.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        PROFILES.iter().map(|(name, _)| *name)
    }

    /// Reads a profile. `file_name` appears in messages, and without folders and `.toml` it becomes
    /// the profile's name.
    pub fn from_toml(file_name: &str, text: &str) -> Result<Self, ProfileError> {
        let document = Document::new(file_name, text);
        let profile = {
            let root = document.parse();
            root.as_ref().and_then(|root| read(file_name, Section::root(&document, root)))
        };
        let problems = document.into_problems();
        match profile {
            Some(profile) if problems.is_empty() => Ok(profile),
            _ => Err(ProfileError::Invalid { file: file_name.to_owned(), problems }),
        }
    }

    /// The reader that this profile describes.
    pub fn reader(&self) -> Result<&Reader, ProfileError> {
        match &self.device {
            Device::Reader(reader) => Ok(reader),
            Device::Gate(_) | Device::Pda(_) | Device::Printer(_) => Err(self.wrong_kind("reader")),
        }
    }

    /// The gate that this profile describes.
    pub fn gate(&self) -> Result<&Gate, ProfileError> {
        match &self.device {
            Device::Gate(gate) => Ok(gate),
            Device::Reader(_) | Device::Pda(_) | Device::Printer(_) => Err(self.wrong_kind("gate")),
        }
    }

    /// The PDA that this profile describes.
    pub fn pda(&self) -> Result<&Pda, ProfileError> {
        match &self.device {
            Device::Pda(pda) => Ok(pda),
            Device::Reader(_) | Device::Gate(_) | Device::Printer(_) => Err(self.wrong_kind("pda")),
        }
    }

    /// The printer that this profile describes.
    pub fn printer(&self) -> Result<&Printer, ProfileError> {
        match &self.device {
            Device::Printer(printer) => Ok(printer),
            Device::Reader(_) | Device::Gate(_) | Device::Pda(_) => Err(self.wrong_kind("printer")),
        }
    }

    /// How to open the device's serial port.
    pub fn serial(&self) -> Result<&Serial, ProfileError> {
        self.serial.as_ref().ok_or_else(|| self.no_transport("serial"))
    }

    /// How to reach the device over TCP.
    pub fn tcp(&self) -> Result<&Tcp, ProfileError> {
        self.tcp.as_ref().ok_or_else(|| self.no_transport("tcp"))
    }

    /// `reader`, `gate`, `pda` or `printer`.
    pub fn kind(&self) -> &'static str {
        match self.device {
            Device::Reader(_) => "reader",
            Device::Gate(_) => "gate",
            Device::Pda(_) => "pda",
            Device::Printer(_) => "printer",
        }
    }

    fn wrong_kind(&self, wanted: &'static str) -> ProfileError {
        ProfileError::WrongKind { name: self.name.clone(), found: self.kind(), wanted }
    }

    fn no_transport(&self, wanted: &'static str) -> ProfileError {
        ProfileError::NoTransport { name: self.name.clone(), wanted }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Reader,
    Gate,
    Pda,
    Printer,
}

fn read(file_name: &str, root: Section<'_>) -> Option<Profile> {
    let kinds = [
        ("reader", Kind::Reader),
        ("gate", Kind::Gate),
        ("pda", Kind::Pda),
        ("printer", Kind::Printer),
    ];
    let kind = root.choice("kind", &kinds, None);
    let maker = root.text("maker").map(str::to_owned);
    let model = root.text("model").map(str::to_owned);
    let summary = root.text("summary").map(str::to_owned);
    let unverified = root.list("unverified", |path| Ok(path.to_owned()));
    for path in unverified.iter().flatten().filter(|path| !root.has_path(path)) {
        let what = format!("names {path:?}, which is not in the file");
        root.problem("unverified", &what, "write the path of a key, such as serial.baud");
    }
    let (serial, tcp) = match kind {
        Some(Kind::Reader | Kind::Gate) => connections(&root),
        // One at a USB port needs neither.
        Some(Kind::Printer) => {
            (root.table("serial").and_then(Serial::read), root.table("tcp").and_then(Tcp::read))
        }
        Some(Kind::Pda) | None => (None, None),
    };
    let device = match kind {
        Some(Kind::Reader) => Reader::read(&root).map(Device::Reader),
        Some(Kind::Gate) => Gate::read(&root).map(Device::Gate),
        Some(Kind::Pda) => Pda::read(&root).map(Device::Pda),
        Some(Kind::Printer) => Printer::read(&root).map(Device::Printer),
        None => None,
    };
    // Which tables belong here depends on the kind: without it nothing can be called unknown.
    if kind.is_some() {
        root.finish();
    }
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    Some(Profile {
        name: name.strip_suffix(".toml").unwrap_or(name).to_owned(),
        maker: maker?,
        model: model?,
        summary: summary?,
        unverified: unverified?,
        device: device?,
        serial,
        tcp,
    })
}

/// The ways to connect the device; problems of each are noted, and that there is none.
fn connections(root: &Section<'_>) -> (Option<Serial>, Option<Tcp>) {
    let (serial, tcp) = (root.table("serial"), root.table("tcp"));
    if !root.has_path("serial") && !root.has_path("tcp") {
        root.problem("serial", "is missing, and so is tcp", "add the table [serial] or [tcp]");
    }
    (serial.and_then(Serial::read), tcp.and_then(Tcp::read))
}

fn count(problems: usize) -> String {
    if problems == 1 { "one problem".to_owned() } else { format!("{problems} problems") }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}
