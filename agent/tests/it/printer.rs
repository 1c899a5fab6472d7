//! A label printer at the other end of a TCP connection or of a device file: takes what it is sent, and says what it
//! lacks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What it was sent, and how it is.
#[derive(Default)]
pub(crate) struct State {
    /// All bytes that are no question.
    pub(crate) heard: Vec<u8>,
    pub(crate) is_out_of_paper: bool,
    /// Hangs up after so many bytes of a label.
    pub(crate) breaks_after: Option<usize>,
}

pub(crate) type Shared = Arc<Mutex<State>>;

/// A ZPL printer on a port of its own.
pub(crate) struct Printer {
    pub(crate) port: u16,
    pub(crate) state: Shared,
    task: JoinHandle<()>,
}

impl Printer {
    pub(crate) async fn start() -> Self {
        Self::start_on(0, Shared::default()).await
    }

    pub(crate) async fn start_on(port: u16, state: Shared) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = state.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serve(stream, shared.clone()).await;
            }
        });
        Self { port, state, task }
    }

    /// Switched off.
    pub(crate) fn stop(self) -> Shared {
        self.task.abort();
        self.state
    }

    pub(crate) fn labels(&self) -> usize {
        labels(&self.state)
    }
}

/// How many labels it was sent whole.
pub(crate) fn labels(state: &Shared) -> usize {
    heard(state).matches("^XZ").count()
}

pub(crate) fn heard(state: &Shared) -> String {
    String::from_utf8_lossy(&state.lock().unwrap().heard).into_owned()
}

/// Answers until the other side hangs up.
pub(crate) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: Shared) {
    let mut buffer = [0; 256];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let answer = {
            let mut state = state.lock().unwrap();
            let before = state.heard.len();
            state.heard.extend_from_slice(&buffer[..count]);
            if state.breaks_after.is_some_and(|after| state.heard.len() - before > after) {
                return;
            }
            answer(&mut state)
        };
        if let Some(answer) = answer {
            stream.write_all(&answer).await.unwrap();
        }
    }
}

/// Takes the questions out of what was heard.
fn answer(state: &mut State) -> Option<Vec<u8>> {
    let take = |state: &mut State, question: &[u8]| {
        let at = state.heard.windows(question.len()).position(|bytes| bytes == question)?;
        state.heard.drain(at..at + question.len());
        Some(())
    };
    let paper = u8::from(state.is_out_of_paper);
    if take(state, b"~HS\r\n").is_some() {
        let first = format!("\u{2}030,{paper},{paper},1245,000,0,0,0,000,0,0,0\u{3}\r\n");
        let rest = "\u{2}001,0,0,0,1,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n";
        return Some((first + rest).into_bytes());
    }
    take(state, b"\x1b!?").map(|()| vec![if state.is_out_of_paper { 4 } else { 0 }])
}

/// Waits until something is so, or fails.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited ten seconds for: {what}");
}
