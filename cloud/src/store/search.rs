//! Lists in pages: what part is asked for, and which text rows must contain.

use super::Value;
use crate::codes::ItemKey;

/// The most rows of one page.
pub const PAGE_SIZE_MAX: u32 = 200;
/// Rows of a page when nothing is said.
pub const PAGE_SIZE: u32 = 50;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub page: u32,
    /// Rows in it, at most [`PAGE_SIZE_MAX`].
    pub size: u32,
    /// Rows must contain this; empty = any.
    pub q: String,
}

impl Default for Page {
    fn default() -> Self {
        Self { page: 1, size: PAGE_SIZE, q: String::new() }
    }
}

impl Page {
    /// For `limit`.
    #[must_use]
    pub fn limit(&self) -> Value {
        self.size.into()
    }

    /// For `offset`.
    #[must_use]
    pub fn offset(&self) -> Value {
        (u64::from(self.page.saturating_sub(1)) * u64::from(self.size)).into()
    }

    /// This page of rows that are all in memory.
    #[must_use]
    pub fn of<T>(&self, all: Vec<T>) -> Listing<T> {
        let number = |of: u32| usize::try_from(of).unwrap_or(usize::MAX);
        let size = number(self.size);
        let before = number(self.page.saturating_sub(1)).saturating_mul(size);
        let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
        Listing { rows: all.into_iter().skip(before).take(size).collect(), total }
    }

    /// For `lower(column) like lower($n) escape '\'`: engines differ in which letters they lower, so one lowers both.
    #[must_use]
    pub fn pattern(&self) -> Value {
        let mut pattern = String::from("%");
        for character in self.q.trim().chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        pattern.into()
    }
}

/// Keys asked for with one query; a fixed number, so that the statement is prepared once.
pub const KEYS_PER_QUERY: usize = 128;

/// `$1, $2, …` for as many keys as [`keys`] gives.
#[must_use]
pub fn places() -> String {
    let places: Vec<String> = (1..=KEYS_PER_QUERY).map(|number| format!("${number}")).collect();
    places.join(", ")
}

/// Keys in groups of one length, filled up with null, for `key in (…)`.
pub fn keys(keys: &[ItemKey]) -> impl Iterator<Item = Vec<Value>> {
    keys.chunks(KEYS_PER_QUERY).map(|chunk| filled(chunk.iter().map(|key| key.number().into())))
}

/// The same for ids.
pub fn groups<I: Copy + Into<Value>>(ids: &[I]) -> impl Iterator<Item = Vec<Value>> {
    ids.chunks(KEYS_PER_QUERY).map(|chunk| filled(chunk.iter().map(|id| (*id).into())))
}

fn filled(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.resize(KEYS_PER_QUERY, Value::Null);
    values
}

/// By which column a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    column: &'static str,
    descending: bool,
}

impl Sort {
    /// `field` or `-field`, one of those a list can be sorted by.
    #[must_use]
    pub fn parse(text: &str, sorts: &[(&str, &'static str)]) -> Option<Self> {
        let (descending, field) = match text.strip_prefix('-') {
            Some(field) => (true, field),
            None => (false, text),
        };
        let column = sorts.iter().find(|(name, _)| *name == field).map(|(_, column)| *column)?;
        Some(Self { column, descending })
    }

    /// For `order by`: what is equal, and everything when nothing is asked for, goes by `id`, newest first; what is left
    /// empty comes last.
    #[must_use]
    pub fn sql(sort: Option<Self>, id: &str) -> String {
        match sort {
            Some(Self { column, descending: true }) => {
                format!("{column} desc nulls last, {id} desc")
            }
            Some(Self { column, descending: false }) => format!("{column} nulls last, {id} desc"),
            None => format!("{id} desc"),
        }
    }
}

/// One page of rows, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Listing<T> {
    /// This page's.
    pub rows: Vec<T>,
    /// Of all pages.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_searched_for_like_any_other_character() {
        let page = Page { q: " 50%_A\\ ".to_owned(), ..Page::default() };
        assert_eq!(page.pattern(), Value::Text("%50\\%\\_A\\\\%".to_owned()));
    }

    #[test]
    fn pages_are_counted_from_one() {
        let page = Page { page: 3, size: 20, q: String::new() };
        assert_eq!((page.limit(), page.offset()), (Value::Int(20), Value::Int(40)));
        assert_eq!(Page { page: 0, ..page }.offset(), Value::Int(0));
    }
}
