//! A whole cloud on ports of its own, with one order released, and devices that talk to it over real TLS.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use data_encoding::BASE64;
use reqwest::{Client, ClientBuilder, Response};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use sealtrace_cloud::accounts::AccountId;
use sealtrace_cloud::catalog::Products;
use sealtrace_cloud::clock::Clock;
use sealtrace_cloud::cloud::Cloud;
use sealtrace_cloud::codes::roll::Roll;
use sealtrace_cloud::config::{Config, Flags};
use sealtrace_cloud::devices::tokens;
use sealtrace_cloud::documents;
use sealtrace_cloud::ingest::judging::judge_round;
use sealtrace_cloud::orders::{self, PlannedTask, ReleasePlan as Plan, WantedCodes};
use sealtrace_cloud::organisations::{Dealers, Sites};
use sealtrace_cloud::resource::{self, Resource};
use sealtrace_cloud::serve::{Running, start};
use sealtrace_cloud::store::{Database, Store};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{
    BatchNo, Cursor, DealerId, DeviceId, DocumentId, Epoch, OrderId, OwnerId, ProductId, Revision,
    SiteId, TaskId,
};
use sealtrace_protocol::ledger::{Action, Level, Made, Operation, Pack, Verdict};
use sealtrace_protocol::link::{EnrolRequest, Enrolled, Verdicts, enrolment_challenge};
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::signing::{Hash, SealedBatch, Sealing, SigningKey};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};
use sealtrace_protocol::wire::v1::Record;
use serde_json::{Value, json};

/// Who does in these tests what somebody at the console does.
pub(crate) const NOBODY: AccountId = AccountId(99);
/// Units of one case, cases of one pallet in the tests' packing plan.
pub(crate) const UNITS_PER_CASE: usize = 4;

/// A running cloud with something to work on.
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) clock: Clock,
    pub(crate) web: String,
    pub(crate) http: Client,
    pub(crate) site: SiteId,
    pub(crate) other_site: SiteId,
    pub(crate) product: ProductId,
    pub(crate) order: OrderId,
    pub(crate) task: TaskId,
    pub(crate) lot: Lot,
    running: Running,
}

impl World {
    pub(crate) async fn start(database: &Database) -> Self {
        LazyLock::force(&LOG);
        // Certificates are checked against the real time; from here on the clock stands still.
        let clock = Clock::standing_at(Clock::System.now());
        let flags = Flags {
            web: Some("127.0.0.1:0".to_owned()),
            device: Some("127.0.0.1:0".to_owned()),
            ..Flags::default()
        };
        let mut config = Config::parse("", "", &flags).unwrap();
        config.database = database.clone();
        let running = start(config, clock.clone()).await.unwrap();
        let cloud = running.cloud.clone();
        let now = clock.now();
        let store = &cloud.store;
        let first = json!({ "name": "一号线", "kind": "line" });
        let first = SiteId(added::<Sites>(store, first, now).await);
        let second = json!({ "name": "外仓", "kind": "warehouse" });
        let second = SiteId(added::<Sites>(store, second, now).await);
        let case = json!({ "level": "case", "holds": UNITS_PER_CASE });
        let plan = json!([case, { "level": "pallet", "holds": 3 }]);
        let product = json!({ "name": "啤酒", "gtin": "06901234567892", "plan": plan });
        let product = ProductId(added::<Products>(store, product, now).await);
        let draft = orders::Draft {
            number: "PO-1".to_owned(),
            product: product.get(),
            lot: "L1".to_owned(),
            quantity: 48,
            ..orders::Draft::default()
        };
        let (order, _) = orders::create(store, &draft, NOBODY, now).await.unwrap();
        let codes = WantedCodes { units: 60, boxes: 0, cases: 15, pallets: 5 };
        orders::issue(store, &cloud.codebook, order.id, codes, NOBODY, now).await.unwrap();
        let task = PlannedTask {
            site: first.get(),
            kind: "line".to_owned(),
            quantity: 48,
            ..PlannedTask::default()
        };
        let plan = Plan { tasks: vec![task] };
        let order = orders::release(store, order.id, &plan, NOBODY, now).await.unwrap();
        Self {
            web: format!("http://{}", running.web),
            http: client("", None),
            site: first,
            other_site: second,
            product,
            order: order.id,
            task: order.tasks[0].id,
            lot: order.lot,
            cloud,
            clock,
            running,
        }
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }

    /// All codes of a level of the order.
    pub(crate) fn codes(&self, level: Level) -> Vec<Code> {
        Roll::of(&self.cloud.codebook, self.order, level)
            .chunks()
            .flat_map(|chunk| {
                let lines = chunk.printed("x");
                lines
                    .lines()
                    .map(|line| line.rsplit('/').next().unwrap().to_owned())
                    .collect::<Vec<_>>()
            })
            .map(|text| text.parse().unwrap())
            .collect()
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { wall: self.clock.now(), uncertainty_ms: 500 }
    }

