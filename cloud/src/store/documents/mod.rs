//! Documents: what they say, where they stand, what has moved under them.

mod moves;
mod shown;

use sealtrace_protocol::ids::{DealerId, DocumentId, OrderId, ProductId, Revision, SiteId};
use sealtrace_protocol::ledger::{self, DocumentKind, DocumentLine, Level, Part, Route};
use sealtrace_protocol::link::Share;
use sealtrace_protocol::time::Timestamp;

pub use moves::{Standing, count, has_goods, move_units, moved_by_devices, settle};
pub use shown::{SORTS, Wanted, list, shown};

use super::catalog::read_plan;
use super::{Row, StoreError, Tx, Value, counters};
use crate::accounts::AccountId;
use crate::documents::State;

/// What a document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// Its number on paper.
    pub number: String,
    /// Which kind.
    pub kind: DocumentKind,
    /// Our site that works on it.
    pub site: SiteId,
    /// The other site.
    pub other: Option<SiteId>,
    /// The dealer.
    pub dealer: Option<DealerId>,
    /// The production order whose goods come in.
    pub order: Option<OrderId>,
    /// What somebody wrote beside it.
    pub note: String,
    /// What is asked for.
    pub lines: Vec<NewLine>,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// What.
    pub product: ProductId,
    /// In which unit …
    pub unit: Level,
    /// … and how many of it.
    pub quantity: u32,
    /// The plan that says how much that is …
    pub revision: Revision,
    /// … in single units …
    pub units: u32,
    /// … and whether its packages mix other products …
    pub mixed: bool,
    /// … of which products.
    pub parts: Vec<Part>,
}

/// Adds a draft; `None` when its number is taken.
pub async fn add(
    tx: &mut Tx,
    new: &NewDocument,
    now: Timestamp,
) -> Result<Option<DocumentId>, StoreError> {
    let id = DocumentId(counters::next(tx, "document").await?);
    let mut values = values(id, new);
    values.extend([State::Draft.name().into(), now.into()]);
    let added = tx
        .execute(
            "insert into documents (id, number, kind, site, other, dealer, production_order, note,
                                    state, version, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10) on conflict (number) do nothing",
            &values,
        )
        .await?;
    if added == 0 {
        return Ok(None);
    }
    insert_lines(tx, id, new).await?;
    Ok(Some(id))
}

/// Says what a document says from now on; its number is not taken by another.
pub async fn change(tx: &mut Tx, id: DocumentId, new: &NewDocument) -> Result<(), StoreError> {
    tx.execute(
        "update documents set number = $2, kind = $3, site = $4, other = $5, dealer = $6,
             production_order = $7, note = $8, version = version + 1
         where id = $1",
        &values(id, new),
    )
    .await?;
    tx.execute("delete from document_lines where document = $1", &[id.into()]).await?;
    tx.execute("delete from document_demand where document = $1", &[id.into()]).await?;
    insert_lines(tx, id, new).await
}

fn values(id: DocumentId, new: &NewDocument) -> Vec<Value> {
    vec![
        id.into(),
        new.number.as_str().into(),
        new.kind.name().into(),
        new.site.into(),
        new.other.into(),
        new.dealer.into(),
        new.order.into(),
        new.note.as_str().into(),
    ]
}

async fn insert_lines(tx: &mut Tx, id: DocumentId, new: &NewDocument) -> Result<(), StoreError> {
    let mut demand: Vec<Part> = Vec::new();
    let mut lines: Vec<Vec<Value>> = Vec::with_capacity(new.lines.len());
    for (position, line) in (1_u32..).zip(&new.lines) {
        lines.push(vec![
            id.into(),
            position.into(),
            line.product.into(),
            line.unit.name().into(),
            line.quantity.into(),
            line.revision.into(),
            line.units.into(),
            line.mixed.into(),
        ]);
        for part in &line.parts {
            match demand.iter_mut().find(|known| known.product == part.product) {
                Some(known) => known.units = known.units.saturating_add(part.units),
                None => demand.push(*part),
            }
        }
    }
    tx.execute_many(
        "insert into document_lines
             (document, position, product, unit, quantity, revision, units, mixed)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &lines,
    )
    .await?;
    let demand: Vec<Vec<Value>> = (1_u32..)
        .zip(&demand)
        .map(|(position, part)| {
            vec![id.into(), part.product.into(), position.into(), part.units.into()]
        })
        .collect();
    tx.execute_many(
        "insert into document_demand (document, product, position, units) values ($1, $2, $3, $4)",
        &demand,
    )
    .await?;
    Ok(())
}

