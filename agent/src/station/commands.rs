//! Commands: what buttons ask for and command barcodes say. One table; the sheet of barcodes is printed from it.

use serde::{Deserialize, Serialize};

use super::Screen;

/// A command of a button or a command barcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Command {
    /// Complete as it is.
    Confirm,
    /// Close below the plan; end a count.
    Close,
    /// Put units of other lots into the open package, or no more.
    Mix,
    /// Go on with the document that the last scan fits.
    Switch,
    /// Take the last scan or operation back.
    Undo,
    /// Leave the screen; open work stays open.
    Back,
    /// The person has seen the refusal.
    Acknowledge,
    /// Open a screen, after choosing what it needs.
    Open(Screen),
    /// Choose this one of those that are shown, from 1 on; 0: go on without one.
    Choose(Digit),
    /// Show the next ones to choose from.
    Next,
    /// Show a page of the device itself.
    Show(Place),
}

/// A page of the device itself, beside the station's screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Who works where, and another person or site.
    Account,
    /// What was not counted, open and resolved.
    Exceptions,
    /// The device's log.
    Log,
    /// Printers and their labels.
    Print,
    /// What has not reached the cloud, and its export.
    Sync,
    /// A task of one's own.
    Task,
}

impl Place {
    const ALL: [Self; 6] =
        [Self::Account, Self::Exceptions, Self::Log, Self::Print, Self::Sync, Self::Task];

    /// Its name in the page's address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Exceptions => "exceptions",
            Self::Log => "log",
            Self::Print => "print",
            Self::Sync => "sync",
            Self::Task => "task",
        }
    }
}

/// One of 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit(u8);

impl Digit {
    const NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    /// Where it points in a list that is counted from 1; none for 0.
    #[must_use]
    pub fn position(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }
}

/// The commands that are neither a screen, a page nor a digit.
const PLAIN: [Command; 8] = [
    Command::Confirm,
    Command::Close,
    Command::Mix,
    Command::Switch,
    Command::Undo,
    Command::Back,
    Command::Acknowledge,
    Command::Next,
];

impl Command {
    /// Every command, in the order of the sheet.
    pub fn all() -> impl Iterator<Item = Self> {
        let screens = Screen::ALL.into_iter().map(Self::Open);
        let digits = (0..10).map(|digit| Self::Choose(Digit(digit)));
        let places = Place::ALL.into_iter().map(Self::Show);
        PLAIN.into_iter().chain(screens).chain(places).chain(digits)
    }

    /// Its name at the page's API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Close => "close",
            Self::Mix => "mix",
            Self::Switch => "switch",
            Self::Undo => "undo",
            Self::Back => "back",
            Self::Acknowledge => "acknowledge",
            Self::Open(screen) => screen.name(),
            Self::Choose(Digit(digit)) => {
                Digit::NAMES.get(usize::from(digit)).copied().unwrap_or_default()
            }
            Self::Next => "next",
            Self::Show(place) => place.name(),
        }
    }

    /// The command with this [`Command::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|command| command.name() == name)
    }

    /// The text of its barcode.
    #[must_use]
    pub fn barcode(self) -> String {
        format!("ST*{}*", self.word().to_uppercase())
    }

    /// The command a barcode says, if it says one.
    #[must_use]
    pub fn from_barcode(text: &str) -> Option<Self> {
        let word = text.trim().strip_prefix("ST*")?.strip_suffix('*')?.to_lowercase();
        Self::all().find(|command| command.word() == word)
    }

    /// What stands between the stars: short where it is scanned most.
    fn word(self) -> &'static str {
        if self == Self::Acknowledge { "ok" } else { self.name() }
    }
}

impl From<Command> for &'static str {
    fn from(command: Command) -> Self {
        command.name()
    }
}

impl TryFrom<String> for Command {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("there is no command {name}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_has_a_name_and_a_barcode_of_its_own() {
        let names: BTreeSet<&str> = Command::all().map(Command::name).collect();
        let barcodes: BTreeSet<String> = Command::all().map(Command::barcode).collect();
        assert_eq!((names.len(), barcodes.len()), (Command::all().count(), Command::all().count()));
        for command in Command::all() {
            assert_eq!(Command::from_name(command.name()), Some(command));
            assert_eq!(Command::from_barcode(&command.barcode()), Some(command));
        }
        assert_eq!(Command::Acknowledge.barcode(), "ST*OK*");
        assert_eq!(Command::from_barcode(" ST*7*\r\n").map(Command::name), Some("7"));
        assert_eq!(Command::from_barcode("ST*10*"), None);
    }
}
