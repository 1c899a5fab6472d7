//! The cloud's integration tests: real stores, real routers, real TLS.

mod engines;
mod store_contract;
