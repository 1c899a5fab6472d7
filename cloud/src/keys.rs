//! The cloud's own secrets: made at the first start, kept in the database so that all processes have the same.
//!
//! Four kinds: the authority that signs devices' certificates, the key that signs receipts, the key that signs what people
//! at the console do to the ledger (see [`crate::office`]), and the keys that make codes (see [`crate::codes::cipher`]).
//! They never leave the cloud.

use ring::rand::{SecureRandom, SystemRandom};
use sealtrace_protocol::signing::SigningKey;
use sealtrace_protocol::time::Timestamp;

use crate::devices::authority::{Authority, AuthorityError};
use crate::store::{Store, StoreError, Tx, keys as stored};
use crate::writing;

/// What the purposes are called in the store.
const AUTHORITY: &str = "authority";
const RECEIPT: &str = "receipt";
const OFFICE: &str = "office";
const FIRST_MINT_KEY: &str = "mint/1";

/// Secrets that are used all the time. The keys that make codes are in the codebook.
pub struct Keys {
    /// Signs receipts.
    pub receipt: SigningKey,
    /// Signs what the console does.
    pub office: SigningKey,
    /// Signs certificates.
    pub authority: Authority,
}

/// Why the secrets are not there.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The system gave no randomness.
    #[error("the system gives no random numbers")]
    Randomness,
    /// A signing key in the store is none.
    #[error("the stored signing key `{0}` is damaged: restore the database from a backup")]
    SigningKey(&'static str),
    /// The authority cannot be made or read.
    #[error("the certificate authority cannot be used")]
    Authority(#[from] AuthorityError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Bytes nobody can guess.
pub fn random<const N: usize>() -> Result<[u8; N], KeysError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeysError::Randomness)?;
    Ok(bytes)
}

impl Keys {
    /// Reads the secrets; the first start makes them.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, KeysError> {
        make_missing(store, now).await?;
        let mut tx = store.read().await?;
        let receipt = signing_key(&mut tx, RECEIPT).await?;
        let office = signing_key(&mut tx, OFFICE).await?;
        let authority = stored::secret(&mut tx, AUTHORITY).await?;
        let authority = Authority::read(&authority.secret, authority.public.unwrap_or_default())?;
        Ok(Self { receipt, office, authority })
    }
}

async fn signing_key(tx: &mut Tx, purpose: &'static str) -> Result<SigningKey, KeysError> {
    let stored = stored::secret(tx, purpose).await?;
    let seed = <[u8; 32]>::try_from(stored.secret).ok();
    seed.and_then(|seed| SigningKey::from_seed(&seed)).ok_or(KeysError::SigningKey(purpose))
}

/// Makes what is missing. Of processes that start together one wins, and all use what it made.
async fn make_missing(store: &Store, now: Timestamp) -> Result<(), KeysError> {
    let there = stored::purposes(&mut store.read().await?).await?;
    let missing = |purpose: &str| !there.iter().any(|known| known == purpose);
    let mut made = Vec::new();
    for purpose in [RECEIPT, OFFICE, FIRST_MINT_KEY] {
        if missing(purpose) {
            let secret = random::<32>()?.to_vec();
            made.push(stored::Secret { purpose: purpose.to_owned(), secret, public: None });
        }
    }
    if missing(AUTHORITY) {
        let (secret, certificate) = Authority::make(now)?;
        let purpose = AUTHORITY.to_owned();
        made.push(stored::Secret { purpose, secret, public: Some(certificate) });
    }
    if made.is_empty() {
        return Ok(());
    }
    let kept: Result<(), StoreError> = writing!(store, |tx| {
        for secret in &made {
            stored::keep_first(tx, secret, now).await?;
        }
        Ok(())
    });
    Ok(kept?)
}
