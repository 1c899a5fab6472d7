//! Sites, dealers with their territories, operators of devices.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DealerId, OperatorId, ProductId, SiteId};
use sealtrace_protocol::link::{self, OperatorRole};
use sealtrace_protocol::time::Timestamp;

use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, Value, counters};
use crate::named::Named;
use crate::organisations::{
    Dealer, Operator, Site, SiteKind, Territory, role_from_name, role_name,
};

/// Adds a site; `None` when its name is taken.
pub async fn add_site(
    tx: &mut Tx,
    name: &str,
    kind: SiteKind,
    now: Timestamp,
) -> Result<Option<SiteId>, StoreError> {
    let id = SiteId(counters::next(tx, "site").await?);
    let added = tx
        .execute(
            "insert into sites (id, name, kind, created_at) values ($1, $2, $3, $4)
             on conflict (name) do nothing",
            &[id.into(), name.into(), kind.name().into(), now.into()],
        )
        .await?;
    Ok((added == 1).then_some(id))
}

/// The site with this id.
pub async fn site(tx: &mut Tx, id: SiteId) -> Result<Option<Site>, StoreError> {
    let row = tx.query_opt("select id, name, kind from sites where id = $1", &[id.into()]).await?;
    row.as_ref().map(read_site).transpose()
}

/// Sites whose name contains what is asked for.
pub async fn sites(tx: &mut Tx, page: &Page) -> Result<Listing<Site>, StoreError> {
    let rows = tx
        .query(
            "select id, name, kind from sites where lower(name) like $1 escape '\\'
             order by id limit $2 offset $3",
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            "select count(*) from sites where lower(name) like $1 escape '\\'",
            &[page.pattern()],
        )
        .await?;
    Ok(Listing {
        rows: rows.iter().map(read_site).collect::<Result<_, _>>()?,
        total: total.get(0)?,
    })
}

