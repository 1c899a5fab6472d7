//! A cloud with its real router and store, people signed in to it, and a device that delivers signed batches.

use axum_test::{TestRequest, TestServer};
use sealtrace_cloud::accounts::{NewAccount, create_account};
use sealtrace_cloud::clock::Clock;
use sealtrace_cloud::cloud::Cloud;
use sealtrace_cloud::config::{Config, Flags};
use sealtrace_cloud::devices::Device;
use sealtrace_cloud::feed;
use sealtrace_cloud::ingest;
use sealtrace_cloud::ingest::judging::{self, judge_round};
use sealtrace_cloud::store::{Database, StoreError, devices, streams};
use sealtrace_cloud::writing;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{
    BatchNo, Cursor, DeviceId, DocumentId, Epoch, OperationId, ProductId, Revision, Seq, SiteId,
    TaskId,
};
use sealtrace_protocol::ledger::{Action, Level, Made, Operation, Pack, Ship, Verdict};
use sealtrace_protocol::link::{FeedPage, FeedRow};
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::signing::{Hash, SealedBatch, Sealing, SigningKey};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};
use sealtrace_protocol::wire::v1::Record;
use serde_json::{Value, json};

use crate::engines::on_both_databases;

/// Sat, 01 Aug 2026 00:00:00 UTC.
pub(crate) const START: Timestamp = Timestamp(1_785_542_400_000);
pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const PASSWORD: &str = "a long enough one";

/// A cloud and an administrator signed in to it.
pub(crate) struct Office {
    pub(crate) cloud: Cloud,
    pub(crate) admin: TestServer,
}

/// Runs a test once per engine.
pub(crate) async fn in_both_offices(test: impl AsyncFn(Office)) {
    on_both_databases(async |database| test(Office::open(database).await).await).await;
}

impl Office {
    pub(crate) async fn open(database: &Database) -> Self {
        let flags = match database {
            Database::Sqlite { folder } => Flags { data: Some(folder.clone()), ..Flags::default() },
            Database::Postgres { url } => Flags { database: Some(url.clone()), ..Flags::default() },
        };
        let config = Config::parse("test", "", &flags).unwrap();
        let clock = Clock::standing_at(START);
        let cloud = Cloud::open(config, clock, "https://127.0.0.1:8443").await.unwrap();
        for role in ["admin", "auditor", "inspector", "manager"] {
            let new = NewAccount {
                login: role.to_owned(),
                name: format!("the {role}"),
                role: role.to_owned(),
                password: PASSWORD.to_owned(),
            };
            create_account(&cloud.store, &new, START).await.unwrap();
        }
        let admin = signed_in(&cloud, "admin").await;
        Self { cloud, admin }
    }

    /// Somebody with this role, signed in.
    pub(crate) async fn signed_in(&self, role: &str) -> TestServer {
        signed_in(&self.cloud, role).await
    }

    /// Somebody from the street.
    pub(crate) fn nobody(&self) -> TestServer {
        browser(&self.cloud)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.admin.post(&format!("/api/v1{path}")).json(&body)).await
    }

    /// Posts what must succeed.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.post(path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        body
    }

    /// A document that was submitted and approved.
    pub(crate) async fn approved(&self, document: Value) -> u64 {
        let document = id(&self.create("/documents", document).await);
        for action in ["submit", "approve"] {
            self.create(&format!("/documents/{document}/{action}"), json!({})).await;
        }
        document
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.admin.put(&format!("/api/v1{path}")).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.admin.delete(&format!("/api/v1{path}")).json(&json!({}))).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = get(&self.admin, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Moves the clock of everyone.
    pub(crate) fn later(&self, ms: i64) {
        self.cloud.clock.advance_ms(ms);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.cloud.clock.now()
    }

    /// A verification from a place.
    pub(crate) async fn scan(&self, code: &Code, region: &str) -> Value {
        let body = json!({ "text": code.canonical(), "region": region });
        let request = self.nobody().post("/api/v1/verifications").json(&body).await;
        assert_eq!(request.status_code(), 200, "{}", request.text());
        request.json()
    }
}

fn browser(cloud: &Cloud) -> TestServer {
    TestServer::builder().save_cookies().build(sealtrace_cloud::http::web(cloud.clone()))
}

async fn signed_in(cloud: &Cloud, login: &str) -> TestServer {
    let server = browser(cloud);
    let body = json!({ "login": login, "password": PASSWORD });
    server.post("/api/v1/session").json(&body).await.assert_status_ok();
    server
}

/// Status and body of a request.
pub(crate) async fn answer(request: TestRequest) -> (u16, Value) {
    let response = request.await;
    let status = response.status_code().as_u16();
    let text = response.text();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) async fn get(server: &TestServer, path: &str) -> (u16, Value) {
    answer(server.get(&format!("/api/v1{path}"))).await
}

