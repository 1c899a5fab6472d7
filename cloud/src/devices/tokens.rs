//! Enrolment tokens: single use, fifteen minutes, bound to a name and to sites. Only their hash is kept.

use data_encoding::BASE32_NOPAD;
use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::time::Timestamp;

use crate::keys::{KeysError, random};
use crate::store::{Retry, Store, StoreError, devices as stored, organisations};
use crate::writing;

/// How long a token is good for.
pub const LIFETIME_MS: i64 = 15 * 60 * 1000;
/// The longest name a device can have.
pub const NAME_CHARACTERS_MAX: usize = 64;
/// Random bytes of a token: 24 characters that can be typed.
const BYTES: usize = 15;

/// A token that was just made; the text is shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What is typed or scanned on the device.
    pub text: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The device's name is empty, too long or not printable.
    #[error("a device's name has 1 to {NAME_CHARACTERS_MAX} printable characters")]
    Name {
        /// The word for it in a form.
        fault: &'static str,
    },
    /// It would work nowhere.
    #[error("name at least one site the device may work at")]
    NoSite,
    /// Not one of our sites.
    #[error("there is no site {0}: list the sites in the console")]
    NoSuchSite(SiteId),
    /// No randomness.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for TokenError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// Makes a token for a device with this name that may work at these sites.
pub async fn issue(
    store: &Store,
    name: &str,
    sites: &[SiteId],
    now: Timestamp,
) -> Result<Token, TokenError> {
    let name = name.trim();
    if let Some(fault) = name_fault(name) {
        return Err(TokenError::Name { fault });
    }
    if sites.is_empty() {
        return Err(TokenError::NoSite);
    }
    let text = BASE32_NOPAD.encode(&random::<BYTES>()?);
    let token = Token { text, expires_at: now.plus_ms(LIFETIME_MS) };
    writing!(store, |tx| {
        for site in sites {
            if organisations::site(tx, *site).await?.is_none() {
                return Err(TokenError::NoSuchSite(*site));
            }
        }
        stored::insert_token(tx, hash(&token.text), name, sites, now, token.expires_at).await?;
        Ok(token.clone())
    })
}

fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("required")
    } else if name.chars().count() > NAME_CHARACTERS_MAX {
        Some("too_long")
    } else if name.chars().any(char::is_control) {
        Some("characters")
    } else {
        None
    }
}

/// What is stored of a token. Typed tokens may come in small letters and with blanks around them.
#[must_use]
pub fn hash(text: &str) -> Hash {
    Hash::of(text.trim().to_ascii_uppercase().as_bytes())
}
