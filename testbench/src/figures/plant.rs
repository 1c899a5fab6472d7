//! The programs that are measured: a cloud with one site and one task, and new devices of that site.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sealtrace_cloud::store::Database;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::Version;
use sealtrace_protocol::ledger::Item;
use sealtrace_protocol::wire::decode;

use super::feed::Settings;
use super::scans::{UNITS_PER_CASE, Work};
use crate::http::Session;
use crate::network::Network;
use crate::office::Office;
use crate::pda::{Pda, ready, synchronised, until};
use crate::program::{Program, Start, free_address, run};

const PASSWORD: &str = "sealtrace-figures";
const PIN: &str = "2580";
const LOGIN: &str = "li";
/// What a device did comes back to it in the feed within that.
const SETTLE: Duration = Duration::from_secs(3);
/// Cases that one device's operator packs, at most.
const CASES_PER_DEVICE: usize = 60;
/// Devices there are codes for.
const DEVICES_MAX: usize = 8;
/// How long anything may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The cloud, and what was set up in it.
pub(super) struct Plant {
    folder: PathBuf,
    web: String,
    pub(super) network: Network,
    pub(super) cloud: Program,
    pub(super) database: Database,
    office: Office,
    pub(super) site: u64,
    pub(super) product: u64,
    pub(super) order: u64,
    work: Vec<Work>,
}

impl Plant {
    /// Starts the cloud and releases one task.
    pub(super) async fn build(settings: &Settings) -> Result<Self> {
        let folder = settings.folder.clone();
        let (web, device) = (free_address()?, free_address()?);
        let network = Network::start(device).await?;
        let cloud = start_cloud(settings, web, device, network.address())?;
        let web = format!("http://{web}");
        let health = Session::new(&web)?;
        until(PATIENCE, "the cloud does not answer", async || health.get("/healthz").await.ok())
            .await
            .with_context(|| cloud.last_words())?;
        let office = Office::log_in(&web, "admin", PASSWORD).await?;
        let product = office.product("晨泉啤酒 500 ml", "06901234567892").await?;
        let site = office.site("成品仓库", "warehouse", None).await?;
        office.operator((LOGIN, "李师傅", "operator"), PIN, &[site]).await?;
        let cases = u32::try_from(CASES_PER_DEVICE * DEVICES_MAX)?;
        let units = cases * u32::try_from(UNITS_PER_CASE)?;
        let order = office.order("PO-2026-1120", product, "L20261120", units).await?;
        office.mint(order, units, cases, 2).await?;
        office.release(order, &[(site, "device", units)]).await?;
        let bottles = office.roll(order, "unit").await?;
        let labels = office.roll(order, "case").await?;
        let work = bottles
            .chunks(CASES_PER_DEVICE * UNITS_PER_CASE)
            .zip(labels.chunks(CASES_PER_DEVICE))
            .map(|(bottles, labels)| Work::new(labels, bottles))
            .collect();
        let database = match &settings.postgres {
            Some(url) => Database::Postgres { url: url.clone() },
            None => Database::Sqlite { folder: data(settings) },
        };
        Ok(Self { folder, web, network, cloud, database, office, site, product, order, work })
    }

    /// Bottles and labels nobody has packed yet.
    pub(super) fn work(&mut self) -> Result<Work> {
        self.work.pop().context("no codes are left for another device")
    }

    /// Lets a new device in and starts its agent.
    pub(super) async fn device(&self, name: &str) -> Result<Device> {
        let token = self.office.token(name, &[self.site]).await?;
        let agent = Start::built("sealtrace-agent")?;
        let folder = self.folder.join(name);
        let data = folder.display().to_string();
        run(&agent, &["enrol", "--cloud", &self.web, "--token", &token, "--data", &data], None)?;
        let page = free_address()?;
        let config = self.folder.join(format!("{name}.toml"));
        std::fs::write(
            &config,
            format!("data = {data:?}\nui = {{ address = \"{page}\" }}\nversion = 1\n"),
        )?;
        let config = config.display().to_string();
        let log = self.folder.join(format!("{name}.log"));
        let program = Program::start(name, &agent, &["run", "--config", &config], &log)?;
        let page = format!("http://{page}");
        Ok(Device { program, page, folder, site: self.site })
    }
}

