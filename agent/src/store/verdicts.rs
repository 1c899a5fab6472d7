//! What the cloud made of our operations: what they touched is settled, and what does not count is listed for a person.

use rusqlite::{OptionalExtension, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DeviceId, Epoch, OperationId, Seq};
use sealtrace_protocol::ledger::{Action, Notice, Rejection, Verdict};
use sealtrace_protocol::link::Judged;
use sealtrace_protocol::time::Timestamp;

use super::exceptions::{self, Exception, Kind};
use super::{StoreError, feed, made, outbox, rebase, stream};

/// Keeps verdicts: settles what the operations touched, lists what does not count, moves the cursor.
pub fn store(
    tx: &Transaction<'_>,
    device: DeviceId,
    verdicts: &[Judged],
    at: Timestamp,
) -> Result<(), StoreError> {
    for judged in verdicts {
        store_verdict(tx, device, judged, at)?;
        stream::judged(tx, judged.epoch, judged.seq)?;
    }
    Ok(())
}

fn store_verdict(
    tx: &Transaction<'_>,
    device: DeviceId,
    judged: &Judged,
    at: Timestamp,
) -> Result<(), StoreError> {
    let id: Option<(u32, u64)> = tx
        .prepare_cached(
            "update outbox set judged = 1 where epoch = ?1 and seq = ?2 and judged = 0
             returning operation_epoch, operation_seq",
        )
        .and_then(|mut update| {
            update
                .query_row(params![judged.epoch.get(), judged.seq.get()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        })
        .map_err(StoreError::sqlite("settle a verdict"))?;
    let Some((epoch, seq)) = id else { return Ok(()) };
    let id = OperationId { device, epoch: Epoch(epoch), seq: Seq(seq) };
    let verdict = serde_json::to_string(&judged.verdict)
        .map_err(|_| StoreError::Corrupt { what: "verdict" })?;
    let first = tx
        .execute(
            "update operation set verdict = ?3, verdict_at = ?4
             where epoch = ?1 and seq = ?2 and verdict is null",
            params![epoch, seq, verdict, at.millis()],
        )
        .map_err(StoreError::sqlite("settle a verdict"))?;
    if first == 0 {
        return Ok(());
    }
    // A duplicate of itself: it was received before a resume and travelled again; it counts where it was first.
    let counts = match &judged.verdict {
        Verdict::Applied { .. } => true,
        Verdict::Duplicate { of } => *of == id,
        Verdict::Quarantined { .. } | Verdict::Frozen => false,
    };
    rebase::settle(tx, id, counts, at)?;
    made::judged(tx, id, counts)?;
    let detail = match &judged.verdict {
        Verdict::Applied { notices } => return to_confirm(tx, id, notices, at),
        Verdict::Duplicate { .. } => return Ok(()),
        Verdict::Quarantined { rejection } => (rejection.code(), Some(rejection.clone())),
        Verdict::Frozen => ("frozen", None),
    };
    let done = outbox::operation(tx, id)?;
    if let Some(Action::OpenTask(open)) = done.as_ref().map(|done| &done.action) {
        feed::void_opened(tx, open.task)?;
    }
    let said = detail.1.as_ref().and_then(named);
    let code = said.or_else(|| done.and_then(|done| done.needs().last().map(|(code, _)| *code)));
    exceptions::add(
        tx,
        &Exception {
            at,
            kind: Kind::Verdict,
            code,
            lane: None,
            operation: Some(id),
            rejection: detail.1,
            detail: detail.0.to_owned(),
        },
    )?;
    Ok(())
}

/// Goods that left again and never came back in between had come back all the same: somebody confirms it, once for all
/// of one operation.
fn to_confirm(
    tx: &Transaction<'_>,
    id: OperationId,
    notices: &[Notice],
    at: Timestamp,
) -> Result<(), StoreError> {
    let implied = notices.iter().filter_map(|notice| match notice {
        Notice::ImpliedReturn { code } => Some((*code, notice.code())),
        Notice::Provisional { .. }
        | Notice::ContentsToFollow { .. }
        | Notice::ImpliedReceipt { .. }
        | Notice::ReturnedByOther { .. }
        | Notice::ImpliedUnpack { .. }
        | Notice::FoundAgain { .. }
        | Notice::Elsewhere { .. }
        | Notice::Short { .. }
        | Notice::LotBlocked { .. }
        | Notice::Differs { .. }
        | Notice::Complete { .. } => None,
    });
    let implied: Vec<_> = implied.collect();
    let Some((code, detail)) = implied.first() else { return Ok(()) };
    let exception = Exception {
        at,
        kind: Kind::Notice,
        code: Some(*code),
        lane: None,
        operation: Some(id),
        rejection: None,
        detail: (*detail).to_owned(),
    };
    let row = exceptions::add(tx, &exception)?;
    exceptions::set_times(tx, row, implied.len())
}

/// The code a rejection is about.
fn named(rejection: &Rejection) -> Option<Code> {
    let said = serde_json::to_value(rejection).ok()?;
    said.get(rejection.code())?.get("code")?.as_str()?.parse().ok()
}
