//! The cloud service: verifies signed batches, judges them, keeps the ledger, answers auditors, inspectors, consumers.

pub mod store;
