//! Random lines, from the bytes on the cable to the gate: every physical unit ends in exactly one place, and the gate let
//! pass exactly what the ledger says is packed.
//!
//! `PROPTEST_CASES=100000` runs as many lines.

use proptest::prelude::*;
use sealtrace_firmware_config::{Frame, Framer, Profile};
use sealtrace_protocol::code::{self, Code, Minted, Sscc};
use sealtrace_protocol::ledger::Rejection;

use super::sequential::{Fault, Labelled, Reading, Sequential};

const HOLDS: u32 = 4;

const READER: &str = "kind = 'reader'\nmaker = 'x'\nmodel = 'x'\nsummary = 'says it once'\n\
    serial = { baud = 115200, data_bits = 8, parity = 'none', stop_bits = 1 }\n\
    framing = { end = '<CR><LF>', inter_byte_timeout_ms = 100, length_bytes_max = 128, no_read = ['NoRead'], \
    ignore = ['alive'], banner = ['boot*'] }\n";

/// What happens on the cable when one thing passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Clean,
    NoRead,
    /// The reader says again and again that it reads nothing, and then what it read.
    Storm,
    Duplicate,
    /// The end of the frame is lost: the next one is glued to it.
    Merged,
    /// Two labels in view: both codes in one read.
    Two,
    OneCharacter,
    Noise,
    /// The reader was switched off and on; this reading is lost.
    Banner,
    /// The cable is out while it passes.
    Gone,
    /// It carries a code that was used before.
    Copied,
    KeepAlive,
}

fn wire() -> impl Strategy<Value = Wire> {
    use Wire::*;
    let wrong = [
        NoRead,
        Storm,
        Duplicate,
        Merged,
        Two,
        OneCharacter,
        Noise,
        Banner,
        Gone,
        Copied,
        KeepAlive,
    ];
    prop_oneof![30 => Just(Clean), 11 => prop::sample::select(wrong.to_vec())]
}

pub(super) fn unit(n: u32) -> Code {
    Code::Minted(Minted::new(10, u128::from(n)).unwrap())
}

pub(super) fn label(n: u32) -> Code {
    Code::Sscc(Sscc::from_body(u64::from(n) + 1).unwrap())
}

pub(super) fn printed(code: Code) -> String {
    match code {
        Code::Minted(minted) => format!("https://t.example/{minted}"),
        Code::Sscc(sscc) => format!("]C100{sscc}"),
        Code::Sgtin(_) => code.canonical(),
    }
}

/// The agent's side of a line whose readers say everything once.
struct Lane {
    units: Framer,
    labels: Framer,
    machine: Sequential,
    ledger: Vec<(Code, Vec<Code>)>,
    /// Packed and not told to the gate when the agent died.
    killed_next: bool,
}

impl Lane {
    fn new() -> Self {
        let profile = Profile::from_toml("reader.toml", READER).unwrap();
        let framing = &profile.reader().unwrap().framing;
        Self {
            units: Framer::new(framing),
            labels: Framer::new(framing),
            machine: Sequential::new(HOLDS, None),
            ledger: Vec::new(),
            killed_next: false,
        }
    }

    fn miss(&mut self) {
        if self.machine.count() > 0 {
            self.machine.spoil(Fault::new("reader_lost"));
        }
    }

    fn unplug(&mut self) {
        let fresh = Self::new();
        (self.units, self.labels) = (fresh.units, fresh.labels);
        self.miss();
    }

    fn hear_units(&mut self, bytes: &[u8], pieces: usize) {
        for piece in bytes.chunks(pieces) {
            for frame in self.units.push(piece) {
                self.hear_unit(frame);
            }
        }
    }

    fn hear_unit(&mut self, frame: Frame) {
        let reading = match frame {
            Frame::Ignored => return,
            Frame::Banner => return self.miss(),
            Frame::NoRead => Reading::NoRead,
            Frame::Garbage { .. } => Reading::Noise,
            Frame::Read(bytes) => match String::from_utf8(bytes) {
                Err(_) => Reading::Noise,
                Ok(text) if self.machine.is_repeat(&text) => return,
                Ok(text) => match code::parse(&text) {
                    Ok(scan) => Reading::Code { text, code: scan.code },
                    Err(_) => Reading::Unreadable { text },
                },
            },
        };
        let used =
            reading.code().filter(|code| self.ledger.iter().any(|(_, codes)| codes.contains(code)));
        let fault = used.map(|code| Rejection::AlreadyPacked { code, parent: label(0) }.into());
        self.machine.unit(reading, fault);
    }

    /// What the gate is told about the package that comes next: the labels it may pass with, as a rule one or none.
    fn hear_labels(&mut self, bytes: &[u8], pieces: usize) -> Vec<Code> {
        let mut frames = Vec::new();
        for piece in bytes.chunks(pieces) {
            frames.extend(self.labels.push(piece));
        }
        frames.into_iter().filter_map(|frame| self.hear_label(frame)).collect()
    }

