//! What the figure of the feed is held against: the same rows written plainly, the same pages fetched and dropped.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use reqwest::header::ACCEPT_ENCODING;
use rusqlite::{Connection, OpenFlags, params_from_iter, types::Value};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use sealtrace_protocol::link::GoodsPage;
use sealtrace_protocol::wire::decode;
use serde::Serialize;

use super::rounded;
use crate::clock::Stopwatch;

/// Rows of one transaction: a page of the feed.
const ROWS_AT_ONCE: usize = 2_000;
/// The agent's settings (agent/src/store/writer.rs).
const PRAGMAS: &str = "pragma journal_mode = wal; pragma synchronous = full;
    pragma foreign_keys = on; pragma cache_size = -8192; pragma trusted_schema = off;";

/// Copies an agent's items into a bare file with the same table and the same settings; seconds of writing alone.
pub(super) fn insert_again(agent: &Path, bare: &Path) -> Result<f64> {
    let from = Connection::open_with_flags(agent, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut to = Connection::open(bare)?;
    to.execute_batch(PRAGMAS)?;
    let made = "select sql from sqlite_master where tbl_name = 'item' and sql is not null";
    let tables: Vec<String> =
        from.prepare(made)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    ensure!(!tables.is_empty(), "the agent keeps its items elsewhere now");
    for table in tables {
        to.execute_batch(&table)?;
    }
    let mut query = from.prepare("select * from item")?;
    let columns = query.column_count();
    let places: Vec<&str> = (0..columns).map(|_| "?").collect();
    let insert = format!("insert into item values ({})", places.join(", "));
    let mut rows = query.query([])?;
    let mut seconds = 0.0;
    loop {
        let mut page: Vec<Vec<Value>> = Vec::with_capacity(ROWS_AT_ONCE);
        while page.len() < ROWS_AT_ONCE
            && let Some(row) = rows.next()?
        {
            page.push((0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?);
        }
        if page.is_empty() {
            return Ok(seconds);
        }
        let writing = Stopwatch::start();
        let tx = to.transaction()?;
        for values in page {
            tx.prepare_cached(&insert)?.execute(params_from_iter(values))?;
        }
        tx.commit()?;
        seconds += writing.elapsed().as_secs_f64();
    }
}

/// A whole goods stream, fetched page by page and dropped.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Download {
    /// Seconds until the last page was there.
    pub(super) seconds: f64,
    /// Bytes of all bodies.
    pub(super) bytes: u64,
    /// Requests.
    pub(super) pages: u32,
}

/// Fetches with a device's own certificate.
pub(super) struct Downloader {
    client: reqwest::Client,
    address: String,
    /// Where each page begins, once they were fetched.
    cursors: Vec<u64>,
}

impl Downloader {
    /// For the device whose identity is in this folder.
    pub(super) fn new(identity: &Path, site: u64) -> Result<Self> {
        let device = std::fs::read_to_string(identity.join("device.json"))?;
        let device: serde_json::Value = serde_json::from_str(&device)?;
        let text = |name: &str| device[name].as_str().with_context(|| format!("no {name}"));
        let mut roots = RootCertStore::empty();
        for authority in CertificateDer::pem_slice_iter(text("authority_pem")?.as_bytes()) {
            roots.add(authority?)?;
        }
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(text("certificate_pem")?.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(&std::fs::read(identity.join("tls.key"))?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain?, key)?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .tls_backend_preconfigured(tls)
            .build()?;
        let address = format!("{}/device/v1/feed/goods?site={site}", text("device_url")?);
        Ok(Self { client, address, cursors: vec![0] })
    }

    /// The pages as they are.
    pub(super) async fn plain(&mut self) -> Result<Download> {
        let mut done = Download::default();
        let mut cursors = vec![0];
        while let Some(after) = cursors.last().copied() {
            let body = self.page(after, None, &mut done).await?;
            let page: GoodsPage = decode(&body, "goods page")?;
            if !page.more {
                break;
            }
            cursors.push(page.cursor.get());
        }
        self.cursors = cursors;
        done.seconds = rounded(done.seconds);
        Ok(done)
    }

    /// The same pages compressed, as far as the cloud does that.
    pub(super) async fn compressed(&self, encoding: &'static str) -> Result<Download> {
        let mut done = Download::default();
        for after in &self.cursors {
            self.page(*after, Some(encoding), &mut done).await?;
        }
        done.seconds = rounded(done.seconds);
        Ok(done)
    }

    /// How many rows there are behind a position, and the seconds the answer took.
    pub(super) async fn rows_after(&self, after: u64) -> Result<(usize, f64)> {
        let mut done = Download::default();
        let page: GoodsPage = decode(&self.page(after, None, &mut done).await?, "goods page")?;
        Ok((page.items.len(), done.seconds))
    }

    async fn page(
        &self,
        after: u64,
        encoding: Option<&'static str>,
        done: &mut Download,
    ) -> Result<Vec<u8>> {
        let asked = Stopwatch::start();
        let mut request = self.client.get(format!("{}&after={after}", self.address));
        if let Some(encoding) = encoding {
            request = request.header(ACCEPT_ENCODING, encoding);
        }
        let body = request.send().await?.error_for_status()?.bytes().await?;
        done.seconds += asked.elapsed().as_secs_f64();
        done.bytes += u64::try_from(body.len())?;
        done.pages += 1;
        Ok(body.to_vec())
    }
}
