//! Units and packages as this device knows them, and the facts an operation is judged by.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, OperatorId, OrderId, SiteId, Version};
use sealtrace_protocol::ledger::{
    Action, Custody, Facts, Issued, Item, Level, Need, Operation, Past, Presence, Role, State,
    Touched, Worker,
};
use sealtrace_protocol::link::digest;
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::{decode, encode};

use super::{StoreError, effects, feed, outbox, stream, strips};

/// How deep a tree can be: one step per level, with room for replaced labels on the way.
pub(super) const DEPTH_MAX: usize = 16;

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

/// What this device did with it last: which kind of operation, and when.
pub fn last_done(conn: &Connection, code: Code) -> Result<Option<(String, Timestamp)>, StoreError> {
    conn.prepare_cached(
        "select kind, operation.at from touched join operation using (epoch, seq)
         where code = ?1 order by epoch desc, seq desc limit 1",
    )
    .and_then(|mut query| {
        let read = |row: &Row<'_>| Ok((row.get(0)?, Timestamp(row.get(1)?)));
        query.query_row([code.canonical()], read).optional()
    })
    .map_err(StoreError::sqlite("look an item up"))
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

/// Everything [`sealtrace_protocol::ledger::judge`] asks for about an operation that is done now.
pub fn facts(conn: &Connection, operation: &Operation) -> Result<Facts, StoreError> {
    Ok(gather(conn, operation, Standpoint::Now)?.facts)
}

/// When an operation is judged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standpoint {
    /// As it is done, after everything that was done before.
    Now,
    /// Again, in its place among the others.
    Again {
        /// Its epoch and seq.
        place: (u32, u64),
        /// What whoever did and approved it were when it was done; that they were permitted was made sure of then.
        people: People,
    },
}

/// What whoever did an operation, and whoever approved it, were when it was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct People {
    pub(super) role: Option<Role>,
    pub(super) approver: Option<Role>,
}

/// Facts, and the codes they speak of.
pub(super) struct Gathered<'c> {
    conn: &'c Connection,
    /// What is inside a package matters to it, all of it.
    looks_inside: bool,
    order: Option<OrderId>,
    /// The place it is judged at; none = behind everything.
    before: Option<(u32, u64)>,
    /// Labels were written off here.
    has_strips: bool,
    pub(super) facts: Facts,
    pub(super) codes: BTreeSet<Code>,
}

pub(super) fn gather<'c>(
    conn: &'c Connection,
    operation: &Operation,
    standpoint: Standpoint,
) -> Result<Gathered<'c>, StoreError> {
    let mut facts = Facts::new();
    if let Some((task, revision)) = operation.task() {
        let row = feed::task(conn, task)?.filter(|row| row.revision == revision);
        facts.task = row.and_then(feed::ledger_task);
    }
    facts.device = stream::read(conn)?.map(|stream| stream.device);
    facts.rules = feed::rules(conn, operation.site)?;
    let mut before = None;
    match standpoint {
        Standpoint::Now => {
            let known = |person: Option<OperatorId>| {
                person.map(|person| feed::may_work(conn, person, operation.site)).transpose()
            };
            facts.worker = known(operation.operator)?.flatten();
            facts.approver = known(operation.approver)?.flatten();
        }
        Standpoint::Again { place, people } => {
            before = Some(place);
            let permitted = |role| Worker { role, permitted: true };
            facts.worker = people.role.map(permitted);
            facts.approver = people.approver.map(permitted);
        }
    }
    for id in operation.documents() {
        if let Some(row) = feed::document_before(conn, id, before)? {
            facts.set_document(row.document);
        }
    }
    let order = facts.task.as_ref().map(|task| task.order);
    let looks_inside = looks_inside(&operation.action);
    if let Some(asked) = operation.strip() {
        facts.strip = strips::known(conn, asked, before)?;
    }
    let has_strips = strips::any(conn)?;
    let codes = BTreeSet::new();
    let mut gathered = Gathered { conn, looks_inside, order, before, has_strips, facts, codes };
    if let Some(id) = operation.corrects() {
        gathered.add_past(id)?;
    }
    for (code, need) in operation.needs() {
        gathered.add(code, need)?;
    }
    gathered.add_terms(operation)?;
    Ok(gathered)
}

