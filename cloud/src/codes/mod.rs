//! Codes: issuing them, knowing them again without a database, printing rolls.
//!
//! Outside a code is a text. Inside it is an [`ItemKey`]: the code order it was issued with and its place there, so
//! that codes of one roll lie side by side on disk. Unit codes are enciphered keys ([`cipher`]), cases and pallets
//! carry SSCCs from a range. [`Codebook`] turns one into the other in memory: a forged code never costs a query.

pub mod carriers;
pub mod cipher;
pub mod codebook;
pub mod http;
pub mod label;
pub mod leasing;
pub mod pdf;
pub mod roll;

use sealtrace_protocol::ids::{DeviceId, Epoch, OrderId, ProductId};
use sealtrace_protocol::ledger::{Issued, Level};
use sealtrace_protocol::time::Timestamp;

pub use codebook::{Codebook, Resolved};

use crate::config::codes::CompanyPrefix;
use crate::store::{Retry, StoreError, Tx, codes as stored, counters};

/// Bits of a code order's number.
pub const ORDER_BITS: u32 = 22;
/// The most codes issued together; more are several code orders.
pub const CODES_PER_ORDER_MAX: u32 = 10_000_000;

/// An item inside the store: code order and index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey(i64);

impl ItemKey {
    /// No item's key, and before all of them: code orders are numbered from 1.
    pub const FIRST: Self = Self(0);

    /// The key of a place in a code order.
    #[must_use]
    pub fn new(order: u32, index: u32) -> Self {
        Self((i64::from(order) << 32) | i64::from(index))
    }

    /// The key stored as `number`.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The bare number, for storage.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The code order it belongs to.
    #[must_use]
    pub fn order(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(u32::MAX)
    }

    /// Its place there.
    #[must_use]
    pub fn index(self) -> u32 {
        u32::try_from(self.0 & i64::from(u32::MAX)).unwrap_or(u32::MAX)
    }
}

/// Codes issued together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeOrder {
    /// Its number, [`ORDER_BITS`] wide.
    pub id: u32,
    /// What they were issued for.
    pub purpose: Purpose,
    /// The level they label.
    pub level: Level,
    /// How many places it has. A place whose code would read as 17 digits is skipped.
    pub count: u32,
    /// How place becomes code.
    pub scheme: Scheme,
}

/// What codes were issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What a production order makes.
    Order {
        /// The order.
        order: OrderId,
        /// The product they label or contain.
        product: ProductId,
    },
    /// Reusable pallets (周转托盘), each loaded again and again with whatever it may be.
    Carriers,
    /// Packages that a device labels by itself, of whatever product.
    Device {
        /// The only device that gives them out …
        device: DeviceId,
        /// … while its stream is in this epoch.
        epoch: Epoch,
    },
}

impl Purpose {
    /// The production order, when there is one.
    #[must_use]
    pub const fn order(self) -> Option<OrderId> {
        match self {
            Self::Order { order, .. } => Some(order),
            Self::Carriers | Self::Device { .. } => None,
        }
    }

    /// The product, when there is only one.
    #[must_use]
    pub const fn product(self) -> Option<ProductId> {
        match self {
            Self::Order { product, .. } => Some(product),
            Self::Carriers | Self::Device { .. } => None,
        }
    }
}

/// How the codes of an order are made from their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Enciphered with this version of the key.
    Minted {
        /// See [`cipher::MintKey`].
        key_version: u8,
    },
    /// Consecutive SSCCs.
    Sscc {
        /// The first: 17 digits without check digit.
        first_body: u64,
    },
}

impl CodeOrder {
    /// What its codes were issued for. A package may hold any product, so only units are bound to one.
    #[must_use]
    pub fn issued(&self) -> Issued {
        let (level, carrier) = (self.level, self.purpose == Purpose::Carriers);
        let product = self.purpose.product().filter(|_| level == Level::Unit);
        Issued { level, product, carrier }
    }
}

/// What is to be issued.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// For what.
    pub purpose: Purpose,
    /// The level to label.
    pub level: Level,
    /// How many codes, exactly.
    pub count: u32,
}

/// Why codes are not issued.
#[derive(Debug, thiserror::Error)]
pub enum CodesError {
    /// None, or more than one code order holds.
    #[error("{0} codes cannot be issued at once: ask for 1 to {CODES_PER_ORDER_MAX}")]
    Count(u32),
    /// Every code order number is taken.
    #[error("no code order numbers are left: start a new key version")]
    OrdersExhausted,
    /// The SSCC range of the company prefix is used up.
    #[error(
        "company prefix {prefix} has no {count} SSCCs left for {level}: configure a new prefix"
    )]
    RangeExhausted {
        /// The prefix in use.
        prefix: String,
        /// What was asked for.
        count: u32,
        /// For which level.
        level: &'static str,
    },
    /// A device asked for more labels than anybody sticks on in a day.
    #[error(
        "device {device} was leased {blocks} blocks of labels within a day: find out what it does with them"
    )]
    TooMany {
        /// Which.
        device: DeviceId,
        /// How many.
        blocks: u32,
    },
    /// Units carry minted codes, which are not leased.
    #[error("labels are leased for packages: units carry minted codes")]
    Units,
    /// The program is stopping.
    #[error("minting was interrupted: ask again")]
    Interrupted,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for CodesError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// Issues codes: units are minted, boxes, cases and pallets get a range of SSCCs.
///
/// They count once the transaction commits; call [`Codebook::refresh`] afterwards so that they are known at once.
pub async fn mint(
    tx: &mut Tx,
    codebook: &Codebook,
    wanted: Wanted,
    now: Timestamp,
) -> Result<CodeOrder, CodesError> {
    if wanted.count == 0 || wanted.count > CODES_PER_ORDER_MAX {
        return Err(CodesError::Count(wanted.count));
    }
    let id = u32::try_from(counters::next(tx, stored::ORDER_COUNTER).await?)
        .ok()
        .filter(|id| *id < 1 << ORDER_BITS)
        .ok_or(CodesError::OrdersExhausted)?;
    let Wanted { purpose, level, .. } = wanted;
    let (scheme, count) = match level {
        Level::Unit => {
            let key = codebook.newest_key();
            let key_version = key.version();
            // A microsecond a code: ten million must not stop the other tasks.
            let count = tokio::task::spawn_blocking(move || key.places_for(id, wanted.count))
                .await
                .map_err(|_| CodesError::Interrupted)?;
            (Scheme::Minted { key_version }, count)
        }
        Level::Box | Level::Case | Level::Pallet => {
            let first_body = range(tx, codebook.company_prefix(), level, wanted.count).await?;
            (Scheme::Sscc { first_body }, wanted.count)
        }
    };
    let order = CodeOrder { id, purpose, level, count, scheme };
    stored::insert_order(tx, &order, now).await?;
    Ok(order)
}

/// Takes the next SSCCs of a level: 17 digits of extension, company prefix, serial.
async fn range(
    tx: &mut Tx,
    prefix: &CompanyPrefix,
    level: Level,
    count: u32,
) -> Result<u64, CodesError> {
    let extension = u64::from(level.rank());
    let counter = format!("sscc/{extension}/{prefix}");
    let first_serial = counters::take(tx, &counter, u64::from(count)).await? - 1;
    let capacity = prefix.serials();
    if first_serial + u64::from(count) > capacity {
        return Err(CodesError::RangeExhausted {
            prefix: prefix.to_string(),
            count,
            level: level.name(),
        });
    }
    Ok((extension * prefix.modulus() + prefix.number()) * capacity + first_serial)
}
