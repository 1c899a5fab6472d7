//! What agent and cloud agree on. No clock, file, socket, thread or randomness: time and entropy are arguments.
//!
//! * [`code`] reads what was scanned; a [`code::Code`] cannot exist malformed.
//! * [`ledger`] holds the rules of packaging, movement and code life: [`ledger::judge`].
//! * [`wire`] turns operations into bytes and back, one encoding for one value.
//! * [`signing`] seals and verifies those bytes: batches, receipts, the hash chain.
//! * [`link`] names what travels besides signed bytes.
#![no_std]

extern crate alloc;

pub mod code;
pub mod ids;
pub mod ledger;
pub mod link;
pub mod signing;
pub mod text;
pub mod time;
pub mod wire;
