//! The command line: serve, make enrolment tokens, import backlogs, make accounts.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::signing::backlog::BACKLOG_BYTES_MAX;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::accounts::{NewAccount, create_account};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::config::{Config, ConfigError, Flags};
use crate::devices::tokens::{self, TokenError};
use crate::ingest::backlog::{BacklogError, Import};
use crate::keys::KeysError;
use crate::resource::ResourceError;
use crate::serve::{self, ServeError};
use crate::store::{Store, StoreError, accounts};

const EXAMPLES: &str = "\
First steps:
  sealtrace-cloud admin create-account --login anna --name \"Anna\" --role admin --password-stdin
  sealtrace-cloud serve
  sealtrace-cloud token --name \"PDA 7\" --site 1      (while it serves, or not)
  sealtrace-cloud import-backlog backlog-7.bin                (what a device could not send)

Without configuration everything is kept in ./sealtrace-data/cloud, pages answer on
http://127.0.0.1:8080 and devices on https://127.0.0.1:8443.

Configuration file (--config), every key with its default:
  data = \"./sealtrace-data/cloud\"
  database = \"postgres://user@host/name\"      # no default: data is kept in the data folder
  owner = 1
  [web]
  address = \"127.0.0.1:8080\"                  # other than this machine: certificate and key needed
  certificate = \"/etc/sealtrace/web.pem\"      # no default
  key = \"/etc/sealtrace/web-key.pem\"          # no default
  [device]
  address = \"127.0.0.1:8443\"
  hosts = [\"trace.example.com\"]               # names in the listener's certificate
  url = \"https://trace.example.com:8443\"      # what devices are told
  [codes]
  host = \"trace.example.com\"                  # printed into every unit code
  company_prefix = \"9521234\"                  # from GS1; the default is a demonstration prefix

RUST_LOG sets what is logged (to standard error), for example RUST_LOG=debug.";

/// Item-level traceability: verifies what devices deliver, keeps the ledger, answers auditors and consumers.
#[derive(Debug, Parser)]
#[command(name = "sealtrace-cloud", version, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers pages, API and devices until it is told to stop (SIGTERM, Ctrl-C)
    Serve {
        #[command(flatten)]
        place: Place,
        /// Where pages and API answer [default: 127.0.0.1:8080]
        #[arg(long, value_name = "ADDR")]
        web: Option<String>,
        /// Where devices are answered [default: 127.0.0.1:8443]
        #[arg(long, value_name = "ADDR")]
        device: Option<String>,
        /// Write log lines as JSON
        #[arg(long)]
        log_json: bool,
    },
    /// Makes a single-use enrolment token, good for fifteen minutes
    Token {
        #[command(flatten)]
        place: Place,
        /// The name the device will have on screens
        #[arg(long)]
        name: String,
        /// A site the device may work at; may be given several times
        #[arg(long, value_name = "ID", required = true, num_args = 1..)]
        site: Vec<u64>,
        /// Print JSON: {"token":"…","expires_at":…,"ca_pin":…}
        #[arg(long)]
        json: bool,
    },
    /// Imports what a device could not send, from the file it was exported to; safe to do twice
    ImportBacklog {
        #[command(flatten)]
        place: Place,
        /// The file
        file: PathBuf,
        /// Print JSON, a line for each batch and one in the end
        #[arg(long)]
        json: bool,
    },
    /// Administration without the console
    Admin {
        #[command(subcommand)]
        command: Admin,
    },
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// Makes an account for the console
    CreateAccount {
        #[command(flatten)]
        place: Place,
        /// What is typed to log in
        #[arg(long)]
        login: String,
        /// The name on screens
        #[arg(long)]
        name: String,
        /// admin, manager, auditor or inspector
        #[arg(long)]
        role: String,
        /// Read the password from standard input, up to the first line's end
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

/// Which data.
#[derive(Debug, Args)]
struct Place {
    /// Configuration file; flags win over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for everything that is stored [default: ./sealtrace-data/cloud]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL instead of the data folder: postgres://user@host/name
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The service does not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// No token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No account.
    #[error(transparent)]
    Account(#[from] ResourceError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The file is larger than any backlog.
    #[error("{path} is larger than any backlog: {BACKLOG_BYTES_MAX} bytes at most")]
    FileTooLarge {
        /// The file.
        path: String,
    },
    /// Nothing was imported.
    #[error(transparent)]
    Backlog(#[from] BacklogError),
    /// Not everything was imported.
    #[error("not all of the file was taken, as said above; the rest is")]
    Incomplete,
    /// The cloud's secrets.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Terminal or signals.
    #[error("the terminal or the system's signals cannot be used")]
    Io(#[from] io::Error),
}

impl CliError {
    /// 2 when the caller can mend it by calling differently, 1 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_)
            | Self::File { .. }
            | Self::FileTooLarge { .. }
            | Self::Backlog(BacklogError::Unreadable(_)) => ExitCode::from(2),
            Self::Serve(_)
            | Self::Token(_)
            | Self::Account(_)
            | Self::Store(_)
            | Self::Backlog(_)
            | Self::Incomplete
            | Self::Keys(_)
            | Self::Io(_) => ExitCode::from(1),
        }
    }
}

/// Does what the arguments say.
pub async fn run(arguments: Arguments) -> Result<(), CliError> {
    match arguments.command {
        Command::Serve { place, web, device, log_json } => {
            start_logging("info", log_json);
            serve_until_told(place.config(web, device)?).await
        }
        Command::Token { place, name, site, json } => {
            start_logging("warn", false);
            token(&place.config(None, None)?, &name, site, json).await
        }
        Command::ImportBacklog { place, file, json } => {
            start_logging("error", false);
            import_backlog(place.config(None, None)?, &file, json).await
        }
        Command::Admin {
            command: Admin::CreateAccount { place, login, name, role, password_stdin: _ },
        } => {
            start_logging("warn", false);
            let mut password = String::new();
            io::stdin().read_to_string(&mut password)?;
            let password = password.lines().next().unwrap_or_default().to_owned();
            let store = Store::open(&place.config(None, None)?.database).await?;
            let new = NewAccount { login, name, role, password };
            create_account(&store, &new, Clock::System.now()).await?;
            writeln!(io::stdout(), "{} may log in as {}", new.name, new.login)?;
            Ok(())
        }
    }
}

impl Place {
    fn config(self, web: Option<String>, device: Option<String>) -> Result<Config, ConfigError> {
        let Self { config, data, database } = self;
        Config::read(config.as_deref(), &Flags { data, web, device, database })
    }
}

async fn serve_until_told(config: Config) -> Result<(), CliError> {
    let web_scheme = if config.web.tls.is_some() { "https" } else { "http" };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = serve::start(config, Clock::System).await?;
    if nobody_can_log_in(&running.cloud.store).await? {
        tracing::warn!("nobody can log in yet: run sealtrace-cloud admin create-account --help");
    }
    let mut out = io::stdout();
    writeln!(out, "web    {web_scheme}://{}", running.web)?;
    writeln!(out, "device https://{}", running.device)?;
    out.flush()?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

async fn nobody_can_log_in(store: &Store) -> Result<bool, StoreError> {
    Ok(!accounts::are_any(&mut store.read().await?).await?)
}

async fn token(config: &Config, name: &str, sites: Vec<u64>, json: bool) -> Result<(), CliError> {
    let store = Store::open(&config.database).await?;
    let sites: Vec<SiteId> = sites.into_iter().map(SiteId).collect();
    let token = tokens::issue(&store, name, &sites, Clock::System.now()).await?;
    let pin = serve::web_pin(config)?.map(|pin| pin.to_string());
    let mut out = io::stdout();
    if json {
        let line = serde_json::json!({
            "token": token.text, "expires_at": token.expires_at, "ca_pin": pin,
        });
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "{}", token.text)?;
        let pin = pin.map(|pin| format!(" --ca-pin {pin}")).unwrap_or_default();
        let command = format!("sealtrace-agent enrol --cloud URL{pin} --token {}", token.text);
        writeln!(io::stderr(), "good once, for fifteen minutes: {command}")?;
    }
    Ok(())
}

async fn import_backlog(config: Config, file: &Path, json: bool) -> Result<(), CliError> {
    let bytes = read_backlog(file)?;
    let cloud = Cloud::open(config, Clock::System, "").await?;
    let mut import = Import::open(&cloud, &bytes).await?;
    let mut out = io::stdout();
    while let Some(imported) = import.next().await? {
        if json {
            writeln!(out, "{}", serde_json::json!(imported))?;
        } else {
            writeln!(out, "{imported}")?;
        }
    }
    let summary = import.finish().await?;
    if json {
        writeln!(out, "{}", serde_json::json!(summary))?;
    } else {
        writeln!(out, "{summary}")?;
    }
    if summary.is_whole() { Ok(()) } else { Err(CliError::Incomplete) }
}

/// A backlog's bytes; nothing larger is read.
fn read_backlog(file: &Path) -> Result<Vec<u8>, CliError> {
    let path = || file.display().to_string();
    let unreadable = |source| CliError::File { path: path(), source };
    let limit = u64::try_from(BACKLOG_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).map_err(unreadable)?;
    opened.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > BACKLOG_BYTES_MAX {
        return Err(CliError::FileTooLarge { path: path() });
    }
    Ok(bytes)
}

/// Log lines go to standard error; `RUST_LOG` wins over the default level.
fn start_logging(level: &str, json: bool) {
    let ours = format!("{level},refinery_core=warn,tower_sessions=warn,tower_sessions_core=warn");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(ours));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second start in one process (tests) keeps the first one's settings.
    let _ = if json { lines.json().try_init() } else { lines.try_init() };
}
