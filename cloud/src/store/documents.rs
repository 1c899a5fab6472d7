//! Shipment documents, their lines, and what has moved under them.

use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId, SiteId};
use sealtrace_protocol::ledger::{self, Content, DocumentLine, Move};
use sealtrace_protocol::time::Timestamp;

use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, Value, counters};
use crate::documents::{Document, Line, State};
use crate::named::Named;

/// What a new document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// Its number on paper.
    pub number: String,
    /// The site goods leave.
    pub site: SiteId,
    /// The dealer they go to.
    pub dealer: DealerId,
    /// Products and units, each product once.
    pub lines: Vec<(ProductId, u32)>,
}

/// Adds an approved outbound document; `None` when its number is taken.
pub async fn add(
    tx: &mut Tx,
    new: &NewDocument,
    now: Timestamp,
) -> Result<Option<DocumentId>, StoreError> {
    let id = DocumentId(counters::next(tx, "document").await?);
    let added = tx
        .execute(
            "insert into documents (id, number, kind, site, dealer, state, created_at)
             values ($1, $2, 'outbound', $3, $4, $5, $6) on conflict (number) do nothing",
            &[
                id.into(),
                new.number.as_str().into(),
                new.site.into(),
                new.dealer.into(),
                State::Approved.name().into(),
                now.into(),
            ],
        )
        .await?;
    if added == 0 {
        return Ok(None);
    }
    let lines: Vec<Vec<Value>> = (1_u32..)
        .zip(&new.lines)
        .map(|(position, (product, units))| {
            vec![id.into(), (*product).into(), position.into(), (*units).into()]
        })
        .collect();
    tx.execute_many(
        "insert into document_lines (document, product, position, units) values ($1, $2, $3, $4)",
        &lines,
    )
    .await?;
    Ok(Some(id))
}

/// The id of the document with this number.
pub async fn by_number(tx: &mut Tx, number: &str) -> Result<Option<DocumentId>, StoreError> {
    let row = tx.query_opt("select id from documents where number = $1", &[number.into()]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// What the rules need of a document.
pub async fn document(tx: &mut Tx, id: DocumentId) -> Result<Option<ledger::Document>, StoreError> {
    let row = tx
        .query_opt("select site, dealer, state from documents where id = $1", &[id.into()])
        .await?;
    let Some(row) = row else { return Ok(None) };
    let state = read_state(&row, 2)?;
    Ok(Some(ledger::Document {
        id,
        from: row.get(0)?,
        to: row.get(1)?,
        open: state.is_open(),
        lines: rule_lines(tx, id).await?,
    }))
}

/// Counts goods that moved under a document, or back, and follows its state.
pub async fn move_units(tx: &mut Tx, moved: &Move) -> Result<(), StoreError> {
    let change = |content: &Content, sign: i64| -> Vec<Value> {
        vec![
            moved.document.into(),
            content.product.into(),
            content.lot.into(),
            (sign * i64::from(content.units)).into(),
        ]
    };
    let changes: Vec<Vec<Value>> = moved
        .on
        .iter()
        .map(|content| change(content, 1))
        .chain(moved.off.iter().map(|content| change(content, -1)))
        .collect();
    tx.execute_many(
        "insert into document_moves (document, product, lot, units) values ($1, $2, $3, $4)
         on conflict (document, product, lot) do update set units = document_moves.units + excluded.units",
        &changes,
    )
    .await?;
    let Some(before) = state(tx, moved.document).await? else { return Ok(()) };
    let lines = rule_lines(tx, moved.document).await?;
    let after = before.after_moves(&lines);
    if after != before {
        set_state(tx, moved.document, after).await?;
    }
    Ok(())
}

/// Where a document stands.
pub async fn state(tx: &mut Tx, id: DocumentId) -> Result<Option<State>, StoreError> {
    let row = tx.query_opt("select state from documents where id = $1", &[id.into()]).await?;
    row.map(|row| read_state(&row, 0)).transpose()
}

/// Puts a document into another state.
pub async fn set_state(tx: &mut Tx, id: DocumentId, state: State) -> Result<(), StoreError> {
    tx.execute("update documents set state = $2 where id = $1", &[id.into(), state.name().into()])
        .await?;
    Ok(())
}

const SHOWN: &str =
    "select d.id, d.number, d.kind, d.state, d.site, s.name, d.dealer, r.name, d.created_at
     from documents d join sites s on s.id = d.site join dealers r on r.id = d.dealer";
const MATCHES: &str =
    "where lower(d.number) like $1 escape '\\' or lower(r.name) like $1 escape '\\'";

/// A document as people see it.
pub async fn shown(tx: &mut Tx, id: DocumentId) -> Result<Option<Document>, StoreError> {
    let row = tx.query_opt(&format!("{SHOWN} where d.id = $1"), &[id.into()]).await?;
    let Some(row) = row else { return Ok(None) };
    let mut document = read(&row)?;
    document.lines = shown_lines(tx, id).await?;
    Ok(Some(document))
}

/// Documents whose number or dealer contains what is asked for, newest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Listing<Document>, StoreError> {
    let rows = tx
        .query(
            &format!("{SHOWN} {MATCHES} order by d.id desc limit $2 offset $3"),
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            &format!(
                "select count(*) from documents d join dealers r on r.id = d.dealer {MATCHES}"
            ),
            &[page.pattern()],
        )
        .await?;
    let mut documents = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut document = read(row)?;
        document.lines = shown_lines(tx, document.id).await?;
        documents.push(document);
    }
    Ok(Listing { rows: documents, total: total.get(0)? })
}

async fn rule_lines(tx: &mut Tx, id: DocumentId) -> Result<Vec<DocumentLine>, StoreError> {
    let lines = shown_lines(tx, id).await?;
    Ok(lines
        .into_iter()
        .map(|line| DocumentLine { product: line.product.id, units: line.units, moved: line.moved })
        .collect())
}

async fn shown_lines(tx: &mut Tx, id: DocumentId) -> Result<Vec<Line>, StoreError> {
    let rows = tx
        .query(
            "select l.product, p.name, l.units, cast(coalesce(sum(m.units), 0) as bigint)
             from document_lines l join products p on p.id = l.product
             left join document_moves m on m.document = l.document and m.product = l.product
             where l.document = $1
             group by l.product, p.name, l.units, l.position order by l.position",
            &[id.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Line {
                product: Named::new(row.get(0)?, row.get(1)?),
                units: row.get(2)?,
                moved: row.get(3)?,
            })
        })
        .collect()
}

fn read(row: &Row) -> Result<Document, StoreError> {
    Ok(Document {
        id: row.get(0)?,
        number: row.get(1)?,
        kind: row.get(2)?,
        state: read_state(row, 3)?,
        site: Named::new(row.get(4)?, row.get(5)?),
        dealer: Named::new(row.get(6)?, row.get(7)?),
        lines: Vec::new(),
        created_at: row.get(8)?,
    })
}

fn read_state(row: &Row, column: usize) -> Result<State, StoreError> {
    let name: String = row.get(column)?;
    State::from_name(&name)
        .ok_or_else(|| StoreError::damaged("document", format!("there is no state {name}")))
}
