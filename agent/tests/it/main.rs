//! The agent's integration tests, one file per noun.

mod cli;
mod cloud;
mod items;
mod store;
mod sync;
