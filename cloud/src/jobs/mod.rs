//! Background work: one file per job, each safe to run twice and in several processes.

pub mod judge;
pub mod prefetch;
