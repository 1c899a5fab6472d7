//! The ways to say no. The same on device, cloud and page; `code` is what the page words.

use serde::{Deserialize, Serialize};

use super::document::{DocumentKind, Party};
use super::item::{Ending, Level};
use super::strip::Fate;
use super::terms::Role;
use crate::code::Code;
use crate::ids::{DealerId, DocumentId, OperationId, OperatorId, ProductId, SiteId, TaskId};
use crate::text::Lot;
use crate::time::Timestamp;

/// Why an operation does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// Not one of our codes.
    #[error("{code} is not one of ours")]
    Foreign { code: Code },
    /// Ours, but nothing was ever made or packed under it.
    #[error("{code} was never put into use")]
    NotInUse { code: Code },
    /// A code for another packaging level.
    #[error("{code} is a {level:?}, a {expected:?} was expected")]
    WrongLevel { code: Code, level: Level, expected: Level },
    /// Another product.
    #[error("{code} is product {product}, expected {expected}")]
    WrongProduct { code: Code, product: ProductId, expected: ProductId },
    /// Another lot.
    #[error("{code} is lot {lot}, expected {expected}")]
    WrongLot { code: Code, lot: Lot, expected: Lot },
    /// The same code twice in one operation.
    #[error("{code} was scanned twice")]
    ScannedTwice { code: Code },
    /// Registered or in use already.
    #[error("{code} is in use already")]
    AlreadyInUse { code: Code },
    /// Inside another package.
    #[error("{code} is in {parent} already")]
    AlreadyPacked { code: Code, parent: Code },
    /// Its label was replaced.
    #[error("{code} was replaced by {by}")]
    Replaced { code: Code, by: Code },
    /// Two accepted operations contradict each other about it.
    #[error("{code} is disputed")]
    Disputed { code: Code },
    /// More children than the plan allows.
    #[error("{parent} holds {holds} at most, {count} were scanned")]
    TooMany { parent: Code, holds: u32, count: u32 },
    /// Fewer children than the plan asks for, and not closed on purpose.
    #[error("{parent} holds {holds}, only {count} were scanned")]
    TooFew { parent: Code, holds: u32, count: u32 },
    /// No children at all.
    #[error("{parent} has nothing to go in")]
    Nothing { parent: Code },
    /// Held by somebody else than what it is to be packed with.
    #[error("{code} is not where {parent} is")]
    CustodyDiffers { code: Code, parent: Code },
    /// Not a package.
    #[error("{code} is no package")]
    NotAPackage { code: Code },
    /// In no package.
    #[error("{code} is in no package")]
    NotPacked { code: Code },
    /// At this site already.
    #[error("{code} is here already")]
    AlreadyHere { code: Code },
    /// Shipped already.
    #[error("{code} was shipped to dealer {to} on document {document}")]
    AlreadyShipped { code: Code, to: DealerId, document: DocumentId },
    /// On its way between two of our sites.
    #[error("{code} is on its way to site {to} on document {document}")]
    OnItsWay { code: Code, to: SiteId, document: DocumentId },
    /// Sampled or destroyed.
    #[error("{code} was {how:?}")]
    Gone { code: Code, how: Ending },
    /// Not at this site, so it cannot be missing here.
    #[error("{code} is not at this site")]
    NotHere { code: Code },
    /// Not on the document.
    #[error("product {product} of {code} is not on document {document}")]
    NotOnDocument { code: Code, product: ProductId, document: DocumentId },
    /// More than the document asks for.
    #[error(
        "document {document} asks for {ordered} of product {product}, {code} would make it {would}"
    )]
    Over { code: Code, document: DocumentId, product: ProductId, ordered: u32, would: u32 },
    /// The document is not known, done or void.
    #[error("document {document} is not open")]
    DocumentClosed { document: DocumentId },
    /// The document belongs to another site.
    #[error("document {document} is for site {expected}, this is site {site}")]
    WrongSite { document: DocumentId, site: SiteId, expected: SiteId },
    /// The task is not known or belongs elsewhere.
    #[error("task {task} is not open here")]
    TaskClosed { task: TaskId },
    /// The product's packing plan has no such level.
    #[error("the plan has no {level:?}")]
    NotInPlan { level: Level },
    /// The site or dealer may not have this product (商品授权).
    #[error("{party:?} may not have product {product} of {code}")]
    Unauthorised { code: Code, product: ProductId, party: Party },
    /// The site may not make this product (商品授权).
    #[error("site {site} may not make product {product}")]
    NotMadeHere { product: ProductId, site: SiteId },
    /// Quality control has blocked the lot.
    #[error("lot {lot} of {code} is blocked")]
    LotBlocked { code: Code, product: ProductId, lot: Lot },
    /// Quality control has not released the lot, and nothing leaves before that.
    #[error("lot {lot} of {code} is not released yet")]
    LotPending { code: Code, product: ProductId, lot: Lot },
    /// The lot was made for another dealer.
    #[error("{code} was made for dealer {expected}, not for {dealer}")]
    WrongDealer { code: Code, dealer: DealerId, expected: DealerId },
    /// It was never received at this site, which asks for that.
    #[error("{code} is at site {at} and was never received here")]
    NotReceived { code: Code, at: SiteId },
    /// Not what a mixed package holds.
    #[error("{parent} holds {holds} of product {product}, {count} were scanned")]
    WrongMix { parent: Code, product: ProductId, holds: u32, count: u32 },
    /// The document is of another kind.
    #[error("document {document} is of the kind {kind:?}")]
    WrongDocument { document: DocumentId, kind: DocumentKind },
    /// It was not shipped under the document it is to be taken from.
    #[error("{code} was not shipped under document {document}")]
    NotUnderDocument { code: Code, document: DocumentId },
    /// The person may not work at this site.
    #[error("operator {operator} may not work at site {site}")]
    OperatorNotPermitted { operator: OperatorId, site: SiteId },
    /// Somebody else must do or approve this.
    #[error("this needs a {needs:?}")]
    RoleNotPermitted { needs: Role },
    /// The device may not work at this site.
    #[error("the device may not work at site {site}")]
    SiteNotPermitted { site: SiteId },
    /// More codes than one operation may speak of.
    #[error("{count} codes in one operation, {limit} are allowed")]
    TooManyCodes { count: u32, limit: u32 },
    /// The operation to correct is not known, or did not count.
    #[error("operation {names} is not known")]
    NoSuchOperation { names: OperationId },
    /// Another operation travelled under this name before: the device's store is not what it was.
    #[error("another operation is known as {names}")]
    NameTaken { names: OperationId },
    /// The operation to correct was done at another site.
    #[error("operation {names} was done at site {site}")]
    DoneElsewhere { names: OperationId, site: SiteId },
    /// The label was scrapped, given back or declared void.
    #[error("the label {code} was {fate:?}")]
    WrittenOff { code: Code, fate: Fate },
    /// The ends of a strip of labels do not lie on one roll, or not in this order.
    #[error("{first} to {last} is no strip of one roll")]
    NotOneStrip { first: Code, last: Code },
    /// A strip has more labels, or fewer.
    #[error("{first} to {last} are {holds} labels, not {count}")]
    StripDiffers { first: Code, last: Code, holds: u32, count: u32 },
    /// What nobody has accounted for yet may still turn up.
    #[error("{code} and the labels behind it may still turn up")]
    TooEarly { code: Code, until: Timestamp },
    /// Something has happened since to what it touched.
    #[error("{code} has moved on since")]
    MovedOn { code: Code },
}

