//! Diversion (窜货): which goods were seen where they should not be.

pub mod plain;
pub mod regions;
