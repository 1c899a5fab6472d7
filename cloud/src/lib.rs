//! The cloud service: verifies signed batches, judges them, keeps the ledger, answers auditors, inspectors, consumers.

pub mod accounts;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod codes;
pub mod config;
pub mod devices;
pub mod diversion;
pub mod documents;
pub mod feed;
pub mod form;
pub mod http;
pub mod ingest;
pub mod inspection;
pub mod jobs;
pub mod keys;
pub mod ledger;
pub mod named;
pub mod orders;
pub mod organisations;
pub mod pages;
pub mod serve;
pub mod store;
pub mod tracing;
pub mod verifications;
