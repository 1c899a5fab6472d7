//! What operations of ours have done here: items touched, units moved, and what they were judged by.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, Transaction, params};
use sealtrace_protocol::ids::{DocumentId, ProductId};
use sealtrace_protocol::ledger::{Contents, Effects, Move, Operation, Role};
use sealtrace_protocol::wire::{decode, encode};

use super::items::People;
use super::rebase::{Key, Place};
use super::{StoreError, base, items};

/// In `looked_at`, documents are told from codes by this.
const DOCUMENT: &str = "document/";

/// Units moved under documents.
pub(super) type Moved = BTreeMap<(DocumentId, ProductId), i64>;

impl Key {
    fn text(self) -> String {
        match self {
            Self::Item(code) => code.canonical(),
            Self::Document(id) => format!("{DOCUMENT}{id}"),
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let key = match text.strip_prefix(DOCUMENT) {
            Some(id) => id.parse().ok().map(Self::Document),
            None => text.parse().ok().map(Self::Item),
        };
        key.ok_or(StoreError::Corrupt { what: "key" })
    }
}

/// An operation's effects come about, on top of all that came about before.
pub(super) fn apply(
    tx: &Transaction<'_>,
    place: Place,
    keys: &BTreeSet<Key>,
    effects: &Effects,
) -> Result<(), StoreError> {
    forget_touched(tx, place)?;
    let mut looked_at = keys.clone();
    for after in &effects.items {
        let code = after.code.canonical();
        base::set_aside(tx, &code)?;
        tx.prepare_cached(
            "insert into touched (epoch, seq, code, before, after)
             values (?1, ?2, ?3, (select body from item where code = ?3), ?4)",
        )
        .and_then(|mut insert| insert.execute(params![place.0, place.1, code, encode(after)]))
        .map_err(StoreError::sqlite("keep what an operation did"))?;
        items::put(tx, after)?;
        looked_at.remove(&Key::Item(after.code));
    }
    look_at(tx, place, &looked_at)?;
    keep_moves(tx, place, &effects.moves)?;
    for moved in &effects.moves {
        for (content, sign) in
            moved.on.iter().map(|on| (on, 1)).chain(moved.off.iter().map(|off| (off, -1)))
        {
            let units = i64::from(content.units) * sign;
            move_units(tx, place, moved.document, content.product, units)?;
        }
    }
    Ok(())
}

fn move_units(
    tx: &Transaction<'_>,
    place: Place,
    document: DocumentId,
    product: ProductId,
    units: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into moved (epoch, seq, document, product, units) values (?1, ?2, ?3, ?4, ?5)
         on conflict (epoch, seq, document, product) do update set units = units + excluded.units",
    )
    .and_then(|mut insert| {
        insert.execute(params![place.0, place.1, document.get(), product.get(), units])
    })
    .map_err(StoreError::sqlite("count a movement"))?;
    Ok(())
}

/// What it was judged by besides the items it changed.
pub(super) fn look_at(
    tx: &Transaction<'_>,
    place: Place,
    keys: &BTreeSet<Key>,
) -> Result<(), StoreError> {
    forget_looked_at(tx, place)?;
    let mut insert = tx
        .prepare_cached("insert into looked_at (key, epoch, seq) values (?1, ?2, ?3)")
        .map_err(StoreError::sqlite("keep what an operation was judged by"))?;
    for key in keys {
        insert
            .execute(params![key.text(), place.0, place.1])
            .map_err(StoreError::sqlite("keep what an operation was judged by"))?;
    }
    Ok(())
}

pub(super) fn forget_looked_at(tx: &Transaction<'_>, place: Place) -> Result<(), StoreError> {
    forget(tx, "delete from looked_at where epoch = ?1 and seq = ?2", place)
}

/// What an operation did is not so any more.
pub(super) fn forget_touched(tx: &Transaction<'_>, place: Place) -> Result<(), StoreError> {
    forget(tx, "update operation set moves = null where epoch = ?1 and seq = ?2", place)?;
    forget(tx, "delete from touched where epoch = ?1 and seq = ?2", place)
}

/// Only what the cloud has not counted.
pub(super) fn forget_moved(tx: &Transaction<'_>, place: Place) -> Result<(), StoreError> {
    forget(tx, "delete from moved where epoch = ?1 and seq = ?2 and counted = 0", place)
}

/// The cloud counts what it moved; until the document says so, it is counted here.
pub(super) fn count_moved(tx: &Transaction<'_>, place: Place) -> Result<(), StoreError> {
    forget(tx, "update moved set counted = 1 where epoch = ?1 and seq = ?2", place)
}

fn forget(tx: &Transaction<'_>, sql: &str, place: Place) -> Result<(), StoreError> {
    tx.prepare_cached(sql)
        .and_then(|mut delete| delete.execute(params![place.0, place.1]))
        .map_err(StoreError::sqlite("settle an operation"))?;
    Ok(())
}

