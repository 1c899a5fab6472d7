//! The agent's integration tests, one file per noun.

mod cli;
mod cloud;
mod floor;
mod items;
mod lane;
mod store;
mod sync;
mod ui;
