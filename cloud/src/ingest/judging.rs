//! Each operation gets its one verdict: in stream order, judged by `protocol::ledger::judge` against everything.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{
    BatchNo, DeviceId, DocumentId, Epoch, OperationId, OrderId, Seq, TaskId,
};
use sealtrace_protocol::ledger::{
    Action, Effects, Facts, Item, Operation, Rejection, Verdict, dispute, judge,
};
use sealtrace_protocol::link::Verdicts;
use sealtrace_protocol::signing::{Batch, SealedBatch, Verified};
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::v1::Record;

use super::counting;
use super::following::{self, Changed};
use super::terms::Terms;
use crate::codes::{Codebook, ItemKey, Resolved};
use crate::diversion::{self, Returned};
use crate::http::error::chain;
use crate::inspection;
use crate::ledger::Working;
use crate::reconciliation;
use crate::store::operations::{self, JudgedOperation};
use crate::store::reconciliation as stored;
use crate::store::{Store, StoreError, Tx, devices, documents, streams};
use crate::writing;

/// Verdicts of one page.
const PAGE_VERDICTS: u32 = 1_000;
/// Streams looked at in one round.
const STREAMS_PER_ROUND: u32 = 256;

/// A device's verdicts behind a position, in stream order.
pub async fn verdicts(
    store: &Store,
    device: DeviceId,
    after: (Epoch, Seq),
) -> Result<Verdicts, StoreError> {
    let mut tx = store.read().await?;
    let mut verdicts = operations::verdicts(&mut tx, device, after, PAGE_VERDICTS + 1).await?;
    let more = verdicts.len() > usize::try_from(PAGE_VERDICTS).unwrap_or(usize::MAX);
    if more {
        verdicts.pop();
    }
    Ok(Verdicts { verdicts, more })
}

/// Judges one batch of each stream that has any; says how many. Safe to run twice, and in several processes.
///
/// A stream that cannot be judged does not hold up the others.
pub async fn judge_round(
    store: &Store,
    codebook: &Codebook,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let waiting = streams::unjudged(&mut store.read().await?, STREAMS_PER_ROUND).await?;
    let mut judged = 0;
    for (device, epoch) in waiting {
        match judge_next(store, codebook, device, epoch, now).await {
            Ok(()) => judged += 1,
            Err(error) => tracing::error!(
                device.id = %device, stream.epoch = %epoch, error = chain(&error),
                "a stream could not be judged"
            ),
        }
    }
    Ok(judged)
}

/// Judges the next batch of a stream.
async fn judge_next(
    store: &Store,
    codebook: &Codebook,
    device: DeviceId,
    epoch: Epoch,
    now: Timestamp,
) -> Result<(), StoreError> {
    let counts = writing!(store, |tx| { judge_batch(tx, codebook, device, epoch, now).await });
    if let Some(Counts { applied, others, batch }) = counts? {
        tracing::info!(
            device.id = %device, stream.epoch = %epoch, batch.no = %batch, applied, others,
            "a batch was judged"
        );
    }
    Ok(())
}

/// What became of a batch.
pub(crate) struct Counts {
    applied: usize,
    others: usize,
    batch: BatchNo,
}

/// Judges the next batch of a stream within a transaction, all of it or nothing of it; none when there is none.
pub(crate) async fn judge_batch(
    tx: &mut Tx,
    codebook: &Codebook,
    device: DeviceId,
    epoch: Epoch,
    now: Timestamp,
) -> Result<Option<Counts>, StoreError> {
    codebook.refresh_in(tx).await?;
    let Some(stream) = streams::stream(tx, device, epoch).await? else { return Ok(None) };
    if stream.judged >= stream.head.batch {
        return Ok(None);
    }
    let number = BatchNo(stream.judged.get() + 1);
    streams::judged(tx, device, epoch, number).await?;
    let batch = read_batch(tx, device, epoch, number).await?;
    let newest = streams::current(tx, device).await?;
    let resumed = newest.is_some_and(|newest| newest.head.epoch > epoch);
    let mut round = Round::new(codebook, &batch, resumed, now);
    if stream.frozen {
        round.freeze();
    } else {
        round.judge(tx).await?;
    }
    round.finish(tx).await.map(Some)
}

