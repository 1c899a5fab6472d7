//! The protocol's promises: codes round-trip, `judge` agrees with a naive model, bytes never change.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that finds something odd should stop"
)]

mod code;
mod conflicts;
mod gs1;
mod gs1_fuzz;
mod gs1_links;
mod gs1_values;
mod ledger;
mod model;
mod settling;
mod signing;
mod strips;
mod terms;
mod vectors;
mod world;
