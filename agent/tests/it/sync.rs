//! Device and cloud over real TLS: enrolled once, delivered exactly, cut and resumed without loss.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sealtrace_agent::agent::Agent;
use sealtrace_agent::config::Config;
use sealtrace_agent::enrol::{EnrolError, Enrolment, enrol};
use sealtrace_agent::run;
use sealtrace_agent::store::exceptions::Kind;
use sealtrace_agent::store::outbox::ConfirmError;
use sealtrace_agent::store::{Store, StoreError, exceptions, feed, items, outbox, stream};
use sealtrace_agent::sync::driver;
use sealtrace_protocol::ids::{BatchNo, Epoch, OperationId, Seq};
use sealtrace_protocol::ledger::Presence;
use sealtrace_protocol::link::FeedStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cloud::{Cloud, TOKEN};
use crate::store::{DEVICE, SITE, confirm, pack, task_page, unit, unit_digest};

pub(crate) fn enrolment(cloud: &Cloud, data: &Path, token: &str) -> Enrolment {
    let (cloud, token, data) = (cloud.web_url(), token.to_owned(), data.to_owned());
    Enrolment { cloud, token, ca_pin: None, data, nameservers: Vec::new() }
}

/// An enrolled agent with its driver running.
pub(crate) struct Running {
    pub(crate) agent: Agent,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(data: &Path) -> Self {
        let config = Config { data: data.to_owned(), ..Config::default() };
        let agent = run::open(config).await.unwrap();
        let identity = agent.identity.clone().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(driver::run(agent.clone(), identity, stop.clone()));
        Self { agent, stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
        self.agent.store.close().await;
    }

    pub(crate) fn store(&self) -> &Store {
        &self.agent.store
    }

    async fn packs(&self, from: u64, cases: u64) {
        for n in from..from + cases {
            confirm(self.store(), pack(n, &[2 * n, 2 * n + 1]), vec![]).await.unwrap();
        }
    }

    /// Waits until nothing is on its way any more.
    pub(crate) async fn quiet(&self) {
        within(async || {
            let backlog = self.store().read(outbox::backlog).await.unwrap();
            let known = self.store().read(stream::read).await.unwrap();
            known.is_some_and(|stream| !stream.lost)
                && backlog.unreceipted_operations == 0
                && backlog.unjudged == 0
        })
        .await;
    }
}

pub(crate) async fn within(mut done: impl AsyncFnMut() -> bool) {
    let patience = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), patience)
        .await
        .expect("it does not come to rest");
}

pub(crate) async fn enrolled(data: &Path) -> Arc<Cloud> {
    let cloud = Cloud::start().await;
    {
        let mut known = cloud.known();
        known.desk.insert(SITE, vec![task_page()]);
        known.digest = unit_digest();
    }
    enrol(&enrolment(&cloud, data, TOKEN)).await.unwrap();
    cloud
}

fn id(epoch: u32, seq: u64) -> OperationId {
    OperationId { device: DEVICE, epoch: Epoch(epoch), seq: Seq(seq) }
}

pub(crate) async fn fed(running: &Running) {
    within(async || {
        let operation = pack(0, &[0]);
        let facts = running.store().read(move |conn| items::facts(conn, &operation)).await.unwrap();
        facts.task.is_some() && matches!(facts.presence(unit(0)), Presence::Untold(_))
    })
    .await;
}

#[tokio::test]
async fn a_bad_token_leaves_nothing_and_says_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    let cloud = Cloud::start().await;
    let error = enrol(&enrolment(&cloud, data.path(), "OLD")).await.unwrap_err();
    assert!(matches!(error, EnrolError::TokenExpired), "{error}");
    let again = enrol(&enrolment(&cloud, data.path(), "NONE")).await.unwrap_err();
    assert!(matches!(again, EnrolError::TokenUnknown), "{again}");
    assert!(!data.path().join("identity").exists() && !data.path().join("identity.new").exists());
}

#[tokio::test]
async fn a_token_enrols_one_device_and_a_device_enrols_once() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cloud = enrolled(data.path()).await;
    let twice = enrol(&enrolment(&cloud, data.path(), TOKEN)).await.unwrap_err();
    assert!(matches!(twice, EnrolError::AlreadyEnrolled { .. }), "{twice}");
    let used = enrol(&enrolment(&cloud, other.path(), TOKEN)).await.unwrap_err();
    assert!(matches!(used, EnrolError::TokenUsed), "{used}");
    assert!(!other.path().join("identity").exists());
}

#[tokio::test]
async fn a_cloud_that_is_not_there_is_named() {
    let data = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let enrolment = Enrolment {
        cloud: url.clone(),
        token: TOKEN.into(),
        ca_pin: None,
        data: data.path().to_owned(),
        nameservers: Vec::new(),
    };
    let error = enrol(&enrolment).await.unwrap_err();
    assert!(error.to_string().contains(&url[..url.len() - 1]), "{error}");
    assert!(matches!(error, EnrolError::Unreachable { .. }));
}

