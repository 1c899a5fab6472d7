//! What device and cloud tell each other besides signed bytes: JSON over mutual TLS.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::code::Sscc;
use crate::ids::{
    BatchNo, Cursor, DealerId, DeviceId, DocumentId, Epoch, OperatorId, OrderId, OwnerId,
    ProductId, Revision, Seq, SiteId, TaskId,
};
use crate::ledger::{Item, Level, LotTerms, Permit, Plan, Role, Verdict};
use crate::text::Lot;

/// `POST /api/v1/enrol`: a new device asks for its certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The one-time token.
    pub token: String,
    /// PKCS#10 request for the TLS client certificate, PEM.
    pub csr_pem: String,
    /// The Ed25519 public key that will sign batches, base64.
    pub signing_key: String,
    /// [`crate::signing::SigningKey::prove`] over [`enrolment_challenge`], base64.
    pub proof: String,
}

/// What the signing key signs at enrolment: token and certificate request, bound together.
#[must_use]
pub fn enrolment_challenge(token: &str, csr_pem: &str) -> Vec<u8> {
    crate::wire::encode(&(token, csr_pem))
}

/// The answer to [`EnrolRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolled {
    /// The brand owner.
    pub owner: OwnerId,
    /// The new device.
    pub device: DeviceId,
    /// Its name on screens.
    pub name: String,
    /// Its first epoch.
    pub epoch: Epoch,
    /// The TLS client certificate, PEM.
    pub certificate_pem: String,
    /// The authority that signed it and the cloud's own certificate, PEM.
    pub authority_pem: String,
    /// The cloud's key for receipts, base64.
    pub receipt_key: String,
    /// Where the device listener is, `https://host:port`.
    pub device_url: String,
    /// Printed into the short URLs of unit codes.
    pub code_host: String,
    /// Where it may work.
    pub sites: Vec<Site>,
}

/// `POST /device/v1/batches`: what became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Stored durably; the sealed receipt, base64.
    Stored {
        /// [`crate::signing::Sealed`] bytes, base64.
        receipt: String,
    },
    /// Kept, but batches before it are missing.
    Parked {
        /// The batch to send first.
        expected: BatchNo,
    },
}

/// `GET /device/v1/verdicts`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdicts {
    /// In stream order.
    pub verdicts: Vec<Judged>,
    /// True when there are more behind the last one.
    pub more: bool,
}

/// One operation's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The epoch it travelled in.
    pub epoch: Epoch,
    /// Its place there.
    pub seq: Seq,
    /// What became of it.
    pub verdict: Verdict,
}

/// `POST /device/v1/resume`: the granted epoch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Resumed {
    /// The new epoch; its stream is empty.
    pub epoch: Epoch,
}

/// The two streams of a site's feed: a new device works as soon as it has the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedStream {
    /// Sites, products, people, lots, tasks, documents, rolls: JSON, [`FeedPage`].
    Desk,
    /// Packages with their contents, and the units of open ones: [`GoodsPage`] in the wire encoding.
    Goods,
}

impl FeedStream {
    /// Both, in the order they are fetched.
    pub const ALL: [Self; 2] = [Self::Desk, Self::Goods];

    /// The word in addresses and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Goods => "goods",
        }
    }
}

/// `GET /device/v1/feed/desk`: one page of what a site needs to know besides goods.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedPage {
    /// In cursor order.
    pub rows: Vec<FeedEntry>,
    /// Ask again from here.
    pub cursor: Cursor,
    /// True when there is more right now.
    pub more: bool,
}

/// One row of the feed at its position. A later row about the same thing replaces an earlier one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Its position.
    pub cursor: Cursor,
    /// What it says.
    pub row: FeedRow,
}

/// `GET /device/v1/feed/goods`: one page of packages as the cloud knows them, [`crate::wire`] encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodsPage {
    /// In cursor order; each as it is now, not as it was when the row was written.
    pub items: Vec<Item>,
    /// Ask again from here.
    pub cursor: Cursor,
    /// True when there is more right now.
    pub more: bool,
}

/// The most items of one [`GoodsPage`].
pub const GOODS_PAGE_ITEMS_MAX: usize = 2_000;

/// What a device is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedRow {
    /// A site.
    Site(Site),
    /// What the owner has settled on for all sites.
    Owner(OwnerRules),
    /// A product, how it is packed and who may have it.
    Product(Product),
    /// A lot and its terms.
    Lot(LotRow),
    /// A dealer.
    Dealer(Dealer),
    /// Somebody who may log in on devices of this site.
    Operator(Operator),
    /// A released task.
    Task(TaskRow),
    /// A document to work on.
    Document(DocumentRow),
    /// Codes that were issued: unit rolls are known by their digest, SSCCs by their range.
    Roll(Roll),
    /// Labels of reusable pallets.
    Carriers(Carriers),
    /// Labels that a device prints by itself.
    Labels(Labels),
}

/// A site by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// Goods never received there may leave from there.
    pub implied_receipt: bool,
}

/// What the owner has settled on for all sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRules {
    /// Goods of a pending lot may leave.
    pub pending_may_ship: bool,
    /// Unaccounted labels may be declared void so many days after they were issued.
    #[serde(default = "void_after_days")]
    pub void_after_days: u32,
}

fn void_after_days() -> u32 {
    crate::ledger::Rules::default().void_after_days
}