    fn hear_label(&mut self, frame: Frame) -> Option<Code> {
        let heard = match frame {
            Frame::Ignored => return None,
            Frame::Banner => {
                self.miss();
                return None;
            }
            Frame::NoRead | Frame::Garbage { .. } => None,
            Frame::Read(bytes) => {
                let text = String::from_utf8(bytes).ok();
                text.and_then(|text| code::parse(&text).ok()).map(|scan| scan.code)
            }
        };
        match self.machine.label(heard, false) {
            // Its gate has its word already.
            Labelled::Again(_) | Labelled::Aside(_) => None,
            Labelled::Whole(codes) => {
                let code = heard.unwrap();
                if self.ledger.iter().any(|(packed, _)| *packed == code) {
                    let again = Fault::from(Rejection::AlreadyInUse { code });
                    self.machine.close(code, Some(again));
                    return None;
                }
                self.machine.close(code, None);
                if std::mem::take(&mut self.killed_next) {
                    // Committed, and dead before the gate was told: taken back at the start.
                    self.machine.revoke(code);
                    return None;
                }
                self.ledger.push((code, codes));
                Some(code)
            }
        }
    }
}

/// The bytes of one thing that passes; none while the cable is out.
fn on_the_wire(wire: Wire, code: Code, other: Code) -> Option<Vec<u8>> {
    let text = printed(code);
    let frame = format!("{text}\r\n");
    Some(match wire {
        Wire::Clean | Wire::Copied => frame.into_bytes(),
        Wire::NoRead => b"NoRead\r\n".to_vec(),
        Wire::Storm => format!("NoRead\r\nNoRead\r\nNoRead\r\n{frame}").into_bytes(),
        Wire::Duplicate => frame.repeat(2).into_bytes(),
        Wire::Merged => text.into_bytes(),
        Wire::Two => format!("{text} {}\r\n", printed(other)).into_bytes(),
        Wire::OneCharacter => b"h\r\n".to_vec(),
        Wire::Noise => [b"\xFF\x00\x81\r\n", frame.as_bytes()].concat(),
        Wire::Banner => b"boot v2.1\r\n".to_vec(),
        Wire::KeepAlive => format!("alive\r\n{frame}").into_bytes(),
        Wire::Gone => return None,
    })
}

proptest! {
    #[test]
    fn every_unit_ends_in_one_place_and_the_gate_passes_what_the_ledger_packs(
        cases in prop::collection::vec((prop::array::uniform4(wire()), wire(), prop::bool::weighted(0.05)), 1..16),
        pieces in 1_usize..40,
    ) {
        let mut lane = Lane::new();
        let (mut packed, mut rejected) = (0, 0);
        for (n, (units, at_label, killed)) in (0_u32..).zip(&cases) {
            let mut inside = Vec::new();
            for (place, wire) in (0_u32..).zip(units) {
                let at = n * HOLDS + place;
                let code = unit(if *wire == Wire::Copied { at.saturating_sub(5) } else { at });
                inside.push(code);
                match on_the_wire(*wire, code, unit(at + 1)) {
                    Some(bytes) => lane.hear_units(&bytes, pieces),
                    None => lane.unplug(),
                }
            }
            lane.killed_next = *killed;
            let own = label(if *at_label == Wire::Copied { n.saturating_sub(1) } else { n });
            let said = match on_the_wire(*at_label, own, label(n + 1)) {
                Some(bytes) => lane.hear_labels(&bytes, pieces),
                None => {
                    lane.unplug();
                    Vec::new()
                }
            };
            lane.killed_next = false;
            prop_assert!(said.len() <= 1, "one package, two words: {said:?}");
            // The gate rejects what it is not told to accept.
            let ledger = lane.ledger.iter().find(|(_, codes)| codes.iter().any(|code| inside.contains(code)));
            match said.first() {
                Some(word) => {
                    prop_assert_eq!(*word, own);
                    let expected = Some((own, inside));
                    prop_assert_eq!(ledger.cloned(), expected, "case {} holds something else", n);
                    packed += HOLDS;
                }
                None => {
                    let own_codes: Vec<_> = (0..HOLDS).map(|place| unit(n * HOLDS + place)).collect();
                    let counted = lane.ledger.iter().flat_map(|(_, codes)| codes);
                    prop_assert!(counted.into_iter().all(|code| !own_codes.contains(code)),
                        "case {} was rejected and is packed", n);
                    rejected += HOLDS;
                }
            }
        }
        let in_ledger: usize = lane.ledger.iter().map(|(_, codes)| codes.len()).sum();
        prop_assert_eq!(u32::try_from(in_ledger).unwrap(), packed);
        prop_assert_eq!(packed + rejected, u32::try_from(cases.len()).unwrap() * HOLDS);
    }
}