async fn read_batch(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    number: BatchNo,
) -> Result<Verified<Batch>, StoreError> {
    let missing = || StoreError::damaged("stream", format!("batch {epoch}.{number} is missing"));
    let stored = streams::batch(tx, device, epoch, number).await?.ok_or_else(missing)?;
    let key = devices::signing_key(tx, device).await?.ok_or_else(missing)?;
    SealedBatch::from_bytes(&stored.sealed)
        .and_then(|sealed| sealed.verify(&key))
        .map_err(|error| StoreError::damaged("batch", error))
}

/// One batch being judged.
struct Round<'b> {
    codebook: &'b Codebook,
    batch: &'b Batch,
    /// The device got a newer epoch meanwhile, and may have told there what is in this batch.
    resumed: bool,
    /// The batch an operation that travelled again was found in; others of it will follow.
    earlier: Option<Verified<Batch>>,
    terms: Terms,
    working: Working<'b>,
    /// Documents under which goods moved.
    moved: BTreeSet<DocumentId>,
    /// Where operations travelled that were undone here.
    undone: BTreeSet<OperationId>,
    /// Tasks under which something was made, or unmade.
    worked: BTreeSet<TaskId>,
    /// Labels put on goods by the order they are of and the order they were put on under, not written yet.
    used: BTreeMap<(u32, OrderId), i64>,
    judged: Vec<JudgedOperation<'b>>,
    /// How many of `judged` are written already.
    written: usize,
    now: Timestamp,
}

impl<'b> Round<'b> {
    fn new(codebook: &'b Codebook, batch: &'b Batch, resumed: bool, now: Timestamp) -> Self {
        Self {
            codebook,
            batch,
            resumed,
            earlier: None,
            terms: Terms::default(),
            working: Working::new(codebook),
            moved: BTreeSet::new(),
            undone: BTreeSet::new(),
            worked: BTreeSet::new(),
            used: BTreeMap::new(),
            judged: Vec::with_capacity(batch.records.len()),
            written: 0,
            now,
        }
    }

    fn freeze(&mut self) {
        for (at, record) in self.batch.operations() {
            self.push(at, record, Verdict::Frozen);
        }
    }

    async fn judge(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let batch = self.batch;
        self.terms = Terms::of(tx, batch.header.device).await?;
        let needs = batch.records.iter().flat_map(|record| record.operation().needs());
        let codes: Vec<_> = needs.map(|(code, _)| code).collect();
        self.working.prefetch(tx, codes.into_iter()).await?;
        for (at, record) in batch.operations() {
            self.judge_one(tx, at, record).await?;
        }
        Ok(())
    }

    async fn judge_one(
        &mut self,
        tx: &mut Tx,
        at: OperationId,
        record: &'b Record,
    ) -> Result<(), StoreError> {
        if let Some(verdict) = self.known_before(tx, at, record).await? {
            self.push(at, record, verdict);
            return Ok(());
        }
        let operation = record.operation();
        let facts = self.facts(tx, record).await?;
        let (effects, verdict) = match judge(operation, &facts) {
            Ok(effects) => {
                let notices = effects.notices.clone();
                let worked = counting::output(tx, (at, operation), &facts, &effects.items).await?;
                self.worked.extend(worked);
                self.count_use(tx, operation, &facts, &effects.items).await?;
                self.follow(tx, at, operation).await?;
                (effects, Verdict::Applied { notices })
            }
            Err(rejection) => {
                (dispute(operation, &rejection, &facts), Verdict::Quarantined { rejection })
            }
        };
        let Effects { items, moves, .. } = effects;
        self.moved.extend(counting::left_or_arrived(&facts, &items));
        for moved in &moves {
            let by =
                counting::mover(tx, self.codebook, (at, operation), moved.document, &facts).await?;
            if let Some(standing) = documents::move_units(tx, moved, by).await? {
                self.terms.moved(moved.document, standing);
            }
            self.moved.insert(moved.document);
        }
        let touched = self.working.apply(tx, at, operation, items).await?;
        let batch = self.batch.header.batch;
        self.judged.push(JudgedOperation { at, batch, operation, verdict, touched, moves });
        Ok(())
    }

