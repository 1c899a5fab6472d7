//! How a printer is reached: over TCP, as a device file of a USB printer, over a serial line, or as a plain file.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::time::Duration;

use nix::fcntl::OFlag;
use sealtrace_firmware_config::{Language, Profile};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Join, join};
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::status::{self, Status};
use crate::input::port::{Opener, Stream};

/// A printer that takes no byte for so long is gone, or out of labels with its memory full.
const WRITE_MAX: Duration = Duration::from_secs(10);
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// An open way to a printer.
pub(super) struct Port(Box<dyn Stream>);

impl Port {
    /// Opens an address or a path.
    pub(super) async fn open(port: &str, profile: &Profile) -> io::Result<Self> {
        let is_line = port.starts_with("/dev/tty") && profile.serial().is_ok();
        if is_line || !port.starts_with('/') {
            let mut opener = Opener::new(port, profile).map_err(io::Error::other)?;
            return Ok(Self(opener.open().await.map_err(io::Error::other)?));
        }
        let kind = std::fs::metadata(port)?.file_type();
        if kind.is_char_device() {
            return Ok(Self(Box::new(device(port)?)));
        }
        if !kind.is_file() {
            return Err(io::Error::other("it is neither a device nor a file"));
        }
        let file = tokio::fs::OpenOptions::new().append(true).read(true).open(port).await?;
        Ok(Self(Box::new(file)))
    }

    /// Sends bytes; how many left before it failed.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            let written = timeout(WRITE_MAX, self.0.write(rest)).await;
            match written.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
                Ok(0) => return Err((sent, ErrorKind::WriteZero.into())),
                Ok(count) => sent += count,
                Err(error) => return Err((sent, error)),
            }
        }
        let flushed = timeout(WRITE_MAX, self.0.flush()).await;
        flushed.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())).map_err(|error| (sent, error))
    }

    /// Asks the printer how it is.
    pub(super) async fn ask(&mut self, language: Language) -> io::Result<Status> {
        self.send(status::question(language)).await.map_err(|(_, error)| error)?;
        let answered = timeout(ANSWER_MAX, self.answer(language)).await;
        let answer = answered.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))?;
        status::read(language, &answer).ok_or_else(|| io::Error::other("its answer does not read"))
    }

    async fn answer(&mut self, language: Language) -> io::Result<Vec<u8>> {
        let mut answer = Vec::new();
        let mut buffer = [0_u8; status::ANSWER_BYTES_MAX];
        while !status::is_whole(language, &answer) {
            let count = self.0.read(&mut buffer).await?;
            if count == 0 || answer.len() > status::ANSWER_BYTES_MAX {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            answer.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
        Ok(answer)
    }

    /// Hangs up, so that what was sent is known to be all.
    pub(super) async fn close(mut self) -> io::Result<()> {
        timeout(WRITE_MAX, self.0.shutdown())
            .await
            .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    }
}

/// A device file, read and written without blocking a thread when the printer takes nothing.
fn device(path: &str) -> io::Result<Join<pipe::Receiver, pipe::Sender>> {
    let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
    let file = File::options().read(true).write(true).custom_flags(flags).open(path)?;
    let reading = pipe::Receiver::from_file_unchecked(file.try_clone()?)?;
    Ok(join(reading, pipe::Sender::from_file_unchecked(file)?))
}
