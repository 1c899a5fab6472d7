//! Operations on their way to the cloud: confirmed, sealed, receipted; and again under a new epoch.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, OperationId, Seq};
use sealtrace_protocol::ledger::{Action, Effects, Operation, Pack, Rejection, judge};
use sealtrace_protocol::signing::{Hash, Sealed, SealedBatch, chain::StreamHead};
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::v1::{BATCH_OPERATIONS_MAX, Record};
use sealtrace_protocol::wire::{decode, encode};

use super::items::{self, Gathered, Standpoint};
use super::{StoreError, effects, exceptions, journal, labels, made, rebase, stream, strips};

/// Records are gathered for one batch up to this many bytes, well below what a sealed batch may have.
const SEAL_BYTES_MAX: usize = 192 * 1024;

/// An operation that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Its name for ever.
    pub id: OperationId,
    /// What it changed and what must be told.
    pub effects: Effects,
}

/// Why an operation was not stored. Nothing of it is.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The rules say no; an answer for the person.
    #[error("the operation is refused: {0}")]
    Refused(Rejection),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Judges an operation on what is known in this transaction and stores it with its effects, its place in the stream
/// and the drafts it is made of: all or nothing.
pub fn confirm(
    tx: &Transaction<'_>,
    operation: &Operation,
    drafts: &[i64],
) -> Result<Confirmed, ConfirmError> {
    confirm_if(tx, operation, drafts, |_| Ok(()))
}

/// The same, unless whoever asks does not agree with its effects; then nothing is stored either.
pub fn confirm_if<E: From<ConfirmError>>(
    tx: &Transaction<'_>,
    operation: &Operation,
    drafts: &[i64],
    agree: impl FnOnce(&Effects) -> Result<(), E>,
) -> Result<Confirmed, E> {
    let gathered = items::gather(tx, operation, Standpoint::Now).map_err(ConfirmError::from)?;
    let effects = judge(operation, &gathered.facts).map_err(ConfirmError::Refused)?;
    agree(&effects)?;
    Ok(keep(tx, operation, drafts, &gathered, effects)?)
}

fn keep(
    tx: &Transaction<'_>,
    operation: &Operation,
    drafts: &[i64],
    gathered: &Gathered<'_>,
    effects: Effects,
) -> Result<Confirmed, ConfirmError> {
    let id = stream::next_place(tx)?;
    tx.prepare_cached(
        "insert into operation (epoch, seq, kind, at, role, approver, body)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            id.epoch.get(),
            id.seq.get(),
            operation.action.kind(),
            operation.at.wall.millis(),
            gathered.facts.worker.map(|worker| worker.role.name()),
            gathered.facts.approver.map(|approver| approver.role.name()),
            encode(operation),
        ])
    })
    .map_err(StoreError::sqlite("store an operation"))?;
    place(tx, id, id)?;
    let keys = rebase::keys(tx, operation, gathered)?;
    effects::apply(tx, (id.epoch.get(), id.seq.get()), &keys, &effects)?;
    made::count(tx, id, operation)?;
    strips::keep(tx, id, operation.strip(), operation.corrects())?;
    journal::settle(tx, drafts, id)?;
    exceptions::accepted(tx, id, operation)?;
    Ok(Confirmed { id, effects })
}

fn place(tx: &Transaction<'_>, at: OperationId, id: OperationId) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into outbox (epoch, seq, operation_epoch, operation_seq) values (?1, ?2, ?3, ?4)",
    )
    .and_then(|mut insert| {
        insert.execute(params![at.epoch.get(), at.seq.get(), id.epoch.get(), id.seq.get()])
    })
    .map_err(StoreError::sqlite("give an operation its place"))?;
    Ok(())
}

/// One operation of this device.
pub fn operation(conn: &Connection, id: OperationId) -> Result<Option<Operation>, StoreError> {
    let body: Option<Vec<u8>> = conn
        .prepare_cached("select body from operation where epoch = ?1 and seq = ?2")
        .and_then(|mut query| {
            query.query_row(params![id.epoch.get(), id.seq.get()], |row| row.get(0)).optional()
        })
        .map_err(StoreError::sqlite("look an operation up"))?;
    body.map(|body| Ok(decode(&body, "operation")?)).transpose()
}