#[tokio::test]
async fn the_feed_comes_and_operations_go_and_are_judged() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    assert_eq!(
        running
            .store()
            .read(|conn| feed::cursor(conn, SITE, FeedStream::Desk))
            .await
            .unwrap()
            .get(),
        4
    );
    running.packs(0, 5).await;
    running.quiet().await;
    assert!(running.agent.link.borrow().online);
    {
        let known = cloud.known();
        let received: Vec<_> = known.operations.iter().map(|(id, times)| (*id, *times)).collect();
        assert_eq!(received, (1..=5).map(|seq| (id(1, seq), 1)).collect::<Vec<_>>());
    }
    assert!(running.store().read(exceptions::open).await.unwrap().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_receipt_that_was_lost_is_asked_for_again_with_the_same_bytes() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    cloud.known().answers_lost = 2;
    running.packs(0, 3).await;
    running.quiet().await;
    assert!(cloud.known().operations.values().all(|times| *times == 1));
    running.stop().await;
}

#[tokio::test]
async fn a_receipt_the_cloud_did_not_sign_is_not_believed() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    cloud.known().receipts_forged = true;
    running.packs(0, 1).await;
    within(async || running.agent.link.borrow().error.is_some()).await;
    let error = running.agent.link.borrow().error.clone().unwrap();
    assert!(error.contains("receipt does not verify"), "{error}");
    let backlog = running.store().read(outbox::backlog).await.unwrap();
    assert_eq!((backlog.unsent, backlog.receipt_at), (1, None));
    cloud.known().receipts_forged = false;
    running.quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn work_goes_on_without_the_network_and_arrives_when_it_is_back() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    cloud.cut(true);
    running.packs(0, 2).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(cloud.known().operations.is_empty());
    within(async || !running.agent.link.borrow().online).await;
    // The agent dies and comes back while the network is away.
    running.stop().await;
    let running = Running::start(data.path()).await;
    running.packs(2, 3).await;
    cloud.cut(false);
    running.quiet().await;
    assert_eq!(cloud.known().operations.len(), 5);
    assert!(cloud.known().operations.values().all(|times| *times == 1));
    running.stop().await;
}

#[tokio::test]
async fn a_restored_copy_asks_for_a_new_epoch_and_sends_again_what_it_cannot_know_was_received() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    cloud.cut(true);
    running.packs(0, 2).await;
    // A copy of the database is taken before anything left.
    let copy = tempfile::tempdir().unwrap();
    let conn = rusqlite::Connection::open(data.path().join("agent.db")).unwrap();
    let into = copy.path().join("agent.db");
    conn.execute("vacuum into ?1", [into.to_str().unwrap()]).unwrap();
    drop(conn);
    cloud.cut(false);
    running.packs(2, 1).await;
    running.quiet().await;
    running.stop().await;
    for file in ["agent.db", "agent.db-wal", "agent.db-shm"] {
        let _ = std::fs::remove_file(data.path().join(file));
    }
    std::fs::copy(&into, data.path().join("agent.db")).unwrap();

    {
        // From the first moment nothing is confirmed under a name the cloud may know.
        let config = Config { data: data.path().to_owned(), ..Config::default() };
        let agent = run::open(config).await.unwrap();
        let refused = confirm(&agent.store, pack(3, &[6, 7]), vec![]).await.unwrap_err();
        assert!(matches!(refused, ConfirmError::Store(StoreError::NoStream)), "{refused}");
        agent.store.close().await;
    }
    let running = Running::start(data.path()).await;
    running.quiet().await;
    running.packs(3, 1).await;
    running.quiet().await;
    {
        let known = cloud.known();
        assert_eq!(known.resumed, 1);
        // 1 and 2 travelled twice under one name; 3 was made after the copy; the new one lives in the new epoch, behind
        // the two that travelled again.
        let received: Vec<_> = known.operations.iter().map(|(id, times)| (*id, *times)).collect();
        assert_eq!(received, [(id(1, 1), 2), (id(1, 2), 2), (id(1, 3), 1), (id(2, 3), 1)]);
    }
    assert!(running.store().read(exceptions::open).await.unwrap().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_lost_store_resumes_before_it_confirms() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    for file in ["agent.db", "agent.db-wal", "agent.db-shm"] {
        let _ = std::fs::remove_file(data.path().join(file));
    }
    let running = Running::start(data.path()).await;
    fed(&running).await;
    running.quiet().await;
    running.packs(0, 1).await;
    running.quiet().await;
    assert_eq!(cloud.known().operations.keys().copied().collect::<Vec<_>>(), [id(2, 1)]);
    running.stop().await;
}

#[tokio::test]
async fn a_fork_stops_sending_and_calls_for_a_person() {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    let running = Running::start(data.path()).await;
    fed(&running).await;
    running.packs(0, 1).await;
    running.quiet().await;
    // Somebody with this device's keys has continued its stream.
    {
        let mut known = cloud.known();
        known.head.hash = sealtrace_protocol::signing::Hash([1; 32]);
    }
    running.packs(1, 1).await;
    within(async || !running.store().read(exceptions::open).await.unwrap().is_empty()).await;
    let open = running.store().read(exceptions::open).await.unwrap();
    assert_eq!((open[0].kind, open[0].detail.as_str()), (Kind::Critical, "forked"));
    running.packs(2, 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(cloud.known().batches.len(), 1);
    let backlog = running.store().read(outbox::backlog).await.unwrap();
    assert_eq!((backlog.unreceipted_operations, backlog.next_batch), (2, Some(BatchNo(2))));
    running.stop().await;
}
