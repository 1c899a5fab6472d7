//! Verifications: a consumer scans a bottle and asks whether it is genuine.
//!
//! A forged code fails in memory and never touches the database; nothing is kept of it. Each scan of a real code is a
//! sighting.

pub mod http;
mod verdict;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::Item;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use verdict::{Verdict, of_ours};

use crate::codes::{Codebook, ItemKey, Resolved};
use crate::diversion::plain::Seen;
use crate::diversion::{self, Kind, RegionName, regions};
use crate::reconciliation;
use crate::store::sightings::NewSighting;
use crate::store::{self, Store, StoreError};
use crate::writing;

/// What a consumer's page sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Question {
    /// What was scanned.
    pub text: String,
    /// Adcode of the place, when the page knows it.
    pub region: Option<String>,
    /// How far off the place may be.
    pub accuracy_m: Option<u32>,
}

/// What a consumer is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// genuine, pending or unknown.
    pub verdict: Verdict,
    /// The how many-th scan this is; 0 for what is unknown.
    pub nth: u64,
    /// When and where it was scanned first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<First>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSeen>,
    /// Its lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<Lot>,
    /// The code as we write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// The first scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct First {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub region: Option<RegionName>,
}

/// What a consumer is told about a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductSeen {
    /// Its name.
    pub name: String,
    /// 14 digits.
    pub gtin: String,
}

const UNKNOWN: Verification = Verification {
    verdict: Verdict::Unknown,
    nth: 0,
    first: None,
    product: None,
    lot: None,
    code: None,
};

/// Answers one scan.
pub async fn verify(
    store: &Store,
    codebook: &Codebook,
    question: &Question,
    now: Timestamp,
) -> Result<Verification, StoreError> {
    let Some((code, key)) = ours(codebook, &question.text) else { return Ok(UNKNOWN) };
    let region = question.region.as_deref().and_then(regions::prefecture);
    let new = NewSighting {
        item: key,
        at: now,
        kind: Kind::Consumer,
        region: region.map(|region| region.code),
        accuracy_m: question.accuracy_m,
        finding: None,
        note: None,
        account: None,
        brought_by: None,
    };
    let (region, accuracy_m) = (new.region, new.accuracy_m);
    let seen = Seen { at: now, region, accuracy_m, brought_by: None };
    writing!(store, |tx| {
        let judgement = diversion::judge(tx, codebook, key, seen).await?;
        let scans = store::sightings::record_scan(tx, &new, &judgement).await?;
        let item = store::tracing::latest(tx, key).await?;
        let product = item.as_ref().and_then(Item::product);
        let product = product.or_else(|| codebook.order(key.order())?.purpose.product());
        let product = match product {
            Some(id) => store::catalog::product(tx, id).await?,
            None => None,
        };
        let verdict = of_ours(item.as_ref(), reconciliation::fate(tx, key, item.as_ref()).await?);
        if verdict == Verdict::Pending {
            store::reconciliation::note_scan(tx, key, now).await?;
        }
        Ok(Verification {
            verdict,
            nth: scans.nth,
            first: Some(First {
                at: scans.first_at,
                region: scans.first_region.map(RegionName::of),
            }),
            product: product.map(|product| ProductSeen { name: product.name, gtin: product.gtin }),
            lot: item.as_ref().and_then(Item::lot),
            code: Some(code.canonical()),
        })
    })
}

/// The item a text speaks of, decided in memory.
fn ours(codebook: &Codebook, text: &str) -> Option<(Code, ItemKey)> {
    let code = sealtrace_protocol::code::parse(text).ok()?.code;
    match codebook.resolve(&code) {
        Resolved::Ours { key, .. } => Some((code, key)),
        Resolved::Foreign => None,
    }
}
