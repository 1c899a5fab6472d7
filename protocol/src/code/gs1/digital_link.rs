//! GS1 Digital Link URIs, uncompressed: `https://host/any/path/01/…/10/…/21/…?17=…`.
//!
//! Source: GS1 Digital Link Standard: URI Syntax 1.2 and later. The key and its qualifiers are in the path, in the order
//! of the table; everything else is in the query. Names that are no identifiers (`linkType`, `utm_source`) belong to
//! the resolver and are passed over. A fragment says nothing.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::Ai;
use super::association::{Associations, list};
use super::element::{Element, Spelling};
use super::element_string::ElementString;
use super::error::{Gs1Error, Rule};
use super::identifiers::{self, Row};

/// How a link is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// Which pairs of identifiers are checked.
    pub associations: Associations,
    /// Reads a GTIN-8, -12 or -13 in the path, as early versions of the standard allowed.
    pub accept_short_gtin: bool,
}

/// Reads a link.
///
/// # Errors
/// The first rule that is broken, with identifier and position.
pub fn parse(text: &str) -> Result<ElementString<'_>, Gs1Error> {
    parse_with(text, LinkOptions::default())
}

/// As [`parse`], with options.
///
/// # Errors
/// The first rule that is broken, with identifier and position.
pub fn parse_with(text: &str, options: LinkOptions) -> Result<ElementString<'_>, Gs1Error> {
    parse_at(text, 0, options)
}

/// Reads a link that stands at `at` of what was scanned.
pub(super) fn parse_at(
    text: &str,
    at: usize,
    options: LinkOptions,
) -> Result<ElementString<'_>, Gs1Error> {
    let error = |offset, rule| Gs1Error::new(at + offset, None, rule);
    let host_at = scheme_end(text).ok_or(error(0, Rule::Scheme))?;
    if let Some(bad) = text.bytes().position(|byte| !is_uri_character(byte)) {
        return Err(error(bad, Rule::UriCharacter));
    }
    let (_, rest) = text.split_at_checked(host_at).unwrap_or_default();
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at_checked(host_end).unwrap_or_default();
    if !is_host(host) {
        return Err(error(host_at, Rule::Host));
    }
    let path = tail.strip_prefix('/').ok_or(error(host_at + host_end, Rule::Host))?;
    parse_path(path, at + host_at + host_end + 1, options)
}

/// Where the host begins when `text` is an http or https URL.
pub(crate) fn scheme_end(text: &str) -> Option<usize> {
    ["https://", "http://"].into_iter().map(str::len).find(|length| {
        let scheme = text.get(..*length).unwrap_or_default();
        scheme.eq_ignore_ascii_case("https://") || scheme.eq_ignore_ascii_case("http://")
    })
}

/// Reads what follows the host's slash, which stands at `at`: any path, the key, its qualifiers, query and fragment.
pub(crate) fn parse_path(
    tail: &str,
    at: usize,
    options: LinkOptions,
) -> Result<ElementString<'_>, Gs1Error> {
    let tail = tail.split('#').next().unwrap_or_default();
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let (key_at, key) = key_in(path).ok_or_else(|| no_key(path, at))?;
    let mut elements = Vec::with_capacity(CAPACITY);
    let mut segments = segments(path, at, key_at);
    while let (Some((ai_at, ai)), Some((value_at, value))) = (segments.next(), segments.next()) {
        let known = known(ai, ai_at)?;
        if !elements.is_empty() && !follows(key, &elements, known.0) {
            return Err(Gs1Error::new(ai_at, Some(known.0), Rule::Qualifier));
        }
        elements.push(read(Spelling::Path, known, value, value_at, options)?);
    }
    let in_path = elements.len();
    for (name_at, name, value) in parameters(query, at + path.len() + 1) {
        let known = known(name, name_at)?;
        let (ai, row) = known;
        let error = |rule| Err(Gs1Error::new(name_at, Some(ai), rule));
        if elements.iter().any(|element| element.ai == ai) {
            return error(Rule::Twice);
        }
        if belongs_into_path(key, elements.get(..in_path).unwrap_or_default(), ai) {
            return error(Rule::QualifierInQuery);
        }
        if !row.is_attribute() {
            return error(Rule::Attribute);
        }
        elements.push(read(Spelling::Query, known, value, name_at + name.len() + 1, options)?);
    }
    ElementString::checked(elements, options.associations)
}

