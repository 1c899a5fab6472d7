//! One test per fault, and a random line on which every unit must end in exactly one place.

use proptest::prelude::*;
use sealtrace_protocol::code::{Minted, Sscc};

use super::*;

const HOLDS: u32 = 4;

fn unit(n: u32) -> Code {
    Code::Minted(Minted::new(1, u128::from(n)).unwrap())
}

fn label(n: u32) -> Code {
    Code::Sscc(Sscc::from_body(u64::from(n) + 1).unwrap())
}

fn read(n: u32) -> Reading {
    Reading::Code { text: unit(n).canonical(), code: unit(n) }
}

fn feed(lane: &mut Sequential, readings: impl IntoIterator<Item = Reading>) {
    for reading in readings {
        assert_eq!(lane.unit(reading, None), None);
    }
}

fn whole(lane: &mut Sequential, case: u32, units: [u32; 4]) {
    feed(lane, units.map(read));
    let expected = units.map(unit).to_vec();
    assert_eq!(lane.label(Some(label(case)), false), Labelled::Whole(expected));
    assert_eq!(lane.close(label(case), None), None);
}

fn aside(labelled: Labelled) -> Aside {
    let Labelled::Aside(aside) = labelled else { panic!("{labelled:?}") };
    aside
}

fn lane() -> Sequential {
    Sequential::new(HOLDS, None)
}

#[test]
fn a_whole_case_is_packed_in_the_order_it_was_read() {
    let mut lane = lane();
    whole(&mut lane, 0, [3, 1, 2, 0]);
    whole(&mut lane, 1, [4, 5, 6, 7]);
}

#[test]
fn a_unit_that_passed_unread_spoils_its_case_and_not_the_next() {
    let mut lane = lane();
    feed(&mut lane, [read(0), Reading::NoRead, read(2), read(3)]);
    let aside = aside(lane.label(Some(label(0)), false));
    assert_eq!((aside.fault.word.as_str(), aside.places.len()), ("no_read", 4));
    assert_eq!(aside.codes(), [unit(0), unit(2), unit(3)]);
    whole(&mut lane, 1, [4, 5, 6, 7]);
}

#[test]
fn a_code_that_appears_again_later_in_the_case_spoils_it() {
    let mut lane = lane();
    feed(&mut lane, [read(0), read(1), read(0), read(3)]);
    assert_eq!(aside(lane.label(Some(label(0)), false)).fault.word, "scanned_twice");
    whole(&mut lane, 1, [4, 5, 6, 7]);
}

#[test]
fn a_reading_sent_once_more_is_known_as_such() {
    let mut lane = lane();
    feed(&mut lane, [read(0), read(1)]);
    assert!(lane.is_repeat(&unit(1).canonical()));
    assert!(!lane.is_repeat(&unit(0).canonical()));
}

#[test]
fn what_the_rules_refuse_spoils_its_case() {
    let mut lane = lane();
    let foreign = Fault::from(Rejection::Foreign { code: unit(9) });
    feed(&mut lane, [read(0), read(1), read(2)]);
    assert_eq!(lane.unit(read(9), Some(foreign.clone())), None);
    assert_eq!(aside(lane.label(Some(label(0)), false)).fault, foreign);
    whole(&mut lane, 1, [4, 5, 6, 7]);
}

#[test]
fn garbage_takes_a_place_and_noise_takes_none() {
    let mut lane = lane();
    feed(&mut lane, [read(0), Reading::Unreadable { text: "#".into() }, read(2), read(3)]);
    assert_eq!(aside(lane.label(Some(label(0)), false)).fault.word, "unreadable");
    feed(&mut lane, [read(4), Reading::Noise, read(5), read(6), read(7)]);
    assert_eq!(aside(lane.label(Some(label(1)), false)).fault.word, "noise");
    whole(&mut lane, 2, [8, 9, 10, 11]);
}

