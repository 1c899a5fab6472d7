//! Reading a TOML file so that every problem is listed, not only the first.
//!
//! The functions that take a value answer `None` when it is missing or bad and note why; callers ask
//! for everything first and give up afterwards.

use std::cell::RefCell;
use std::fmt::{self, Display, Formatter};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::bytes;

/// One thing wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Problem {
    /// Name of the file, as the caller gave it.
    pub file: String,
    /// Line in the file, counted from 1.
    pub line: usize,
    /// Character in the line, counted from 1.
    pub column: usize,
    /// The key's path (`serial.baud`); empty where the file is not TOML at all.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

impl Display for Problem {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(out, "{}: ", self.key)?;
        }
        write!(out, "{}; {}", self.what, self.next)
    }
}

/// A file being read, and what was wrong with it so far.
pub(crate) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Document<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, problems: RefCell::default() }
    }

    /// Parses the text. Where it is not TOML, every such place becomes a problem and there is no
    /// table: what would be missing from it says nothing about the file.
    pub(crate) fn parse(&self) -> Option<Spanned<DeTable<'t>>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        let whole = errors.is_empty();
        for error in errors {
            let what = error.message().replace('\n', ", ");
            self.note(
                error.span().unwrap_or(0..0),
                "",
                what,
                "correct the TOML (https://toml.io)".to_owned(),
            );
        }
        whole.then_some(root)
    }

    /// The problems in the order of the file, or none.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems
    }

    fn note(&self, span: Range<usize>, key: &str, what: String, next: String) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        let (file, key) = (self.file.to_owned(), key.to_owned());
        self.problems.borrow_mut().push(Problem { file, line, column, key, what, next });
    }
}

