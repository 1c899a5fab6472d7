//! What the machines ask, answered from this device's store.

use rusqlite::Connection;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::{self, Level, Operation, Presence};

use super::{Judged, Ledger, fill_in};
use crate::store::{StoreError, items};

/// The store, as a ledger, in one consistent view.
pub struct Known<'a>(pub &'a Connection);

impl Ledger for Known<'_> {
    type Error = StoreError;

    fn presence(&self, code: Code) -> Result<Presence, StoreError> {
        items::presence(self.0, code)
    }

    fn judge(&self, operation: &Operation, blank: Option<Level>) -> Result<Judged, StoreError> {
        let mut facts = items::facts(self.0, operation)?;
        fill_in(&mut facts, blank);
        Ok(ledger::judge(operation, &facts))
    }
}
