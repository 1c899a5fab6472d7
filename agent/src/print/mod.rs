//! Labels on the spot: what is asked for is queued in the store, and each printer has a driver that works its queue off.
//!
//! * [`request`] turns what is wanted into a job: fields, template, printer, and for a fresh label the next SSCC, all in
//!   one transaction.
//! * [`driver`] sends jobs, one at a time and in order. Whatever happens, no job is sent twice by itself.
//! * [`status`] is how printers say what they lack, [`port`] how they are reached.

mod driver;
pub mod fields;
mod port;
pub mod request;
pub mod status;

use std::fmt::Write as _;
use std::sync::Arc;

use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::Agent;
use crate::config::PrinterConfig;
use crate::feedback::Message;
use crate::store::{StoreError, print};

/// How a printer stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The job it has now.
    pub job: Option<i64>,
    /// What keeps it from printing.
    pub problem: Option<Message>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// How all printers stand; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Standings(Arc<[(String, watch::Sender<Standing>)]>);

impl Standings {
    /// Printers nobody has asked yet.
    #[must_use]
    pub fn new(printers: &[PrinterConfig]) -> Self {
        let unasked = |printer: &PrinterConfig| (printer.name.clone(), watch::Sender::default());
        Self(printers.iter().map(unasked).collect())
    }

    /// How one stands.
    #[must_use]
    pub fn of(&self, printer: &str) -> Option<Standing> {
        self.sender(printer).map(|standing| standing.borrow().clone())
    }

    fn sender(&self, printer: &str) -> Option<&watch::Sender<Standing>> {
        self.0.iter().find(|(name, _)| name == printer).map(|(_, standing)| standing)
    }
}

/// Starts a driver for every printer, after what was being sent when the program ended has become uncertain.
pub async fn start(
    agent: &Agent,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let now = agent.clock.now();
    let uncertain = agent.store.write(move |tx| print::recover(tx, now)).await?;
    if uncertain > 0 {
        tracing::warn!(
            print.jobs = uncertain,
            "labels were being printed when the program ended; a person must say whether they came out"
        );
    }
    for printer in &agent.config.printers {
        if let Some(standing) = agent.printers.sender(&printer.name) {
            let standing = standing.clone();
            tasks.spawn(driver::run(agent.clone(), printer.clone(), standing, stop.clone()));
        }
    }
    Ok(())
}

/// An error with its causes, outermost first.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
