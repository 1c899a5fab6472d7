//! Dealers (经销商): a tree, and the territories in which they may sell what.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DealerId, ProductId};
use sealtrace_protocol::link::FeedRow;
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::catalog::PRODUCTS;
use crate::diversion::regions::REGIONS;
use crate::feed;
use crate::form::Check;
use crate::named::Named;
use crate::resource::{Cell, Cells, Change, Definition, Field, Kind, Record, Resource, Use};
use crate::store::{StoreError, Tx, organisations, territories};

/// The moment territories without an end are valid to.
pub const FOREVER: Timestamp = Timestamp(i64::MAX);
/// The moment territories without a beginning are valid from.
const ALWAYS: Timestamp = Timestamp(0);

/// Prefectures where a product may be sold during a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Territory {
    /// The product.
    pub product: ProductId,
    /// Adcodes of prefectures.
    pub regions: BTreeSet<u32>,
    /// First instant, included.
    pub valid_from: Timestamp,
    /// First instant it no longer holds; [`FOREVER`] = no end.
    pub valid_to: Timestamp,
}

/// What of a territory another dealer has too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The other dealer.
    pub dealer: DealerId,
    /// Its name.
    pub name: String,
    /// The prefectures both have.
    pub regions: BTreeSet<u32>,
}

/// 经销商.
pub struct Dealers;

/// One row of a dealer's territories.
static TERRITORY: [Field; 4] = [
    Field::new("product", Kind::One(&PRODUCTS)).required(),
    Field::new("regions", Kind::Regions { max: REGIONS.len() }).required(),
    Field::new("valid_from", Kind::Moment),
    Field::new("valid_to", Kind::Moment),
];

/// Dealers. Whoever is above a dealer may have the same territory, nobody else.
pub static DEALERS: Definition = Definition::new(
    "dealers",
    &[
        Field::name().unique(),
        Field::new("parent", Kind::One(&DEALERS)).listed().filtered(),
        Field::new("territories", Kind::Rows(&TERRITORY)),
    ],
)
.tree("parent")
.used_by(&[
    Use::new("dealers", "dealers", &[("parent", "id")]),
    Use::new("stores", "stores", &[("dealer", "id")]),
    Use::new("products", "product_dealers", &[("dealer", "id")]),
    Use::new("lots", "product_lots", &[("dealer", "id")]),
    Use::new("documents", "documents", &[("dealer", "id")]),
])
.parts(&[("territories", "dealer")]);

impl Resource for Dealers {
    const DEFINITION: &'static Definition = &DEALERS;

    async fn check(tx: &mut Tx, change: &Change<'_>, check: &mut Check) -> Result<(), StoreError> {
        let Some(after) = change.after else { return Ok(()) };
        let territories = read(&after.cells);
        for (at, territory) in territories.iter().enumerate() {
            let is_span = territory.valid_from < territory.valid_to;
            check.require(is_span, &format!("territories.{at}.valid_to"), "before_start");
            let before = territories.get(..at).unwrap_or_default();
            let twice = before.iter().any(|other| overlap(other, territory));
            check.require(!twice, &format!("territories.{at}.regions"), "twice");
        }
        let tree = Tree::with(tx, change.id, after.cells.one("parent")).await?;
        for (at, territory) in territories.iter().enumerate() {
            for other in territories::overlaps(tx, territory).await? {
                if !tree.are_related(DealerId(change.id), other.dealer) {
                    let place = format!("territories.{at}.regions");
                    check.explain(&place, "overlaps", details(other));
                }
            }
        }
        check_below(tx, change, &tree, check).await
    }

    async fn read_parts(tx: &mut Tx, records: &mut [Record]) -> Result<(), StoreError> {
        let ids: Vec<DealerId> = records.iter().map(|record| DealerId(record.id)).collect();
        let mut territories = territories::of_dealers(tx, &ids).await?;
        for record in records {
            let rows = territories.remove(&DealerId(record.id)).unwrap_or_default();
            let rows = rows.into_iter().map(cells).collect();
            record.cells.set("territories", Cell::Rows(rows));
        }
        Ok(())
    }

