//! Inspection (稽查): somebody looked at an item in a market and says what was found.

pub mod http;

use std::collections::BTreeSet;

use sealtrace_protocol::code;
use sealtrace_protocol::ledger::{Finding, Inspect, Item, Level};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::AccountId;
use crate::catalog::ProductName;
use crate::codes::{Codebook, Resolved};
use crate::diversion::plain::Seen;
use crate::diversion::{self, Judgement, Kind, RegionName, Shipped, regions};
use crate::form::{Check, Invalid};
use crate::reconciliation;
use crate::store::sightings::NewSighting;
use crate::store::{self, Retry, Store, StoreError, Tx};
use crate::tracing::{self, CustodyShown, Standing};
use crate::writing;

/// What an inspector reports.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The sender's own name for this inspection: sent again under it, it is recorded once.
    pub id: Option<String>,
    /// What was scanned.
    pub text: String,
    /// Adcode of the place.
    pub region: String,
    /// How far off the place may be.
    pub accuracy_m: Option<u32>,
    /// conformant, diverted, suspicious or counterfeit.
    pub finding: String,
    /// In words.
    pub note: String,
}

/// What the inspector learns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspected {
    /// The item as the ledger knows it.
    pub item: Seeing,
    /// True when this place is outside the territory.
    pub suspected: bool,
    /// Where it may be sold.
    pub entitled_regions: Vec<RegionName>,
}

/// An item as an inspector sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seeing {
    /// The code.
    pub code: String,
    /// What it labels.
    pub level: Level,
    /// What it is.
    pub product: Option<ProductName>,
    /// Its lot.
    pub lot: Option<Lot>,
    /// What has become of it; `issued` when nothing was reported of it yet.
    pub state: Standing,
    /// Who holds it now.
    pub custody: Option<CustodyShown>,
    /// Two accepted operations contradict each other about it.
    pub disputed: bool,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// The form is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// What was scanned is not a code.
    #[error("what was scanned is not a code: {0}")]
    Unreadable(code::ParseError),
    /// Not one of ours.
    #[error("the code is not one of ours")]
    Foreign,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for InspectionError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// The most characters of a sender's name for an inspection.
const ID_CHARACTERS_MAX: usize = 64;
/// The most characters of a note.
const NOTE_CHARACTERS_MAX: usize = 1_000;

/// Records an inspector's sighting of an item of ours.
pub async fn inspect(
    store: &Store,
    codebook: &Codebook,
    account: AccountId,
    report: &Report,
    now: Timestamp,
) -> Result<Inspected, InspectionError> {
    let mut check = Check::new();
    check.require(!report.text.trim().is_empty(), "text", "required");
    let region = check.choice("region", &report.region, regions::prefecture);
    let finding = check.choice("finding", &report.finding, finding_from_name);
    let note = check.note("note", &report.note, NOTE_CHARACTERS_MAX);
    if let Some(id) = &report.id {
        check.require(!id.is_empty(), "id", "required");
        check.require(id.chars().count() <= ID_CHARACTERS_MAX, "id", "too_long");
        check.require(!id.contains(char::is_control), "id", "characters");
    }
    let (region, finding) = check.finish(region.zip(finding))?;
    let code = code::parse(&report.text).map_err(InspectionError::Unreadable)?.code;
    let note = Some(note).filter(|note| !note.is_empty());
    writing!(store, |tx| {
        let Resolved::Ours { key, .. } = codebook.find(tx, &code).await? else {
            return Err(InspectionError::Foreign);
        };
        let new = NewSighting {
            item: key,
            at: now,
            kind: Kind::Inspector,
            region: Some(region.code),
            accuracy_m: report.accuracy_m,
            finding: Some(finding_name(finding).to_owned()),
            note: note.clone(),
            account: Some(account),
            brought_by: None,
        };
        let judgement = match report.id.as_deref() {
            Some(id) => record_once(tx, codebook, account, id, &new).await?,
            None => record(tx, codebook, &new).await?.1,
        };
        let latest = store::tracing::latest(tx, key).await?;
        let fate = reconciliation::fate(tx, key, latest.as_ref()).await?;
        let order = codebook.order(key.order()).ok_or(InspectionError::Foreign)?;
        let product = latest.as_ref().map_or(order.purpose.product(), Item::product);
        let product = match product {
            Some(id) => store::tracing::product_name(tx, id).await?,
            None => None,
        };
        let entitled = entitled(tx, judgement.shipped.as_ref()).await?;
        Ok(Inspected {
            item: Seeing {
                code: code.canonical(),
                level: order.level,
                product,
                lot: latest.as_ref().and_then(Item::lot),
                state: Standing::of(latest.as_ref(), fate),
                custody: tracing::custody_now(tx, codebook, key).await?,
                disputed: latest.is_some_and(|item| item.disputed),
            },
            suspected: judgement.outside,
            entitled_regions: entitled.into_iter().map(RegionName::of).collect(),
        })
    })
}

