//! What is wrong with a form: each field with a word for it, all of them at once.

use std::collections::BTreeMap;

use serde_json::Value;
use time::{Date, Month};

/// Fields that cannot be taken as they are, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("these fields are not right: {}", self.listed())]
pub struct Invalid {
    /// The word for each, by its place in the form: `territories.0.regions`.
    pub fields: BTreeMap<String, &'static str>,
    /// What more there is to say about some of them.
    pub details: BTreeMap<String, Value>,
}

impl Invalid {
    /// One field.
    #[must_use]
    pub fn field(name: &str, fault: &'static str) -> Self {
        Self { fields: BTreeMap::from([(name.to_owned(), fault)]), details: BTreeMap::new() }
    }

    fn listed(&self) -> String {
        let fields: Vec<String> =
            self.fields.iter().map(|(name, fault)| format!("{name} ({fault})")).collect();
        fields.join(", ")
    }
}

/// Collects faults while a form is read.
#[derive(Debug, Default)]
pub struct Check(Invalid);

/// The most characters of a name on a screen.
pub const NAME_CHARACTERS_MAX: usize = 80;
/// The most characters of a number on paper, of a login.
pub const NUMBER_CHARACTERS_MAX: usize = 40;
/// The most units one order or document line may ask for.
pub const UNITS_MAX: u32 = 100_000_000;

impl Check {
    /// No faults so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault; the first one of a field stays.
    pub fn fault(&mut self, field: &str, fault: &'static str) {
        self.0.fields.entry(field.to_owned()).or_insert(fault);
    }

    /// Notes a fault that needs more than a word; the first one of a field stays.
    pub fn explain(&mut self, field: &str, fault: &'static str, details: Value) {
        if !self.0.fields.contains_key(field) {
            self.0.details.insert(field.to_owned(), details);
        }
        self.fault(field, fault);
    }

    /// Notes `fault` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, fault: &'static str) {
        if !holds {
            self.fault(field, fault);
        }
    }

    /// A name on a screen: trimmed, not empty, not too long, without control characters.
    pub fn name(&mut self, field: &str, text: &str) -> String {
        self.text(field, text, NAME_CHARACTERS_MAX)
    }

    /// A number on paper.
    pub fn number(&mut self, field: &str, text: &str) -> String {
        self.text(field, text, NUMBER_CHARACTERS_MAX)
    }

    /// A login: letters, digits, dot, dash, underscore; without regard to case, so kept in lower case.
    pub fn login(&mut self, field: &str, text: &str) -> String {
        let login = self.text(field, text, NUMBER_CHARACTERS_MAX).to_lowercase();
        let is_plain = |character: char| character.is_alphanumeric() || "._-".contains(character);
        self.require(login.chars().all(is_plain), field, "characters");
        login
    }

    /// A number of units or codes, at least `least`.
    pub fn units(&mut self, field: &str, units: u32, least: u32) -> u32 {
        self.require(units >= least, field, if units == 0 { "required" } else { "too_small" });
        self.require(units <= UNITS_MAX, field, "too_large");
        units
    }

    /// One of a few words.
    pub fn choice<T>(
        &mut self,
        field: &str,
        text: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let choice = read(text);
        if choice.is_none() {
            self.fault(field, if text.is_empty() { "required" } else { "unknown" });
        }
        choice
    }

    /// One of a few words, or nothing.
    pub fn optional<T>(
        &mut self,
        field: &str,
        text: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.choice(field, text, read) }
    }

    /// All faults, if there are any.
    pub fn done(self) -> Result<(), Invalid> {
        if self.0.fields.is_empty() { Ok(()) } else { Err(self.0) }
    }

    /// The value, if there were no faults and it was found.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Invalid> {
        let faults = self.0;
        value.filter(|_| faults.fields.is_empty()).ok_or(faults)
    }

    /// A day of the calendar, `YYYY-MM-DD`.
    pub fn date(&mut self, field: &str, text: &str) -> String {
        let text = text.trim();
        self.require(is_date(text), field, if text.is_empty() { "required" } else { "unknown" });
        text.to_owned()
    }

    /// Text that must be there: trimmed, not too long, without control characters; empty when it has some, for no
    /// database takes them all.
    pub fn text(&mut self, field: &str, text: &str, characters_max: usize) -> String {
        let text = text.trim();
        self.require(!text.is_empty(), field, "required");
        self.require(text.chars().count() <= characters_max, field, "too_long");
        let is_plain = !text.chars().any(char::is_control);
        self.require(is_plain, field, "characters");
        if is_plain { text.to_owned() } else { String::new() }
    }

    /// Text of several lines that may be left out: trimmed, not too long, nothing in it that cannot be printed.
    pub fn note(&mut self, field: &str, text: &str, characters_max: usize) -> String {
        let text = text.trim();
        self.require(text.chars().count() <= characters_max, field, "too_long");
        let is_printable = |character: char| character.is_whitespace() || !character.is_control();
        self.require(text.chars().all(is_printable), field, "characters");
        text.to_owned()
    }
}

fn is_date(text: &str) -> bool {
    let read = || {
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let lengths = (year.len(), month.len(), day.len());
        let is_plain =
            lengths == (4, 2, 2) && text.bytes().all(|b| b == b'-' || b.is_ascii_digit());
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?);
        Some(is_plain && date.is_ok())
    };
    read().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_told_at_once_and_the_first_of_a_field_stays() {
        let mut check = Check::new();
        check.name("name", "  ");
        check.number("number", &"x".repeat(41));
        check.fault("number", "taken");
        check.units("quantity", 0, 1);
        let Err(invalid) = check.done() else { panic!("there are faults") };
        assert_eq!(
            invalid.to_string(),
            "these fields are not right: name (required), number (too_long), quantity (required)"
        );
    }

    #[test]
    fn names_are_trimmed_and_logins_lowered() {
        let mut check = Check::new();
        assert_eq!(check.name("name", " 南京经销商 "), "南京经销商");
        assert_eq!(check.login("login", "Anna.Li"), "anna.li");
        assert_eq!(check.done(), Ok(()));
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        for (text, fault) in [
            ("2028-02-29", None),
            ("", Some("required")),
            ("2027-02-29", Some("unknown")),
            ("2027-13-01", Some("unknown")),
            ("2027-1-01", Some("unknown")),
            ("+027-01-01", Some("unknown")),
            ("2027-01-01T00:00", Some("unknown")),
        ] {
            let mut check = Check::new();
            check.date("date", text);
            let found = check.done().err().and_then(|invalid| invalid.fields.get("date").copied());
            assert_eq!(found, fault, "{text}");
        }
    }

    #[test]
    fn control_characters_and_strange_logins_are_refused() {
        let mut check = Check::new();
        check.name("name", "a\u{7}b");
        check.login("login", "a b");
        let Err(invalid) = check.done() else { panic!("there are faults") };
        assert_eq!(invalid.fields.get("name"), Some(&"characters"));
        assert_eq!(invalid.fields.get("login"), Some(&"characters"));
    }
}
