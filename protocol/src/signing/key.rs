//! Ed25519 over DSSE's pre-authentication encoding.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Hash, Verified, VerifyError};
use crate::wire::{WireError, decode, encode, v1};

/// 1 = Ed25519; 2 is reserved for SM2 with SM3.
pub(super) const ALGORITHM_ED25519: u8 = 1;
const SIGNATURE_BYTES: usize = 64;

/// What a signature is about, so that one message never passes for another.
pub(super) trait Signed: Serialize + DeserializeOwned {
    /// DSSE payload type.
    const TYPE: &'static str;
    /// The word used in errors.
    const NAME: &'static str;
}

impl Signed for v1::BatchHeader {
    const TYPE: &'static str = "application/vnd.sealtrace.batch.v1";
    const NAME: &'static str = "batch header";
}

impl Signed for v1::Receipt {
    const TYPE: &'static str = "application/vnd.sealtrace.receipt.v1";
    const NAME: &'static str = "receipt";
}

impl Signed for v1::ResumeRequest {
    const TYPE: &'static str = "application/vnd.sealtrace.resume.v1";
    const NAME: &'static str = "resume request";
}

/// DSSE v1 pre-authentication encoding of (type, body).
pub(super) fn authenticated(kind: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A private key that signs; made from 32 secret bytes the caller drew.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key with this seed; `None` only for seeds ring refuses.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey(bytes)
    }

    /// Seals a receipt.
    #[must_use]
    pub fn seal_receipt(&self, receipt: &v1::Receipt) -> Sealed {
        self.seal(receipt)
    }

    /// Seals a request to resume.
    #[must_use]
    pub fn seal_resume(&self, request: &v1::ResumeRequest) -> Sealed {
        self.seal(request)
    }

    /// Proves possession of this key to whoever issued `challenge` (an enrolment token and the certificate request).
    #[must_use]
    pub fn prove(&self, challenge: &[u8]) -> Vec<u8> {
        self.sign(PROOF_TYPE, challenge)
    }

    pub(super) fn seal<T: Signed>(&self, message: &T) -> Sealed {
        let body = encode(message);
        let signature = self.sign(T::TYPE, &body);
        Sealed { algorithm: ALGORITHM_ED25519, body, signature }
    }

    fn sign(&self, kind: &str, body: &[u8]) -> Vec<u8> {
        self.0.sign(&authenticated(kind, body)).as_ref().to_vec()
    }
}

const PROOF_TYPE: &str = "application/vnd.sealtrace.possession.v1";

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public())
    }
}

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Checks [`SigningKey::prove`].
    #[must_use]
    pub fn proves(&self, challenge: &[u8], proof: &[u8]) -> bool {
        self.check(PROOF_TYPE, challenge, proof).is_ok()
    }

    pub(super) fn check(
        &self,
        kind: &str,
        body: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(&authenticated(kind, body), signature)
            .map_err(|_| VerifyError::Signature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Hash(self.0), f)
    }
}

/// A signed message: its bytes and the signature over them. Not parsed until verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub(super) algorithm: u8,
    pub(super) body: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl Sealed {
    /// The bytes that travel and are stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Takes sealed bytes apart; nothing in them is believed yet.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > v1::BATCH_WIRE_BYTES_MAX {
            return Err(VerifyError::Wire(WireError::TooLarge {
                what: "sealed message",
                size: bytes.len(),
                limit: v1::BATCH_WIRE_BYTES_MAX,
            }));
        }
        decode(bytes, "sealed message").map_err(VerifyError::Wire)
    }

    /// SHA-256 of the signed bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.body)
    }

    /// Verifies a receipt with the cloud's key.
    pub fn verify_receipt(&self, key: &PublicKey) -> Result<Verified<v1::Receipt>, VerifyError> {
        self.verify(key)
    }

    /// Verifies a request to resume with the device's key.
    pub fn verify_resume(
        &self,
        key: &PublicKey,
    ) -> Result<Verified<v1::ResumeRequest>, VerifyError> {
        self.verify(key)
    }

    pub(super) fn verify<T: Signed>(&self, key: &PublicKey) -> Result<Verified<T>, VerifyError> {
        if self.algorithm != ALGORITHM_ED25519 {
            return Err(VerifyError::Algorithm(self.algorithm));
        }
        if self.signature.len() != SIGNATURE_BYTES {
            return Err(VerifyError::Signature);
        }
        key.check(T::TYPE, &self.body, &self.signature)?;
        decode(&self.body, T::NAME).map(Verified).map_err(VerifyError::Wire)
    }
}
