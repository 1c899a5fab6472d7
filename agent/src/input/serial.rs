//! A reader on a serial port, driven by its profile: frames out, answers back, opened again for ever.

use std::time::Duration;

use sealtrace_firmware_config::{
    Ack, DataBits, Flow, Frame, Framer, Parity, Profile, Reader, Serial, StopBits, Trigger,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

use crate::clock::Clock;

/// The first wait before a port is opened again, and the longest.
const REOPEN_MS: (u64, u64) = (100, 5_000);
/// How long a device may refuse to take what it is sent.
const WRITE_MAX: Duration = Duration::from_millis(2_000);
/// Bytes taken from a port at once.
const READ_BYTES: usize = 1_024;

/// What a reader said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A text; whether it is a code is not decided here.
    Text(String),
    /// Something passed unread.
    NoRead,
    /// Bytes that are no message, or no text.
    Garbage(String),
}

/// What to tell a reader that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken: it is on the disk.
    Good,
    /// Send it once more.
    Again,
}

/// What happens at a reader.
#[derive(Debug)]
pub enum Event {
    /// The port is open.
    Connected,
    /// The port is gone; it is being opened again.
    Lost,
    /// It said something and waits.
    Heard {
        /// What.
        heard: Heard,
        /// When its last byte came, by [`Clock::monotonic_ms`].
        at_ms: u64,
        /// Where the answer goes. Dropped without an answer, the reader gets none.
        answer: oneshot::Sender<Answer>,
    },
}

/// Why a port could not be opened or was lost.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// The profile has no serial settings or is no reader's.
    #[error("the profile {0} is not one of a serial reader; name another in the configuration")]
    Profile(String, #[source] sealtrace_firmware_config::ProfileError),
    /// It does not open.
    #[error("{port} cannot be opened; check cable, path and permissions (group dialout)")]
    Open {
        /// Which port.
        port: String,
        /// Why.
        #[source]
        source: tokio_serial::Error,
    },
    /// It was closed from the other end.
    #[error("{0} was closed by the device")]
    Closed(String),
    /// Reading or writing failed.
    #[error("{port} failed")]
    Io {
        /// Which port.
        port: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// True when readers of this profile send once more what is answered with [`Answer::Again`].
#[must_use]
pub fn can_repeat(profile: &Profile) -> bool {
    profile.reader().is_ok_and(|reader| !reader.ack.bad().is_empty())
}

/// Opens a port as its profile says. What waits in it stays: a reader that waits for its answer said it once only.
pub fn open(port: &str, settings: &Serial) -> Result<SerialStream, SerialError> {
    let failed = |source| SerialError::Open { port: port.to_owned(), source };
    tokio_serial::new(port, settings.baud)
        .data_bits(match settings.data_bits {
            DataBits::Seven => tokio_serial::DataBits::Seven,
            DataBits::Eight => tokio_serial::DataBits::Eight,
        })
        .parity(match settings.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Even => tokio_serial::Parity::Even,
            Parity::Odd => tokio_serial::Parity::Odd,
        })
        .stop_bits(match settings.stop_bits {
            StopBits::One => tokio_serial::StopBits::One,
            StopBits::Two => tokio_serial::StopBits::Two,
        })
        .flow_control(match settings.flow {
            Flow::None => tokio_serial::FlowControl::None,
            Flow::Software => tokio_serial::FlowControl::Software,
            Flow::Hardware => tokio_serial::FlowControl::Hardware,
        })
        // A port held exclusively by a program that was killed may stay closed to the next one.
        .exclusive(false)
        .open_native_async()
        .map_err(failed)
}

/// Reads for ever; ends when nobody listens to `events` any more.
pub async fn read(port: String, profile: Profile, clock: Clock, events: mpsc::Sender<Event>) {
    let mut wait_ms = REOPEN_MS.0;
    let mut told = false;
    while !events.is_closed() {
        let before_ms = clock.monotonic_ms();
        let error = match serve(&port, &profile, &clock, &events).await {
            Ok(()) => return,
            Err(error) => error,
        };
        if !told || !matches!(error, SerialError::Open { .. }) {
            tracing::warn!(
                reader.port = port,
                error = &error as &dyn std::error::Error,
                "the reader is not connected; trying again for ever"
            );
        }
        told = matches!(error, SerialError::Open { .. });
        let held = clock.monotonic_ms().saturating_sub(before_ms) > REOPEN_MS.1;
        wait_ms = if held { REOPEN_MS.0 } else { (wait_ms * 2).min(REOPEN_MS.1) };
        if events.send(Event::Lost).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(wait_ms)).await;
    }
}

