//! What a lane says to its gate, and what it writes down about that.

use std::time::Duration;

use super::driver::Line;
use super::gate::{News, Said};
use super::held::Owed;
use super::owed;
use super::record::Ended;

impl Line {
    /// The gate has something to tell by itself.
    pub(super) async fn hear_gate(&mut self, news: News) {
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let doubtful = self.doubtful.take();
        let done = match news {
            News::Unconfirmed => self.store.write(move |tx| owed::unconfirmed(tx, held, at)).await,
            News::PassedAfterAll => {
                self.store.write(move |tx| owed::passed(tx, held, doubtful, at)).await
            }
        };
        self.keep(done, "what the gate told could not be stored");
    }

    /// Tells the gate. What it does not hear in time is rejected, and then the ledger must say so too. False when a
    /// case packed earlier waits for a gate that cannot be reached: its label must be read once more.
    pub(super) async fn open_gate(&mut self, ended: Ended, can_repeat: bool, at_ms: u64) -> bool {
        let Ended { accepted, again, .. } = ended;
        let owed = self.held.memory.owed;
        if again && owed.is_none() && !can_repeat {
            // The reader saw the same label twice. The gate has its word, and the next package must not get it as well.
            return true;
        }
        let Some(gate) = &self.gate else { return true };
        if !accepted {
            gate.reject().await;
            return true;
        }
        let elapsed = Duration::from_millis(self.clock.monotonic_ms().saturating_sub(at_ms));
        // A reader that waits for its answer holds the line: there is no belt that runs away.
        let left = if again { Some(gate.deadline()) } else { gate.deadline().checked_sub(elapsed) };
        let said = match left {
            Some(left) => gate.accept(left).await,
            None => Said::No,
        };
        match (said, owed) {
            (Said::Yes, Some(_)) => {
                self.said().await;
                true
            }
            (Said::Yes, None) => true,
            (Said::No | Said::Unsure, None) => false,
            // The ledger first: a gate that hears nothing rejects, so whoever dies in between leaves both saying the same.
            (Said::No | Said::Unsure, Some(owed)) => {
                self.doubtful = (said == Said::Unsure).then_some(owed.label);
                self.revoke(owed, if left.is_none() { "gate_late" } else { "gate_lost" }).await;
                if let Some(gate) = &self.gate {
                    gate.reject().await;
                }
                true
            }
        }
    }

    /// Writes down that the gate has its word; only then may it forget it.
    pub(super) async fn said(&mut self) {
        let held = self.held.clone();
        match self.store.write(move |tx| owed::said(tx, held)).await {
            Ok(held) => self.held = held,
            Err(error) => {
                // The next thing that is stored says it. A kill before that takes the case back, and a person is told.
                self.held.memory.owed = None;
                tracing::error!(
                    lane.name = self.held.who.name,
                    error = &error as &dyn std::error::Error,
                    "that the gate was told could not be stored"
                );
                return;
            }
        }
        if let Some(gate) = &self.gate {
            gate.settled().await;
        }
    }

    /// Takes a packed case back in the ledger.
    pub(super) async fn revoke(&mut self, owed: Owed, why: &'static str) {
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let name = held.who.name.clone();
        let revoked = self.store.write(move |tx| owed::revoke(tx, held, owed, why, at)).await;
        match revoked {
            Ok(held) => {
                self.held = held;
                tracing::warn!(
                    lane.name = name,
                    case.label = owed.label.canonical(),
                    case.reason = why,
                    "a packed case was taken back: its gate did not let it pass"
                );
            }
            Err(error) => tracing::error!(
                lane.name = name,
                case.label = owed.label.canonical(),
                error = &error as &dyn std::error::Error,
                "a case that its gate rejected is still packed in the ledger; it is tried again with the next label"
            ),
        }
    }
}
