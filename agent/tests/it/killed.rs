//! The real program, killed by SIGKILL between any two scans of every screen: nothing that was shown green is lost, and
//! it goes on exactly where it was.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::Transaction;
use sealtrace_agent::agent::Agent;
use sealtrace_agent::config::Config;
use sealtrace_agent::store::exceptions::{self, Exception, Kind};
use sealtrace_agent::store::rejected::{self, Place, Rejected};
use sealtrace_agent::store::{Store, StoreError};
use sealtrace_protocol::ledger::{Level, Route};
use sealtrace_protocol::link::FeedRow;
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::floor::{
    OTHER_SITE, PIN, PRODUCT, SITE, agent, case, document, hears, hears_of, pallet, printed, unit,
};
use crate::moving::cased;
use crate::page::said;
use crate::store::made;

/// A start takes a fraction of a second; a machine under load gets more. Each try takes ten milliseconds.
const START_TRIES_MAX: usize = 3_000;

/// The program, and a browser that outlives it.
struct Program {
    folder: TempDir,
    address: SocketAddr,
    running: Child,
    browser: reqwest::Client,
    cookie: String,
    /// Scans shown green, and how often the program was killed.
    green: usize,
    kills: usize,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

fn start(data: &Path, address: SocketAddr) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sealtrace-agent"))
        .env_remove("SEALTRACE_AGENT_CONFIG")
        .args(["--data".as_ref(), data.as_os_str(), "run".as_ref()])
        .args(["--ui", &address.to_string()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl Program {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        stock(folder.path()).await;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // Another test of this process may have chosen it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (browser, cookie) = (reqwest::Client::new(), String::new());
        let running = start(folder.path(), address);
        let mut program = Self { folder, address, running, browser, cookie, green: 0, kills: 0 };
        program.is_up().await;
        let login = json!({"login": "li", "pin": PIN});
        let answer = program.request("session", Some(login)).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap();
        program.cookie = cookie.to_owned();
        program
    }

    async fn request(&self, path: &str, body: Option<Value>) -> reqwest::Response {
        let url = format!("http://{}/api/{path}", self.address);
        let request = match &body {
            Some(body) => self.browser.post(url).json(body),
            None => self.browser.get(url),
        };
        request.header("cookie", &self.cookie).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.request(path, None).await.json().await.unwrap()
    }

    /// Waits until the page answers.
    async fn is_up(&mut self) {
        let url = format!("http://{}/api/status", self.address);
        for _ in 0..START_TRIES_MAX {
            if self.browser.get(&url).send().await.is_ok() {
                return;
            }
            assert!(self.running.try_wait().unwrap().is_none(), "the agent ended by itself");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the agent does not start");
    }

    /// SIGKILL, and another start; what is shown then is what was shown before.
    async fn kill(&mut self, told: &Value) {
        let before = (self.shown().await, self.status().await, self.get("exceptions").await);
        assert_eq!(before.0, bare(told["view"].clone()), "{told}");
        self.running.kill().unwrap();
        self.running.wait().unwrap();
        self.running = start(self.folder.path(), self.address);
        self.is_up().await;
        self.kills += 1;
        let after = (self.shown().await, self.status().await, self.get("exceptions").await);
        assert_eq!(after, before, "after {told}");
    }

    async fn shown(&self) -> Value {
        bare(self.get("station").await)
    }

    async fn status(&self) -> [Value; 2] {
        let status = self.get("status").await;
        [status["drafts"].clone(), status["unsent_operations"].clone()]
    }

    /// One scan or command barcode, and a kill behind its answer.
    async fn scan(&mut self, text: &str) -> Value {
        let body = json!({"text": text, "source": "wedge"});
        let reply: Value = self.request("station/scan", Some(body)).await.json().await.unwrap();
        if reply["tone"] == "accepted" && !text.starts_with("ST*") {
            self.green += 1;
        }
        self.kill(&reply).await;
        if reply["view"]["blocked"] == true {
            let body = json!({"text": "ST*OK*", "source": "wedge"});
            self.request("station/scan", Some(body)).await;
        }
        reply
    }

    async fn scans(&mut self, texts: &[String]) -> Value {
        let mut reply = Value::Null;
        for text in texts {
            reply = self.scan(text).await;
        }
        reply
    }
}

/// What is shown, but for the number of answers since the start, and for what was only looked up: nothing is written for
/// that, it is looked up again.
fn bare(mut view: Value) -> Value {
    for passing in ["revision", "item"] {
        view.as_object_mut().unwrap().remove(passing);
    }
    view
}

/// Goods and documents for every screen.
async fn stock(folder: &Path) {
    let stocked = agent(folder, Config::default()).await;
    let store = &stocked.store;
    for (id, route) in
        [(50, Route::Count { at: SITE }), (51, Route::Transfer { from: SITE, to: OTHER_SITE })]
    {
        hears(store, FeedRow::Document(document(id, route))).await;
    }
    for n in [20, 21] {
        hears_of(store, cased(n, PRODUCT, OTHER_SITE)).await;
    }
    store.write(set_aside).await.unwrap();
    let Agent { store, .. } = stocked;
    store.close().await;
}

/// A lane's case without a label, whose last bottle was not read.
fn set_aside(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let exception = Exception {
        at: Timestamp(0),
        kind: Kind::SetAside,
        code: None,
        lane: Some("line-1".to_owned()),
        operation: None,
        rejection: None,
        detail: "no_read".to_owned(),
    };
    let read = |n| Place { text: Some(printed(unit(n))), code: Some(unit(n)), fault: None };
    let unread = Place { text: None, code: None, fault: Some("no_read".to_owned()) };
    let case = Rejected {
        label: None,
        level: Level::Case,
        inner: Level::Unit,
        holds: 3,
        made: Some(made()),
        word: "no_read".to_owned(),
        unsure: false,
        places: vec![read(30), read(31), unread],
    };
    rejected::keep(tx, exceptions::add(tx, &exception)?, &case)
}

fn texts(steps: &[&str]) -> Vec<String> {
    let read = |step: &&str| {
        let number = |kind: &str| step.strip_prefix(kind).and_then(|n| n.parse::<u64>().ok());
        if let Some(n) = number("unit ") {
            printed(unit(n))
        } else if let Some(n) = number("case ") {
            printed(case(n))
        } else if let Some(n) = number("pallet ") {
            printed(pallet(n))
        } else {
            format!("ST*{step}*")
        }
    };
    steps.iter().map(read).collect()
}

/// Every screen, by barcodes alone, and how its last answer sounds and what it says.
const SCREENS: [(&[&str], (&str, &str)); 22] = [
    (
        &["PACK", "1", "unit 0", "unit 1", "unit 0", "unit 2", "case 0"],
        ("accepted", "operation_confirmed"),
    ),
    (
        &["unit 3", "UNDO", "unit 3", "unit 4", "unit 5", "case 1"],
        ("accepted", "operation_confirmed"),
    ),
    (&["pallet 0", "case 0", "case 1"], ("accepted", "operation_confirmed")),
    (&["UNDO"], ("accepted", "undone")),
    (&["LOOKUP", "unit 0"], ("ready", "ready")),
    (&["RELABEL", "1", "case 0", "case 2"], ("accepted", "operation_confirmed")),
    (
        &["RELABEL", "2", "case 2", "unit 0", "unit 1", "unit 22"],
        ("accepted", "operation_confirmed"),
    ),
    (&["VERIFY", "case 2", "unit 0", "CONFIRM"], ("warning", "differs")),
    (&["UNPACK", "unit 1"], ("accepted", "operation_confirmed")),
    (&["UNPACK", "case 1", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["COMMISSION", "1", "unit 10", "unit 11", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["ADD_TO", "0", "case 2", "unit 1"], ("accepted", "operation_confirmed")),
    (
        &["REGROUP", "1", "unit 10", "unit 11", "unit 3", "case 3"],
        ("accepted", "operation_confirmed"),
    ),
    (&["RECEIVE", "0", "case 20", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["COUNT", "1", "case 2", "case 3", "CONFIRM", "CLOSE"], ("warning", "count_differs")),
    (&["SAMPLE", "1", "unit 4", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["DESTROY", "1", "unit 5", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["TRANSFER", "1", "case 3", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["SHIP", "1", "case 2", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["RETURN", "1", "1", "case 2", "CONFIRM"], ("accepted", "operation_confirmed")),
    (&["REWORK", "unit 30", "unit 32", "case 4"], ("accepted", "operation_confirmed")),
    (&["WRITE_OFF", "1", "unit 40", "unit 44"], ("accepted", "labels_written_off")),
];

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_scans_of_any_screen_the_program_goes_on_where_it_was() {
    let mut program = Program::new().await;
    for (steps, expected) in SCREENS {
        let reply = program.scans(&texts(steps)).await;
        assert_eq!(said(&reply), expected, "{steps:?} {reply}");
    }
    // One refusal is left, and is resolved as everything else: by barcodes, killed in between.
    program.scans(&texts(&["PACK", "1", "unit 4"])).await;
    let reply = program.scans(&texts(&["RESOLVE", "1", "1", "1", "CONFIRM"])).await;
    assert_eq!(said(&reply), ("accepted", "resolved"), "{reply}");
    assert!(program.kills > 80, "{}", program.kills);
    program.running.kill().unwrap();
    program.running.wait().unwrap();
    assert_eq!(fates(program.folder.path()).await, (program.green, 1, 0));
}

/// Scans written down as green, and of these how many were undone and how many are in no operation yet.
async fn fates(folder: &Path) -> (usize, usize, usize) {
    let store = Store::open(folder).unwrap();
    let count = |what: &'static str| {
        let store = store.clone();
        async move {
            let sql = format!("select count(*) from journal where accepted = 1 {what}");
            let count = store.read(move |conn| {
                conn.query_row(&sql, [], |row| row.get::<_, usize>(0))
                    .map_err(StoreError::sqlite("count scans"))
            });
            count.await.unwrap()
        }
    };
    let undone = count("and undone_at is not null").await;
    let open = count("and undone_at is null and operation_seq is null").await;
    (count("").await, undone, open)
}
