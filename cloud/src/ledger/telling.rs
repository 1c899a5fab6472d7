//! Who is to be told of what has changed: collected while operations are judged, worked out once all is written.
//!
//! Packages are told to the site they were worked on at, to whoever had or has them, and to the site they are sent to; a
//! site that gets one, or is to get one, is told of the packages inside as well. Units are told only where somebody may need them one by one: those in open
//! packages, and those that stand alone since they were taken out or moved. What a site was told of a unit once, it
//! is told again when that changes.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::ledger::{Item, Level};

use crate::codes::ItemKey;
use crate::store::{StoreError, Tx, feed, packages};

/// Item keys by site.
pub(super) type Told = BTreeMap<SiteId, BTreeSet<ItemKey>>;

/// What is to be told, as far as it is known before everything is written.
#[derive(Default)]
pub(super) struct Telling {
    /// For certain.
    told: Told,
    /// Units these sites are told of if they were told of them before.
    again: Told,
    /// Packages these sites got.
    got: Told,
    /// Packages that are open from now on, and whom they concern.
    opened: BTreeMap<ItemKey, Concerned>,
    /// Packages that hold more than before, and whom they concern.
    grown: BTreeMap<ItemKey, Concerned>,
    /// Units that came into packages.
    joined: BTreeMap<ItemKey, BTreeSet<ItemKey>>,
    /// Packages that hold nothing any more.
    emptied: BTreeSet<ItemKey>,
    /// Packages whose labels were replaced: old and new.
    renamed: BTreeMap<ItemKey, ItemKey>,
}

/// The sites an item is of concern to.
pub(super) type Concerned = [Option<SiteId>; 2];

/// One item an operation changed.
pub(super) struct Change<'a> {
    pub(super) key: ItemKey,
    /// None when nothing had happened to it.
    pub(super) before: Option<&'a Item>,
    pub(super) after: &'a Item,
    /// Where it was worked on, when anybody asks.
    pub(super) at: Option<SiteId>,
    /// Whom it concerned before …
    pub(super) had: Concerned,
    /// … and whom it concerns now.
    pub(super) has: Concerned,
    /// The package it is in now.
    pub(super) parent: Option<ItemKey>,
    /// The label that took its place.
    pub(super) replaced_by: Option<ItemKey>,
    /// It was closed below its plan on purpose.
    pub(super) partial: bool,
}

impl Change<'_> {
    /// All sites it is news for.
    fn sites(&self) -> impl Iterator<Item = SiteId> {
        self.at.into_iter().chain(self.had.into_iter().chain(self.has).flatten())
    }
}

impl Telling {
    /// Takes note of a change.
    pub(super) fn note(&mut self, change: &Change<'_>) {
        match change.after.level {
            Level::Unit => self.note_unit(change),
            Level::Box | Level::Case | Level::Pallet => self.note_package(change),
        }
    }

    fn note_unit(&mut self, change: &Change<'_>) {
        let Change { key, before, after, parent, .. } = change;
        if before.is_some() {
            add(&mut self.again, change.sites(), *key);
        }
        let came = before.is_none_or(|before| before.parent != after.parent);
        match parent {
            Some(parent) if came => {
                self.joined.entry(*parent).or_default().insert(*key);
            }
            None if stands_alone(*before, after) => add(&mut self.told, change.sites(), *key),
            Some(_) | None => {}
        }
    }

    fn note_package(&mut self, change: &Change<'_>) {
        let Change { key, before, after, had: were, has: are, partial, .. } = change;
        add(&mut self.told, change.sites(), *key);
        if were.iter().any(Option::is_some) {
            let news = are.iter().filter(|site| !were.contains(site)).flatten();
            add(&mut self.got, news.copied(), *key);
        }
        let (had, has) = (before.map_or(0, |before| before.children), after.children);
        if had > 0 && has == 0 {
            self.emptied.insert(*key);
            let opened = self.opened.remove(key);
            if let Some(new) = change.replaced_by {
                self.renamed.insert(*key, new);
                self.opened.extend(opened.map(|concerned| (new, concerned)));
            }
        } else if has < had || (*partial && has > had) {
            self.opened.insert(*key, *are);
        } else if had > 0 && has > had {
            self.grown.insert(*key, *are);
        }
    }

    /// What sites are to be told by what is written now; begins anew.
    pub(super) async fn work_out(&mut self, tx: &mut Tx) -> Result<Told, StoreError> {
        let noted = std::mem::take(self);
        let mut told = noted.told;
        for (site, units) in &noted.again {
            let before = feed::told_of(tx, *site, units).await?;
            told.entry(*site).or_default().extend(before);
        }
        // A new label's package is as open as the old one's; its units were told, and are again.
        let old: Vec<ItemKey> = noted.renamed.keys().copied().collect();
        let open = packages::open_among(tx, &old).await?;
        let new: Vec<ItemKey> =
            open.iter().filter_map(|old| noted.renamed.get(old)).copied().collect();
        packages::close(tx, &noted.emptied.iter().copied().collect::<Vec<_>>()).await?;
        packages::open(tx, &new).await?;

        let changed: Vec<ItemKey> =
            noted.opened.keys().chain(noted.grown.keys()).copied().collect();
        let open = packages::open_among(tx, &changed).await?;
        for (package, concerned) in noted.opened.iter().chain(&noted.grown) {
            let Some(joined) = noted.joined.get(package).filter(|_| open.contains(package)) else {
                continue;
            };
            for site in concerned.iter().flatten() {
                told.entry(*site).or_default().extend(joined);
            }
        }
        let news: Vec<ItemKey> =
            noted.opened.keys().filter(|package| !open.contains(package)).copied().collect();
        packages::open(tx, &news).await?;
        let mut opened: BTreeMap<SiteId, Vec<ItemKey>> = BTreeMap::new();
        for package in news {
            for site in noted.opened.get(&package).into_iter().flatten().flatten() {
                opened.entry(*site).or_default().push(package);
            }
        }
        for (site, packages) in opened {
            let units = packages::units_inside(tx, &packages).await?;
            told.entry(site).or_default().extend(units);
        }
        for (site, got) in noted.got {
            told.entry(site).or_default().extend(below(tx, got).await?);
        }
        Ok(told)
    }
}

/// A unit in no package that somebody took out or moved by itself. One that was only registered (零级包装) is not
/// told: there are too many of them, and devices know their roll.
fn stands_alone(before: Option<&Item>, after: &Item) -> bool {
    let moved = before.map_or(after.is_announced(), |before| {
        before.parent.is_some() || before.is_announced() || before.custody != after.custody
    });
    after.is_in_use() && moved
}

fn add(told: &mut Told, sites: impl Iterator<Item = SiteId>, key: ItemKey) {
    for site in sites {
        told.entry(site).or_default().insert(key);
    }
}

/// The packages inside these, and the units of open ones among all of them.
async fn below(tx: &mut Tx, packages: BTreeSet<ItemKey>) -> Result<BTreeSet<ItemKey>, StoreError> {
    let mut all: Vec<ItemKey> = packages.into_iter().collect();
    let mut found = BTreeSet::new();
    let mut edge = all.clone();
    while !edge.is_empty() {
        let inside = packages::inside(tx, &edge).await?;
        let keys = inside.iter().map(|package| package.key);
        all.extend(keys.clone());
        found.extend(keys);
        edge = inside.iter().filter(|inside| inside.holds_packages).map(|one| one.key).collect();
    }
    let open: Vec<ItemKey> = packages::open_among(tx, &all).await?.into_iter().collect();
    found.extend(packages::units_inside(tx, &open).await?);
    Ok(found)
}
