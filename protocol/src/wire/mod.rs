//! Bytes for values and back: one encoding for one value, bounded before it is believed.

pub mod v1;

use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why bytes are not the value they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not this shape at all.
    #[error("the bytes are not a valid {0}")]
    Malformed(&'static str),
    /// Readable, but not the one encoding of that value: overlong integers, trailing bytes.
    #[error("the bytes are not the canonical encoding of a {0}")]
    NotCanonical(&'static str),
    /// Over a limit.
    #[error("the {what} is {size}, the limit is {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// zstd could not undo its own work within the declared length.
    #[error("the payload does not decompress to its declared length")]
    Compression,
}

/// The canonical encoding: postcard.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // postcard fails only for sequences of unknown length and for writers that fail; we have neither.
    postcard::to_allocvec(value).unwrap_or_default()
}

/// Reads `bytes` as a `T` and requires that encoding it again gives the same bytes.
pub fn decode<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
) -> Result<T, WireError> {
    let value: T = postcard::from_bytes(bytes).map_err(|_| WireError::Malformed(what))?;
    if encode(&value) != bytes {
        return Err(WireError::NotCanonical(what));
    }
    Ok(value)
}
