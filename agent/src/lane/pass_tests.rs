//! Random lines whose readers wait for an answer, and lines that take pictures: trouble on the way spoils nothing but what
//! it hides, and whatever is wrong with a case spoils that case alone.
//!
//! `PROPTEST_CASES=100000` runs as many lines.

use std::time::Duration;

use proptest::prelude::*;
use sealtrace_firmware_config::{Framer, Profile, Reader};
use sealtrace_protocol::code::{self, Code};
use sealtrace_protocol::ledger::Rejection;
use tokio::sync::mpsc;

use super::line_tests::{label, printed, unit};
use super::listen::ReaderEnd;
use super::sequential::{Fault, Labelled, Reading, Sequential};
use crate::clock::Clock;
use crate::input::reader::{Heard, heard};

const HOLDS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);
/// How often a reader says the same before somebody looks at it.
const TRIES_MAX: usize = 8;

const READER: &str = "kind = 'reader'\nmaker = 'x'\nmodel = 'x'\nsummary = 'x'\n\
    serial = { baud = 115200, data_bits = 8, parity = 'none', stop_bits = 1 }\n\
    framing = { end = '<CR><LF>', inter_byte_timeout_ms = 100, length_bytes_max = 512, \
    no_read = ['NoRead'] }\n\
    ack = { mode = 'ack_nak', good = '<ACK>', bad = '<NAK>' }\n";

/// What happens to one message on its way, and to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Something else arrives in its place.
    Noise,
    /// Its end does not arrive.
    CutShort,
    /// Nothing arrives: the cable is out.
    Lost,
    /// It arrives, and its answer does not.
    AnswerLost,
    /// The agent is dead when it comes.
    KilledBefore,
    /// The agent dies when it has written it down.
    KilledAfter,
}

impl Trouble {
    const ALL: [Self; 6] = [
        Self::Noise,
        Self::CutShort,
        Self::Lost,
        Self::AnswerLost,
        Self::KilledBefore,
        Self::KilledAfter,
    ];

    /// What arrives is garbage: twice in a row, and it counts as something that passed unread.
    const fn garbles(self) -> bool {
        matches!(self, Self::Noise | Self::CutShort)
    }
}

/// What is wrong with a thing that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Good,
    Unreadable,
    /// It carries a code that was used before.
    Copied,
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![20 => Just(Thing::Good), 1 => Just(Thing::Unreadable), 1 => Just(Thing::Copied)]
}

/// Trouble before it gets through; never garbage twice in a row.
fn troubles() -> impl Strategy<Value = Vec<Trouble>> {
    let some = prop::collection::vec(prop::sample::select(Trouble::ALL.to_vec()), 1..3);
    let none = Just(Vec::new());
    let any = prop_oneof![6 => none, 1 => some];
    any.prop_filter("garbage twice", |troubles| {
        troubles.windows(2).all(|two| !two.iter().all(|trouble| trouble.garbles()))
    })
}

/// A reader that waits for its answer, as its lane sees it.
struct End {
    reader: Reader,
    framer: Framer,
    end: ReaderEnd,
}

impl End {
    fn new() -> Self {
        let reader = Profile::from_toml("reader.toml", READER).unwrap().reader().unwrap().clone();
        let (_, events) = mpsc::channel(1);
        let end = ReaderEnd::told(events, &Clock::new());
        Self { framer: Framer::new(&reader.framing), reader, end }
    }

    /// What arrives of a message, as far as it is to be dealt with; none when the reader is asked again.
    fn hear(&mut self, bytes: &[u8], silent: bool) -> Option<Heard> {
        let mut frames = self.framer.push(bytes);
        if silent {
            frames.extend(self.framer.flush(PAUSE));
        }
        assert!(frames.len() <= 1, "one message, one frame");
        let said = frames.pop().and_then(|frame| heard(&self.reader, frame))?;
        (!self.end.ask_again(&said)).then_some(said)
    }
}

struct Lane {
    units: End,
    labels: End,
    machine: Sequential,
    previous: Option<(Code, bool)>,
    ledger: Vec<(Code, Vec<Code>)>,
    /// What the gate was told of the last label.
    gate: bool,
}

