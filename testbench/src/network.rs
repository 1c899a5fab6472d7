//! A network that can be cut: a relay in front of the cloud's device listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use tokio::io::copy_bidirectional;
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
}

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
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                () = cutting => {}
            }
        });
    }
}
