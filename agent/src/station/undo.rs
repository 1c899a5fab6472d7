//! Taking back: the last scan of the open work, or what was done last with this screen when nothing is scanned.

use sealtrace_protocol::ledger::{Action, Correct, Correction};

use super::desk::Desk;
use super::open::Open;
use super::pen::{WORK_KEY, machine, with_basis};
use super::work::{Done, Kept};
use super::{Moment, Step};
use crate::feedback::{Message, Say, Tone};
use crate::store::outbox::{self, ConfirmError};
use crate::store::{StoreError, exceptions, journal, settings};

impl Desk {
    pub(super) async fn undo(&self, open: &mut Open, moment: Moment) -> Result<Say, StoreError> {
        if let Some(last) = open.active().last().cloned() {
            return self.undo_scan(open, moment, last).await;
        }
        match open.work.last_done().cloned() {
            Some(done) => self.undo_done(open, moment, done).await,
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

    /// Every operation of it is corrected, the last first; an exception that it resolved waits again.
    async fn undo_done(
        &self,
        open: &mut Open,
        moment: Moment,
        done: Done,
    ) -> Result<Say, StoreError> {
        let mut work = open.work.clone();
        work.forget_done();
        work.last.clear();
        work.asks = None;
        let of = done.operations.last().map(ToString::to_string);
        let rest = open.drafts.clone();
        let result = self
            .store
            .write(move |tx| {
                let moment = with_basis(tx, moment)?;
                for names in done.operations.into_iter().rev() {
                    let correct = Correct { names, correction: Correction::Undo };
                    outbox::confirm(tx, &moment.operation(Action::Correct(correct)), &[])?;
                }
                if let Some(exception) = done.exception {
                    exceptions::reopen(tx, exception)?;
                }
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
        let kind = if of.is_some() { "operation" } else { "exception" };
        Ok(Say::accepted(Message::new("undone").with("kind", kind).with("of", of)))
    }
}
