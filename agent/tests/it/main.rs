//! The agent's integration tests, one file per noun.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that finds something odd should stop"
)]

mod cli;
mod cloud;
mod facts;
mod feed;
mod fill;
mod floor;
mod items;
mod lane;
mod moving;
mod naive;
mod page;
mod rebase;
mod station;
mod store;
mod sync;
mod task;
mod ui;
