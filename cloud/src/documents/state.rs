//! The life of a document, whatever its kind: draft → submitted → approved → in work → done, or void.

use sealtrace_protocol::ledger::DocumentLine;
use serde::{Serialize, Serializer};

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Being prepared.
    Draft,
    /// To be looked at by whoever approves.
    Submitted,
    /// Given to the devices of its sites; nothing has moved.
    Approved,
    /// Something has moved.
    InWork,
    /// Everything asked for has moved.
    Done,
    /// Done although short: somebody said so.
    Closed,
    /// Withdrawn.
    Void,
}

/// What people do with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Say something else.
    Edit,
    /// 提交: let somebody look at it.
    Submit,
    /// 审核通过: give it to the devices.
    Approve,
    /// 驳回: it goes back to whoever wrote it.
    Reject,
    /// 撤回: whoever wrote it takes it back.
    Withdraw,
    /// 作废.
    Void,
    /// 关闭: it is done although short.
    Close,
    /// Share it out among devices.
    Share,
    /// 改派: what was shipped under it goes under another.
    Reassign,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Edit,
        Self::Submit,
        Self::Approve,
        Self::Reject,
        Self::Withdraw,
        Self::Void,
        Self::Close,
        Self::Share,
        Self::Reassign,
    ];

    /// The word in addresses, stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Withdraw => "withdraw",
            Self::Void => "void",
            Self::Close => "close",
            Self::Share => "share",
            Self::Reassign => "reassign",
        }
    }
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Submitted,
        Self::Approved,
        Self::InWork,
        Self::Done,
        Self::Closed,
        Self::Void,
    ];

    /// The word stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::InWork => "in_work",
            Self::Done => "done",
            Self::Closed => "closed",
            Self::Void => "void",
        }
    }

    /// The state with this [`State::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The word shown and asked for: closed is a way to be done.
    #[must_use]
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Closed => Self::Done.name(),
            Self::Draft
            | Self::Submitted
            | Self::Approved
            | Self::InWork
            | Self::Done
            | Self::Void => self.name(),
        }
    }

    /// True while goods may move under it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Approved | Self::InWork => true,
            Self::Draft | Self::Submitted | Self::Done | Self::Closed | Self::Void => false,
        }
    }

    /// True when the devices of its sites have been told of it.
    #[must_use]
    pub const fn is_told(self) -> bool {
        match self {
            Self::Approved | Self::InWork | Self::Done | Self::Closed => true,
            Self::Draft | Self::Submitted | Self::Void => false,
        }
    }

    /// The state after somebody does this; none when it cannot be done to a document that stands there.
    #[must_use]
    pub const fn after(self, action: Action) -> Option<Self> {
        match (self, action) {
            (Self::Draft, Action::Edit) | (Self::Submitted, Action::Reject | Action::Withdraw) => {
                Some(Self::Draft)
            }
            (Self::Draft, Action::Submit) => Some(Self::Submitted),
            (Self::Submitted, Action::Approve) => Some(Self::Approved),
            (Self::Draft | Self::Submitted | Self::Approved, Action::Void) => Some(Self::Void),
            (Self::Approved | Self::InWork, Action::Close) => Some(Self::Closed),
            (Self::Approved | Self::InWork, Action::Share)
            | (Self::InWork | Self::Done | Self::Closed, Action::Reassign) => Some(self),
            (Self::Draft, Action::Approve | Action::Reject | Action::Withdraw | Action::Close)
            | (Self::Draft | Self::Submitted | Self::Approved, Action::Reassign)
            | (Self::Draft | Self::Submitted, Action::Share)
            | (Self::Submitted, Action::Edit | Action::Submit | Action::Close)
            | (
                Self::Approved | Self::InWork,
                Action::Edit | Action::Submit | Action::Approve | Action::Reject | Action::Withdraw,
            )
            | (Self::InWork, Action::Void)
            | (
                Self::Done | Self::Closed,
                Action::Edit
                | Action::Submit
                | Action::Approve
                | Action::Reject
                | Action::Withdraw
                | Action::Void
                | Action::Close
                | Action::Share,
            )
            | (
                Self::Void,
                Action::Edit
                | Action::Submit
                | Action::Approve
                | Action::Reject
                | Action::Withdraw
                | Action::Void
                | Action::Close
                | Action::Share
                | Action::Reassign,
            ) => None,
        }
    }

    /// The state after goods moved, given what has moved of everything asked for by now, and whether some of it is still
    /// on its way. What was done opens again when a correction takes goods off; what people have ended stays so, and
    /// what was never approved has not begun.
    #[must_use]
    pub fn after_moves(self, lines: &[DocumentLine], on_the_way: bool) -> Self {
        match self {
            Self::Draft | Self::Submitted | Self::Closed | Self::Void => self,
            Self::Approved | Self::InWork | Self::Done => {
                let all_moved = lines.iter().all(|line| line.moved >= line.units);
                if lines.iter().all(|line| line.moved == 0) {
                    Self::Approved
                } else if all_moved && !on_the_way {
                    Self::Done
                } else {
                    Self::InWork
                }
            }
        }
    }

    /// The state of a count after something was counted, or after what was counted was `posted`.
    #[must_use]
    pub const fn after_count(self, posted: bool) -> Self {
        match self {
            Self::Draft | Self::Submitted | Self::Closed | Self::Void => self,
            Self::Approved | Self::InWork | Self::Done => {
                if posted {
                    Self::Done
                } else {
                    Self::InWork
                }
            }
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.shown())
    }
}

