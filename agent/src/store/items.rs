//! Units and packages as this device knows them, and the facts an operation is judged by.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, OrderId, Version};
use sealtrace_protocol::ledger::{
    Effects, Facts, Issued, Item, Level, Need, Operation, Past, Presence, State, Touched,
};
use sealtrace_protocol::link::digest;
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::{decode, encode};

use super::{StoreError, feed, outbox};

/// How deep a tree can be: one step per level, with room for replaced labels on the way.
const DEPTH_MAX: usize = 16;

/// One item; none when this device never heard of it.
pub fn item(conn: &Connection, code: Code) -> Result<Option<Item>, StoreError> {
    let body: Option<Vec<u8>> = conn
        .prepare_cached("select body from item where code = ?1")
        .and_then(|mut query| query.query_row([code.canonical()], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("look an item up"))?;
    body.map(|body| Ok(decode(&body, "item")?)).transpose()
}

/// When the cloud last spoke of it; none when all we know is our own doing.
pub fn fresh_at(conn: &Connection, code: Code) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<Option<i64>> = conn
        .prepare_cached("select fresh_at from item where code = ?1")
        .and_then(|mut query| query.query_row([code.canonical()], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("look an item up"))?;
    Ok(at.flatten().map(Timestamp))
}

/// What lies directly inside a package, as far as this device knows, by code.
pub fn children(conn: &Connection, parent: Code) -> Result<Vec<Item>, StoreError> {
    let bodies: Vec<Vec<u8>> = conn
        .prepare_cached("select body from item where parent = ?1 order by code")
        .and_then(|mut query| query.query_map([parent.canonical()], |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("list a package's contents"))?;
    bodies.iter().map(|body| Ok(decode(body, "item")?)).collect()
}

/// What is known of one code, without a task in mind.
pub fn presence(conn: &Connection, code: Code) -> Result<Presence, StoreError> {
    known(conn, code, None)
}

/// Everything [`sealtrace_protocol::ledger::judge`] asks for about this operation.
pub fn facts(conn: &Connection, operation: &Operation) -> Result<Facts, StoreError> {
    let mut facts = Facts::new();
    if let Some(id) = operation.task() {
        facts.task = feed::task(conn, id)?.filter(|task| task.open).map(feed::ledger_task);
    }
    if let Some(id) = operation.document() {
        facts.document = feed::document(conn, id)?.map(|row| row.document);
    }
    if let Some(id) = operation.corrects() {
        let touched = touched(conn, id)?;
        for touched in &touched {
            gather(conn, &mut facts, touched.after.code, Need::Ancestors, None)?;
        }
        let done = outbox::operation(conn, id)?.filter(|_| !touched.is_empty());
        facts.past = done.map(|done| Past { site: done.site, touched });
    }
    let order = facts.task.as_ref().map(|task| task.order);
    for (code, need) in operation.needs() {
        gather(conn, &mut facts, code, need, order)?;
    }
    Ok(facts)
}

fn gather(
    conn: &Connection,
    facts: &mut Facts,
    code: Code,
    need: Need,
    order: Option<OrderId>,
) -> Result<(), StoreError> {
    let mut next = Some(code);
    let mut current = code;
    for _ in 0..DEPTH_MAX {
        let Some(code) = next else { break };
        let item = match known(conn, code, order)? {
            Presence::Present(item) => item,
            other @ (Presence::Absent(_)
            | Presence::Untold(_)
            | Presence::Unknown
            | Presence::Foreign) => {
                facts.set(code, other);
                break;
            }
        };
        next = match item.state {
            State::Replaced { by, .. } => {
                current = by;
                Some(by)
            }
            State::Free | State::Announced | State::Active => match need {
                Need::Item => None,
                Need::Ancestors | Need::Children => item.parent,
            },
        };
        if item.state == State::Free
            && let Some(issued) = issued(conn, code)?
        {
            facts.set_issued(code, issued);
        }
        facts.set(code, Presence::Present(item));
    }
    if need == Need::Children {
        gather_children(conn, facts, current)?;
    }
    Ok(())
}

/// A package whose contents this device does not hold completely (the cloud sends bottles of open packages only) is
/// as good as unknown to an operation that looks inside.
fn gather_children(conn: &Connection, facts: &mut Facts, code: Code) -> Result<(), StoreError> {
    let Presence::Present(package) = facts.presence(code).clone() else { return Ok(()) };
    let children = children(conn, code)?;
    if usize::try_from(package.children) != Ok(children.len()) {
        facts.set(code, Presence::Unknown);
        return Ok(());
    }
    facts.set_children(code, children.iter().map(|child| child.code).collect());
    for child in children {
        facts.set(child.code, Presence::Present(child));
    }
    Ok(())
}

fn known(conn: &Connection, code: Code, order: Option<OrderId>) -> Result<Presence, StoreError> {
    if let Some(item) = item(conn, code)? {
        return Ok(Presence::Present(item));
    }
    if let Some(issued) = issued(conn, code)? {
        return Ok(Presence::Untold(issued));
    }
    let foreign = match code {
        // A GTIN that is no product of ours, once we have heard of our products.
        Code::Sgtin(sgtin) => feed::is_other_gtin(conn, sgtin.gtin())?,
        // Ours by its form: foreign to a task whose order's codes are all known here, and this is none of them.
        Code::Minted(_) | Code::Sscc(_) => match order {
            Some(order) => feed::all_codes_known(conn, order, matches!(code, Code::Minted(_)))?,
            None => false,
        },
    };
    Ok(if foreign { Presence::Foreign } else { Presence::Unknown })
}

/// What a code was issued for, by the rolls, their digests and the leases this device holds.
fn issued(conn: &Connection, code: Code) -> Result<Option<Issued>, StoreError> {
    match code {
        Code::Minted(_) => {
            let key = i64::from_be_bytes(digest(&code));
            feed::issued_by_digest(conn, key)
        }
        Code::Sscc(sscc) => feed::issued_by_range(conn, sscc.body()),
        Code::Sgtin(_) => Ok(None),
    }
}

/// What an operation of ours did; nothing when it is not ours.
pub fn touched(conn: &Connection, id: OperationId) -> Result<Vec<Touched>, StoreError> {
    let rows: Vec<(Option<Vec<u8>>, Vec<u8>)> = conn
        .prepare_cached(
            "select before, after from touched where epoch = ?1 and seq = ?2 order by code",
        )
        .and_then(|mut query| {
            query
                .query_map(params![id.epoch.get(), id.seq.get()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("look an operation up"))?;
    rows.into_iter()
        .map(|(before, after)| {
            let before = before.map(|before| decode(&before, "item")).transpose()?;
            Ok(Touched { before, after: decode(&after, "item")? })
        })
        .collect()
}

/// Stores what an operation changed, and what it was before.
pub fn apply(tx: &Transaction<'_>, id: OperationId, effects: &Effects) -> Result<(), StoreError> {
    for after in &effects.items {
        let before = item(tx, after.code)?;
        tx.prepare_cached(
            "insert into touched (epoch, seq, code, before, after) values (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                id.epoch.get(),
                id.seq.get(),
                after.code.canonical(),
                before.as_ref().map(encode),
                encode(after),
            ])
        })
        .map_err(StoreError::sqlite("keep what an operation did"))?;
        put(tx, after)?;
        tx.prepare_cached("update item set pending = pending + 1 where code = ?1")
            .and_then(|mut update| update.execute([after.code.canonical()]))
            .map_err(StoreError::sqlite("mark an item"))?;
    }
    for moved in &effects.moves {
        for (content, sign) in
            moved.on.iter().map(|on| (on, 1)).chain(moved.off.iter().map(|off| (off, -1)))
        {
            tx.prepare_cached(
                "insert into moved (epoch, seq, document, product, units) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (epoch, seq, document, product) do update set units = units + excluded.units",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    id.epoch.get(),
                    id.seq.get(),
                    moved.document.get(),
                    content.product.get(),
                    i64::from(content.units) * sign,
                ])
            })
            .map_err(StoreError::sqlite("count a movement"))?;
        }
    }
    Ok(())
}

