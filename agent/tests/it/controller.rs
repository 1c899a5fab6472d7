//! A gate's controller that speaks Modbus and outlives the agent: it passes one package per rising accept coil, and
//! nothing at all once the heartbeat has stopped.

use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealtrace_agent::clock::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_modbus::server::{Service, rtu, tcp};
use tokio_modbus::{ExceptionCode, Request, Response};
use tokio_serial::SerialPortBuilderExt as _;

pub(crate) const ACCEPT: u16 = 0;
pub(crate) const REJECT: u16 = 1;
pub(crate) const STOP: u16 = 2;

/// How the controller treats a raised accept coil.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    #[default]
    Obeys,
    /// The request never takes effect and is never answered.
    Deaf,
    /// It takes effect, and the answer is lost.
    Mute,
}

/// What can be seen of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) coils: [bool; 8],
    /// How often the accept coil rose.
    pub(crate) accepts: u32,
    pub(crate) rejects: u32,
    /// How often it was asked to raise the accept coil.
    pub(crate) asked: u32,
    pub(crate) beat: u16,
    /// When the heartbeat changed last.
    beat_at_ms: u64,
    /// The eye behind the gate.
    pub(crate) input: bool,
    pub(crate) manner: Manner,
    /// Its eye sees what is rejected.
    pub(crate) confirms: bool,
}

#[derive(Clone)]
struct Works {
    seen: Arc<watch::Sender<Seen>>,
    clock: Clock,
}

pub(crate) struct Controller {
    works: Works,
    pub(crate) seen: watch::Receiver<Seen>,
    task: Mutex<JoinHandle<()>>,
}

impl Controller {
    fn new(serve: impl FnOnce(Works) -> JoinHandle<()>) -> Self {
        let (tell, seen) = watch::channel(Seen { confirms: true, ..Seen::default() });
        let works = Works { seen: Arc::new(tell), clock: Clock::new() };
        Self { task: Mutex::new(serve(works.clone())), works, seen }
    }

    pub(crate) async fn tcp() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let controller = Self::new(|works| {
            tokio::spawn(async move {
                let connected = |stream, _| {
                    let works = works.clone();
                    async move { Ok(Some((works, stream))) }
                };
                tcp::Server::new(listener).serve(&connected, |_| {}).await.unwrap();
            })
        });
        (controller, address)
    }

    pub(crate) fn rtu(port: &Path) -> Self {
        let port = port.display().to_string();
        Self::new(|works| {
            tokio::spawn(async move {
                let stream =
                    tokio_serial::new(port, 19_200).exclusive(false).open_native_async().unwrap();
                rtu::Server::new(stream).serve_forever(works).await.unwrap();
            })
        })
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Seen)) {
        self.works.seen.send_modify(change);
    }

    pub(crate) async fn until(&mut self, what: &str, wanted: impl FnMut(&Seen) -> bool) -> Seen {
        let found = tokio::time::timeout(Duration::from_secs(15), self.seen.wait_for(wanted)).await;
        let found = found.map(|found| found.unwrap().clone());
        found.unwrap_or_else(|_| panic!("{what}: never; {:?}", self.seen.borrow()))
    }

    /// What it does with a package that comes now: heartbeats are written every 100 ms and may pause for 400.
    pub(crate) fn lets_pass(&self) -> bool {
        let seen = self.seen.borrow();
        let silence_ms = self.works.clock.monotonic_ms().saturating_sub(seen.beat_at_ms);
        seen.coils[usize::from(ACCEPT)] && silence_ms < 400
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.task.lock().unwrap().abort();
    }
}

impl Works {
    fn obey(&self, request: &Request<'_>) -> Option<Result<Response, ExceptionCode>> {
        let mut answer = None;
        self.seen.send_if_modified(|seen| {
            let before = seen.clone();
            answer = act(seen, request, self.clock.monotonic_ms());
            *seen != before
        });
        answer
    }
}

/// None when nothing is answered.
fn act(
    seen: &mut Seen,
    request: &Request<'_>,
    now_ms: u64,
) -> Option<Result<Response, ExceptionCode>> {
    Some(match *request {
        Request::ReadCoils(at, 1) => Ok(Response::ReadCoils(vec![seen.coils[usize::from(at)]])),
        Request::ReadDiscreteInputs(0, 1) => Ok(Response::ReadDiscreteInputs(vec![seen.input])),
        Request::WriteSingleCoil(at, raised) => {
            let asked = at == ACCEPT && raised;
            seen.asked += u32::from(asked);
            if asked && seen.manner == Manner::Deaf {
                return None;
            }
            let before = std::mem::replace(&mut seen.coils[usize::from(at)], raised);
            let rises = raised && !before;
            seen.accepts += u32::from(rises && at == ACCEPT);
            if at == REJECT {
                seen.rejects += u32::from(rises);
                seen.input = raised && seen.confirms;
            }
            if asked && seen.manner == Manner::Mute {
                return None;
            }
            Ok(Response::WriteSingleCoil(at, raised))
        }
        Request::WriteSingleRegister(0, value) => {
            seen.beat = value;
            seen.beat_at_ms = now_ms;
            Ok(Response::WriteSingleRegister(0, value))
        }
        _ => Err(ExceptionCode::IllegalFunction),
    })
}

impl Service for Works {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Pin<Box<dyn Future<Output = Result<Response, ExceptionCode>> + Send>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let answer = self.obey(&request);
        Box::pin(async move {
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}
