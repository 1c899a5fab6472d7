//! Accounts of the pages, as logging in needs them.

use super::{Row, StoreError, Tx};
use crate::accounts::{Account, AccountId, Role};

/// An account with what its password is checked against.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The account.
    pub account: Account,
    /// argon2id, PHC string.
    pub password: String,
}

/// The account with this login, unless it is disabled.
pub async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<Stored>, StoreError> {
    const FIND: &str =
        "select id, login, name, role, password from accounts where login = $1 and enabled = 1";
    let row = tx.query_opt(FIND, &[login.into()]).await?;
    row.map(|row| Ok(Stored { account: account(&row)?, password: row.get(4)? })).transpose()
}

/// The account with this id, unless it is disabled.
pub async fn by_id(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    const FIND: &str = "select id, login, name, role from accounts where id = $1 and enabled = 1";
    let row = tx.query_opt(FIND, &[id.0.into()]).await?;
    row.as_ref().map(account).transpose()
}

/// True when somebody can log in.
pub async fn are_any(tx: &mut Tx) -> Result<bool, StoreError> {
    let row = tx.query_opt("select id from accounts where enabled = 1 limit 1", &[]).await?;
    Ok(row.is_some())
}

/// True when there is an administrator besides this account.
pub async fn are_other_admins(tx: &mut Tx, than: u64) -> Result<bool, StoreError> {
    const FIND: &str =
        "select id from accounts where role = $1 and enabled = 1 and id <> $2 limit 1";
    let row = tx.query_opt(FIND, &[Role::Admin.name().into(), than.into()]).await?;
    Ok(row.is_some())
}

fn account(row: &Row) -> Result<Account, StoreError> {
    let role: String = row.get(3)?;
    let role = Role::from_name(&role)
        .ok_or_else(|| StoreError::damaged("account", format!("there is no role {role}")))?;
    Ok(Account { id: AccountId(row.get(0)?), login: row.get(1)?, name: row.get(2)?, role })
}
