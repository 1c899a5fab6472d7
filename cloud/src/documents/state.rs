//! The life of an outbound document: approved → in work → done, or void.

use sealtrace_protocol::ledger::DocumentLine;
use serde::Serialize;

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Created, nothing has moved.
    Approved,
    /// Something has moved.
    InWork,
    /// Everything asked for has moved.
    Done,
    /// Withdrawn.
    Void,
}

impl State {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Approved, Self::InWork, Self::Done, Self::Void];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::InWork => "in_work",
            Self::Done => "done",
            Self::Void => "void",
        }
    }

    /// The state with this [`State::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// True while goods may move under it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Approved | Self::InWork => true,
            Self::Done | Self::Void => false,
        }
    }

    /// The state after goods moved, given what has moved under each line by now. What was done opens again when a
    /// correction takes goods off; what is void stays so.
    #[must_use]
    pub fn after_moves(self, lines: &[DocumentLine]) -> Self {
        if self == Self::Void {
            return Self::Void;
        }
        if lines.iter().all(|line| line.moved == 0) {
            Self::Approved
        } else if lines.iter().all(|line| line.moved >= line.units) {
            Self::Done
        } else {
            Self::InWork
        }
    }

    /// The state after somebody withdraws it; none when goods have moved already.
    #[must_use]
    pub const fn withdrawn(self) -> Option<Self> {
        match self {
            Self::Approved | Self::Void => Some(Self::Void),
            Self::InWork | Self::Done => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use sealtrace_protocol::ids::ProductId;

    use super::*;

    fn line(units: u32, moved: u32) -> DocumentLine {
        DocumentLine { product: ProductId(1), units, moved }
    }

    #[test]
    fn it_follows_what_moves() {
        let state = State::Approved;
        assert_eq!(state.after_moves(&[line(10, 0)]), State::Approved);
        assert_eq!(state.after_moves(&[line(10, 10), line(5, 4)]), State::InWork);
        assert_eq!(state.after_moves(&[line(10, 10), line(5, 5)]), State::Done);
    }

    #[test]
    fn a_correction_opens_it_again() {
        assert_eq!(State::Done.after_moves(&[line(10, 9)]), State::InWork);
        assert_eq!(State::InWork.after_moves(&[line(10, 0)]), State::Approved);
    }

    #[test]
    fn void_stays_void_and_only_an_untouched_document_becomes_it() {
        assert_eq!(State::Void.after_moves(&[line(10, 10)]), State::Void);
        assert_eq!(State::Approved.withdrawn(), Some(State::Void));
        assert_eq!(State::InWork.withdrawn(), None);
        assert_eq!(State::Done.withdrawn(), None);
    }

    #[test]
    fn every_name_is_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_name(state.name()), Some(state));
        }
    }
}