#[test]
fn a_case_with_too_few_units_is_set_aside() {
    let mut lane = lane();
    feed(&mut lane, [read(0), read(1), read(2)]);
    let aside = aside(lane.label(Some(label(0)), false));
    assert_eq!(
        aside.fault.rejection,
        Some(Rejection::TooFew { parent: label(0), holds: 4, count: 3 })
    );
}

#[test]
fn a_label_that_passed_unread_ends_its_case() {
    let mut lane = lane();
    feed(&mut lane, (0..4).map(read));
    assert_eq!(aside(lane.label(None, false)).fault.word, "label_no_read");
    whole(&mut lane, 1, [4, 5, 6, 7]);
}

#[test]
fn a_label_that_was_never_seen_ends_its_case_at_the_next_unit() {
    let mut lane = lane();
    feed(&mut lane, (0..4).map(read));
    let closed = lane.unit(read(4), None).unwrap();
    assert_eq!((closed.fault.word.as_str(), closed.codes().len()), ("label_missing", 4));
    feed(&mut lane, [read(5), read(6), read(7)]);
    let codes = (4..8).map(unit).collect();
    assert_eq!(lane.label(Some(label(1)), false), Labelled::Whole(codes));
}

#[test]
fn one_reading_too_many_spoils_one_case_only() {
    let mut lane = lane();
    feed(&mut lane, (0..4).map(read));
    assert!(lane.unit(read(99), None).is_some());
    assert_eq!(aside(lane.label(Some(label(0)), false)).codes(), [unit(99)]);
    whole(&mut lane, 1, [4, 5, 6, 7]);
}

#[test]
fn a_label_sent_once_more_gets_the_same_answer() {
    let mut lane = lane();
    whole(&mut lane, 0, [0, 1, 2, 3]);
    assert_eq!(lane.label(Some(label(0)), false), Labelled::Again(true));
    feed(&mut lane, [read(4)]);
    aside(lane.label(Some(label(1)), false));
    assert_eq!(lane.label(Some(label(1)), false), Labelled::Again(false));
    let mut after_restart = Sequential::new(HOLDS, Some((label(0), true)));
    assert_eq!(after_restart.label(Some(label(0)), false), Labelled::Again(true));
}

#[test]
fn a_case_the_rules_refuse_after_all_is_set_aside() {
    let mut lane = lane();
    feed(&mut lane, (0..4).map(read));
    assert!(matches!(lane.label(Some(label(0)), false), Labelled::Whole(_)));
    let fault = Fault::from(Rejection::AlreadyInUse { code: label(0) });
    assert_eq!(lane.close(label(0), Some(fault)).unwrap().codes().len(), 4);
    assert_eq!(lane.label(Some(label(0)), false), Labelled::Again(false));
}

/// What goes wrong with one physical unit or label.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Nothing,
    /// The reader says that it read nothing.
    NoRead,
    /// Nothing is heard of it at all.
    Lost,
    /// It carries somebody else's code.
    Foreign,
    /// It carries a code that was used before.
    Copied,
    /// The reading is sent twice: the answer was lost.
    Repeated,
    Noise,
}

fn wrong() -> impl Strategy<Value = Wrong> {
    prop_oneof![
        40 => Just(Wrong::Nothing),
        1 => Just(Wrong::NoRead),
        1 => Just(Wrong::Lost),
        1 => Just(Wrong::Foreign),
        1 => Just(Wrong::Copied),
        1 => Just(Wrong::Repeated),
        1 => Just(Wrong::Noise),
    ]
}

/// A line's units by where they ended, and what it physically put into each case.
#[derive(Default)]
struct Ended {
    packed: Vec<(Code, Vec<Code>)>,
    aside: Vec<Code>,
}

impl Ended {
    fn set_aside(&mut self, aside: Option<Aside>) {
        self.aside.extend(aside.into_iter().flat_map(|aside| aside.codes()));
    }
}

