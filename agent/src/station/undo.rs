//! Taking back: the last scan of the open work, or the last operation when nothing is open.

use sealtrace_protocol::ids::OperationId;
use sealtrace_protocol::ledger::{Action, Correct, Correction};

use super::desk::Desk;
use super::open::Open;
use super::pen::{WORK_KEY, machine, with_basis};
use super::work::Kept;
use super::{Moment, Step};
use crate::feedback::{Message, Say, Tone};
use crate::store::outbox::{self, ConfirmError};
use crate::store::{StoreError, journal, settings};

impl Desk {
    pub(super) async fn undo(&self, open: &mut Open, moment: Moment) -> Result<Say, StoreError> {
        if let Some(last) = open.active().last().cloned() {
            return self.undo_scan(open, moment, last).await;
        }
        match open.work.last_operation {
            Some(names) => self.undo_operation(open, moment, names).await,
            None => Ok(Say::new(Tone::Warning, Message::new("not_open"))),
        }
    }

    async fn undo_scan(
        &self,
        open: &mut Open,
        moment: Moment,
        last: Kept,
    ) -> Result<Say, StoreError> {
        let mut work = open.work.clone();
        work.asks = None;
        let mut rest = open.drafts.clone();
        rest.retain(|kept| kept.id != last.id);
        let text = last.scanned.code.canonical();
        work.last.retain(|shown| shown.code != text || shown.tone.blocks());
        let (work, machine, rest) = self
            .store
            .write(move |tx| {
                journal::undo(tx, last.id, moment.at.wall, "undo")?;
                settings::set(tx, WORK_KEY, &work)?;
                let machine = machine(tx, &work, &rest, moment.at)?;
                Ok::<_, StoreError>((work, machine, rest))
            })
            .await?;
        open.work = work;
        open.machine = machine;
        open.drafts = rest;
        Ok(Say::accepted(Message::new("undone").with("kind", "scan").with("code", text)))
    }

    async fn undo_operation(
        &self,
        open: &mut Open,
        moment: Moment,
        names: OperationId,
    ) -> Result<Say, StoreError> {
        let mut work = open.work.clone();
        work.last_operation = None;
        work.last.clear();
        work.asks = None;
        let rest = open.drafts.clone();
        let correct = Correct { names, correction: Correction::Undo };
        let result = self
            .store
            .write(move |tx| {
                let moment = with_basis(tx, moment)?;
                let operation = moment.operation(Action::Correct(correct));
                outbox::confirm(tx, &operation, &[])?;
                settings::set(tx, WORK_KEY, &work)?;
                let machine = machine(tx, &work, &rest, moment.at)?;
                Ok::<_, ConfirmError>((work, machine))
            })
            .await;
        match result {
            Ok((work, machine)) => {
                open.work = work;
                open.machine = machine;
            }
            Err(ConfirmError::Refused(rejection)) => {
                return self.told(open, Step::rejected(&rejection).say).await;
            }
            Err(ConfirmError::Store(error)) => return Err(error),
        }
        Ok(Say::accepted(
            Message::new("undone").with("kind", "operation").with("of", names.to_string()),
        ))
    }
}
