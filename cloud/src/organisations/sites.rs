//! Sites (部署点): factories, their lines, warehouses.

use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::link::{self, FeedRow};
use serde::Serialize;

use crate::codes::carriers;
use crate::feed;
use crate::form::Check;
use crate::resource::{Change, Definition, Field, Kind, Resource, Use};
use crate::store::{StoreError, Tx, catalog, codes, organisations, settings};

/// A place where devices work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SiteKind,
    /// Goods never received there may leave from there.
    pub implied_receipt: bool,
    /// Whether anything new happens there.
    pub enabled: bool,
}

/// What a site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// 工厂.
    Factory,
    /// 产线.
    Line,
    /// 仓库.
    Warehouse,
}

impl SiteKind {
    const ALL: [Self; 3] = [Self::Factory, Self::Line, Self::Warehouse];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Factory => "factory",
            Self::Line => "line",
            Self::Warehouse => "warehouse",
        }
    }

    /// The kind with this [`SiteKind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// 工厂、产线、仓库.
pub struct Sites;

const KINDS: [&str; 3] =
    [SiteKind::Factory.name(), SiteKind::Line.name(), SiteKind::Warehouse.name()];

/// Sites: lines and warehouses can be part of a factory.
pub static SITES: Definition = Definition::new(
    "sites",
    &[
        Field::name().unique(),
        Field::new("kind", Kind::Choice(&KINDS)).required().fixed().listed().filtered().sorted(),
        Field::new("parent", Kind::One(&SITES)).listed().filtered(),
        Field::new("implied_receipt", Kind::Flag { default: true }).listed(),
    ],
)
.tree("parent")
.used_by(&[
    Use::new("sites", "sites", &[("parent", "id")]),
    Use::new("operators", "operator_sites", &[("site", "id")]),
    Use::new("operators", "operator_terms", &[("site", "id")]),
    Use::new("products", "product_sites", &[("site", "id")]),
    Use::new("devices", "device_sites", &[("site", "id")]),
    Use::new("tasks", "tasks", &[("site", "id")]),
    Use::new("documents", "documents", &[("site", "id")]),
    Use::new("documents", "documents", &[("other", "id")]),
])
.parts(&[("feed_desk", "site"), ("feed_cursors", "site")]);

impl Resource for Sites {
    const DEFINITION: &'static Definition = &SITES;

    async fn check(tx: &mut Tx, change: &Change<'_>, check: &mut Check) -> Result<(), StoreError> {
        let Some(after) = change.after else { return Ok(()) };
        let Some(parent) = after.cells.one("parent").map(SiteId) else { return Ok(()) };
        let is_factory = after.cells.text("kind") == SiteKind::Factory.name();
        check.require(!is_factory, "parent", "not_allowed");
        if let Some(parent) = organisations::site(tx, parent).await? {
            check.require(parent.kind == SiteKind::Factory, "parent", "not_a_factory");
        }
        Ok(())
    }

    async fn changed(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let Some(site) = organisations::site(tx, SiteId(change.id)).await? else { return Ok(()) };
        if change.after.is_none() {
            return Ok(());
        }
        if change.before.is_none() {
            welcome(tx, site.id).await?;
        }
        let sites = organisations::site_ids(tx).await?;
        feed::publish(tx, &sites, &[told(site)]).await
    }
}

/// Tells a new site what all sites know.
async fn welcome(tx: &mut Tx, site: SiteId) -> Result<(), StoreError> {
    let mut rows = vec![FeedRow::Owner(settings::owner_rules(tx).await?)];
    rows.extend(organisations::all_sites(tx).await?.into_iter().map(told));
    rows.extend(catalog::all_products(tx).await?.into_iter().map(FeedRow::Product));
    rows.extend(catalog::all_lots(tx).await?.into_iter().map(FeedRow::Lot));
    rows.extend(organisations::all_dealers(tx).await?.into_iter().map(FeedRow::Dealer));
    rows.extend(codes::all_carriers(tx).await?.iter().filter_map(carriers::told));
    feed::publish(tx, &[site], &rows).await
}

fn told(site: Site) -> FeedRow {
    let Site { id, name, implied_receipt, kind: _, enabled: _ } = site;
    FeedRow::Site(link::Site { id, name, implied_receipt })
}
