//! What the cloud says of units and packages: believed at once, or laid under our own operations that it has not
//! judged yet.

use std::collections::BTreeSet;

use rusqlite::Transaction;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, SiteId, Version};
use sealtrace_protocol::ledger::{Item, Level, State};
use sealtrace_protocol::link::FeedStream;
use sealtrace_protocol::time::Timestamp;

use super::super::{StoreError, base, effects, items, rebase};
use super::pages::reach;

/// Items stored in one job, so that scans get their turn in between.
pub const GOODS_PART_ITEMS: usize = 250;
/// Labels replaced one after the other that are followed; more would be a circle.
const REPLACED_MAX: usize = 16;

/// Stores a part of a page; with the last one the cursor the page leads to.
pub fn store_goods(
    tx: &Transaction<'_>,
    site: SiteId,
    part: &[Item],
    reached: Option<Cursor>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut news = News { tx, at, open: effects::any_open(tx)?, changed: BTreeSet::new() };
    for said in part {
        news.hear(said)?;
    }
    if !news.changed.is_empty() {
        rebase::rebase(tx, news.changed)?;
    }
    reached.map_or(Ok(()), |cursor| reach(tx, site, FeedStream::Goods, cursor, at))
}

struct News<'t> {
    tx: &'t Transaction<'t>,
    at: Timestamp,
    /// Operations of ours wait for their verdict: whatever changes may concern them.
    open: bool,
    changed: BTreeSet<Code>,
}

impl News<'_> {
    fn hear(&mut self, said: &Item) -> Result<(), StoreError> {
        // Of a label never heard of units may be known all the same: it took the place of one that was.
        let replaced = matches!(said.state, State::Replaced { .. });
        if !self.open && !replaced && items::begin(self.tx, said, self.at)? {
            return Ok(());
        }
        // What our own operations made of it says nothing about what is newer: only what was told does.
        if said.version <= items::told(self.tx, said.code)? {
            return items::refresh(self.tx, said.code, self.at);
        }
        let known = base::word(self.tx, said.code)?;
        self.believe(said.code, Some(said))?;
        items::set_told(self.tx, said.code, said.version)?;
        items::refresh(self.tx, said.code, self.at)?;
        self.concerns(said.parent);
        self.concerns(known.as_ref().and_then(|known| known.parent));
        if said.level > Level::Unit && (known.is_some() || replaced) {
            self.follow(said)
        } else {
            Ok(())
        }
    }

    fn believe(&mut self, code: Code, item: Option<&Item>) -> Result<(), StoreError> {
        base::believe(self.tx, code, item)?;
        self.concerns(Some(code));
        Ok(())
    }

    fn concerns(&mut self, code: Option<Code>) {
        if self.open {
            self.changed.extend(code);
        }
    }

    /// The feed names packages, not the units in them: what this device holds of those follows what is said of theirs.
    /// Under a new label they move with it; where others took some out, nobody here knows which, and they are forgotten.
    fn follow(&mut self, package: &Item) -> Result<(), StoreError> {
        let inside = base::words_inside(self.tx, package.code)?;
        if let State::Replaced { by, .. } = package.state {
            let by = self.standing(by)?;
            self.concerns(Some(by));
            for child in inside {
                self.believe(child.code, Some(&Item { parent: Some(by), ..child }))?;
            }
        } else if usize::try_from(package.children).is_ok_and(|children| children < inside.len()) {
            for child in inside.iter().filter(|child| child.level == Level::Unit) {
                self.believe(child.code, None)?;
                items::set_told(self.tx, child.code, Version(0))?;
            }
        }
        Ok(())
    }

    /// The label that stands where this one was put, as far as this device has heard: sites tell each of their own.
    fn standing(&self, label: Code) -> Result<Code, StoreError> {
        let mut standing = label;
        for _ in 0..REPLACED_MAX {
            let word = base::word(self.tx, standing)?;
            let Some(State::Replaced { by, .. }) = word.map(|word| word.state) else { break };
            standing = by;
        }
        Ok(standing)
    }
}
