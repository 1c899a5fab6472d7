//! How far orders and tasks are: which state what was made puts them in.

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

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Nothing was made yet.
    Open,
    /// Something was made.
    InWork,
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
            Self::Released if made >= u64::from(wanted) => OrderState::Done,
            Self::Released => OrderState::Released,
        }
    }
}

impl TaskState {
    /// The state after `made` of `wanted` units.
    #[must_use]
    pub fn of(is_void: bool, made: u64, wanted: u32) -> Self {
        if is_void {
            Self::Void
        } else if made >= u64::from(wanted) {
            Self::Done
        } else if made > 0 {
            Self::InWork
        } else {
            Self::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_what_was_made() {
        assert_eq!(Stored::Released.shown(9, 10), OrderState::Released);
        assert_eq!(Stored::Released.shown(10, 10), OrderState::Done);
        assert_eq!(Stored::Void.shown(10, 10), OrderState::Void);
        assert_eq!(TaskState::of(false, 0, 10), TaskState::Open);
        assert_eq!(TaskState::of(false, 1, 10), TaskState::InWork);
        assert_eq!(TaskState::of(false, 10, 10), TaskState::Done);
        assert_eq!(TaskState::of(true, 10, 10), TaskState::Void);
    }
}
