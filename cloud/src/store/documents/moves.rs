//! What has moved under documents, by product, lot and device: the sum of the ledger's moves.

use std::collections::BTreeMap;

use sealtrace_protocol::ids::{DeviceId, DocumentId, ProductId};
use sealtrace_protocol::ledger::{Content, DocumentKind, DocumentLine, Move};

use super::{State, StoreError, Tx, Value, demand, standing};
use crate::store::ledger::SENT;

/// How a document stands after goods moved under it.
pub struct Standing {
    /// Whether more may move.
    pub open: bool,
    /// What is asked for, and how many have moved by now.
    pub lines: Vec<DocumentLine>,
}

/// Counts goods that moved under a document, or back, for a device, and follows the document's state; none when there is
/// no such document.
pub async fn move_units(
    tx: &mut Tx,
    moved: &Move,
    by: DeviceId,
) -> Result<Option<Standing>, StoreError> {
    let mut changes: Vec<Vec<Value>> = Vec::new();
    let id = moved.document;
    for content in moved.on.iter() {
        changes.push(change(id, content, by, i64::from(content.units)));
    }
    for content in moved.off.iter() {
        for (device, units) in take_back(&moved_by(tx, id, content).await?, by, content.units) {
            changes.push(change(id, content, device, -i64::from(units)));
        }
    }
    tx.execute_many(
        "insert into document_moves (document, product, lot, device, units)
         values ($1, $2, $3, $4, $5)
         on conflict (document, product, lot, device)
         do update set units = document_moves.units + excluded.units",
        &changes,
    )
    .await?;
    let Some((kind, before)) = standing(tx, id).await? else { return Ok(None) };
    let lines = demand(tx, id).await?;
    // What a transfer moves is on its way from now on; [`settle`] looks whether it has arrived.
    let after = before.after_moves(&lines, kind == DocumentKind::Transfer);
    follow(tx, id, before, after).await?;
    Ok(Some(Standing { open: after.is_open(), lines }))
}

/// A transfer is done when all that was asked for has left, and none of it is on its way any more. Called when goods
/// have left or arrived under it and are written down.
pub async fn settle(tx: &mut Tx, id: DocumentId) -> Result<(), StoreError> {
    let Some((DocumentKind::Transfer, before)) = standing(tx, id).await? else { return Ok(()) };
    let row = tx
        .query_one(
            "select exists (select 1 from items where document = $1 and custody = $2)",
            &[id.into(), SENT.into()],
        )
        .await?;
    let after = before.after_moves(&demand(tx, id).await?, row.get(0)?);
    follow(tx, id, before, after).await
}

/// Something was counted, or what was counted was posted.
pub async fn count(tx: &mut Tx, id: DocumentId, posted: bool) -> Result<(), StoreError> {
    let Some((_, before)) = standing(tx, id).await? else { return Ok(()) };
    follow(tx, id, before, before.after_count(posted)).await
}

/// A state that follows from what moved is nobody's change: whoever edits a document is not in its way.
async fn follow(
    tx: &mut Tx,
    id: DocumentId,
    before: State,
    after: State,
) -> Result<(), StoreError> {
    if after != before {
        let sql = "update documents set state = $2 where id = $1";
        tx.execute(sql, &[id.into(), after.name().into()]).await?;
    }
    Ok(())
}

/// True when there are goods under a document, also such as nobody has heard the contents of.
pub async fn has_goods(tx: &mut Tx, id: DocumentId) -> Result<bool, StoreError> {
    // States 1 and 2 are in use.
    let row = tx
        .query_one(
            "select exists (select 1 from items where document = $1 and state in (1, 2))
                 or exists (select 1 from items where announced_under = $1)",
            &[id.into()],
        )
        .await?;
    row.get(0)
}

fn change(document: DocumentId, content: &Content, device: DeviceId, units: i64) -> Vec<Value> {
    vec![document.into(), content.product.into(), content.lot.into(), device.into(), units.into()]
}

async fn moved_by(
    tx: &mut Tx,
    document: DocumentId,
    content: &Content,
) -> Result<BTreeMap<DeviceId, u32>, StoreError> {
    let rows = tx
        .query(
            "select device, units from document_moves
             where document = $1 and product = $2 and lot = $3 and units > 0",
            &[document.into(), content.product.into(), content.lot.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// From whose count units are taken back: from that of the device they were moved by, as far as anybody can tell, and from
/// the others' when it does not have so many.
fn take_back(
    moved: &BTreeMap<DeviceId, u32>,
    by: DeviceId,
    mut units: u32,
) -> Vec<(DeviceId, u32)> {
    let own = moved.get_key_value(&by);
    let others = moved.iter().filter(|(device, _)| **device != by);
    let mut taken = Vec::new();
    for (device, has) in own.into_iter().chain(others) {
        let some = units.min(*has);
        if some > 0 {
            taken.push((*device, some));
            units -= some;
        }
    }
    taken
}

/// How much each device has moved of each product.
pub async fn moved_by_devices(
    tx: &mut Tx,
    id: DocumentId,
) -> Result<BTreeMap<(DeviceId, ProductId), u32>, StoreError> {
    let rows = tx
        .query(
            "select device, product, cast(sum(units) as bigint) from document_moves
             where document = $1 group by device, product",
            &[id.into()],
        )
        .await?;
    rows.iter().map(|row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_taken_back_from_whoever_moved_them_and_then_from_the_others() {
        let (one, two) = (DeviceId(1), DeviceId(2));
        let moved = BTreeMap::from([(one, 5), (two, 3)]);
        assert_eq!(take_back(&moved, two, 2), [(two, 2)]);
        assert_eq!(take_back(&moved, two, 4), [(two, 3), (one, 1)]);
        assert_eq!(take_back(&moved, DeviceId(9), 6), [(one, 5), (two, 1)]);
        assert_eq!(take_back(&BTreeMap::new(), one, 6), []);
    }
}
