//! Operations and their verdicts: one row where each travelled.

use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, OperationId, Seq, SiteId, Version};
use sealtrace_protocol::ledger::{Contents, Move, Operation, Verdict};
use sealtrace_protocol::link::Judged;
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire;

use super::{Row, StoreError, Tx, Value};
use crate::codes::ItemKey;

const APPLIED: u8 = 0;
const DUPLICATE: u8 = 1;
const QUARANTINED: u8 = 2;
const FROZEN: u8 = 3;

/// One judged operation, to be written down.
pub struct JudgedOperation<'a> {
    /// Where it travelled.
    pub at: OperationId,
    /// In which batch.
    pub batch: BatchNo,
    /// What was done.
    pub operation: &'a Operation,
    /// What became of it.
    pub verdict: Verdict,
    /// Items it touched, and the versions it made.
    pub touched: Vec<(ItemKey, Version)>,
    /// What it moved under documents.
    pub moves: Vec<Move>,
}

/// Writes verdicts down, and what was moved.
pub async fn insert(
    tx: &mut Tx,
    judged: &[JudgedOperation<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = judged.iter().map(|one| values(one, now)).collect::<Result<Vec<_>, _>>()?;
    tx.execute_many(
        "insert into operations (device, epoch, seq, batch, kind, at, uncertainty_ms, operator,
                                 site, judged_at, outcome, verdict, touched)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &rows,
    )
    .await?;
    let moves: Vec<Vec<Value>> = judged.iter().flat_map(move_values).collect();
    tx.execute_many(
        "insert into operation_moves (device, epoch, seq, document, product, lot, units)
         values ($1, $2, $3, $4, $5, $6, $7)",
        &moves,
    )
    .await?;
    Ok(())
}

fn move_values(judged: &JudgedOperation<'_>) -> impl Iterator<Item = Vec<Value>> {
    let at = judged.at;
    judged.moves.iter().flat_map(move |moved| {
        let on = moved.on.iter().map(|content| (content, i64::from(content.units)));
        let off = moved.off.iter().map(|content| (content, -i64::from(content.units)));
        on.chain(off).map(move |(content, units)| {
            vec![
                at.device.into(),
                at.epoch.into(),
                at.seq.into(),
                moved.document.into(),
                content.product.into(),
                content.lot.into(),
                units.into(),
            ]
        })
    })
}

fn values(judged: &JudgedOperation<'_>, now: Timestamp) -> Result<Vec<Value>, StoreError> {
    let JudgedOperation { at, batch, operation, verdict, touched, moves: _ } = judged;
    let (outcome, silent) = match verdict {
        Verdict::Applied { notices } => (APPLIED, notices.is_empty()),
        Verdict::Duplicate { .. } => (DUPLICATE, false),
        Verdict::Quarantined { .. } => (QUARANTINED, false),
        Verdict::Frozen => (FROZEN, false),
    };
    let text =
        serde_json::to_string(verdict).map_err(|error| StoreError::damaged("verdict", error))?;
    let touched: Vec<(i64, u32)> =
        touched.iter().map(|(key, version)| (key.number(), version.get())).collect();
    Ok(vec![
        at.device.into(),
        at.epoch.into(),
        at.seq.into(),
        (*batch).into(),
        operation.action.kind().into(),
        operation.at.wall.into(),
        operation.at.uncertainty_ms.into(),
        operation.operator.into(),
        operation.site.into(),
        now.into(),
        outcome.into(),
        (!silent).then_some(text).into(),
        (!touched.is_empty()).then(|| wire::encode(&touched)).into(),
    ])
}

/// Where an operation was judged: at its own place, or where it travelled again.
pub async fn place_of(tx: &mut Tx, id: OperationId) -> Result<Option<OperationId>, StoreError> {
    let own = tx
        .query_opt(
            "select seq from operations where device = $1 and epoch = $2 and seq = $3",
            &[id.device.into(), id.epoch.into(), id.seq.into()],
        )
        .await?;
    if own.is_some() {
        return Ok(Some(id));
    }
    reemitted_at(tx, id).await
}

/// Where an operation travelled again.
pub async fn reemitted_at(tx: &mut Tx, id: OperationId) -> Result<Option<OperationId>, StoreError> {
    let row = tx
        .query_opt(
            "select at_epoch, at_seq from reemitted where device = $1 and epoch = $2 and seq = $3",
            &[id.device.into(), id.epoch.into(), id.seq.into()],
        )
        .await?;
    row.map(|row| Ok(OperationId { device: id.device, epoch: row.get(0)?, seq: row.get(1)? }))
        .transpose()
}

