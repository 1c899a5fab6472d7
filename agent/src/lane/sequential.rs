//! A stream of units, then their case's label, again and again: which units go into which case. Pure.
//!
//! Everything that passes the unit reader takes a place, read or not. A label ends the case, whatever it holds: so a
//! fault spoils one case and later ones never shift. Where a label is missed, the first unit beyond the plan ends the
//! case; should that unit have been a ghost, its own label finds too few units and sets them aside as well.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::{HOLDS_MAX, Rejection};

/// Bytes came that were no message.
const NOISE: &str = "noise";
/// A case was full, and the next one began without its label having been read.
const LABEL_MISSING: &str = "label_missing";

/// What the unit reader said about one thing that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A code.
    Code {
        /// As it was read.
        text: String,
        /// What it is.
        code: Code,
    },
    /// A text that is no code.
    Unreadable {
        /// As it was read.
        text: String,
    },
    /// It passed unread.
    NoRead,
    /// Bytes that are no message: perhaps something passed, perhaps not.
    Noise,
}

impl Reading {
    /// The text that was read, if any was.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Code { text, .. } | Self::Unreadable { text } => Some(text),
            Self::NoRead | Self::Noise => None,
        }
    }

    /// The code that was read, if it was one.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        match self {
            Self::Code { code, .. } => Some(*code),
            Self::Unreadable { .. } | Self::NoRead | Self::Noise => None,
        }
    }
}

/// Why a case is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A snake_case word; a rejection's own where there is one.
    pub word: String,
    /// The rule that said no.
    pub rejection: Option<Rejection>,
}

impl Fault {
    /// A fault that no rule names.
    #[must_use]
    pub fn new(word: &str) -> Self {
        Self { word: word.to_owned(), rejection: None }
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self { word: rejection.code().to_owned(), rejection: Some(rejection) }
    }
}

/// A case that is not packed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// Its label, if one was read.
    pub label: Option<Code>,
    /// The first thing that was wrong with it.
    pub fault: Fault,
    /// Everything that passed, read or not.
    pub places: Vec<Place>,
    /// Something may have passed that nobody saw.
    pub unsure: bool,
    /// What was missed, if that is why it ended like this: from the next case on the lane knows its place again.
    pub gap: Option<String>,
}

impl Aside {
    /// Its units, as far as they were read.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        self.places.iter().filter_map(|place| place.code).collect()
    }
}

/// What a picture changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictured {
    /// The case before, whose label was never read.
    pub aside: Option<Aside>,
    /// Places of the open case that were unread and are not there any more.
    pub better: Vec<usize>,
    /// Text, code and fault of each place that was added.
    pub added: Vec<(Option<String>, Option<Code>, Option<Fault>)>,
}

/// What a label decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labelled {
    /// The reader repeats the label of the case before; the answer was this.
    Again(bool),
    /// The case is whole: pack these, then say [`Sequential::close`].
    Whole(Vec<Code>),
    /// The case is set aside, and closed.
    Aside(Aside),
}

/// What was taken for one thing that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What was read, if anything.
    pub text: Option<String>,
    /// What that is.
    pub code: Option<Code>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// The machine of one lane.
#[derive(Clone, Debug)]
pub struct Sequential {
    holds: u32,
    places: Vec<Place>,
    /// Why the open case cannot be trusted, whatever it holds.
    spoiled: Option<Fault>,
    /// The label before, and whether its case was accepted.
    previous: Option<(Code, bool)>,
}

impl Sequential {
    /// An empty case of `holds` units after a case that ended as `previous` says.
    #[must_use]
    pub const fn new(holds: u32, previous: Option<(Code, bool)>) -> Self {
        Self { holds, places: Vec::new(), spoiled: None, previous }
    }