/// A key, its qualifiers and some attributes.
const CAPACITY: usize = 8;

fn known(ai: &str, at: usize) -> Result<(Ai, &'static Row), Gs1Error> {
    identifiers::exactly(ai.as_bytes()).ok_or(Gs1Error::new(at, None, Rule::Identifier))
}

fn read<'a>(
    spelling: Spelling,
    known: (Ai, &'static Row),
    value: &'a str,
    at: usize,
    options: LinkOptions,
) -> Result<Element<'a>, Gs1Error> {
    let is_short = known.0 == Ai::GTIN && matches!(value.len(), 8 | 12 | 13);
    if is_short && spelling == Spelling::Path && options.accept_short_gtin {
        let gtin = ElementString::of_gtin(value, at, &[8, 12, 13])?;
        return gtin.elements.into_iter().next().ok_or(Gs1Error::new(at, None, Rule::Empty));
    }
    spelling.read(known, value, at)
}

/// Where in the path the key's identifier stands, and the key's qualifiers: the last key of all pairs, counted from the
/// end, so that a lot `01` is none.
fn key_in(path: &str) -> Option<(usize, &'static str)> {
    let mut rest = path;
    loop {
        let (before, _value) = rest.rsplit_once('/')?;
        let ai_at = before.rfind('/').map_or(0, |slash| slash + 1);
        let (stem, ai) = before.split_at_checked(ai_at)?;
        if let Some(key) = identifiers::exactly(ai.as_bytes()).and_then(|(_, row)| row.key) {
            return Some((ai_at, key));
        }
        rest = stem.strip_suffix('/')?;
    }
}

/// Early versions of the standard had names for keys; a path that uses one says which identifier is meant.
fn no_key(path: &str, at: usize) -> Gs1Error {
    const NAMES: [(&str, &str); 16] = [
        ("gtin", "01"),
        ("itip", "8006"),
        ("gmn", "8013"),
        ("cpid", "8010"),
        ("gln", "414"),
        ("payTo", "415"),
        ("party", "417"),
        ("gsrnp", "8017"),
        ("gsrn", "8018"),
        ("gcn", "255"),
        ("sscc", "00"),
        ("gdti", "253"),
        ("ginc", "401"),
        ("gsin", "402"),
        ("grai", "8003"),
        ("giai", "8004"),
    ];
    let named = segments(path, at, 0).find_map(|(name_at, segment)| {
        let (_, digits) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(segment))?;
        Some(Gs1Error::new(name_at, None, Rule::ShortName(Ai::from_digits(digits.as_bytes())?)))
    });
    named.unwrap_or(Gs1Error::new(at, None, Rule::NoKey))
}

/// The segments of `path` from `start` on, with their places; the path stands at `at`.
fn segments(path: &str, at: usize, start: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut next = at + start;
    path.get(start..).unwrap_or_default().split('/').map(move |segment| {
        let here = next;
        next += segment.len() + 1;
        (here, segment)
    })
}

/// The query's parameters whose names are digits, with their places. Others are the resolver's, and a name without a
/// value says nothing.
fn parameters(query: &str, at: usize) -> impl Iterator<Item = (usize, &str, &str)> {
    let mut next = at;
    query.split(['&', ';']).filter_map(move |pair| {
        let here = next;
        next += pair.len() + 1;
        let (name, value) = pair.split_once('=')?;
        let is_identifier = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        is_identifier.then_some((here, name, value))
    })
}

