//! A gate behind a Modbus controller, over TCP or RTU.
//!
//! The accept coil is lowered only after the accept is on the disk. So after a power cut the coil itself tells whether
//! the package passed: raised, it did; lowered and not written down, it did not.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use sealtrace_firmware_config::{Beat, Modbus};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_modbus::Slave;
use tokio_modbus::client::{Context, Reader as _, Writer as _, rtu, tcp};

use super::{Command, GateError, News, Said, Wanted, ticks, until};
use crate::clock::instant;
use crate::input::port::Stream;

/// How long a controller may take to answer anything but an accept, which has its own deadline.
const ANSWER_MAX: Duration = Duration::from_millis(1_000);
/// How often the input that confirms a reject is looked at while one is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A controller that is connected.
pub(super) struct Controller<'g> {
    port: &'g str,
    map: &'g Modbus,
    context: Context,
    /// When the accept coil may be lowered; none while it is not raised.
    accept_until: Option<Instant>,
    /// When the reject coil is lowered.
    reject_until: Option<Instant>,
    /// By when each reject must be confirmed.
    awaited: VecDeque<Instant>,
    /// When the confirming input is looked at next.
    look_at: Option<Instant>,
    /// How the confirming input stood last.
    confirmed: bool,
    /// What is written as the next sign of life.
    beat: u16,
}

impl<'g> Controller<'g> {
    pub(super) fn new(
        stream: Box<dyn Stream>,
        map: &'g Modbus,
        is_rtu: bool,
        port: &'g str,
    ) -> Self {
        let unit = Slave(map.unit);
        let context =
            if is_rtu { rtu::attach_slave(stream, unit) } else { tcp::attach_slave(stream, unit) };
        Self {
            port,
            map,
            context,
            accept_until: None,
            reject_until: None,
            awaited: VecDeque::new(),
            look_at: None,
            confirmed: false,
            beat: 0,
        }
    }

    /// Tells the controller what it is to be told; ends well when the lane has ended.
    pub(super) async fn serve(
        mut self,
        queue: &mut mpsc::Receiver<Command>,
        wanted: &mut Wanted,
    ) -> Result<(), GateError> {
        self.begin(wanted).await?;
        let mut ticks = ticks(self.map.heartbeat.as_ref().map(|beat| beat.interval));
        loop {
            tokio::select! {
                // A case that waits for its answer goes before everything else.
                biased;
                command = queue.recv() => {
                    let Some(command) = command else { return Ok(()) };
                    self.obey(command, wanted).await?;
                }
                () = until(self.accept_until.filter(|_| !wanted.unsettled)) => {
                    self.accept_until = None;
                    self.write_coil(self.map.accept_coil, false).await?;
                }
                () = until(self.reject_until) => {
                    self.reject_until = None;
                    if let Some(coil) = self.map.reject_coil {
                        self.write_coil(coil, false).await?;
                    }
                }
                _ = ticks.tick() => self.beat().await?,
                () = until(self.look_at) => self.look_for_confirmation(wanted).await?,
            }
        }
    }

    /// Learns how the last connection left the coils, and puts them right.
    async fn begin(&mut self, wanted: &mut Wanted) -> Result<(), GateError> {
        let coil = self.map.accept_coil;
        let raised = self.read("the accept coil", |context| context.read_coils(coil, 1)).await?;
        wanted.evidence.get_or_insert(raised);
        if raised && std::mem::take(&mut wanted.unsure) {
            self.tell(wanted, News::PassedAfterAll);
        }
        wanted.unsure = false;
        if raised {
            // Not before the disk has it, should this be a mere interruption.
            self.accept_until = Some(instant());
        }
        if let Some(coil) = self.map.reject_coil {
            self.write_coil(coil, false).await?;
        }
        if let Some(coil) = self.map.stop_coil {
            self.write_coil(coil, wanted.halted).await?;
        }
        Ok(())
    }

