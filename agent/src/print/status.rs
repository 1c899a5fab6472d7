//! What a printer says of itself: `~HS` in ZPL, `<ESC>!?` in TSPL. Pure.

use sealtrace_firmware_config::Language;

/// Bytes of an answer at most.
pub const ANSWER_BYTES_MAX: usize = 256;

const STX: char = '\u{2}';
const ETX: u8 = 3;
/// An answer to `~HS` is three lines, each between STX and ETX.
const ZPL_LINES: usize = 3;

/// What a printer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Labels.
    Paper,
    /// Ribbon.
    Ribbon,
    /// Its head or cover is open.
    HeadOpen,
    /// Labels are jammed.
    Jam,
    /// Somebody pressed pause.
    Paused,
    /// Too hot or too cold.
    Temperature,
    /// It says that it is broken.
    Fault,
}

impl Lack {
    /// The word for the page.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paper => "out_of_paper",
            Self::Ribbon => "out_of_ribbon",
            Self::HeadOpen => "head_open",
            Self::Jam => "paper_jam",
            Self::Paused => "printer_paused",
            Self::Temperature => "printer_temperature",
            Self::Fault => "printer_fault",
        }
    }
}

/// What a printer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has printed everything.
    Idle,
    /// It is at it.
    Busy,
    /// It cannot go on.
    Lacks(Lack),
}

/// What is sent to ask.
#[must_use]
pub const fn question(language: Language) -> &'static [u8] {
    match language {
        Language::Zpl => b"~HS\r\n",
        Language::Tspl => b"\x1b!?",
    }
}

/// True when nothing more is to be waited for.
#[must_use]
pub fn is_whole(language: Language, answer: &[u8]) -> bool {
    match language {
        Language::Zpl => answer.iter().filter(|byte| **byte == ETX).count() >= ZPL_LINES,
        Language::Tspl => !answer.is_empty(),
    }
}

/// Reads an answer; none when it is none.
#[must_use]
pub fn read(language: Language, answer: &[u8]) -> Option<Status> {
    match language {
        Language::Zpl => zpl(std::str::from_utf8(answer).ok()?),
        Language::Tspl => tspl(*answer.last()?),
    }
}

/// `<STX>030,0,0,1245,000,0,0,0,000,0,0,0<ETX>` and two more lines.
fn zpl(answer: &str) -> Option<Status> {
    let lines: Vec<Vec<&str>> = answer
        .split(char::from(ETX))
        .filter_map(|line| line.split_once(STX))
        .map(|(_, fields)| fields.split(',').map(str::trim).collect())
        .collect();
    let [first, second, ..] = lines.as_slice() else { return None };
    let field = |line: &[&str], at: usize| line.get(at)?.parse::<u32>().ok();
    let is_set = |line: &[&str], at: usize| Some(field(line, at)? == 1);
    let lacks = [
        (is_set(first, 1)?, Lack::Paper),
        (is_set(second, 2)?, Lack::HeadOpen),
        (is_set(second, 3)?, Lack::Ribbon),
        (is_set(first, 10)? || is_set(first, 11)?, Lack::Temperature),
        (is_set(first, 9)?, Lack::Fault),
        // Set together with most others: the reason comes first.
        (is_set(first, 2)?, Lack::Paused),
    ];
    if let Some((_, lack)) = lacks.into_iter().find(|(is_set, _)| *is_set) {
        return Some(Status::Lacks(lack));
    }
    let (waiting, left) = (field(first, 4)?, field(second, 8)?);
    Some(if waiting == 0 && left == 0 { Status::Idle } else { Status::Busy })
}

/// One byte, a bit for each.
fn tspl(answer: u8) -> Option<Status> {
    let lacks = [
        (0x04, Lack::Paper),
        (0x08, Lack::Ribbon),
        (0x02, Lack::Jam),
        (0x01, Lack::HeadOpen),
        (0x80, Lack::Fault),
        (0x10, Lack::Paused),
    ];
    if let Some((_, lack)) = lacks.into_iter().find(|(bit, _)| answer & bit != 0) {
        return Some(Status::Lacks(lack));
    }
    match answer {
        0x00 => Some(Status::Idle),
        0x20 => Some(Status::Busy),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(first: &str, second: &str) -> Option<Status> {
        let text = format!("\u{2}{first}\u{3}\r\n\u{2}{second}\u{3}\r\n\u{2}1234,0\u{3}\r\n");
        assert!(is_whole(Language::Zpl, text.as_bytes()));
        assert!(!is_whole(Language::Zpl, &text.as_bytes()[..text.len() - 3]));
        read(Language::Zpl, text.as_bytes())
    }

    const WELL: &str = "030,0,0,1245,000,0,0,0,000,0,0,0";
    const DONE: &str = "001,0,0,0,1,2,4,0,00000000,1,000";

    #[test]
    fn a_zebra_says_what_it_lacks() {
        assert_eq!(answer(WELL, DONE), Some(Status::Idle));
        assert_eq!(answer("030,0,0,1245,002,0,0,0,000,0,0,0", DONE), Some(Status::Busy));
        assert_eq!(answer(WELL, "001,0,0,0,1,2,4,0,00000003,1,000"), Some(Status::Busy));
        let paper = "030,1,1,1245,000,0,0,0,000,0,0,0";
        assert_eq!(answer(paper, DONE), Some(Status::Lacks(Lack::Paper)));
        assert_eq!(answer(WELL, "001,0,1,0,1,2,4,0,0,1,0"), Some(Status::Lacks(Lack::HeadOpen)));
        let paused = "030,0,1,1245,000,0,0,0,000,0,0,0";
        assert_eq!(answer(paused, DONE), Some(Status::Lacks(Lack::Paused)));
        assert_eq!(answer("noise", DONE), None);
    }

    #[test]
    fn a_tsc_says_what_it_lacks() {
        let says = |byte| read(Language::Tspl, &[byte]);
        assert_eq!(says(0x00), Some(Status::Idle));
        assert_eq!(says(0x20), Some(Status::Busy));
        assert_eq!(says(0x05), Some(Status::Lacks(Lack::Paper)));
        assert_eq!(says(0x01), Some(Status::Lacks(Lack::HeadOpen)));
        assert_eq!(says(0x10), Some(Status::Lacks(Lack::Paused)));
        assert_eq!(says(0x40), None);
        assert_eq!(read(Language::Tspl, &[]), None);
    }
}
