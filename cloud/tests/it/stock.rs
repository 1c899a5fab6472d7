//! Packages put straight into the ledger, for tests of what is told about them.

use std::collections::BTreeSet;

use sealtrace_cloud::clock::Clock;
use sealtrace_cloud::codes::{self, CodeOrder, Codebook, CodesError, ItemKey, Purpose, Wanted};
use sealtrace_cloud::config::{Config, Flags};
use sealtrace_cloud::keys::Keys;
use sealtrace_cloud::store::{Store, StoreError, Tx, ledger};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{OrderId, ProductId, SiteId, Version};
use sealtrace_protocol::ledger::{Contents, Custody, Item, Level, State};
use sealtrace_protocol::text::Lot;

/// Codes of each level that are issued for one order.
const CODES: u32 = 3_000;

/// A store with codes issued for one order, and what it takes to put items under them.
pub(crate) struct Stock {
    pub(crate) store: Store,
    pub(crate) codebook: Codebook,
    pub(crate) product: ProductId,
    pub(crate) lot: Lot,
    issued: Vec<CodeOrder>,
}

impl Stock {
    pub(crate) async fn new(store: &Store, order: OrderId, product: ProductId) -> Self {
        let now = Clock::System.now();
        Keys::load(store, now).await.unwrap();
        let prefix = Config::parse("", "", &Flags::default()).unwrap().codes.company_prefix;
        let codebook = Codebook::load(store, prefix).await.unwrap();
        let mut issued = Vec::new();
        for level in [Level::Unit, Level::Case, Level::Pallet] {
            let purpose = Purpose::Order { order, product };
            let wanted = Wanted { purpose, level, count: CODES };
            let minted: Result<_, CodesError> =
                writing!(store, |tx| { codes::mint(tx, &codebook, wanted, now).await });
            issued.push(minted.unwrap());
        }
        codebook.refresh(store).await.unwrap();
        let lot = Lot::new("L1").unwrap();
        Self { store: store.clone(), codebook, product, lot, issued }
    }

    /// The key of a level's nth code.
    pub(crate) fn key(&self, level: Level, nth: u32) -> ItemKey {
        let order = self.issued.iter().find(|order| order.level == level).unwrap();
        ItemKey::new(order.id, nth)
    }

    /// An outermost package at a site, or one inside another, with nothing but units in it.
    pub(crate) fn package(
        &self,
        key: ItemKey,
        level: Level,
        place: Result<SiteId, ItemKey>,
    ) -> (ItemKey, Item) {
        let code = |key| self.codebook.code(key).unwrap();
        let item = Item {
            code: code(key),
            level,
            state: State::Active,
            parent: place.err().map(code),
            custody: place.ok().map(Custody::At),
            contents: Contents::of(self.product, self.lot, 4),
            children: 4,
            disputed: false,
            version: Version(1),
        };
        (key, item)
    }

    pub(crate) async fn put(&self, items: &[(ItemKey, Item)]) {
        let rows: Vec<(ItemKey, &Item)> = items.iter().map(|(key, item)| (*key, item)).collect();
        let done: Result<(), StoreError> =
            writing!(self.store, |tx| { ledger::put(tx, &self.codebook, &rows).await });
        done.unwrap();
    }

    /// Puts an item a version further, from nothing when it is not there yet.
    pub(crate) async fn touch(
        &self,
        tx: &mut Tx,
        key: ItemKey,
        level: Level,
        site: SiteId,
    ) -> Result<Version, StoreError> {
        let known = ledger::item(tx, &self.codebook, key).await?;
        let item = match known {
            Some(item) => Item { version: item.version.next(), ..item },
            None => self.package(key, level, Ok(site)).1,
        };
        ledger::put(tx, &self.codebook, &[(key, &item)]).await?;
        Ok(item.version)
    }

    /// The codes of these items, for comparison with what a device was told.
    pub(crate) fn codes(&self, keys: impl IntoIterator<Item = ItemKey>) -> BTreeSet<String> {
        keys.into_iter().map(|key| self.codebook.code(key).unwrap().to_string()).collect()
    }
}