    async fn write_parts(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let territories = change.after.map(|after| read(&after.cells)).unwrap_or_default();
        territories::replace(tx, DealerId(change.id), &territories).await
    }

    async fn changed(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let id = DealerId(change.id);
        let Some(mut dealer) = organisations::dealer(tx, id).await? else { return Ok(()) };
        dealer.enabled &= change.after.is_some();
        let sites = organisations::site_ids(tx).await?;
        feed::publish(tx, &sites, &[FeedRow::Dealer(dealer)]).await
    }
}

/// A dealer that moves in the tree takes those below it along: they too must not overlap strangers then.
async fn check_below(
    tx: &mut Tx,
    change: &Change<'_>,
    tree: &Tree,
    check: &mut Check,
) -> Result<(), StoreError> {
    let Some((before, after)) = change.before.zip(change.after) else { return Ok(()) };
    if before.cells.one("parent") == after.cells.one("parent") {
        return Ok(());
    }
    let below = tree.below(DealerId(change.id));
    for (dealer, theirs) in territories::of_dealers(tx, &below).await? {
        for territory in theirs {
            for other in territories::overlaps(tx, &territory).await? {
                // What the moved dealer itself has is being replaced; whoever is below it may have the same.
                if !tree.are_related(dealer, other.dealer) {
                    check.explain("parent", "overlaps", details(other));
                }
            }
        }
    }
    Ok(())
}

fn details(overlap: Overlap) -> Value {
    let regions: Vec<String> = overlap.regions.iter().map(u32::to_string).collect();
    json!({ "dealer": Named::new(overlap.dealer, overlap.name), "regions": regions })
}

/// True when two territories say the same about the same place at the same time.
fn overlap(one: &Territory, other: &Territory) -> bool {
    one.product == other.product
        && one.valid_from < other.valid_to
        && other.valid_from < one.valid_to
        && !one.regions.is_disjoint(&other.regions)
}

fn read(cells: &Cells) -> Vec<Territory> {
    let rows = cells.rows("territories").iter();
    rows.map(|row| Territory {
        product: ProductId(row.one("product").unwrap_or_default()),
        regions: row.regions("regions"),
        valid_from: row.moment("valid_from").unwrap_or(ALWAYS),
        valid_to: row.moment("valid_to").unwrap_or(FOREVER),
    })
    .collect()
}

fn cells(territory: Territory) -> Cells {
    let Territory { product, regions, valid_from, valid_to } = territory;
    let moment = |at, unbounded| if at == unbounded { Cell::Empty } else { Cell::Moment(at) };
    let mut cells = Cells::default();
    cells.set("product", Cell::One(product.get()));
    cells.set("regions", Cell::Regions(regions));
    cells.set("valid_from", moment(valid_from, ALWAYS));
    cells.set("valid_to", moment(valid_to, FOREVER));
    cells
}

/// Who is above whom.
struct Tree(BTreeMap<DealerId, DealerId>);

impl Tree {
    /// The tree as it will be when `dealer` is below `parent`.
    async fn with(tx: &mut Tx, dealer: u64, parent: Option<u64>) -> Result<Self, StoreError> {
        let mut parents = organisations::dealer_parents(tx).await?;
        parents.remove(&DealerId(dealer));
        parents.extend(parent.map(|parent| (DealerId(dealer), DealerId(parent))));
        Ok(Self(parents))
    }

    /// True when one is the other, or above it.
    fn are_related(&self, one: DealerId, other: DealerId) -> bool {
        self.is_at_or_above(one, other) || self.is_at_or_above(other, one)
    }

    fn is_at_or_above(&self, above: DealerId, dealer: DealerId) -> bool {
        // As many steps as there are dealers: a circle, refused elsewhere, must not hold this up.
        let mut line = std::iter::successors(Some(dealer), |dealer| self.0.get(dealer).copied());
        line.by_ref().take(self.0.len() + 1).any(|dealer| dealer == above)
    }

    fn below(&self, dealer: DealerId) -> Vec<DealerId> {
        let others = self.0.keys().copied().filter(|other| *other != dealer);
        others.filter(|other| self.is_at_or_above(dealer, *other)).collect()
    }
}