/// A dealer by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dealer {
    /// Its id.
    pub id: DealerId,
    /// Its name.
    pub name: String,
    /// False when nothing is to be sent to it any more.
    pub enabled: bool,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// 14 digits.
    pub gtin: String,
    /// How it is packed now; a task names the revision it is made by.
    pub plan: Plan,
    /// Which revision that is.
    pub revision: Revision,
    /// Who may have it.
    pub permit: Permit,
    /// False when it is not made any more.
    pub enabled: bool,
}

/// A lot and its terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotRow {
    /// Its id in the back office.
    pub id: u64,
    /// The product.
    pub product: ProductId,
    /// The lot.
    pub lot: Lot,
    /// Its terms.
    pub terms: LotTerms,
}

/// A person who works on devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What is typed to log in.
    pub login: String,
    /// The name on screens.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// argon2id verifier of the PIN, PHC string.
    pub pin_verifier: String,
    /// Where they may work. A site that is not there any more is told once more, so that its devices forget them.
    pub sites: Vec<SiteId>,
    /// False when they may not log in any more.
    pub enabled: bool,
}

/// A released task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Its id.
    pub id: TaskId,
    /// The order it belongs to.
    pub order: OrderId,
    /// The order's number on paper.
    pub order_number: String,
    /// Where it is worked on.
    pub site: SiteId,
    /// What is made.
    pub product: ProductId,
    /// In which lot.
    pub lot: Lot,
    /// The production date, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// The shift.
    pub shift: Option<String>,
    /// How it is packed.
    pub plan: Plan,
    /// Which revision of the product's plan that is.
    pub revision: Revision,
    /// Who works on it.
    pub kind: TaskKind,
    /// The only device that works on it and has its leases; none = a line's own gateway, or any PDA.
    pub device: Option<DeviceId>,
    /// How many units are wanted.
    pub quantity: u32,
    /// How many the cloud has counted.
    pub made: u32,
    /// Where it stands.
    pub state: TaskState,
    /// SSCCs leased to this task, to label packages with when no printed label is scanned.
    pub leases: Vec<Lease>,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Nothing was made yet.
    Open,
    /// Something was made.
    InWork,
    /// Enough was made, or somebody closed it. What was begun may still be finished.
    Done,
    /// Withdrawn.
    Void,
}

impl TaskState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::InWork, Self::Done, Self::Void];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InWork => "in_work",
            Self::Done => "done",
            Self::Void => "void",
        }
    }

    /// The state with this [`TaskState::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// True while work may be begun.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Open | Self::InWork => true,
            Self::Done | Self::Void => false,
        }
    }
}

/// Who works on a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A production line, by itself.
    Line,
    /// People with PDAs.
    Device,
}

/// Consecutive SSCCs for one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The packages they label.
    pub level: Level,
    /// The first: 17 digits without check digit, see [`Sscc::from_body`].
    pub first_body: u64,
    /// How many.
    pub count: u32,
}

impl Lease {
    /// The SSCC at `index`, if it is within the lease.
    #[must_use]
    pub fn sscc(&self, index: u32) -> Option<Sscc> {
        if index >= self.count {
            return None;
        }
        Sscc::from_body(self.first_body.checked_add(u64::from(index))?)
    }
}

/// Codes issued for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roll {
    /// The order.
    pub order: OrderId,
    /// The level they label.
    pub level: Level,
    /// The product they were issued for.
    pub product: ProductId,
    /// How many.
    pub count: u32,
    /// Where they begin when they are consecutive SSCCs (17 digits); none for minted codes, whose digest is fetched.
    pub first_body: Option<u64>,
}

/// Labels of reusable pallets (周转托盘): consecutive SSCCs of no order and no product, loaded again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carriers {
    /// The first: 17 digits without check digit.
    pub first_body: u64,
    /// How many.
    pub count: u32,
}

/// SSCCs leased to a device: it prints them on packages, of whatever product, without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// The only device that gives them out.
    pub device: DeviceId,
    /// Which.
    pub lease: Lease,
}

/// `POST /device/v1/labels`: a device asks for the next [`Labels`] of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelsWanted {
    /// The packages they are for; units carry minted codes.
    pub level: Level,
    /// Where the newest ones begin that it has in this epoch. Others than the cloud gave last: the answer was lost, and
    /// those are given again.
    pub newest: Option<u64>,
}

/// A document as devices work on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRow {
    /// What the rules need of it.
    pub document: crate::ledger::Document,
    /// Its number on paper.
    pub number: String,
    /// How it is shared out among devices that may not reach each other; empty = not at all.
    #[serde(default)]
    pub shares: Vec<Share>,
}

/// What one device may move under a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The device.
    pub device: DeviceId,
    /// Of which product.
    pub product: ProductId,
    /// How many units.
    pub units: u32,
    /// How many of them the cloud has counted.
    pub moved: u32,
}

impl DocumentRow {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> DocumentId {
        self.document.id
    }
}

/// Bytes of a code in a roll digest.
pub const DIGEST_BYTES: usize = 8;

/// A code's entry in a roll digest: the first eight bytes of SHA-256 over its canonical text.
#[must_use]
pub fn digest(code: &crate::code::Code) -> [u8; DIGEST_BYTES] {
    let hash = crate::signing::Hash::of(code.canonical().as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    [a, b, c, d, e, f, g, h]
}
