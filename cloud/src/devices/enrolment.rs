//! Letting a device in: a token once, a certificate request, and proof that it holds the key it will sign with.

use data_encoding::BASE64;
use sealtrace_protocol::ids::{DeviceId, Epoch};
use sealtrace_protocol::link::{EnrolRequest, Enrolled, enrolment_challenge};
use sealtrace_protocol::signing::{Hash, PublicKey};
use sealtrace_protocol::time::Timestamp;

use super::authority::AuthorityError;
use super::tokens;
use crate::cloud::Cloud;
use crate::keys::{KeysError, random};
use crate::store::{Retry, StoreError, Tx, counters, devices as stored, streams};
use crate::writing;

/// The counter devices are numbered by.
const DEVICE_COUNTER: &str = "device";

/// Why a device is not let in. Nothing has changed then; a token that was good still is.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Nobody made such a token.
    #[error(
        "this token is not known: make a new one in the console or with `sealtrace-cloud token`"
    )]
    UnknownToken,
    /// It was used already.
    #[error("this token was used already: make a new one for each device")]
    UsedToken,
    /// It is too old.
    #[error("this token expired at {at}: make a new one and use it within fifteen minutes", at = .expired_at.millis())]
    ExpiredToken {
        /// Since when.
        expired_at: Timestamp,
    },
    /// The signing key is no Ed25519 key.
    #[error("the signing key is not 32 bytes in base64")]
    SigningKey,
    /// The proof is not by that key over this token and request.
    #[error("the proof of possession does not fit the signing key, the token and the request")]
    Proof,
    /// The certificate request is broken.
    #[error("the certificate request is not valid")]
    Request(#[source] AuthorityError),
    /// We could not make the certificate.
    #[error(transparent)]
    Authority(AuthorityError),
    /// No randomness.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for EnrolError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl From<AuthorityError> for EnrolError {
    fn from(error: AuthorityError) -> Self {
        if matches!(error, AuthorityError::Request(_)) {
            Self::Request(error)
        } else {
            Self::Authority(error)
        }
    }
}

/// Lets a device in: uses the token up, gives it a number, a certificate and its first epoch.
pub async fn enrol(cloud: &Cloud, request: &EnrolRequest) -> Result<Enrolled, EnrolError> {
    let now = cloud.clock.now();
    let key = proven_key(request)?;
    let serial = random()?;
    // Anybody may ask: a token that is no good holds up no writer.
    good_token(&mut cloud.store.read().await?, request, now).await.inspect_err(log_refusal)?;
    let enrolled = writing!(cloud.store, |tx| {
        let token = good_token(tx, request, now).await?;
        let device = DeviceId(counters::next(tx, DEVICE_COUNTER).await?);
        let issued = cloud.keys.authority.client(&request.csr_pem, device, serial, now)?;
        stored::use_token(tx, token.hash, device, now).await?;
        stored::insert_device(tx, device, &token.name, key, &token.sites, now).await?;
        stored::insert_certificate(tx, device, &issued.der, issued.expires_at).await?;
        streams::start(tx, device, FIRST_EPOCH, &[], now).await?;
        let sites = stored::named_sites(tx, device).await?;
        if token.sites.iter().any(|asked| sites.iter().all(|site| site.id != *asked)) {
            // A site was deleted since the token was made: it is not the token it was.
            return Err(EnrolError::UnknownToken);
        }
        Ok::<_, EnrolError>((device, token.name, issued, sites))
    });
    let (device, name, issued, sites) = enrolled.inspect_err(log_refusal)?;
    tracing::info!(device.id = %device, device.name = name, "a device was enrolled");
    Ok(Enrolled {
        owner: cloud.config.owner,
        device,
        name,
        epoch: FIRST_EPOCH,
        certificate_pem: issued.pem,
        authority_pem: cloud.keys.authority.pem(),
        receipt_key: BASE64.encode(&cloud.keys.receipt.public().0),
        device_url: cloud.device_url.to_string(),
        code_host: cloud.config.codes.host.clone(),
        sites,
    })
}

const FIRST_EPOCH: Epoch = Epoch(1);

fn log_refusal(error: &EnrolError) {
    match error {
        // Ours, and logged with their causes where they are answered.
        EnrolError::Authority(_) | EnrolError::Keys(_) | EnrolError::Store(_) => {}
        EnrolError::UnknownToken
        | EnrolError::UsedToken
        | EnrolError::ExpiredToken { .. }
        | EnrolError::SigningKey
        | EnrolError::Proof
        | EnrolError::Request(_) => tracing::warn!(error = %error, "a device was not let in"),
    }
}

fn proven_key(request: &EnrolRequest) -> Result<PublicKey, EnrolError> {
    let read = || {
        let bytes =
            BASE64.decode(request.signing_key.as_bytes()).map_err(|_| EnrolError::SigningKey)?;
        let key = Hash::from_slice(&bytes).ok_or(EnrolError::SigningKey)?;
        let proof = BASE64.decode(request.proof.as_bytes()).map_err(|_| EnrolError::Proof)?;
        let challenge = enrolment_challenge(&request.token, &request.csr_pem);
        let key = PublicKey(key.0);
        if key.proves(&challenge, &proof) { Ok(key) } else { Err(EnrolError::Proof) }
    };
    read().inspect_err(log_refusal)
}

async fn good_token(
    tx: &mut Tx,
    request: &EnrolRequest,
    now: Timestamp,
) -> Result<stored::Token, EnrolError> {
    let token = stored::token(tx, tokens::hash(&request.token)).await?;
    let token = token.ok_or(EnrolError::UnknownToken)?;
    if token.used_at.is_some() {
        return Err(EnrolError::UsedToken);
    }
    if token.expires_at < now {
        return Err(EnrolError::ExpiredToken { expired_at: token.expires_at });
    }
    Ok(token)
}
