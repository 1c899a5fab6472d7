//! How far orders and tasks are: which state what was made puts them in, and what people may still do.

use sealtrace_protocol::link::TaskState;
use serde::Serialize;

/// What is stored of an order's state; the rest follows from what was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Being prepared.
    Draft,
    /// Given to lines and PDAs.
    Released,
    /// Withdrawn.
    Void,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Being prepared.
    Draft,
    /// Given to lines and PDAs.
    Released,
    /// At least the wanted quantity was made.
    Done,
    /// Withdrawn.
    Void,
}

impl Stored {
    const ALL: [Self; 3] = [Self::Draft, Self::Released, Self::Void];

    /// The word stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Released => "released",
            Self::Void => "void",
        }
    }

    /// The state with this [`Stored::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The state to show after `made` of `wanted` units.
    #[must_use]
    pub fn shown(self, made: u64, wanted: u32) -> OrderState {
        match self {
            Self::Draft => OrderState::Draft,
            Self::Void => OrderState::Void,
            Self::Released if is_enough(made, wanted) => OrderState::Done,
            Self::Released => OrderState::Released,
        }
    }
}

impl OrderState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Released, Self::Done, Self::Void];

    /// The word shown and asked for.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Released => "released",
            Self::Done => "done",
            Self::Void => "void",
        }
    }

    /// The state with this [`OrderState::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How somebody ended a task before enough was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// What was made is enough.
    Closed,
    /// It was never begun and will not be.
    Void,
}

impl Ending {
    const ALL: [Self; 2] = [Self::Closed, Self::Void];

    /// The word stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Void => "void",
        }
    }

    /// The ending with this [`Ending::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.name() == name)
    }

    /// What somebody did who ended one so.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Closed => "close_task",
            Self::Void => "void_task",
        }
    }

    /// True when a task that stands there can be ended so.
    #[must_use]
    pub const fn may_end(self, state: TaskState) -> bool {
        match (self, state) {
            (Self::Closed, TaskState::Open | TaskState::InWork | TaskState::Done)
            | (Self::Void, TaskState::Open | TaskState::Void) => true,
            (Self::Closed, TaskState::Void) | (Self::Void, TaskState::InWork | TaskState::Done) => {
                false
            }
        }
    }
}

/// Where a task stands after `made` of `wanted` units.
#[must_use]
pub fn task_state(ending: Option<Ending>, made: u32, wanted: u32) -> TaskState {
    match ending {
        Some(Ending::Void) => TaskState::Void,
        Some(Ending::Closed) => TaskState::Done,
        None if is_enough(made.into(), wanted) => TaskState::Done,
        None if made > 0 => TaskState::InWork,
        None => TaskState::Open,
    }
}

/// Where as many are wanted as there are, there are never enough.
fn is_enough(made: u64, wanted: u32) -> bool {
    wanted > 0 && made >= u64::from(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_what_was_made() {
        assert_eq!(Stored::Released.shown(9, 10), OrderState::Released);
        assert_eq!(Stored::Released.shown(10, 10), OrderState::Done);
        assert_eq!(Stored::Void.shown(10, 10), OrderState::Void);
        assert_eq!(task_state(None, 0, 10), TaskState::Open);
        assert_eq!(task_state(None, 1, 10), TaskState::InWork);
        assert_eq!(task_state(None, 10, 10), TaskState::Done);
        assert_eq!(task_state(None, 0, 0), TaskState::Open);
        assert_eq!(task_state(None, 10, 0), TaskState::InWork);
        assert_eq!(Stored::Released.shown(10, 0), OrderState::Released);
        assert_eq!(task_state(Some(Ending::Closed), 1, 10), TaskState::Done);
        assert_eq!(task_state(Some(Ending::Void), 10, 10), TaskState::Void);
    }

    #[test]
    fn what_was_begun_is_closed_and_only_what_was_not_is_voided() {
        let may = |ending: Ending| TaskState::ALL.map(|state| ending.may_end(state));
        assert_eq!(may(Ending::Closed), [true, true, true, false]);
        assert_eq!(may(Ending::Void), [true, false, false, true]);
    }

    #[test]
    fn every_name_is_read_back() {
        for state in OrderState::ALL {
            assert_eq!(OrderState::from_name(state.name()), Some(state));
        }
        for ending in Ending::ALL {
            assert_eq!(Ending::from_name(ending.name()), Some(ending));
        }
        assert_eq!(Stored::from_name(Stored::Void.name()), Some(Stored::Void));
    }
}