    pub(crate) fn operation(&self, action: Action) -> Operation {
        let at = self.stamp();
        Operation { at, operator: None, approver: None, site: self.site, basis: Cursor(0), action }
    }

    /// Case number `case` packed with its own four units.
    pub(crate) fn pack(&self, case: usize) -> Record {
        let units = self.codes(Level::Unit);
        let children = units[case * UNITS_PER_CASE..(case + 1) * UNITS_PER_CASE].to_vec();
        self.pack_of(self.codes(Level::Case)[case], children)
    }

    pub(crate) fn pack_of(&self, parent: Code, children: Vec<Code>) -> Record {
        let made =
            Some(Made { task: self.task, product: self.product, lot: self.lot, plan: Revision(1) });
        let pack =
            Pack { parent, level: Level::Case, children, made, partial: None, mixed_lots: false };
        Record::Made(self.operation(Action::Pack(pack)))
    }

    pub(crate) async fn dealer(&self, name: &str) -> DealerId {
        let new = json!({ "name": name });
        DealerId(added::<Dealers>(&self.cloud.store, new, self.clock.now()).await)
    }

    pub(crate) async fn document(&self, number: &str, dealer: DealerId, units: u32) -> DocumentId {
        let line = documents::DraftLine {
            product: self.product.get(),
            unit: "unit".to_owned(),
            quantity: units,
        };
        let draft = documents::Draft {
            number: number.to_owned(),
            kind: "outbound".to_owned(),
            site: self.site.get(),
            dealer: Some(dealer.get()),
            lines: vec![line],
            ..documents::Draft::default()
        };
        self.approved(&draft).await
    }

    /// A document that was approved.
    pub(crate) async fn approved(&self, draft: &documents::Draft) -> DocumentId {
        let (store, now) = (&self.cloud.store, self.clock.now());
        let (document, _) = documents::create(store, draft, NOBODY, now).await.unwrap();
        for action in [documents::Action::Submit, documents::Action::Approve] {
            documents::act(store, document.id, action, NOBODY, now).await.unwrap();
        }
        document.id
    }

    pub(crate) async fn token(&self, name: &str) -> String {
        self.token_for(name, self.site).await
    }

    async fn token_for(&self, name: &str, site: SiteId) -> String {
        tokens::issue(&self.cloud.store, name, &[site], self.clock.now()).await.unwrap().text
    }

    pub(crate) async fn post_enrol(&self, request: &EnrolRequest) -> (u16, Value) {
        let url = format!("{}/api/v1/enrol", self.web);
        let body = serde_json::to_vec(request).unwrap();
        let request = self.http.post(url).header("content-type", "application/json").body(body);
        answer(request.send().await.unwrap()).await
    }

    /// A device that was let in.
    pub(crate) async fn device(&self, name: &str) -> TestDevice {
        self.device_at(name, self.site).await
    }

    /// A device that was let in for one site.
    pub(crate) async fn device_at(&self, name: &str, site: SiteId) -> TestDevice {
        let token = self.token_for(name, site).await;
        let keys = DeviceKeys::new(name);
        let (status, answer) = self.post_enrol(&keys.request(&token)).await;
        assert_eq!(status, 200, "{answer}");
        let enrolled: Enrolled = serde_json::from_value(answer).unwrap();
        TestDevice::new(keys, enrolled)
    }

    /// Gives every verdict that can be given now.
    pub(crate) async fn judge(&self) {
        let Cloud { store, codebook, clock, .. } = &self.cloud;
        while judge_round(store, codebook, clock.now()).await.unwrap() > 0 {}
    }
}

/// Adds a row of a resource; answers with its id.
pub(crate) async fn added<R: Resource>(store: &Store, form: Value, now: Timestamp) -> u64 {
    let form = form.as_object().unwrap();
    let row = resource::create::<R>(store, form, None, now).await.unwrap();
    row["id"].as_u64().unwrap()
}

/// What a device makes for itself before it enrols.
pub(crate) struct DeviceKeys {
    pub(crate) signing: SigningKey,
    pub(crate) tls: rcgen::KeyPair,
}

impl DeviceKeys {
    pub(crate) fn new(name: &str) -> Self {
        let seed = Hash::of(name.as_bytes()).0;
        let tls = rcgen::KeyPair::generate().unwrap();
        Self { signing: SigningKey::from_seed(&seed).unwrap(), tls }
    }