/// What it moved stays known for as long as it may be taken back, whoever counts it.
fn keep_moves(tx: &Transaction<'_>, place: Place, moves: &[Move]) -> Result<(), StoreError> {
    let moves: Vec<_> = moves.iter().map(|moved| (moved.document, &moved.on, &moved.off)).collect();
    let body = (!moves.is_empty()).then(|| encode(&moves));
    tx.prepare_cached("update operation set moves = ?3 where epoch = ?1 and seq = ?2")
        .and_then(|mut update| update.execute(params![place.0, place.1, body]))
        .map_err(StoreError::sqlite("count a movement"))?;
    Ok(())
}

/// What an operation moved under documents.
pub(super) fn moves(conn: &Connection, place: Place) -> Result<Vec<Move>, StoreError> {
    let body: Option<Vec<u8>> = conn
        .prepare_cached("select moves from operation where epoch = ?1 and seq = ?2")
        .and_then(|mut query| query.query_row(params![place.0, place.1], |row| row.get(0)))
        .map_err(StoreError::sqlite("look an operation up"))?;
    let Some(body) = body else { return Ok(Vec::new()) };
    let moves: Vec<(DocumentId, Contents, Contents)> = decode(&body, "movements")?;
    Ok(moves.into_iter().map(|(document, on, off)| Move { document, on, off }).collect())
}

/// What an operation has moved that the cloud has not counted.
pub(super) fn moved(tx: &Transaction<'_>, place: Place) -> Result<Moved, StoreError> {
    tx.prepare_cached(
        "select document, product, units from moved where epoch = ?1 and seq = ?2 and counted = 0",
    )
    .and_then(|mut query| {
        query
            .query_map(params![place.0, place.1], |row| {
                Ok(((DocumentId(row.get(0)?), ProductId(row.get(1)?)), row.get(2)?))
            })?
            .collect()
    })
    .map_err(StoreError::sqlite("count movements"))
}

/// True when any operation waits for its verdict.
pub(super) fn any_open(conn: &Connection) -> Result<bool, StoreError> {
    conn.prepare_cached("select exists (select 1 from operation where verdict is null)")
        .and_then(|mut query| query.query_row([], |row| row.get(0)))
        .map_err(StoreError::sqlite("look for operations"))
}

/// Operations without a verdict that were judged by this.
pub(super) fn open_about(tx: &Transaction<'_>, key: Key) -> Result<Vec<Place>, StoreError> {
    tx.prepare_cached(
        "select epoch, seq from looked_at join operation using (epoch, seq)
         where key = ?1 and verdict is null
         union select epoch, seq from touched join operation using (epoch, seq)
         where code = ?1 and verdict is null",
    )
    .and_then(|mut query| {
        query.query_map([key.text()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    })
    .map_err(StoreError::sqlite("look for operations"))
}

/// What an operation was judged by, and what it changed.
pub(super) fn keys_of(tx: &Transaction<'_>, place: Place) -> Result<Vec<Key>, StoreError> {
    let keys: Vec<String> = tx
        .prepare_cached(
            "select key from looked_at where epoch = ?1 and seq = ?2
             union all select code from touched where epoch = ?1 and seq = ?2",
        )
        .and_then(|mut query| {
            query.query_map(params![place.0, place.1], |row| row.get(0))?.collect()
        })
        .map_err(StoreError::sqlite("look an operation up"))?;
    keys.iter().map(|key| Key::read(key)).collect()
}

/// True when it has no effects here.
pub(super) fn is_refused(tx: &Transaction<'_>, place: Place) -> Result<bool, StoreError> {
    tx.prepare_cached("select refused from operation where epoch = ?1 and seq = ?2")
        .and_then(|mut query| query.query_row(params![place.0, place.1], |row| row.get(0)))
        .map_err(StoreError::sqlite("look an operation up"))
}

/// True when the cloud has judged it and it does not count.
pub(super) fn is_void(conn: &Connection, place: Place) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "select exists (select 1 from operation
         where epoch = ?1 and seq = ?2 and refused = 1 and verdict is not null)",
    )
    .and_then(|mut query| query.query_row(params![place.0, place.1], |row| row.get(0)))
    .map_err(StoreError::sqlite("look an operation up"))
}

pub(super) fn set_refused(
    tx: &Transaction<'_>,
    place: Place,
    refused: bool,
) -> Result<(), StoreError> {
    tx.prepare_cached("update operation set refused = ?3 where epoch = ?1 and seq = ?2")
        .and_then(|mut update| update.execute(params![place.0, place.1, refused]))
        .map_err(StoreError::sqlite("settle an operation"))?;
    Ok(())
}

/// An operation, and what whoever did and approved it were then.
pub(super) fn operation(
    tx: &Transaction<'_>,
    place: Place,
) -> Result<(Operation, People), StoreError> {
    let (body, roles): (Vec<u8>, [Option<String>; 2]) = tx
        .prepare_cached("select body, role, approver from operation where epoch = ?1 and seq = ?2")
        .and_then(|mut query| {
            let read = |row: &Row<'_>| Ok((row.get(0)?, [row.get(1)?, row.get(2)?]));
            query.query_row(params![place.0, place.1], read)
        })
        .map_err(StoreError::sqlite("look an operation up"))?;
    let [role, approver] = roles.map(|role| role.and_then(|role| Role::from_name(&role)));
    Ok((decode(&body, "operation")?, People { role, approver }))
}
