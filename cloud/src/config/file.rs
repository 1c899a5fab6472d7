//! A TOML file taken apart into settings, so that each is asked for once and every mistake is noted.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `file:line`, or the flag it came from.
    pub place: String,
    /// The key's path, `web.address`; empty when the file is no TOML.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, key, what, next } = self;
        if key.is_empty() {
            write!(f, "{place}: {what}; {next}")
        } else {
            write!(f, "{place}: {key} {what}; {next}")
        }
    }
}

/// What was set, by key; what is asked for is taken out.
pub(super) struct Settings<'t> {
    name: &'t str,
    found: BTreeMap<String, Setting>,
    asked: Vec<&'static str>,
    problems: Vec<(usize, Problem)>,
}

struct Setting {
    line: usize,
    place: String,
    value: Found,
}

enum Found {
    Text(String),
    Number(i64),
    Texts(Vec<String>),
    Other(&'static str),
}

impl<'t> Settings<'t> {
    pub(super) fn new(name: &'t str, text: &str) -> Self {
        let mut settings =
            Self { name, found: BTreeMap::new(), asked: Vec::new(), problems: Vec::new() };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            let what = error.message().replace('\n', ", ");
            settings.problem_at(line, format!("{name}:{line}"), "", what, "correct the TOML");
        }
        if errors.is_empty() {
            settings.take_apart(text, "", root.get_ref());
        }
        settings
    }

    fn take_apart(&mut self, text: &str, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            let line = line_of(text, key.span().start);
            if let DeValue::Table(inner) = value.get_ref() {
                self.take_apart(text, &format!("{path}."), inner);
                continue;
            }
            let place = format!("{}:{line}", self.name);
            self.found.insert(path, Setting { line, place, value: found(value) });
        }
    }

    /// Lays a flag over the file.
    pub(super) fn flag(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value {
            let place = "on the command line".to_owned();
            let setting = Setting { line: 0, place, value: Found::Text(value) };
            self.found.insert(key.to_owned(), setting);
        }
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.checked(key, |text| Ok(text.to_owned()), "write a text in quotes")
    }

    /// A text that `read` understands, or a problem with what it says.
    pub(super) fn checked<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
        next: &str,
    ) -> Option<T> {
        let Setting { line, place, value } = self.take(key)?;
        let what = match value {
            Found::Text(text) => match read(&text) {
                Ok(value) => return Some(value),
                Err(why) => format!("= {text:?} {why}"),
            },
            Found::Number(_) => "is a number, a text was expected".to_owned(),
            Found::Texts(_) => "is a list, a text was expected".to_owned(),
            Found::Other(kind) => format!("is {kind}, a text was expected"),
        };
        self.problem_at(line, place, key, what, next);
        None
    }

    pub(super) fn number(&mut self, key: &'static str) -> Option<u64> {
        let Setting { line, place, value } = self.take(key)?;
        if let Found::Number(number) = value
            && let Ok(number) = u64::try_from(number)
        {
            return Some(number);
        }
        let what = "is no whole number from 0 up".to_owned();
        self.problem_at(line, place, key, what, "write a number without quotes");
        None
    }

    pub(super) fn texts(&mut self, key: &'static str, next: &str) -> Option<Vec<String>> {
        let Setting { line, place, value } = self.take(key)?;
        if let Found::Texts(texts) = value {
            return Some(texts);
        }
        self.problem_at(line, place, key, "is no list of texts".to_owned(), next);
        None
    }

    /// Notes something that is wrong with settings taken together.
    pub(super) fn problem(&mut self, key: &str, what: &str, next: &str) {
        let place = if self.name.is_empty() { "configuration" } else { self.name }.to_owned();
        self.problem_at(usize::MAX, place, key, what.to_owned(), next);
    }

    /// All problems, in the order of the file; what nobody asked for is one.
    pub(super) fn finish(mut self) -> Result<(), Vec<Problem>> {
        let known = self.asked.join(", ");
        for (key, Setting { line, place, .. }) in std::mem::take(&mut self.found) {
            let what = "is no setting".to_owned();
            self.problem_at(line, place, &key, what, &format!("use one of {known}"));
        }
        self.problems.sort_by_key(|(line, _)| *line);
        let problems: Vec<_> = self.problems.into_iter().map(|(_, problem)| problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn take(&mut self, key: &'static str) -> Option<Setting> {
        self.asked.push(key);
        self.found.remove(key)
    }

    fn problem_at(&mut self, line: usize, place: String, key: &str, what: String, next: &str) {
        let problem = Problem { place, key: key.to_owned(), what, next: next.to_owned() };
        self.problems.push((line, problem));
    }
}

fn found(value: &Spanned<DeValue<'_>>) -> Found {
    match value.get_ref() {
        DeValue::String(text) => Found::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Found::Other("a number too large"), Found::Number),
        DeValue::Array(values) => {
            let texts = values.iter().map(|value| value.get_ref().as_str().map(str::to_owned));
            texts
                .collect::<Option<_>>()
                .map_or(Found::Other("a list of other things"), Found::Texts)
        }
        DeValue::Float(_) => Found::Other("a number with a fraction"),
        DeValue::Boolean(_) => Found::Other("true or false"),
        DeValue::Datetime(_) => Found::Other("a date"),
        DeValue::Table(_) => Found::Other("a section"),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