fn data(settings: &Settings) -> PathBuf {
    settings.folder.join("cloud")
}

fn start_cloud(
    settings: &Settings,
    web: SocketAddr,
    device: SocketAddr,
    network: SocketAddr,
) -> Result<Program> {
    let program = Start::built("sealtrace-cloud")?;
    let data = data(settings).display().to_string();
    let mut place = vec!["--data", &data];
    if let Some(url) = &settings.postgres {
        place.extend(["--database", url]);
    }
    let account = ["--login", "admin", "--name", "管理员", "--role", "admin", "--password-stdin"];
    let create = [&["admin", "create-account"], place.as_slice(), &account].concat();
    run(&program, &create, Some(PASSWORD))?;
    let config = settings.folder.join("cloud.toml");
    std::fs::write(
        &config,
        format!(
            "[web]\naddress = \"{web}\"\n\n[device]\naddress = \"{device}\"\nurl = \"https://{network}\"\n"
        ),
    )?;
    let config = config.display().to_string();
    let serve = [&["serve"], place.as_slice(), &["--config", &config]].concat();
    Program::start("the cloud", &program, &serve, &settings.folder.join("cloud.log"))
}

/// A new device of the site.
pub(super) struct Device {
    pub(super) program: Program,
    page: String,
    folder: PathBuf,
    site: u64,
}

impl Device {
    /// Waits until its operator can log in and is shown a task.
    pub(super) async fn shows_a_task(&mut self) -> Result<Pda> {
        ready(&self.page, PATIENCE).await.with_context(|| self.program.last_words())?;
        let pda = Pda::log_in(&self.page, LOGIN, PIN).await?;
        until(PATIENCE, "the device shows no task", async || pda.task().await.ok()).await?;
        Ok(pda)
    }

    /// Waits until nothing of its own is under way any more.
    pub(super) async fn is_quiet(&self) -> Result<()> {
        synchronised(&self.page).await?;
        tokio::time::sleep(SETTLE).await;
        Ok(())
    }

    /// Where it keeps what it knows.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("agent.db")
    }

    /// Where its certificate and keys are.
    pub(super) fn identity(&self) -> PathBuf {
        self.folder.join("identity")
    }

    /// What it knows.
    pub(super) fn knowledge(&self) -> Result<Knowledge> {
        Knowledge::open(&self.file(), self.site)
    }
}

/// A look at an agent's database while it works.
pub(super) struct Knowledge {
    connection: Connection,
    site: u64,
}

impl Knowledge {
    fn open(file: &Path, site: u64) -> Result<Self> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .with_context(|| file.display().to_string())?;
        Ok(Self { connection, site })
    }

    /// How far it has read the site's goods.
    pub(super) fn goods_cursor(&self) -> Result<u64> {
        let cursor: Option<u64> = self
            .connection
            .prepare_cached("select cursor from feed where site = ?1 and stream = 'goods'")?
            .query_row([self.site], |row| row.get(0))
            .optional()?;
        Ok(cursor.unwrap_or_default())
    }

    /// How many items it knows.
    pub(super) fn items(&self) -> Result<u64> {
        Ok(self.connection.query_row("select count(*) from item", [], |row| row.get(0))?)
    }

    /// Which version of an item it knows.
    pub(super) fn version(&self, code: Code) -> Result<Option<Version>> {
        let body: Option<Vec<u8>> = self
            .connection
            .prepare_cached("select body from item where code = ?1")?
            .query_row([code.canonical()], |row| row.get(0))
            .optional()?;
        body.map(|body| Ok(decode::<Item>(&body, "item")?.version)).transpose()
    }
}