    pub(crate) fn request(&self, token: &str) -> EnrolRequest {
        let params = rcgen::CertificateParams::default();
        let csr_pem = params.serialize_request(&self.tls).unwrap().pem().unwrap();
        let proof = self.signing.prove(&enrolment_challenge(token, &csr_pem));
        EnrolRequest {
            token: token.to_owned(),
            csr_pem,
            signing_key: BASE64.encode(&self.signing.public().0),
            proof: BASE64.encode(&proof),
        }
    }
}

/// An enrolled device: its keys, its connection, its stream.
pub(crate) struct TestDevice {
    pub(crate) id: DeviceId,
    pub(crate) keys: DeviceKeys,
    pub(crate) enrolled: Enrolled,
    pub(crate) http: Client,
    pub(crate) head: StreamHead,
    pub(crate) boot: [u8; 16],
}

impl TestDevice {
    fn new(keys: DeviceKeys, enrolled: Enrolled) -> Self {
        let http = client(&enrolled.authority_pem, Some((&enrolled.certificate_pem, &keys.tls)));
        let head = StreamHead::start(enrolled.epoch);
        Self { id: enrolled.device, keys, http, head, boot: [1; 16], enrolled }
    }

    /// Seals records behind the stream's head without moving it.
    pub(crate) fn seal(&self, records: &[Record], now: Timestamp) -> SealedBatch {
        self.seal_as(records, now, self.id, self.enrolled.owner)
    }

    pub(crate) fn seal_as(
        &self,
        records: &[Record],
        now: Timestamp,
        device: DeviceId,
        owner: OwnerId,
    ) -> SealedBatch {
        let sealing = Sealing {
            owner,
            device,
            last_receipt: Hash::ZERO,
            boot: self.boot,
            monotonic_ms: 1,
            sealed_at: Stamp { wall: now, uncertainty_ms: 500 },
            software: "test".to_owned(),
            configuration: 1,
        };
        SealedBatch::seal(&self.keys.signing, &self.head, records, sealing).unwrap()
    }

    /// Seals the next batch and moves the stream's head behind it.
    pub(crate) fn next(&mut self, records: &[Record], now: Timestamp) -> Vec<u8> {
        let sealed = self.seal(records, now);
        let header = &sealed.verify(&self.keys.signing.public()).unwrap().header.clone();
        self.head = StreamHead::after(header, sealed.hash());
        sealed.to_bytes()
    }

    pub(crate) async fn deliver(&self, bytes: &[u8]) -> (u16, Value) {
        self.post("batches", bytes.to_vec()).await
    }

    pub(crate) async fn post(&self, what: &str, bytes: Vec<u8>) -> (u16, Value) {
        answer(self.http.post(self.url(what)).body(bytes).send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, what: &str) -> (u16, Value) {
        answer(self.http.get(self.url(what)).send().await.unwrap()).await
    }

    pub(crate) fn url(&self, what: &str) -> String {
        format!("{}/device/v1/{what}", self.enrolled.device_url)
    }

    /// All verdicts so far, as (epoch, seq, verdict).
    pub(crate) async fn verdicts(&self) -> Vec<(u32, u64, Verdict)> {
        let (status, answer) = self.get("verdicts?epoch=0&seq=0").await;
        assert_eq!(status, 200, "{answer}");
        let verdicts: Verdicts = serde_json::from_value(answer).unwrap();
        assert!(!verdicts.more);
        let each = verdicts.verdicts.into_iter();
        each.map(|judged| (judged.epoch.get(), judged.seq.get(), judged.verdict)).collect()
    }

    /// Forgets everything behind `epoch`, as a restored device does.
    pub(crate) fn starts_over(&mut self, epoch: Epoch) {
        self.head = StreamHead::start(epoch);
    }

    /// Its TLS certificate.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.enrolled.certificate_pem.as_bytes()).unwrap()
    }

    pub(crate) fn head_is(&self) -> BatchNo {
        self.head.batch
    }
}

/// A client that trusts one authority, with or without a certificate of its own.
pub(crate) fn client(authority_pem: &str, own: Option<(&str, &rcgen::KeyPair)>) -> Client {
    client_builder(authority_pem, own).build().unwrap()
}

/// The same before it is built.
pub(crate) fn client_builder(
    authority_pem: &str,
    own: Option<(&str, &rcgen::KeyPair)>,
) -> ClientBuilder {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority_pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        Some((pem, key)) => {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
            builder.with_client_auth_cert(chain.unwrap(), key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    Client::builder().no_proxy().tls_backend_preconfigured(config)
}

/// Status and JSON body.
pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// The code of an error answer.
pub(crate) fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("(no error)")
}

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    lines.init();
    log
});

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// True when a line of this process's log holds all of these words.
pub(crate) fn logged(words: &[&str]) -> bool {
    let log = LOG.0.lock().unwrap();
    let log = String::from_utf8_lossy(&log);
    log.lines().any(|line| words.iter().all(|word| line.contains(word)))
}