/// What a site's devices have been told besides goods.
pub(crate) async fn heard(office: &Office, site: u64) -> Vec<FeedRow> {
    let page = feed::desk(&office.cloud.store, SiteId(site), Cursor(0)).await.unwrap();
    let page: FeedPage = serde_json::from_value(serde_json::to_value(page).unwrap()).unwrap();
    assert!(!page.more);
    page.rows.into_iter().map(|entry| entry.row).collect()
}

/// The words for each wrong field of a form.
pub(crate) fn faults((status, body): (u16, Value)) -> Value {
    assert_eq!(status, 422, "{body}");
    assert_eq!(body["error"]["code"], "invalid", "{body}");
    body["error"]["params"]["fields"].clone()
}

/// One product, its order released to one line, two dealers.
pub(crate) struct Goods {
    pub(crate) site: SiteId,
    pub(crate) product: ProductId,
    pub(crate) order: u64,
    pub(crate) task: TaskId,
    pub(crate) lot: Lot,
    /// May sell in Nanjing and Yangzhou.
    pub(crate) nanjing: u64,
    /// May sell in Shanghai.
    pub(crate) shanghai: u64,
    pub(crate) units: Vec<Code>,
    pub(crate) cases: Vec<Code>,
    pub(crate) pallets: Vec<Code>,
}

