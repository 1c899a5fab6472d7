//! The agent's integration tests, one file per noun.

mod cli;
mod cloud;
mod store;
mod sync;