fn put(tx: &Transaction<'_>, item: &Item) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into item (code, level, parent, version, body) values (?1, ?2, ?3, ?4, ?5)
         on conflict (code) do update set level = excluded.level, parent = excluded.parent,
           version = excluded.version, body = excluded.body",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            item.code.canonical(),
            item.level.rank(),
            item.parent.map(|parent| parent.canonical()),
            item.version.get(),
            encode(item),
        ])
    })
    .map_err(StoreError::sqlite("store an item"))?;
    Ok(())
}

/// Where an item stands between our own operations and the cloud's word.
struct Standing {
    version: Version,
    pending: u32,
    doubtful: bool,
    aside: Option<Vec<u8>>,
}

fn standing(tx: &Transaction<'_>, code: Code) -> Result<Option<Standing>, StoreError> {
    tx.prepare_cached("select version, pending, doubtful, aside from item where code = ?1")
        .and_then(|mut query| {
            query
                .query_row([code.canonical()], |row| {
                    Ok(Standing {
                        version: Version(row.get(0)?),
                        pending: row.get(1)?,
                        doubtful: row.get(2)?,
                        aside: row.get(3)?,
                    })
                })
                .optional()
        })
        .map_err(StoreError::sqlite("look an item up"))
}

/// The cloud's word about an item. While operations of ours on it are unjudged it is kept aside; an older version than
/// ours is a page that was on its way while our own operation was counted, and is passed over.
pub(super) fn heard(tx: &Transaction<'_>, said: &Item, at: Timestamp) -> Result<(), StoreError> {
    match standing(tx, said.code)? {
        Some(standing) if standing.pending > 0 => {
            tx.prepare_cached("update item set aside = ?2, fresh_at = ?3 where code = ?1")
                .and_then(|mut update| {
                    update.execute(params![said.code.canonical(), encode(said), at.millis()])
                })
                .map_err(StoreError::sqlite("keep the cloud's word aside"))?;
            Ok(())
        }
        Some(standing) if !standing.doubtful && said.version < standing.version => Ok(()),
        Some(_) | None => believe(tx, said, at),
    }
}

