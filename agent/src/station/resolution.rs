//! What an exception is about, and how each kind can be resolved.

use rusqlite::Connection;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OperationId;
use sealtrace_protocol::ledger::{Action, Operation, Rejection};
use serde::{Deserialize, Serialize};

use crate::store::exceptions::{self, ExceptionRow, Kind};
use crate::store::{StoreError, outbox};

/// How an exception is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The same operation once more: what spoke against it is no longer so.
    Again,
    /// What the package was packed of is in it now, wherever it was before.
    PackAgain,
    /// One child and the package that it really is in.
    FoundIn,
    /// It is in no package: it is here, by itself.
    Unpack,
    /// It had come back from the dealer.
    Returned,
    /// It is here: it had come from another site.
    Received,
    /// The ledger is right.
    Stands,
    /// What was implied is not so: the operation is taken back.
    Undo,
    /// It was packed since.
    Repacked,
    /// It is not to be used.
    Destroyed,
    /// Somebody looked; nothing is to be done, for a reason.
    Seen,
}

impl Resolution {
    /// The word used in APIs and in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::PackAgain => "pack_again",
            Self::FoundIn => "found_in",
            Self::Unpack => "unpack",
            Self::Returned => "returned",
            Self::Received => "received",
            Self::Stands => "stands",
            Self::Undo => "undo",
            Self::Repacked => "repacked",
            Self::Destroyed => "destroyed",
            Self::Seen => "seen",
        }
    }

    /// Scans and commands it takes at most.
    #[must_use]
    pub const fn scans_max(self) -> u8 {
        match self {
            Self::Again
            | Self::Unpack
            | Self::Returned
            | Self::Received
            | Self::Stands
            | Self::Undo
            | Self::Repacked => 1,
            Self::FoundIn | Self::Destroyed | Self::Seen => 2,
            Self::PackAgain => 3,
        }
    }
}

/// What is to be resolved.
#[derive(Clone, Debug)]
pub struct Matter {
    /// Its number.
    pub exception: i64,
    /// What kind.
    pub kind: Kind,
    /// The code concerned.
    pub code: Option<Code>,
    /// Why it does not count.
    pub rejection: Option<Rejection>,
    /// The operation that does not count, or that must be confirmed, under its name.
    pub done: Option<(OperationId, Operation)>,
    /// It is resolved.
    pub resolved: bool,
}

impl Matter {
    /// What an exception is about; none when it was never there.
    pub fn read(conn: &Connection, id: i64) -> Result<Option<Self>, StoreError> {
        exceptions::one(conn, id)?.map(|row| Self::of(conn, &row)).transpose()
    }

    /// What this exception is about.
    pub fn of(conn: &Connection, row: &ExceptionRow) -> Result<Self, StoreError> {
        let done = match row.operation {
            Some(id) => outbox::operation(conn, id)?.map(|operation| (id, operation)),
            None => None,
        };
        let rejection = row.rejection.clone().and_then(|said| serde_json::from_value(said).ok());
        let (exception, kind, code, resolved) =
            (row.id, row.kind, row.code, row.resolved.is_some());
        Ok(Self { exception, kind, code, rejection, done, resolved })
    }

    /// Every way to resolve it, the likeliest first.
    #[must_use]
    pub fn resolutions(&self) -> Vec<Resolution> {
        use Resolution as R;
        if self.resolved {
            return Vec::new();
        }
        match (self.kind, &self.done) {
            (Kind::Verdict, Some((_, operation))) => self.of_verdict(&operation.action),
            (Kind::Verdict, None) | (Kind::Critical, _) => vec![R::Seen],
            (Kind::Notice, Some(_)) => vec![R::Stands, R::Undo],
            (Kind::Notice, None) => vec![R::Stands],
            (Kind::SetAside, _) => vec![R::Repacked, R::Destroyed, R::Seen],
            (Kind::Refused, _) => match &self.rejection {
                Some(Rejection::AlreadyPacked { .. }) => vec![R::Unpack, R::FoundIn, R::Seen],
                Some(Rejection::Disputed { .. }) => vec![R::Stands, R::FoundIn, R::Seen],
                Some(Rejection::AlreadyShipped { .. }) => vec![R::Returned, R::Seen],
                Some(Rejection::NotReceived { .. } | Rejection::OnItsWay { .. }) => {
                    vec![R::Received, R::Seen]
                }
                Some(_) | None => vec![R::Seen],
            },
        }
    }

    /// True when nobody may leave it at that alone: goods have left, or everything waits for it.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        let moves = self.done.as_ref().is_some_and(|(_, operation)| moves_goods(&operation.action));
        self.kind == Kind::Critical || (self.kind == Kind::Verdict && moves)
    }

    fn of_verdict(&self, action: &Action) -> Vec<Resolution> {
        use Resolution as R;
        let packs = matches!(action, Action::Pack(_) | Action::AddTo(_) | Action::Regroup(_));
        let contradicted = matches!(
            self.rejection,
            Some(
                Rejection::AlreadyPacked { .. }
                    | Rejection::Disputed { .. }
                    | Rejection::CustodyDiffers { .. }
            )
        );
        let mut ways = Vec::new();
        if packs && contradicted {
            ways.extend([R::PackAgain, R::FoundIn]);
        }
        match &self.rejection {
            Some(Rejection::AlreadyShipped { .. }) if leaves(action) => ways.push(R::Returned),
            Some(Rejection::Disputed { .. }) if leaves(action) => ways.push(R::Returned),
            Some(Rejection::NotReceived { .. } | Rejection::OnItsWay { .. }) if leaves(action) => {
                ways.push(R::Received);
            }
            Some(_) | None => {}
        }
        if !matches!(action, Action::OpenTask(_)) {
            ways.push(R::Again);
        }
        ways.extend([R::Stands, R::Seen]);
        ways
    }
}

/// Goods go from one holder to another by it.
const fn moves_goods(action: &Action) -> bool {
    match action {
        Action::Receive(_)
        | Action::Ship(_)
        | Action::Return(_)
        | Action::Transfer(_)
        | Action::Reassign(_)
        | Action::PostCount(_)
        | Action::Sample(_)
        | Action::Destroy(_) => true,
        Action::OpenTask(_)
        | Action::Commission(_)
        | Action::Pack(_)
        | Action::AddTo(_)
        | Action::Unpack(_)
        | Action::Regroup(_)
        | Action::Relabel(_)
        | Action::VerifyPack(_)
        | Action::Count(_)
        | Action::WriteOff(_)
        | Action::Inspect(_)
        | Action::Correct(_)
        | Action::Settle(_) => false,
    }
}

/// Goods that somebody must hold leave by it.
const fn leaves(action: &Action) -> bool {
    matches!(action, Action::Ship(_) | Action::Transfer(_) | Action::Sample(_) | Action::Destroy(_))
}
