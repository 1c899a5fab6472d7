//! A table of the file being read, and what is wrong with it so far.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

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
