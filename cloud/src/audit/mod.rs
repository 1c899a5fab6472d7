//! The audit trail of console actions: who changed what, when, from what to what.

pub mod http;
