//! Documents as this device may move them: its share, with what it moved and the cloud has not counted yet.

use rusqlite::{Connection, params};
use sealtrace_protocol::ids::{DeviceId, DocumentId, ProductId};
use sealtrace_protocol::ledger::DocumentLine;
use sealtrace_protocol::link::{DocumentRow, Share};

use super::super::{StoreError, stream};
use super::desk::{one, open};

/// Behind every operation.
const LAST: (u32, u64) = (u32::MAX, i64::MAX as u64);

/// A document; its lines ask for what this device may move, and count what it has moved.
pub fn document(conn: &Connection, id: DocumentId) -> Result<Option<DocumentRow>, StoreError> {
    document_before(conn, id, None)
}

/// The open documents this device heard of, oldest first.
pub fn open_documents(conn: &Connection) -> Result<Vec<DocumentRow>, StoreError> {
    let rows: Vec<DocumentRow> = open(conn, "document")?;
    rows.into_iter().map(|row| as_ours(conn, row, LAST)).collect()
}

/// A document as the cloud said it last, whoever moves it.
pub fn whole_document(
    conn: &Connection,
    id: DocumentId,
) -> Result<Option<DocumentRow>, StoreError> {
    one(conn, "document", id.get())
}

/// A document as it was for the operation with this epoch and seq: what was moved by later ones is left out.
pub(in super::super) fn document_before(
    conn: &Connection,
    id: DocumentId,
    before: Option<(u32, u64)>,
) -> Result<Option<DocumentRow>, StoreError> {
    let row: Option<DocumentRow> = one(conn, "document", id.get())?;
    row.map(|row| as_ours(conn, row, before.unwrap_or(LAST))).transpose()
}

fn as_ours(
    conn: &Connection,
    mut row: DocumentRow,
    before: (u32, u64),
) -> Result<DocumentRow, StoreError> {
    let device = stream::read(conn)?.map(|stream| stream.device);
    let mut query = conn
        .prepare_cached(
            "select coalesce(sum(units), 0) from moved
             where document = ?1 and product = ?2 and (epoch, seq) < (?3, ?4)",
        )
        .map_err(StoreError::sqlite("count movements"))?;
    let id = row.id().get();
    for line in &mut row.document.lines {
        *line = our_part(*line, &row.shares, device);
        let ours: i64 = query
            .query_row(params![id, line.product.get(), before.0, before.1], |row| row.get(0))
            .map_err(StoreError::sqlite("count movements"))?;
        let moved = i64::from(line.moved).saturating_add(ours).max(0);
        line.moved = u32::try_from(moved).unwrap_or(u32::MAX);
    }
    Ok(row)
}

/// The line's share for this device; without one, what is not shared out.
fn our_part(line: DocumentLine, shares: &[Share], device: Option<DeviceId>) -> DocumentLine {
    let of = |product: ProductId| shares.iter().filter(move |share| share.product == product);
    if let Some(ours) = of(line.product).find(|share| Some(share.device) == device) {
        return DocumentLine { units: ours.units, moved: ours.moved, ..line };
    }
    of(line.product).fold(line, |rest, share| DocumentLine {
        units: rest.units.saturating_sub(share.units),
        moved: rest.moved.saturating_sub(share.moved),
        ..rest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEER: ProductId = ProductId(5);
    const OURS: DeviceId = DeviceId(7);

    fn share(device: u64, product: ProductId, units: u32, moved: u32) -> Share {
        Share { device: DeviceId(device), product, units, moved }
    }

    #[test]
    fn a_device_moves_its_share_and_one_without_a_share_what_is_left() {
        let line = DocumentLine { product: BEER, units: 100, moved: 35 };
        let shares = [share(7, BEER, 40, 10), share(8, BEER, 50, 20), share(7, ProductId(6), 3, 0)];
        let ours = our_part(line, &shares, Some(OURS));
        assert_eq!((ours.units, ours.moved), (40, 10));
        let other = our_part(line, &shares, Some(DeviceId(9)));
        assert_eq!((other.units, other.moved), (10, 5));
        assert_eq!(our_part(line, &shares[2..], Some(OURS)), line);
    }
}
