//! The edge agent: scans become green lights, operations and signed batches, with or without a network.
//!
//! * [`input`] reads what was scanned.
//! * [`station`] turns scans into operations, one pure machine per screen; [`feedback`] is how it answers.
//! * [`lane`] does it without hands; [`task`] says which work is this device's, and how far it is.
//! * [`store`] is its memory: drafts, items, outbox, feed. All SQL.
//! * [`print`] prints labels on the spot.
//! * [`associations`] takes over what another system packed.
//! * [`sync`] brings operations to the cloud and its word back; [`identity`] is who the device is there.
//! * [`cli`] is the command line: [`enrol`], [`run`], [`status`], [`doctor`]; [`config`] the file it reads, [`log`] where its
//!   lines go.
//! * [`agent`] is what all parts of a running agent share; [`clock`] is the only place that asks for the time.

pub mod agent;
pub mod associations;
pub mod cli;
pub mod clock;
pub mod config;
pub mod device;
pub mod doctor;
pub mod enrol;
pub mod feedback;
pub mod identity;
pub mod input;
pub mod lane;
pub mod log;
pub mod print;
pub mod run;
pub mod station;
pub mod status;
pub mod store;
pub mod sync;
pub mod task;
pub mod ui;
