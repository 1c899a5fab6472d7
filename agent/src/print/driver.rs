//! Works a printer's queue off, one job at a time.
//!
//! A job waits as long as nothing of it was sent: a printer that is gone or lacks paper is asked again and again, ever
//! more slowly. Once its first byte may have left, only the printer's own word or a person's ends it.

use std::io;

use sealtrace_protocol::time::Timestamp;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::port::Port;
use super::status::Status;
use super::{Standing, chain, fields};
use crate::agent::Agent;
use crate::config::PrinterConfig;
use crate::feedback::Message;
use crate::store::StoreError;
use crate::store::print::{self, Job, State};

/// Between two tries of a job: from the first to the longest pause.
const RETRY_MS: (i64, i64) = (1_000, 60_000);
/// Tries of a job before it is given up: about a quarter of an hour.
const ATTEMPTS_MAX: u32 = 20;
/// Between two questions while a printer is at it.
const POLL_MS: u64 = 300;
/// Between two questions while there is nothing to print.
const LOOK_MS: u64 = 30_000;

pub(super) async fn run(
    agent: Agent,
    printer: PrinterConfig,
    standing: watch::Sender<Standing>,
    stop: CancellationToken,
) {
    let driver = Driver { agent, printer, standing, stop };
    if let Err(error) = driver.work_off().await {
        tracing::error!(
            printer.name = driver.printer.name,
            error = &error as &dyn std::error::Error,
            "nothing is printed any more: the store failed; start the agent again"
        );
        driver.stand(None, Some(Message::new("internal")));
    }
}

struct Driver {
    agent: Agent,
    printer: PrinterConfig,
    standing: watch::Sender<Standing>,
    stop: CancellationToken,
}

/// How the sending of a job ended.
enum Ended {
    Printed,
    /// Nothing left.
    Unsent(Message),
    /// Something left, perhaps all.
    Uncertain(Message),
    /// The program stops while the printer has the job: the next start calls it uncertain.
    Stopped,
}

impl Driver {
    async fn work_off(&self) -> Result<(), StoreError> {
        let mut commits = self.agent.store.commits();
        let mut look_at_ms = 0;
        while !self.stop.is_cancelled() {
            commits.mark_unchanged();
            let name = self.printer.name.clone();
            let next = self.agent.store.read(move |conn| print::next(conn, &name)).await?;
            let now_ms = self.agent.clock.monotonic_ms();
            let wait_ms = match next {
                Some(job) => {
                    let wait = job.due_at.millis().saturating_sub(self.agent.clock.now().millis());
                    if wait <= 0 {
                        self.print(job).await?;
                        continue;
                    }
                    // A clock that was set back does not stop the printing.
                    u64::try_from(wait.min(RETRY_MS.1)).unwrap_or_default()
                }
                None if now_ms >= look_at_ms => {
                    self.look().await;
                    look_at_ms = self.agent.clock.monotonic_ms().saturating_add(LOOK_MS);
                    continue;
                }
                None => look_at_ms.saturating_sub(now_ms),
            };
            tokio::select! {
                () = self.agent.clock.sleep_ms(wait_ms) => {}
                changed = commits.changed() => if changed.is_err() { return Ok(()) },
                () = self.stop.cancelled() => return Ok(()),
            }
        }
        Ok(())
    }

    /// What the printer lacks is shown before anybody needs a label.
    async fn look(&self) {
        if self.printer.printer.answers {
            let problem = self.open().await.err();
            self.stand(None, problem);
        }
    }

    async fn print(&self, job: Job) -> Result<(), StoreError> {
        let (id, template) = (job.id, job.template.clone());
        let bytes = match fields::commands(&self.printer, &job) {
            Ok(bytes) => bytes,
            Err(message) => return self.give_up(id, message).await,
        };
        let port = match self.open().await {
            Ok(port) => port,
            Err(problem) => return self.defer(&job, problem).await,
        };
        if !self.agent.store.write(move |tx| print::begin(tx, id)).await? {
            return Ok(());
        }
        self.stand(Some(id), None);
        let ended = self.send(port, &bytes, id).await;
        let now = self.agent.clock.now();
        match ended {
            Ended::Printed => {
                self.agent
                    .store
                    .write(move |tx| print::end(tx, id, State::Printed, None, now))
                    .await?;
                tracing::info!(
                    printer.name = self.printer.name,
                    print.job = id,
                    print.label = template,
                    "a label is printed"
                );
                self.stand(None, None);
            }
            Ended::Unsent(problem) => self.defer(&job, problem).await?,
            Ended::Uncertain(problem) => {
                let value = json(&problem);
                self.agent
                    .store
                    .write(move |tx| print::end(tx, id, State::Uncertain, Some(&value), now))
                    .await?;
                tracing::warn!(
                    printer.name = self.printer.name,
                    print.job = id,
                    print.problem = problem.code,
                    "whether a label came out is not known; a person must say so"
                );
                self.stand(None, Some(problem));
            }
            Ended::Stopped => {}
        }
        Ok(())
    }