async fn serve(
    port: &str,
    profile: &Profile,
    clock: &Clock,
    events: &mpsc::Sender<Event>,
) -> Result<(), SerialError> {
    let wrong = |error| SerialError::Profile(profile.name.clone(), error);
    let reader = profile.reader().map_err(wrong)?;
    let settings = profile.serial().map_err(wrong)?;
    let failed = |source| SerialError::Io { port: port.to_owned(), source };
    let mut stream = open(port, settings)?;
    tracing::info!(reader.port = port, reader.profile = profile.name, "the reader is connected");
    if let Trigger::Command { on, .. } = &reader.trigger {
        write(&mut stream, on).await.map_err(failed)?;
    }
    if events.send(Event::Connected).await.is_err() {
        return Ok(());
    }
    let mut framer = Framer::new(&reader.framing);
    let mut buffer = [0_u8; READ_BYTES];
    loop {
        let idle = reader.framing.idle_timeout;
        let read = if framer.is_mid_frame() {
            timeout(idle, stream.read(&mut buffer)).await.ok()
        } else {
            Some(stream.read(&mut buffer).await)
        };
        let at_ms = clock.monotonic_ms();
        let frames: Vec<Frame> = match read {
            None => framer.flush(idle).into_iter().collect(),
            Some(Ok(0)) => return Err(SerialError::Closed(port.to_owned())),
            Some(Ok(count)) => framer.push(buffer.get(..count).unwrap_or_default()),
            Some(Err(source)) => return Err(failed(source)),
        };
        for frame in frames {
            let heard = heard(reader, frame);
            if let Some(Heard::Garbage(why)) = &heard {
                tracing::warn!(
                    reader.port = port,
                    reader.profile = profile.name,
                    why,
                    "the reader sent bytes that are no reading: check cable, baud rate and parity"
                );
            }
            let Some(answer) = tell(reader, heard, at_ms, events).await else { return Ok(()) };
            write(&mut stream, answer).await.map_err(failed)?;
        }
    }
}

/// Sends bytes to a device; one that does not take them in time counts as gone.
pub(crate) async fn write(stream: &mut SerialStream, bytes: &[u8]) -> std::io::Result<()> {
    let late = |_| Err(std::io::ErrorKind::TimedOut.into());
    timeout(WRITE_MAX, stream.write_all(bytes)).await.unwrap_or_else(late)
}

/// What a frame says; none when its profile says to pass over it.
fn heard(reader: &Reader, frame: Frame) -> Option<Heard> {
    match frame {
        Frame::Ignored => None,
        Frame::NoRead => Some(Heard::NoRead),
        Frame::Garbage { why, .. } => Some(Heard::Garbage(why.to_string())),
        Frame::Read(content) => Some(match reader.symbology.reading(&content) {
            Ok(reading) => Heard::Text(reading.text),
            Err(error) => Heard::Garbage(error.to_string()),
        }),
    }
}

/// Hands a reading on and waits for what to answer; none when nobody listens any more.
async fn tell<'r>(
    reader: &'r Reader,
    heard: Option<Heard>,
    at_ms: u64,
    events: &mpsc::Sender<Event>,
) -> Option<&'r [u8]> {
    let Some(heard) = heard else { return Some(Ack::good(&reader.ack)) };
    let (answer, answered) = oneshot::channel();
    events.send(Event::Heard { heard, at_ms, answer }).await.ok()?;
    Some(match answered.await {
        Ok(Answer::Good) => reader.ack.good(),
        Ok(Answer::Again) => reader.ack.bad(),
        Err(_) => &[],
    })
}