    /// Places taken in the open case.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX)
    }

    /// What has passed since the last case ended.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// True between two cases.
    #[must_use]
    pub const fn is_between_cases(&self) -> bool {
        self.places.is_empty() && self.spoiled.is_none()
    }

    /// Another plan; takes effect between two cases only.
    pub const fn set_holds(&mut self, holds: u32) {
        if self.is_between_cases() {
            self.holds = holds;
        }
    }

    /// True when this is the last reading sent once more: its answer was lost.
    #[must_use]
    pub fn is_repeat(&self, text: &str) -> bool {
        self.places.last().and_then(|place| place.text.as_deref()) == Some(text)
    }

    /// True when the open case has this code already.
    #[must_use]
    pub fn holds_code(&self, code: Code) -> bool {
        self.places.iter().any(|place| place.code == Some(code))
    }

    /// Takes a reading, with what the rules had against it. Answers the case that had to be closed without a label.
    ///
    /// Not to be called for a reading that [`Sequential::is_repeat`].
    pub fn unit(&mut self, reading: Reading, fault: Option<Fault>) -> Option<Aside> {
        if reading == Reading::Noise {
            self.spoil(Fault::new(NOISE));
            return None;
        }
        // Without a task there is no plan; the case still ends somewhere.
        let holds = if self.holds == 0 { HOLDS_MAX } else { self.holds };
        let missed = self.count() >= holds;
        let twice = reading.code().filter(|code| self.holds_code(*code));
        let twice = twice.map(|code| Fault::from(Rejection::ScannedTwice { code }));
        let aside = missed.then(|| self.set_aside(None, Fault::new(LABEL_MISSING)));
        self.push(reading, twice.or(fault));
        aside
    }

    /// Gives a reading its place in the open case.
    fn push(&mut self, reading: Reading, fault: Option<Fault>) {
        let place = match reading {
            Reading::Code { text, code } => {
                let twice =
                    self.holds_code(code).then(|| Fault::from(Rejection::ScannedTwice { code }));
                Place { text: Some(text), code: Some(code), fault: twice.or(fault) }
            }
            Reading::Unreadable { text } => {
                Place { text: Some(text), code: None, fault: Some(Fault::new("unreadable")) }
            }
            Reading::NoRead => Place { text: None, code: None, fault: Some(Fault::new("no_read")) },
            Reading::Noise => return self.spoil(Fault::new(NOISE)),
        };
        self.places.push(place);
    }

    /// Takes one picture of everything that goes into a case, with what the rules had against each. Answers the case that
    /// had to be closed without a label, which of the open case's places this picture has seen better, and how many it
    /// added.
    ///
    /// A picture that shares a code with the open case is of that case: it was triggered twice. What it adds counts too,
    /// so two cases taken for one are too many.
    pub fn picture(&mut self, seen: Vec<(Reading, Option<Fault>)>) -> Pictured {
        let known = seen.iter().filter_map(|(reading, _)| reading.code());
        let same = known.into_iter().any(|code| self.holds_code(code));
        let missed = !same && !self.places.is_empty();
        let aside = missed.then(|| self.set_aside(None, Fault::new(LABEL_MISSING)));
        let before: Vec<Code> = self.codes();
        let unread = |place: &Place| place.code.is_none();
        let at = self.places.iter().enumerate().filter(|(_, place)| unread(place));
        let better: Vec<usize> = at.map(|(at, _)| at).collect();
        self.places.retain(|place| !unread(place));
        let mut added = Vec::new();
        for (reading, fault) in seen {
            if reading.code().is_some_and(|code| before.contains(&code)) {
                continue;
            }
            let (text, code) = (reading.text().map(str::to_owned), reading.code());
            self.push(reading, fault);
            added.push((text, code, self.last_fault().cloned()));
        }
        Pictured { aside, better, added }
    }

    /// True when the open case will be set aside whatever else it holds.
    #[must_use]
    pub const fn is_spoiled(&self) -> bool {
        self.spoiled.is_some()
    }

    /// The open case cannot be trusted any more: something may have passed that is not known.
    pub fn spoil(&mut self, fault: Fault) {
        self.spoiled.get_or_insert(fault);
    }

    /// What is wrong with the last place, if anything.
    #[must_use]
    pub fn last_fault(&self) -> Option<&Fault> {
        self.places.last()?.fault.as_ref()
    }

    /// Takes a place as it was written down before a restart.
    pub fn replay(&mut self, text: Option<String>, code: Option<Code>, fault: Option<Fault>) {
        self.places.push(Place { text, code, fault });
    }

    /// Takes a label, or that it passed unread; `partial` when the case may be short.
    pub fn label(&mut self, label: Option<Code>, partial: bool) -> Labelled {
        let again = self.previous.filter(|(code, _)| Some(*code) == label);
        if let Some((_, accepted)) = again.filter(|_| self.is_between_cases()) {
            return Labelled::Again(accepted);
        }
        match self.verdict(label, partial) {
            Ok(codes) => Labelled::Whole(codes),
            Err(fault) => Labelled::Aside(self.set_aside(label, fault)),
        }
    }

    /// True when the open case could be packed as it is; `partial` when it may be short.
    #[must_use]
    pub fn is_whole(&self, partial: bool) -> bool {
        let count = self.count();
        let enough = count == self.holds || (partial && (1..self.holds).contains(&count));
        enough && self.spoiled.is_none() && self.places.iter().all(|place| place.fault.is_none())
    }

    /// Ends the open case without a word of the label reader.
    pub fn give_up(&mut self, label: Option<Code>, fault: Fault) -> Aside {
        self.set_aside(label, fault)
    }

    /// Ends a case that was found whole: packed, or refused by the rules after all.
    pub fn close(&mut self, label: Code, refused: Option<Fault>) -> Option<Aside> {
        match refused {
            Some(fault) => Some(self.set_aside(Some(label), fault)),
            None => {
                self.begin(Some((label, true)));
                None
            }
        }
    }

    /// The last label's case was let go after all: too late for the gate.
    pub fn revoke(&mut self, label: Code) {
        if self.previous == Some((label, true)) {
            self.previous = Some((label, false));
        }
    }

    fn verdict(&self, label: Option<Code>, partial: bool) -> Result<Vec<Code>, Fault> {
        if let Some(fault) = self.places.iter().find_map(|place| place.fault.clone()) {
            return Err(fault);
        }
        if let Some(fault) = &self.spoiled {
            return Err(fault.clone());
        }
        let parent = label.ok_or_else(|| Fault::new("label_no_read"))?;
        let (holds, count) = (self.holds, self.count());
        if count > holds {
            return Err(Rejection::TooMany { parent, holds, count }.into());
        }
        if count < holds && (!partial || count == 0) {
            return Err(Rejection::TooFew { parent, holds, count }.into());
        }
        Ok(self.codes())
    }

    fn codes(&self) -> Vec<Code> {
        self.places.iter().filter_map(|place| place.code).collect()
    }

    fn set_aside(&mut self, label: Option<Code>, fault: Fault) -> Aside {
        let spoiled = self.spoiled.take();
        let unsure = spoiled.is_some();
        let gap = spoiled.as_ref().or(Some(&fault)).map(|fault| fault.word.as_str());
        let gap =
            gap.filter(|word| *word != NOISE && (spoiled.is_some() || *word == LABEL_MISSING));
        let gap = gap.map(str::to_owned);
        let first = self.places.iter().find_map(|place| place.fault.clone());
        let fault = first.or(spoiled).unwrap_or(fault);
        let places = std::mem::take(&mut self.places);
        let aside = Aside { label, fault, places, unsure, gap };
        self.begin(label.map(|label| (label, false)));
        aside
    }

    fn begin(&mut self, previous: Option<(Code, bool)>) {
        self.places.clear();
        self.spoiled = None;
        self.previous = previous;
    }
}

#[cfg(test)]
#[path = "sequential_tests.rs"]
mod tests;
