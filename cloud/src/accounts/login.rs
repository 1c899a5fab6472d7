//! Logging in: slow to guess, and no faster for a login that does not exist.

use std::sync::{Mutex, PoisonError};

use sealtrace_protocol::time::Timestamp;
use tokio::sync::Semaphore;

use super::{Account, LoginError, password};
use crate::form::NUMBER_CHARACTERS_MAX;
use crate::http::limit::{Limiter, Rate};
use crate::store::{self, Store};

/// Tries for one login: five at once, then one every ten seconds.
const PER_LOGIN: Rate = Rate { burst: 5, refill_ms: 10_000 };
/// Tries from one address: an office shares one.
const PER_ADDRESS: Rate = Rate { burst: 30, refill_ms: 2_000 };
/// Passwords checked at the same time; each takes 19 MiB.
const CHECKS_MAX: usize = 4;

/// Keeps guessing slow. One per process.
#[derive(Debug)]
pub struct Logins {
    per_login: Mutex<Limiter>,
    per_address: Mutex<Limiter>,
    checks: Semaphore,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            per_login: Mutex::new(Limiter::new(PER_LOGIN)),
            per_address: Mutex::new(Limiter::new(PER_ADDRESS)),
            checks: Semaphore::new(CHECKS_MAX),
        }
    }
}

impl Logins {
    /// Names are remembered, so only those that can exist are.
    fn take(&self, login: &str, address: &str, now: Timestamp) -> Result<(), LoginError> {
        let too_many = |wait_ms| LoginError::TooMany { wait_ms };
        let mut per_address = self.per_address.lock().unwrap_or_else(PoisonError::into_inner);
        per_address.take(address, now).map_err(too_many)?;
        drop(per_address);
        if login.chars().count() > NUMBER_CHARACTERS_MAX || login.contains(char::is_control) {
            return Err(LoginError::Wrong);
        }
        let mut per_login = self.per_login.lock().unwrap_or_else(PoisonError::into_inner);
        per_login.take(login, now).map_err(too_many)
    }

    fn forgive(&self, login: &str) {
        self.per_login.lock().unwrap_or_else(PoisonError::into_inner).forgive(login);
    }
}

/// The account, if the password is right.
pub async fn log_in(
    store: &Store,
    logins: &Logins,
    (login, secret): (&str, String),
    address: &str,
    now: Timestamp,
) -> Result<Account, LoginError> {
    let login = login.trim().to_lowercase();
    logins.take(&login, address, now)?;
    let mut tx = store.read().await?;
    let stored = store::accounts::by_login(&mut tx, &login).await?;
    drop(tx);
    let verifier = stored.as_ref().map(|stored| stored.password.clone());
    let is_sane = secret.chars().count() <= password::PASSWORD_CHARACTERS_MAX;
    let permit = logins.checks.acquire().await;
    let fits = tokio::task::spawn_blocking(move || password::fits(&secret, verifier.as_deref()))
        .await
        .unwrap_or(false);
    drop(permit);
    let account = stored.filter(|_| fits && is_sane).ok_or(LoginError::Wrong)?.account;
    logins.forgive(&login);
    Ok(account)
}
