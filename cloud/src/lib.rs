//! The cloud service: verifies signed batches, judges them, keeps the ledger, answers auditors, inspectors, consumers.

pub mod accounts;
pub mod catalog;
pub mod diversion;
pub mod documents;
pub mod form;
pub mod named;
pub mod orders;
pub mod store;
