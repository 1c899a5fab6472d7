//! The framer on well-formed streams, on damaged ones, and cut into arbitrary pieces.

use std::time::Duration;

use proptest::prelude::*;
use sealtrace_firmware_config::{Frame, Framer, Framing, Profile, Why, render_bytes};

const LENGTH_MAX: usize = 12;
const LONG_PAUSE: Duration = Duration::from_secs(3_600);

/// A framing with short limits, a no-read word, an ignored word and a banner.
fn framing(start: &[u8], end: &[u8]) -> Framing {
    let text = format!(
        r#"
kind = "reader"
maker = "Sealtrace"
model = "test"
summary = "For tests."
tcp = {{ role = "client", port = 1 }}
[framing]
start = "{}"
end = "{}"
length_bytes_max = {LENGTH_MAX}
inter_byte_timeout_ms = 100
no_read = ["NoRead", "<CAN>"]
ignore = ["ping"]
banner = ["boot*"]
"#,
        render_bytes(start),
        render_bytes(end)
    );
    Profile::from_toml("test.toml", &text).unwrap().reader().unwrap().framing.clone()
}

/// Every frame of the stream, a long pause at its end included.
fn frames(framing: &Framing, stream: &[u8]) -> Vec<Frame> {
    let mut framer = Framer::new(framing);
    let mut frames = framer.push(stream);
    frames.extend(framer.flush(LONG_PAUSE));
    assert!(!framer.is_mid_frame(), "a pause leaves nothing behind");
    frames
}

fn read(text: &str) -> Frame {
    Frame::Read(text.as_bytes().to_vec())
}

fn garbage(bytes: &[u8], why: Why) -> Frame {
    Frame::Garbage { bytes: bytes.to_vec(), why }
}

#[test]
fn frames_end_where_the_profile_says() {
    for end in [&b"\r"[..], b"\n", b"\r\n", b"\x03", b"||"] {
        let stream = [b"A1", end, b"NoRead", end, b"ping", end, b"boot v1", end].concat();
        let wanted = [read("A1"), Frame::NoRead, Frame::Ignored, Frame::Banner];
        assert_eq!(frames(&framing(b"", end), &stream), wanted, "end {end:?}");
    }
}

#[test]
fn frames_between_start_and_end() {
    for (start, end) in [(&b"\x02"[..], &b"\x03"[..]), (b"\x02", b"\r\n"), (b"<<", b">>")] {
        let stream = [start, b"A1", end, start, b"\x18", end, start, b"B2", end].concat();
        let wanted = [read("A1"), Frame::NoRead, read("B2")];
        assert_eq!(frames(&framing(start, end), &stream), wanted, "start {start:?}");
    }
}

#[test]
fn without_marks_a_pause_ends_the_frame() {
    let mut framer = Framer::new(&framing(b"", b""));
    assert_eq!(framer.push(b"A1"), []);
    assert_eq!(framer.flush(Duration::from_millis(99)), None);
    assert!(framer.is_mid_frame());
    assert_eq!(framer.flush(Duration::from_millis(100)), Some(read("A1")));
    assert_eq!(framer.flush(LONG_PAUSE), None);
}

#[test]
fn without_an_end_the_next_start_ends_the_frame() {
    assert_eq!(frames(&framing(b"\x02", b""), b"\x02A1\x02B2"), [read("A1"), read("B2")]);
}

#[test]
fn cr_lf_from_a_reader_set_to_either_is_understood() {
    assert_eq!(frames(&framing(b"", b"\r"), b"A1\r\nB2\r\n"), [read("A1"), read("B2")]);
    assert_eq!(frames(&framing(b"", b"\n"), b"A1\r\nB2\r\n"), [read("A1"), read("B2")]);
    let etx = framing(b"\x02", b"\x03");
    assert_eq!(frames(&etx, b"\x02A1\x03\r\n\x02B2\x03\r\n"), [read("A1"), read("B2")]);
}

#[test]
fn a_frame_of_the_longest_length_passes_and_one_byte_more_does_not() {
    let (longest, longer) = ("0123456789AB", "0123456789ABC");
    for (start, end) in [(&b""[..], &b"\r\n"[..]), (b"\x02", b"\x03"), (b"\x02\x02\x02", b"\r")] {
        let framed = |text: &str| [start, text.as_bytes(), end].concat();
        let stream = [framed(longest), framed(longer), framed("A1")].concat();
        let wanted = [read(longest), garbage(longest.as_bytes(), Why::TooLong), read("A1")];
        assert_eq!(frames(&framing(start, end), &stream), wanted, "start {start:?} end {end:?}");
    }
    assert_eq!(frames(&framing(b"", b""), longest.as_bytes()), [read(longest)]);
    let too_long = [garbage(longest.as_bytes(), Why::TooLong)];
    assert_eq!(frames(&framing(b"", b""), longer.as_bytes()), too_long);
}

#[test]
fn after_too_long_a_frame_the_next_one_is_whole() {
    let stream = [&[b'x'; 5_000][..], b"\r\nA1\r\n"].concat();
    let found = frames(&framing(b"", b"\r\n"), &stream);
    assert_eq!(found, [garbage(&[b'x'; LENGTH_MAX], Why::TooLong), read("A1")]);
    // The end was lost in the noise: the next start is where frames begin again.
    let stream = [&b"\x02"[..], &[b'x'; 50], b"\x02A1\x03"].concat();
    let found = frames(&framing(b"\x02", b"\x03"), &stream);
    assert_eq!(found, [garbage(&[b'x'; LENGTH_MAX], Why::TooLong), read("A1")]);
}

