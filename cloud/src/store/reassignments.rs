//! Requests to move what was dispatched to another document (改派).

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperationId};
use sealtrace_protocol::time::Timestamp;

use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, counters};
use crate::accounts::AccountId;
use crate::devices::OFFICE;
use crate::documents::reassign::{Reassignment, Standing};
use crate::named::{Named, Numbered};

/// What a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReassignment {
    /// The document the goods were shipped under.
    pub from: DocumentId,
    /// The document they are to go under.
    pub to: DocumentId,
    /// Packages or units.
    pub codes: Vec<Code>,
    /// Why.
    pub reason: String,
}

/// Adds a request.
pub async fn add(
    tx: &mut Tx,
    new: &NewReassignment,
    by: AccountId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let id = counters::next(tx, "reassignment").await?;
    let codes = serde_json::to_string(&new.codes)
        .map_err(|error| StoreError::damaged("list of codes", error))?;
    tx.execute(
        "insert into reassignments
             (id, document, target, codes, reason, state, requested_at, requested_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            new.from.into(),
            new.to.into(),
            codes.into(),
            new.reason.as_str().into(),
            Standing::Requested.name().into(),
            now.into(),
            by.0.into(),
        ],
    )
    .await?;
    Ok(id)
}

/// Decides on a request, with the operation that did it.
pub async fn decide(
    tx: &mut Tx,
    id: u64,
    decision: Standing,
    operation: Option<OperationId>,
    by: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update reassignments
         set state = $2, decided_at = $3, decided_by = $4, epoch = $5, seq = $6 where id = $1",
        &[
            id.into(),
            decision.name().into(),
            now.into(),
            by.0.into(),
            operation.map(|operation| operation.epoch).into(),
            operation.map(|operation| operation.seq).into(),
        ],
    )
    .await?;
    Ok(())
}

const SHOWN: &str =
    "select r.id, r.document, d.number, r.target, t.number, r.codes, r.reason, r.state,
        r.requested_at, r.requested_by, q.name, r.decided_at, r.decided_by, c.name, r.epoch, r.seq
    from reassignments r join documents d on d.id = r.document join documents t on t.id = r.target
    left join accounts q on q.id = r.requested_by left join accounts c on c.id = r.decided_by";
const MATCHES: &str =
    "(lower(d.number) like lower($1) escape '\\' or lower(t.number) like lower($1) escape '\\'
        or lower(r.reason) like lower($1) escape '\\')
    and ($2 = '' or r.state = $2)";

/// The request with this id.
pub async fn one(tx: &mut Tx, id: u64) -> Result<Option<Reassignment>, StoreError> {
    let row = tx.query_opt(&format!("{SHOWN} where r.id = $1"), &[id.into()]).await?;
    row.as_ref().map(read).transpose()
}

/// Requests, the newest first.
pub async fn list(
    tx: &mut Tx,
    state: Option<Standing>,
    page: &Page,
) -> Result<Listing<Reassignment>, StoreError> {
    let state = state.map_or("", Standing::name);
    let sql = format!("{SHOWN} where {MATCHES} order by r.id desc limit $3 offset $4");
    let rows = tx.query(&sql, &[page.pattern(), state.into(), page.limit(), page.offset()]).await?;
    let count = format!(
        "select count(*) from reassignments r join documents d on d.id = r.document
         join documents t on t.id = r.target where {MATCHES}"
    );
    let total = tx.query_one(&count, &[page.pattern(), state.into()]).await?;
    Ok(Listing { rows: rows.iter().map(read).collect::<Result<_, _>>()?, total: total.get(0)? })
}

fn read(row: &Row) -> Result<Reassignment, StoreError> {
    let codes: String = row.get(5)?;
    let state: String = row.get(7)?;
    let damaged = || StoreError::damaged("reassignment", format!("there is no state {state}"));
    let name = |column: usize| row.get::<Option<String>>(column).map(Option::unwrap_or_default);
    let decided_by: Option<u64> = row.get(12)?;
    let decided_by_name = name(13)?;
    let epoch: Option<_> = row.get(14)?;
    let place = epoch.zip(row.get(15)?);
    Ok(Reassignment {
        id: row.get(0)?,
        document: Numbered::new(row.get(1)?, row.get(2)?),
        to: Numbered::new(row.get(3)?, row.get(4)?),
        codes: serde_json::from_str(&codes)
            .map_err(|error| StoreError::damaged("list of codes", error))?,
        reason: row.get(6)?,
        state: Standing::from_name(&state).ok_or_else(damaged)?,
        requested_at: row.get(8)?,
        requested_by: Named::new(AccountId(row.get(9)?), name(10)?),
        decided_at: row.get(11)?,
        decided_by: decided_by.map(|id| Named::new(AccountId(id), decided_by_name)),
        operation: place.map(|(epoch, seq)| OperationId { device: OFFICE, epoch, seq }),
    })
}
