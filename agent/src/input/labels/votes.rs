//! Which readings are believed. A matrix code has error correction that a wrong reading does not survive; a bar code has one
//! check character in 103, so its readings must agree with each other and, where they are GS1's, with the rules of that.

use std::collections::BTreeMap;

use sealtrace_protocol::code::gs1::{Associations, ElementString};
use serde::Serialize;

use super::{Label, Sighting};

/// Lines of a GS1-128 that must agree: its content has rules and check digits of its own.
const LINES_WITH_RULES: usize = 3;
/// Lines of any other Code 128 that must agree.
const LINES_WITHOUT: usize = 8;
/// A DataMatrix as short as this has so little error correction that it must be seen twice.
const SHORT_BYTES: usize = 6;
/// A reading of bars that another contradicts must have this many times its lines.
const MAJORITY: usize = 4;

/// What kind of code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Symbology {
    /// A QR code.
    Qr,
    /// A DataMatrix.
    DataMatrix,
    /// A Code 128, GS1-128 among them.
    Code128,
}

/// All readings so far.
#[derive(Default)]
pub(super) struct Votes {
    heard: BTreeMap<(Symbology, String), Heard>,
}

struct Heard {
    sighting: Sighting,
    lines: usize,
}

impl Votes {
    pub(super) fn count(&mut self, sightings: Vec<Sighting>) {
        for sighting in sightings {
            let key = (sighting.symbology, sighting.text.clone());
            let lines = sighting.lines;
            let heard = self.heard.entry(key).or_insert(Heard { sighting, lines: 0 });
            heard.lines = heard.lines.saturating_add(lines);
        }
    }

    /// How many different readings there are.
    pub(super) fn known(&self) -> usize {
        self.heard.len()
    }

    /// Whether there is anything to answer.
    pub(super) fn settled(&self) -> bool {
        self.heard.values().any(|heard| self.believed(heard))
    }

    /// The codes to answer.
    pub(super) fn labels(self) -> Vec<Label> {
        let believed = self.heard.values().filter(|heard| self.believed(heard));
        believed
            .map(|Heard { sighting, .. }| Label {
                symbology: sighting.symbology,
                identifier: sighting.identifier.clone(),
                text: sighting.text.clone(),
                place: (sighting.place.x, sighting.place.y),
            })
            .collect()
    }

    fn believed(&self, heard: &Heard) -> bool {
        let Sighting { symbology, text, .. } = &heard.sighting;
        match symbology {
            Symbology::Qr => !text.is_empty(),
            Symbology::DataMatrix => text.len() > SHORT_BYTES || heard.lines > 1,
            Symbology::Code128 => {
                let by_rules = keeps_rules(&heard.sighting);
                let wanted = if by_rules { LINES_WITH_RULES } else { LINES_WITHOUT };
                heard.lines >= wanted && !self.contradicted(heard)
            }
        }
    }

    /// Whether another reading of bars of the same length, or of the same place, has too many lines for this one.
    fn contradicted(&self, heard: &Heard) -> bool {
        self.heard.values().any(|other| {
            let (this, that) = (&heard.sighting, &other.sighting);
            let near = (this.place.x - that.place.x).hypot(this.place.y - that.place.y) < 40.0;
            that.symbology == this.symbology
                && that.text != this.text
                && near
                && other.lines * MAJORITY > heard.lines
        })
    }
}

/// Whether it is GS1 data and every value of it is as it must be.
fn keeps_rules(Sighting { identifier, text, .. }: &Sighting) -> bool {
    identifier == "]C1" && ElementString::parse_with(text, Associations::Unchecked).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::labels::plane::Point;

    const SSCC: &str = "00106901234500000010";

    fn bars(identifier: &str, text: &str, x: f32, lines: usize) -> Sighting {
        Sighting {
            symbology: Symbology::Code128,
            identifier: identifier.to_owned(),
            text: text.to_owned(),
            place: Point { x, y: 0.0 },
            lines,
        }
    }

    fn believed(sightings: Vec<Sighting>) -> Vec<String> {
        let mut votes = Votes::default();
        votes.count(sightings);
        votes.labels().into_iter().map(|label| label.text).collect()
    }

    #[test]
    fn bars_that_keep_the_rules_need_few_lines_and_others_many() {
        assert!(believed(vec![bars("]C1", SSCC, 0.0, 2)]).is_empty());
        assert_eq!(believed(vec![bars("]C1", SSCC, 0.0, 3)]), [SSCC]);
        let wrong_check_digit = "00106901234500000011";
        assert!(believed(vec![bars("]C1", wrong_check_digit, 0.0, 7)]).is_empty());
        assert!(believed(vec![bars("]C0", "PALLET-7", 0.0, 7)]).is_empty());
        assert_eq!(believed(vec![bars("]C0", "PALLET-7", 0.0, 8)]), ["PALLET-7"]);
    }

    #[test]
    fn lines_of_several_looks_are_added() {
        let look = || bars("]C1", SSCC, 0.0, 2);
        assert_eq!(believed(vec![look(), look()]), [SSCC]);
    }

    #[test]
    fn readings_of_one_place_that_contradict_each_other_are_not_answered() {
        let other = |x, lines| bars("]C1", "10L1", x, lines);
        assert!(believed(vec![bars("]C1", SSCC, 0.0, 6), other(5.0, 3)]).is_empty());
        assert_eq!(believed(vec![bars("]C1", SSCC, 0.0, 12), other(5.0, 2)]), [SSCC]);
        assert_eq!(believed(vec![bars("]C1", SSCC, 0.0, 6), other(400.0, 6)]).len(), 2);
    }

    #[test]
    fn a_tiny_data_matrix_must_be_seen_twice() {
        let tiny = || Sighting { symbology: Symbology::DataMatrix, ..bars("]d1", "A1", 0.0, 1) };
        assert!(believed(vec![tiny()]).is_empty());
        assert_eq!(believed(vec![tiny(), tiny()]), ["A1"]);
    }
}
