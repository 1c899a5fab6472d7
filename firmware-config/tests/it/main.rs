//! One test binary; one file per noun.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod contradictions;
mod framing;
mod label;
mod profile;
