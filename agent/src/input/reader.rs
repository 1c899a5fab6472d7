//! A reader, driven by its profile: frames out, answers back, opened again for ever.

use std::time::Duration;

use sealtrace_firmware_config::{Ack, Frame, Framer, Profile, Reader, Trigger};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::port::{Opener, PortError, Stream, write};
use crate::clock::Clock;
use crate::config::Port;

/// The first wait before a port is opened again, and the longest.
const REOPEN_MS: (u64, u64) = (100, 5_000);
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
    /// All codes of one picture in the order they were sent; none where a place passed unread.
    Picture(Vec<Option<String>>),
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
    /// The port is gone, or cannot be opened; it is tried again.
    Lost,
    /// It was switched off and on: what it read before and did not say is gone.
    Restarted,
    /// It said something and waits.
    Heard {
        /// What.
        heard: Heard,
        /// When its last byte came, by [`Clock::monotonic_ms`].
        at_ms: u64,
        /// Where the answer goes; dropped without one, the reader gets none. None where the reader waits for no answer.
        answer: Option<oneshot::Sender<Answer>>,
    },
}

/// True when readers of this profile send once more what is answered with [`Answer::Again`].
#[must_use]
pub fn can_repeat(profile: &Profile) -> bool {
    profile.reader().is_ok_and(|reader| !reader.ack.bad().is_empty())
}

/// Reads for ever; ends when nobody listens to `events` any more.
pub async fn read(port: Port, clock: Clock, events: mpsc::Sender<Event>) {
    let found = Opener::new(&port.port, &port.profile).and_then(|opener| {
        let reader = port.profile.reader()?.clone();
        Ok((opener, reader))
    });
    let (mut opener, reader) = match found {
        Ok(found) => found,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(reader.port = port.port, error, "the reader's profile does not fit");
            return;
        }
    };
    let mut wait_ms = REOPEN_MS.0;
    let mut told = false;
    while !events.is_closed() {
        let before_ms = clock.monotonic_ms();
        let (opened, error) =
            match serve(&mut opener, &reader, &port.profile, &clock, &events).await {
                Ok(()) => return,
                Err(failed) => failed,
            };
        if opened || !told {
            tracing::warn!(
                reader.port = opener.port(),
                error = &error as &dyn std::error::Error,
                "the reader is not connected; trying again for ever"
            );
        }
        told = !opened;
        let held = clock.monotonic_ms().saturating_sub(before_ms) > REOPEN_MS.1;
        wait_ms = if held { REOPEN_MS.0 } else { (wait_ms * 2).min(REOPEN_MS.1) };
        if events.send(Event::Lost).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(wait_ms)).await;
    }
}

/// Opens a reader and hears it until it is lost; with the error, whether it was open at all.
async fn serve(
    opener: &mut Opener,
    reader: &Reader,
    profile: &Profile,
    clock: &Clock,
    events: &mpsc::Sender<Event>,
) -> Result<(), (bool, PortError)> {
    let mut stream = opener.open().await.map_err(|error| (false, error))?;
    loop {
        tracing::info!(
            reader.port = opener.port(),
            reader.profile = profile.name,
            "the reader is connected"
        );
        if events.send(Event::Connected).await.is_err() {
            return Ok(());
        }
        let port = opener.port().to_owned();
        let open = Open { port: &port, reader, clock, events };
        let newer = tokio::select! {
            heard = open.hear(stream.as_mut()) => return heard.map_err(|error| (true, error)),
            newer = opener.superseded() => newer,
        };
        tracing::warn!(
            reader.port = opener.port(),
            "the reader has connected once more: the older connection is dropped"
        );
        if events.send(Event::Lost).await.is_err() {
            return Ok(());
        }
        stream = newer;
    }
}

/// A reader that is connected.
struct Open<'r> {
    port: &'r str,
    reader: &'r Reader,
    clock: &'r Clock,
    events: &'r mpsc::Sender<Event>,
}

