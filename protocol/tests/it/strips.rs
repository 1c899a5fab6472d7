//! Strips of labels in the small world: which labels lie on one roll, and what became of those on nothing.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OperationId;
use sealtrace_protocol::ledger::{Operation, State, Strip};
use sealtrace_protocol::time::Timestamp;

use crate::world::{CASES, Ledger, PALLETS, UNITS, WORLD, case, pallet, unit};

impl Ledger {
    pub(crate) fn write_off(&mut self, id: OperationId, operation: &Operation) {
        if let Some(names) = operation.corrects() {
            self.written.retain(|_, (_, by)| *by != names);
        }
        let Some(strip) = operation.strip() else { return };
        for code in between(strip.first, strip.last).unwrap_or_default() {
            if !self.is_used(code) && !self.written.contains_key(&code) {
                self.written.insert(code, (strip.fate, id));
            }
        }
    }

    fn is_used(&self, code: Code) -> bool {
        self.items.get(&code).is_some_and(|item| item.state != State::Free)
    }

    pub(crate) fn strip(&self, first: Code, last: Code) -> Option<Strip> {
        let codes = between(first, last)?;
        let used = codes.iter().copied().find(|code| self.is_used(*code));
        let mut unused = codes.iter().filter(|code| !self.is_used(**code));
        let written_off =
            unused.find_map(|code| self.written.get(code).map(|(fate, _)| (*code, *fate)));
        Some(Strip {
            count: u32::try_from(codes.len()).unwrap(),
            used,
            written_off,
            issued_at: Timestamp(VOID_FROM - 30 * 24 * 60 * 60 * 1_000),
        })
    }
}

/// From when on what nobody has accounted for may be declared void.
pub(crate) const VOID_FROM: i64 = 50;

/// The labels of one roll from one to another, both included: units, cases and pallets are a roll each.
pub(crate) fn between(first: Code, last: Code) -> Option<Vec<Code>> {
    let worlds = || (0..2).map(|world| world * WORLD);
    let rolls = worlds().flat_map(|base| {
        let of = |count: u64, code: fn(u64) -> Code| {
            (0..count).map(|n| code(base + n)).collect::<Vec<Code>>()
        };
        [of(UNITS, unit), of(CASES, case), of(PALLETS, pallet)]
    });
    for roll in rolls {
        let place = |code: Code| roll.iter().position(|one| *one == code);
        if let (Some(from), Some(to)) = (place(first), place(last)) {
            return roll.get(from..=to).map(<[Code]>::to_vec).filter(|codes| !codes.is_empty());
        }
    }
    None
}