/// The id of the document with this number.
pub async fn by_number(tx: &mut Tx, number: &str) -> Result<Option<DocumentId>, StoreError> {
    let row = tx.query_opt("select id from documents where number = $1", &[number.into()]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// A document's number on paper.
pub async fn number(tx: &mut Tx, id: DocumentId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("select number from documents where id = $1", &[id.into()]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// What a document says, as it was written.
pub async fn said(tx: &mut Tx, id: DocumentId) -> Result<Option<NewDocument>, StoreError> {
    let row = tx
        .query_opt(
            "select number, kind, site, other, dealer, production_order, note
             from documents where id = $1",
            &[id.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let lines = tx
        .query(
            "select l.product, l.unit, l.quantity, l.revision, l.units, l.mixed, r.plan
             from document_lines l
             join product_plans r on r.product = l.product and r.revision = l.revision
             where l.document = $1 order by l.position",
            &[id.into()],
        )
        .await?;
    Ok(Some(NewDocument {
        number: row.get(0)?,
        kind: read_kind(&row, 1)?,
        site: row.get(2)?,
        other: row.get(3)?,
        dealer: row.get(4)?,
        order: row.get(5)?,
        note: row.get(6)?,
        lines: lines.iter().map(read_line).collect::<Result<_, _>>()?,
    }))
}

fn read_line(row: &Row) -> Result<NewLine, StoreError> {
    let (product, unit, quantity) = (row.get(0)?, read_unit(row, 1)?, row.get::<u32>(2)?);
    let plan = read_plan(&row.get::<String>(6)?)?;
    let mut parts = plan.units_in(unit, product).unwrap_or_default();
    for part in &mut parts {
        part.units = part.units.saturating_mul(quantity);
    }
    Ok(NewLine {
        product,
        unit,
        quantity,
        revision: row.get(3)?,
        units: row.get(4)?,
        mixed: row.get(5)?,
        parts,
    })
}

/// What the rules need of a document.
pub async fn document(tx: &mut Tx, id: DocumentId) -> Result<Option<ledger::Document>, StoreError> {
    let row = tx
        .query_opt(
            "select kind, site, other, dealer, state from documents where id = $1",
            &[id.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sets = tx
        .query(
            "select distinct product from document_lines where document = $1 and mixed = 1
             order by product",
            &[id.into()],
        )
        .await?;
    Ok(Some(ledger::Document {
        id,
        route: read_route(&row)?,
        open: read_state(&row, 4)?.is_open(),
        lines: demand(tx, id).await?,
        sets: sets.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?,
    }))
}

/// The route in columns 0 to 3: kind, site, other, dealer.
fn read_route(row: &Row) -> Result<Route, StoreError> {
    let site = row.get(1)?;
    let missing = || StoreError::damaged("document", "it names no dealer or no other site");
    let other = || row.get::<Option<SiteId>>(2)?.ok_or_else(missing);
    let dealer = || row.get::<Option<DealerId>>(3)?.ok_or_else(missing);
    Ok(match read_kind(row, 0)? {
        DocumentKind::Inbound => Route::Inbound { from: row.get(2)?, to: site },
        DocumentKind::Outbound => Route::Outbound { from: site, to: dealer()? },
        DocumentKind::Return => Route::Return { from: dealer()?, to: site },
        DocumentKind::Transfer => Route::Transfer { from: site, to: other()? },
        DocumentKind::Count => Route::Count { at: site },
    })
}

/// What is asked for in units, and how many have moved.
async fn demand(tx: &mut Tx, id: DocumentId) -> Result<Vec<DocumentLine>, StoreError> {
    let rows = tx
        .query(
            "select d.product, d.units, (
                 select cast(coalesce(sum(m.units), 0) as bigint) from document_moves m
                 where m.document = d.document and m.product = d.product
             )
             from document_demand d where d.document = $1 order by d.position",
            &[id.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(DocumentLine { product: row.get(0)?, units: row.get(1)?, moved: row.get(2)? })
        })
        .collect()
}

/// Where a document stands.
pub async fn state(tx: &mut Tx, id: DocumentId) -> Result<Option<State>, StoreError> {
    Ok(standing(tx, id).await?.map(|(_, state)| state))
}

/// Which kind of document it is, and where it stands.
async fn standing(
    tx: &mut Tx,
    id: DocumentId,
) -> Result<Option<(DocumentKind, State)>, StoreError> {
    let row = tx.query_opt("select kind, state from documents where id = $1", &[id.into()]).await?;
    row.map(|row| Ok((read_kind(&row, 0)?, read_state(&row, 1)?))).transpose()
}

/// Puts a document into another state.
pub async fn set_state(tx: &mut Tx, id: DocumentId, state: State) -> Result<(), StoreError> {
    tx.execute(
        "update documents set state = $2, version = version + 1 where id = $1",
        &[id.into(), state.name().into()],
    )
    .await?;
    Ok(())
}

/// Writes down who did what with a document.
pub async fn note(
    tx: &mut Tx,
    id: DocumentId,
    action: &str,
    by: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into document_history (document, nth, at, account, action)
         values ($1, (select count(*) + 1 from document_history where document = $1), $2, $3, $4)",
        &[id.into(), now.into(), by.0.into(), action.into()],
    )
    .await?;
    Ok(())
}

/// How a document is shared out among devices, and what each has moved of its share.
pub async fn shares(tx: &mut Tx, id: DocumentId) -> Result<Vec<Share>, StoreError> {
    let moved = moved_by_devices(tx, id).await?;
    let rows = tx
        .query(
            "select device, product, units from document_shares where document = $1
             order by device, product",
            &[id.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (device, product) = (row.get(0)?, row.get(1)?);
            let moved = moved.get(&(device, product)).copied().unwrap_or_default();
            Ok(Share { device, product, units: row.get(2)?, moved })
        })
        .collect()
}

/// Shares a document out, anew.
pub async fn set_shares(tx: &mut Tx, id: DocumentId, shares: &[Share]) -> Result<(), StoreError> {
    tx.execute("delete from document_shares where document = $1", &[id.into()]).await?;
    let share = |share: &Share| -> Vec<Value> {
        vec![id.into(), share.device.into(), share.product.into(), share.units.into()]
    };
    let rows: Vec<Vec<Value>> = shares.iter().map(share).collect();
    tx.execute_many(
        "insert into document_shares (document, device, product, units) values ($1, $2, $3, $4)",
        &rows,
    )
    .await?;
    Ok(())
}

fn read_kind(row: &Row, column: usize) -> Result<DocumentKind, StoreError> {
    let name: String = row.get(column)?;
    DocumentKind::from_name(&name)
        .ok_or_else(|| StoreError::damaged("document", format!("there is no kind {name}")))
}

fn read_unit(row: &Row, column: usize) -> Result<Level, StoreError> {
    let name: String = row.get(column)?;
    Level::from_name(&name)
        .ok_or_else(|| StoreError::damaged("document", format!("there is no unit {name}")))
}

fn read_state(row: &Row, column: usize) -> Result<State, StoreError> {
    let name: String = row.get(column)?;
    State::from_name(&name)
        .ok_or_else(|| StoreError::damaged("document", format!("there is no state {name}")))
}