    /// Counts labels that came onto goods under an order, or are off them again because that was undone.
    async fn count_use(
        &mut self,
        tx: &mut Tx,
        operation: &Operation,
        facts: &Facts,
        items: &[Item],
    ) -> Result<(), StoreError> {
        let (order, labels, by) = match (operation.corrects(), &facts.past) {
            (Some(names), Some(past)) => {
                let Some(place) = operations::place_of(tx, names).await? else { return Ok(()) };
                let corrected = self.judged_at(tx, place).await?;
                let order = match corrected.and_then(|corrected| corrected.task()) {
                    Some((task, plan)) => self.terms.order(tx, task, plan).await?,
                    None => None,
                };
                (order, counting::unused_again(past), -1)
            }
            (_, _) => {
                let order = facts.task.as_ref().map(|task| task.order);
                (order, counting::put_to_use(facts, items), 1)
            }
        };
        let Some(order) = order else { return Ok(()) };
        for code in labels {
            if let Resolved::Ours { key, .. } = self.codebook.resolve(&code) {
                *self.used.entry((key.order(), order)).or_default() += by;
            }
        }
        Ok(())
    }

    /// What an operation that counts means besides items and movements.
    async fn follow(
        &mut self,
        tx: &mut Tx,
        at: OperationId,
        operation: &Operation,
    ) -> Result<(), StoreError> {
        let changed = match operation.corrects() {
            Some(names) => match operations::place_of(tx, names).await? {
                Some(place) => self.undo(tx, place).await?,
                None => None,
            },
            None => following::follow(tx, self.codebook, (at, operation), self.now).await?,
        };
        match changed {
            Some(Changed::Task(task)) => {
                self.terms.forget_task(task);
                self.worked.insert(task);
            }
            Some(Changed::Document(document)) => {
                self.terms.forget_document(document);
                self.moved.insert(document);
            }
            Some(Changed::Labels) => self.working.forget_strips(),
            None => {}
        }
        Ok(())
    }

    async fn undo(
        &mut self,
        tx: &mut Tx,
        place: OperationId,
    ) -> Result<Option<Changed>, StoreError> {
        self.undone.insert(place);
        match self.judged_at(tx, place).await? {
            Some(corrected) => {
                if corrected.strip().is_some() {
                    self.write(tx).await?;
                }
                following::undo(tx, (place, &corrected)).await
            }
            None => Ok(None),
        }
    }

    /// An operation that travelled before is not judged again.
    async fn known_before(
        &mut self,
        tx: &mut Tx,
        at: OperationId,
        record: &Record,
    ) -> Result<Option<Verdict>, StoreError> {
        let id = match record {
            Record::Made(_) if !self.resumed => return Ok(None),
            Record::Made(operation) => {
                let Some(of) = operations::reemitted_at(tx, at).await? else { return Ok(None) };
                return self.again(tx, at, of, operation).await.map(Some);
            }
            Record::Reemitted { id, .. } => *id,
        };
        // A device speaks for its own stream only, and only for what was before.
        if id.device != at.device || id.epoch >= at.epoch {
            let rejection = Rejection::NoSuchOperation { names: id };
            return Ok(Some(Verdict::Quarantined { rejection }));
        }
        if let Some(of) = operations::place_of(tx, id).await? {
            return self.again(tx, id, of, record.operation()).await.map(Some);
        }
        operations::insert_reemitted(tx, id, at).await?;
        Ok(None)
    }

    /// An operation whose name is known: the same one again, or another under its name, which must not get lost.
    async fn again(
        &mut self,
        tx: &mut Tx,
        id: OperationId,
        of: OperationId,
        operation: &Operation,
    ) -> Result<Verdict, StoreError> {
        if self.judged_at(tx, of).await?.as_ref() == Some(operation) {
            return Ok(Verdict::Duplicate { of });
        }
        Ok(Verdict::Quarantined { rejection: Rejection::NameTaken { names: id } })
    }