impl Gathered<'_> {
    fn set(&mut self, code: Code, presence: Presence) -> Result<(), StoreError> {
        let is_used = presence.item().is_some_and(|item| item.state != State::Free);
        if self.has_strips
            && !is_used
            && let Some(fate) = strips::fate(self.conn, code, self.before)?
        {
            self.facts.set_written_off(code, fate);
        }
        self.codes.insert(code);
        self.facts.set(code, presence);
        Ok(())
    }

    /// What an operation of ours did; nothing of one that did not count.
    fn add_past(&mut self, id: OperationId) -> Result<(), StoreError> {
        let touched = touched(self.conn, id)?;
        for touched in &touched {
            self.add(touched.after.code, Need::Ancestors)?;
        }
        let done = outbox::operation(self.conn, id)?;
        let place = (id.epoch.get(), id.seq.get());
        if let Some(done) = done
            && !effects::is_void(self.conn, place)?
        {
            let moves = effects::moves(self.conn, place)?;
            self.facts.past = Some(Past { site: done.site, touched, moves });
        }
        Ok(())
    }

    fn add(&mut self, code: Code, need: Need) -> Result<(), StoreError> {
        let mut next = Some(code);
        let mut current = code;
        for _ in 0..DEPTH_MAX {
            let Some(code) = next else { break };
            let item = match known(self.conn, code, self.order)? {
                Presence::Present(item) => item,
                other @ (Presence::Absent(_)
                | Presence::Untold(_)
                | Presence::Unknown
                | Presence::Foreign) => {
                    self.set(code, other)?;
                    break;
                }
            };
            next = match item.state {
                State::Replaced { by, .. } => {
                    current = by;
                    Some(by)
                }
                State::Free | State::Announced { .. } | State::Active => match need {
                    Need::Item => None,
                    Need::Ancestors | Need::Children => item.parent,
                },
            };
            let is_made = item.state == State::Active && item.level == Level::Unit;
            if !is_made && let Some(issued) = issued(self.conn, code)? {
                self.facts.set_issued(code, issued);
            }
            self.set(code, Presence::Present(item))?;
        }
        if need == Need::Children { self.add_children(current) } else { Ok(()) }
    }

    /// A package whose contents this device does not hold completely (the cloud sends bottles of open packages only)
    /// is as good as unknown to an operation that looks inside. Others are told of those that are known here.
    fn add_children(&mut self, code: Code) -> Result<(), StoreError> {
        let Presence::Present(package) = self.facts.presence(code).clone() else { return Ok(()) };
        let children = children(self.conn, code)?;
        self.codes.extend(children.iter().map(|child| child.code));
        if self.looks_inside && usize::try_from(package.children) != Ok(children.len()) {
            return self.set(code, Presence::Unknown);
        }
        self.facts.set_children(code, children.iter().map(|child| child.code).collect());
        for child in children {
            self.set(child.code, Presence::Present(child))?;
        }
        Ok(())
    }

    /// The terms of what the operation turned out to be about.
    fn add_terms(&mut self, operation: &Operation) -> Result<(), StoreError> {
        for (product, lot) in self.facts.lots() {
            if let Some(terms) = feed::terms(self.conn, product, lot)? {
                self.facts.set_lot(product, lot, terms);
            }
        }
        let mut products = self.facts.products();
        if let Action::OpenTask(open) = &operation.action {
            products.insert(open.product);
        }
        for product in products {
            if let Some(permit) = feed::permit(self.conn, product)? {
                self.facts.set_permit(product, permit);
            }
        }
        Ok(())
    }
}