/// Every site, for what all of them must know.
pub async fn site_ids(tx: &mut Tx) -> Result<Vec<SiteId>, StoreError> {
    let rows = tx.query("select id from sites order by id", &[]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

fn read_site(row: &Row) -> Result<Site, StoreError> {
    let kind: String = row.get(2)?;
    let kind = SiteKind::from_name(&kind)
        .ok_or_else(|| StoreError::damaged("site", format!("there is no kind {kind}")))?;
    Ok(Site { id: row.get(0)?, name: row.get(1)?, kind })
}

/// Adds a dealer; `None` when its name is taken.
pub async fn add_dealer(
    tx: &mut Tx,
    name: &str,
    territories: &[Territory],
    now: Timestamp,
) -> Result<Option<DealerId>, StoreError> {
    let id = DealerId(counters::next(tx, "dealer").await?);
    let added = tx
        .execute(
            "insert into dealers (id, name, created_at) values ($1, $2, $3)
             on conflict (name) do nothing",
            &[id.into(), name.into(), now.into()],
        )
        .await?;
    if added == 0 {
        return Ok(None);
    }
    let rows: Vec<Vec<Value>> = territories
        .iter()
        .flat_map(|territory| territory.regions.iter().map(move |region| (territory, *region)))
        .map(|(territory, region)| {
            vec![
                id.into(),
                territory.product.into(),
                region.into(),
                territory.valid_from.into(),
                territory.valid_to.into(),
            ]
        })
        .collect();
    tx.execute_many(
        "insert into territories (dealer, product, region, valid_from, valid_to)
         values ($1, $2, $3, $4, $5)",
        &rows,
    )
    .await?;
    Ok(Some(id))
}

/// A dealer's name.
pub async fn dealer_name(tx: &mut Tx, id: DealerId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("select name from dealers where id = $1", &[id.into()]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Dealers whose name contains what is asked for, with their territories.
pub async fn dealers(tx: &mut Tx, page: &Page) -> Result<Listing<Dealer>, StoreError> {
    let rows = tx
        .query(
            "select id, name from dealers where lower(name) like $1 escape '\\'
             order by id limit $2 offset $3",
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            "select count(*) from dealers where lower(name) like $1 escape '\\'",
            &[page.pattern()],
        )
        .await?;
    let mut dealers = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.get(0)?;
        let territories = territories(tx, id).await?;
        dealers.push(Dealer { id, name: row.get(1)?, territories });
    }
    Ok(Listing { rows: dealers, total: total.get(0)? })
}

/// Every dealer by name, for a site that is new.
pub async fn all_dealers(tx: &mut Tx) -> Result<Vec<link::Dealer>, StoreError> {
    let rows = tx.query("select id, name from dealers order by id", &[]).await?;
    rows.iter().map(|row| Ok(link::Dealer { id: row.get(0)?, name: row.get(1)? })).collect()
}

async fn territories(tx: &mut Tx, dealer: DealerId) -> Result<Vec<Territory>, StoreError> {
    let rows = tx
        .query(
            "select product, region, valid_from, valid_to from territories
             where dealer = $1 order by product, valid_from, region",
            &[dealer.into()],
        )
        .await?;
    let mut found: BTreeMap<(ProductId, Timestamp, Timestamp), BTreeSet<u32>> = BTreeMap::new();
    for row in &rows {
        found.entry((row.get(0)?, row.get(2)?, row.get(3)?)).or_default().insert(row.get(1)?);
    }
    Ok(found
        .into_iter()
        .map(|((product, valid_from, valid_to), regions)| Territory {
            product,
            regions,
            valid_from,
            valid_to,
        })
        .collect())
}

/// The prefectures where a dealer may sell a product at a moment.
pub async fn territory(
    tx: &mut Tx,
    dealer: DealerId,
    product: ProductId,
    at: Timestamp,
) -> Result<BTreeSet<u32>, StoreError> {
    let rows = tx
        .query(
            "select region from territories
             where dealer = $1 and product = $2 and valid_from <= $3 and valid_to > $3",
            &[dealer.into(), product.into(), at.into()],
        )
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Adds an operator; `None` when the login is taken.
pub async fn add_operator(
    tx: &mut Tx,
    operator: &link::Operator,
    sites: &[SiteId],
    now: Timestamp,
) -> Result<Option<OperatorId>, StoreError> {
    let id = OperatorId(counters::next(tx, "operator").await?);
    let added = tx
        .execute(
            "insert into operators (id, login, name, role, pin_verifier, created_at)
             values ($1, $2, $3, $4, $5, $6) on conflict (login) do nothing",
            &[
                id.into(),
                operator.login.as_str().into(),
                operator.name.as_str().into(),
                role_name(operator.role).into(),
                operator.pin_verifier.as_str().into(),
                now.into(),
            ],
        )
        .await?;
    if added == 0 {
        return Ok(None);
    }
    let rows: Vec<Vec<Value>> = sites.iter().map(|site| vec![id.into(), (*site).into()]).collect();
    tx.execute_many("insert into operator_sites (operator, site) values ($1, $2)", &rows).await?;
    Ok(Some(id))
}

/// Operators whose login or name contains what is asked for, with their sites.
pub async fn operators(tx: &mut Tx, page: &Page) -> Result<Listing<Operator>, StoreError> {
    let rows = tx
        .query(
            "select id, login, name, role from operators
             where login like $1 escape '\\' or lower(name) like $1 escape '\\'
             order by login limit $2 offset $3",
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            "select count(*) from operators
             where login like $1 escape '\\' or lower(name) like $1 escape '\\'",
            &[page.pattern()],
        )
        .await?;
    let mut operators = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.get(0)?;
        operators.push(Operator {
            id,
            login: row.get(1)?,
            name: row.get(2)?,
            role: read_role(row, 3)?,
            sites: operator_sites(tx, id).await?,
        });
    }
    Ok(Listing { rows: operators, total: total.get(0)? })
}

async fn operator_sites(
    tx: &mut Tx,
    operator: OperatorId,
) -> Result<Vec<Named<SiteId>>, StoreError> {
    let rows = tx
        .query(
            "select s.id, s.name from operator_sites o join sites s on s.id = o.site
             where o.operator = $1 order by s.id",
            &[operator.into()],
        )
        .await?;
    rows.iter().map(|row| Ok(Named::new(row.get(0)?, row.get(1)?))).collect()
}

fn read_role(row: &Row, column: usize) -> Result<OperatorRole, StoreError> {
    let name: String = row.get(column)?;
    role_from_name(&name)
        .ok_or_else(|| StoreError::damaged("operator", format!("there is no role {name}")))
}
