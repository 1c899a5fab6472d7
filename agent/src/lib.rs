//! The edge agent: scans become green lights, operations and signed batches, with or without a network.
//!
//! * [`input`] reads what was scanned.
//! * [`store`] is its memory: drafts, items, outbox, feed. All SQL.
//! * [`clock`] is the only place that asks for the time.

pub mod clock;
pub mod input;
pub mod store;