/// Three bottles to a case, two cases to a pallet; an order of 24 bottles.
pub(crate) async fn goods(office: &Office) -> Goods {
    let plan = json!([{ "level": "case", "holds": 3 }, { "level": "pallet", "holds": 2 }]);
    let product = json!({ "name": "雪峰啤酒 500ml", "gtin": "6901234567892", "plan": plan });
    let product = id(&office.create("/products", product).await);
    let site = json!({ "name": "一号线", "kind": "line" });
    let site = id(&office.create("/sites", site).await);
    let dealer = async |name: &str, regions: Value| {
        let territories = json!([{ "product": product, "regions": regions }]);
        let dealer = json!({ "name": name, "territories": territories });
        id(&office.create("/dealers", dealer).await)
    };
    let nanjing = dealer("南京经销商", json!(["320100", "321000"])).await;
    let shanghai = dealer("上海经销商", json!(["310100"])).await;
    let order = json!({ "number": "PO-1", "product": product, "lot": "L20260801", "quantity": 24 });
    let order = id(&office.create("/orders", order).await);
    let wanted = json!({ "units": 24, "cases": 8, "pallets": 4 });
    office.create(&format!("/orders/{order}/codes"), wanted).await;
    let tasks = json!({ "tasks": [{ "site": site, "kind": "line", "quantity": 24 }] });
    let released = office.create(&format!("/orders/{order}/release"), tasks).await;
    let roll = async |level: Level| -> Vec<Code> {
        let path = format!("/api/v1/orders/{order}/rolls/{}", level.name());
        let text = office.admin.get(&path).await.text();
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    Goods {
        site: SiteId(site),
        product: ProductId(product),
        order,
        task: TaskId(id(&released["tasks"][0])),
        lot: Lot::new("L20260801").unwrap(),
        nanjing,
        shanghai,
        units: roll(Level::Unit).await,
        cases: roll(Level::Case).await,
        pallets: roll(Level::Pallet).await,
    }
}

impl Goods {
    pub(crate) fn pack_case(&self, case: usize, units: std::ops::Range<usize>) -> Action {
        Action::Pack(Pack {
            parent: self.cases[case],
            level: Level::Case,
            children: self.units[units].to_vec(),
            made: Some(self.made()),
            partial: None,
            mixed_lots: false,
        })
    }

    /// What the order's task makes, by the first plan of its product.
    pub(crate) const fn made(&self) -> Made {
        Made { task: self.task, product: self.product, lot: self.lot, plan: Revision(1) }
    }

    pub(crate) fn pack_pallet(&self, pallet: usize, cases: std::ops::Range<usize>) -> Action {
        Action::Pack(Pack {
            parent: self.pallets[pallet],
            level: Level::Pallet,
            children: self.cases[cases].to_vec(),
            made: None,
            partial: None,
            mixed_lots: false,
        })
    }

    pub(crate) fn ship(code: Code, document: u64) -> Action {
        Action::Ship(Ship { codes: vec![code], document: DocumentId(document) })
    }

    /// A document for so many bottles to a dealer.
    pub(crate) async fn document(
        &self,
        office: &Office,
        number: &str,
        dealer: u64,
        units: u32,
    ) -> u64 {
        let body = json!({
            "number": number, "kind": "outbound", "site": self.site, "dealer": dealer,
            "lines": [{ "product": self.product, "unit": "unit", "quantity": units }],
        });
        office.approved(body).await
    }
}

pub(crate) fn id(body: &Value) -> u64 {
    body["id"].as_u64().unwrap()
}

/// A device whose stream we write ourselves.
pub(crate) struct Line {
    pub(crate) device: Device,
    key: SigningKey,
    head: StreamHead,
    site: SiteId,
}

impl Line {
    pub(crate) async fn enrolled(office: &Office, number: u8, site: SiteId) -> Self {
        let key = SigningKey::from_seed(&[number; 32]).unwrap();
        let (id, epoch) = (DeviceId(number.into()), Epoch(1));
        let name = format!("device {number}");
        let (public, now) = (key.public(), office.now());
        let made: Result<(), StoreError> = writing!(office.cloud.store, |tx| {
            devices::insert_device(tx, id, &name, public, &[site], now).await?;
            streams::start(tx, id, epoch, &[], now).await
        });
        made.unwrap();
        let device = Device { id, name, key: public, sites: vec![site] };
        Self { device, key, head: StreamHead::start(epoch), site }
    }

    /// The same device from a copy that was made before it had done anything.
    pub(crate) fn restored(line: &Self) -> Self {
        let number = u8::try_from(line.device.id.get()).unwrap();
        let key = SigningKey::from_seed(&[number; 32]).unwrap();
        Self {
            device: line.device.clone(),
            key,
            head: StreamHead::start(Epoch(1)),
            site: line.site,
        }
    }

    /// Does something now; says where it is written down.
    pub(crate) async fn does(&mut self, office: &Office, actions: Vec<Action>) -> OperationId {
        self.did_at(office, office.now(), actions).await
    }

    /// Delivers what was done at `at`, by the device's clock, and lets the cloud judge it.
    pub(crate) async fn did_at(
        &mut self,
        office: &Office,
        at: Timestamp,
        actions: Vec<Action>,
    ) -> OperationId {
        let operations = actions.into_iter().map(|action| self.operation(at, action)).collect();
        self.delivers(office, operations).await;
        self.newest_operation()
    }

    /// Something done at its site at `at`, by nobody in particular.
    pub(crate) fn operation(&self, at: Timestamp, action: Action) -> Operation {
        let at = Stamp { wall: at, uncertainty_ms: 500 };
        Operation { at, operator: None, approver: None, site: self.site, basis: Cursor(0), action }
    }

    /// Delivers operations as one batch, lets the cloud judge them, answers with their verdicts.
    pub(crate) async fn delivers(
        &mut self,
        office: &Office,
        operations: Vec<Operation>,
    ) -> Vec<Verdict> {
        let before = (self.head.epoch, self.head.seq);
        let bytes = self.seals(office, operations);
        ingest::accept(&office.cloud, &self.device, &bytes).await.unwrap();
        let cloud = &office.cloud;
        while judge_round(&cloud.store, &cloud.codebook, cloud.clock.now()).await.unwrap() > 0 {}
        let verdicts = judging::verdicts(&cloud.store, self.device.id, before).await.unwrap();
        verdicts.verdicts.into_iter().map(|judged| judged.verdict).collect()
    }

    /// Seals operations as its next batch, and delivers it not.
    pub(crate) fn seals(&mut self, office: &Office, operations: Vec<Operation>) -> Vec<u8> {
        let at = office.now();
        let records: Vec<Record> = operations.into_iter().map(Record::Made).collect();
        let sealing = Sealing {
            owner: office.cloud.config.owner,
            device: self.device.id,
            last_receipt: Hash::ZERO,
            boot: [0; 16],
            monotonic_ms: 0,
            sealed_at: Stamp { wall: at, uncertainty_ms: 500 },
            software: "0.1.0-test".to_owned(),
            configuration: 1,
        };
        let sealed = SealedBatch::seal(&self.key, &self.head, &records, sealing).unwrap();
        let verified = sealed.verify(&self.device.key).unwrap();
        self.head = StreamHead::after(&verified.header, verified.hash);
        sealed.to_bytes()
    }

    /// Seals actions done now.
    pub(crate) fn seals_doing(&mut self, office: &Office, actions: Vec<Action>) -> Vec<u8> {
        let operations = actions.into_iter().map(|action| self.operation(office.now(), action));
        let operations = operations.collect();
        self.seals(office, operations)
    }

    /// Delivers one operation; answers with its verdict.
    pub(crate) async fn tries(&mut self, office: &Office, action: Action) -> Verdict {
        let operation = self.operation(office.now(), action);
        self.delivers(office, vec![operation]).await.remove(0)
    }

    /// The name of what it did last.
    pub(crate) const fn newest_operation(&self) -> OperationId {
        OperationId { device: self.device.id, epoch: self.head.epoch, seq: self.head.seq }
    }

    pub(crate) const fn newest(&self) -> (BatchNo, Seq) {
        (self.head.batch, self.head.seq)
    }
}