/// True when an operation is judged by everything that is inside a package it names.
const fn looks_inside(action: &Action) -> bool {
    match action {
        Action::Unpack(_) | Action::Relabel(_) | Action::VerifyPack(_) => true,
        Action::OpenTask(_)
        | Action::Commission(_)
        | Action::Pack(_)
        | Action::AddTo(_)
        | Action::Regroup(_)
        | Action::Receive(_)
        | Action::Ship(_)
        | Action::Return(_)
        | Action::Transfer(_)
        | Action::Reassign(_)
        | Action::Count(_)
        | Action::PostCount(_)
        | Action::Sample(_)
        | Action::Destroy(_)
        | Action::WriteOff(_)
        | Action::Inspect(_)
        | Action::Correct(_)
        | Action::Settle(_) => false,
    }
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

/// What an operation of ours did, in the order of codes; nothing when it is not ours.
pub fn touched(conn: &Connection, id: OperationId) -> Result<Vec<Touched>, StoreError> {
    let rows: Vec<(Option<Vec<u8>>, Vec<u8>)> = conn
        .prepare_cached("select before, after from touched where epoch = ?1 and seq = ?2")
        .and_then(|mut query| {
            query
                .query_map(params![id.epoch.get(), id.seq.get()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("look an operation up"))?;
    let read = |(before, after): (Option<Vec<u8>>, Vec<u8>)| {
        let before = before.map(|before| decode(&before, "item")).transpose()?;
        Ok(Touched { before, after: decode(&after, "item")? })
    };
    let mut touched: Vec<Touched> =
        rows.into_iter().map(read).collect::<Result<_, StoreError>>()?;
    touched.sort_unstable_by_key(|touched| touched.after.code);
    Ok(touched)
}

/// Stores an item as this device sees it from now on.
pub(super) fn put(tx: &Transaction<'_>, item: &Item) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into item (code, level, parent, at, body) values (?1, ?2, ?3, ?4, ?5)
         on conflict (code) do update set level = excluded.level, parent = excluded.parent,
           at = excluded.at, body = excluded.body",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            item.code.canonical(),
            item.level.rank(),
            item.parent.map(|parent| parent.canonical()),
            stands_at(item).map(SiteId::get),
            encode(item),
        ])
    })
    .map_err(StoreError::sqlite("store an item"))?;
    Ok(())
}

/// The site where an item stands by itself.
fn stands_at(item: &Item) -> Option<SiteId> {
    match item.custody {
        Some(Custody::At(site)) if item.parent.is_none() && item.is_in_use() => Some(site),
        Some(
            Custody::At(_)
            | Custody::Sent { .. }
            | Custody::Shipped { .. }
            | Custody::Lost { .. }
            | Custody::Gone { .. },
        )
        | None => None,
    }
}

/// Everything that stands by itself at a site, as far as this device knows.
pub fn standing_at(conn: &Connection, site: SiteId) -> Result<Vec<Item>, StoreError> {
    let bodies: Vec<Vec<u8>> = conn
        .prepare_cached("select body from item where at = ?1 order by code")
        .and_then(|mut query| query.query_map([site.get()], |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("list a site's stock"))?;
    bodies.iter().map(|body| Ok(decode(body, "item")?)).collect()
}

/// Stores an item the cloud speaks of for the first time; false when it is known already.
pub(super) fn begin(tx: &Transaction<'_>, item: &Item, at: Timestamp) -> Result<bool, StoreError> {
    let rows = tx
        .prepare_cached(
            "insert into item (code, level, parent, at, body, told, fresh_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (code) do nothing",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                item.code.canonical(),
                item.level.rank(),
                item.parent.map(|parent| parent.canonical()),
                stands_at(item).map(SiteId::get),
                encode(item),
                item.version.get(),
                at.millis(),
            ])
        })
        .map_err(StoreError::sqlite("store an item"))?;
    Ok(rows == 1)
}

/// The version of an item that the feed last told; 0 when it never did.
pub(super) fn told(tx: &Transaction<'_>, code: Code) -> Result<Version, StoreError> {
    let told: Option<u32> = tx
        .prepare_cached("select told from item where code = ?1")
        .and_then(|mut query| query.query_row([code.canonical()], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("look an item up"))?;
    Ok(Version(told.unwrap_or_default()))
}

/// Notes which version of an item the feed told.
pub(super) fn set_told(
    tx: &Transaction<'_>,
    code: Code,
    version: Version,
) -> Result<(), StoreError> {
    tx.prepare_cached("update item set told = ?2 where code = ?1")
        .and_then(|mut update| update.execute(params![code.canonical(), version.get()]))
        .map_err(StoreError::sqlite("store an item"))?;
    Ok(())
}

/// Notes that the cloud spoke of it.
pub(super) fn refresh(tx: &Transaction<'_>, code: Code, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached("update item set fresh_at = ?2 where code = ?1")
        .and_then(|mut update| update.execute(params![code.canonical(), at.millis()]))
        .map_err(StoreError::sqlite("store an item"))?;
    Ok(())
}

/// Forgets an item.
pub(super) fn forget(tx: &Transaction<'_>, code: Code) -> Result<(), StoreError> {
    tx.prepare_cached("delete from item where code = ?1")
        .and_then(|mut delete| delete.execute([code.canonical()]))
        .map_err(StoreError::sqlite("forget an item"))?;
    Ok(())
}
