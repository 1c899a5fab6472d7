//! Sites, dealers with their tree, operators of devices.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DealerId, OperatorId, SiteId};
use sealtrace_protocol::ledger::Role;
use sealtrace_protocol::link;
use sealtrace_protocol::time::Timestamp;

use super::{Row, StoreError, Tx, Value};
use crate::organisations::{Site, SiteKind, WorkTerm, WorkTerms};

const SITES: &str = "select id, name, kind, implied_receipt, enabled from sites";
const DEALERS: &str = "select id, name, enabled from dealers";

/// The site with this id.
pub async fn site(tx: &mut Tx, id: SiteId) -> Result<Option<Site>, StoreError> {
    let row = tx.query_opt(&format!("{SITES} where id = $1"), &[id.into()]).await?;
    row.as_ref().map(read_site).transpose()
}

/// Every site.
pub async fn all_sites(tx: &mut Tx) -> Result<Vec<Site>, StoreError> {
    let rows = tx.query(&format!("{SITES} order by id"), &[]).await?;
    rows.iter().map(read_site).collect()
}

/// Every site's id, for what all of them must know.
pub async fn site_ids(tx: &mut Tx) -> Result<Vec<SiteId>, StoreError> {
    let rows = tx.query("select id from sites order by id", &[]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

fn read_site(row: &Row) -> Result<Site, StoreError> {
    let kind: String = row.get(2)?;
    let kind = SiteKind::from_name(&kind)
        .ok_or_else(|| StoreError::damaged("site", format!("there is no kind {kind}")))?;
    Ok(Site {
        id: row.get(0)?,
        name: row.get(1)?,
        kind,
        implied_receipt: row.get(3)?,
        enabled: row.get(4)?,
    })
}

/// The dealer with this id.
pub async fn dealer(tx: &mut Tx, id: DealerId) -> Result<Option<link::Dealer>, StoreError> {
    let row = tx.query_opt(&format!("{DEALERS} where id = $1"), &[id.into()]).await?;
    row.as_ref().map(read_dealer).transpose()
}

/// Every dealer.
pub async fn all_dealers(tx: &mut Tx) -> Result<Vec<link::Dealer>, StoreError> {
    let rows = tx.query(&format!("{DEALERS} order by id"), &[]).await?;
    rows.iter().map(read_dealer).collect()
}

fn read_dealer(row: &Row) -> Result<link::Dealer, StoreError> {
    Ok(link::Dealer { id: row.get(0)?, name: row.get(1)?, enabled: row.get(2)? })
}

/// Every dealer that is below another, with the one above it.
pub async fn dealer_parents(tx: &mut Tx) -> Result<BTreeMap<DealerId, DealerId>, StoreError> {
    let rows = tx.query("select id, parent from dealers where parent is not null", &[]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// The operator with this id, as devices are told of it.
pub async fn operator(tx: &mut Tx, id: OperatorId) -> Result<Option<link::Operator>, StoreError> {
    const FIND: &str = "select login, name, role, pin, enabled from operators where id = $1";
    const AT: &str = "select site from operator_sites where operator = $1 order by site";
    let Some(row) = tx.query_opt(FIND, &[id.into()]).await? else { return Ok(None) };
    let sites = tx.query(AT, &[id.into()]).await?;
    Ok(Some(link::Operator {
        id,
        login: row.get(0)?,
        name: row.get(1)?,
        role: read_role(&row, 2)?,
        pin_verifier: row.get(3)?,
        sites: sites.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?,
        enabled: row.get(4)?,
    }))
}

/// What an operator might do at a site, and when; none when there never was such an operator.
pub async fn work_terms(
    tx: &mut Tx,
    operator: OperatorId,
    site: SiteId,
) -> Result<Option<WorkTerms>, StoreError> {
    const NOW: &str = "select role from operators where id = $1";
    const TERMS: &str = "select role, since, until from operator_terms
        where operator = $1 and site = $2 order by since desc";
    let Some(row) = tx.query_opt(NOW, &[operator.into()]).await? else { return Ok(None) };
    let role = read_role(&row, 0)?;
    let rows = tx.query(TERMS, &[operator.into(), site.into()]).await?;
    let terms = rows.iter().map(|row| {
        Ok(WorkTerm { role: read_role(row, 0)?, since: row.get(1)?, until: row.get(2)? })
    });
    Ok(Some(WorkTerms { role, terms: terms.collect::<Result<_, StoreError>>()? }))
}

/// Writes down what an operator may do where from now on; what held before stays as it was.
pub async fn keep_terms(
    tx: &mut Tx,
    operator: &link::Operator,
    now: Timestamp,
) -> Result<(), StoreError> {
    const OPEN: &str = "select site, role from operator_terms
        where operator = $1 and until is null";
    const END: &str = "update operator_terms set until = $3
        where operator = $1 and site = $2 and until is null";
    const BEGIN: &str = "insert into operator_terms (operator, site, since, role)
        values ($1, $2, $3, $4)
        on conflict (operator, site, since) do update set until = null, role = excluded.role";
    let id = operator.id;
    let permitted = operator.sites.iter().filter(|_| operator.enabled);
    let mut begins: BTreeSet<SiteId> = permitted.copied().collect();
    let mut ends = Vec::new();
    for row in tx.query(OPEN, &[id.into()]).await? {
        let site: SiteId = row.get(0)?;
        let stays = read_role(&row, 1)? == operator.role && begins.remove(&site);
        if !stays {
            ends.push(vec![Value::from(id), site.into(), now.into()]);
        }
    }
    tx.execute_many(END, &ends).await?;
    let role = operator.role.name();
    let begins: Vec<Vec<Value>> = begins
        .iter()
        .map(|site| vec![id.into(), (*site).into(), now.into(), role.into()])
        .collect();
    tx.execute_many(BEGIN, &begins).await?;
    Ok(())
}

fn read_role(row: &Row, column: usize) -> Result<Role, StoreError> {
    let name: String = row.get(column)?;
    Role::from_name(&name)
        .ok_or_else(|| StoreError::damaged("operator", format!("there is no role {name}")))
}
