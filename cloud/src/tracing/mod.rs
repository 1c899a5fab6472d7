//! Tracing (追溯): any code's place in its tree, its life, who did what, and the signed batch behind each step.

pub mod batch;
pub mod http;

use sealtrace_protocol::code::{self, Code};
use sealtrace_protocol::ids::{
    BatchNo, DealerId, DeviceId, DocumentId, Epoch, OperatorId, OrderId, Seq, SiteId, Version,
};
use sealtrace_protocol::ledger::{Custody, Ending, Fate, Item, Level, State, Verdict};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::{Serialize, Serializer};

use crate::catalog::ProductName;
use crate::codes::{Codebook, ItemKey, Resolved};
use crate::diversion::{Sighting, custody};
use crate::named::{Named, Numbered};
use crate::reconciliation;
use crate::store::tracing::{Noun, Step, key_of, name};
use crate::store::{self, StoreError, Tx};

/// Everything known of one code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The code as we write it.
    pub code: Code,
    /// What its label carries.
    pub printed: String,
    /// What it labels.
    pub level: Level,
    /// What has become of it.
    pub state: Standing,
    /// What it is; none for a package of several.
    pub product: Option<ProductName>,
    /// Its lot; none for a package of several.
    pub lot: Option<Lot>,
    /// Two accepted operations contradict each other about it.
    pub disputed: bool,
    /// Who holds it now.
    pub custody: Option<CustodyShown>,
    /// The packages it is in, the innermost first.
    pub ancestors: Vec<Relative>,
    /// What lies directly inside.
    pub children: Vec<Child>,
    /// The units in it.
    pub contents: Vec<ContentShown>,
    /// Every version, oldest first.
    pub life: Vec<LifeStep>,
    /// Everyone who saw it.
    pub sightings: Vec<Sighting>,
    /// The order its code was issued for; none for a reusable pallet's.
    pub order: Option<Numbered<OrderId>>,
}

/// What has become of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One of ours; nothing was reported of it yet.
    Issued,
    /// On nothing, and its label is accounted for.
    WrittenOff(Fate),
    /// As the ledger says.
    Known(State),
}

impl Standing {
    /// The standing of what is known of a code.
    #[must_use]
    pub fn of(item: Option<&Item>, fate: Option<Fate>) -> Self {
        match (fate, item) {
            (Some(fate), _) => Self::WrittenOff(fate),
            (None, Some(item)) => Self::Known(item.state),
            (None, None) => Self::Issued,
        }
    }
}

impl Serialize for Standing {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Issued => to.serialize_str("issued"),
            Self::WrittenOff(Fate::Scrapped) => to.serialize_str("label_scrapped"),
            Self::WrittenOff(Fate::Returned) => to.serialize_str("label_returned"),
            Self::WrittenOff(Fate::Void) => to.serialize_str("void"),
            Self::Known(state) => state.serialize(to),
        }
    }
}

/// Who holds something, by names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CustodyShown {
    /// At one of our sites.
    At {
        /// Which.
        site: Named<SiteId>,
    },
    /// On its way to another of our sites.
    Sent {
        /// The site it left.
        from: Named<SiteId>,
        /// The site it goes to.
        to: Named<SiteId>,
        /// The document.
        document: Numbered<DocumentId>,
        /// When.
        at: Timestamp,
    },
    /// Sent to a dealer.
    Shipped {
        /// The site it left.
        from: Named<SiteId>,
        /// The dealer.
        dealer: Named<DealerId>,
        /// The document.
        document: Numbered<DocumentId>,
        /// When.
        at: Timestamp,
    },
    /// Not there when its site was counted.
    Lost {
        /// The site it was at.
        site: Named<SiteId>,
        /// When.
        at: Timestamp,
    },
    /// Taken out for good.
    Gone {
        /// The site it was at.
        site: Named<SiteId>,
        /// How.
        how: Ending,
        /// When.
        at: Timestamp,
    },
}

/// A package around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relative {
    /// Its code.
    pub code: Code,
    /// Its level.
    pub level: Level,
}

