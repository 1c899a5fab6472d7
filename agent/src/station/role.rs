//! What a scan was to its machine: a word written beside its draft.

use std::fmt;
use std::str::FromStr;

use sealtrace_protocol::ledger::Level;

/// What a scan was to its machine; written beside the draft, and read back after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Goes into a package.
    Child(Level),
    /// The package it goes into.
    Parent(Level),
    /// The label that is replaced.
    Old(Level),
    /// The label that replaces it.
    New,
    /// The package that is opened or verified.
    Package(Level),
    /// Found inside the package that is verified.
    Seen,
    /// Stands for itself: what is received or shipped, the end of a strip of labels.
    Top,
}

impl Role {
    const fn parts(self) -> (&'static str, Option<Level>) {
        match self {
            Self::Child(level) => ("child", Some(level)),
            Self::Parent(level) => ("parent", Some(level)),
            Self::Old(level) => ("old", Some(level)),
            Self::New => ("new", None),
            Self::Package(level) => ("package", Some(level)),
            Self::Seen => ("seen", None),
            Self::Top => ("top", None),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (word, Some(level)) => write!(f, "{word}.{}", level.name()),
            (word, None) => f.write_str(word),
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, level) = text.split_once('.').unwrap_or((text, ""));
        match (word, Level::from_name(level)) {
            ("child", Some(level)) => Ok(Self::Child(level)),
            ("parent", Some(level)) => Ok(Self::Parent(level)),
            ("old", Some(level)) => Ok(Self::Old(level)),
            ("package", Some(level)) => Ok(Self::Package(level)),
            ("new", None) => Ok(Self::New),
            ("seen", None) => Ok(Self::Seen),
            ("top", None) => Ok(Self::Top),
            _ => Err(()),
        }
    }
}
