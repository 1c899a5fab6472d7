//! How far orders and tasks are: what an operation made, and which state that puts them in.

use sealtrace_protocol::ids::{OperationId, TaskId};
use sealtrace_protocol::ledger::{Action, Effects, Facts, Item, Level, Operation, Presence};
use serde::Serialize;

/// How the output of a task changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Units were put into use for the first time, or again.
    Made {
        /// Under this task.
        task: TaskId,
        /// How many.
        units: u32,
    },
    /// Units that an earlier operation had made are free again.
    TakenBack {
        /// That operation.
        made_by: OperationId,
        /// How many.
        units: u32,
    },
}

/// What an accepted operation changes in the output of tasks, given what was known before it and what it changed.
#[must_use]
pub fn output(operation: &Operation, facts: &Facts, effects: &Effects) -> Option<Output> {
    let was_in_use = |item: &&Item| match facts.presence(item.code) {
        Presence::Present(before) => before.is_in_use(),
        Presence::Absent(_) | Presence::Unknown | Presence::Foreign => false,
    };
    let units = || effects.items.iter().filter(|item| item.level == Level::Unit);
    if let Action::Correct(correct) = &operation.action {
        let freed = units().filter(|item| !item.is_in_use()).count();
        return counted(freed).map(|units| Output::TakenBack { made_by: correct.names, units });
    }
    let task = operation.task()?;
    let made = units().filter(|item| item.is_in_use() && !was_in_use(item)).count();
    counted(made).map(|units| Output::Made { task, units })
}

fn counted(count: usize) -> Option<u32> {
    u32::try_from(count).ok().filter(|count| *count > 0)
}

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
    use sealtrace_protocol::ids::{Cursor, DeviceId, Epoch, ProductId, Seq, SiteId, Version};
    use sealtrace_protocol::ledger::{
        Commission, Contents, Correct, Correction, Custody, Made, State,
    };
    use sealtrace_protocol::text::Lot;
    use sealtrace_protocol::time::{Stamp, Timestamp};

    use super::*;

    fn unit(code: &str, state: State) -> Item {
        Item {
            code: code.parse().unwrap(),
            level: Level::Unit,
            state,
            parent: None,
            custody: Some(Custody::At(SiteId(1))),
            contents: Contents::none(),
            disputed: false,
            version: Version(1),
        }
    }

    fn operation(action: Action) -> Operation {
        Operation {
            at: Stamp { wall: Timestamp(0), uncertainty_ms: 0 },
            operator: None,
            site: SiteId(1),
            basis: Cursor(0),
            action,
        }
    }

    const A: &str = "9A000000000000001";
    const B: &str = "9A000000000000002";

    #[test]
    fn only_units_that_were_not_in_use_count_as_made() {
        let made = Made { task: TaskId(7), product: ProductId(1), lot: Lot::new("L1").unwrap() };
        let commission = operation(Action::Commission(Commission { codes: vec![], made }));
        let mut facts = Facts::new();
        facts.set(A.parse().unwrap(), Presence::Present(unit(A, State::Active)));
        facts.set(B.parse().unwrap(), Presence::Present(unit(B, State::Free)));
        let effects = Effects {
            items: vec![unit(A, State::Active), unit(B, State::Active)],
            ..Effects::default()
        };
        let expected = Output::Made { task: TaskId(7), units: 1 };
        assert_eq!(output(&commission, &facts, &effects), Some(expected));
        let nothing = Effects { items: vec![unit(A, State::Active)], ..Effects::default() };
        assert_eq!(output(&commission, &facts, &nothing), None);
    }

    #[test]
    fn a_correction_takes_back_what_it_frees() {
        let names = OperationId { device: DeviceId(1), epoch: Epoch(1), seq: Seq(5) };
        let undo = operation(Action::Correct(Correct { names, correction: Correction::Undo }));
        let effects = Effects { items: vec![unit(A, State::Free)], ..Effects::default() };
        let expected = Output::TakenBack { made_by: names, units: 1 };
        assert_eq!(output(&undo, &Facts::new(), &effects), Some(expected));
    }

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
