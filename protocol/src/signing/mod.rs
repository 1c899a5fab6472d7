//! Keys, seals and receipts. Bytes are verified as received and parsed afterwards; what was verified is another type.

pub mod backlog;
mod batch;
pub mod chain;
mod key;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ring::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use batch::{Batch, SealedBatch, Sealing};
pub use key::{PublicKey, Sealed, SigningKey};

use crate::wire::WireError;

/// SHA-256 of something. All zero stands for "nothing before".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Nothing before.
    pub const ZERO: Self = Self([0; 32]);

    /// SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// Reads 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Raw bytes in binary formats, hexadecimal in readable ones.
impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let bytes: Vec<u8> =
                data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(de::Error::custom)?;
            return Self::from_slice(&bytes)
                .ok_or_else(|| de::Error::custom("a hash has 32 bytes"));
        }
        <[u8; 32]>::deserialize(deserializer).map(Self)
    }
}

/// A value whose signature was checked. Only this module makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The value.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> core::ops::Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Why sealed bytes are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not sealed bytes at all, or not in their one encoding.
    #[error("not a sealed message")]
    Wire(#[source] WireError),
    /// A signature algorithm we do not have.
    #[error("signature algorithm {0} is not supported")]
    Algorithm(u8),
    /// The signature is not by this key over these bytes.
    #[error("the signature does not fit the bytes and the key")]
    Signature,
    /// The payload is not the one that was signed.
    #[error("the payload is not the one that was signed")]
    Payload,
    /// The signed header contradicts its payload.
    #[error("the header's {0} contradicts its payload")]
    Header(&'static str),
}