impl Rejection {
    /// The snake_case word for this rejection; the same as its JSON key.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "foreign",
            Self::NotInUse { .. } => "not_in_use",
            Self::WrongLevel { .. } => "wrong_level",
            Self::WrongProduct { .. } => "wrong_product",
            Self::WrongLot { .. } => "wrong_lot",
            Self::ScannedTwice { .. } => "scanned_twice",
            Self::AlreadyInUse { .. } => "already_in_use",
            Self::AlreadyPacked { .. } => "already_packed",
            Self::Replaced { .. } => "replaced",
            Self::Disputed { .. } => "disputed",
            Self::TooMany { .. } => "too_many",
            Self::TooFew { .. } => "too_few",
            Self::Nothing { .. } => "nothing",
            Self::CustodyDiffers { .. } => "custody_differs",
            Self::NotAPackage { .. } => "not_a_package",
            Self::NotPacked { .. } => "not_packed",
            Self::AlreadyHere { .. } => "already_here",
            Self::AlreadyShipped { .. } => "already_shipped",
            Self::OnItsWay { .. } => "on_its_way",
            Self::Gone { .. } => "gone",
            Self::NotHere { .. } => "not_here",
            Self::NotOnDocument { .. } => "not_on_document",
            Self::Over { .. } => "over",
            Self::DocumentClosed { .. } => "document_closed",
            Self::WrongSite { .. } => "wrong_site",
            Self::TaskClosed { .. } => "task_closed",
            Self::NotInPlan { .. } => "not_in_plan",
            Self::Unauthorised { .. } => "unauthorised",
            Self::NotMadeHere { .. } => "not_made_here",
            Self::LotBlocked { .. } => "lot_blocked",
            Self::LotPending { .. } => "lot_pending",
            Self::WrongDealer { .. } => "wrong_dealer",
            Self::NotReceived { .. } => "not_received",
            Self::WrongMix { .. } => "wrong_mix",
            Self::WrongDocument { .. } => "wrong_document",
            Self::NotUnderDocument { .. } => "not_under_document",
            Self::OperatorNotPermitted { .. } => "operator_not_permitted",
            Self::RoleNotPermitted { .. } => "role_not_permitted",
            Self::SiteNotPermitted { .. } => "site_not_permitted",
            Self::TooManyCodes { .. } => "too_many_codes",
            Self::NoSuchOperation { .. } => "no_such_operation",
            Self::NameTaken { .. } => "name_taken",
            Self::DoneElsewhere { .. } => "done_elsewhere",
            Self::WrittenOff { .. } => "written_off",
            Self::NotOneStrip { .. } => "not_one_strip",
            Self::StripDiffers { .. } => "strip_differs",
            Self::TooEarly { .. } => "too_early",
            Self::MovedOn { .. } => "moved_on",
        }
    }
}