/// What this device packed into a package, as far back as it remembers; not what turned out not to count.
pub fn packed(conn: &Connection, parent: Code) -> Result<Vec<Pack>, StoreError> {
    let bodies: Vec<Vec<u8>> = conn
        .prepare_cached(
            "select body from touched join operation using (epoch, seq)
             where code = ?1 and kind = 'pack' and refused = 0",
        )
        .and_then(|mut query| query.query_map([parent.canonical()], |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("look an operation up"))?;
    let mut packed = Vec::new();
    for body in bodies {
        let operation: Operation = decode(&body, "operation")?;
        if let Action::Pack(pack) = operation.action
            && pack.parent == parent
        {
            packed.push(pack);
        }
    }
    Ok(packed)
}

/// Operations behind this place, in order; a hundred at most.
pub fn made_after(
    conn: &Connection,
    (epoch, seq): (Epoch, Seq),
) -> Result<Vec<(OperationId, Operation)>, StoreError> {
    let Some(stream) = stream::read(conn)? else { return Ok(Vec::new()) };
    let rows: Vec<(u32, u64, Vec<u8>)> = conn
        .prepare_cached(
            "select epoch, seq, body from operation where (epoch, seq) > (?1, ?2)
             order by epoch, seq limit 100",
        )
        .and_then(|mut query| {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            query.query_map(params![epoch.get(), seq.get()], read)?.collect()
        })
        .map_err(StoreError::sqlite("list operations"))?;
    let named = |(epoch, seq, body): (u32, u64, Vec<u8>)| {
        let id = OperationId { device: stream.device, epoch: Epoch(epoch), seq: Seq(seq) };
        Ok((id, decode(&body, "operation")?))
    };
    rows.into_iter().map(named).collect()
}

/// How much is on its way; what pages, `status` and the sync machine look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Operations in no sealed batch.
    pub unsealed: u64,
    /// When the oldest of those was made, by the device's clock.
    pub unsealed_since: Option<Timestamp>,
    /// Sealed batches without a receipt.
    pub unsent: u64,
    /// The first of them.
    pub next_batch: Option<BatchNo>,
    /// Operations in batches without a receipt, and in none.
    pub unreceipted_operations: u64,
    /// Places receipted whose verdict is not known.
    pub unjudged: u64,
    /// When the newest receipt came.
    pub receipt_at: Option<Timestamp>,
}

