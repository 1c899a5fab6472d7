//! The cloud's integration tests: real stores, real routers, real TLS.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds something odd should stop"
)]

mod accounts;
mod audit;
mod backlog;
mod carriers;
mod catalog;
mod cli;
mod codes;
mod counts;
mod devices;
mod diversion;
mod documents;
mod engines;
mod feed;
mod fleet;
mod floor;
mod ingest;
mod judging;
mod labels;
mod office;
mod orders;
mod organisations;
mod pages;
mod prefetch;
mod reassign;
mod receiving;
mod reconciliation;
mod repacking;
mod resources;
mod returns;
mod rules;
mod shares;
mod stock;
mod store_contract;
mod tasks;
mod telling;
mod tracing;
mod transfers;
mod verifications;
mod world;
