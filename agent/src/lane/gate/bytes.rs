//! A gate that is told by byte strings. It says nothing back that is listened to, so of an accept that was written when
//! the program died nobody can tell whether it arrived: such a case counts as rejected.

use sealtrace_firmware_config::ByteStrings;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Command, GateError, Said, Wanted, ticks};
use crate::input::port::{PortError, Stream, write};

/// Tells a connected gate what it is to be told; ends well when the lane has ended.
pub(super) async fn serve(
    port: &str,
    mut stream: Box<dyn Stream>,
    words: &ByteStrings,
    queue: &mut mpsc::Receiver<Command>,
    wanted: &mut Wanted,
) -> Result<(), GateError> {
    let stream = stream.as_mut();
    let failed = |source| GateError::Port(PortError::Io { port: port.to_owned(), source });
    let beat = words.heartbeat.as_ref();
    let mut ticks = ticks(beat.map(|beat| beat.interval));
    let mut chatter = [0_u8; 64];
    if wanted.halted {
        write(stream, &words.stop).await.map_err(failed)?;
    }
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                if let Some(beat) = beat {
                    write(stream, &beat.sign).await.map_err(failed)?;
                }
            }
            command = queue.recv() => {
                let Some(command) = command else { return Ok(()) };
                obey(stream, words, wanted, command).await.map_err(failed)?;
            }
            // What a gate says is not listened to; it must not fill the port up.
            read = stream.read(&mut chatter) => {
                if read.map_err(failed)? == 0 {
                    return Err(PortError::Closed(port.to_owned()).into());
                }
            }
        }
    }
}

async fn obey(
    stream: &mut dyn Stream,
    words: &ByteStrings,
    wanted: &mut Wanted,
    command: Command,
) -> std::io::Result<()> {
    match command {
        Command::Accept { within, done } => {
            let written = timeout(within, write(stream, &words.accept)).await;
            let (said, result) = match written {
                Ok(Ok(())) => (Said::Yes, Ok(())),
                Ok(Err(error)) => (Said::Unsure, Err(error)),
                // Half a word may be on its way: a new connection begins with a whole one.
                Err(_) => (Said::Unsure, Err(std::io::ErrorKind::TimedOut.into())),
            };
            // A lane that gave up waiting treats it as unsaid as well.
            let _ = done.send(said);
            result
        }
        Command::Reject => write(stream, &words.reject).await,
        Command::Halt(halted) => {
            wanted.halted = halted;
            write(stream, if halted { &words.stop } else { &words.go }).await
        }
        Command::Settled => Ok(()),
        Command::Evidence(tell) => {
            // Bytes leave no trace: the answer is that it was not said.
            let _ = tell.send(Some(false));
            Ok(())
        }
    }
}
