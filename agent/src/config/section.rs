//! A table of the file being read, and what is wrong with it so far.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;

use sealtrace_firmware_config::{Profile, ProfileError};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Mistake;

pub(super) struct Notes<'t> {
    pub(super) text: &'t str,
    pub(super) mistakes: Vec<Mistake>,
}

impl Notes<'_> {
    pub(super) fn add(&mut self, span: &Range<usize>, key: &str, what: impl Display, next: &str) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let (key, what, next) = (key.to_owned(), what.to_string(), next.to_owned());
        self.mistakes.push(Mistake { line, key, what, next });
    }
}

pub(super) struct Section<'n, 't, 'd> {
    pub(super) notes: &'n mut Notes<'t>,
    path: String,
    table: &'d DeTable<'d>,
    span: Range<usize>,
    asked: BTreeSet<&'static str>,
}

impl<'n, 't, 'd> Section<'n, 't, 'd> {
    pub(super) fn new(
        notes: &'n mut Notes<'t>,
        path: &str,
        table: &'d DeTable<'d>,
        span: Range<usize>,
    ) -> Self {
        Self { notes, path: path.to_owned(), table, span, asked: BTreeSet::new() }
    }

    pub(super) fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    /// A value of this table, without asking for it.
    pub(super) fn peek(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table.get(key)
    }

    pub(super) fn wrong(&mut self, key: &'static str, what: impl Display, next: &str) {
        let span = self.table.get(key).map_or(self.span.clone(), Spanned::span);
        let key = self.key(key);
        self.notes.add(&span, &key, what, next);
    }

    pub(super) fn text(&mut self, key: &'static str, default: Option<&str>) -> Option<String> {
        let Some(value) = self.get(key) else {
            if default.is_none() {
                self.wrong(key, "is missing", "add it");
            }
            return default.map(str::to_owned);
        };
        let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong(key, "is not a text", "write it in quotes, not blank");
        }
        text.map(str::to_owned)
    }

    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        default: Option<T>,
        wanted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        if self.get(key).is_none() && default.is_some() {
            return default;
        }
        let text = self.text(key, None)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            self.wrong(key, format!("{text:?} is not {wanted}"), "correct it");
        }
        parsed
    }

    pub(super) fn number(&mut self, key: &'static str, default: Option<u32>) -> Option<u32> {
        let Some(value) = self.get(key) else { return default };
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            self.wrong(key, "is not a whole number", "write a number from 0 on, without quotes");
        }
        number
    }

    /// Tables of a list, `[[key]]`, each with a name of its own.
    pub(super) fn named<T>(
        &mut self,
        key: &'static str,
        count_max: usize,
        name: fn(&T) -> &str,
        read: impl Fn(Section<'_, 't, 'd>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.get(key) else { return Some(Vec::new()) };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, "is not a list of tables", &format!("begin each with [[{key}]]"));
            return None;
        };
        if array.len() > count_max {
            let next = format!("one agent has {count_max} at most; use another");
            self.wrong(key, "appears too often", &next);
        }
        let mut found: Vec<Option<T>> = Vec::new();
        for (at, entry) in array.iter().enumerate() {
            let path = format!("{key}[{at}]");
            let Some(table) = entry.get_ref().as_table() else {
                let next = format!("begin it with [[{key}]]");
                self.notes.add(&entry.span(), &path, "is not a table", &next);
                continue;
            };
            let one = read(Section::new(self.notes, &path, table, entry.span()));
            let is_same = |other: &T| one.as_ref().is_some_and(|one| name(one) == name(other));
            if found.iter().flatten().any(is_same) {
                let key = format!("{path}.name");
                self.notes.add(&entry.span(), &key, "is taken by another", "choose another");
            }
            found.push(one);
        }
        found.into_iter().collect()
    }

    /// A list of texts; none when it is left out.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let Some(value) = self.get(key) else { return Some(Vec::new()) };
        let texts = value.get_ref().as_array().and_then(|array| {
            array.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned)).collect()
        });
        if texts.is_none() {
            self.wrong(key, "is not a list of texts", "write it as [\"one\", \"another\"]");
        }
        texts
    }

    /// A built-in profile or one of a file, of the kind that is wanted.
    pub(super) fn profile(
        &mut self,
        folder: &Path,
        is_wanted: impl FnOnce(&Profile) -> Result<(), ProfileError>,
    ) -> Option<Profile> {
        let name = self.text("profile", None)?;
        let loaded = if Path::new(&name).extension().is_some_and(|end| end == "toml") {
            let path = folder.join(&name);
            match std::fs::read_to_string(&path) {
                Ok(text) => Profile::from_toml(&name, &text),
                Err(error) => {
                    let what = format!("{} cannot be read ({error})", path.display());
                    self.wrong("profile", what, "correct the path, from this file's folder");
                    return None;
                }
            }
        } else {
            Profile::builtin(&name)
        };
        let right = loaded.and_then(|profile| is_wanted(&profile).map(|()| profile));
        match right {
            Ok(profile) => Some(profile),
            Err(error) => {
                self.wrong("profile", error, "name another profile or correct it");
                None
            }
        }
    }

    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !self.asked.contains(name) {
                let known: Vec<_> = self.asked.iter().copied().collect();
                let next = format!("use {}", known.join(", "));
                let path = self.key(name);
                self.notes.add(&key.span(), &path, "is not known here", &next);
            }
        }
    }
}
