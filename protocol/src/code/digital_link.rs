//! URLs on our labels: the minted short URL and the GS1 Digital Link, uncompressed.

use alloc::string::String;
use alloc::vec::Vec;

use super::gs1::Elements;
use super::{Claims, Code, Minted, ParseError, Scan, Why};

/// Where the path begins (just behind the host's slash) when `text` is an http or https URL.
pub(super) fn path_start(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    })?;
    let host = text.get(scheme.len()..)?;
    let end = host.find(['/', '?', '#']).unwrap_or(host.len());
    let slash = host.get(end..).is_some_and(|rest| rest.starts_with('/'));
    Some(scheme.len() + end + usize::from(slash))
}

/// Reads a short URL (last segment is a minted code) or a Digital Link (`…/00/…` or `…/01/…/10/…/21/…?17=…`).
pub(super) fn parse(text: &str, path_at: usize) -> Result<Scan, ParseError> {
    let tail = text.get(path_at..).unwrap_or_default();
    let tail = tail.split_once('#').map_or(tail, |(before, _)| before);
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let segments = segments(path, path_at);
    let last = segments.last().map_or("", |(_, segment)| *segment);
    let key_at = key_at(&segments);
    let Some(key_at) = key_at else {
        let minted = Minted::from_typed(last).ok_or(ParseError::new(path_at, Why::UnknownForm))?;
        return Ok(Scan { code: Code::Minted(minted), claims: Claims::default() });
    };
    let mut elements = Elements::default();
    let mut pairs = segments.get(key_at..).unwrap_or_default().iter();
    while let Some((ai_at, ai)) = pairs.next() {
        let Some((value_at, value)) = pairs.next() else {
            return Err(ParseError::new(*ai_at, Why::UnknownForm));
        };
        elements.take(ai, &unescape(value, *value_at)?, *value_at)?;
    }
    let mut at = path_at + path.len() + 1;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // Other parameters (campaign tags, linkType) are a resolver's business.
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            let value_at = at + name.len() + 1;
            elements.take(name, &unescape(value, value_at)?, value_at)?;
        }
        at += pair.len() + 1;
    }
    elements.identify()
}

/// Which segment is the primary key's application identifier: the first with a value of its form behind it, so that a
/// lot `01` is no key; else the last with anything behind it, to say what is wrong there.
fn key_at(segments: &[(usize, &str)]) -> Option<usize> {
    let is_key = |ai: &str, value: &str| {
        let digits = if ai == "00" { 18 } else { 14 };
        value.len() == digits && value.bytes().all(|byte| byte.is_ascii_digit())
    };
    let keys = || {
        let pairs = segments.iter().zip(segments.iter().skip(1)).enumerate();
        pairs.filter(|(_, ((_, ai), _))| matches!(*ai, "00" | "01"))
    };
    let well_formed = keys().find(|(_, ((_, ai), (_, value)))| is_key(ai, value));
    well_formed.or_else(|| keys().next_back()).map(|(index, _)| index)
}

fn segments(path: &str, path_at: usize) -> Vec<(usize, &str)> {
    let mut at = path_at;
    let mut segments = Vec::new();
    for segment in path.split('/') {
        if !segment.is_empty() {
            segments.push((at, segment));
        }
        at += segment.len() + 1;
    }
    segments
}

fn unescape(text: &str, at: usize) -> Result<String, ParseError> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().enumerate();
    while let Some((offset, byte)) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let broken = ParseError::new(at + offset, Why::Escape);
        let digit = |found: Option<(usize, u8)>| {
            found
                .and_then(|(_, digit)| char::from(digit).to_digit(16))
                .ok_or_else(|| broken.clone())
        };
        let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
        plain.push(u8::try_from(value).map_err(|_| broken.clone())?);
    }
    String::from_utf8(plain).map_err(|_| ParseError::new(at, Why::Escape))
}