    /// The operation that travelled at a place, from the signed batch it travelled in.
    async fn judged_at(
        &mut self,
        tx: &mut Tx,
        at: OperationId,
    ) -> Result<Option<Operation>, StoreError> {
        let is_there = |batch: &Batch| {
            let mut operations = batch.operations();
            operations.find(|(place, _)| *place == at).map(|(_, record)| record.operation().clone())
        };
        let found = is_there(self.batch).or_else(|| self.earlier.as_deref().and_then(is_there));
        if found.is_some() {
            return Ok(found);
        }
        let Some(number) = streams::batch_with(tx, at).await? else { return Ok(None) };
        let batch = read_batch(tx, at.device, at.epoch, number).await?;
        Ok(is_there(self.earlier.insert(batch)))
    }

    async fn facts(&mut self, tx: &mut Tx, record: &Record) -> Result<Facts, StoreError> {
        let operation = record.operation();
        if operation.strip().is_some() {
            // What lies on a strip of labels is asked of the tables.
            self.write(tx).await?;
        }
        let mut facts = self.working.facts(tx, operation.needs()).await?;
        if let Some(asked) = operation.strip() {
            facts.strip = reconciliation::strip(tx, self.codebook, asked).await?;
        }
        if let Some(names) = operation.corrects() {
            if self.may_be_unwritten(names) {
                self.write(tx).await?;
            }
            if let Some(place) = operations::place_of(tx, names).await?
                && let Some(done) = operations::done(tx, place).await?
            {
                self.working.state_past(tx, &mut facts, done).await?;
            }
        }
        self.terms.state(tx, &mut facts, operation).await?;
        Ok(facts)
    }

    /// True when an operation may be one of this very batch, by its own name or by one of an earlier epoch, that is not
    /// written yet.
    fn may_be_unwritten(&self, id: OperationId) -> bool {
        let first = self.judged.get(self.written).map(|first| first.at);
        first.is_some_and(|first| {
            id.device == first.device && (id.epoch != first.epoch || id.seq >= first.seq)
        })
    }

    /// Takes note of an operation that changed nothing.
    fn push(&mut self, at: OperationId, record: &'b Record, verdict: Verdict) {
        let (batch, operation) = (self.batch.header.batch, record.operation());
        let (touched, moves) = (Vec::new(), Vec::new());
        self.judged.push(JudgedOperation { at, batch, operation, verdict, touched, moves });
    }

    /// Writes everything decided so far.
    async fn write(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let new = self.judged.get(self.written..).unwrap_or_default();
        operations::insert(tx, new, self.now).await?;
        self.written = self.judged.len();
        stored::count_use(tx, &self.used).await?;
        self.used.clear();
        self.working.flush(tx).await
    }

    async fn finish(mut self, tx: &mut Tx) -> Result<Counts, StoreError> {
        self.write(tx).await?;
        for document in &self.moved {
            documents::settle(tx, *document).await?;
            crate::documents::publish(tx, *document).await?;
        }
        for task in &self.worked {
            crate::orders::publish_task(tx, *task).await?;
        }
        let touched = self.judged.iter().flat_map(|one| &one.touched);
        let touched: BTreeSet<ItemKey> = touched.map(|(key, _)| *key).collect();
        let touched: Vec<ItemKey> = touched.into_iter().collect();
        diversion::movements_accepted(tx, self.codebook, &touched).await?;
        let mut applied = 0;
        for JudgedOperation { at, operation, verdict, .. } in &self.judged {
            let Verdict::Applied { notices } = verdict else { continue };
            applied += 1;
            if let Action::Inspect(inspect) = &operation.action {
                inspection::reported(tx, self.codebook, inspect, operation.at.wall).await?;
            }
            if !self.undone.contains(at) {
                let returned = Returned::of(operation, notices);
                diversion::returns_accepted(tx, self.codebook, &returned).await?;
            }
        }
        let others = self.judged.len() - applied;
        Ok(Counts { applied, others, batch: self.batch.header.batch })
    }
}
