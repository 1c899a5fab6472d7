//! What both sides' databases say in the end: nothing green lost, nothing counted twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use sealtrace_cloud::store::{Database, Store, Value};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DeviceId, Epoch, OperationId, Seq};
use sealtrace_protocol::ledger::{
    Action, Destroy, Operation, Reassign, Receive, Return, Sample, Ship, Transfer, Unpack,
};
use sealtrace_protocol::signing::{PublicKey, SealedBatch};
use sealtrace_protocol::wire::decode;
use serde::Serialize;

/// The figures of a finished run.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Every step was as expected and nothing below contradicts it.
    pub ok: bool,
    /// Units in use in the cloud's ledger.
    pub units: i64,
    /// Cases in use.
    pub cases: i64,
    /// Pallets in use.
    pub pallets: i64,
    /// Scans the agents showed green.
    pub greens: u64,
    /// Operations that count.
    pub applied: u64,
    /// Operations kept without counting.
    pub quarantined: u64,
    /// Greens that are in no operation, in an operation without them, or in one the cloud does not have.
    pub lost: u64,
    /// Units that applied operations put into more than one package.
    pub doubled: u64,
    /// Units in the custody of dealers.
    pub shipped_units: i64,
    /// Codes seen outside the territory they were shipped to.
    pub suspected: i64,
    /// How long it all took.
    pub seconds: f64,
}

/// An operation that counts, as it was signed.
struct Applied {
    judged_at: i64,
    id: OperationId,
    operation: Operation,
}

/// Reads the agents' folders and the cloud's database.
pub async fn summarise(agents: &[&Path], database: &Database) -> Result<Summary> {
    let store = Store::open(database).await.context("the cloud's database")?;
    let mut summary = Summary::default();
    let outcomes = outcomes(&store).await?;
    for outcome in outcomes.values() {
        match outcome.1 {
            0 => summary.applied += 1,
            2 | 3 => summary.quarantined += 1,
            _ => {}
        }
    }
    for folder in agents {
        let (greens, lost) = greens(folder, &outcomes)?;
        summary.greens += greens;
        summary.lost += lost;
    }
    summary.doubled = doubled(applied(&store, &outcomes).await?);
    let mut tx = store.read().await?;
    let mut count = async |sql: &str| -> Result<i64> { Ok(tx.query_one(sql, &[]).await?.get(0)?) };
    summary.units = count("select count(*) from items where state = 2 and level = 0").await?;
    summary.cases = count("select count(*) from items where state = 2 and level = 2").await?;
    summary.pallets = count("select count(*) from items where state = 2 and level = 3").await?;
    summary.shipped_units = count(
        "select cast(coalesce(sum(units), 0) as bigint) from items where custody = 2 and parent is null",
    )
    .await?;
    summary.suspected =
        count("select count(distinct item) from sightings where outside = 1").await?;
    Ok(summary)
}

type Outcomes = BTreeMap<OperationId, (i64, i64)>;

/// Each judged operation where it travelled: (when, outcome).
async fn outcomes(store: &Store) -> Result<Outcomes> {
    let mut tx = store.read().await?;
    let rows =
        tx.query("select device, epoch, seq, judged_at, outcome from operations", &[]).await?;
    rows.iter()
        .map(|row| Ok((id(row.get(0)?, row.get(1)?, row.get(2)?)?, (row.get(3)?, row.get(4)?))))
        .collect()
}

fn id(device: i64, epoch: i64, seq: i64) -> Result<OperationId> {
    Ok(OperationId {
        device: DeviceId(u64::try_from(device)?),
        epoch: Epoch(u32::try_from(epoch)?),
        seq: Seq(u64::try_from(seq)?),
    })
}

/// How many scans an agent showed green, and how many of them are not where they must be.
fn greens(folder: &Path, outcomes: &Outcomes) -> Result<(u64, u64)> {
    let file = folder.join("agent.db");
    let conn = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| format!("{}", file.display()))?;
    let device: i64 = conn.query_row("select device from stream", [], |row| row.get(0))?;
    let mut operations: BTreeMap<(i64, i64), BTreeSet<Code>> = BTreeMap::new();
    let mut query = conn.prepare("select epoch, seq, body from operation")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(2)?;
        let operation: Operation = decode(&body, "operation")?;
        operations.insert((row.get(0)?, row.get(1)?), codes(&operation));
    }
    let (mut greens, mut lost) = (0, 0);
    let mut query = conn.prepare(
        "select code, operation_epoch, operation_seq, undone_at, role from journal where accepted = 1",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        greens += 1;
        let (code, epoch, seq): (Option<String>, Option<i64>, Option<i64>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let undone: Option<i64> = row.get(3)?;
        let kept = match (epoch.zip(seq), undone) {
            (Some(place), None) => {
                let code = code.as_deref().and_then(|code| code.parse().ok());
                let codes = operations.get(&place);
                // The package something was taken out of says where that was, and is not in the operation.
                let package = row.get::<_, String>(4)?.starts_with("package");
                let named =
                    code.is_some_and(|code| codes.is_some_and(|codes| codes.contains(&code)));
                (named || package) && outcomes.contains_key(&id(device, place.0, place.1)?)
            }
            (None, Some(_)) => true,
            (Some(_), Some(_)) | (None, None) => false,
        };
        lost += u64::from(!kept);
    }
    Ok((greens, lost))
}

