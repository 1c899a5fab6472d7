//! Adding sites, dealers and operators: what a form may say, and which devices are told.

use std::collections::BTreeSet;

use sealtrace_protocol::ids::{OperatorId, ProductId, SiteId};
use sealtrace_protocol::link::{self, FeedRow};
use sealtrace_protocol::time::Timestamp;
use serde::Deserialize;

use super::{
    Dealer, FOREVER, Operator, OrganisationsError, Site, SiteKind, Territory, role_from_name,
};
use crate::accounts::password;
use crate::diversion::regions;
use crate::feed;
use crate::form::{Check, Invalid};
use crate::named::Named;
use crate::store::{self, Store};
use crate::writing;

/// What somebody asks for who wants a site added.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewSite {
    /// Its name.
    pub name: String,
    /// factory, line or warehouse.
    pub kind: String,
}

/// What somebody asks for who wants a dealer added.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewDealer {
    /// Its name.
    pub name: String,
    /// Where it may sell what.
    pub territories: Vec<NewTerritory>,
}

/// One product's territory as asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewTerritory {
    /// The product's id.
    pub product: u64,
    /// Adcodes of prefectures, or of counties in them.
    pub regions: Vec<String>,
    /// First instant; none = always was.
    pub valid_from: Option<i64>,
    /// First instant it no longer holds; none = no end.
    pub valid_to: Option<i64>,
}

/// What somebody asks for who wants an operator added.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewOperator {
    /// What will be typed to log in on a device.
    pub login: String,
    /// The name on screens.
    pub name: String,
    /// operator or supervisor.
    pub role: String,
    /// Digits.
    pub pin: String,
    /// Where.
    pub sites: Vec<u64>,
}

/// Adds a site and tells its devices what all sites know.
pub async fn add_site(
    store: &Store,
    new: &NewSite,
    now: Timestamp,
) -> Result<Site, OrganisationsError> {
    let mut check = Check::new();
    let name = check.name("name", &new.name);
    let kind = check.choice("kind", &new.kind, SiteKind::from_name);
    let kind = check.finish(kind)?;
    writing!(store, |tx| {
        let id = store::organisations::add_site(tx, &name, kind, now).await?;
        let id = id.ok_or_else(|| Invalid::field("name", "taken"))?;
        let mut rows = vec![FeedRow::Site(link::Site { id, name: name.clone() })];
        rows.extend(store::catalog::all_products(tx).await?.into_iter().map(FeedRow::Product));
        rows.extend(store::organisations::all_dealers(tx).await?.into_iter().map(FeedRow::Dealer));
        feed::publish(tx, &[id], &rows).await?;
        Ok(Site { id, name: name.clone(), kind })
    })
}

/// Adds a dealer and tells all sites.
pub async fn add_dealer(
    store: &Store,
    new: &NewDealer,
    now: Timestamp,
) -> Result<Dealer, OrganisationsError> {
    writing!(store, |tx| {
        let mut check = Check::new();
        let name = check.name("name", &new.name);
        let mut territories: Vec<Territory> = Vec::with_capacity(new.territories.len());
        for (at, asked) in new.territories.iter().enumerate() {
            let field = |name: &str| format!("territories.{at}.{name}");
            let product = ProductId(asked.product);
            let is_known = store::catalog::product(tx, product).await?.is_some();
            check.require(is_known, &field("product"), "unknown");
            let territory = territory(asked, &field("regions"), &mut check);
            let overlaps = territories.iter().any(|other| overlap(other, &territory));
            check.require(!overlaps, &field("regions"), "twice");
            let is_span = territory.valid_from < territory.valid_to;
            check.require(is_span, &field("valid_to"), "before_start");
            territories.push(territory);
        }
        check.done()?;
        let id = store::organisations::add_dealer(tx, &name, &territories, now).await?;
        let id = id.ok_or_else(|| Invalid::field("name", "taken"))?;
        let row = FeedRow::Dealer(link::Dealer { id, name: name.clone() });
        let sites = store::organisations::site_ids(tx).await?;
        feed::publish(tx, &sites, &[row]).await?;
        Ok(Dealer { id, name, territories })
    })
}

fn territory(asked: &NewTerritory, field: &str, check: &mut Check) -> Territory {
    check.require(!asked.regions.is_empty(), field, "required");
    let mut codes = BTreeSet::new();
    for text in &asked.regions {
        match regions::prefecture(text) {
            Some(region) => {
                codes.insert(region.code);
            }
            None => check.fault(field, "unknown"),
        }
    }
    Territory {
        product: ProductId(asked.product),
        regions: codes,
        valid_from: Timestamp(asked.valid_from.unwrap_or_default()),
        valid_to: asked.valid_to.map_or(FOREVER, Timestamp),
    }
}

/// True when two territories say the same about the same place at the same time.
fn overlap(one: &Territory, other: &Territory) -> bool {
    one.product == other.product
        && one.valid_from < other.valid_to
        && other.valid_from < one.valid_to
        && !one.regions.is_disjoint(&other.regions)
}

/// Adds an operator and tells the devices of its sites.
pub async fn add_operator(
    store: &Store,
    new: &NewOperator,
    now: Timestamp,
) -> Result<Operator, OrganisationsError> {
    let mut check = Check::new();
    let login = check.login("login", &new.login);
    let name = check.name("name", &new.name);
    let role = check.choice("role", &new.role, role_from_name);
    if let Some(fault) = password::pin_fault(&new.pin) {
        check.fault("pin", fault);
    }
    check.require(!new.sites.is_empty(), "sites", "required");
    let sites: BTreeSet<SiteId> = new.sites.iter().copied().map(SiteId).collect();
    let mut tx = store.read().await?;
    let mut named = Vec::with_capacity(sites.len());
    for site in sites {
        match store::organisations::site(&mut tx, site).await? {
            Some(site) => named.push(Named::new(site.id, site.name)),
            None => check.fault("sites", "unknown"),
        }
    }
    drop(tx);
    let role = check.finish(role)?;
    let pin_verifier = password::verifier_of(new.pin.clone()).await?;
    let ids: Vec<SiteId> = named.iter().map(|site| site.id).collect();
    let mut operator = link::Operator { id: OperatorId(0), login, name, role, pin_verifier };
    let id = writing!(store, |tx| {
        let id = store::organisations::add_operator(tx, &operator, &ids, now).await?;
        let id = id.ok_or_else(|| OrganisationsError::Invalid(Invalid::field("login", "taken")))?;
        let told = link::Operator { id, ..operator.clone() };
        feed::publish(tx, &ids, &[FeedRow::Operator(told)]).await?;
        Ok::<_, OrganisationsError>(id)
    })?;
    operator.id = id;
    let link::Operator { id, login, name, role, .. } = operator;
    Ok(Operator { id, login, name, role, sites: named })
}
