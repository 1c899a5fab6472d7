//! Accounts of the pages (账号): who may log in to console and inspector page, and as what.

pub mod http;
mod login;
pub mod password;
mod session;

use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use login::{Logins, log_in};
pub use session::{SESSION_COOKIE, SESSION_HOURS, SIGNED_IN, Sessions};

use crate::form::Check;
use crate::resource::{
    self, Change, Definition, Field, Form, Kind, Record, Resource, ResourceError, Secret, Use,
};
use crate::store::{self, Store, StoreError, Tx};

/// The id of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub u64);

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What is typed to log in.
    pub login: String,
    /// The name on screens.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 管理员: everything.
    Admin,
    /// 经理: everything but accounts, settings and devices.
    Manager,
    /// 审计员: reads everything of the console.
    Auditor,
    /// 稽查员: the inspector page.
    Inspector,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Manager, Self::Auditor, Self::Inspector];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Auditor => "auditor",
            Self::Inspector => "inspector",
        }
    }

    /// True when it may change what the console keeps.
    #[must_use]
    pub const fn may_change(self) -> bool {
        match self {
            Self::Admin | Self::Manager => true,
            Self::Auditor | Self::Inspector => false,
        }
    }

    /// The role with this [`Role::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// 账号.
pub struct Accounts;

const ROLES: [&str; 4] =
    [Role::Admin.name(), Role::Manager.name(), Role::Auditor.name(), Role::Inspector.name()];

/// Accounts: administrators alone see and change them.
pub static ACCOUNTS: Definition = Definition::new(
    "accounts",
    &[
        Field::new("login", Kind::Login).required().unique().fixed().listed().searched().sorted(),
        Field::name(),
        Field::new("role", Kind::Choice(&ROLES)).required().listed().filtered().sorted(),
        Field::new("password", Kind::Secret(Secret::Password)).required(),
    ],
)
.only_for(&[Role::Admin])
.used_by(&[
    Use::new("audit", "audit", &[("account", "id")]),
    Use::new("documents", "document_history", &[("account", "id")]),
    Use::new("inspections", "inspections", &[("account", "id")]),
]);

impl Resource for Accounts {
    const DEFINITION: &'static Definition = &ACCOUNTS;

    async fn check(tx: &mut Tx, change: &Change<'_>, check: &mut Check) -> Result<(), StoreError> {
        let Some((before, after)) = change.before.zip(change.after) else { return Ok(()) };
        if is_admin(before) && !is_admin(after) {
            let are_others = store::accounts::are_other_admins(tx, change.id).await?;
            check.require(are_others, "role", "last_admin");
        }
        Ok(())
    }

    async fn must_stay(
        tx: &mut Tx,
        record: &Record,
        by: Option<AccountId>,
    ) -> Result<Option<&'static str>, StoreError> {
        if by == Some(AccountId(record.id)) {
            return Ok(Some("yourself"));
        }
        let are_others = store::accounts::are_other_admins(tx, record.id).await?;
        Ok((is_admin(record) && !are_others).then_some("last_admin"))
    }

    /// Whoever was signed in as somebody with another password, or as nobody any more, is signed out.
    async fn changed(tx: &mut Tx, change: &Change<'_>) -> Result<(), StoreError> {
        let is_gone = change.after.is_none_or(|after| !after.enabled);
        if is_gone || change.new_secret {
            store::sessions::remove_of(tx, AccountId(change.id)).await?;
        }
        Ok(())
    }
}

fn is_admin(record: &Record) -> bool {
    record.enabled && record.cells.text("role") == Role::Admin.name()
}

/// An account as the command line asks for it.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What will be typed to log in.
    pub login: String,
    /// The name on screens.
    pub name: String,
    /// admin, manager, auditor or inspector.
    pub role: String,
    /// The password.
    pub password: String,
}

/// Makes an account on behalf of nobody who is signed in.
pub async fn create_account(
    store: &Store,
    new: &NewAccount,
    now: Timestamp,
) -> Result<(), ResourceError> {
    let NewAccount { login, name, role, password } = new;
    let form = [("login", login), ("name", name), ("role", role), ("password", password)];
    let form: Form =
        form.map(|(field, text)| (field.to_owned(), json!(text))).into_iter().collect();
    resource::create::<Accounts>(store, &form, None, now).await.map(drop)
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such login, or another password.
    #[error("the login or the password is wrong")]
    Wrong,
    /// Too many tries.
    #[error("too many logins were tried; try again in {wait_ms} ms")]
    TooMany {
        /// How long to wait.
        wait_ms: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
