//! Bytes of any kind on both cables of a lane, cut anywhere, with pauses and restarts in between, against a list of what
//! passed: nothing is packed that was not read, whole and alone, between two labels.
//!
//! `cargo nextest run --release -p sealtrace-agent --run-ignored only fuzz` tries a million lines.

use std::collections::BTreeSet;
use std::time::Duration;

use sealtrace_firmware_config::{Framer, Profile, Reader};
use sealtrace_protocol::code::{self, Code};

use super::sequential::{Fault, Labelled, Place, Reading, Sequential};
use crate::input::reader::{Heard, heard};

const HOLDS: u32 = 3;

/// How readers mark their frames; the same words everywhere.
const MARKS: [&str; 5] = [
    "end = '<CR><LF>'",
    "start = '<STX>', end = '<ETX>'",
    "start = '<STX>'",
    "end = '<CR>', separator = ';'",
    "start = '#', end = '<CR><LF>'",
];
/// What readers say, and what cables make of it.
const PIECES: [&[u8]; 36] = [
    b"https://t.example/A000000000000000A",
    b"https://t.example/A000000000000000B",
    b"https://t.example/A000000000000000C",
    b"https://t.example/A000000000000000D",
    b"https://t.example/A000000000000000E",
    b"https://t.example/A000000000000000F",
    b"]C100006141411234567890",
    b"]C100376104250021234569",
    b"(00)006141411234567890",
    b"(00)376104250021234569",
    b"NoRead",
    b"NoRead\r\nNoRead\r\nNoRead\r\n",
    b"alive",
    b"boot v2.1\r\n",
    b"boot",
    b"h",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n",
    b"\r\n",
    b"\x02",
    b"\x03",
    b"\x03\x02",
    b";",
    b"#",
    b" ",
    b"\x1d",
    b"\x06",
    b"\x00",
    b"\xff",
    b"\xff\xfe\x00\x81",
    b"https://t.example/",
    "批号".as_bytes(),
    b"10L9",
    b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

#[test]
fn lines_that_say_anything_pack_only_what_was_read_whole() {
    run(1, 10_000);
}

#[test]
#[ignore = "takes minutes in a debug build"]
fn fuzz_a_million_lines() {
    run(2, 1_000_000);
}

fn run(seed: u64, count: u32) {
    let readers: Vec<Reader> = MARKS.iter().map(|marks| reader(marks)).collect();
    let mut random = Random(seed);
    let mut packed = 0;
    for n in 0..count {
        let mut line = Line::new(random.pick(&readers), random.pick(&readers));
        for _ in 0..random.below(40) {
            line.step(&mut random);
        }
        packed += line.packed.len();
        assert!(line.packed.len() < 40, "line {n}");
    }
    // Were nothing ever packed, nothing would have been tried.
    assert!(packed > usize::try_from(count / 100).unwrap(), "{packed} cases");
}

fn reader(marks: &str) -> Reader {
    let text = format!(
        "kind = 'reader'\nmaker = 'x'\nmodel = 'x'\nsummary = 'x'\n\
         serial = {{ baud = 9600, data_bits = 8, parity = 'none', stop_bits = 1 }}\n\
         framing = {{ {marks}, inter_byte_timeout_ms = 100, length_bytes_max = 96, no_read = ['NoRead'], \
         ignore = ['alive'], banner = ['boot*'] }}\n"
    );
    Profile::from_toml("reader.toml", &text).unwrap().reader().unwrap().clone()
}

/// A lane, and beside it what has passed since the last case ended.
struct Line {
    units: (Reader, Framer),
    labels: (Reader, Framer),
    machine: Sequential,
    /// What has taken a place, in order; none where it was no code.
    passed: Vec<Option<Code>>,
    /// The text of the last one.
    last: Option<String>,
    /// Something else came in between.
    doubt: bool,
    /// The first is perhaps the last of the case before.
    ghost: bool,
    previous: Option<(Code, bool)>,
    packed: Vec<(Code, Vec<Code>)>,
}

impl Line {
    fn new(units: &Reader, labels: &Reader) -> Self {
        let end = |reader: &Reader| (reader.clone(), Framer::new(&reader.framing));
        Self {
            units: end(units),
            labels: end(labels),
            machine: Sequential::new(HOLDS, None),
            passed: Vec::new(),
            last: None,
            doubt: false,
            ghost: false,
            previous: None,
            packed: Vec::new(),
        }
    }

    fn step(&mut self, random: &mut Random) {
        let to_labels = random.below(4) == 0;
        let end = if to_labels { &mut self.labels } else { &mut self.units };
        let mut frames = Vec::new();
        match random.below(24) {
            0 => frames.extend(end.1.flush(Duration::from_millis(100))),
            1 => return self.restart(),
            _ => {
                let bytes = message(random, &end.0, to_labels);
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let (piece, after) = rest.split_at(1 + random.below(rest.len()));
                    frames.extend(end.1.push(piece));
                    rest = after;
                }
            }
        }
        let reader = end.0.clone();
        for frame in frames {
            if frame == sealtrace_firmware_config::Frame::Banner {
                self.miss();
            }
            match (to_labels, heard(&reader, frame)) {
                (_, None) => {}
                (true, Some(heard)) => self.label(heard),
                (false, Some(heard)) => self.unit(heard),
            }
        }
    }

    /// The program dies and finds the open case again as it was written down.
    fn restart(&mut self) {
        let places: Vec<Place> = self.machine.places().to_vec();
        let spoiled = self.machine.is_spoiled();
        let mut found = Sequential::new(HOLDS, self.previous);
        for Place { text, code, fault } in places {
            found.replay(text, code, fault);
        }
        if spoiled {
            found.spoil(Fault::new("noise"));
        }
        self.machine = found;
        // These readers say everything once: what passed meanwhile is not known.
        self.miss();
    }

    fn miss(&mut self) {
        if self.machine.count() > 0 {
            self.machine.spoil(Fault::new("reader_lost"));
        }
        self.doubt |= !self.passed.is_empty();
    }

    fn unit(&mut self, heard: Heard) {
        let reading = match heard {
            Heard::NoRead => Reading::NoRead,
            Heard::Garbage(_) => Reading::Noise,
            Heard::Text(text) if self.machine.is_repeat(&text) => {
                assert_eq!(self.last.as_ref(), Some(&text));
                return;
            }
            Heard::Text(text) => match code::parse(&text) {
                Ok(scan) => Reading::Code { text, code: scan.code },
                Err(_) => Reading::Unreadable { text },
            },
            Heard::Picture(codes) => {
                let text = codes.into_iter().flatten().collect::<Vec<_>>().join(" ");
                Reading::Unreadable { text }
            }
        };
        if reading == Reading::Noise {
            self.doubt = true;
            assert_eq!(self.machine.unit(reading, None), None);
            return;
        }
        let (text, code) = (reading.text().map(str::to_owned), reading.code());
        let full = self.passed.len() >= usize::try_from(HOLDS).unwrap();
        // A code of the full case again: perhaps the same bottle, so the next case is not trusted either.
        let ghost = full && self.passed.contains(&code);
        let aside = self.machine.unit(reading, None);
        assert_eq!(
            aside.is_some(),
            full,
            "a full case is ended by what comes next, and by that alone"
        );
        if full {
            self.end(None);
        }
        self.passed.push(code);
        self.ghost |= ghost;
        self.last = text;
        assert_eq!(usize::try_from(self.machine.count()).unwrap(), self.passed.len());
    }

    fn label(&mut self, heard: Heard) {
        let label = match heard {
            Heard::Text(text) => code::parse(&text).ok().map(|scan| scan.code),
            Heard::NoRead | Heard::Garbage(_) | Heard::Picture(_) => None,
        };
        let again = self.previous.filter(|(code, _)| Some(*code) == label);
        let between = self.passed.is_empty() && !self.doubt;
        match self.machine.label(label, false) {
            Labelled::Again(accepted) => {
                assert_eq!(again.map(|(_, before)| before), Some(accepted));
                assert!(between);
            }
            Labelled::Aside(aside) => {
                assert!(!self.is_whole(label), "{aside:?} was whole");
                assert_eq!(aside.places.len(), self.passed.len());
                self.end(label.map(|label| (label, false)));
            }
            Labelled::Whole(codes) => {
                assert!(self.is_whole(label), "{codes:?} of {:?}", self.passed);
                let passed: Vec<Code> = self.passed.iter().copied().flatten().collect();
                assert_eq!(codes, passed);
                let label = label.unwrap();
                assert_eq!(self.machine.close(label, None), None);
                self.packed.push((label, codes));
                self.end(Some((label, true)));
            }
        }
    }

    /// By the list: as many codes as a case holds, each once, nothing else, and a label.
    fn is_whole(&self, label: Option<Code>) -> bool {
        let codes: BTreeSet<Code> = self.passed.iter().copied().flatten().collect();
        let holds = usize::try_from(HOLDS).unwrap();
        label.is_some()
            && !self.doubt
            && !self.ghost
            && codes.len() == holds
            && self.passed.len() == holds
    }

    fn end(&mut self, previous: Option<(Code, bool)>) {
        self.passed.clear();
        (self.last, self.previous) = (None, previous);
        (self.doubt, self.ghost) = (false, false);
        assert!(self.machine.is_between_cases() || previous.is_none());
    }
}

/// Something a reader says: as a rule as it should be, now and then anything.
fn message(random: &mut Random, reader: &Reader, label: bool) -> Vec<u8> {
    let framing = &reader.framing;
    let pick = |random: &mut Random| -> Vec<u8> {
        let few = if label { &PIECES[6..10] } else { &PIECES[..6] };
        let any = random.below(12) == 0;
        random.pick(if any { &PIECES } else { few }).to_vec()
    };
    let mut bytes = [&framing.start[..], &pick(random), &framing.end].concat();
    for _ in 0..random.below(10).saturating_sub(7) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(4)).min(bytes.len());
        let piece = if random.below(3) == 0 { &b""[..] } else { random.pick(&PIECES) };
        bytes.splice(at..end, piece.iter().copied());
    }
    if random.below(30) == 0 {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    bytes
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % end.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
