//! A device that knows a large site: its packages come through the feed's own function, then random ones are looked up.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use sealtrace_agent::clock::Clock;
use sealtrace_agent::store::{DATABASE_FILE, Store, StoreError, feed, items};
use sealtrace_protocol::code::{Code, Minted};
use sealtrace_protocol::ids::{Cursor, SiteId, Version};
use sealtrace_protocol::ledger::{
    Action, Contents, Custody, Item, Level, Operation, Pack, Presence, State,
};
use sealtrace_protocol::text::Lot;
use serde::Serialize;

use super::super::floor::{CASES_PER_PALLET, Floor, OPERATOR, PRODUCT, SITE};
use super::super::scans::UNITS_PER_CASE;
use super::super::times::{Pace, Times};
use super::{cases, rounded, say};
use crate::clock::Stopwatch;

/// Packages of one pallet: itself and its cases.
const PACKAGES_PER_PALLET: u32 = 1 + CASES_PER_PALLET;
/// Pallets told in one transaction.
const PALLETS_AT_ONCE: u32 = 200;
/// Ways of working that the program's operator needs cases for.
const PROGRAM_LEGS: u32 = 2;
/// Look-ups at most: more than these say nothing new.
const LOOKUPS_MAX: usize = 20_000;

/// What it is like to know that much.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Known {
    packages: u32,
    file_mb: f64,
    fill_seconds: f64,
    /// Facts of packing a random case, its pallet's included, with the file out of the system's cache at the start.
    pub(super) cold: Pace,
    /// The same afterwards.
    pub(super) warm: Pace,
    /// Going to the store and asking for nothing, between the look-ups.
    pub(super) control: Pace,
}

/// Fills a device's store and looks packages up.
pub(super) async fn measure(
    folder: &Path,
    packages: u32,
    time: Duration,
) -> Result<(Known, Floor)> {
    let floor = Floor::build(folder, PROGRAM_LEGS * cases(time)).await?;
    let pallets = packages.div_ceil(PACKAGES_PER_PALLET);
    let agent = floor.agent()?;
    let filling = Stopwatch::start();
    fill(&agent.store, pallets).await?;
    let fill_seconds = rounded(filling.elapsed().as_secs_f64());
    agent.store.close().await;
    let file = File::open(folder.join(DATABASE_FILE))?;
    let file_mb = f64::from(u32::try_from(file.metadata()?.len() >> 10)?) / 1_024.0;
    say(&format!("{} packages are there after {fill_seconds:.0} s", pallets * PACKAGES_PER_PALLET));
    file.sync_all()?;
    posix_fadvise(file.as_fd(), 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
    let store = Store::open(folder).context("the agent's store")?;
    let mut control = Times::default();
    let cold = look_up(&store, pallets, time, &mut control).await?.pace();
    let warm = look_up(&store, pallets, time, &mut control).await?.pace();
    store.close().await;
    let packages = pallets * PACKAGES_PER_PALLET;
    let known = Known {
        packages,
        file_mb: rounded(file_mb),
        fill_seconds,
        cold,
        warm,
        control: control.pace(),
    };
    Ok((known, floor))
}

/// Tells the store of pallets with their cases, as pages of the feed do.
async fn fill(store: &Store, pallets: u32) -> Result<()> {
    let at = Clock::new().now();
    for first in (0..pallets).step_by(usize::try_from(PALLETS_AT_ONCE)?) {
        let until = pallets.min(first + PALLETS_AT_ONCE);
        let mut part = Vec::new();
        for pallet in first..until {
            part.extend(packed(pallet)?);
        }
        let reached = Some(Cursor(u64::from(until)));
        store.write(move |tx| feed::store_goods(tx, SITE, &part, reached, at)).await?;
    }
    Ok(())
}

/// One pallet with its cases.
fn packed(pallet: u32) -> Result<Vec<Item>> {
    let lot = Lot::new("L20261120").context("lot")?;
    let units_per_case = u32::try_from(UNITS_PER_CASE)?;
    let outer = code(pallet * PACKAGES_PER_PALLET)?;
    let item = |code, level, parent: Option<Code>, children, units| Item {
        code,
        level,
        state: State::Active,
        parent,
        custody: parent.is_none().then_some(Custody::At(SITE)),
        contents: Contents::of(PRODUCT, lot, units),
        children,
        disputed: false,
        version: Version(1),
    };
    let units = CASES_PER_PALLET * units_per_case;
    let mut items = vec![item(outer, Level::Pallet, None, CASES_PER_PALLET, units)];
    for case in 1..PACKAGES_PER_PALLET {
        let code = code(pallet * PACKAGES_PER_PALLET + case)?;
        items.push(item(code, Level::Case, Some(outer), units_per_case, units_per_case));
    }
    Ok(items)
}

/// Minted codes in the order of their text, far enough apart to fill all of it.
fn code(nth: u32) -> Result<Code> {
    let body = u128::from(nth + 1) << 47;
    Ok(Code::Minted(Minted::new(11, body).context("no such code")?))
}

/// Looks random cases up for as long as asked: all that is needed to judge that one is put onto another pallet.
async fn look_up(
    store: &Store,
    pallets: u32,
    time: Duration,
    control: &mut Times,
) -> Result<Times> {
    let mut random = 1_u64;
    let mut times = Times::default();
    let all = Stopwatch::start();
    while all.elapsed() < time && times.count() < LOOKUPS_MAX {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pallet = u32::try_from((random >> 33) % u64::from(pallets))?;
        let case = u32::try_from((random >> 20) % u64::from(CASES_PER_PALLET))?;
        let case = code(pallet * PACKAGES_PER_PALLET + 1 + case)?;
        let operation = packing(case)?;
        let nothing = Stopwatch::start();
        store.read(|_| Ok::<_, StoreError>(())).await?;
        control.add(nothing.elapsed());
        let one = Stopwatch::start();
        let facts = store.read(move |conn| items::facts(conn, &operation)).await?;
        times.add(one.elapsed());
        ensure!(matches!(facts.presence(case), Presence::Present(_)), "{case:?} is not known");
    }
    Ok(times.lasted(all.elapsed()))
}

fn packing(case: Code) -> Result<Operation> {
    let pack = Pack {
        parent: code(u32::MAX - 1)?,
        level: Level::Pallet,
        children: vec![case],
        made: None,
        partial: None,
        mixed_lots: false,
    };
    Ok(Operation {
        at: Clock::new().stamp(),
        operator: Some(OPERATOR),
        approver: None,
        site: SiteId(SITE.get()),
        basis: Cursor(1),
        action: Action::Pack(pack),
    })
}