/// Notes that an operation travelled again.
pub async fn insert_reemitted(
    tx: &mut Tx,
    id: OperationId,
    at: OperationId,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into reemitted (device, epoch, seq, at_epoch, at_seq) values ($1, $2, $3, $4, $5)",
        &[id.device.into(), id.epoch.into(), id.seq.into(), at.epoch.into(), at.seq.into()],
    )
    .await?;
    Ok(())
}

/// An operation that counts: where it was done, the versions it made, what it moved.
pub struct Done {
    /// Where.
    pub site: SiteId,
    /// Which items, and the version each had afterwards.
    pub touched: Vec<(ItemKey, Version)>,
    /// What moved under documents.
    pub moves: Vec<Move>,
}

/// What an applied operation did; none when it did not count or is not known.
pub async fn done(tx: &mut Tx, at: OperationId) -> Result<Option<Done>, StoreError> {
    let row = tx
        .query_opt(
            "select site, touched from operations
             where device = $1 and epoch = $2 and seq = $3 and outcome = $4",
            &[at.device.into(), at.epoch.into(), at.seq.into(), APPLIED.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let site = row.get(0)?;
    let touched: Vec<(i64, u32)> = match row.get::<Option<Vec<u8>>>(1)? {
        Some(bytes) => wire::decode(&bytes, "list of touched items")
            .map_err(|error| StoreError::damaged("list of touched items", error))?,
        None => Vec::new(),
    };
    let keys = touched.into_iter();
    let touched = keys.map(|(key, version)| (ItemKey::from_number(key), Version(version)));
    Ok(Some(Done { site, touched: touched.collect(), moves: moves(tx, at).await? }))
}

/// What an operation moved under documents.
async fn moves(tx: &mut Tx, at: OperationId) -> Result<Vec<Move>, StoreError> {
    let rows = tx
        .query(
            "select document, product, lot, units from operation_moves
             where device = $1 and epoch = $2 and seq = $3 order by document",
            &[at.device.into(), at.epoch.into(), at.seq.into()],
        )
        .await?;
    let mut moves: Vec<Move> = Vec::new();
    for row in &rows {
        let (document, signed) = (row.get(0)?, row.get::<i64>(3)?);
        let units = u32::try_from(signed.unsigned_abs())
            .map_err(|error| StoreError::damaged("movement", error))?;
        let contents = Contents::of(row.get(1)?, row.get(2)?, units);
        if moves.last().is_none_or(|moved| moved.document != document) {
            moves.push(Move { document, on: Contents::none(), off: Contents::none() });
        }
        if let Some(moved) = moves.last_mut() {
            if signed > 0 { moved.on.add(&contents) } else { moved.off.add(&contents) }
        }
    }
    Ok(moves)
}

/// What became of an operation; none while it waits.
pub async fn verdict_of(tx: &mut Tx, at: OperationId) -> Result<Option<Verdict>, StoreError> {
    let row = tx
        .query_opt(
            "select verdict from operations where device = $1 and epoch = $2 and seq = $3",
            &[at.device.into(), at.epoch.into(), at.seq.into()],
        )
        .await?;
    row.map(|row| verdict(&row, 0)).transpose()
}

/// A device's verdicts behind a position, in stream order.
pub async fn verdicts(
    tx: &mut Tx,
    device: DeviceId,
    (epoch, seq): (Epoch, Seq),
    limit: u32,
) -> Result<Vec<Judged>, StoreError> {
    let rows = tx
        .query(
            "select epoch, seq, verdict from operations
             where device = $1 and (epoch > $2 or (epoch = $2 and seq > $3))
             order by epoch, seq limit $4",
            &[device.into(), epoch.into(), seq.into(), limit.into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(Judged { epoch: row.get(0)?, seq: row.get(1)?, verdict: verdict(row, 2)? }))
        .collect()
}

/// The verdict in a column; null is applied without notices.
pub fn verdict(row: &Row, column: usize) -> Result<Verdict, StoreError> {
    match row.get::<Option<String>>(column)? {
        None => Ok(Verdict::Applied { notices: Vec::new() }),
        Some(text) => {
            serde_json::from_str(&text).map_err(|error| StoreError::damaged("verdict", error))
        }
    }
}