    /// Opens the port of a printer that is well.
    async fn open(&self) -> Result<Port, Message> {
        let opened = Port::open(&self.printer.port, &self.printer.profile).await;
        let mut port = opened.map_err(|error| because("printer_unreachable", &error))?;
        if !self.printer.printer.answers {
            return Ok(port);
        }
        match port.ask(self.printer.printer.language).await {
            Ok(Status::Idle | Status::Busy) => Ok(port),
            Ok(Status::Lacks(lack)) => Err(Message::new(lack.code())),
            Err(error) => Err(because("printer_silent", &error)),
        }
    }

    async fn send(&self, mut port: Port, bytes: &[u8], id: i64) -> Ended {
        match port.send(bytes).await {
            Ok(()) => {}
            Err((0, error)) => return Ended::Unsent(because("printer_lost", &error)),
            Err((_, error)) => return Ended::Uncertain(because("printer_lost", &error)),
        }
        if self.printer.printer.answers {
            return self.wait_for_it(port, id).await;
        }
        match port.close().await {
            Ok(()) => Ended::Printed,
            Err(error) => Ended::Uncertain(because("printer_lost", &error)),
        }
    }

    /// Asks until the label is out, however long somebody takes to bring paper.
    async fn wait_for_it(&self, mut port: Port, id: i64) -> Ended {
        loop {
            let problem = match port.ask(self.printer.printer.language).await {
                Ok(Status::Idle) => return Ended::Printed,
                Ok(Status::Busy) => None,
                Ok(Status::Lacks(lack)) => Some(Message::new(lack.code())),
                Err(error) => return Ended::Uncertain(because("printer_silent", &error)),
            };
            self.stand(Some(id), problem);
            tokio::select! {
                () = self.agent.clock.sleep_ms(POLL_MS) => {}
                () = self.stop.cancelled() => return Ended::Stopped,
            }
        }
    }

    async fn defer(&self, job: &Job, problem: Message) -> Result<(), StoreError> {
        let (id, attempts) = (job.id, job.attempts.saturating_add(1));
        if attempts >= ATTEMPTS_MAX {
            return self.give_up(id, problem).await;
        }
        if self.stand(None, Some(problem.clone())) {
            tracing::warn!(
                printer.name = self.printer.name,
                print.problem = problem.code,
                print.why = %json(&problem),
                "the printer does not print; it is tried again"
            );
        }
        let due_at = self.agent.clock.now().plus_ms(pause_ms(attempts));
        let value = json(&problem);
        self.agent.store.write(move |tx| print::defer(tx, id, &value, due_at)).await
    }

    async fn give_up(&self, id: i64, problem: Message) -> Result<(), StoreError> {
        tracing::warn!(printer.name = self.printer.name, print.job = id, print.why = %json(&problem), "a label is given up");
        let (value, now) = (json(&problem), self.agent.clock.now());
        self.agent
            .store
            .write(move |tx| print::end(tx, id, State::Failed, Some(&value), now))
            .await?;
        self.stand(None, Some(problem));
        Ok(())
    }

    /// Shows how the printer stands; true when its problem is news.
    fn stand(&self, job: Option<i64>, problem: Option<Message>) -> bool {
        let now: Timestamp = self.agent.clock.now();
        let mut is_news = false;
        self.standing.send_if_modified(|standing| {
            is_news = standing.problem != problem;
            let changed = is_news || standing.job != job;
            if changed {
                *standing = Standing { job, problem, since: Some(now) };
            }
            changed
        });
        is_news
    }
}

/// Twice as long each time.
fn pause_ms(attempts: u32) -> i64 {
    let doubled = RETRY_MS.0.checked_shl(attempts.saturating_sub(1).min(16)).unwrap_or(RETRY_MS.1);
    doubled.min(RETRY_MS.1)
}

fn because(code: &str, error: &io::Error) -> Message {
    Message::new(code).with("why", chain(error))
}

fn json(message: &Message) -> Value {
    serde_json::to_value(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute() {
        let pauses: Vec<_> = [1, 2, 3, 7, 19, u32::MAX].into_iter().map(pause_ms).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 60_000, 60_000, 60_000]);
    }
}
