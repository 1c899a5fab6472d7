//! The reject gate behind the case reader: told by byte strings or Modbus, kept awake by a heartbeat.
//!
//! It fails safe: what it is not told to accept it rejects, and without a heartbeat it rejects everything. So an accept
//! that cannot be said is a reject. "Accept" means: let the package that comes next pass; said twice before that package
//! it still means one.

mod bytes;
mod modbus;

use std::time::Duration;

use sealtrace_firmware_config::{Gate as GateProfile, ProfileError, Signals};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, timeout};

use crate::config::Port;
use crate::input::port::{Opener, PortError};

/// Commands that may wait for the gate.
const COMMANDS_MAX: usize = 8;
/// News of the gate that may wait for the lane.
const NEWS_MAX: usize = 16;
/// Wait before the gate's port is opened again.
const REOPEN: Duration = Duration::from_millis(500);
/// How long a lane that starts waits for a gate to tell whether the last package passed.
const EVIDENCE_MAX: Duration = Duration::from_secs(5);

/// What became of an accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The gate has it.
    Yes,
    /// The gate has not got it, and will not.
    No,
    /// It was sent, and nothing came back in time.
    Unsure,
}

/// What a gate has to tell by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It was told to reject, and nothing was seen to be taken off the belt.
    Unconfirmed,
    /// An accept of which nothing was heard in time had reached it all the same.
    PassedAfterAll,
}

enum Command {
    Accept {
        within: Duration,
        done: oneshot::Sender<Said>,
    },
    /// What was accepted last is on the disk.
    Settled,
    Reject,
    Halt(bool),
    Evidence(oneshot::Sender<Option<bool>>),
}

/// A gate, reached through the task that holds its port.
pub(super) struct Gate {
    commands: mpsc::Sender<Command>,
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
    deadline: Duration,
}

/// What must be true of the gate whenever it can be reached, and what was learned of it.
#[derive(Debug)]
struct Wanted {
    /// The belt is to stand still.
    halted: bool,
    /// An accept was said that is not on the disk yet.
    unsettled: bool,
    /// An accept was sent whose fate is unknown.
    unsure: bool,
    /// Whether the accept of the last run was found standing; none until it could be looked at, or for ever.
    evidence: Option<bool>,
    news: mpsc::Sender<News>,
}

impl Gate {
    /// Starts the task that holds the gate's port.
    pub(super) fn start(port: &Port) -> Result<Self, ProfileError> {
        let profile = port.profile.gate()?.clone();
        let opener = Opener::new(&port.port, &port.profile)?;
        let deadline = profile.deadline;
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let (tell, news) = mpsc::channel(NEWS_MAX);
        let wanted =
            Wanted { halted: false, unsettled: false, unsure: false, evidence: None, news: tell };
        let task = tokio::spawn(hold(opener, profile, queue, wanted));
        Ok(Self { commands, news, task, deadline })
    }

    /// How long after the label's last byte a word still comes in time.
    pub(super) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Lets the next package pass, if that can be said in time.
    pub(super) async fn accept(&self, within: Duration) -> Said {
        let (done, said) = oneshot::channel();
        if self.commands.send(Command::Accept { within, done }).await.is_err() {
            return Said::No;
        }
        said.await.unwrap_or(Said::Unsure)
    }

    /// Tells that the accept is written down: a power cut cannot make it doubtful any more.
    pub(super) async fn settled(&self) {
        self.tell(Command::Settled).await;
    }

    /// Takes the next package off the belt. A gate that does not hear it does so anyway.
    pub(super) async fn reject(&self) {
        self.tell(Command::Reject).await;
    }

    /// Stops the belt, or lets it run.
    pub(super) async fn halt(&self, halted: bool) {
        self.tell(Command::Halt(halted)).await;
    }

    /// Whether the last accept before this program started had reached the gate; none when it cannot tell.
    pub(super) async fn evidence(&self) -> Option<bool> {
        let asked = async {
            loop {
                let (tell, told) = oneshot::channel();
                self.commands.send(Command::Evidence(tell)).await.ok()?;
                if let Some(evidence) = told.await.ok()? {
                    return Some(evidence);
                }
                sleep(REOPEN / 10).await;
            }
        };
        timeout(EVIDENCE_MAX, asked).await.ok().flatten()
    }

    /// What it has to tell next; for ever pending once its task has ended.
    pub(super) async fn news(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }

    async fn tell(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::error!("the gate's task has ended: the gate rejects everything");
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hold(
    mut opener: Opener,
    gate: GateProfile,
    mut queue: mpsc::Receiver<Command>,
    mut wanted: Wanted,
) {
    let mut told = false;
    loop {
        let Some(opened) = refuse_during(opener.open(), &mut queue, &mut wanted).await else {
            return;
        };
        let error = match opened {
            Ok(stream) => {
                tracing::info!(gate.port = opener.port(), "the gate is connected");
                told = false;
                let served = match &gate.signals {
                    Signals::Bytes(words) => {
                        bytes::serve(opener.port(), stream, words, &mut queue, &mut wanted).await
                    }
                    Signals::Modbus(map) => {
                        let rtu = crate::input::port::is_serial(opener.port());
                        let controller = modbus::Controller::new(stream, map, rtu, opener.port());
                        controller.serve(&mut queue, &mut wanted).await
                    }
                };
                match served {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => GateError::Port(error),
        };
        if !told {
            tracing::error!(
                gate.port = opener.port(),
                error = &error as &dyn std::error::Error,
                "the gate is not connected: every case is rejected; check its cable"
            );
            told = true;
        }
        if refuse_during(sleep(REOPEN), &mut queue, &mut wanted).await.is_none() {
            return;
        }
    }
}

/// Why a gate is not connected.
#[derive(Debug, thiserror::Error)]
enum GateError {
    #[error(transparent)]
    Port(#[from] PortError),
    /// The controller answers that it will not.
    #[error(
        "the controller refuses {what}; compare the profile's addresses with the controller's program"
    )]
    Refused {
        what: String,
        #[source]
        source: tokio_modbus::ExceptionCode,
    },
    #[error("the controller at {port} does not answer as Modbus does")]
    Modbus {
        port: String,
        #[source]
        source: tokio_modbus::Error,
    },
    #[error("the controller at {0} has not answered in time")]
    Late(String),
}

/// Refuses commands until something is done; none when the lane has ended.
async fn refuse_during<T>(
    done: impl Future<Output = T>,
    queue: &mut mpsc::Receiver<Command>,
    wanted: &mut Wanted,
) -> Option<T> {
    tokio::pin!(done);
    loop {
        tokio::select! {
            done = &mut done => return Some(done),
            command = queue.recv() => match command? {
                // A lane that gave up waiting treats it as unsaid as well.
                Command::Accept { done, .. } => { let _ = done.send(Said::No); }
                Command::Settled => wanted.unsettled = false,
                Command::Reject => {}
                Command::Halt(halted) => wanted.halted = halted,
                Command::Evidence(tell) => { let _ = tell.send(wanted.evidence); }
            },
        }
    }
}

/// Ticks for a heartbeat; where there is none, so rarely that it does not matter.
fn ticks(every: Option<Duration>) -> Interval {
    let mut ticks = interval(every.unwrap_or(Duration::from_secs(3_600)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Sleeps until then, or for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
