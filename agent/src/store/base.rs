//! What the cloud last said of each item: beside the item while operations of ours lie on it, the item itself otherwise.

use rusqlite::{OptionalExtension, Transaction, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::Item;
use sealtrace_protocol::wire::{decode, encode};

use super::rebase::Place;
use super::{StoreError, items};

/// The cloud's last word on a code; none when it never spoke of it.
pub(super) fn word(tx: &Transaction<'_>, code: Code) -> Result<Option<Item>, StoreError> {
    let aside: Option<Option<Vec<u8>>> = tx
        .prepare_cached("select body from base where code = ?1")
        .and_then(|mut query| query.query_row([code.canonical()], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("look the cloud's word up"))?;
    match aside {
        Some(body) => body.map(|body| Ok(decode(&body, "item")?)).transpose(),
        None => items::item(tx, code),
    }
}

/// What lies directly inside a package by the cloud's word.
pub(super) fn words_inside(tx: &Transaction<'_>, parent: Code) -> Result<Vec<Item>, StoreError> {
    let bodies: Vec<Vec<u8>> = tx
        .prepare_cached(
            "select body from item
             where parent = ?1 and not exists (select 1 from base where base.code = item.code)
             union all select body from base where parent = ?1",
        )
        .and_then(|mut query| query.query_map([parent.canonical()], |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("look the cloud's word up"))?;
    bodies.iter().map(|body| Ok(decode(body, "item")?)).collect()
}

/// The cloud says this of an item, or that nothing is known of it.
pub(super) fn believe(
    tx: &Transaction<'_>,
    code: Code,
    said: Option<&Item>,
) -> Result<(), StoreError> {
    let aside = tx
        .prepare_cached("update base set parent = ?2, body = ?3 where code = ?1")
        .and_then(|mut update| {
            let parent = said.and_then(|said| said.parent).map(|parent| parent.canonical());
            update.execute(params![code.canonical(), parent, said.map(encode)])
        })
        .map_err(StoreError::sqlite("keep the cloud's word"))?;
    match said {
        _ if aside > 0 => Ok(()),
        Some(said) => items::put(tx, said),
        None => items::forget(tx, code),
    }
}

/// Keeps the cloud's word before an operation of ours changes the item for the first time.
pub(super) fn set_aside(tx: &Transaction<'_>, code: &str) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into base (code, parent, body)
         values (?1, (select parent from item where code = ?1), (select body from item where code = ?1))
         on conflict (code) do nothing",
    )
    .and_then(|mut insert| insert.execute([code]))
    .map_err(StoreError::sqlite("keep the cloud's word"))?;
    Ok(())
}

/// The items an operation changed are as the cloud says again.
pub(super) fn restore(tx: &Transaction<'_>, place: Place) -> Result<(), StoreError> {
    let words: Vec<(String, Option<Vec<u8>>)> = tx
        .prepare_cached(
            "delete from base where code in (select code from touched where epoch = ?1 and seq = ?2)
             returning code, body",
        )
        .and_then(|mut query| {
            query
                .query_map(params![place.0, place.1], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .map_err(StoreError::sqlite("take an operation off"))?;
    for (code, body) in words {
        match body {
            Some(body) => items::put(tx, &decode(&body, "item")?)?,
            None => {
                let code = code.parse().map_err(|_| StoreError::Corrupt { what: "code" })?;
                items::forget(tx, code)?;
            }
        }
    }
    Ok(())
}

/// What the lowest of our operations on an item made of it is the cloud's word now.
pub(super) fn sink(tx: &Transaction<'_>, after: &Item) -> Result<(), StoreError> {
    let code = after.code.canonical();
    let more: bool = tx
        .prepare_cached(
            "select exists (select 1 from touched join operation using (epoch, seq)
             where code = ?1 and verdict is null and refused = 0)",
        )
        .and_then(|mut query| query.query_row([&code], |row| row.get(0)))
        .map_err(StoreError::sqlite("look an item up"))?;
    if more {
        return believe(tx, after.code, Some(after));
    }
    tx.prepare_cached("delete from base where code = ?1")
        .and_then(|mut delete| delete.execute([&code]))
        .map_err(StoreError::sqlite("keep the cloud's word"))?;
    Ok(())
}
