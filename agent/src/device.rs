//! `sealtrace-agent profiles` and `scanner test`: what a device speaks, and what a reader says right now.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use sealtrace_firmware_config::{Frame, Framer, Profile, ProfileError, Trigger, render_bytes};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::input::port::{Opener, PortError, Stream, write};
use crate::input::reader::{Heard, heard};

/// Bytes taken from a port at once.
const READ_BYTES: usize = 1_024;

/// What can be asked about profiles.
#[derive(Debug, Subcommand)]
pub enum Profiles {
    /// List the built-in profiles: name, kind, what the agent is to connect to.
    List,
    /// Say what a profile says, in words, to be checked against the device's manual.
    Show {
        /// A built-in name, or a file that ends in .toml.
        #[arg(value_name = "NAME")]
        profile: String,
    },
    /// Check a profile of your own; every mistake is listed. Exit code 1 when there is one.
    Check {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// What can be done with a reader by hand.
#[derive(Debug, Subcommand)]
pub enum Scanner {
    /// Show every frame of a reader with its raw bytes, until Ctrl-C. Stop the agent first: it holds its lanes' ports.
    Test {
        /// A built-in profile, or a file that ends in .toml.
        #[arg(long, value_name = "PROFILE")]
        profile: String,
        /// A serial port (/dev/sealtrace/A7023, /dev/ttyUSB0), or a reader's address (192.168.0.20, or with :PORT); with
        /// a profile whose tcp.role is server, the address of this machine to listen on.
        #[arg(long, value_name = "PORT")]
        port: String,
        /// End after this many frames.
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
}

/// Why a profile or a reader could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The file cannot be read.
    #[error("{path} cannot be read; correct the path or its permissions")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nothing can be printed.
    #[error("the output could not be written")]
    Output(#[from] std::io::Error),
}

impl Profiles {
    /// Does what was asked.
    pub(crate) fn execute(&self) -> Result<ExitCode, DeviceError> {
        let mut out = std::io::stdout().lock();
        match self {
            Self::List => {
                for name in Profile::builtin_names() {
                    let profile = Profile::builtin(name)?;
                    let ways = match (profile.serial(), profile.tcp()) {
                        (Ok(_), Ok(_)) => "serial, tcp",
                        (Ok(_), Err(_)) => "serial",
                        (Err(_), Ok(_)) => "tcp",
                        (Err(_), Err(_)) => "-",
                    };
                    let unverified = match profile.unverified.len() {
                        0 => String::new(),
                        count => format!("  ({count} unverified)"),
                    };
                    let Profile { maker, model, .. } = &profile;
                    let kind = profile.kind();
                    writeln!(out, "{name:<20} {kind:<7} {ways:<12} {maker} {model}{unverified}")?;
                }
            }
            Self::Show { profile } => write!(out, "{}", load(profile)?)?,
            Self::Check { file } => {
                let profile = read(file)?;
                writeln!(out, "{} is in order.", file.display())?;
                for path in &profile.unverified {
                    writeln!(out, "  not confirmed on a device yet: {path}")?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Scanner {
    /// Does what was asked.
    pub(crate) async fn execute(&self) -> Result<ExitCode, DeviceError> {
        let Self::Test { profile, port, count } = self;
        let profile = load(profile)?;
        let opener = Opener::new(port, &profile)?;
        tokio::select! {
            shown = show(&profile, opener, *count) => shown?,
            // A reader that was switched on is switched off by its own time limit, or with the next start.
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A built-in profile by its name, another by its file.
pub(crate) fn load(name: &str) -> Result<Profile, DeviceError> {
    if Path::new(name).extension().is_some_and(|end| end == "toml") {
        read(Path::new(name))
    } else {
        Ok(Profile::builtin(name)?)
    }
}

fn read(path: &Path) -> Result<Profile, DeviceError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| DeviceError::Unreadable { path: path.to_owned(), source })?;
    Ok(Profile::from_toml(&path.display().to_string(), &text)?)
}

async fn show(
    profile: &Profile,
    mut opener: Opener,
    count: Option<u64>,
) -> Result<(), DeviceError> {
    let reader = profile.reader()?;
    let port = opener.port().to_owned();
    writeln!(std::io::stdout(), "{port} as {}; Ctrl-C ends", profile.name)?;
    let mut stream = opener.open().await?;
    writeln!(std::io::stdout(), "connected")?;
    let failed = |source| PortError::Io { port: port.clone(), source };
    if let Trigger::Command { on, .. } = &reader.trigger {
        write(stream.as_mut(), on).await.map_err(failed)?;
    }
    let (clock, mut shown) = (Clock::new(), 0);
    let mut framer = Framer::new(&reader.framing);
    while count.is_none_or(|count| shown < count) {
        let mut raw = [0_u8; READ_BYTES];
        let pause = reader.framing.inter_byte_timeout;
        let read = if framer.is_mid_frame() {
            timeout(pause, stream.read(&mut raw)).await.ok()
        } else {
            Some(stream.read(&mut raw).await)
        };
        let frames = match read {
            None => framer.flush(pause).into_iter().collect(),
            Some(Ok(0)) => return Err(PortError::Closed(port).into()),
            Some(Ok(got)) => {
                let bytes = raw.get(..got).unwrap_or_default();
                writeln!(
                    std::io::stdout(),
                    "{:>8} ms  bytes   {}",
                    clock.monotonic_ms(),
                    hex(bytes)
                )?;
                framer.push(bytes)
            }
            Some(Err(source)) => return Err(failed(source).into()),
        };
        for frame in frames {
            tell(&clock, &frame)?;
            shown += 1;
            // The reader waits for its answer, and would not go on without one.
            let answer = match heard(reader, frame) {
                Some(Heard::Garbage(_)) => reader.ack.bad(),
                Some(Heard::Text(_) | Heard::NoRead | Heard::Picture(_)) | None => {
                    reader.ack.good()
                }
            };
            write(stream.as_mut(), answer).await.map_err(failed)?;
        }
    }
    switch_off(&reader.trigger, stream.as_mut()).await.map_err(failed)?;
    Ok(())
}

fn tell(clock: &Clock, frame: &Frame) -> std::io::Result<()> {
    let (word, text) = match frame {
        Frame::Read(content) => ("read", render_bytes(content)),
        Frame::NoRead => ("no read", String::new()),
        Frame::Ignored => ("ignored", String::new()),
        Frame::Banner => ("banner", "switched on".to_owned()),
        Frame::Garbage { bytes, why } => ("GARBAGE", format!("{}  ({why})", render_bytes(bytes))),
    };
    writeln!(std::io::stdout(), "{:>8} ms  {word:<7} {text}", clock.monotonic_ms())
}

async fn switch_off(trigger: &Trigger, stream: &mut dyn Stream) -> std::io::Result<()> {
    match trigger {
        Trigger::None => Ok(()),
        Trigger::Command { off, .. } => write(stream, off).await,
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{}  {}", digits.join(" "), render_bytes(bytes))
}