/// Something inside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Child {
    /// Its code.
    pub code: Code,
    /// Its level.
    pub level: Level,
    /// What has become of it.
    pub state: State,
}

/// Units of one product and lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContentShown {
    /// The product.
    pub product: Named<sealtrace_protocol::ids::ProductId>,
    /// The lot.
    pub lot: Lot,
    /// How many.
    pub units: u32,
}

/// One step of a life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LifeStep {
    /// The version it made.
    pub version: Version,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// How far off that clock may have been.
    pub uncertainty_ms: u32,
    /// What was done.
    pub kind: String,
    /// Who did it; none for a line by itself.
    pub operator: Option<Named<OperatorId>>,
    /// Where.
    pub site: Named<SiteId>,
    /// With which device.
    pub device: Named<DeviceId>,
    /// Where it travelled: the stream's generation …
    pub epoch: Epoch,
    /// … the place in it …
    pub seq: Seq,
    /// … and the batch it is signed in.
    pub batch: BatchNo,
    /// What became of it.
    pub verdict: Verdict,
    /// What the item was from then on.
    pub state: State,
    /// The package it was in from then on.
    pub parent: Option<Code>,
    /// Who held it from then on, when it was in none.
    pub custody: Option<CustodyShown>,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum TracingError {
    /// Not a code.
    #[error("this is not a code: {0}")]
    Unreadable(code::ParseError),
    /// Not one of ours.
    #[error("the code is not one of ours")]
    NoSuchCode,
    /// No such batch.
    #[error("there is no such batch")]
    NoSuchBatch,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything known of the code that was scanned.
pub async fn trace(
    tx: &mut Tx,
    codebook: &Codebook,
    host: &str,
    text: &str,
) -> Result<Trace, TracingError> {
    let code = code::parse(text).map_err(TracingError::Unreadable)?.code;
    let Resolved::Ours { key, issued } = codebook.find(tx, &code).await? else {
        return Err(TracingError::NoSuchCode);
    };
    let order = codebook.order(key.order()).ok_or(TracingError::NoSuchCode)?;
    let steps = store::tracing::life(tx, key).await?;
    let latest = steps.last().map(|step| step.item.clone());
    let product = latest.as_ref().map_or(order.purpose.product(), Item::product);
    let product = match product {
        Some(id) => store::tracing::product_name(tx, id).await?,
        None => None,
    };
    let made_for = match order.purpose.order() {
        Some(id) => Some(Numbered::new(id, name(tx, Noun::Order, id.get()).await?)),
        None => None,
    };
    let fate = reconciliation::fate(tx, key, latest.as_ref()).await?;
    let sightings = store::sightings::of_item(tx, key).await?;
    Ok(Trace {
        code,
        printed: code.printed(host),
        level: issued.level,
        state: Standing::of(latest.as_ref(), fate),
        product,
        lot: latest.as_ref().and_then(Item::lot),
        disputed: latest.as_ref().is_some_and(|item| item.disputed),
        custody: custody_now(tx, codebook, key).await?,
        ancestors: ancestors(tx, codebook, latest.as_ref()).await?,
        children: children(tx, codebook, key).await?,
        contents: contents(tx, latest.as_ref()).await?,
        life: life(tx, codebook, &steps).await?,
        sightings: sightings.into_iter().map(Sighting::from).collect(),
        order: made_for,
    })
}

/// Who holds an item now: its outermost package's custody.
pub async fn custody_now(
    tx: &mut Tx,
    codebook: &Codebook,
    item: ItemKey,
) -> Result<Option<CustodyShown>, StoreError> {
    let held = custody::held_at(tx, codebook, item, custody::ALWAYS).await?;
    match held.custody {
        Some(custody) => shown(tx, custody, held.since).await.map(Some),
        None => Ok(None),
    }
}

async fn shown(tx: &mut Tx, held: Custody, at: Timestamp) -> Result<CustodyShown, StoreError> {
    Ok(match held {
        Custody::At(site) => CustodyShown::At { site: site_named(tx, site).await? },
        Custody::Sent { from, to, document } => CustodyShown::Sent {
            from: site_named(tx, from).await?,
            to: site_named(tx, to).await?,
            document: numbered(tx, document).await?,
            at,
        },
        Custody::Shipped { from, to, document } => CustodyShown::Shipped {
            from: site_named(tx, from).await?,
            dealer: Named::new(to, name(tx, Noun::Dealer, to.get()).await?),
            document: numbered(tx, document).await?,
            at,
        },
        Custody::Lost { at: site } => CustodyShown::Lost { site: site_named(tx, site).await?, at },
        Custody::Gone { at: site, how } => {
            CustodyShown::Gone { site: site_named(tx, site).await?, how, at }
        }
    })
}

async fn site_named(tx: &mut Tx, id: SiteId) -> Result<Named<SiteId>, StoreError> {
    Ok(Named::new(id, name(tx, Noun::Site, id.get()).await?))
}

async fn numbered(tx: &mut Tx, id: DocumentId) -> Result<Numbered<DocumentId>, StoreError> {
    Ok(Numbered::new(id, name(tx, Noun::Document, id.get()).await?))
}

async fn ancestors(
    tx: &mut Tx,
    codebook: &Codebook,
    item: Option<&Item>,
) -> Result<Vec<Relative>, StoreError> {
    let mut ancestors = Vec::new();
    let mut outer = item.and_then(|item| item.parent);
    while let Some(code) = outer.filter(|_| ancestors.len() < Level::ALL.len()) {
        let Some(key) = key_of(codebook, &code) else { break };
        let Some(package) = store::tracing::latest(tx, key).await? else { break };
        ancestors.push(Relative { code, level: package.level });
        outer = package.parent;
    }
    Ok(ancestors)
}

async fn children(
    tx: &mut Tx,
    codebook: &Codebook,
    key: ItemKey,
) -> Result<Vec<Child>, StoreError> {
    let mut children = Vec::new();
    for (child, level) in store::tracing::children(tx, key).await? {
        let latest = store::tracing::latest(tx, child).await?;
        let state = latest.map_or(State::Active, |item| item.state);
        children.extend(codebook.code(child).map(|code| Child { code, level, state }));
    }
    Ok(children)
}

async fn contents(tx: &mut Tx, item: Option<&Item>) -> Result<Vec<ContentShown>, StoreError> {
    let mut contents = Vec::new();
    for content in item.iter().flat_map(|item| item.contents.iter()) {
        let product = name(tx, Noun::Product, content.product.get()).await?;
        contents.push(ContentShown {
            product: Named::new(content.product, product),
            lot: content.lot,
            units: content.units,
        });
    }
    Ok(contents)
}

async fn life(
    tx: &mut Tx,
    codebook: &Codebook,
    steps: &[Step],
) -> Result<Vec<LifeStep>, StoreError> {
    let mut life = Vec::with_capacity(steps.len());
    for step in steps {
        let custody = match step.item.custody {
            Some(custody) => {
                let at = custody::left_at(tx, codebook, steps, step).await?;
                Some(shown(tx, custody, at).await?)
            }
            None => None,
        };
        life.push(LifeStep {
            version: step.version,
            at: step.at.wall,
            uncertainty_ms: step.at.uncertainty_ms,
            kind: step.kind.clone(),
            operator: step.operator.clone(),
            site: step.site.clone(),
            device: step.device.clone(),
            epoch: step.operation.epoch,
            seq: step.operation.seq,
            batch: step.batch,
            verdict: verdict(step.verdict.as_deref())?,
            state: step.item.state,
            parent: step.item.parent,
            custody,
        });
    }
    Ok(life)
}

/// A stored verdict; nothing stored = applied without notices.
pub(crate) fn verdict(stored: Option<&str>) -> Result<Verdict, StoreError> {
    stored.map_or(Ok(Verdict::Applied { notices: Vec::new() }), |text| {
        serde_json::from_str(text).map_err(|error| StoreError::damaged("verdict", error))
    })
}
