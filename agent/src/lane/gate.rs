//! The reject gate behind the case reader: told by byte strings, kept awake by a heartbeat.
//!
//! It fails safe: without a word, or without a heartbeat, it rejects. So an accept that cannot be said is a reject.

use std::time::Duration;

use sealtrace_firmware_config::{Gate as GateProfile, Profile};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_serial::SerialStream;

use crate::config::Port;
use crate::input::serial::{self, SerialError};

/// Commands that may wait for the gate.
const COMMANDS_MAX: usize = 4;
/// Wait before the gate's port is opened again.
const REOPEN: Duration = Duration::from_millis(500);
struct Command {
    accept: bool,
    done: oneshot::Sender<bool>,
}

/// A gate, reached through the task that holds its port.
pub(super) struct Gate {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<()>,
    deadline: Duration,
}

impl Gate {
    /// Starts the task that holds the gate's port; `None` when the profile is no gate's.
    pub(super) fn start(port: &Port) -> Option<Self> {
        let profile = port.profile.gate().ok()?.clone();
        let deadline = profile.deadline;
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let task = tokio::spawn(hold(port.port.clone(), port.profile.clone(), profile, queue));
        Some(Self { commands, task, deadline })
    }

    /// How long after the label's last byte a word still comes in time.
    pub(super) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Says accept or reject; false when it could not be said.
    pub(super) async fn say(&self, accept: bool) -> bool {
        let (done, said) = oneshot::channel();
        if self.commands.send(Command { accept, done }).await.is_err() {
            return false;
        }
        said.await.unwrap_or(false)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hold(
    port: String,
    profile: Profile,
    gate: GateProfile,
    mut queue: mpsc::Receiver<Command>,
) {
    let mut told = false;
    loop {
        let opened = profile
            .serial()
            .map_err(|error| SerialError::Profile(profile.name.clone(), error))
            .and_then(|settings| serial::open(&port, settings));
        let error = match opened {
            Ok(stream) => {
                tracing::info!(gate.port = port, "the gate is connected");
                told = false;
                match serve(&port, stream, &gate, &mut queue).await {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        if !told {
            tracing::error!(
                gate.port = port,
                error = &error as &dyn std::error::Error,
                "the gate is not connected: every case is rejected; check its cable"
            );
            told = true;
        }
        if !refuse_for(REOPEN, &mut queue).await {
            return;
        }
    }
}

/// Refuses commands while the port is closed; false when the lane has ended.
async fn refuse_for(pause: Duration, queue: &mut mpsc::Receiver<Command>) -> bool {
    let wait = sleep(pause);
    tokio::pin!(wait);
    loop {
        tokio::select! {
            () = &mut wait => return true,
            command = queue.recv() => match command {
                // A lane that gave up waiting treats it as unsaid as well.
                Some(command) => { let _ = command.done.send(false); }
                None => return false,
            },
        }
    }
}

async fn serve(
    port: &str,
    mut stream: SerialStream,
    gate: &GateProfile,
    queue: &mut mpsc::Receiver<Command>,
) -> Result<(), SerialError> {
    let failed = |source| SerialError::Io { port: port.to_owned(), source };
    let beat = gate.heartbeat.as_ref();
    let mut ticks = interval(beat.map_or(Duration::from_secs(3_600), |beat| beat.interval));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut chatter = [0_u8; 64];
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                if let Some(beat) = beat {
                    serial::write(&mut stream, &beat.send).await.map_err(failed)?;
                }
            }
            command = queue.recv() => {
                let Some(Command { accept, done }) = command else { return Ok(()) };
                let word = if accept { &gate.accept } else { &gate.reject };
                let result = serial::write(&mut stream, word).await;
                // A lane that gave up waiting treats it as unsaid as well.
                let _ = done.send(result.is_ok());
                result.map_err(failed)?;
            }
            // What a gate says is not listened to yet; it must not fill the port up.
            read = stream.read(&mut chatter) => {
                if read.map_err(failed)? == 0 {
                    return Err(SerialError::Closed(port.to_owned()));
                }
            }
        }
    }
}
