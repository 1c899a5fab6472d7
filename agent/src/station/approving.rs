//! What an operator may not do alone waits until somebody who may approve it has signed for it, and is done then.

use sealtrace_protocol::ids::OperatorId;
use sealtrace_protocol::ledger::{Rejection, Role};

use super::commands::Command;
use super::desk::Desk;
use super::open::{Open, settle};
use super::pen::machine;
use super::work::Person;
use super::{Moment, Step};
use crate::feedback::{Message, Say, Tone};
use crate::store::StoreError;

/// True when a supervisor's approval is all that is missing.
pub(super) fn needs_approval(rejection: &Rejection) -> bool {
    matches!(rejection, Rejection::RoleNotPermitted { needs: Role::Supervisor })
}

impl Desk {
    /// Does what waited for an approval. Whoever approves was made sure of: that it is them, and that they may.
    pub async fn approve(&self, person: &Person, approver: OperatorId) -> Say {
        let mut open = self.open.lock().await;
        let result = match (open.work.asks, open.is_out_of_reach(person)) {
            (_, Some(say)) => Ok(say),
            (None, None) => Ok(Step::not_now().say),
            (Some(command), None) => {
                let moment = self.moment(person, Some(approver));
                match command {
                    Command::Mix => self.set_mixed(&mut open, moment, true).await,
                    Command::Confirm
                    | Command::Close
                    | Command::Undo
                    | Command::Switch
                    | Command::Back
                    | Command::Acknowledge
                    | Command::Open(_)
                    | Command::Choose(_)
                    | Command::Next
                    | Command::Show(_) => self.finish(&mut open, moment, command).await,
                }
            }
        };
        settle(&mut open, result)
    }

    /// A command waits for somebody to approve it; any scan ends that.
    pub(super) async fn ask(&self, open: &mut Open, command: Command) -> Result<Say, StoreError> {
        let mut work = open.work.clone();
        work.asks = Some(command);
        self.remember(open, work).await?;
        let message = Message::new("needs_approval").with("needs", Role::Supervisor);
        Ok(Say::new(Tone::Warning, message))
    }

    /// Units of other lots go into the open package from now on, or no more.
    pub(super) async fn mix(
        &self,
        open: &mut Open,
        person: &Person,
        moment: Moment,
    ) -> Result<Say, StoreError> {
        if !open.shown().face.can.mix {
            return Ok(Step::not_now().say);
        }
        let mixes = !open.work.mixed_lots;
        if mixes && !person.role.approves() {
            return self.ask(open, Command::Mix).await;
        }
        self.set_mixed(open, moment, mixes).await
    }

    async fn set_mixed(
        &self,
        open: &mut Open,
        moment: Moment,
        mixed_lots: bool,
    ) -> Result<Say, StoreError> {
        let mut work = open.work.clone();
        work.agree_anew();
        work.mixed_lots = mixed_lots;
        work.approver = moment.approver.filter(|_| mixed_lots);
        self.remember(open, work.clone()).await?;
        let drafts = open.drafts.clone();
        let build = move |conn: &_| machine(conn, &work, &drafts, moment.at);
        open.machine = self.store.read(build).await?;
        let word = if mixed_lots { "lots_mixed" } else { "lots_apart" };
        Ok(Say::new(Tone::Ready, Message::new(word)))
    }
}