/// Records a sighting under the sender's own name for it; one that was recorded is answered with what was judged.
async fn record_once(
    tx: &mut Tx,
    codebook: &Codebook,
    account: AccountId,
    id: &str,
    new: &NewSighting,
) -> Result<Judgement, InspectionError> {
    let Some((item, nth)) = store::inspection::recorded(tx, account, id).await? else {
        let (nth, judgement) = record(tx, codebook, new).await?;
        store::inspection::remember(tx, account, id, new.item, nth).await?;
        return Ok(judgement);
    };
    if item != new.item {
        return Err(Invalid::field("id", "taken").into());
    }
    let sighting = store::sightings::one(tx, item, nth).await?;
    let missing = || StoreError::damaged("inspection", "its sighting is missing");
    Ok(sighting.ok_or_else(missing)?.judgement)
}

/// Judges a sighting and keeps it; with its number among those of its item.
async fn record(
    tx: &mut Tx,
    codebook: &Codebook,
    new: &NewSighting,
) -> Result<(u64, Judgement), StoreError> {
    let NewSighting { at, region, accuracy_m, brought_by, .. } = *new;
    let seen = Seen { at, region, accuracy_m, brought_by };
    let judgement = diversion::judge(tx, codebook, new.item, seen).await?;
    let nth = store::sightings::record(tx, new, &judgement).await?;
    Ok((nth, judgement))
}

/// Records what an inspector looked at with a device; called when its operation counts.
pub async fn reported(
    tx: &mut Tx,
    codebook: &Codebook,
    inspect: &Inspect,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Resolved::Ours { key, .. } = codebook.resolve(&inspect.code) else { return Ok(()) };
    let region = regions::by_code(inspect.region).map(|region| region.code);
    let new = NewSighting {
        item: key,
        at,
        kind: Kind::Inspector,
        region,
        accuracy_m: Some(inspect.accuracy_m),
        finding: Some(finding_name(inspect.finding).to_owned()),
        note: None,
        account: None,
        brought_by: None,
    };
    record(tx, codebook, &new).await?;
    Ok(())
}

async fn entitled(tx: &mut Tx, shipped: Option<&Shipped>) -> Result<BTreeSet<u32>, StoreError> {
    let Some(Shipped { dealer, product, at, .. }) = shipped else { return Ok(BTreeSet::new()) };
    store::territories::territory(tx, *dealer, *product, *at).await
}

const FINDINGS: [Finding; 4] =
    [Finding::Conformant, Finding::Diverted, Finding::Suspicious, Finding::Counterfeit];

const fn finding_name(finding: Finding) -> &'static str {
    match finding {
        Finding::Conformant => "conformant",
        Finding::Diverted => "diverted",
        Finding::Suspicious => "suspicious",
        Finding::Counterfeit => "counterfeit",
    }
}

fn finding_from_name(name: &str) -> Option<Finding> {
    FINDINGS.into_iter().find(|finding| finding_name(*finding) == name)
}
