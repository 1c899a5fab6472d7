//! Element strings: identifiers and values one after the other, with separators or with brackets.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::association::{self, Associations};
use super::element::{Element, Spelling};
use super::error::{Gs1Error, Rule};
use super::symbol::{Meaning, split_aim};
use super::{Ai, digital_link, identifiers, meaning};

/// FNC1 as a scanner transmits it.
pub const GS: char = '\u{1d}';
/// FNC1 as it is spelled where control characters cannot be.
pub const CARET: char = '^';

/// More elements are no label.
const ELEMENTS_MAX: usize = 64;

/// Elements that were read from one label, each right in itself.
///
/// There is at least one. They come from an element string, a GS1 Digital Link or a plain symbol, in the order they
/// stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementString<'a> {
    pub(super) elements: Vec<Element<'a>>,
}

impl<'a> ElementString<'a> {
    /// Reads an element string, and holds the elements against each other: required and excluded pairs, repetition.
    ///
    /// Spellings: `(01)…(10)…` with brackets in values as `\(`; `^01…^10…` with FNC1 as a caret; or as transmitted,
    /// separated by GS, behind an AIM identifier or a GS or nothing. A composite component may follow, behind `|`.
    ///
    /// # Errors
    /// The first rule that is broken, with identifier and position.
    pub fn parse(text: &'a str) -> Result<Self, Gs1Error> {
        Self::parse_with(text, Associations::All)
    }

    /// As [`ElementString::parse`], with the pairs to be checked as said: what is required may be on another label of
    /// the same item.
    ///
    /// # Errors
    /// The first rule that is broken, with identifier and position.
    pub fn parse_with(text: &'a str, associations: Associations) -> Result<Self, Gs1Error> {
        match split_aim(text) {
            Some((Meaning::Elements, data)) => {
                Self::parse_at(data, text.len() - data.len(), associations)
            }
            _ => Self::parse_at(text, 0, associations),
        }
    }

    /// Reads `text`, which stands at `at` of what was scanned.
    pub(in crate::code) fn parse_at(
        text: &'a str,
        at: usize,
        associations: Associations,
    ) -> Result<Self, Gs1Error> {
        let mut elements = Vec::with_capacity(CAPACITY);
        let fnc1 = if text.starts_with(CARET) { CARET } else { GS };
        let mut components = text.split('|');
        let linear = components.next().unwrap_or_default();
        if text.len() > linear.len() && is_retail(linear) {
            elements.push(gtin(linear, at, RETAIL)?);
        } else {
            component(linear, at, fnc1, &mut elements)?;
        }
        if let Some(composite) = components.next() {
            let composite_at = at + linear.len() + 1;
            let fnc1 = if composite.starts_with(CARET) { CARET } else { GS };
            component(composite, composite_at, fnc1, &mut elements)?;
            if components.next().is_some() {
                let end = composite_at + composite.len();
                return Err(Gs1Error::new(end, None, Rule::Composite));
            }
        }
        Self::checked(elements, associations)
    }

    /// A GTIN of a symbol that holds nothing else, as AI 01.
    pub(super) fn of_gtin(digits: &str, at: usize, lengths: &[usize]) -> Result<Self, Gs1Error> {
        Ok(Self { elements: [gtin(digits, at, lengths)?].into() })
    }

    pub(super) fn checked(
        elements: Vec<Element<'a>>,
        associations: Associations,
    ) -> Result<Self, Gs1Error> {
        if let Some(excess) = elements.get(ELEMENTS_MAX) {
            return Err(excess.breaks(Rule::TooMany(ELEMENTS_MAX)));
        }
        association::check(&elements, associations)?;
        Ok(Self { elements })
    }

    /// The elements, in the order of the text.
    #[must_use]
    pub fn elements(&self) -> &[Element<'a>] {
        &self.elements
    }

    /// The value of an identifier.
    #[must_use]
    pub fn get(&self, ai: Ai) -> Option<&str> {
        self.elements.iter().find(|element| element.ai == ai).map(Element::value)
    }

    /// The form for people: `(01)09521234543213(10)A\(1`.
    #[must_use]
    pub fn bracketed(&self) -> String {
        let mut text = String::new();
        for element in &self.elements {
            text.push('(');
            text.push_str(element.ai.as_str());
            text.push(')');
            text.push_str(&element.value.replace('(', "\\("));
        }
        text
    }

    /// The form of the symbol's data: FNC1 first, and behind every value whose length is not predefined, but the last.
    /// FNC1 is spelled as said: [`GS`] or [`CARET`].
    #[must_use]
    pub fn unbracketed(&self, fnc1: char) -> String {
        let mut text = String::new();
        let mut is_open = true;
        for element in &self.elements {
            if is_open {
                text.push(fnc1);
            }
            text.push_str(element.ai.as_str());
            text.push_str(&element.value);
            is_open = !element.row.is_fixed();
        }
        text
    }

