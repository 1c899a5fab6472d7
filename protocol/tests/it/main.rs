//! The protocol's promises: codes round-trip, `judge` agrees with a naive model, bytes never change.

mod code;
mod ledger;
mod model;
mod signing;
mod vectors;
mod world;