/// Counts what is on its way.
pub fn backlog(conn: &Connection) -> Result<Backlog, StoreError> {
    let failed = || StoreError::sqlite("count what is on its way");
    let Some(stream) = stream::read(conn)? else { return Ok(Backlog::default()) };
    let epoch = stream.head.epoch.get();
    let since: Option<i64> = conn
        .prepare_cached(
            "select operation.at from outbox
             join operation on operation.epoch = operation_epoch and operation.seq = operation_seq
             where outbox.epoch = ?1 and outbox.seq = ?2",
        )
        .and_then(|mut query| {
            let next = stream.head.next_seq().get();
            query.query_row(params![epoch, next], |row| row.get(0)).optional()
        })
        .map_err(failed())?;
    let (unsent, next, first): (u64, Option<u64>, Option<u64>) = conn
        .prepare_cached(
            "select count(*), min(batch), min(first) from batch
             where epoch = ?1 and receipt is null and abandoned = 0",
        )
        .and_then(|mut query| {
            query.query_row([epoch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .map_err(failed())?;
    let receipted_to = first.map_or(stream.head.seq.get(), |first| first.saturating_sub(1));
    let (verdict_epoch, verdict_seq) = stream.verdicts;
    let same_epoch = verdict_epoch == stream.head.epoch;
    let judged_to = if same_epoch { verdict_seq.get() } else { 0 };
    let before = if same_epoch { 0 } else { unjudged_before(conn, stream.head.epoch)? };
    Ok(Backlog {
        unsealed: stream.seq.get().saturating_sub(stream.head.seq.get()),
        unsealed_since: since.map(Timestamp),
        unsent,
        next_batch: next.map(BatchNo),
        unreceipted_operations: stream.seq.get().saturating_sub(receipted_to),
        unjudged: before.saturating_add(receipted_to.saturating_sub(judged_to)),
        receipt_at: stream.receipt_at,
    })
}

/// Receipted in an earlier epoch and not judged yet.
fn unjudged_before(conn: &Connection, epoch: Epoch) -> Result<u64, StoreError> {
    conn.query_row(
        "select count(*) from outbox join batch using (epoch, batch)
         where outbox.epoch < ?1 and outbox.judged = 0 and batch.receipt is not null",
        [epoch.get()],
        |row| row.get(0),
    )
    .map_err(StoreError::sqlite("count what is on its way"))
}

/// The records that go into the next batch, in stream order, and the head they continue.
pub fn to_seal(conn: &Connection) -> Result<Option<(StreamHead, Vec<Record>)>, StoreError> {
    let Some(stream) = stream::read(conn)? else { return Ok(None) };
    let mut query = conn
        .prepare_cached(
            "select outbox.seq, operation.epoch, operation.seq, operation.body
             from outbox
             join operation on operation.epoch = operation_epoch and operation.seq = operation_seq
             where outbox.epoch = ?1 and outbox.seq > ?2 order by outbox.seq limit ?3",
        )
        .map_err(StoreError::sqlite("gather operations"))?;
    let head = stream.head;
    let mut rows = query
        .query(params![head.epoch.get(), head.seq.get(), BATCH_OPERATIONS_MAX])
        .map_err(StoreError::sqlite("gather operations"))?;
    let mut records = Vec::new();
    let mut bytes = 0_usize;
    while let Some(row) = rows.next().map_err(StoreError::sqlite("gather operations"))? {
        let read = || -> rusqlite::Result<(OperationId, OperationId, Vec<u8>)> {
            let device = stream.device;
            let at = OperationId { device, epoch: head.epoch, seq: Seq(row.get(0)?) };
            let id = OperationId { device, epoch: Epoch(row.get(1)?), seq: Seq(row.get(2)?) };
            Ok((at, id, row.get(3)?))
        };
        let (at, id, body) = read().map_err(StoreError::sqlite("gather operations"))?;
        bytes = bytes.saturating_add(body.len());
        if bytes > SEAL_BYTES_MAX && !records.is_empty() {
            break;
        }
        let operation: Operation = decode(&body, "operation")?;
        records.push(if at == id {
            Record::Made(operation)
        } else {
            Record::Reemitted { id, operation }
        });
    }
    Ok((!records.is_empty()).then_some((head, records)))
}

/// Stores a sealed batch before it is sent for the first time. It must continue the stream as it stands.
pub fn store_sealed(
    tx: &Transaction<'_>,
    before: &StreamHead,
    after: &StreamHead,
    sealed: &SealedBatch,
    at: Timestamp,
) -> Result<(), StoreError> {
    if stream::read(tx)?.map(|stream| stream.head) != Some(*before) {
        return Err(StoreError::Corrupt { what: "stream head" });
    }
    tx.execute(
        "insert into batch (epoch, batch, first, last, hash, sealed, sealed_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            after.epoch.get(),
            after.batch.get(),
            before.next_seq().get(),
            after.seq.get(),
            after.hash.0,
            sealed.to_bytes(),
            at.millis(),
        ],
    )
    .map_err(StoreError::sqlite("store a sealed batch"))?;
    tx.execute(
        "update outbox set batch = ?1 where epoch = ?2 and seq between ?3 and ?4",
        params![after.batch.get(), after.epoch.get(), before.next_seq().get(), after.seq.get(),],
    )
    .map_err(StoreError::sqlite("store a sealed batch"))?;
    stream::sealed(tx, after)
}

/// A sealed batch of the current epoch, as it travels.
pub fn sealed(conn: &Connection, batch: BatchNo) -> Result<Option<Vec<u8>>, StoreError> {
    conn.prepare_cached(
        "select batch.sealed from batch join stream on stream.epoch = batch.epoch
         where batch.batch = ?1",
    )
    .and_then(|mut query| query.query_row([batch.get()], |row| row.get(0)).optional())
    .map_err(StoreError::sqlite("fetch a sealed batch"))
}

/// A sealed batch without a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its number there.
    pub batch: BatchNo,
    /// Its hash.
    pub hash: Hash,
    bytes: usize,
}

impl Waiting {
    /// What it takes in a file: its length first.
    #[must_use]
    pub const fn entry_bytes(&self) -> usize {
        self.bytes.saturating_add(size_of::<u32>())
    }
}

/// The sealed batches of the current epoch that have no receipt, behind `after`, in order.
pub fn waiting(conn: &Connection, after: BatchNo) -> Result<Vec<Waiting>, StoreError> {
    conn.prepare_cached(
        "select batch.epoch, batch.batch, hash, length(sealed) from batch
         join stream on stream.epoch = batch.epoch
         where receipt is null and abandoned = 0 and batch.batch > ?1 order by batch.batch",
    )
    .and_then(|mut query| {
        let read = |row: &Row<'_>| {
            let (epoch, batch) = (Epoch(row.get(0)?), BatchNo(row.get(1)?));
            Ok(Waiting { epoch, batch, hash: Hash(row.get(2)?), bytes: row.get(3)? })
        };
        query.query_map([after.get()], read)?.collect()
    })
    .map_err(StoreError::sqlite("list what is on its way"))
}

/// A sealed batch as it travels.
pub fn sealed_in(
    conn: &Connection,
    epoch: Epoch,
    batch: BatchNo,
) -> Result<Option<Vec<u8>>, StoreError> {
    conn.prepare_cached("select sealed from batch where epoch = ?1 and batch = ?2")
        .and_then(|mut query| {
            query.query_row(params![epoch.get(), batch.get()], |row| row.get(0)).optional()
        })
        .map_err(StoreError::sqlite("fetch a sealed batch"))
}

/// The hash of a batch of this device.
pub fn batch_hash(
    conn: &Connection,
    epoch: Epoch,
    batch: BatchNo,
) -> Result<Option<Hash>, StoreError> {
    conn.prepare_cached("select hash from batch where epoch = ?1 and batch = ?2")
        .and_then(|mut query| {
            query
                .query_row(params![epoch.get(), batch.get()], |row| row.get(0).map(Hash))
                .optional()
        })
        .map_err(StoreError::sqlite("look a batch up"))
}

/// The newest batch with a receipt in this epoch, and its hash.
pub fn last_receipted(
    conn: &Connection,
    epoch: Epoch,
) -> Result<Option<(BatchNo, Hash)>, StoreError> {
    conn.prepare_cached(
        "select batch, hash from batch where epoch = ?1 and receipt is not null
         order by batch desc limit 1",
    )
    .and_then(|mut query| {
        query
            .query_row([epoch.get()], |row| Ok((BatchNo(row.get(0)?), Hash(row.get(1)?))))
            .optional()
    })
    .map_err(StoreError::sqlite("look a receipt up"))
}

/// Keeps a verified receipt. The next batch's header will name it.
pub fn store_receipt(
    tx: &Transaction<'_>,
    epoch: Epoch,
    batch: BatchNo,
    receipt: &Sealed,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update batch set receipt = ?3, receipt_at = ?4
         where epoch = ?1 and batch = ?2 and receipt is null",
        params![epoch.get(), batch.get(), receipt.to_bytes(), at.millis()],
    )
    .map_err(StoreError::sqlite("store a receipt"))?;
    stream::receipted(tx, receipt.hash(), at)
}