/// One table of the file.
pub(crate) struct Section<'d> {
    document: &'d Document<'d>,
    path: String,
    span: Range<usize>,
    table: &'d DeTable<'d>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    /// The file's top level.
    pub(crate) fn root(document: &'d Document<'d>, root: &'d Spanned<DeTable<'d>>) -> Self {
        let (path, span) = (String::new(), 0..0);
        Self { document, path, span, table: root.get_ref(), asked: RefCell::default() }
    }

    /// A table that need not be there.
    pub(crate) fn table(&self, key: &'static str) -> Option<Self> {
        let value = self.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table");
            return None;
        };
        let (path, span) = (self.path_of(key), value.span());
        Some(Self { document: self.document, path, span, table, asked: RefCell::default() })
    }

    /// A table that must be there.
    pub(crate) fn required_table(&self, key: &'static str) -> Option<Self> {
        if self.get(key).is_none() {
            self.problem(key, "is missing", &format!("add the table [{}]", self.path_of(key)));
        }
        self.table(key)
    }

    /// Every table of a list, [[key]]; none when it is left out.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of tables, each begun with its name in [[…]]");
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(array.len());
        for (at, entry) in array.iter().enumerate() {
            let Some(table) = entry.get_ref().as_table() else {
                self.wrong_type(key, entry, "a table");
                continue;
            };
            let (path, span) = (format!("{}[{at}]", self.path_of(key)), entry.span());
            let asked = RefCell::default();
            sections.push(Self { document: self.document, path, span, table, asked });
        }
        sections
    }

    /// Millimetres with up to three decimals, as micrometres; `default` where it may be left out.
    pub(crate) fn length_um(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
        default: Option<u32>,
    ) -> Option<u32> {
        let Some(value) = self.get(key) else {
            if default.is_none() {
                self.missing(key);
            }
            return default;
        };
        let value = value.get_ref();
        let written = match (value.as_integer(), value.as_float()) {
            (Some(integer), _) if integer.radix() == 10 => integer.as_str(),
            (_, Some(float)) => float.as_str(),
            _ => "",
        };
        let length = micrometres(written);
        let accepted = length.filter(|length| range.contains(length));
        if accepted.is_none() {
            let what = match length {
                Some(_) => format!("{written} is out of range"),
                None => "is no length".to_owned(),
            };
            let (least, most) = (millimetres(*range.start()), millimetres(*range.end()));
            let next = format!("write millimetres from {least} to {most}, such as 12.5");
            self.problem(key, &what, &next);
        }
        accepted
    }

    /// A text that must be there and not be blank.
    pub(crate) fn text(&self, key: &'static str) -> Option<&'d str> {
        let text = self.string(key)?;
        if text.trim().is_empty() {
            self.problem(key, "is blank", "write at least one word");
            return None;
        }
        Some(text)
    }

    /// A whole number within a range; `default` where it may be left out.
    pub(crate) fn integer(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
        default: Option<u32>,
    ) -> Option<u32> {
        let Some(value) = self.get(key) else {
            if default.is_none() {
                self.missing(key);
            }
            return default;
        };
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let parsed = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        let accepted = parsed.filter(|number| range.contains(number));
        if accepted.is_none() {
            let what = format!("{integer} is out of range");
            let next = format!("write a number from {} to {}", range.start(), range.end());
            self.problem(key, &what, &next);
        }
        accepted
    }

    /// A whole number within a range that need not be there; the outer `None` is a bad one.
    pub(crate) fn optional_integer(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<Option<u32>> {
        if self.get(key).is_none() {
            return Some(None);
        }
        self.integer(key, range, None).map(Some)
    }

    /// Milliseconds that need not be there; the outer `None` is a bad value.
    pub(crate) fn optional_millis(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<Option<Duration>> {
        let millis = self.optional_integer(key, range)?;
        Some(millis.map(|millis| Duration::from_millis(u64::from(millis))))
    }

    /// Milliseconds that must be there.
    pub(crate) fn millis(&self, key: &'static str, range: RangeInclusive<u32>) -> Option<Duration> {
        self.integer(key, range, None).map(|millis| Duration::from_millis(u64::from(millis)))
    }

    /// One of a fixed set of words; `default` where it may be left out.
    pub(crate) fn choice<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&str, T)],
        default: Option<T>,
    ) -> Option<T> {
        if default.is_some() && self.get(key).is_none() {
            return default;
        }
        let word = self.string(key)?;
        let chosen = choices.iter().find(|(name, _)| *name == word);
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let next = format!("write one of {}", names.join(", "));
            self.problem(key, &format!("{word:?} is not known"), &next);
        }
        chosen.map(|(_, value)| *value)
    }

    /// A byte string that must be there and not be empty.
    pub(crate) fn bytes(&self, key: &'static str) -> Option<Vec<u8>> {
        let parsed = self.parsed(key, bytes::parse)?;
        if parsed.is_empty() {
            self.problem(key, "is empty", "write at least one byte");
            return None;
        }
        Some(parsed)
    }

    /// A byte string that may be left out or empty.
    pub(crate) fn bytes_or_none(&self, key: &'static str) -> Option<Vec<u8>> {
        if self.get(key).is_none() {
            return Some(Vec::new());
        }
        self.parsed(key, bytes::parse)
    }

    /// A list of texts, each read by `parse`; empty when left out.
    pub(crate) fn list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, bytes::BytesError>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.get(key) else { return Some(Vec::new()) };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of texts");
            return None;
        };
        let mut complete = true;
        let mut items = Vec::with_capacity(array.len());
        for entry in array.iter() {
            let Some(text) = entry.get_ref().as_str() else {
                self.wrong_type(key, entry, "a text");
                complete = false;
                continue;
            };
            match parse(text) {
                Ok(item) => items.push(item),
                Err(error) => {
                    complete = false;
                    self.bad_bytes(key, entry.span(), text, error);
                }
            }
        }
        complete.then_some(items)
    }

    /// Notes a problem with this key, or with the table where the key is not there.
    pub(crate) fn problem(&self, key: &'static str, what: &str, next: &str) {
        let span = self.find(key).map_or(self.span.clone(), Spanned::span);
        self.document.note(span, &self.path_of(key), what.to_owned(), next.to_owned());
    }

    /// Whether the file has a value at this dotted path below the section.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        let mut parts = path.split('.');
        let first = parts.next().and_then(|key| self.find(key));
        parts.fold(first, |value, key| value?.get_ref().get(key)).is_some()
    }

    /// Ends the reading: a key that nobody asked for is a problem.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !asked.contains(&name) {
                let mut known = asked.clone();
                known.sort_unstable();
                known.dedup();
                self.document.note(
                    key.span(),
                    &self.path_of(name),
                    "is not a key of this table".to_owned(),
                    format!("remove it, or use one of {}", known.join(", ")),
                );
            }
        }
    }

    fn string(&self, key: &'static str) -> Option<&'d str> {
        let Some(value) = self.get(key) else {
            self.missing(key);
            return None;
        };
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, value, "a text in quotes");
        }
        text
    }

    fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, bytes::BytesError>,
    ) -> Option<T> {
        let text = self.string(key)?;
        match parse(text) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let span = self.find(key).map_or(self.span.clone(), Spanned::span);
                self.bad_bytes(key, span, text, error);
                None
            }
        }
    }

    fn bad_bytes(
        &self,
        key: &'static str,
        span: Range<usize>,
        text: &str,
        error: bytes::BytesError,
    ) {
        let what = format!("{text:?} at character {}: {}", error.at, error.what);
        self.document.note(span, &self.path_of(key), what, error.next);
    }

    fn missing(&self, key: &'static str) {
        self.problem(key, "is missing", "add it");
    }

    fn wrong_type(&self, key: &'static str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        let what = format!("is {article} {found}");
        self.document.note(value.span(), &self.path_of(key), what, format!("write {wanted}"));
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().push(key);
        self.find(key)
    }

    fn find(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        let found = self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key);
        found.map(|(_, value)| value)
    }
}

/// `12.5` as 12 500: at most three decimals, no sign, no exponent.
fn micrometres(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|one| one.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 3 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let thousandths: u32 = format!("{decimals:0<3}").parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(1_000)?.checked_add(thousandths)
}

fn millimetres(um: u32) -> String {
    let text = format!("{}.{:03}", um / 1_000, um % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
