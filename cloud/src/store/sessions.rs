//! Logins of the pages: what a session holds, under the hash of its cookie.

use sealtrace_protocol::time::Timestamp;

use super::{StoreError, Tx};

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// What it holds, JSON.
    pub data: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Adds a session; false when there is one under this id already.
pub async fn add(tx: &mut Tx, id: &str, session: &StoredSession) -> Result<bool, StoreError> {
    let added = tx
        .execute(
            "insert into sessions (id, data, expires_at) values ($1, $2, $3) on conflict (id) do nothing",
            &[id.into(), session.data.as_str().into(), session.expires_at.into()],
        )
        .await?;
    Ok(added == 1)
}

/// Keeps a session as it is now.
pub async fn save(tx: &mut Tx, id: &str, session: &StoredSession) -> Result<(), StoreError> {
    tx.execute(
        "insert into sessions (id, data, expires_at) values ($1, $2, $3)
         on conflict (id) do update set data = excluded.data, expires_at = excluded.expires_at",
        &[id.into(), session.data.as_str().into(), session.expires_at.into()],
    )
    .await?;
    Ok(())
}

/// The session, unless it has ended.
pub async fn load(
    tx: &mut Tx,
    id: &str,
    now: Timestamp,
) -> Result<Option<StoredSession>, StoreError> {
    let row = tx
        .query_opt(
            "select data, expires_at from sessions where id = $1 and expires_at > $2",
            &[id.into(), now.into()],
        )
        .await?;
    row.map(|row| Ok(StoredSession { data: row.get(0)?, expires_at: row.get(1)? })).transpose()
}

/// Ends a session.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.execute("delete from sessions where id = $1", &[id.into()]).await?;
    Ok(())
}

/// Forgets what has ended by itself.
pub async fn remove_ended(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute("delete from sessions where expires_at <= $1", &[now.into()]).await
}
