//! Who somebody says they are: a PIN checked against the verifier the feed brought, offline, and not too often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::http::StatusCode;
use sealtrace_protocol::link::Operator;
use serde::Deserialize;

use super::super::Page;
use super::super::error::ApiError;
use crate::feedback::Message;
use crate::store::feed;

/// Wrong PINs in a row before a login has to wait, and how long.
const WRONG_MAX: u32 = 5;
const WAIT_MS: u64 = 30_000;
/// Logins whose wrong PINs are counted.
const COUNTED_LOGINS_MAX: usize = 64;
/// Checked when nobody has this login, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A login and its PIN.
#[derive(Deserialize)]
pub(in crate::ui) struct Credentials {
    pub(super) login: String,
    pub(super) pin: String,
}

/// PINs tried by login, and when the last one was; right ones are forgotten.
#[derive(Default)]
pub(in crate::ui) struct Tries {
    counted: Mutex<BTreeMap<String, (u32, u64)>>,
    /// One PIN is checked at a time: each takes 19 MiB, which a PDA does not have many times.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The person whose login and PIN these are; `otherwise` is how it is answered that they are nobody's.
pub(super) async fn known(
    page: &Page,
    credentials: &Credentials,
    otherwise: StatusCode,
) -> Result<Operator, ApiError> {
    let (login, pin) = (credentials.login.clone(), credentials.pin.clone());
    page.tries.count(&login, page.agent.clock.monotonic_ms())?;
    let operator = page.agent.store.read(move |conn| feed::operator_by_login(conn, &login)).await?;
    let operator = operator.filter(|known| known.enabled);
    let verifier =
        operator.as_ref().map_or_else(|| NOBODY.to_owned(), |known| known.pin_verifier.clone());
    let turn = Arc::clone(&page.tries.turn).lock_owned().await;
    let check = move || {
        let right = verifies(&verifier, &pin);
        drop(turn);
        right
    };
    let right = tokio::task::spawn_blocking(check).await;
    let right = right.unwrap_or(false);
    if !right {
        let known = operator.as_ref().map(|operator| operator.id.get());
        tracing::warn!(operator.id = known, "a PIN was wrong");
    }
    let operator =
        operator.filter(|_| right).ok_or_else(|| ApiError::of(otherwise, "wrong_pin"))?;
    page.tries.forget(&credentials.login);
    Ok(operator)
}

impl Tries {
    /// Counts a try before it is made, so that many at once are no more than many in a row.
    fn count(&self, login: &str, now_ms: u64) -> Result<(), ApiError> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let (tries, at_ms) = counted.get(login).copied().unwrap_or_default();
        let waited_ms = now_ms.saturating_sub(at_ms);
        if tries >= WRONG_MAX && waited_ms < WAIT_MS {
            let message = Message::new("too_many_tries").with("wait_ms", WAIT_MS - waited_ms);
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message));
        }
        if counted.len() >= COUNTED_LOGINS_MAX && !counted.contains_key(login) {
            // The least suspicious makes room: made-up names do not wash a real one clean.
            let least = counted.iter().min_by_key(|(_, counts)| **counts);
            let least = least.map(|(login, _)| login.clone()).unwrap_or_default();
            counted.remove(&least);
        }
        counted.insert(login.to_owned(), (tries.saturating_add(1), now_ms));
        Ok(())
    }

    fn forget(&self, login: &str) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).remove(login);
    }
}

/// True when the PIN is the one that was hashed.
pub(crate) fn verifies(verifier: &str, pin: &str) -> bool {
    PasswordHash::new(verifier)
        .is_ok_and(|hash| Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok())
}

/// A verifier for a PIN as the feed carries it; for tests and tools that stand in for the cloud.
#[must_use]
pub fn hash_pin(pin: &str) -> Option<String> {
    Argon2::default().hash_password(pin.as_bytes()).ok().map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_logins_do_not_wash_a_real_one_clean() {
        let tries = Tries::default();
        for now_ms in 0..WRONG_MAX {
            assert!(tries.count("li", u64::from(now_ms)).is_ok());
        }
        for nobody in 0..3 * COUNTED_LOGINS_MAX {
            assert!(tries.count(&format!("nobody-{nobody}"), 10).is_ok());
        }
        assert!(tries.count("li", 20).is_err());
        assert!(tries.count("li", 20 + WAIT_MS).is_ok());
        assert!(tries.count("li", 21 + WAIT_MS).is_err());
        tries.forget("li");
        assert!(tries.count("li", 22 + WAIT_MS).is_ok());
    }
}