    /// What a reader transmits for a symbol with these elements; `aim` is its symbology's identifier, such as `]d2`.
    #[must_use]
    pub fn scan_data(&self, aim: &str) -> String {
        let data = self.unbracketed(GS);
        format!("{aim}{}", data.trim_start_matches(GS))
    }

    /// The GS1 Digital Link on GS1's own domain, its query in the order of the identifiers.
    ///
    /// # Errors
    /// [`Rule::NoKey`] when no element is a key, and [`Rule::Attribute`] for an element that a link cannot hold.
    pub fn canonical_link(&self) -> Result<String, Gs1Error> {
        digital_link::canonical(self)
    }
}

/// The lengths of GTINs in retail symbols, which may be the linear component of a composite one.
const RETAIL: &[usize] = &[8, 12, 13];

fn is_retail(text: &str) -> bool {
    RETAIL.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Labels seldom hold more elements than that.
const CAPACITY: usize = 8;

fn component<'a>(
    text: &'a str,
    at: usize,
    fnc1: char,
    elements: &mut Vec<Element<'a>>,
) -> Result<(), Gs1Error> {
    if text.starts_with('(') {
        return bracketed(text, at, elements);
    }
    let data = text.strip_prefix(fnc1).unwrap_or(text);
    if data.is_empty() {
        return Err(Gs1Error::new(at, None, Rule::Empty));
    }
    if data.len() == text.len() && !data.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(Gs1Error::new(at, None, Rule::Form));
    }
    unbracketed(data, at + text.len() - data.len(), fnc1, elements)
}

fn unbracketed<'a>(
    text: &'a str,
    at: usize,
    fnc1: char,
    elements: &mut Vec<Element<'a>>,
) -> Result<(), Gs1Error> {
    let mut rest = text;
    while !rest.is_empty() {
        let here = at + text.len() - rest.len();
        let known = identifiers::leading(rest.as_bytes()).ok_or_else(|| {
            let is_separator = rest.starts_with(fnc1);
            Gs1Error::new(here, None, if is_separator { Rule::Separator } else { Rule::Identifier })
        })?;
        let (ai, row) = known;
        let (_, body) = rest.split_at_checked(ai.len()).unwrap_or((rest, ""));
        let field = body.split(fnc1).next().unwrap_or_default();
        let value = match field.get(..row.most) {
            Some(value) if row.is_fixed() => value,
            _ => field,
        };
        elements.push(Spelling::Plain.read(known, value, here + ai.len())?);
        let (_, tail) = body.split_at_checked(value.len()).unwrap_or((body, ""));
        rest = tail.strip_prefix(fnc1).unwrap_or(tail);
    }
    Ok(())
}

fn bracketed<'a>(
    text: &'a str,
    at: usize,
    elements: &mut Vec<Element<'a>>,
) -> Result<(), Gs1Error> {
    let mut rest = text;
    while !rest.is_empty() {
        let here = at + text.len() - rest.len();
        let bracket = Gs1Error::new(here, None, Rule::Bracket);
        let opened = rest.strip_prefix('(').ok_or(bracket)?;
        let (digits, body) = opened.split_once(')').ok_or(bracket)?;
        let known = identifiers::exactly(digits.as_bytes()).ok_or(Gs1Error::new(
            here + 1,
            None,
            Rule::Identifier,
        ))?;
        let end = next_bracket(body).unwrap_or(body.len());
        let (value, tail) = body.split_at_checked(end).unwrap_or((body, ""));
        elements.push(Spelling::Bracketed.read(known, value, here + digits.len() + 2)?);
        rest = tail;
    }
    Ok(())
}

/// Where the next bracket opens that is not escaped.
fn next_bracket(body: &str) -> Option<usize> {
    let opens = body.match_indices('(').map(|(at, _)| at);
    let is_escaped = |at: usize| body.get(..at).is_some_and(|before| before.ends_with('\\'));
    opens.into_iter().find(|at| !is_escaped(*at))
}

/// The digits of a GTIN, filled up to 14.
fn gtin(digits: &str, at: usize, lengths: &[usize]) -> Result<Element<'static>, Gs1Error> {
    let error = |offset, rule| Gs1Error::new(at + offset, Some(Ai::GTIN), rule);
    meaning::check_gtin(digits.as_bytes(), lengths).map_err(|fault| error(fault.at, fault.rule))?;
    let (ai, row) = identifiers::exactly(b"01").ok_or(error(0, Rule::Identifier))?;
    Ok(Element { ai, value: Cow::Owned(format!("{digits:0>14}")), at, row })
}
