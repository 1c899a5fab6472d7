//! One request per function: what the device asks the cloud, over TLS 1.3 with its own certificate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use reqwest::{Response, StatusCode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use sealtrace_protocol::ids::{Cursor, Epoch, OrderId, Seq, SiteId};
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{
    Delivery, FeedPage, FeedStream, GOODS_PAGE_ITEMS_MAX, GoodsPage, Labels, LabelsWanted, Resumed,
    Verdicts,
};
use sealtrace_protocol::signing::Sealed;
use sealtrace_protocol::wire::{WireError, decode};
use serde::de::DeserializeOwned;

use super::names;
use crate::clock::Clock;
use crate::identity::Identity;

/// How long a connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the other side may be silent.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one request may take in all; a digest over a slow link is the longest.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest answer that is read as a whole.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The largest page of goods: [`GOODS_PAGE_ITEMS_MAX`] packages, most of which hold few lots.
const GOODS_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The largest roll digest; 10⁷ codes are 80 MB. It is stored as it comes in.
const DIGEST_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The certificate, key or authority cannot be used.
    #[error("the device's certificate cannot be used: {0}; enrol the device again")]
    Certificate(&'static str),
    /// The cloud cannot be reached.
    #[error("the cloud cannot be reached at {url}")]
    Unreachable {
        /// Which address.
        url: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// The cloud said no.
    #[error("the cloud answered {status} {code}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The error's code.
        code: String,
    },
    /// The answer is not what was agreed.
    #[error("the cloud's answer to {0} does not read")]
    Answer(&'static str),
    /// The answer's bytes are not what was agreed.
    #[error("the cloud's answer about {what} does not read; nothing of it was stored")]
    Unreadable {
        /// Which answer.
        what: &'static str,
        /// Why not.
        #[source]
        error: WireError,
    },
    /// The answer is larger than agreed.
    #[error("the cloud's answer about {what} is larger than {limit}; nothing of it was stored")]
    TooLarge {
        /// Which answer.
        what: &'static str,
        /// Bytes or rows.
        limit: usize,
    },
}

/// Talks to the device listener.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// A client that trusts this device's authority alone and shows this device's certificate. It asks these name
    /// servers where the cloud is; with none, the system.
    pub fn new(
        identity: &Identity,
        clock: &Clock,
        nameservers: &[SocketAddr],
    ) -> Result<Self, ClientError> {
        let tls = tls(identity, clock)?;
        let http = names::asking(reqwest::Client::builder(), nameservers)
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| ClientError::Certificate("the TLS settings are refused"))?;
        Ok(Self { http, base: identity.device.device_url.trim_end_matches('/').to_owned() })
    }

    /// `POST /device/v1/batches`: sealed bytes, as stored.
    pub async fn deliver(&self, sealed: Vec<u8>) -> Result<Delivery, ClientError> {
        let request = self
            .http
            .post(self.url("batches"))
            .header("content-type", "application/octet-stream")
            .body(sealed);
        json(self.send(request).await?, "a batch").await
    }

    /// `GET /device/v1/verdicts`: what was judged after this place.
    pub async fn verdicts(&self, epoch: Epoch, seq: Seq) -> Result<Verdicts, ClientError> {
        let url = format!("{}?epoch={epoch}&seq={seq}", self.url("verdicts"));
        json(self.send(self.http.get(url)).await?, "verdicts").await
    }

    /// `POST /device/v1/resume`: a signed request for a new epoch.
    pub async fn resume(&self, request: &Sealed) -> Result<Resumed, ClientError> {
        let request = self
            .http
            .post(self.url("resume"))
            .header("content-type", "application/octet-stream")
            .body(request.to_bytes());
        json(self.send(request).await?, "a request to resume").await
    }

    /// `GET /device/v1/feed/desk`: the page after this cursor.
    pub async fn desk(&self, site: SiteId, after: Cursor) -> Result<FeedPage, ClientError> {
        json(self.feed(FeedStream::Desk, site, after).await?, "the feed's desk").await
    }

    /// `GET /device/v1/feed/goods`: the page after this cursor.
    pub async fn goods(&self, site: SiteId, after: Cursor) -> Result<GoodsPage, ClientError> {
        let what = "the feed's goods";
        let body = bytes(self.feed(FeedStream::Goods, site, after).await?, what, GOODS_BYTES_MAX);
        let page: GoodsPage = decode(&body.await?, "goods page")
            .map_err(|error| ClientError::Unreadable { what, error })?;
        if page.items.len() > GOODS_PAGE_ITEMS_MAX {
            return Err(ClientError::TooLarge { what, limit: GOODS_PAGE_ITEMS_MAX });
        }
        Ok(page)
    }

    async fn feed(
        &self,
        stream: FeedStream,
        site: SiteId,
        after: Cursor,
    ) -> Result<Response, ClientError> {
        let url = format!("{}/{}?site={site}&after={after}", self.url("feed"), stream.name());
        self.send(self.http.get(url)).await
    }

    /// `GET /device/v1/rolls/{order}/{level}`: a roll's digest, to be read in parts.
    pub async fn digest(&self, order: OrderId, level: Level) -> Result<Body, ClientError> {
        let url = format!("{}/{order}/{}", self.url("rolls"), level.name());
        let response = self.send(self.http.get(url)).await?;
        Ok(Body::new(response, "a roll's digest", DIGEST_BYTES_MAX))
    }

    /// `POST /device/v1/labels`: the next labels this device may print by itself.
    pub async fn labels(&self, wanted: &LabelsWanted) -> Result<Labels, ClientError> {
        let request = self.http.post(self.url("labels")).json(wanted);
        json(self.send(request).await?, "labels").await
    }

    /// Reaches the cloud and nothing else; for `doctor`.
    pub async fn reach(&self) -> Result<(), ClientError> {
        match self.verdicts(Epoch(u32::MAX), Seq(0)).await {
            Ok(_) | Err(ClientError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn url(&self, what: &str) -> String {
        format!("{}/device/v1/{what}", self.base)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, ClientError> {
        let response = request
            .send()
            .await
            .map_err(|source| ClientError::Unreachable { url: self.base.clone(), source })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let code = error_code(response).await;
        Err(ClientError::Refused { status: status.as_u16(), code })
    }
}

/// The `error.code` of an answer that is an error; the status' name when there is none.
pub(crate) async fn error_code(response: Response) -> String {
    let status = response.status();
    let value: Option<serde_json::Value> = response.json().await.ok();
    value
        .as_ref()
        .and_then(|value| value.pointer("/error/code")?.as_str())
        .or_else(|| StatusCode::canonical_reason(&status))
        .unwrap_or("unknown")
        .to_owned()
}

async fn json<T: DeserializeOwned>(
    response: Response,
    what: &'static str,
) -> Result<T, ClientError> {
    let body = bytes(response, what, ANSWER_BYTES_MAX).await?;
    serde_json::from_slice(&body).map_err(|_| ClientError::Answer(what))
}

async fn bytes(
    response: Response,
    what: &'static str,
    limit: usize,
) -> Result<Vec<u8>, ClientError> {
    Body::new(response, what, limit).next(usize::MAX).await
}

/// An answer as it comes in, up to a limit.
pub struct Body {
    response: Response,
    what: &'static str,
    limit: usize,
    taken: usize,
    /// Came in already and was not asked for yet.
    rest: Vec<u8>,
}

impl Body {
    const fn new(response: Response, what: &'static str, limit: usize) -> Self {
        Self { response, what, limit, taken: 0, rest: Vec::new() }
    }

    /// The next so many bytes; fewer only at the end.
    pub async fn next(&mut self, count: usize) -> Result<Vec<u8>, ClientError> {
        let broken = |source: reqwest::Error| {
            let url = source.url().map(ToString::to_string).unwrap_or_default();
            ClientError::Unreachable { url, source }
        };
        while self.rest.len() < count {
            let Some(chunk) = self.response.chunk().await.map_err(broken)? else { break };
            self.taken = self.taken.saturating_add(chunk.len());
            if self.taken > self.limit {
                return Err(ClientError::TooLarge { what: self.what, limit: self.limit });
            }
            self.rest.extend_from_slice(&chunk);
        }
        let later = self.rest.split_off(count.min(self.rest.len()));
        Ok(std::mem::replace(&mut self.rest, later))
    }
}

/// Takes a receipt out of a delivery's answer; nothing in it is believed yet.
pub(super) fn receipt(text: &str) -> Result<Sealed, ClientError> {
    let bytes = BASE64.decode(text.as_bytes()).map_err(|_| ClientError::Answer("a batch"))?;
    Sealed::from_bytes(&bytes).map_err(|_| ClientError::Answer("a batch"))
}

/// Certificates are looked at with the time this device believes most.
#[derive(Debug)]
struct Believed(Clock);

impl TimeProvider for Believed {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = u64::try_from(self.0.best().millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}

fn tls(identity: &Identity, clock: &Clock) -> Result<rustls::ClientConfig, ClientError> {
    let mut roots = rustls::RootCertStore::empty();
    for authority in certificates(&identity.device.authority_pem)? {
        roots
            .add(authority)
            .map_err(|_| ClientError::Certificate("the authority's certificate is damaged"))?;
    }
    let chain = certificates(&identity.device.certificate_pem)?;
    let key = PrivateKeyDer::from_pem_slice(identity.tls_key_pem.as_bytes())
        .map_err(|_| ClientError::Certificate("the key is damaged"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_details(provider, Arc::new(Believed(clock.clone())))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| ClientError::Certificate("TLS 1.3 is not available"))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|_| ClientError::Certificate("certificate and key do not fit"))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| ClientError::Certificate("it is not PEM"))?;
    if chain.is_empty() {
        return Err(ClientError::Certificate("it is empty"));
    }
    Ok(chain)
}
