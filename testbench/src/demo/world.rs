//! The programs of one run: cloud, line agent, PDA agent, and the network between them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use sealtrace_cloud::store::Database;
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::Session;
use crate::line::VirtualLine;
use crate::network::Network;
use crate::office::Office;
use crate::pda::{ready, until};
use crate::program::{Program, Start, free_address, run};

/// The password of every account of the demonstration.
pub(super) const PASSWORD: &str = "sealtrace-demo";
/// The PIN of the demonstration's operator.
pub(super) const PIN: &str = "2580";

/// The PDAs' data folders.
const PDAS: [&str; 2] = ["pda", "pda-2"];

/// What the caller chooses.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything goes; emptied before.
    pub folder: PathBuf,
    /// What agents are started with.
    pub agent: Start,
    /// PostgreSQL instead of the embedded database.
    pub postgres: Option<String>,
    /// Where the console shall be; none = anywhere free.
    pub web: Option<SocketAddr>,
    /// Where the PDA's page shall be; none = anywhere free.
    pub pda: Option<SocketAddr>,
    /// The auditor looks through a real browser too; needs Node.js and Chromium.
    pub browser: bool,
    /// The PDA takes pictures of labels, beside scanning them.
    pub camera: bool,
    /// Say nothing while working.
    pub quiet: bool,
}

/// Everything that runs.
pub struct World {
    pub(super) settings: Settings,
    web: SocketAddr,
    line_page: SocketAddr,
    /// The pages of the PDAs that are there or will be.
    pda_pages: [SocketAddr; PDAS.len()],
    pub(super) line: VirtualLine,
    pub(super) line_agent: Option<Program>,
    pda_agents: Vec<Program>,
    pub(super) network: Network,
    cloud: Program,
    pub(super) office: Office,
    /// Codes worth a look.
    pub(super) shown: Shown,
}

/// Codes worth a look when the job is done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shown {
    /// The production order's number.
    pub order: String,
    /// A bottle that was sold where it belongs.
    pub genuine: String,
    /// A bottle that was seen outside its territory.
    pub suspected: String,
    /// A bottle that never left its roll.
    pub pending: String,
    /// A case the line made.
    pub case: String,
    /// A pallet the line made.
    pub pallet: String,
}

impl World {
    /// Starts the cloud and signs in; agents follow when they are enrolled.
    pub async fn build(settings: &Settings) -> Result<Self> {
        let folder = &settings.folder;
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        let web = settings.web.map_or_else(free_address, Ok)?;
        let pda_pages = [settings.pda.map_or_else(free_address, Ok)?, free_address()?];
        let (device, line_page) = (free_address()?, free_address()?);
        let network = Network::start(device).await?;
        let data = folder.join("cloud").display().to_string();
        let mut place = vec!["--data", &data];
        if let Some(url) = &settings.postgres {
            place.extend(["--database", url]);
        }
        let sealtrace_cloud = Start::built("sealtrace-cloud")?;
        let account =
            ["--login", "admin", "--name", "管理员", "--role", "admin", "--password-stdin"];
        let create = [&["admin", "create-account"], place.as_slice(), &account].concat();
        run(&sealtrace_cloud, &create, Some(PASSWORD))?;
        let config = folder.join("cloud.toml");
        let (network_address, device_address) = (network.address(), device);
        std::fs::write(
            &config,
            format!(
                "[web]\naddress = \"{web}\"\n\n[device]\naddress = \"{device_address}\"\nurl = \"https://{network_address}\"\n"
            ),
        )?;
        let config = config.display().to_string();
        let serve = [&["serve"], place.as_slice(), &["--config", &config]].concat();
        let log = folder.join("cloud.log");
        let mut cloud = Program::start("the cloud", &sealtrace_cloud, &serve, &log)?;
        let base = format!("http://{web}");
        let health = Session::new(&base)?;
        until(Duration::from_secs(20), "the cloud does not answer", async || {
            health.get("/healthz").await.ok()
        })
        .await
        .with_context(|| cloud.last_words())?;
        cloud.still_runs()?;
        let office = Office::log_in(&base, "admin", PASSWORD).await?;
        let line = VirtualLine::new(&folder.join("ports"))?;
        let settings = settings.clone();
        Ok(Self {
            settings,
            web,
            line_page,
            pda_pages,
            line,
            line_agent: None,
            pda_agents: Vec::new(),
            network,
            cloud,
            office,
            shown: Shown::default(),
        })
    }

    /// Tells whoever watches what is going on.
    pub(super) fn say(&self, text: &str) {
        if !self.settings.quiet {
            eprintln!("  {text}");
        }
    }

    /// Where the console is.
    #[must_use]
    pub fn web(&self) -> String {
        format!("http://{}", self.web)
    }

    /// Where the line agent's page is.
    #[must_use]
    pub fn line_page(&self) -> String {
        format!("http://{}", self.line_page)
    }

