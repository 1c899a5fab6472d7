//! The agent's integration tests, one file per noun.

mod cloud;
mod store;
mod sync;
