//! The agent's integration tests, one file per noun.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that finds something odd should stop"
)]

mod apply;
mod associations;
mod backlog;
mod cable;
mod camera;
mod cli;
mod cloud;
mod commands;
mod controller;
mod counting;
mod damage;
mod device;
mod disk;
mod ending;
mod exceptions;
mod facts;
mod feed;
mod fill;
mod floor;
mod gate;
mod items;
mod killed;
mod lane;
mod lanes;
mod log;
mod making;
mod moving;
mod naive;
mod nonsense;
mod own_task;
mod page;
mod print;
mod printer;
mod reader;
mod rebase;
mod relabel;
mod rework;
mod session;
mod station;
mod store;
mod switching;
mod sync;
mod task;
mod ui;
mod write_off;
