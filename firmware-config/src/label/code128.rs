//! GS1-128: which code sets an element string is written in. Decided here, so that every printer and the preview make the
//! same bars.

/// What stands for FNC1 in an element string.
pub(super) const GS: char = '\u{1d}';
/// Digits in a row from which set C is worth changing to and back.
const DIGITS_WORTH_A_CHANGE: usize = 4;

/// One symbol character, without check character and stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    StartB,
    StartC,
    ToB,
    ToC,
    Fnc1,
    /// A character of set B.
    Character(char),
    /// Two digits of set C.
    Pair(char, char),
}

/// Plans an element string; its FNC1s are [`GS`]. None when it has characters that are in no element string.
pub(super) fn plan(text: &str) -> Option<Vec<Unit>> {
    let text: Vec<char> = text.chars().collect();
    if !text.iter().all(|one| *one == GS || matches!(one, ' '..='~')) {
        return None;
    }
    let digits_from = |at: usize| {
        text.iter()
            .skip(at)
            .take_while(|one| one.is_ascii_digit() || **one == GS)
            .filter(|one| **one != GS)
            .count()
    };
    let mut is_c = digits_from(0) >= DIGITS_WORTH_A_CHANGE;
    let mut units = vec![if is_c { Unit::StartC } else { Unit::StartB }];
    let mut rest = text.as_slice();
    while let [first, behind @ ..] = rest {
        let at = text.len() - rest.len();
        match (first, behind) {
            (&GS, _) => {
                units.push(Unit::Fnc1);
                rest = behind;
            }
            (tens, [ones, behind @ ..])
                if is_c && tens.is_ascii_digit() && ones.is_ascii_digit() =>
            {
                units.push(Unit::Pair(*tens, *ones));
                rest = behind;
            }
            _ if is_c => {
                units.push(Unit::ToB);
                is_c = false;
            }
            // An odd run gives its first digit to set B, so that the pairs come out even.
            _ if first.is_ascii_digit()
                && run(&text, at) >= DIGITS_WORTH_A_CHANGE
                && run(&text, at).is_multiple_of(2) =>
            {
                units.push(Unit::ToC);
                is_c = true;
            }
            _ => {
                units.push(Unit::Character(*first));
                rest = behind;
            }
        }
    }
    Some(units)
}

/// Digits in a row from here.
fn run(text: &[char], at: usize) -> usize {
    text.iter().skip(at).take_while(|one| one.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        plan(text)
            .unwrap()
            .into_iter()
            .map(|unit| match unit {
                Unit::StartB => "<B>".to_owned(),
                Unit::StartC => "<C>".to_owned(),
                Unit::ToB => "<b>".to_owned(),
                Unit::ToC => "<c>".to_owned(),
                Unit::Fnc1 => "<1>".to_owned(),
                Unit::Character(one) => one.to_string(),
                Unit::Pair(tens, ones) => format!("[{tens}{ones}]"),
            })
            .collect()
    }

    #[test]
    fn an_sscc_is_all_pairs() {
        let text = "\u{1d}00106141412345678908";
        assert_eq!(written(text), "<C><1>[00][10][61][41][41][23][45][67][89][08]");
    }

    #[test]
    fn letters_are_in_set_b_and_long_runs_of_digits_behind_them_in_c() {
        assert_eq!(written("\u{1d}10AB12345\u{1d}3724"), "<B><1>10AB1<c>[23][45]<1>[37][24]");
        assert_eq!(
            written("\u{1d}0112345678901231\u{1d}10A1"),
            "<C><1>[01][12][34][56][78][90][12][31]<1>[10]<b>A1"
        );
    }

    #[test]
    fn what_is_in_no_element_string_is_not_planned() {
        assert_eq!(plan("\u{1d}10酒"), None);
        assert_eq!(plan("\u{1d}10\n"), None);
    }
}