#[test]
fn a_reply_that_breaks_off_spoils_nothing_after_it() {
    let mut framer = Framer::new(&framing(b"", b"\r\n"));
    assert_eq!(framer.push(b"A"), []);
    assert_eq!(framer.flush(LONG_PAUSE), Some(garbage(b"A", Why::BrokenOff)));
    assert_eq!(framer.push(b"B2\r\n"), [read("B2")]);

    let mut framer = Framer::new(&framing(b"\x02", b"\x03"));
    assert_eq!(framer.push(b"\x02"), []);
    assert_eq!(framer.flush(LONG_PAUSE), Some(garbage(b"", Why::BrokenOff)));
    assert_eq!(framer.push(b"\x02A\x02B2\x03"), [garbage(b"A", Why::Restarted), read("B2")]);
}

#[test]
fn boot_text_and_noise_outside_frames_are_no_codes() {
    let stream = b"boot v1\r\nboot ok\r\n\xFF\xFE\x02A1\x03noise\x02B2\x03NoRead\r\n";
    let wanted = [
        Frame::Banner,
        Frame::Banner,
        garbage(b"\xFF\xFE", Why::OutsideFrame),
        read("A1"),
        garbage(b"noise", Why::OutsideFrame),
        read("B2"),
        Frame::NoRead,
    ];
    assert_eq!(frames(&framing(b"\x02", b"\x03"), stream), wanted);
}

#[test]
fn a_start_right_after_a_flood_of_noise_is_seen() {
    for flood in 0..40 {
        let stream = [vec![b'x'; flood], b"<<A1>>".to_vec()].concat();
        let found = frames(&framing(b"<<", b">>"), &stream);
        assert_eq!(found.last(), Some(&read("A1")), "after {flood} bytes");
    }
}

#[test]
fn an_empty_frame_is_garbage_unless_the_profile_knows_it() {
    assert_eq!(frames(&framing(b"", b"\r\n"), b"\r\n"), [garbage(b"", Why::Empty)]);
    let cognex = Profile::builtin("cognex-dataman").unwrap();
    let found = frames(&cognex.reader().unwrap().framing, b"A1\r\n\r\nB2\r\n");
    assert_eq!(found, [read("A1"), Frame::NoRead, read("B2")]);
}

/// Marks of every shape: none, one byte, two, overlapping with themselves and with each other.
fn marks() -> impl Strategy<Value = Framing> {
    prop::sample::select(vec![
        framing(b"", b""),
        framing(b"", b"\r"),
        framing(b"", b"\r\n"),
        framing(b"", b"aab"),
        framing(b"\x02", b""),
        framing(b"\x02", b"\x03"),
        framing(b"\x02", b"\r\n"),
        framing(b"aa", b"ba"),
        framing(b"\r\x02", b"\x03\r"),
    ])
}

/// Bytes that are mostly marks and words of the framings above.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            &b"\x02"[..], b"\x03", b"\r", b"\n", b"\r\n", b"a", b"aa", b"b", b"ba", b"aab", b"NoRead",
            b"ping", b"boot v1", b"\x18", b"0123456789",
        ])
        .prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn how_the_stream_is_cut_does_not_matter(
        framing in marks(),
        stream in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let mut framer = Framer::new(&framing);
        let (mut found, mut from) = (Vec::new(), 0);
        for to in cuts.into_iter().chain([stream.len()]) {
            found.extend(framer.push(&stream[from..to]));
            from = to;
        }
        found.extend(framer.flush(LONG_PAUSE));
        prop_assert_eq!(found, frames(&framing, &stream));
    }

    #[test]
    fn no_frame_is_longer_than_allowed_and_none_is_empty(framing in marks(), stream in stream()) {
        let mut framer = Framer::new(&framing);
        for byte in stream {
            for frame in framer.push(&[byte]) {
                match frame {
                    Frame::Read(bytes) => {
                        prop_assert!(!bytes.is_empty() && bytes.len() <= LENGTH_MAX);
                    }
                    Frame::Garbage { bytes, .. } => {
                        prop_assert!(bytes.len() <= LENGTH_MAX + 3);
                    }
                    Frame::NoRead | Frame::Ignored | Frame::Banner => {}
                }
            }
        }
    }

    #[test]
    fn after_any_noise_and_a_pause_the_next_code_is_read(framing in marks(), stream in stream()) {
        let mut framer = Framer::new(&framing);
        framer.push(&stream);
        framer.flush(LONG_PAUSE);
        let code = [&framing.start[..], b"X7", &framing.end].concat();
        let mut found = framer.push(&code);
        found.extend(framer.flush(LONG_PAUSE));
        prop_assert_eq!(found, [read("X7")]);
    }

    #[test]
    fn every_code_between_its_marks_comes_out_once(
        framing in marks(),
        codes in prop::collection::vec("[0-9X]{1,12}", 1..20),
    ) {
        let mut framer = Framer::new(&framing);
        let mut found = Vec::new();
        for code in &codes {
            found.extend(framer.push(&[&framing.start[..], code.as_bytes(), &framing.end].concat()));
            // Without any mark only the pause between two codes tells them apart.
            if framing.start.is_empty() && framing.end.is_empty() {
                found.extend(framer.flush(LONG_PAUSE));
            }
        }
        found.extend(framer.flush(LONG_PAUSE));
        let wanted: Vec<Frame> = codes.iter().map(|code| read(code)).collect();
        prop_assert_eq!(found, wanted);
    }
}
