//! Who changed what at the console: rows that are only ever added.

use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, Value, counters};
use crate::accounts::AccountId;
use crate::named::Named;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Create,
    /// It was changed.
    Edit,
    /// It was enabled.
    Enable,
    /// It was disabled.
    Disable,
    /// It was deleted.
    Delete,
}

impl Action {
    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Delete => "delete",
        }
    }
}

/// What is written down of one change.
pub struct Entry<'a> {
    /// Who did it; none = the command line.
    pub account: Option<AccountId>,
    /// Of which resource.
    pub resource: &'a str,
    /// Which row of it.
    pub subject: u64,
    /// What it was called.
    pub label: &'a str,
    /// What was done: a word of [`Action`], or of what documents go through.
    pub action: &'a str,
    /// How it was; null when it was not there.
    pub before: &'a Json,
    /// How it is; null when it is gone.
    pub after: &'a Json,
}

/// What was written down of one change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audited {
    /// Its place in the order of changes.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// Who; none = the command line.
    pub account: Option<Named<AccountId>>,
    /// Of which resource.
    pub resource: String,
    /// Which row of it.
    pub subject: u64,
    /// What it was called.
    pub label: String,
    /// What was done.
    pub action: String,
    /// How it was.
    pub before: Option<Json>,
    /// How it was afterwards.
    pub after: Option<Json>,
}

/// Which changes are asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this resource.
    pub resource: Option<String>,
    /// Of this row.
    pub subject: Option<u64>,
    /// By this account.
    pub account: Option<u64>,
}

/// Writes a change down.
pub async fn add(tx: &mut Tx, entry: &Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
    const ADD: &str = "insert into audit
        (id, at, account, resource, subject, label, action, before, after)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let id = counters::next(tx, "audit").await?;
    let json = |value: &Json| (!value.is_null()).then(|| value.to_string());
    tx.execute(
        ADD,
        &[
            id.into(),
            now.into(),
            entry.account.map(|account| account.0).into(),
            entry.resource.into(),
            entry.subject.into(),
            entry.label.into(),
            entry.action.into(),
            json(entry.before).into(),
            json(entry.after).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Changes, the newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    page: &Page,
) -> Result<Listing<Audited>, StoreError> {
    let asked = [
        ("a.resource", filter.resource.as_deref().map(Value::from)),
        ("a.subject", filter.subject.map(Value::from)),
        ("a.account", filter.account.map(Value::from)),
    ];
    let mut condition = String::from("true");
    let mut values = Vec::new();
    for (column, value) in asked {
        if let Some(value) = value {
            values.push(value);
            condition.push_str(&format!(" and {column} = ${}", values.len()));
        }
    }
    let count = format!("select count(*) from audit a where {condition}");
    let total = tx.query_one(&count, &values).await?.get(0)?;
    let (limit, offset) = (values.len() + 1, values.len() + 2);
    let sql = format!(
        "select a.id, a.at, a.account, c.name, a.resource, a.subject, a.label, a.action, a.before, a.after
         from audit a left join accounts c on c.id = a.account
         where {condition} order by a.id desc limit ${limit} offset ${offset}"
    );
    values.extend([page.limit(), page.offset()]);
    let rows = tx.query(&sql, &values).await?;
    Ok(Listing { rows: rows.iter().map(read).collect::<Result<_, _>>()?, total })
}

fn read(row: &Row) -> Result<Audited, StoreError> {
    let json = |at: usize| -> Result<Option<Json>, StoreError> {
        let text: Option<String> = row.get(at)?;
        let read = text.map(|text| serde_json::from_str(&text)).transpose();
        read.map_err(|error| StoreError::damaged("audit row", error))
    };
    let account: Option<u64> = row.get(2)?;
    let name: Option<String> = row.get(3)?;
    Ok(Audited {
        id: row.get(0)?,
        at: row.get(1)?,
        account: account.zip(name).map(|(id, name)| Named::new(AccountId(id), name)),
        resource: row.get(4)?,
        subject: row.get(5)?,
        label: row.get(6)?,
        action: row.get(7)?,
        before: json(8)?,
        after: json(9)?,
    })
}
