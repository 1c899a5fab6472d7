//! A cloud small enough for a test and strict enough to be one: TLS 1.3 with client certificates, verified batches in
//! stream order, signed receipts, one verdict per operation.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sealtrace_protocol::ids::{
    BatchNo, Cursor, DeviceId, Epoch, OperationId, OwnerId, Seq, SiteId,
};
use sealtrace_protocol::ledger::Verdict;
use sealtrace_protocol::link::{
    Delivery, EnrolRequest, Enrolled, FeedPage, FeedStream, GoodsPage, Judged, Resumed, Site,
    Verdicts, enrolment_challenge,
};
use sealtrace_protocol::signing::chain::{Placement, StreamHead};
use sealtrace_protocol::signing::{Hash, PublicKey, Sealed, SealedBatch, SigningKey};
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::encode;
use sealtrace_protocol::wire::v1::Receipt;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::store::{DEVICE, SITE};

pub(crate) const TOKEN: &str = "GOOD";

/// What the cloud knows.
pub(crate) struct Known {
    pub(crate) head: StreamHead,
    pub(crate) key: Option<PublicKey>,
    pub(crate) token_used: bool,
    pub(crate) batches: BTreeMap<(Epoch, BatchNo), (Hash, Vec<u8>)>,
    /// Each operation received, by its identity, with how often it travelled.
    pub(crate) operations: BTreeMap<OperationId, usize>,
    pub(crate) verdicts: Vec<Judged>,
    /// The desks of its sites, page after page.
    pub(crate) desk: BTreeMap<SiteId, Vec<FeedPage>>,
    /// Their goods, page after page, as they go over the wire.
    pub(crate) goods: BTreeMap<SiteId, Vec<(Cursor, Vec<u8>)>>,
    /// Pages asked for, in order.
    pub(crate) asked: Vec<(SiteId, FeedStream, Cursor)>,
    /// Where its devices may work.
    pub(crate) sites: Vec<SiteId>,
    /// A page of goods takes this long.
    pub(crate) goods_pause: Duration,
    /// Verdicts are kept back until a page of this stream was asked for.
    pub(crate) verdicts_held: Option<FeedStream>,
    pub(crate) digest: Vec<u8>,
    pub(crate) resumed: usize,
    /// Receipts are signed by somebody else's key.
    pub(crate) receipts_forged: bool,
    /// Answers are lost after the work was done.
    pub(crate) answers_lost: usize,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            head: StreamHead::start(Epoch(1)),
            key: None,
            token_used: false,
            batches: BTreeMap::new(),
            operations: BTreeMap::new(),
            verdicts: Vec::new(),
            desk: BTreeMap::new(),
            goods: BTreeMap::new(),
            asked: Vec::new(),
            sites: vec![SITE],
            goods_pause: Duration::ZERO,
            verdicts_held: None,
            digest: Vec::new(),
            resumed: 0,
            receipts_forged: false,
            answers_lost: 0,
        }
    }
}

pub(crate) struct Cloud {
    known: Mutex<Known>,
    receipts: SigningKey,
    authority: Issuer<'static, KeyPair>,
    authority_pem: String,
    server: Arc<ServerConfig>,
    cut: AtomicBool,
    addresses: Mutex<Option<(SocketAddr, SocketAddr)>>,
}

type Shared = Arc<Cloud>;

impl Cloud {
    /// Starts both listeners on free ports of the loopback interface.
    pub(crate) async fn start() -> Shared {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let authority_pem = certificate.pem();
        let authority = Issuer::new(params, key);
        let server_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()])
            .unwrap()
            .signed_by(&server_key, &authority)
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![server.der().clone()],
                PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let cloud = Arc::new(Self {
            known: Mutex::new(Known::default()),
            receipts: SigningKey::from_seed(&[3; 32]).unwrap(),
            authority,
            authority_pem,
            server: Arc::new(config),
            cut: AtomicBool::new(false),
            addresses: Mutex::new(None),
        });
        let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let device = TcpListener::bind("127.0.0.1:0").await.unwrap();
        *cloud.addresses.lock().unwrap() =
            Some((web.local_addr().unwrap(), device.local_addr().unwrap()));
        let pages = Router::new().route("/api/v1/enrol", post(enrol)).with_state(cloud.clone());
        tokio::spawn(async move { axum::serve(web, pages).await });
        let devices = Router::new()
            .route("/device/v1/batches", post(deliver))
            .route("/device/v1/verdicts", get(verdicts))
            .route("/device/v1/resume", post(resume))
            .route("/device/v1/feed/desk", get(desk))
            .route("/device/v1/feed/goods", get(goods))
            .route("/device/v1/rolls/{order}/{level}", get(digest))
            .with_state(cloud.clone());
        let listener = Tls { listener: device, cloud: cloud.clone() };
        tokio::spawn(async move { axum::serve(listener, devices).await });
        cloud
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    pub(crate) fn web_url(&self) -> String {
        format!("http://{}", self.addresses.lock().unwrap().unwrap().0)
    }

    /// From now on every request ends without an answer, done or not.
    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