    /// Where the PDA agents' pages are.
    #[must_use]
    pub fn pda_pages(&self) -> [String; PDAS.len()] {
        self.pda_pages.map(|page| format!("http://{page}"))
    }

    /// Where the first PDA agent's page is.
    #[must_use]
    pub fn pda_page(&self) -> String {
        let [first, _] = self.pda_pages();
        first
    }

    /// The agents' data.
    #[must_use]
    pub fn agent_folders(&self) -> Vec<PathBuf> {
        ["line"].iter().chain(&PDAS).map(|name| self.settings.folder.join(name)).collect()
    }

    /// The cloud's database.
    #[must_use]
    pub fn database(&self) -> Database {
        match &self.settings.postgres {
            Some(url) => Database::Postgres { url: url.clone() },
            None => Database::Sqlite { folder: self.settings.folder.join("cloud") },
        }
    }

    /// Enrols and starts the line agent.
    pub(super) async fn start_line(&mut self, token: &str, site: u64) -> Result<()> {
        let lane = self.line.lane_toml("灌装一线", site);
        let page = self.line_page;
        self.line_agent = Some(self.start_agent("line", page, token, &lane).await?);
        Ok(())
    }

    /// Enrols and starts the PDA agents.
    pub(super) async fn start_pdas(&mut self, tokens: &[String; PDAS.len()]) -> Result<()> {
        for ((name, page), token) in PDAS.iter().zip(self.pda_pages).zip(tokens) {
            let agent = self.start_agent(name, page, token, "").await?;
            self.pda_agents.push(agent);
        }
        Ok(())
    }

    async fn start_agent(
        &self,
        name: &str,
        page: SocketAddr,
        token: &str,
        lanes: &str,
    ) -> Result<Program> {
        let data = self.settings.folder.join(name);
        let config = self.settings.folder.join(format!("{name}.toml"));
        let text = format!(
            "data = {:?}\nui = {{ address = \"{page}\" }}\nversion = 1\n\n{lanes}",
            data.display().to_string()
        );
        std::fs::write(&config, text)?;
        let agent = &self.settings.agent;
        let (data, config) = (data.display().to_string(), config.display().to_string());
        run(agent, &["enrol", "--cloud", &self.web(), "--token", token, "--data", &data], None)?;
        let log = self.settings.folder.join(format!("{name}.log"));
        let mut program = Program::start(
            &format!("the {name} agent"),
            agent,
            &["run", "--config", &config],
            &log,
        )?;
        ready(&format!("http://{page}"), Duration::from_secs(20))
            .await
            .with_context(|| program.last_words())?;
        program.still_runs()?;
        Ok(program)
    }

    /// SIGKILL for the line agent.
    pub(super) fn kill_line(&mut self) -> Result<()> {
        self.line_agent.as_mut().context("no line agent")?.murder()
    }

    /// The line agent comes back on freshly plugged cables.
    pub(super) async fn revive_line(&mut self) -> Result<()> {
        self.line.replug()?;
        let page = self.line_page();
        let agent = self.line_agent.as_mut().context("no line agent")?;
        agent.restart()?;
        ready(&page, Duration::from_secs(20)).await.with_context(|| agent.last_words())?;
        Ok(())
    }

    /// True when the line agent's log has these words.
    pub(super) fn line_said(&self, words: &str) -> Result<bool> {
        Ok(std::fs::read_to_string(self.settings.folder.join("line.log"))?.contains(words))
    }

    /// An error when a program that should run does not.
    pub(super) fn all_run(&mut self) -> Result<()> {
        self.cloud.still_runs()?;
        for agent in self.line_agent.iter_mut().chain(&mut self.pda_agents) {
            agent.still_runs()?;
        }
        Ok(())
    }

    /// Where everything is, for programs.
    #[must_use]
    pub fn places(&self) -> Value {
        json!({
            "cloud": self.web(),
            "pda": self.pda_page(),
            "line": self.line_page(),
            "password": PASSWORD,
            "pin": PIN,
            "shown": self.shown,
        })
    }

    /// Where everything is, for people.
    #[must_use]
    pub fn where_to_click(&self) -> String {
        let (web, line) = (self.web(), self.line_page());
        let [pda, second] = self.pda_pages();
        let folder = self.settings.folder.display();
        format!(
            "\nconsole      {web}/console/    auditor or admin, password {PASSWORD}\n\
             inspector    {web}/inspector/  inspector, password {PASSWORD}\n\
             consumer     {web}/{}\n\
             PDA page     {pda}/  operator li or supervisor sun, PIN {PIN}\n\
             another PDA  {second}/  operator zhou, PIN {PIN}\n\
             line screen  {line}/#/line\n\
             data         {folder}\n\n\
             Ctrl-C stops everything.",
            self.shown.genuine,
        )
    }
}
