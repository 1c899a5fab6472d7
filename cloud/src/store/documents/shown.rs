//! Documents as people see them, one or a page of them.

use std::collections::BTreeMap;

use sealtrace_protocol::ids::{DealerId, DocumentId, OrderId, SiteId};
use sealtrace_protocol::ledger::DocumentKind;

use super::super::search::{Listing, Page, Sort, groups, places};
use super::{Row, StoreError, Tx, read_kind, read_state, read_unit};
use crate::accounts::AccountId;
use crate::documents::{Demand, Document, Event, Line, Share};
use crate::named::{Named, Numbered};

/// Which documents are listed, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Which part of them; their number, site, dealer or note contains the text.
    pub page: Page,
    /// Only those of this kind.
    pub kind: Option<DocumentKind>,
    /// Only those that are shown to stand there.
    pub state: Option<&'static str>,
    /// Only those that ask for this.
    pub product: Option<u64>,
    /// Only those of this site.
    pub site: Option<SiteId>,
    /// Only those of this dealer.
    pub dealer: Option<DealerId>,
    /// One of [`SORTS`]; newest first without.
    pub sort: Option<Sort>,
}

/// What a list can be sorted by.
pub const SORTS: &[(&str, &str)] = &[
    ("number", "d.number"),
    ("kind", "d.kind"),
    ("state", "d.state"),
    ("site", "s.name"),
    ("dealer", "r.name"),
    ("created_at", "d.created_at"),
];

const COLUMNS: &str = "d.id, d.version, d.number, d.kind, d.state, d.site, s.name, d.other, o.name,
    d.dealer, r.name, d.production_order, p.number, d.note, d.created_at";
const FROM: &str = "from documents d join sites s on s.id = d.site
    left join sites o on o.id = d.other
    left join dealers r on r.id = d.dealer
    left join production_orders p on p.id = d.production_order";
const MATCHES: &str =
    "(lower(d.number) like lower($1) escape '\\' or lower(s.name) like lower($1) escape '\\'
        or lower(r.name) like lower($1) escape '\\' or lower(d.note) like lower($1) escape '\\')
    and ($2 = '' or d.kind = $2)
    and ($3 = '' or $3 = case when d.state = 'closed' then 'done' else d.state end)
    and (cast($4 as bigint) is null or $4 = d.site or $4 = d.other)
    and (cast($5 as bigint) is null or exists (
        select 1 from document_lines l where l.document = d.id and l.product = $5))
    and (cast($6 as bigint) is null or $6 = d.dealer)";

/// A document as people see it.
pub async fn shown(tx: &mut Tx, id: DocumentId) -> Result<Option<Document>, StoreError> {
    let rows = tx.query(&format!("select {COLUMNS} {FROM} where d.id = $1"), &[id.into()]).await?;
    Ok(complete(tx, &rows).await?.pop())
}

/// A page of documents.
pub async fn list(tx: &mut Tx, wanted: &Wanted) -> Result<Listing<Document>, StoreError> {
    let page = &wanted.page;
    let mut values = vec![
        page.pattern(),
        wanted.kind.map_or("", DocumentKind::name).into(),
        wanted.state.unwrap_or("").into(),
        wanted.site.into(),
        wanted.product.into(),
        wanted.dealer.into(),
    ];
    let total = tx.query_one(&format!("select count(*) {FROM} where {MATCHES}"), &values).await?;
    values.extend([page.limit(), page.offset()]);
    let sort = Sort::sql(wanted.sort, "d.id");
    let sql = format!("select {COLUMNS} {FROM} where {MATCHES} order by {sort} limit $7 offset $8");
    let rows = tx.query(&sql, &values).await?;
    Ok(Listing { rows: complete(tx, &rows).await?, total: total.get(0)? })
}

/// Documents with what belongs to them, one query each for all of them.
async fn complete(tx: &mut Tx, rows: &[Row]) -> Result<Vec<Document>, StoreError> {
    let ids: Vec<DocumentId> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    let mut lines = children(tx, &ids, LINES, line).await?;
    let mut demands = children(tx, &ids, DEMAND, demand).await?;
    let mut shares = children(tx, &ids, SHARES, share).await?;
    let mut history = children(tx, &ids, HISTORY, event).await?;
    let mut documents = Vec::with_capacity(rows.len());
    for row in rows {
        let document = read(row)?;
        let id = document.id;
        documents.push(Document {
            lines: lines.remove(&id).unwrap_or_default(),
            demand: demands.remove(&id).unwrap_or_default(),
            shares: shares.remove(&id).unwrap_or_default(),
            history: history.remove(&id).unwrap_or_default(),
            ..document
        });
    }
    Ok(documents)
}

