//! Accounts of the pages (账号): who may log in to console and inspector page, and as what.

pub mod http;
mod login;
pub mod password;
mod session;

use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use login::{Logins, log_in};
pub use session::{SESSION_COOKIE, SESSION_HOURS, Sessions};

use crate::form::{Check, Invalid};
use crate::store::{self, Retry, Store, StoreError};
use crate::writing;

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
    /// 审计员: reads everything of the console.
    Auditor,
    /// 稽查员: the inspector page.
    Inspector,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Auditor, Self::Inspector];

    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Inspector => "inspector",
        }
    }

    /// The role with this [`Role::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What somebody asks for who wants an account made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewAccount {
    /// What will be typed to log in.
    pub login: String,
    /// The name on screens.
    pub name: String,
    /// admin, auditor or inspector.
    pub role: String,
    /// The password.
    pub password: String,
}

/// Why there is no account, or no login.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The form is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such login, or another password.
    #[error("the login or the password is wrong")]
    WrongLogin,
    /// Too many tries.
    #[error("too many logins were tried; try again in {wait_ms} ms")]
    TooMany {
        /// How long to wait.
        wait_ms: u64,
    },
    /// No verifier could be made.
    #[error(transparent)]
    Hash(#[from] password::HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for AccountsError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// Makes an account.
pub async fn create_account(
    store: &Store,
    new: &NewAccount,
    now: Timestamp,
) -> Result<Account, AccountsError> {
    let mut check = Check::new();
    let login = check.login("login", &new.login);
    let name = check.name("name", &new.name);
    let role = check.choice("role", &new.role, Role::from_name);
    if let Some(fault) = password::weakness(&new.password, &login) {
        check.fault("password", fault);
    }
    let role = check.finish(role)?;
    let verifier = password::verifier_of(new.password.clone()).await?;
    let id = writing!(store, |tx| {
        let id = store::accounts::add(tx, &login, &name, role, &verifier, now).await?;
        id.ok_or_else(|| AccountsError::Invalid(Invalid::field("login", "taken")))
    })?;
    Ok(Account { id, login, name, role })
}
