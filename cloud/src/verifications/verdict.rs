//! What a consumer is told about a code: genuine, pending, void, unknown. Never "fake".

use sealtrace_protocol::ledger::{Fate, Item, State};
use serde::Serialize;

/// What a consumer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One of ours, made and known.
    Genuine,
    /// One of ours; the line or the PDA that put it into use has not reported yet.
    Pending,
    /// One of ours, and on no goods: it was scrapped, or declared void because nobody knew where it was.
    Void,
    /// Not one of ours, or not a code at all.
    Unknown,
}

/// The verdict on one of our codes, given what the ledger knows of it. A line may sync days later, so nothing known
/// is no reproach; a replaced label was ours once and its item still is. `fate` is what became of a label that is on
/// nothing.
#[must_use]
pub fn of_ours(item: Option<&Item>, fate: Option<Fate>) -> Verdict {
    match item.map(|item| item.state) {
        Some(State::Active | State::Announced { .. } | State::Replaced { .. }) => Verdict::Genuine,
        Some(State::Free) | None => match fate {
            Some(Fate::Scrapped | Fate::Void) => Verdict::Void,
            Some(Fate::Returned) | None => Verdict::Pending,
        },
    }
}

#[cfg(test)]
mod tests {
    use sealtrace_protocol::ids::Version;
    use sealtrace_protocol::ledger::{Contents, Level};

    use super::*;

    fn item(state: State) -> Item {
        Item {
            code: "9A000000000000001".parse().unwrap(),
            level: Level::Unit,
            state,
            parent: None,
            custody: None,
            contents: Contents::none(),
            children: 0,
            disputed: false,
            version: Version(1),
        }
    }

    #[test]
    fn what_was_made_is_genuine() {
        assert_eq!(of_ours(Some(&item(State::Active)), None), Verdict::Genuine);
        assert_eq!(of_ours(Some(&item(State::Announced { under: None })), None), Verdict::Genuine);
    }

    #[test]
    fn what_nobody_reported_yet_is_pending() {
        assert_eq!(of_ours(None, None), Verdict::Pending);
        assert_eq!(of_ours(Some(&item(State::Free)), Some(Fate::Returned)), Verdict::Pending);
    }

    #[test]
    fn what_was_scrapped_or_given_up_is_void() {
        assert_eq!(of_ours(None, Some(Fate::Void)), Verdict::Void);
        assert_eq!(of_ours(Some(&item(State::Free)), Some(Fate::Scrapped)), Verdict::Void);
    }
}
