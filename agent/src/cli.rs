//! The command line: what can be asked of `sealtrace-agent`, and what it prints.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sealtrace_protocol::ids::BatchNo;
use serde::Serialize;

use crate::associations::{self, ImportAssociations};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::device::{DeviceError, Profiles, Scanner};
use crate::doctor::{self, Health};
use crate::enrol::{self, EnrolError, Enrolment};
use crate::identity::{Identity, IdentityError};
use crate::input::picture;
use crate::log::{self, Format};
use crate::run::{self, RunError};
use crate::status::{self, Status};
use crate::store::{self, Storage, StoreError};
use crate::sync::export::{Export, ExportError};

/// The edge agent of Sealtrace: packs, relabels and ships on PDAs and lines, with or without a network.
#[derive(Debug, Parser)]
#[command(name = "sealtrace-agent", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
First day of a device:
  1. In the console, make a token for it (Devices, New token).
  2. sealtrace-agent enrol --cloud https://trace.example.com --ca-pin PIN --token TOKEN
  3. sealtrace-agent doctor
  4. sealtrace-agent run            then open http://127.0.0.1:7070 on the device

A line gateway also needs a file that names its lanes (--config agent.toml):
  [[lane]]
  name = \"line-1\"
  units = { profile = \"keyence-sr750\", port = \"/dev/ttyUSB0\" }
  cases = { profile = \"keyence-sr750\", port = \"/dev/ttyUSB1\" }
  gate = { profile = \"serial-gate\", port = \"/dev/ttyUSB2\" }";

#[derive(Debug, Args)]
struct Common {
    /// The configuration file; without one everything has a default and there are no lanes.
    #[arg(long, global = true, env = "SEALTRACE_AGENT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder; overrides the file's `data`.
    #[arg(long, global = true, env = "SEALTRACE_AGENT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// How log lines on stderr look.
    #[arg(long, global = true, value_enum, default_value = "text")]
    log: Format,
    /// Which log lines: error, warn, info, debug, or by module.
    #[arg(
        long,
        global = true,
        env = "SEALTRACE_LOG",
        default_value = log::FILTER,
        value_name = "FILTER"
    )]
    log_level: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Enrol this device with a one-time token; keys are made here and never leave.
    Enrol {
        /// The cloud's web address; plain http only for this machine. Overrides the file's `cloud`.
        #[arg(long, value_name = "URL")]
        cloud: Option<String>,
        /// The one-time token, valid for 15 minutes.
        #[arg(long, env = "SEALTRACE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
        token: String,
        /// SHA-256 of the certificate of the cloud's web address or of its authority; needed with https.
        #[arg(long, value_name = "HEX")]
        ca_pin: Option<String>,
    },
    /// Run: lanes, the page on 127.0.0.1 and synchronisation, until SIGTERM or Ctrl-C.
    Run {
        /// Where the page listens; overrides the file's `ui.address`.
        #[arg(long, value_name = "ADDRESS")]
        ui: Option<std::net::SocketAddr>,
    },
    /// Read the codes in pictures; prints one JSON line each. Exit code 1 when a file is no picture.
    Decode {
        /// PNG, JPEG or PGM files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// What the agent knows of readers, gates and PDAs.
    #[command(subcommand)]
    Profiles(Profiles),
    /// Try a reader.
    #[command(subcommand)]
    Scanner(Scanner),
    /// Say how this device stands: unsent work, last receipt, certificate, disk.
    Status {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write what has no receipt yet into a file, for a device that cannot connect; import it with `sealtrace-cloud
    /// import-backlog`. While the agent runs, its page does the same (Sync).
    ExportBacklog {
        /// The file to write; it must not be there yet.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Only what is behind this batch: when one file was not enough.
        #[arg(long, value_name = "BATCH", default_value_t = 0)]
        after: u64,
    },
    /// Import what another line system, or a supplier of pre-associated labels (套标), packed: a CSV file of children and
    /// their packages. Exit code 0 all of it is in, 2 packages were left out.
    ImportAssociations(ImportAssociations),
    /// Check disk, clock, scanner ports, certificate and cloud. Exit code 0 all well, 1 something fails, 2 warnings.
    Doctor {
        /// As one JSON list.
        #[arg(long)]
        json: bool,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A profile or a reader.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Enrolment.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// Running.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Writing a backlog.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Importing associations.
    #[error(transparent)]
    Associations(#[from] associations::CommandError),
    /// The file for a backlog.
    #[error("{path} cannot be written; give the name of a new file in a folder that is there")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be printed.
    #[error("the output could not be written")]
    Output(#[from] std::io::Error),
    /// A value has no JSON form.
    #[error("the answer could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Enrolment without an address.
    #[error("--cloud is missing; give the cloud's web address there or as `cloud` in the file")]
    NoCloud,
    /// The page's address is not on this machine.
    #[error("--ui {0} is not a loopback address; the page is for this machine only, use 127.0.0.1")]
    Ui(std::net::SocketAddr),
}

impl Cli {
    /// Does what was asked.
    pub async fn execute(self) -> Result<ExitCode, CliError> {
        let common = self.common;
        let mut config = match &common.config {
            Some(path) => Config::load(path)?,
            None => Config::default(),
        };
        if let Some(data) = common.data {
            config.data = data;
        }
        let folder = matches!(self.command, Command::Run { .. }).then_some(config.data.as_path());
        log::start(common.log, &common.log_level, folder);
        match self.command {
            Command::Enrol { cloud, token, ca_pin } => {
                let cloud = cloud.or(config.cloud).ok_or(CliError::NoCloud)?;
                let (data, nameservers) = (config.data, config.nameservers);
                enrol_device(&Enrolment { cloud, token, ca_pin, data, nameservers }).await
            }
            Command::Run { ui } => {
                if let Some(ui) = ui {
                    if !ui.ip().is_loopback() {
                        return Err(CliError::Ui(ui));
                    }
                    config.ui.address = ui;
                }
                let stop = run::stop_on_signals()?;
                run::run(run::open(config).await?, stop).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Decode { files } => decode(&files),
            Command::Profiles(profiles) => Ok(profiles.execute()?),
            Command::Scanner(scanner) => Ok(scanner.execute().await?),
            Command::Status { json } => print_status(&config, json),
            Command::ExportBacklog { file, after } => {
                export_backlog(config, &file, BatchNo(after)).await
            }
            Command::ImportAssociations(import) => Ok(import.execute(config).await?),
            Command::Doctor { json } => examine(&config, json).await,
        }
    }
}

fn print(line: impl std::fmt::Display) -> Result<(), CliError> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

async fn enrol_device(enrolment: &Enrolment) -> Result<ExitCode, CliError> {
    let device = enrol::enrol(enrolment).await?;
    let sites: Vec<_> = device.sites.iter().map(|site| site.name.as_str()).collect();
    print(format_args!(
        "Enrolled as device {} ({}) for {}. Next: sealtrace-agent doctor --data {}",
        device.device,
        device.name,
        sites.join(", "),
        enrolment.data.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Decoded<'a> {
    file: String,
    codes: &'a [picture::Found],
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn decode(files: &[PathBuf]) -> Result<ExitCode, CliError> {
    let clock = Clock::new();
    let mut code = ExitCode::SUCCESS;
    for path in files {
        let began = clock.monotonic_ms();
        let time_is_up = || clock.monotonic_ms().saturating_sub(began) > picture::LOOKING_MS_MAX;
        let found =
            std::fs::read(path).map_err(|error| format!("cannot be read: {error}")).and_then(
                |bytes| picture::decode(&bytes, &time_is_up).map_err(|error| error.to_string()),
            );
        let ms = clock.monotonic_ms().saturating_sub(began);
        let file = path.display().to_string();
        let line = match &found {
            Ok(codes) => Decoded { file, codes, ms, error: None },
            Err(error) => {
                code = ExitCode::FAILURE;
                Decoded { file, codes: &[], ms, error: Some(error.clone()) }
            }
        };
        print(serde_json::to_string(&line)?)?;
    }
    Ok(code)
}

fn print_status(config: &Config, json: bool) -> Result<ExitCode, CliError> {
    let device = Identity::load(&config.data)?.map(|identity| identity.device);
    let folder = config.data.ancestors().find(|folder| folder.exists());
    let storage = Storage::of(folder.unwrap_or(std::path::Path::new(".")))?;
    let read = |conn: &rusqlite::Connection| status::read(Some(conn), device.as_ref(), storage);
    let found = match store::peek(&config.data, read)? {
        Some(found) => found,
        None => status::read(None, device.as_ref(), storage)?,
    };
    if json {
        print(serde_json::to_string(&found)?)?;
    } else {
        print_plainly(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn export_backlog(config: Config, path: &Path, after: BatchNo) -> Result<ExitCode, CliError> {
    let agent = run::open(config).await?;
    let export = Export::prepare(&agent, after).await?;
    let refused = |source| CliError::File { path: path.to_owned(), source };
    let file = std::fs::File::create_new(path).map_err(refused)?;
    let mut file = tokio::fs::File::from_std(file);
    export.write(&agent, &mut file).await?;
    file.sync_all().await.map_err(refused)?;
    let (count, path) = (export.count(), path.display());
    print(format_args!(
        "{count} batches are in {path}. Next: sealtrace-cloud import-backlog {path}"
    ))?;
    if let Some(last) = export.last().filter(|_| export.left > 0) {
        let left = export.left;
        print(format_args!(
            "{left} more did not fit. For these: export-backlog FILE --after {last}"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_plainly(found: &Status) -> Result<(), CliError> {
    let device = match &found.device {
        Some(device) => format!("{} ({})", device.id, device.name),
        None => "not enrolled".to_owned(),
    };
    print(format_args!("device            {device}"))?;
    print(format_args!("unsent operations {}", found.unsent_operations))?;
    print(format_args!("unsent batches    {}", found.unsent_batches))?;
    print(format_args!("not judged yet    {}", found.unjudged_operations))?;
    print(format_args!("open scans        {}", found.drafts))?;
    print(format_args!("disk free         {} MiB", found.storage.free_bytes / (1024 * 1024)))?;
    let state = if found.frozen {
        "frozen: a supervisor must resolve it in the console"
    } else if found.lost {
        "lost: connect to the cloud once"
    } else {
        "in order"
    };
    print(format_args!("stream            {state}"))
}

async fn examine(config: &Config, json: bool) -> Result<ExitCode, CliError> {
    let checks = doctor::examine(config, &Clock::new()).await;
    if json {
        print(serde_json::to_string(&checks)?)?;
    } else {
        for check in &checks {
            let word = match check.health {
                Health::Ok => "ok  ",
                Health::Warn => "warn",
                Health::Fail => "FAIL",
            };
            print(format_args!("{word}  {}: {}", check.what, check.found))?;
            if !check.next.is_empty() {
                print(format_args!("      next: {}", check.next))?;
            }
        }
    }
    Ok(match doctor::verdict(&checks) {
        Health::Ok => ExitCode::SUCCESS,
        Health::Fail => ExitCode::FAILURE,
        Health::Warn => ExitCode::from(2),
    })
}