fn codes(operation: &Operation) -> BTreeSet<Code> {
    let mut codes: BTreeSet<Code> = operation.needs().into_iter().map(|(code, _)| code).collect();
    if let Action::VerifyPack(verify) = &operation.action {
        codes.extend(&verify.seen);
    }
    codes
}

/// The operations that count, read from the signed batches themselves.
async fn applied(store: &Store, outcomes: &Outcomes) -> Result<Vec<Applied>> {
    let mut tx = store.read().await?;
    let mut applied = Vec::new();
    for device in tx.query("select id, signing_key from devices", &[]).await? {
        let key: Vec<u8> = device.get(1)?;
        let key = PublicKey(key.as_slice().try_into().context("a signing key has 32 bytes")?);
        let number: i64 = device.get(0)?;
        let sql = "select sealed from batches where device = $1 order by epoch, batch";
        for batch in tx.query(sql, &[Value::Int(number)]).await? {
            let sealed: Vec<u8> = batch.get(0)?;
            let batch = SealedBatch::from_bytes(&sealed)?.verify(&key)?;
            for (id, record) in batch.operations() {
                if let Some((judged_at, 0)) = outcomes.get(&id) {
                    let operation = record.operation().clone();
                    applied.push(Applied { judged_at: *judged_at, id, operation });
                }
            }
        }
    }
    applied.sort_by_key(|applied| (applied.judged_at, applied.id));
    Ok(applied)
}

/// Plays the applied operations on the plainest possible model and counts units that end in two packages.
fn doubled(history: Vec<Applied>) -> u64 {
    let mut inside: BTreeMap<Code, BTreeSet<Code>> = BTreeMap::new();
    let mut packed: BTreeMap<OperationId, (Code, Vec<Code>)> = BTreeMap::new();
    let all_leave = |inside: &mut BTreeMap<Code, BTreeSet<Code>>, codes: &[Code]| {
        codes.iter().for_each(|code| leave(inside, *code));
    };
    for Applied { id, operation, .. } in history {
        match operation.action {
            Action::Pack(pack) => {
                // What a carrier held before has been taken off it.
                inside.insert(pack.parent, pack.children.iter().copied().collect());
                packed.insert(id, (pack.parent, pack.children));
            }
            Action::Regroup(pack) => {
                all_leave(&mut inside, &pack.children);
                inside.insert(pack.parent, pack.children.iter().copied().collect());
                packed.insert(id, (pack.parent, pack.children));
            }
            Action::AddTo(add) => {
                inside.entry(add.parent).or_default().extend(&add.children);
                packed.insert(id, (add.parent, add.children));
            }
            Action::Unpack(Unpack::Whole(parent)) => {
                inside.remove(&parent);
                leave(&mut inside, parent);
            }
            Action::Unpack(Unpack::Child(child)) => leave(&mut inside, child),
            Action::Ship(Ship { codes, .. })
            | Action::Transfer(Transfer { codes, .. })
            | Action::Receive(Receive { codes, .. })
            | Action::Return(Return { codes, .. })
            | Action::Reassign(Reassign { codes, .. })
            | Action::Sample(Sample { codes, .. })
            | Action::Destroy(Destroy { codes, .. }) => all_leave(&mut inside, &codes),
            Action::PostCount(post) => {
                all_leave(&mut inside, &post.found);
                all_leave(&mut inside, &post.lost);
            }
            Action::Relabel(relabel) => {
                if let Some(children) = inside.remove(&relabel.old) {
                    inside.insert(relabel.new, children);
                }
                for children in inside.values_mut() {
                    if children.remove(&relabel.old) {
                        children.insert(relabel.new);
                    }
                }
            }
            Action::Correct(correct) => {
                if let Some((parent, children)) = packed.get(&correct.names)
                    && let Some(inside) = inside.get_mut(parent)
                {
                    inside.retain(|child| !children.contains(child));
                }
            }
            Action::OpenTask(_)
            | Action::Commission(_)
            | Action::VerifyPack(_)
            | Action::Count(_)
            | Action::WriteOff(_)
            | Action::Inspect(_)
            | Action::Settle(_) => {}
        }
    }
    let mut packages: BTreeMap<Code, u64> = BTreeMap::new();
    for child in inside.values().flatten() {
        *packages.entry(*child).or_default() += 1;
    }
    packages.values().map(|count| count - 1).sum()
}

fn leave(inside: &mut BTreeMap<Code, BTreeSet<Code>>, child: Code) {
    for children in inside.values_mut() {
        children.remove(&child);
    }
}
