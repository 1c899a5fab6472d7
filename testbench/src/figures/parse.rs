//! `parse`: how many GS1 labels one core reads in a second, beside looking at the same bytes only.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sealtrace_protocol::code::gs1::{ElementString, Gs1Error, digital_link};
use serde::Serialize;

use super::{Machine, rounded, say};
use crate::clock::Stopwatch;

/// Different labels of each kind, so that no branch is always taken the same way.
const LABELS: u64 = 4_096;
/// Each kind, and the control, is measured this often by turns.
const ROUNDS: u32 = 8;
/// A C reference engine on this kind of machine, a second.
const ELEMENT_STRINGS_GOAL: f64 = 1_000_000.0;
const DIGITAL_LINKS_GOAL: f64 = 450_000.0;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    figure: &'static str,
    machine: Machine,
    element_strings: Kind,
    digital_links: Kind,
}

/// One kind of label.
#[derive(Clone, Debug, Serialize)]
struct Kind {
    bytes_average: f64,
    /// Labels a second: the median of all rounds, and each of them.
    per_second: f64,
    rounds: Vec<f64>,
    /// The same labels, looked at only: are they UTF-8, how long are they?
    control_per_second: f64,
    control_rounds: Vec<f64>,
    goal_per_second: f64,
    ok: bool,
}

/// Reads labels for this long in all.
pub fn run(seconds: u32) -> Result<Report> {
    let slice = Duration::from_secs(u64::from(seconds)) / (4 * ROUNDS);
    say("element strings");
    let strings: Vec<String> = (0..LABELS).map(element_string).collect();
    let read = |text: &str| ElementString::parse(text).map(drop);
    let element_strings = measure(&strings, read, slice, ELEMENT_STRINGS_GOAL)?;
    say("digital links");
    let links: Vec<String> = (0..LABELS).map(link).collect();
    let read = |text: &str| digital_link::parse(text).map(drop);
    let digital_links = measure(&links, read, slice, DIGITAL_LINKS_GOAL)?;
    Ok(Report { figure: "parse", machine: Machine::this(), element_strings, digital_links })
}

fn measure(
    labels: &[String],
    read: impl Fn(&str) -> Result<(), Gs1Error>,
    slice: Duration,
    goal_per_second: f64,
) -> Result<Kind> {
    for label in labels {
        read(label).with_context(|| format!("{label:?} is no label"))?;
    }
    let look = |text: &str| {
        std::str::from_utf8(black_box(text.as_bytes())).is_ok_and(|text| !text.is_empty())
    };
    let (mut rounds, mut control_rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        control_rounds.push(pace(labels, look, slice)?);
        rounds.push(pace(labels, |text| read(black_box(text)).is_ok(), slice)?);
    }
    let per_second = median(&rounds);
    let bytes: u32 = labels.iter().map(|label| u32::try_from(label.len()).unwrap_or(0)).sum();
    Ok(Kind {
        bytes_average: rounded(f64::from(bytes) / f64::from(u32::try_from(labels.len())?)),
        per_second,
        rounds,
        control_per_second: median(&control_rounds),
        control_rounds,
        goal_per_second,
        ok: per_second > goal_per_second,
    })
}

/// Goes through all labels again and again; how many in a second.
fn pace(labels: &[String], does: impl Fn(&str) -> bool, slice: Duration) -> Result<f64> {
    let mut done = 0_u32;
    let since = Stopwatch::start();
    while since.elapsed() < slice {
        let right = labels.iter().filter(|label| does(label)).count();
        ensure!(right == labels.len(), "a label that was read before is not read again");
        done += u32::try_from(right)?;
    }
    Ok((f64::from(done) / since.elapsed().as_secs_f64()).round())
}

fn median(rounds: &[f64]) -> f64 {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// What stands on bottles, cases and pallets, as readers transmit it or as it is printed below the bars.
fn element_string(n: u64) -> String {
    let (gtin, serial, lot) = (gtin(n), serial(n), n % 97);
    match n % 6 {
        0 => format!("(01){gtin}(21){serial}"),
        1 => format!("]d201{gtin}17271231\u{1d}10L{lot:04}\u{1d}21{serial}"),
        2 => format!("(01){gtin}(17)271231(10)L{lot:04}"),
        3 => format!("]C100{}", sscc(n)),
        4 => format!("^01{gtin}11261120^10L{lot:04}^3103001250^21{serial}"),
        _ => format!("(00){}(02){gtin}(37){}(10)L{lot:04}", sscc(n), 24 + n % 24),
    }
}

fn link(n: u64) -> String {
    let (gtin, serial, lot) = (gtin(n), serial(n), n % 97);
    match n % 4 {
        0 => format!("https://t.example/01/{gtin}/21/{serial}"),
        1 => format!("https://id.gs1.org/01/{gtin}/10/L{lot:04}/21/{serial}?17=271231"),
        2 => format!("https://t.example/some/path/00/{}", sscc(n)),
        _ => {
            format!("https://t.example/01/{gtin}/10/L{lot:04}?17=271231&11=261120&linkType=gs1:pip")
        }
    }
}

/// With its check digit.
fn gtin(n: u64) -> String {
    checked(&format!("069{:010}", n * 7_919 % 10_000_000_000))
}

fn sscc(n: u64) -> String {
    checked(&format!("069012345{:08}", n * 7_919 % 100_000_000))
}

fn checked(digits: &str) -> String {
    let weighted = |(at, digit): (usize, char)| {
        digit.to_digit(10).unwrap_or(0) * if at.is_multiple_of(2) { 3 } else { 1 }
    };
    let sum: u32 = digits.chars().rev().enumerate().map(weighted).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Seventeen letters and digits, as minted serials are.
fn serial(n: u64) -> String {
    format!("A{:016X}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

impl Report {
    /// The same for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from("parse: labels read by one core in a second\n\n");
        text += "                    bytes      read   control      goal\n";
        let kinds = [("element strings", &self.element_strings), ("links", &self.digital_links)];
        for (name, kind) in kinds {
            let _ = writeln!(
                text,
                "{name:<16} {:>8.1} {:>9.0} {:>9.0} {:>9.0}  {}",
                kind.bytes_average,
                kind.per_second,
                kind.control_per_second,
                kind.goal_per_second,
                if kind.ok { "reached" } else { "MISSED" },
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_that_is_measured_is_one() {
        let report = run(1).unwrap();
        for kind in [&report.element_strings, &report.digital_links] {
            assert!(kind.per_second > 0.0 && kind.control_per_second > kind.per_second);
            assert_eq!((kind.rounds.len(), kind.control_rounds.len()), (8, 8));
        }
    }
}
