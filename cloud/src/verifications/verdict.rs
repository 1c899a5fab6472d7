//! What a consumer is told about a code: genuine, pending, unknown. Never "fake".

use sealtrace_protocol::ledger::{Item, State};
use serde::Serialize;

/// What a consumer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One of ours, made and known.
    Genuine,
    /// One of ours; the line or the PDA that put it into use has not reported yet.
    Pending,
    /// Not one of ours, or not a code at all.
    Unknown,
}

/// The verdict on one of our codes, given what the ledger knows of it. A line may sync days later, so nothing known
/// is no reproach; a replaced label was ours once and its item still is.
#[must_use]
pub fn of_ours(item: Option<&Item>) -> Verdict {
    match item.map(|item| item.state) {
        Some(State::Active | State::Announced { .. } | State::Replaced { .. }) => Verdict::Genuine,
        Some(State::Free) | None => Verdict::Pending,
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
        assert_eq!(of_ours(Some(&item(State::Active))), Verdict::Genuine);
        assert_eq!(of_ours(Some(&item(State::Announced { under: None }))), Verdict::Genuine);
    }

    #[test]
    fn what_nobody_reported_yet_is_pending() {
        assert_eq!(of_ours(None), Verdict::Pending);
        assert_eq!(of_ours(Some(&item(State::Free))), Verdict::Pending);
    }
}
