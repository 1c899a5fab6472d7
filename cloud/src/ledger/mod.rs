//! The ledger in the cloud: what is known is fetched, `protocol::ledger::judge` decides, what changes is stored.
//!
//! No rule lives here. [`Working`] holds the items of the operations being judged, so that a batch reads and writes
//! each of them once.

mod telling;
mod working;

pub use working::Working;
