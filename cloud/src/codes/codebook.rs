//! Every code order, range and key in memory: code to item and back without a query.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use sealtrace_protocol::code::{Code, Minted, Sscc};
use sealtrace_protocol::ids::OrderId;
use sealtrace_protocol::ledger::{Issued, Level};

use super::cipher::MintKey;
use super::{CodeOrder, ItemKey, Scheme};
use crate::config::codes::CompanyPrefix;
use crate::store::{Store, StoreError, Tx, codes as stored};

/// What a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// One we issued.
    Ours {
        /// Its key in the store.
        key: ItemKey,
        /// What it was issued for.
        issued: Issued,
    },
    /// Not one of ours: forged, somebody else's, or never issued.
    Foreign,
}

/// The codes we issued. Cheap to clone; all clones know the same.
#[derive(Clone)]
pub struct Codebook {
    keys: Arc<BTreeMap<u8, MintKey>>,
    newest: Arc<MintKey>,
    company_prefix: CompanyPrefix,
    orders: Arc<RwLock<Orders>>,
}

#[derive(Default)]
struct Orders {
    by_id: HashMap<u32, CodeOrder>,
    /// First body of each SSCC range → its order.
    ranges: BTreeMap<u64, u32>,
    newest: u32,
}

impl Codebook {
    /// Loads keys and orders; the first start makes the first key.
    pub async fn load(store: &Store, company_prefix: CompanyPrefix) -> Result<Self, StoreError> {
        let secrets = stored::mint_keys(store).await?;
        let unreadable = || StoreError::damaged("minting key", "not 32 bytes of a known version");
        let mut keys = BTreeMap::new();
        for (version, secret) in &secrets {
            keys.insert(*version, MintKey::new(*version, secret).ok_or_else(unreadable)?);
        }
        let (version, secret) = secrets.last().ok_or_else(unreadable)?;
        let newest = MintKey::new(*version, secret).ok_or_else(unreadable)?;
        let codebook = Self {
            keys: Arc::new(keys),
            newest: Arc::new(newest),
            company_prefix,
            orders: Arc::default(),
        };
        codebook.refresh(store).await?;
        Ok(codebook)
    }

    /// What a code is, as far as this process knows; nothing is asked of the database.
    ///
    /// A code order another process issued a moment ago is foreign here until the next [`Codebook::refresh`] (each
    /// second, and before anything is judged); use [`Codebook::find`] where that matters.
    #[must_use]
    pub fn resolve(&self, code: &Code) -> Resolved {
        match self.place(code) {
            Place::Known(key, issued) => Resolved::Ours { key, issued },
            Place::Unknown | Place::Impossible => Resolved::Foreign,
        }
    }

    /// Like [`Codebook::resolve`], and looks again where the code could belong to an order not heard of yet.
    /// A forged code still costs no query.
    pub async fn find(&self, tx: &mut Tx, code: &Code) -> Result<Resolved, StoreError> {
        if matches!(self.place(code), Place::Unknown) {
            self.refresh_in(tx).await?;
        }
        Ok(self.resolve(code))
    }

    /// The code of an item.
    #[must_use]
    pub fn code(&self, key: ItemKey) -> Option<Code> {
        let order = self.order(key.order())?;
        self.code_at(&order, key.index())
    }

    /// The code at a place of an order; `None` beyond its end and for places that are skipped.
    #[must_use]
    pub fn code_at(&self, order: &CodeOrder, index: u32) -> Option<Code> {
        if index >= order.count {
            return None;
        }
        match order.scheme {
            Scheme::Minted { key_version } => self
                .keys
                .get(&key_version)?
                .encipher(order.id, index)
                .filter(|code| !code.is_all_digits())
                .map(Code::Minted),
            Scheme::Sscc { first_body } => {
                Sscc::from_body(first_body.checked_add(u64::from(index))?).map(Code::Sscc)
            }
        }
    }

    /// A code order by its number.
    #[must_use]
    pub fn order(&self, id: u32) -> Option<CodeOrder> {
        self.orders().by_id.get(&id).copied()
    }

    /// The code orders of one level of a production order, in the order they were issued.
    #[must_use]
    pub fn orders_of(&self, order: OrderId, level: Level) -> Vec<CodeOrder> {
        let mut found: Vec<CodeOrder> = self
            .orders()
            .by_id
            .values()
            .filter(|known| known.purpose.order() == Some(order) && known.level == level)
            .copied()
            .collect();
        found.sort_by_key(|order| order.id);
        found
    }

    /// Learns what was issued since the last time.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        self.refresh_in(&mut store.read().await?).await
    }

    /// [`Codebook::refresh`] as this transaction sees it.
    pub async fn refresh_in(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let known = self.orders().newest;
        let issued = stored::orders_after(tx, known).await?;
        if issued.is_empty() {
            return Ok(());
        }
        let mut orders = self.orders.write().unwrap_or_else(PoisonError::into_inner);
        for order in issued {
            if let Scheme::Sscc { first_body } = order.scheme {
                orders.ranges.insert(first_body, order.id);
            }
            orders.newest = orders.newest.max(order.id);
            orders.by_id.insert(order.id, order);
        }
        drop(orders);
        Ok(())
    }

    pub(super) fn newest_key(&self) -> Arc<MintKey> {
        Arc::clone(&self.newest)
    }

    pub(super) const fn company_prefix(&self) -> &CompanyPrefix {
        &self.company_prefix
    }

    fn orders(&self) -> std::sync::RwLockReadGuard<'_, Orders> {
        self.orders.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, code: &Code) -> Place {
        match code {
            Code::Minted(minted) => self.place_of_minted(*minted),
            Code::Sscc(sscc) => self.place_of_sscc(*sscc),
            Code::Sgtin(_) => Place::Impossible,
        }
    }

    fn place_of_minted(&self, code: Minted) -> Place {
        let Some(key) = self.keys.get(&code.head()) else { return Place::Impossible };
        let Some((order, index)) = key.decipher(code) else { return Place::Impossible };
        match self.order(order) {
            Some(order)
                if index < order.count
                    && order.scheme == (Scheme::Minted { key_version: key.version() }) =>
            {
                Place::Known(ItemKey::new(order.id, index), order.issued())
            }
            Some(_) => Place::Impossible,
            None => Place::Unknown,
        }
    }

    fn place_of_sscc(&self, code: Sscc) -> Place {
        let orders = self.orders();
        let range = orders.ranges.range(..=code.body()).next_back();
        let found = range.and_then(|(first, id)| {
            let index = u32::try_from(code.body() - first).ok()?;
            let order = orders.by_id.get(id)?;
            (index < order.count).then(|| (ItemKey::new(order.id, index), order.issued()))
        });
        match found {
            Some((key, issued)) => Place::Known(key, issued),
            None if self.company_prefix.covers(code.body()) => Place::Unknown,
            None => Place::Impossible,
        }
    }
}

/// How a code relates to the orders known here.
enum Place {
    Known(ItemKey, Issued),
    /// It may belong to an order this process has not heard of.
    Unknown,
    Impossible,
}