    async fn obey(&mut self, command: Command, wanted: &mut Wanted) -> Result<(), GateError> {
        match command {
            Command::Accept { within, done } => {
                let coil = self.map.accept_coil;
                let raised = self.write_coil_within(coil, true, within).await;
                let said = match &raised {
                    Ok(()) => Said::Yes,
                    Err(GateError::Refused { .. }) => Said::No,
                    Err(GateError::Port(_) | GateError::Modbus { .. } | GateError::Late(_)) => {
                        Said::Unsure
                    }
                };
                wanted.unsettled = said == Said::Yes;
                wanted.unsure = said == Said::Unsure;
                // A lane that gave up waiting treats it as unsaid as well.
                let _ = done.send(said);
                raised?;
                self.accept_until = Some(instant() + self.map.pulse);
            }
            Command::Settled => wanted.unsettled = false,
            Command::Reject => {
                if let Some(confirm) = self.map.confirm {
                    if self.awaited.is_empty() {
                        self.confirmed = self.confirmation(confirm.input).await?;
                    }
                    self.awaited.push_back(instant() + confirm.deadline);
                    self.look_at.get_or_insert(instant() + LOOK_EVERY);
                }
                if let Some(coil) = self.map.reject_coil {
                    self.write_coil(coil, true).await?;
                    self.reject_until = Some(instant() + self.map.pulse);
                }
            }
            Command::Halt(halted) => {
                wanted.halted = halted;
                if let Some(coil) = self.map.stop_coil {
                    self.write_coil(coil, halted).await?;
                }
            }
            Command::Evidence(tell) => {
                let _ = tell.send(wanted.evidence);
            }
        }
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), GateError> {
        self.beat = self.beat.wrapping_add(1);
        let value = self.beat;
        match self.map.heartbeat.as_ref().map(|beat| beat.sign) {
            None => Ok(()),
            Some(Beat::Coil(coil)) => self.write_coil(coil, value % 2 == 1).await,
            Some(Beat::Register(register)) => {
                let written = self.context.write_single_register(register, value);
                answered(self.port, ANSWER_MAX, "the heartbeat register", written).await
            }
        }
    }

    async fn confirmation(&mut self, input: u16) -> Result<bool, GateError> {
        self.read("the confirming input", |context| context.read_discrete_inputs(input, 1)).await
    }

    async fn look_for_confirmation(&mut self, wanted: &Wanted) -> Result<(), GateError> {
        let Some(confirm) = self.map.confirm else { return Ok(()) };
        let before = std::mem::replace(&mut self.confirmed, false);
        self.confirmed = self.confirmation(confirm.input).await?;
        if self.confirmed && !before {
            self.awaited.pop_front();
        }
        let now = instant();
        while self.awaited.front().is_some_and(|by| *by <= now) {
            self.awaited.pop_front();
            self.tell(wanted, News::Unconfirmed);
        }
        self.look_at = (!self.awaited.is_empty()).then(|| now + LOOK_EVERY);
        Ok(())
    }

    fn tell(&self, wanted: &Wanted, news: News) {
        if wanted.news.try_send(news).is_err() {
            tracing::error!(gate.port = self.port, gate.news = ?news, "the lane does not hear its gate");
        }
    }

    async fn write_coil(&mut self, coil: u16, raised: bool) -> Result<(), GateError> {
        self.write_coil_within(coil, raised, ANSWER_MAX).await
    }

    async fn write_coil_within(
        &mut self,
        coil: u16,
        raised: bool,
        within: Duration,
    ) -> Result<(), GateError> {
        let written = self.context.write_single_coil(coil, raised);
        answered(self.port, within, &format!("coil {coil}"), written).await
    }

    async fn read<'c, F>(
        &'c mut self,
        what: &str,
        ask: impl FnOnce(&'c mut Context) -> F,
    ) -> Result<bool, GateError>
    where
        F: Future<Output = tokio_modbus::Result<Vec<bool>>> + 'c,
    {
        let port = self.port;
        let values = answered(port, ANSWER_MAX, what, ask(&mut self.context)).await?;
        Ok(values.first().copied().unwrap_or_default())
    }
}

/// Waits for a controller's answer. After an error the connection must be given up: an answer that comes late would be
/// taken for that of the next question.
async fn answered<T>(
    port: &str,
    within: Duration,
    what: &str,
    answer: impl Future<Output = tokio_modbus::Result<T>>,
) -> Result<T, GateError> {
    let answer = timeout(within, answer).await.map_err(|_| GateError::Late(port.to_owned()))?;
    let answer = answer.map_err(|source| GateError::Modbus { port: port.to_owned(), source })?;
    answer.map_err(|source| GateError::Refused { what: what.to_owned(), source })
}