fn believe(tx: &Transaction<'_>, said: &Item, at: Timestamp) -> Result<(), StoreError> {
    put(tx, said)?;
    tx.prepare_cached("update item set doubtful = 0, aside = null, fresh_at = ?2 where code = ?1")
        .and_then(|mut update| update.execute(params![said.code.canonical(), at.millis()]))
        .map_err(StoreError::sqlite("store an item"))?;
    if said.level == Level::Unit { Ok(()) } else { follow(tx, said) }
}

/// The feed names packages, not the units in them: what this device holds of those follows what is said of theirs.
/// Under a new label they move with it; where others took some out, nobody here knows which, and they are forgotten.
fn follow(tx: &Transaction<'_>, package: &Item) -> Result<(), StoreError> {
    let inside = children(tx, package.code)?;
    if let State::Replaced { by, .. } = package.state {
        for child in inside {
            if standing(tx, child.code)?.is_some_and(|standing| standing.pending == 0) {
                put(tx, &Item { parent: Some(by), version: child.version.next(), ..child })?;
            }
        }
    } else if usize::try_from(package.children) != Ok(inside.len()) {
        tx.prepare_cached("delete from item where parent = ?1 and level = ?2 and pending = 0")
            .and_then(|mut delete| {
                delete.execute(params![package.code.canonical(), Level::Unit.rank()])
            })
            .map_err(StoreError::sqlite("forget a package's units"))?;
    }
    Ok(())
}

/// An operation of ours was judged: its items are settled once nothing of ours is open on them.
pub(super) fn judged(
    tx: &Transaction<'_>,
    id: OperationId,
    counts: bool,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "delete from moved where epoch = ?1 and seq = ?2",
        params![id.epoch.get(), id.seq.get()],
    )
    .map_err(StoreError::sqlite("settle a movement"))?;
    for touched in touched(tx, id)? {
        let code = touched.after.code;
        tx.prepare_cached(
            "update item set pending = max(pending - 1, 0), doubtful = doubtful or ?2 where code = ?1",
        )
        .and_then(|mut update| update.execute(params![code.canonical(), !counts]))
        .map_err(StoreError::sqlite("settle an item"))?;
        let Some(standing) = standing(tx, code)? else { continue };
        if standing.pending == 0 {
            settle(tx, code, &standing, at)?;
        }
    }
    Ok(())
}

fn settle(
    tx: &Transaction<'_>,
    code: Code,
    standing: &Standing,
    at: Timestamp,
) -> Result<(), StoreError> {
    if let Some(aside) = &standing.aside {
        let said: Item = decode(aside, "item")?;
        if standing.doubtful || said.version >= standing.version {
            return believe(tx, &said, at);
        }
        tx.execute("update item set aside = null where code = ?1", [code.canonical()])
            .map_err(StoreError::sqlite("settle an item"))?;
        return Ok(());
    }
    if standing.doubtful { take_back(tx, code) } else { Ok(()) }
}

/// Nothing newer was heard of an item an operation of ours failed on: it goes back to what the last operation that
/// counted left, or to what it was before the first that did not.
fn take_back(tx: &Transaction<'_>, code: Code) -> Result<(), StoreError> {
    let rows: Vec<(bool, Option<Vec<u8>>, Vec<u8>)> = tx
        .prepare_cached(
            "select operation.verdict not like '{\"applied\"%', touched.before, touched.after
             from touched join operation using (epoch, seq)
             where touched.code = ?1 order by epoch, seq",
        )
        .and_then(|mut query| {
            query
                .query_map([code.canonical()], |row| {
                    Ok((row.get::<_, Option<bool>>(0)?.unwrap_or(true), row.get(1)?, row.get(2)?))
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("look an item's life up"))?;
    let counted = rows.iter().rev().find(|(failed, ..)| !failed).map(|(_, _, after)| after.clone());
    let before = rows.iter().find(|(failed, ..)| *failed).and_then(|(_, before, _)| before.clone());
    match counted.or(before) {
        Some(body) => put(tx, &decode(&body, "item")?),
        None => {
            tx.execute("delete from item where code = ?1", [code.canonical()])
                .map_err(StoreError::sqlite("forget an item"))?;
            Ok(())
        }
    }
}
