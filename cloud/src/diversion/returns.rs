//! What a dealer brings back although it was not shipped to that dealer: it was there, which is evidence.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::DealerId;
use sealtrace_protocol::ledger::{Notice, Operation};
use sealtrace_protocol::time::Timestamp;

use super::plain::Seen;
use super::{Kind, judge};
use crate::codes::{Codebook, ItemKey};
use crate::store::sightings::{self, NewSighting};
use crate::store::tracing::key_of;
use crate::store::{StoreError, Tx};

/// Something that was brought back by a dealer it was not shipped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    code: Code,
    by: DealerId,
    at: Timestamp,
}

impl Returned {
    /// What an accepted operation tells of such returns.
    pub fn of(operation: &Operation, notices: &[Notice]) -> Vec<Self> {
        let at = before(operation);
        let returned = notices.iter().filter_map(|notice| match notice {
            Notice::ReturnedByOther { code, by, .. } => Some(Self { code: *code, by: *by, at }),
            Notice::Provisional { .. }
            | Notice::ContentsToFollow { .. }
            | Notice::ImpliedReceipt { .. }
            | Notice::ImpliedReturn { .. }
            | Notice::ImpliedUnpack { .. }
            | Notice::FoundAgain { .. }
            | Notice::Elsewhere { .. }
            | Notice::Short { .. }
            | Notice::LotBlocked { .. }
            | Notice::Differs { .. }
            | Notice::Complete { .. } => None,
        });
        returned.collect()
    }
}

/// The dealer had it until it was brought back: the shipment in force just before decides.
fn before(operation: &Operation) -> Timestamp {
    Timestamp(operation.at.wall.0.saturating_sub(1))
}

/// Keeps returns as sightings; called in the transaction that stores them, once they are written.
pub async fn returns_accepted(
    tx: &mut Tx,
    codebook: &Codebook,
    returned: &[Returned],
) -> Result<(), StoreError> {
    for Returned { code, by, at } in returned {
        let Some(item) = key_of(codebook, code) else { continue };
        let (at, brought_by) = (*at, Some(*by));
        let seen = Seen { at, region: None, accuracy_m: None, brought_by };
        let judgement = judge(tx, codebook, item, seen).await?;
        let new = NewSighting {
            item,
            at,
            kind: Kind::Return,
            region: None,
            accuracy_m: None,
            finding: None,
            note: None,
            account: None,
            brought_by,
        };
        sightings::record(tx, &new, &judgement).await?;
    }
    Ok(())
}

/// A return that touched these items was undone: nobody had brought them.
pub async fn returns_undone(
    tx: &mut Tx,
    operation: &Operation,
    items: &[ItemKey],
) -> Result<(), StoreError> {
    sightings::withdraw_returns(tx, items, before(operation)).await
}
