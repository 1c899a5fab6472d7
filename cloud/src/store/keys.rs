//! Secrets by purpose.

use sealtrace_protocol::time::Timestamp;

use super::{StoreError, Tx};

/// A secret and what goes with it.
pub struct Secret {
    /// What it is for.
    pub purpose: String,
    /// The secret bytes.
    pub secret: Vec<u8>,
    /// A certificate or public key.
    pub public: Option<Vec<u8>>,
}

/// What there are secrets for.
pub async fn purposes(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows = tx.query("select purpose from keys", &[]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// The secret for a purpose.
pub async fn secret(tx: &mut Tx, purpose: &str) -> Result<Secret, StoreError> {
    let row = tx
        .query_one("select purpose, secret, public from keys where purpose = $1", &[purpose.into()])
        .await?;
    Ok(Secret { purpose: row.get(0)?, secret: row.get(1)?, public: row.get(2)? })
}

/// Keeps a secret unless there is one for its purpose.
pub async fn keep_first(tx: &mut Tx, secret: &Secret, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "insert into keys (purpose, secret, public, created_at) values ($1, $2, $3, $4)
         on conflict (purpose) do nothing",
        &[
            (&secret.purpose).into(),
            secret.secret.as_slice().into(),
            secret.public.clone().into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}
