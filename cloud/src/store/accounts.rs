//! Accounts of the pages and their sessions.

use sealtrace_protocol::time::Timestamp;

use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, counters};
use crate::accounts::{Account, AccountId, Role};

/// An account with what its password is checked against.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The account.
    pub account: Account,
    /// argon2id, PHC string.
    pub password: String,
}

/// Adds an account; `None` when the login is taken.
pub async fn add(
    tx: &mut Tx,
    login: &str,
    name: &str,
    role: Role,
    password: &str,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let id = AccountId(counters::next(tx, "account").await?);
    let added = tx
        .execute(
            "insert into accounts (id, login, name, role, password, created_at)
             values ($1, $2, $3, $4, $5, $6) on conflict (login) do nothing",
            &[
                id.0.into(),
                login.into(),
                name.into(),
                role.name().into(),
                password.into(),
                now.into(),
            ],
        )
        .await?;
    Ok((added == 1).then_some(id))
}

/// The account with this login.
pub async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<Stored>, StoreError> {
    let row = tx
        .query_opt(
            "select id, login, name, role, password from accounts where login = $1",
            &[login.into()],
        )
        .await?;
    row.map(|row| Ok(Stored { account: account(&row)?, password: row.get(4)? })).transpose()
}

/// The account with this id.
pub async fn by_id(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row = tx
        .query_opt("select id, login, name, role from accounts where id = $1", &[id.0.into()])
        .await?;
    row.as_ref().map(account).transpose()
}

/// Accounts whose login or name contains what is asked for.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Listing<Account>, StoreError> {
    let rows = tx
        .query(
            "select id, login, name, role from accounts
             where login like $1 escape '\\' or lower(name) like $1 escape '\\'
             order by login limit $2 offset $3",
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            "select count(*) from accounts
             where login like $1 escape '\\' or lower(name) like $1 escape '\\'",
            &[page.pattern()],
        )
        .await?;
    Ok(Listing { rows: rows.iter().map(account).collect::<Result<_, _>>()?, total: total.get(0)? })
}

fn account(row: &Row) -> Result<Account, StoreError> {
    let role: String = row.get(3)?;
    let role = Role::from_name(&role)
        .ok_or_else(|| StoreError::damaged("account", format!("there is no role {role}")))?;
    Ok(Account { id: AccountId(row.get(0)?), login: row.get(1)?, name: row.get(2)?, role })
}