/// True when `ai` may follow the qualifiers behind the key: one of its sequences has them all, in this order.
fn follows(key: &str, path: &[Element<'_>], ai: Ai) -> bool {
    let qualifiers = path.get(1..).unwrap_or_default();
    key.split('|').any(|sequence| {
        let mut places = list(sequence, b',');
        let mut takes = |qualifier: Ai| places.any(|place| qualifier.matches(place));
        qualifiers.iter().all(|element| takes(element.ai)) && takes(ai)
    })
}

/// True when `ai` is a qualifier that fits beside those of the path.
fn belongs_into_path(key: &str, path: &[Element<'_>], ai: Ai) -> bool {
    let qualifiers = path.get(1..).unwrap_or_default();
    key.split('|').any(|sequence| {
        let has = |qualifier: Ai| list(sequence, b',').any(|place| qualifier.matches(place));
        has(ai) && qualifiers.iter().all(|element| has(element.ai))
    })
}

/// RFC 3986: unreserved and reserved characters, and the percent sign of escapes.
const fn is_uri_character(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b':' | b'/'
                | b'?'
                | b'#'
                | b'['
                | b']'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'%'
        )
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A name of labels (letters, digits and inner hyphens) or an IPv4 address, and perhaps a port.
fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit())
        && (port.is_empty() || port.parse::<u16>().is_ok());
    name.len() <= 253 && name.split('.').all(is_label) && is_port
}

/// Writes a link: `stem` (scheme, host and any path), the key and its qualifiers, and the rest in the query in the order
/// of the elements.
///
/// # Errors
/// [`Rule::NoKey`] when no element is a key, and [`Rule::Attribute`] for an element that a link cannot hold.
pub fn compose(elements: &ElementString<'_>, stem: &str) -> Result<String, Gs1Error> {
    let (path, query) = split(elements.elements())?;
    Ok(write(stem, &path, &query))
}

/// The link on GS1's own domain with the query in the order of the identifiers: equal elements, equal text.
///
/// # Errors
/// As [`compose`].
pub fn canonical(elements: &ElementString<'_>) -> Result<String, Gs1Error> {
    let (path, mut query) = split(elements.elements())?;
    query.sort_by_key(|element| element.ai);
    Ok(write(CANONICAL_STEM, &path, &query))
}

/// GS1's resolver.
pub const CANONICAL_STEM: &str = "https://id.gs1.org";

type Split<'s, 'a> = (Vec<&'s Element<'a>>, Vec<&'s Element<'a>>);

/// The key with its qualifiers in order, and the attributes: by the sequence of qualifiers that leaves attributes only
/// and has the most of them.
fn split<'s, 'a>(elements: &'s [Element<'a>]) -> Result<Split<'s, 'a>, Gs1Error> {
    let (key, sequences) = elements
        .iter()
        .find_map(|element| Some((element, element.row.key?)))
        .ok_or(Gs1Error::new(0, None, Rule::NoKey))?;
    let mut best: Result<Split<'s, 'a>, Gs1Error> = Err(key.breaks(Rule::Attribute));
    for sequence in sequences.split('|').rev() {
        let found = split_by(sequence, key, elements);
        let is_better = match (&found, &best) {
            (Ok((path, _)), Ok((best, _))) => path.len() >= best.len(),
            (Err(_), Ok(_)) => false,
            (_, Err(_)) => true,
        };
        if is_better {
            best = found;
        }
    }
    best
}

fn split_by<'s, 'a>(
    sequence: &str,
    key: &'s Element<'a>,
    elements: &'s [Element<'a>],
) -> Result<Split<'s, 'a>, Gs1Error> {
    let find = |place: &str| elements.iter().find(|element| element.ai.as_str() == place);
    let mut path = Vec::from([key]);
    path.extend(sequence.split(',').filter_map(find));
    let mut query: Vec<&Element<'_>> = Vec::new();
    for element in elements {
        if path.iter().chain(&query).any(|other| other.ai == element.ai) {
            continue;
        }
        if !element.row.is_attribute() {
            return Err(element.breaks(Rule::Attribute));
        }
        query.push(element);
    }
    Ok((path, query))
}

fn write(stem: &str, path: &[&Element<'_>], query: &[&Element<'_>]) -> String {
    let mut link = String::from(stem.trim_end_matches('/'));
    for element in path {
        link.push('/');
        link.push_str(element.ai.as_str());
        link.push('/');
        escape(&element.value, &mut link);
    }
    for (index, element) in query.iter().enumerate() {
        link.push(if index == 0 { '?' } else { '&' });
        link.push_str(element.ai.as_str());
        link.push('=');
        escape(&element.value, &mut link);
    }
    link
}

fn escape(value: &str, link: &mut String) {
    for byte in value.bytes() {
        if is_unreserved(byte) {
            link.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(link, "%{byte:02X}");
        }
    }
}