#[cfg(test)]
mod tests {
    use sealtrace_protocol::ids::ProductId;

    use super::*;

    fn line(units: u32, moved: u32) -> DocumentLine {
        DocumentLine { product: ProductId(1), units, moved }
    }

    /// What can be done, by state: the whole machine at one glance.
    #[test]
    fn the_machine_is_what_the_table_says() {
        let able = |state: State| -> Vec<&str> {
            let actions = Action::ALL.into_iter().filter(|action| state.after(*action).is_some());
            actions.map(Action::name).collect()
        };
        for (state, expected) in [
            (State::Draft, &["edit", "submit", "void"][..]),
            (State::Submitted, &["approve", "reject", "withdraw", "void"]),
            (State::Approved, &["void", "close", "share"]),
            (State::InWork, &["close", "share", "reassign"]),
            (State::Done, &["reassign"]),
            (State::Closed, &["reassign"]),
            (State::Void, &[]),
        ] {
            assert_eq!(able(state), expected, "{state:?}");
        }
    }

    #[test]
    fn it_goes_forward_back_and_to_its_end() {
        let walk = |actions: &[Action]| {
            actions.iter().try_fold(State::Draft, |state, action| state.after(*action))
        };
        use Action::{Approve, Close, Edit, Reject, Submit, Void, Withdraw};
        assert_eq!(walk(&[Edit, Submit, Approve]), Some(State::Approved));
        assert_eq!(walk(&[Submit, Reject, Submit, Withdraw]), Some(State::Draft));
        assert_eq!(walk(&[Submit, Approve, Close]), Some(State::Closed));
        assert_eq!(walk(&[Submit, Approve, Void]), Some(State::Void));
        assert_eq!(walk(&[Approve]), None);
        assert_eq!(walk(&[Void, Submit]), None);
    }

    #[test]
    fn it_follows_what_moves() {
        let state = State::Approved;
        assert_eq!(state.after_moves(&[line(10, 0)], false), State::Approved);
        assert_eq!(state.after_moves(&[line(10, 10), line(5, 4)], false), State::InWork);
        assert_eq!(state.after_moves(&[line(10, 10), line(5, 5)], false), State::Done);
    }

    #[test]
    fn what_is_on_its_way_has_not_arrived() {
        assert_eq!(State::InWork.after_moves(&[line(10, 10)], true), State::InWork);
        assert_eq!(State::Done.after_moves(&[line(10, 10)], true), State::InWork);
        assert_eq!(State::Approved.after_moves(&[line(10, 0)], true), State::Approved);
    }

    #[test]
    fn a_count_is_done_when_it_is_posted() {
        assert_eq!(State::Approved.after_count(false), State::InWork);
        assert_eq!(State::InWork.after_count(true), State::Done);
        assert_eq!(State::Done.after_count(false), State::InWork);
        assert_eq!(State::Closed.after_count(true), State::Closed);
    }

    #[test]
    fn a_correction_opens_it_again_unless_people_ended_it() {
        assert_eq!(State::Done.after_moves(&[line(10, 9)], false), State::InWork);
        assert_eq!(State::InWork.after_moves(&[line(10, 0)], false), State::Approved);
        for ended in [State::Closed, State::Void] {
            assert_eq!(ended.after_moves(&[line(10, 9)], false), ended);
            assert_eq!(ended.after_moves(&[line(10, 10)], false), ended);
        }
    }

    #[test]
    fn devices_are_told_from_the_approval_on_and_work_until_the_end() {
        let told: Vec<_> = State::ALL.into_iter().filter(|state| state.is_told()).collect();
        assert_eq!(told, [State::Approved, State::InWork, State::Done, State::Closed]);
        let open: Vec<_> = State::ALL.into_iter().filter(|state| state.is_open()).collect();
        assert_eq!(open, [State::Approved, State::InWork]);
        assert_eq!(State::Closed.shown(), "done");
    }

    #[test]
    fn every_name_is_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_name(state.name()), Some(state));
        }
    }
}