impl Lane {
    fn new() -> Self {
        Self {
            units: End::new(),
            labels: End::new(),
            machine: Sequential::new(HOLDS, None),
            previous: None,
            ledger: Vec::new(),
            gate: false,
        }
    }

    /// The program starts again on what it has written down.
    fn restart(&mut self) {
        (self.units, self.labels) = (End::new(), End::new());
        let mut found = Sequential::new(HOLDS, self.previous);
        for place in self.machine.places() {
            found.replay(place.text.clone(), place.code, place.fault.clone());
        }
        self.machine = found;
    }

    /// A reader says something until it is answered.
    fn report(&mut self, of_cases: bool, text: &str, troubles: &[Trouble]) {
        let frame = format!("{text}\r\n");
        let troubles = troubles.iter().copied().map(Some);
        for trouble in troubles.chain(std::iter::repeat(None)).take(TRIES_MAX) {
            let (half, _) = frame.as_bytes().split_at(frame.len() / 2);
            let (bytes, silent): (&[u8], bool) = match trouble {
                Some(Trouble::Noise) => (b"\xFF\x00\x81\r\n", false),
                Some(Trouble::CutShort) => (half, true),
                Some(Trouble::Lost) => (b"", false),
                Some(Trouble::KilledBefore) => {
                    self.restart();
                    (b"", false)
                }
                Some(Trouble::AnswerLost | Trouble::KilledAfter) | None => {
                    (frame.as_bytes(), false)
                }
            };
            let end = if of_cases { &mut self.labels } else { &mut self.units };
            let Some(said) = end.hear(bytes, silent) else { continue };
            if of_cases {
                self.label(said)
            } else {
                self.unit(said)
            }
            match trouble {
                None => return,
                Some(Trouble::KilledAfter) => self.restart(),
                Some(_) => {}
            }
        }
        panic!("{text} is never answered");
    }

    fn fault(&self, code: Code) -> Option<Fault> {
        let used = self.ledger.iter().any(|(_, codes)| codes.contains(&code));
        used.then(|| Rejection::AlreadyPacked { code, parent: label(0) }.into())
    }

    fn unit(&mut self, said: Heard) {
        let reading = match said {
            Heard::Text(text) if self.machine.is_repeat(&text) => return,
            Heard::Text(text) => match code::parse(&text) {
                Ok(scan) => Reading::Code { text, code: scan.code },
                Err(_) => Reading::Unreadable { text },
            },
            Heard::NoRead | Heard::Garbage(_) => Reading::NoRead,
            Heard::Picture(_) => panic!("one thing at a time"),
        };
        let fault = reading.code().and_then(|code| self.fault(code));
        self.machine.unit(reading, fault);
    }

    /// All codes of one picture.
    fn picture(&mut self, codes: Vec<Option<String>>) {
        let seen = codes.into_iter().map(|text| match text {
            None => (Reading::NoRead, None),
            Some(text) => {
                let code = code::parse(&text).unwrap().code;
                (Reading::Code { text, code }, self.fault(code))
            }
        });
        let seen = seen.collect();
        self.machine.picture(seen);
    }

    fn label(&mut self, said: Heard) {
        let code = match said {
            Heard::Text(text) => code::parse(&text).ok().map(|scan| scan.code),
            Heard::NoRead | Heard::Garbage(_) | Heard::Picture(_) => None,
        };
        self.gate = match self.machine.label(code, false) {
            Labelled::Again(accepted) => accepted,
            Labelled::Aside(_) => {
                self.previous = code.map(|code| (code, false));
                false
            }
            Labelled::Whole(codes) => {
                let code = code.unwrap();
                let used = self.ledger.iter().any(|(label, _)| *label == code);
                let refused = used.then(|| Fault::from(Rejection::AlreadyInUse { code }));
                self.machine.close(code, refused);
                if !used {
                    self.ledger.push((code, codes));
                }
                self.previous = Some((code, !used));
                !used
            }
        };
    }

