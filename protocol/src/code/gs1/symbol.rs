//! What a reader transmits: the AIM identifier of the symbology in front says how the data is meant.

use super::association::Associations;
use super::digital_link::{self, LinkOptions};
use super::element_string::{CARET, ElementString, GS};
use super::error::{Gs1Error, Rule};

/// What a symbol holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    /// GS1 data.
    Elements(ElementString<'a>),
    /// Something else, without its AIM identifier.
    Text(&'a str),
}

/// How the data behind an AIM identifier is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An element string: GS1-128, GS1 DataMatrix, GS1 QR Code, GS1 DataBar and composites, GS1 DotCode.
    Elements,
    /// A retail GTIN of 13 digits: EAN-13, and UPC-A and UPC-E filled up.
    Ean13,
    /// A retail GTIN of 13 digits and two or five digits beside it.
    Ean13AddOn,
    /// A retail GTIN of 8 digits.
    Ean8,
    /// Interleaved 2 of 5 whose check digit was verified: of 14 digits, a GTIN.
    Itf,
    /// Anything, perhaps a link.
    Plain,
}

/// Splits off the AIM identifier: `]`, a letter for the symbology and a modifier.
pub(crate) fn split_aim(text: &str) -> Option<(Meaning, &str)> {
    let [b']', letter, modifier, ..] = text.as_bytes() else {
        return None;
    };
    if !letter.is_ascii_alphabetic() || !modifier.is_ascii_alphanumeric() {
        return None;
    }
    let (aim, data) = text.split_at_checked(3)?;
    let meaning = match aim {
        "]C1" | "]d2" | "]Q3" | "]e0" | "]J1" => Meaning::Elements,
        "]E0" => Meaning::Ean13,
        "]E3" => Meaning::Ean13AddOn,
        "]E4" => Meaning::Ean8,
        "]I1" => Meaning::Itf,
        _ => Meaning::Plain,
    };
    Some((meaning, data))
}

/// Reads what was scanned or written down, whatever GS1 spelling it has.
///
/// With an AIM identifier in front: an element string, a retail GTIN, or plain data. Without: an element string in
/// brackets or with FNC1 (GS or `^`) in front, or a GS1 Digital Link. Anything else is text; a link without a GS1 key is
/// text as well.
///
/// # Errors
/// The first rule that is broken, with identifier and position, in data that claims to be GS1's.
pub fn read(text: &str) -> Result<Data<'_>, Gs1Error> {
    read_with(text, LinkOptions::default())
}

/// As [`read`], with options.
///
/// # Errors
/// The first rule that is broken, with identifier and position, in data that claims to be GS1's.
pub fn read_with(text: &str, options: LinkOptions) -> Result<Data<'_>, Gs1Error> {
    let (meaning, data) = split_aim(text).unwrap_or((Meaning::Plain, text));
    let at = text.len() - data.len();
    let associations = options.associations;
    match meaning {
        Meaning::Elements => ElementString::parse_at(data, at, associations),
        Meaning::Ean13 => with_composite(data, at, 13, associations),
        Meaning::Ean8 => with_composite(data, at, 8, associations),
        Meaning::Ean13AddOn => {
            let (gtin, add_on) = data.split_at_checked(13).unwrap_or((data, ""));
            let is_add_on =
                matches!(add_on.len(), 2 | 5) && add_on.bytes().all(|b| b.is_ascii_digit());
            if !is_add_on && gtin.len() == 13 {
                return Err(Gs1Error::new(at + 13, None, Rule::Truncated));
            }
            ElementString::of_gtin(gtin, at, &[13])
        }
        Meaning::Itf if data.len() == 14 => ElementString::of_gtin(data, at, &[14]),
        Meaning::Itf => return Ok(Data::Text(data)),
        Meaning::Plain => return plain(data, at, options),
    }
    .map(Data::Elements)
}

/// A retail GTIN, alone or with a composite component behind `|]e0`.
fn with_composite(
    data: &str,
    at: usize,
    length: usize,
    associations: Associations,
) -> Result<ElementString<'_>, Gs1Error> {
    let Some((gtin, composite)) = data.split_once("|]e0") else {
        return ElementString::of_gtin(data, at, &[length]);
    };
    let composite_at = at + data.len() - composite.len();
    let mut elements = ElementString::of_gtin(gtin, at, &[length])?.elements;
    let rest = ElementString::parse_at(composite, composite_at, Associations::Unchecked)?;
    elements.extend(rest.elements);
    ElementString::checked(elements, associations)
}

fn plain(data: &str, at: usize, options: LinkOptions) -> Result<Data<'_>, Gs1Error> {
    if digital_link::scheme_end(data).is_some() {
        return match digital_link::parse_at(data, at, options) {
            Err(Gs1Error { rule: Rule::NoKey, .. }) => Ok(Data::Text(data)),
            read => read.map(Data::Elements),
        };
    }
    let is_marked = at == 0 && data.starts_with(['(', CARET, GS]);
    if !is_marked {
        return Ok(Data::Text(data));
    }
    ElementString::parse_at(data, at, options.associations).map(Data::Elements)
}