/// Goes on under a granted epoch: what was never receipted travels again, under the names it has.
pub fn resume(tx: &Transaction<'_>, device: DeviceId, granted: Epoch) -> Result<u64, StoreError> {
    let failed = || StoreError::sqlite("go on under a new epoch");
    let old = stream::read(tx)?;
    if old.is_some_and(|stream| stream.head.epoch == granted) {
        return Ok(0);
    }
    let again: Vec<(u32, u64)> = match &old {
        None => Vec::new(),
        Some(stream) => tx
            .prepare(
                "select operation_epoch, operation_seq from outbox
                 left join batch on batch.epoch = outbox.epoch and batch.batch = outbox.batch
                 where outbox.epoch = ?1 and batch.receipt is null order by outbox.seq",
            )
            .and_then(|mut query| {
                query
                    .query_map([stream.head.epoch.get()], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .map_err(failed())?,
    };
    tx.execute("update batch set abandoned = 1 where receipt is null", []).map_err(failed())?;
    stream::begin(tx, device, granted)?;
    labels::forget_own(tx)?;
    let mut count = 0;
    for (epoch, seq) in again {
        let at = stream::next_place(tx)?;
        place(tx, at, OperationId { device, epoch: Epoch(epoch), seq: Seq(seq) })?;
        count += 1;
    }
    Ok(count)
}

/// True when any operation was ever confirmed here.
pub fn any(conn: &Connection) -> Result<bool, StoreError> {
    conn.query_row("select exists (select 1 from operation)", [], |row| row.get(0))
        .map_err(StoreError::sqlite("look for operations"))
}