    /// The gate let this case pass exactly when the ledger has it, with these inside.
    fn agrees(&self, own: Code, inside: &[Code]) -> Result<(), TestCaseError> {
        let found =
            self.ledger.iter().find(|(_, codes)| codes.iter().any(|one| inside.contains(one)));
        let Some((label, codes)) = found.filter(|_| self.gate) else {
            prop_assert!(!self.gate, "{own:?} went through and is not packed");
            return Ok(());
        };
        let (mut codes, mut inside) = (codes.clone(), inside.to_vec());
        codes.sort();
        inside.sort();
        prop_assert_eq!((*label, codes), (own, inside));
        Ok(())
    }
}

proptest! {
    #[test]
    fn a_reader_that_waits_for_its_answer_loses_nothing_whatever_happens_on_the_way(
        cases in prop::collection::vec(
            (prop::array::uniform4((thing(), troubles())), thing(), troubles()),
            1..16,
        ),
    ) {
        let mut lane = Lane::new();
        for (n, (units, at_label, label_troubles)) in (0_u32..).zip(&cases) {
            let mut inside = Vec::new();
            for (place, (thing, troubles)) in (0_u32..).zip(units) {
                let at = n * HOLDS + place;
                let code = unit(if *thing == Thing::Copied { at.saturating_sub(6) } else { at });
                inside.push(code);
                let text =
                    if *thing == Thing::Unreadable { "NoRead".to_owned() } else { printed(code) };
                lane.report(false, &text, troubles);
            }
            let own = label(if *at_label == Thing::Copied { n.saturating_sub(1) } else { n });
            let text = if *at_label == Thing::Unreadable { "NoRead".to_owned() } else { printed(own) };
            lane.report(true, &text, label_troubles);
            lane.agrees(own, &inside)?;
            let good = units.iter().all(|(thing, _)| *thing == Thing::Good) && *at_label == Thing::Good;
            if good {
                prop_assert!(lane.gate, "case {n} is good and was rejected");
            }
        }
    }

    #[test]
    fn pictures_in_any_order_and_taken_twice_pack_what_was_seen_and_spoil_no_other_case(
        cases in prop::collection::vec(
            (
                prop::array::uniform4(thing()),
                // In a first picture these could not be read; none = there was one picture only.
                prop::option::of(prop::array::uniform4(any::<bool>())),
                Just(vec![0_u32, 1, 2, 3]).prop_shuffle(),
                thing(),
                prop::bool::weighted(0.1),
            ),
            1..16,
        ),
    ) {
        let mut lane = Lane::new();
        for (n, (units, first, order, at_label, killed)) in (0_u32..).zip(&cases) {
            let code = |place: u32| {
                let at = n * HOLDS + place;
                let copied = units[usize::try_from(place).unwrap()] == Thing::Copied;
                unit(if copied { at.saturating_sub(6) } else { at })
            };
            let inside: Vec<Code> = order.iter().map(|place| code(*place)).collect();
            let picture = |hidden: [bool; 4]| -> Vec<Option<String>> {
                let of = |place: &u32| {
                    let at = usize::try_from(*place).unwrap();
                    let seen = units[at] != Thing::Unreadable && !hidden[at];
                    seen.then(|| printed(code(*place)))
                };
                order.iter().map(of).collect()
            };
            if let Some(hidden) = first {
                lane.picture(picture(*hidden));
                if *killed {
                    lane.restart();
                }
            }
            lane.picture(picture([false; 4]));
            let own = label(if *at_label == Thing::Copied { n.saturating_sub(1) } else { n });
            let text = if *at_label == Thing::Unreadable { "NoRead".to_owned() } else { printed(own) };
            lane.report(true, &text, &[]);
            lane.agrees(own, &inside)?;
            // Of a first picture that saw nothing nobody knows that it was of the same case.
            let known = first.is_none_or(|hidden| hidden.iter().any(|hidden| !hidden));
            let good = units.iter().all(|thing| *thing == Thing::Good) && *at_label == Thing::Good;
            if good && known {
                prop_assert!(lane.gate, "case {n} is good and was rejected");
            }
        }
    }
}
