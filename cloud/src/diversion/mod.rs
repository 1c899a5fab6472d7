//! Diversion (窜货): which goods were seen where they should not be.
//!
//! A sighting is judged when it comes in, and again whenever something that moves its item is accepted later, however
//! late: [`movements_accepted`]. What judges is [`plain`], the rule everybody uses; a model of hypotheses will stand
//! beside it, behind this module.
//!
//! Which shipment counts: the one in force **when** the item was seen, not today's. Custody sits on the root of a
//! tree, so the item's history is followed to the package it was in at that moment, to the outermost one, and that
//! package's custody then is the item's. A child that left a shipped package copied its custody; the shipment's time
//! is the package's. A replaced label leads to the item under its new label. Times are the devices' own, so that
//! what arrives late is put where it belongs.

pub mod custody;
pub mod http;
pub mod plain;
pub mod regions;
mod returns;
mod suspects;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

use self::custody::Held;
use self::plain::{Seen, Shipment, Standing};
use crate::codes::{Codebook, ItemKey};
use crate::named::Named;
use crate::store::sightings::{NewSighting, StoredSighting};
use crate::store::{self, StoreError, Tx};

pub use returns::{Returned, returns_accepted, returns_undone};
pub use suspects::{Suspect, suspects};

/// Who saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A consumer who verified it.
    Consumer,
    /// An inspector.
    Inspector,
    /// A dealer that it was not shipped to brought it back.
    Return,
}

impl Kind {
    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Inspector => "inspector",
            Self::Return => "return",
        }
    }

    /// The kind with this [`Kind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Consumer, Self::Inspector, Self::Return];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// What is kept of a judged sighting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The package whose custody decided.
    pub root: ItemKey,
    /// True when it was seen outside the territory.
    pub outside: bool,
    /// The shipment in force.
    pub shipped: Option<Shipped>,
}

/// The shipment in force when something was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Under this document.
    pub document: DocumentId,
    /// To this dealer.
    pub dealer: DealerId,
    /// Of this product.
    pub product: ProductId,
    /// Its lot; none for a package of several.
    pub lot: Option<Lot>,
    /// When it left.
    pub at: Timestamp,
}

/// A prefecture by code and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionName {
    /// Adcode, six digits.
    pub code: String,
    /// 中文名.
    pub name: String,
    /// English name.
    pub en: String,
}

impl RegionName {
    /// The prefecture with this adcode; its number stands for a name we do not know.
    #[must_use]
    pub fn of(code: u32) -> Self {
        let number = code.to_string();
        let (name, en) = regions::by_code(code)
            .map_or((number.as_str(), number.as_str()), |region| (region.name, region.en));
        Self { name: name.to_owned(), en: en.to_owned(), code: number }
    }
}

/// A sighting as auditors see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sighting {
    /// Its number among the sightings of its item.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub kind: Kind,
    /// Where.
    pub region: Option<RegionName>,
    /// How far off the place may be.
    pub accuracy_m: Option<u32>,
    /// The dealer that brought it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brought_by: Option<Named<DealerId>>,
    /// True when it was outside the territory, or with another dealer.
    pub outside: bool,
    /// What an inspector says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl From<StoredSighting> for Sighting {
    fn from(stored: StoredSighting) -> Self {
        let brought_by = stored.seen.brought_by;
        Self {
            id: stored.nth,
            brought_by: brought_by.map(|id| Named::new(id, stored.dealer.unwrap_or_default())),
            at: stored.seen.at,
            kind: stored.seen.kind,
            region: stored.seen.region.map(RegionName::of),
            accuracy_m: stored.seen.accuracy_m,
            outside: stored.judgement.outside,
            finding: stored.seen.finding,
            note: stored.seen.note,
        }
    }
}

/// Judges one sighting of an item by what is known now.
pub async fn judge(
    tx: &mut Tx,
    codebook: &Codebook,
    item: ItemKey,
    seen: Seen,
) -> Result<Judgement, StoreError> {
    let held = custody::held_at(tx, codebook, item, seen.at).await?;
    let Held { root, disputed, shipped, .. } = held;
    let shipment = match &shipped {
        Some(shipped) => Some(shipment(tx, shipped).await?),
        None => None,
    };
    let outside = plain::judge(seen, shipment.as_ref(), disputed) == Standing::Outside;
    Ok(Judgement { root, outside, shipped })
}

async fn shipment(tx: &mut Tx, shipped: &Shipped) -> Result<Shipment, StoreError> {
    let Shipped { document, dealer, product, at, .. } = *shipped;
    let territory = store::territories::territory(tx, dealer, product, at).await?;
    Ok(Shipment { document, dealer, product, at, territory })
}

/// Judges again the sightings that an accepted operation may put in another light. Called in the transaction that
/// stores its effects, with the items it touched.
///
/// Whatever changes who holds an item, or when, touches the outermost package it was in: contents are adjusted up the
/// ancestors, custody is the root's. So the sightings to look at are those last judged by a touched item's custody,
/// and those below a package that became disputed, which are found by its root.
pub async fn movements_accepted(
    tx: &mut Tx,
    codebook: &Codebook,
    touched: &[ItemKey],
) -> Result<(), StoreError> {
    let mut roots = touched.to_vec();
    for item in store::tracing::disputed(tx, touched).await? {
        roots.push(custody::held_at(tx, codebook, item, custody::ALWAYS).await?.root);
    }
    roots.sort_unstable();
    roots.dedup();
    for sighting in store::sightings::under_roots(tx, &roots).await? {
        let judged = judge(tx, codebook, sighting.seen.item, seen(&sighting)).await?;
        if judged != sighting.judgement {
            let (item, nth) = (sighting.seen.item, sighting.nth);
            store::sightings::judge_again(tx, item, nth, &judged).await?;
        }
    }
    Ok(())
}

fn seen(sighting: &StoredSighting) -> Seen {
    let seen = &sighting.seen;
    let NewSighting { at, region, accuracy_m, brought_by, .. } = *seen;
    Seen { at, region, accuracy_m, brought_by }
}

/// The code of an item of ours as text.
#[must_use]
pub fn text(codebook: &Codebook, item: ItemKey) -> String {
    codebook.code(item).as_ref().map(Code::canonical).unwrap_or_default()
}