struct Tls {
    listener: TcpListener,
    cloud: Shared,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            if self.cloud.cut.load(Ordering::SeqCst) {
                continue;
            }
            if let Ok(stream) = TlsAcceptor::from(self.cloud.server.clone()).accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

fn error(status: StatusCode, code: &str) -> Response {
    (status, Json(serde_json::json!({ "error": { "code": code, "params": {} } }))).into_response()
}

fn gone() -> Response {
    error(StatusCode::SERVICE_UNAVAILABLE, "cut")
}

async fn enrol(State(cloud): State<Shared>, Json(request): Json<EnrolRequest>) -> Response {
    let mut known = cloud.known();
    if request.token == "OLD" {
        return error(StatusCode::UNAUTHORIZED, "expired_token");
    }
    if request.token != TOKEN {
        return error(StatusCode::UNAUTHORIZED, "unknown_token");
    }
    if known.token_used {
        return error(StatusCode::CONFLICT, "used_token");
    }
    let key: [u8; 32] = BASE64.decode(request.signing_key.as_bytes()).unwrap().try_into().unwrap();
    let key = PublicKey(key);
    let proof = BASE64.decode(request.proof.as_bytes()).unwrap();
    assert!(key.proves(&enrolment_challenge(&request.token, &request.csr_pem), &proof));
    let csr = CertificateSigningRequestParams::from_pem(&request.csr_pem).unwrap();
    let certificate = csr.signed_by(&cloud.authority).unwrap();
    known.token_used = true;
    known.key = Some(key);
    Json(Enrolled {
        owner: OwnerId(1),
        device: DEVICE,
        name: "PDA 7".into(),
        epoch: Epoch(1),
        certificate_pem: certificate.pem(),
        authority_pem: cloud.authority_pem.clone(),
        receipt_key: BASE64.encode(&cloud.receipts.public().0),
        device_url: format!("https://{}", cloud.addresses.lock().unwrap().unwrap().1),
        code_host: "t.example".into(),
        sites: known.sites.iter().copied().map(site).collect(),
    })
    .into_response()
}

async fn deliver(State(cloud): State<Shared>, body: Bytes) -> Response {
    if cloud.cut.load(Ordering::SeqCst) {
        return gone();
    }
    let mut known = cloud.known();
    let sealed = SealedBatch::from_bytes(&body).unwrap();
    let batch = sealed.verify(&known.key.unwrap()).unwrap().into_inner();
    let header = &batch.header;
    let place = (header.epoch, header.batch);
    match known.head.place(header) {
        Placement::Next => {
            for (at, record) in batch.operations() {
                let id = record.id(at);
                let travelled = known.operations.entry(id).or_default();
                *travelled += 1;
                let verdict = if *travelled == 1 {
                    Verdict::Applied { notices: Vec::new() }
                } else {
                    Verdict::Duplicate { of: id }
                };
                known.verdicts.push(Judged { epoch: at.epoch, seq: at.seq, verdict });
            }
            known.head = StreamHead::after(header, batch.hash);
            known.batches.insert(place, (batch.hash, body.to_vec()));
        }
        Placement::Earlier => {
            let (hash, bytes) = &known.batches[&place];
            if *hash != batch.hash {
                return error(StatusCode::CONFLICT, "forked");
            }
            assert_eq!(*bytes, body, "a batch is sent again verbatim");
        }
        Placement::Ahead { expected } => {
            return Json(Delivery::Parked { expected }).into_response();
        }
        Placement::Fork => return error(StatusCode::CONFLICT, "forked"),
        Placement::OtherEpoch { .. } => return error(StatusCode::CONFLICT, "other_epoch"),
    }
    if known.answers_lost > 0 {
        known.answers_lost -= 1;
        return gone();
    }
    let forger = SigningKey::from_seed(&[4; 32]).unwrap();
    let signer = if known.receipts_forged { &forger } else { &cloud.receipts };
    let receipt = signer.seal_receipt(&Receipt {
        owner: header.owner,
        device: header.device,
        epoch: header.epoch,
        batch: header.batch,
        batch_hash: batch.hash,
        stored_at: Timestamp(1_800_000_000_000),
    });
    Json(Delivery::Stored { receipt: BASE64.encode(&receipt.to_bytes()) }).into_response()
}

#[derive(Deserialize)]
struct After {
    epoch: u32,
    seq: u64,
}

async fn verdicts(State(cloud): State<Shared>, Query(after): Query<After>) -> Response {
    if cloud.cut.load(Ordering::SeqCst) {
        return gone();
    }
    let after = (Epoch(after.epoch), Seq(after.seq));
    let known = cloud.known();
    let mut later: Vec<Judged> = known
        .verdicts
        .iter()
        .filter(|judged| known.verdicts_held.is_none() && (judged.epoch, judged.seq) > after)
        .cloned()
        .collect();
    let more = later.len() > 2;
    later.truncate(2);
    Json(Verdicts { verdicts: later, more }).into_response()
}

async fn resume(State(cloud): State<Shared>, body: Bytes) -> Response {
    let mut known = cloud.known();
    let request = Sealed::from_bytes(&body).unwrap().verify_resume(&known.key.unwrap()).unwrap();
    assert_eq!(request.device, DeviceId(7));
    known.resumed += 1;
    known.head = StreamHead::start(Epoch(known.head.epoch.get() + 1));
    Json(Resumed { epoch: known.head.epoch }).into_response()
}

pub(crate) fn site(id: SiteId) -> Site {
    Site { id, name: format!("line {id}"), implied_receipt: true }
}

#[derive(Deserialize)]
struct Feed {
    site: u64,
    after: u64,
}

async fn desk(State(cloud): State<Shared>, Query(asked): Query<Feed>) -> Response {
    if cloud.cut.load(Ordering::SeqCst) {
        return gone();
    }
    let (site, after) = (SiteId(asked.site), Cursor(asked.after));
    let mut known = cloud.known();
    known.asked.push((site, FeedStream::Desk, after));
    let pages = known.desk.get(&site).map_or(&[][..], Vec::as_slice);
    let page = pages.iter().find(|page| page.cursor > after).cloned();
    if page.is_some() {
        known.verdicts_held.take_if(|stream| *stream == FeedStream::Desk);
    }
    let nothing = FeedPage { rows: Vec::new(), cursor: after, more: false };
    Json(page.unwrap_or(nothing)).into_response()
}

async fn goods(State(cloud): State<Shared>, Query(asked): Query<Feed>) -> Response {
    if cloud.cut.load(Ordering::SeqCst) {
        return gone();
    }
    let (site, after) = (SiteId(asked.site), Cursor(asked.after));
    let pause = cloud.known().goods_pause;
    tokio::time::sleep(pause).await;
    let mut known = cloud.known();
    known.asked.push((site, FeedStream::Goods, after));
    known.verdicts_held.take_if(|stream| *stream == FeedStream::Goods);
    let pages = known.goods.get(&site).map_or(&[][..], Vec::as_slice);
    let page = pages.iter().find(|(cursor, _)| *cursor > after);
    let nothing = GoodsPage { items: Vec::new(), cursor: after, more: false };
    page.map_or_else(|| encode(&nothing), |(_, bytes)| bytes.clone()).into_response()
}

async fn digest(
    State(cloud): State<Shared>,
    Path((order, level)): Path<(u64, String)>,
) -> Response {
    assert_eq!((order, level.as_str()), (3, "unit"));
    cloud.known().digest.clone().into_response()
}
