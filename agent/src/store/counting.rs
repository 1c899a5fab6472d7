//! Stock counts (盘点): what was seen under a count, beside what this device believes to be at the site.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperationId, SiteId};
use sealtrace_protocol::ledger::{Action, Custody, Item, Operation, State};
use sealtrace_protocol::wire::decode;

use super::{StoreError, feed, items};

/// How a counted site and the ledger differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Believed to be here, and not seen.
    pub lost: Vec<Code>,
    /// Seen here, and believed to be elsewhere.
    pub found: Vec<Code>,
}

/// Compares what operations of this device saw under a count with what it believes to stand at the site. A count that
/// asks for products is about those alone.
pub fn difference(
    conn: &Connection,
    count: DocumentId,
    site: SiteId,
) -> Result<Difference, StoreError> {
    let asked: BTreeSet<_> = feed::document(conn, count)?
        .map(|row| row.document.lines.iter().map(|line| line.product).collect())
        .unwrap_or_default();
    let is_asked_for = |item: &Item| {
        asked.is_empty() || item.contents.iter().any(|content| asked.contains(&content.product))
    };
    let (mut roots, mut found) = (BTreeSet::new(), Vec::new());
    for code in seen(conn, count)? {
        let Some((item, root)) = standing(conn, code)? else { continue };
        let here = root.custody == Some(Custody::At(site));
        let gone = matches!(root.custody, Some(Custody::Gone { .. }));
        roots.insert(root.code);
        if !here && !gone && item.is_in_use() {
            found.push(item.code);
        }
    }
    let mut lost = items::standing_at(conn, site)?;
    lost.retain(|item| !roots.contains(&item.code) && is_asked_for(item));
    Ok(Difference { lost: lost.iter().map(|item| item.code).collect(), found })
}

/// How many codes operations of this device saw under a count.
pub fn seen_count(conn: &Connection, count: DocumentId) -> Result<usize, StoreError> {
    Ok(seen(conn, count)?.len())
}

/// What operations of this device saw under a count, unless they were taken back or do not count.
fn seen(conn: &Connection, count: DocumentId) -> Result<BTreeSet<Code>, StoreError> {
    let rows: Vec<(u32, u64, Vec<u8>)> = conn
        .prepare_cached(
            "select epoch, seq, body from operation where kind in ('count', 'correct') and refused = 0",
        )
        .and_then(|mut query| {
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .map_err(StoreError::sqlite("look counts up"))?;
    let (mut counts, mut undone) = (Vec::new(), BTreeSet::new());
    for (epoch, seq, body) in rows {
        let operation: Operation = decode(&body, "operation")?;
        if let Some(OperationId { epoch, seq, .. }) = operation.corrects() {
            undone.insert((epoch.get(), seq.get()));
        }
        if let Action::Count(done) = operation.action
            && done.document == count
        {
            counts.push(((epoch, seq), done.codes));
        }
    }
    counts.retain(|(place, _)| !undone.contains(place));
    Ok(counts.into_iter().flat_map(|(_, codes)| codes).collect())
}

/// An item under the label it has by now, and the outermost package it is in; none when nobody here knows it.
fn standing(conn: &Connection, code: Code) -> Result<Option<(Item, Item)>, StoreError> {
    let mut item = items::item(conn, code)?;
    for _ in 0..items::DEPTH_MAX {
        let Some(State::Replaced { by, .. }) = item.as_ref().map(|item| item.state) else { break };
        item = items::item(conn, by)?;
    }
    let Some(item) = item else { return Ok(None) };
    let mut root = item.clone();
    for _ in 0..items::DEPTH_MAX {
        let Some(parent) = root.parent else { break };
        let Some(package) = items::item(conn, parent)? else { break };
        root = package;
    }
    Ok(Some((item, root)))
}
