//! `sealtrace-agent import-associations`: a file is imported while the agent does not run.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use sealtrace_protocol::ids::{SiteId, TaskId};
use sealtrace_protocol::link::Operator;
use time::UtcOffset;

use super::{FileError, Report, Request, import, is_for, offset};
use crate::agent::Agent;
use crate::config::Config;
use crate::run::{self, RunError};
use crate::store::{StoreError, feed};
use crate::ui::verifies;

/// Exit code when rows were left out.
const SOME_LEFT_OUT: u8 = 2;

/// What is imported, and by whom. Stop the agent first, or send the file to its page: `POST /api/associations`.
#[derive(Debug, Args)]
pub struct ImportAssociations {
    /// CSV with a header: child, parent, product, lot, time (or 子码/瓶码, 父码/箱码, 商品, 批次, 时间); UTF-8 or GB18030.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who imports: the login at the device. The PIN is read from standard input.
    #[arg(long, value_name = "LOGIN")]
    login: String,
    /// The PIN, when it is not to be asked for.
    #[arg(long, env = "SEALTRACE_PIN", value_name = "PIN", hide_env_values = true)]
    pin: Option<String>,
    /// The task all of it belongs to. Without one each product and lot becomes a task of this device's own (无单).
    #[arg(long, value_name = "ID")]
    task: Option<u64>,
    /// Where it was packed; needed when the operator works at several sites and no task is given.
    #[arg(long, value_name = "ID")]
    site: Option<u64>,
    /// Only say what would happen; nothing is stored.
    #[arg(long)]
    check: bool,
    /// Packages that hold less than their plan says are meant to (尾箱); a supervisor imports them.
    #[arg(long)]
    partial: bool,
    /// Take codes on trust that this device has not heard of (待核验); the cloud will tell.
    #[arg(long)]
    trust: bool,
    /// Record the time of the import, not the file's: for goods packed before the operator was there.
    #[arg(long)]
    now: bool,
    /// What times in the file mean that do not say it themselves.
    #[arg(long, value_name = "OFFSET", default_value = "+08:00", value_parser = parse_offset, allow_hyphen_values = true)]
    utc_offset: UtcOffset,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The agent could not be opened.
    #[error(transparent)]
    Open(#[from] RunError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be opened.
    #[error("{path} cannot be read; correct the path or its permissions")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Login or PIN.
    #[error("login or PIN is wrong; they are the same as on the device's page")]
    Nobody,
    /// An auditor.
    #[error("{0} looks and verifies and changes nothing; an operator imports")]
    Role(String),
    /// Several sites, or none.
    #[error("{login} may work at sites {sites:?}; say where it was packed with --site")]
    Site {
        /// Whose.
        login: String,
        /// Where they may work.
        sites: Vec<u64>,
    },
    /// No such task.
    #[error("task {task} is not known here; open tasks: {open:?}")]
    Task {
        /// Which.
        task: u64,
        /// Those that are.
        open: Vec<u64>,
    },
    /// Nothing can be printed, or no PIN read.
    #[error("the terminal could not be used")]
    Terminal(#[from] io::Error),
    /// The report has no JSON form.
    #[error("the answer could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

fn parse_offset(text: &str) -> Result<UtcOffset, String> {
    offset(text).ok_or_else(|| "give it as +08:00".to_owned())
}

impl ImportAssociations {
    /// Does what was asked.
    pub(crate) async fn execute(self, config: Config) -> Result<ExitCode, CommandError> {
        let unreadable = |source| CommandError::Unreadable { path: self.file.clone(), source };
        let file = File::open(&self.file).map_err(unreadable)?;
        let agent = run::open(config).await?;
        let operator = self.operator(&agent).await?;
        let request = Request {
            operator: operator.id,
            site: self.site(&agent, &operator).await?,
            task: self.task.map(TaskId),
            check: self.check,
            partial: self.partial,
            trust: self.trust,
            now: self.now,
            offset: self.utc_offset,
        };
        let report = import(&agent, request, file).await?;
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&report)?)?;
        } else {
            tell(&mut out, &report)?;
        }
        Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(SOME_LEFT_OUT) })
    }

    async fn operator(&self, agent: &Agent) -> Result<Operator, CommandError> {
        let pin = match &self.pin {
            Some(pin) => pin.clone(),
            None => ask_pin()?,
        };
        let login = self.login.clone();
        let known = agent.store.read(move |conn| feed::operator_by_login(conn, &login)).await?;
        let known = known.filter(|known| known.enabled && verifies(&known.pin_verifier, &pin));
        let operator = known.ok_or(CommandError::Nobody)?;
        if is_for(operator.role) { Ok(operator) } else { Err(CommandError::Role(operator.name)) }
    }

    async fn site(&self, agent: &Agent, operator: &Operator) -> Result<SiteId, CommandError> {
        if let Some(id) = self.task {
            let task = agent.store.read(move |conn| feed::task(conn, TaskId(id))).await?;
            if let Some(task) = task {
                return Ok(task.site);
            }
            let open = agent.store.read(feed::open_tasks).await?;
            let open = open.iter().map(|task| task.id.get()).collect();
            return Err(CommandError::Task { task: id, open });
        }
        let device = agent.identity.iter().flat_map(|identity| &identity.device.sites);
        let here: Vec<SiteId> =
            device.map(|site| site.id).filter(|site| operator.sites.contains(site)).collect();
        let asked = self.site.map(SiteId);
        match (asked, here.as_slice()) {
            (Some(site), here) if here.contains(&site) => Ok(site),
            (None, [only]) => Ok(*only),
            (_, here) => {
                let sites = here.iter().map(|site| site.get()).collect();
                Err(CommandError::Site { login: self.login.clone(), sites })
            }
        }
    }
}

/// One line of standard input, not shown when somebody types it.
fn ask_pin() -> io::Result<String> {
    let input = io::stdin();
    let before = input.is_terminal().then(|| tcgetattr(&input)).transpose()?;
    if let Some(before) = &before {
        write!(io::stderr(), "PIN: ")?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&input, SetArg::TCSANOW, &silent)?;
    }
    let mut line = String::new();
    let read = input.lock().read_line(&mut line);
    if let Some(before) = &before {
        tcsetattr(&input, SetArg::TCSANOW, before)?;
        writeln!(io::stderr())?;
    }
    read?;
    Ok(line.trim().to_owned())
}

fn tell(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for error in &report.errors {
        let place = error.column.map_or_else(String::new, |column| format!(", {}", column.name()));
        let value =
            if error.value.is_empty() { String::new() } else { format!(" \"{}\"", error.value) };
        writeln!(out, "row {}{place}{value} {} [{}]", error.row, error.what, error.rule)?;
        writeln!(out, "      next: {}", error.next)?;
    }
    let told = u64::try_from(report.errors.len()).unwrap_or(u64::MAX);
    if report.errors_total > told {
        writeln!(out, "and {} errors more", report.errors_total - told)?;
    }
    let Report { rows, packages, imported, already_so, left_out, checked, .. } = report;
    let would = if *checked { "would be imported" } else { "imported" };
    writeln!(
        out,
        "{rows} rows, {packages} packages: {imported} {would}, {already_so} were so already, {left_out} left out"
    )?;
    if *left_out > 0 {
        writeln!(
            out,
            "Next: correct the rows above and import the whole file again; what is in stays as it is."
        )?;
    }
    Ok(())
}
