//! Where log lines go: to stderr for whoever watches, and as JSON to the data folder for whoever comes later.

pub(crate) mod operations;
pub mod reading;

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Which lines when nothing is said.
pub const FILTER: &str = "info,refinery_core=warn";
/// The file in the data folder.
pub const LOG_FILE: &str = "agent.log";
/// What it is renamed to when it is full, replacing the one before.
pub const LOG_FILE_BEFORE: &str = "agent.log.1";
/// From this size on it is full.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// How lines look on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Starts logging. Without a folder, to stderr only; a log file that cannot be written is no reason not to work.
pub fn start(format: Format, filter: &str, folder: Option<&Path>) {
    let filter = || EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(FILTER));
    let colour = std::io::stderr().is_terminal();
    let stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour);
    let stderr = match format {
        Format::Text => stderr.with_target(false).boxed(),
        Format::Json => stderr.json().boxed(),
    };
    let file = folder.and_then(LogFile::open).map(|file| {
        tracing_subscriber::fmt::layer().json().with_writer(file).with_filter(filter())
    });
    let started =
        tracing_subscriber::registry().with(stderr.with_filter(filter())).with(file).try_init();
    if started.is_err() {
        tracing::debug!("logging was started already");
    }
}

/// A log file that does not grow without end.
struct LogFile(Mutex<Open>);

struct Open {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl LogFile {
    fn open(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).ok()?;
        let path = folder.join(LOG_FILE);
        let file = File::options().create(true).append(true).open(&path).ok()?;
        let bytes = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        Some(Self(Mutex::new(Open { path, file, bytes })))
    }
}

impl Open {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if self.bytes > LOG_BYTES_MAX {
            fs::rename(&self.path, self.path.with_file_name(LOG_FILE_BEFORE))?;
            self.file = File::options().create(true).append(true).open(&self.path)?;
            self.bytes = 0;
        }
        let written = self.file.write(line)?;
        self.bytes = self.bytes.saturating_add(u64::try_from(written).unwrap_or_default());
        Ok(written)
    }
}

struct Line<'a>(&'a LogFile);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}