/// What is printed on the nth unit of the line.
fn printed(n: u32, wrong: Wrong) -> Code {
    match wrong {
        Wrong::Foreign => unit(1_000_000 + n),
        Wrong::Copied => unit(n.saturating_sub(5)),
        Wrong::Nothing | Wrong::NoRead | Wrong::Lost | Wrong::Repeated | Wrong::Noise => unit(n),
    }
}

fn pass_unit(lane: &mut Sequential, ended: &mut Ended, read: &mut Vec<Code>, n: u32, wrong: Wrong) {
    let used = |code: &Code| ended.packed.iter().any(|(_, codes)| codes.contains(code));
    let code = printed(n, wrong);
    let rejection = if matches!(wrong, Wrong::Foreign) {
        Some(Rejection::Foreign { code })
    } else {
        used(&code).then(|| Rejection::AlreadyPacked { code, parent: label(0) })
    };
    let text = code.canonical();
    let mut readings = vec![Reading::Code { text: text.clone(), code }];
    match wrong {
        Wrong::NoRead => readings = vec![Reading::NoRead],
        Wrong::Lost => readings.clear(),
        Wrong::Noise => readings.insert(0, Reading::Noise),
        Wrong::Repeated => readings.push(Reading::Code { text: text.clone(), code }),
        Wrong::Nothing | Wrong::Foreign | Wrong::Copied => {}
    }
    for reading in readings {
        if matches!(reading, Reading::Code { .. }) {
            if lane.is_repeat(&text) {
                continue;
            }
            read.push(code);
        }
        let closed = lane.unit(reading, rejection.clone().map(Fault::from));
        ended.set_aside(closed);
    }
}

fn pass_label(lane: &mut Sequential, ended: &mut Ended, case: u32, wrong: Wrong) {
    let code = label(case);
    let times = if matches!(wrong, Wrong::Repeated) { 2 } else { 1 };
    let heard = match wrong {
        Wrong::Lost => return,
        Wrong::NoRead => None,
        Wrong::Nothing | Wrong::Foreign | Wrong::Copied | Wrong::Repeated | Wrong::Noise => {
            Some(code)
        }
    };
    let mut answers = Vec::new();
    for _ in 0..times {
        match lane.label(heard, false) {
            Labelled::Again(accepted) => answers.push(accepted),
            Labelled::Whole(codes) => {
                lane.close(code, None);
                ended.packed.push((code, codes));
                answers.push(true);
            }
            Labelled::Aside(aside) => {
                ended.set_aside(Some(aside));
                answers.push(false);
            }
        }
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "a repeated label was answered twice"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_unit_ends_in_one_place_and_accepted_cases_hold_what_the_line_put_in(
        cases in prop::collection::vec((prop::array::uniform4(wrong()), wrong()), 1..12),
    ) {
        let (mut lane, mut ended, mut read) = (lane(), Ended::default(), Vec::new());
        for (case, (units, at_label)) in (0_u32..).zip(&cases) {
            for (place, wrong) in (0_u32..).zip(units) {
                pass_unit(&mut lane, &mut ended, &mut read, case * HOLDS + place, *wrong);
            }
            pass_label(&mut lane, &mut ended, case, *at_label);
        }
        // What is left open when the line stops is set aside by the label that never comes.
        if let Labelled::Aside(aside) = lane.label(None, false) {
            ended.set_aside(Some(aside));
        }
        let mut ends: Vec<_> = ended.packed.iter().flat_map(|(_, codes)| codes.clone()).collect();
        ends.extend(&ended.aside);
        ends.sort();
        read.sort();
        prop_assert_eq!(ends, read, "each reading ends in exactly one place");
        for (code, codes) in &ended.packed {
            let case = (0_u32..).find(|n| label(*n) == *code).unwrap();
            let units = cases[usize::try_from(case).unwrap()].0;
            let put_in: Vec<_> =
                (0..).zip(units).map(|(place, wrong)| printed(case * HOLDS + place, wrong)).collect();
            prop_assert_eq!(codes, &put_in, "case {} shifted", case);
        }
    }
}
