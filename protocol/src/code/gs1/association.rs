//! Which identifiers must, and which must not, stand beside each other.

use super::Ai;
use super::element::Element;
use super::error::{Gs1Error, Rule};
use super::identifiers::Row;

/// Which pairs of identifiers are checked. The standard means all labels of one item together; a single label may
/// lack what another one has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Associations {
    /// Required and excluded ones.
    #[default]
    All,
    /// Excluded ones: what is required may be on another label.
    Excluded,
    /// None.
    Unchecked,
}

/// Holds the elements against each other. An identifier may come again with the same value, never with another.
pub(super) fn check(elements: &[Element<'_>], which: Associations) -> Result<(), Gs1Error> {
    for (index, element) in elements.iter().enumerate() {
        let before = elements.get(..index).unwrap_or_default();
        let contradicts =
            |other: &&Element<'_>| other.ai == element.ai && other.value != element.value;
        if before.iter().any(|other| contradicts(&other)) {
            return Err(element.breaks(Rule::Repeated));
        }
    }
    if which == Associations::Unchecked {
        return Ok(());
    }
    for element in elements {
        let other = elements.iter().find(|other| bars(element.ai, element.row, other.ai));
        if let Some(other) = other {
            return Err(element.breaks(Rule::Excludes(other.ai)));
        }
        if which == Associations::All {
            check_needs(element, elements)?;
        }
    }
    Ok(())
}

impl Element<'_> {
    pub(super) const fn breaks(&self, rule: Rule) -> Gs1Error {
        Gs1Error::new(self.at, Some(self.ai), rule)
    }
}

fn bars(ai: Ai, row: &Row, other: Ai) -> bool {
    let is_barred = || list(row.bars, b',').any(|bar| other.matches(bar));
    ai != other && (row.is_series && ai.is_series_of(other) || !row.bars.is_empty() && is_barred())
}

fn check_needs(element: &Element<'_>, all: &[Element<'_>]) -> Result<(), Gs1Error> {
    let is_there = |pattern: &[u8]| all.iter().any(|other| other.ai.matches(pattern));
    for need in element.row.needs {
        let mut groups = list(need, b',');
        if !groups.any(|group| group.split(|byte| *byte == b'+').all(is_there)) {
            return Err(element.breaks(Rule::Needs(need)));
        }
    }
    if element.ai == Ai::SIGNATURE {
        let serial_missing = all.iter().find(|other| lacks_serial(other));
        return serial_missing.map_or(Ok(()), |key| Err(key.breaks(Rule::SerialComponent)));
    }
    Ok(())
}

/// The items of a list in the table.
pub(super) fn list(text: &str, separator: u8) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(move |byte| *byte == separator)
}

/// True for a key whose serial component is optional and missing.
fn lacks_serial(element: &Element<'_>) -> bool {
    match element.ai.as_str() {
        "253" | "255" => element.value.len() <= 13,
        "8003" => element.value.len() <= 14,
        _ => false,
    }
}