const LINES: &str = "select l.document, l.product, p.name, l.unit, l.quantity, l.revision, l.units
    from document_lines l join products p on p.id = l.product
    where l.document in (…) order by l.position";
const DEMAND: &str = "select d.document, d.product, p.name, d.units, (
        select cast(coalesce(sum(m.units), 0) as bigint) from document_moves m
        where m.document = d.document and m.product = d.product)
    from document_demand d join products p on p.id = d.product
    where d.document in (…) order by d.position";
const SHARES: &str = "select s.document, s.device, v.name, s.product, p.name, s.units, (
        select cast(coalesce(sum(m.units), 0) as bigint) from document_moves m
        where m.document = s.document and m.product = s.product and m.device = s.device)
    from document_shares s join devices v on v.id = s.device join products p on p.id = s.product
    where s.document in (…) order by s.device, s.product";
const HISTORY: &str = "select h.document, h.at, h.account, a.name, h.action
    from document_history h left join accounts a on a.id = h.account
    where h.document in (…) order by h.nth";

/// What belongs to documents, the document in the first column.
async fn children<T>(
    tx: &mut Tx,
    ids: &[DocumentId],
    sql: &str,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<BTreeMap<DocumentId, Vec<T>>, StoreError> {
    let sql = sql.replace('…', &places());
    let mut found: BTreeMap<DocumentId, Vec<T>> = BTreeMap::new();
    for values in groups(ids) {
        for row in tx.query(&sql, &values).await? {
            found.entry(row.get(0)?).or_default().push(read(&row)?);
        }
    }
    Ok(found)
}

fn read(row: &Row) -> Result<Document, StoreError> {
    let name = |column: usize| row.get::<Option<String>>(column).map(Option::unwrap_or_default);
    let other: Option<SiteId> = row.get(7)?;
    let dealer: Option<DealerId> = row.get(9)?;
    let order: Option<OrderId> = row.get(11)?;
    let (other_name, dealer_name, order_number) = (name(8)?, name(10)?, name(12)?);
    Ok(Document {
        id: row.get(0)?,
        version: row.get(1)?,
        number: row.get(2)?,
        kind: read_kind(row, 3)?,
        state: read_state(row, 4)?,
        site: Named::new(row.get(5)?, row.get(6)?),
        other: other.map(|id| Named::new(id, other_name)),
        dealer: dealer.map(|id| Named::new(id, dealer_name)),
        order: order.map(|id| Numbered::new(id, order_number)),
        note: row.get(13)?,
        lines: Vec::new(),
        demand: Vec::new(),
        shares: Vec::new(),
        created_at: row.get(14)?,
        history: Vec::new(),
        actions: Vec::new(),
    })
}

fn line(row: &Row) -> Result<Line, StoreError> {
    Ok(Line {
        product: Named::new(row.get(1)?, row.get(2)?),
        unit: read_unit(row, 3)?,
        quantity: row.get(4)?,
        revision: row.get(5)?,
        units: row.get(6)?,
    })
}

fn demand(row: &Row) -> Result<Demand, StoreError> {
    let product = Named::new(row.get(1)?, row.get(2)?);
    Ok(Demand { product, units: row.get(3)?, moved: row.get(4)? })
}

fn share(row: &Row) -> Result<Share, StoreError> {
    Ok(Share {
        device: Named::new(row.get(1)?, row.get(2)?),
        product: Named::new(row.get(3)?, row.get(4)?),
        units: row.get(5)?,
        moved: row.get(6)?,
    })
}

fn event(row: &Row) -> Result<Event, StoreError> {
    let name: Option<String> = row.get(3)?;
    let account = Named::new(AccountId(row.get(2)?), name.unwrap_or_default());
    Ok(Event { at: row.get(1)?, account, action: row.get(4)? })
}
