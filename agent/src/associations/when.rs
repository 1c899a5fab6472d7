//! Times as other systems write them: `2026-11-20 08:31:05`, `2026/11/20 8:31`, RFC 3339.

use sealtrace_protocol::time::Timestamp;
use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

/// Reads a time; where it does not say its offset from UTC, `local` is meant.
pub(super) fn read(text: &str, local: UtcOffset) -> Option<Timestamp> {
    let text = text.trim();
    let (date, clock) = text.split_once([' ', 'T']).unwrap_or((text, "0:00"));
    let (clock, offset) = split_offset(clock.trim(), local)?;
    let [year, month, day] = numbers(date, ['-', '/', '.'])?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date =
        Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let seconds =
        if clock.matches(':').count() == 1 { format!("{clock}:0") } else { clock.to_owned() };
    let [hour, minute, second] = numbers(&seconds, [':'; 3])?;
    let small = |number: u32| u8::try_from(number).ok();
    let time =
        Time::from_hms_milli(small(hour)?, small(minute)?, small(second)?, millis(fraction)?)
            .ok()?;
    let at = PrimitiveDateTime::new(date, time).assume_offset(offset);
    let millis = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()?;
    Some(Timestamp(millis))
}

/// An offset as it is given on the command line: `+08:00`, `Z`.
pub(crate) fn offset(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (None, Some(rest)) => (-1, rest),
        (None, None) => return None,
    };
    let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
    let number = |digits: &str| {
        let all = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse::<i8>().ok()).flatten()
    };
    UtcOffset::from_hms(sign * number(hours)?, sign * number(minutes)?, 0).ok()
}

fn split_offset(clock: &str, local: UtcOffset) -> Option<(&str, UtcOffset)> {
    match clock.find(['+', '-', 'Z']) {
        Some(at) => {
            let (clock, rest) = clock.split_at_checked(at)?;
            Some((clock.trim(), offset(rest)?))
        }
        None => Some((clock, local)),
    }
}

fn numbers<const MARKS: usize>(text: &str, marks: [char; MARKS]) -> Option<[u32; 3]> {
    let mut parts = text.split(marks);
    let mut next = || parts.next().filter(|part| part.len() <= 4)?.parse::<u32>().ok();
    let three = [next()?, next()?, next()?];
    parts.next().is_none().then_some(three)
}

fn millis(fraction: &str) -> Option<u16> {
    let digits: String = fraction.chars().take(3).collect();
    format!("{digits:0<3}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_systems_write_them() {
        let china = offset("+08:00").unwrap();
        let at = |text| read(text, china).map(Timestamp::millis);
        let expected = Some(1_795_134_665_000);
        for text in [
            "2026-11-20 08:31:05",
            "2026/11/20 8:31:05",
            "2026-11-20T08:31:05+08:00",
            "2026-11-20T00:31:05Z",
            "2026-11-20 00:31:05.000+0000",
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
        assert_eq!(at("2026-11-20 08:31"), expected.map(|at| at - 5_000));
        assert_eq!(at("2026-11-20"), expected.map(|at| at - 30_665_000));
        assert_eq!(at("2026-11-20 08:31:05.25"), expected.map(|at| at + 250));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "20.11",
            "2026-13-01",
            "2026-11-31 8:00",
            "46346.35",
            "8:31",
            "2026-11-20 25:00",
            "2026-11-20 8:31+8",
        ] {
            assert_eq!(read(text, UtcOffset::UTC), None, "{text}");
        }
        assert_eq!(offset("8"), None);
        assert_eq!(offset("+é8"), None);
    }
}
