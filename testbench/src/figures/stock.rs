//! A site's stock, put into the cloud's tables in bulk through its own store: what years of work leave behind.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use sealtrace_cloud::clock::Clock;
use sealtrace_cloud::codes::{self, CodeOrder, Codebook, ItemKey, Purpose, Wanted};
use sealtrace_cloud::config::{Config, Flags};
use sealtrace_cloud::store::{Database, Store, StoreError, ledger};
use sealtrace_cloud::{feed, writing};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OrderId, ProductId, SiteId, Version};
use sealtrace_protocol::ledger::{Contents, Custody, Item, Level, State};
use sealtrace_protocol::text::Lot;

const CASES_PER_PALLET: u32 = 48;
const UNITS_PER_CASE: u32 = 24;
/// Packages of one pallet: itself and its cases.
const PACKAGES_PER_PALLET: u32 = 1 + CASES_PER_PALLET;
/// Pallets written in one transaction.
const PALLETS_AT_ONCE: u32 = 40;
/// Pallets of one lot.
const PALLETS_PER_LOT: u32 = 100;

/// The stock of one site.
pub(super) struct Stock {
    store: Store,
    codebook: Codebook,
    site: SiteId,
    product: ProductId,
    pallets: CodeOrder,
    cases: CodeOrder,
    /// Pallets that are there.
    stocked: u32,
}

impl Stock {
    /// An empty one, with codes for up to `packages`.
    pub(super) async fn new(
        database: &Database,
        site: u64,
        product: u64,
        order: u64,
        packages: u32,
    ) -> Result<Self> {
        let store = Store::open(database).await.context("the cloud's database")?;
        let config = Config::parse("", "", &Flags::default())?;
        let codebook = Codebook::load(&store, config.codes.company_prefix.clone()).await?;
        let now = Clock::System.now();
        let count = packages.div_ceil(PACKAGES_PER_PALLET);
        let purpose = Purpose::Order { order: OrderId(order), product: ProductId(product) };
        let wanted = |level, count| Wanted { purpose, level, count };
        let (pallets, cases) = (
            wanted(Level::Pallet, count),
            wanted(Level::Case, count.saturating_mul(CASES_PER_PALLET)),
        );
        let issued: Result<_, codes::CodesError> = writing!(store, |tx| {
            let pallets = codes::mint(tx, &codebook, pallets, now).await?;
            Ok((pallets, codes::mint(tx, &codebook, cases, now).await?))
        });
        let (pallets, cases) = issued?;
        codebook.refresh(&store).await?;
        let (site, product) = (SiteId(site), ProductId(product));
        Ok(Self { store, codebook, site, product, pallets, cases, stocked: 0 })
    }

    /// Adds pallets until there are at least that many packages; says how many there are.
    pub(super) async fn grow_to(&mut self, packages: u32) -> Result<u32> {
        let wanted = packages.div_ceil(PACKAGES_PER_PALLET).min(self.pallets.count);
        while self.stocked < wanted {
            let until = wanted.min(self.stocked + PALLETS_AT_ONCE);
            let mut items = Vec::new();
            for pallet in self.stocked..until {
                items.extend(self.pallet(pallet)?);
            }
            self.write(&items).await?;
            self.stocked = until;
        }
        Ok(self.stocked * PACKAGES_PER_PALLET)
    }

    /// Touches one package in the middle; says which, and which version it has now.
    pub(super) async fn change(&self, nth: u32) -> Result<(Code, Version)> {
        let pallet = (self.stocked / 2 + nth) % self.stocked.max(1);
        let key = ItemKey::new(self.pallets.id, pallet);
        let mut tx = self.store.read().await?;
        let item = ledger::item(&mut tx, &self.codebook, key).await?.context("no such pallet")?;
        drop(tx);
        let changed = Item { version: item.version.next(), ..item };
        let answer = (changed.code, changed.version);
        self.write(&[(key, changed)]).await?;
        Ok(answer)
    }

    /// The newest position in the site's goods stream.
    pub(super) async fn newest(&self) -> Result<u64> {
        let mut tx = self.store.read().await?;
        let sql = "select coalesce(max(cursor), 0) from feed_goods where site = $1";
        Ok(tx.query_one(sql, &[self.site.into()]).await?.get(0)?)
    }

    async fn write(&self, items: &[(ItemKey, Item)]) -> Result<()> {
        let rows: Vec<(ItemKey, &Item)> = items.iter().map(|(key, item)| (*key, item)).collect();
        let keys: BTreeSet<ItemKey> = items.iter().map(|(key, _)| *key).collect();
        let told = BTreeMap::from([(self.site, keys)]);
        let done: Result<(), StoreError> = writing!(self.store, |tx| {
            ledger::put(tx, &self.codebook, &rows).await?;
            feed::publish_goods(tx, &told).await
        });
        Ok(done?)
    }

    /// One pallet with its cases.
    fn pallet(&self, number: u32) -> Result<Vec<(ItemKey, Item)>> {
        let lot = Lot::new(&format!("L{:06}", number / PALLETS_PER_LOT)).context("lot")?;
        let code =
            |order: &CodeOrder, index| self.codebook.code_at(order, index).context("too few codes");
        let package = |code, level, parent, children, units| Item {
            code,
            level,
            state: State::Active,
            parent,
            custody: if parent.is_none() { Some(Custody::At(self.site)) } else { None },
            contents: Contents::of(self.product, lot, units),
            children,
            disputed: false,
            version: Version(1),
        };
        let outer = code(&self.pallets, number)?;
        let units = CASES_PER_PALLET * UNITS_PER_CASE;
        let pallet = package(outer, Level::Pallet, None, CASES_PER_PALLET, units);
        let mut items = vec![(ItemKey::new(self.pallets.id, number), pallet)];
        for case in number * CASES_PER_PALLET..(number + 1) * CASES_PER_PALLET {
            let inner = code(&self.cases, case)?;
            let item = package(inner, Level::Case, Some(outer), UNITS_PER_CASE, UNITS_PER_CASE);
            items.push((ItemKey::new(self.cases.id, case), item));
        }
        Ok(items)
    }
}
