//! A label printer: takes ZPL or TSPL over TCP, draws what it is sent, and says how it is.
//!
//! It knows the commands that the agent sends and no others: anything else is a mistake of the agent's, and an error.

mod paper;
mod tspl;
mod zpl;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

pub use paper::Label;

/// What a printer understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Zpl,
    Tspl,
}

/// Draws every label of what was sent.
pub fn print(language: Language, sent: &[u8]) -> Result<Vec<Label>> {
    match language {
        Language::Zpl => zpl::print(std::str::from_utf8(sent).context("ZPL is UTF-8")?),
        Language::Tspl => tspl::print(sent),
    }
}

/// A printer on a port of its own, as long as the program runs.
pub struct Printer {
    /// Where it listens.
    pub address: SocketAddr,
    language: Language,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Printer {
    /// Switches it on.
    pub fn start(language: Language) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
        let address = listener.local_addr()?;
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let memory = Arc::clone(&sent);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever hangs up is done.
                let _ = serve(stream, language, &memory);
            }
        });
        Ok(Self { address, language, sent })
    }

    /// Every label so far.
    pub fn labels(&self) -> Result<Vec<Label>> {
        print(self.language, &self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One connection: what it is sent is kept, questions are answered.
fn serve(mut stream: TcpStream, language: Language, memory: &Mutex<Vec<u8>>) -> Result<()> {
    let (question, answer): (&[u8], &[u8]) = match language {
        Language::Zpl => (
            b"~HS\r\n",
            b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
        ),
        Language::Tspl => (b"\x1b!?", b"\x00"),
    };
    let mut buffer = [0; 4_096];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let is_asked = {
            let mut sent = memory.lock().unwrap_or_else(PoisonError::into_inner);
            sent.extend_from_slice(&buffer[..count]);
            let at = sent.windows(question.len()).position(|bytes| bytes == question);
            at.map(|at| sent.drain(at..at + question.len()).count()).is_some()
        };
        if is_asked {
            stream.write_all(answer)?;
        }
    }
}
