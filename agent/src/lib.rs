//! The edge agent: scans in, durable signed operations out. The map of the crate and nothing else.

pub mod input;
