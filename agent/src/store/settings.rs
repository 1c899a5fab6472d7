//! Small things that must be found again after a restart: the open screen, a lane's position, who is logged in.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// Remembers `value` under `key`, as JSON.
pub fn set<T: Serialize>(tx: &Transaction<'_>, key: &str, value: &T) -> Result<(), StoreError> {
    let text = serde_json::to_string(value).map_err(|_| StoreError::Corrupt { what: "setting" })?;
    tx.prepare_cached(
        "insert into setting (key, value) values (?1, ?2)
         on conflict (key) do update set value = excluded.value",
    )
    .and_then(|mut insert| insert.execute(params![key, text]))
    .map_err(StoreError::sqlite("remember a setting"))?;
    Ok(())
}

/// What is remembered under `key`; nothing when it does not read back as a `T` any more.
pub fn get<T: DeserializeOwned>(conn: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    let text: Option<String> = conn
        .prepare_cached("select value from setting where key = ?1")
        .and_then(|mut query| query.query_row([key], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("read a setting"))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Forgets `key`.
pub fn forget(tx: &Transaction<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute("delete from setting where key = ?1", [key])
        .map_err(StoreError::sqlite("forget a setting"))?;
    Ok(())
}
