//! A network that can be cut: a relay in front of the cloud's device listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Relays to one address until it is cut; a cut breaks what is open and refuses what is new.
pub struct Network {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    cut: AtomicBool,
    cutting: Notify,
    passed_bytes: AtomicU64,
}

/// What is read at once.
const BUFFER_BYTES: usize = 32 * 1024;

impl Network {
    /// Starts relaying to `target`.
    pub async fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the network")?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        tokio::spawn(relay(listener, target, Arc::clone(&state)));
        Ok(Self { address, state })
    }

    /// Where devices reach the cloud.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many bytes have passed so far, in both directions.
    #[must_use]
    pub fn passed_bytes(&self) -> u64 {
        self.state.passed_bytes.load(Ordering::SeqCst)
    }

    /// Pulls the plug.
    pub fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
        self.state.cutting.notify_waiters();
    }

    /// Puts it back.
    pub fn restore(&self) {
        self.state.cut.store(false, Ordering::SeqCst);
    }
}

async fn relay(listener: TcpListener, target: SocketAddr, state: Arc<State>) {
    while let Ok((mut near, _)) = listener.accept().await {
        if state.cut.load(Ordering::SeqCst) {
            continue;
        }
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let cutting = state.cutting.notified();
            let Ok(mut far) = TcpStream::connect(target).await else { return };
            // A network of its own would not hold small packets back either.
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let ((near_in, near_out), (far_in, far_out)) = (near.split(), far.split());
            let passed = &state.passed_bytes;
            tokio::select! {
                _ = async { tokio::try_join!(pump(near_in, far_out, passed), pump(far_in, near_out, passed)) } => {}
                () = cutting => {}
            }
        });
    }
}

/// Passes on what comes until the end of it.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passed_bytes: &AtomicU64,
) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
        passed_bytes.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}