impl Open<'_> {
    async fn hear(&self, stream: &mut dyn Stream) -> Result<(), PortError> {
        self.trigger(stream).await?;
        let mut framer = Framer::new(&self.reader.framing);
        let mut buffer = [0_u8; READ_BYTES];
        loop {
            let Some(frames) = self.next(stream, &mut framer, &mut buffer).await? else {
                continue;
            };
            let at_ms = self.clock.monotonic_ms();
            for frame in frames {
                if frame == Frame::Banner {
                    tracing::warn!(reader.port = self.port, "the reader was switched on anew");
                    if self.events.send(Event::Restarted).await.is_err() {
                        return Ok(());
                    }
                    self.trigger(stream).await?;
                }
                let Some(answer) = self.tell(heard(self.reader, frame), at_ms).await else {
                    return Ok(());
                };
                write(stream, answer).await.map_err(|source| self.failed(source))?;
            }
        }
    }

    /// The frames that the next bytes complete, or that a pause does.
    async fn next(
        &self,
        stream: &mut dyn Stream,
        framer: &mut Framer,
        buffer: &mut [u8],
    ) -> Result<Option<Vec<Frame>>, PortError> {
        let pause = self.reader.framing.inter_byte_timeout;
        let mid_frame = framer.is_mid_frame();
        let silence_max = self.reader.presence.silence_max;
        let wait = if mid_frame { Some(pause) } else { silence_max };
        let read = match wait {
            Some(wait) => timeout(wait, stream.read(buffer)).await.ok(),
            None => Some(stream.read(buffer).await),
        };
        match (read, silence_max) {
            (None, Some(silence)) if !mid_frame => {
                Err(PortError::Silent { port: self.port.to_owned(), silence })
            }
            (None, _) => Ok(framer.flush(pause).map(|frame| vec![frame])),
            (Some(Ok(0)), _) => Err(PortError::Closed(self.port.to_owned())),
            (Some(Ok(count)), _) => Ok(Some(framer.push(buffer.get(..count).unwrap_or_default()))),
            (Some(Err(source)), _) => Err(self.failed(source)),
        }
    }

    /// Makes a reader read that does not do so by itself.
    async fn trigger(&self, stream: &mut dyn Stream) -> Result<(), PortError> {
        match &self.reader.trigger {
            Trigger::None => Ok(()),
            Trigger::Command { on, .. } => {
                write(stream, on).await.map_err(|source| self.failed(source))
            }
        }
    }

    /// Hands a reading on and waits for what to answer; none when nobody listens any more. A reader that waits for no
    /// answer has said the next thing meanwhile: that is heard at once, so that its time is known.
    async fn tell(&self, heard: Option<Heard>, at_ms: u64) -> Option<&[u8]> {
        let ack = &self.reader.ack;
        let Some(heard) = heard else { return Some(Ack::good(ack)) };
        if let Heard::Garbage(why) = &heard {
            tracing::warn!(
                reader.port = self.port,
                why,
                "the reader sent bytes that are no reading: check cable, baud rate and parity"
            );
        }
        if *ack == Ack::None {
            self.events.send(Event::Heard { heard, at_ms, answer: None }).await.ok()?;
            return Some(&[]);
        }
        let (answer, answered) = oneshot::channel();
        self.events.send(Event::Heard { heard, at_ms, answer: Some(answer) }).await.ok()?;
        Some(match answered.await {
            Ok(Answer::Good) => ack.good(),
            Ok(Answer::Again) => ack.bad(),
            Err(_) => &[],
        })
    }

    fn failed(&self, source: std::io::Error) -> PortError {
        PortError::Io { port: self.port.to_owned(), source }
    }
}

/// What a frame says; none when its profile says to pass over it.
pub(crate) fn heard(reader: &Reader, frame: Frame) -> Option<Heard> {
    match frame {
        Frame::Ignored | Frame::Banner => None,
        Frame::NoRead => Some(Heard::NoRead),
        Frame::Garbage { why, .. } => Some(Heard::Garbage(why.to_string())),
        Frame::Read(content) => Some(match reader.framing.codes(&content) {
            Some(codes) => Heard::Picture(
                codes
                    .map(|code| reader.symbology.reading(code?).ok().map(|reading| reading.text))
                    .collect(),
            ),
            None => match reader.symbology.reading(&content) {
                Ok(reading) => Heard::Text(reading.text),
                Err(error) => Heard::Garbage(error.to_string()),
            },
        }),
    }
}
