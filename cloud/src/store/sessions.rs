//! Logins of the pages: what a session holds, under the hash of its cookie.

use sealtrace_protocol::time::Timestamp;

use super::{StoreError, Tx, Value};
use crate::accounts::AccountId;

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Who is signed in.
    pub account: Option<AccountId>,
    /// What it holds, JSON.
    pub data: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Adds a session; false when there is one under this id already.
pub async fn add(tx: &mut Tx, id: &str, session: &StoredSession) -> Result<bool, StoreError> {
    let added = tx
        .execute(
            "insert into sessions (id, account, data, expires_at) values ($1, $2, $3, $4)
             on conflict (id) do nothing",
            &values(id, session),
        )
        .await?;
    Ok(added == 1)
}

/// Keeps a session as it is now.
pub async fn save(tx: &mut Tx, id: &str, session: &StoredSession) -> Result<(), StoreError> {
    tx.execute(
        "insert into sessions (id, account, data, expires_at) values ($1, $2, $3, $4)
         on conflict (id) do update set account = excluded.account, data = excluded.data,
         expires_at = excluded.expires_at",
        &values(id, session),
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
            "select account, data, expires_at from sessions where id = $1 and expires_at > $2",
            &[id.into(), now.into()],
        )
        .await?;
    row.map(|row| {
        let account: Option<u64> = row.get(0)?;
        let account = account.map(AccountId);
        Ok(StoredSession { account, data: row.get(1)?, expires_at: row.get(2)? })
    })
    .transpose()
}

/// Ends a session.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.execute("delete from sessions where id = $1", &[id.into()]).await?;
    Ok(())
}

/// Ends all sessions of an account.
pub async fn remove_of(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    tx.execute("delete from sessions where account = $1", &[account.0.into()]).await?;
    Ok(())
}

/// Forgets what has ended by itself.
pub async fn remove_ended(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute("delete from sessions where expires_at <= $1", &[now.into()]).await
}

fn values(id: &str, session: &StoredSession) -> [Value; 4] {
    let account = session.account.map(|account| account.0);
    [id.into(), account.into(), session.data.as_str().into(), session.expires_at.into()]
}
