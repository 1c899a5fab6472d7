//! What a device that cannot connect has to tell, as a file: its sealed batches exactly as they would be sent.
//!
//! One line says what it is and whose, then each batch follows behind its length (four bytes, big-endian), and a length
//! of zero ends it. Nothing in it is believed: each batch is verified as if the device had sent it.

use alloc::format;
use alloc::vec::Vec;

use crate::ids::DeviceId;
use crate::wire::WireError;
use crate::wire::v1::BATCH_WIRE_BYTES_MAX;

/// The most bytes of one file; what does not fit goes into another.
pub const BACKLOG_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What ends a file.
pub const END: [u8; LENGTH_BYTES] = [0; LENGTH_BYTES];

const MAGIC: &str = "sealtrace backlog";
const VERSION: &str = "1";
/// The first line is never longer.
const HEAD_BYTES_MAX: usize = 64;
const LENGTH_BYTES: usize = 4;

/// The line a file begins with.
#[must_use]
pub fn head(device: DeviceId) -> Vec<u8> {
    format!("{MAGIC} {VERSION} device {device}\n").into_bytes()
}

/// One sealed batch as it goes into a file.
pub fn entry(sealed: &[u8]) -> Result<Vec<u8>, WireError> {
    let size = sealed.len();
    let length = u32::try_from(size).ok().filter(|_| size > 0 && size <= BATCH_WIRE_BYTES_MAX);
    let limit = BATCH_WIRE_BYTES_MAX;
    let length = length.ok_or(WireError::TooLarge { what: "sealed batch", size, limit })?;
    let mut bytes = Vec::with_capacity(LENGTH_BYTES + size);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(sealed);
    Ok(bytes)
}

/// Where a file is not what it should be. Everything before is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct Damage {
    /// How many bytes are fine.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DamageKind,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageKind {
    /// Its first line is another.
    #[error("not a backlog")]
    NotABacklog,
    /// A later version of the format.
    #[error("a version of the format that is not known here")]
    UnknownVersion,
    /// It ends before it says so.
    #[error("the file ends too early")]
    Truncated,
    /// A batch of a length that none has.
    #[error("a length that no batch has")]
    Length,
    /// It goes on behind its end.
    #[error("the file goes on behind its end")]
    Trailing,
}

impl DamageKind {
    /// The snake_case word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotABacklog => "not_a_backlog",
            Self::UnknownVersion => "unknown_version",
            Self::Truncated => "truncated",
            Self::Length => "bad_length",
            Self::Trailing => "trailing_bytes",
        }
    }
}

/// A file being read: one item per batch, and a last one when there is damage.
#[derive(Clone, Debug)]
pub struct Backlog<'a> {
    device: DeviceId,
    bytes: &'a [u8],
    offset: usize,
    done: bool,
}

/// One batch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Where it begins.
    pub offset: usize,
    /// Its sealed bytes.
    pub sealed: &'a [u8],
}

impl<'a> Backlog<'a> {
    /// Reads the first line.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Damage> {
        let damage = |kind| Damage { offset: 0, kind };
        let start = bytes.get(..bytes.len().min(HEAD_BYTES_MAX)).unwrap_or_default();
        let begins = MAGIC.as_bytes().iter().zip(start).all(|(a, b)| a == b);
        if !begins {
            return Err(damage(DamageKind::NotABacklog));
        }
        let Some(end) = start.iter().position(|byte| *byte == b'\n') else {
            let truncated = bytes.len() < HEAD_BYTES_MAX;
            let kind = if truncated { DamageKind::Truncated } else { DamageKind::NotABacklog };
            return Err(damage(kind));
        };
        let line = start.get(..end).and_then(|line| core::str::from_utf8(line).ok());
        let rest = line.and_then(|line| line.strip_prefix(MAGIC)?.strip_prefix(' '));
        let (version, rest) =
            rest.and_then(|rest| rest.split_once(' ')).ok_or(damage(DamageKind::NotABacklog))?;
        if version != VERSION {
            return Err(damage(DamageKind::UnknownVersion));
        }
        let device = rest.strip_prefix("device ").and_then(|id| id.parse().ok());
        let device = device.ok_or(damage(DamageKind::NotABacklog))?;
        Ok(Self { device, bytes, offset: end + 1, done: false })
    }

    /// Whose it says it is.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// The next batch; none at the end.
    fn read(&self) -> Result<Option<Entry<'a>>, DamageKind> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let (length, rest) = rest.split_first_chunk().ok_or(DamageKind::Truncated)?;
        if *length == END {
            return if rest.is_empty() { Ok(None) } else { Err(DamageKind::Trailing) };
        }
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > BATCH_WIRE_BYTES_MAX {
            return Err(DamageKind::Length);
        }
        let sealed = rest.get(..length).ok_or(DamageKind::Truncated)?;
        Ok(Some(Entry { offset: self.offset, sealed }))
    }
}

impl<'a> Iterator for Backlog<'a> {
    type Item = Result<Entry<'a>, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.read() {
            Ok(Some(entry)) => {
                self.offset += LENGTH_BYTES + entry.sealed.len();
                Some(Ok(entry))
            }
            Ok(None) => {
                self.done = true;
                None
            }
            Err(kind) => {
                self.done = true;
                Some(Err(Damage { offset: self.offset, kind }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn file(batches: &[&[u8]]) -> Vec<u8> {
        let mut file = head(DeviceId(42));
        for batch in batches {
            file.extend(entry(batch).unwrap());
        }
        file.extend(END);
        file
    }

    fn read(file: &[u8]) -> (Vec<Vec<u8>>, Option<Damage>) {
        let mut batches = Vec::new();
        match Backlog::open(file) {
            Err(damage) => return (batches, Some(damage)),
            Ok(backlog) => {
                for entry in backlog {
                    match entry {
                        Ok(entry) => batches.push(entry.sealed.to_vec()),
                        Err(damage) => return (batches, Some(damage)),
                    }
                }
            }
        }
        (batches, None)
    }

    #[test]
    fn what_was_written_is_read() {
        let file = file(&[b"one", b"three"]);
        assert!(file.starts_with(b"sealtrace backlog 1 device 42\n"));
        assert_eq!(Backlog::open(&file).unwrap().device(), DeviceId(42));
        assert_eq!(read(&file), (vec![b"one".to_vec(), b"three".to_vec()], None));
        assert_eq!(read(&head(DeviceId(1))).1.unwrap().kind, DamageKind::Truncated);
    }

    #[test]
    fn whatever_is_cut_off_is_noticed_and_what_is_before_is_read() {
        let whole = file(&[b"one", b"three"]);
        let first = head(DeviceId(42)).len();
        let second = first + LENGTH_BYTES + 3;
        let end = second + LENGTH_BYTES + 5;
        for length in 0..whole.len() {
            let (batches, damage) = read(&whole[..length]);
            let (count, offset) = match length {
                _ if length < second => (0, if length < first { 0 } else { first }),
                _ if length < end => (1, second),
                _ => (2, end),
            };
            let damage = damage.unwrap();
            assert_eq!((batches.len(), damage.offset), (count, offset), "cut at {length}");
            assert_eq!(damage.kind, DamageKind::Truncated, "cut at {length}");
        }
    }

    #[test]
    fn what_is_no_backlog_is_refused_by_its_first_line() {
        let kind = |bytes: &[u8]| read(bytes).1.map(|damage| damage.kind);
        assert_eq!(kind(b"PK\x03\x04 something else"), Some(DamageKind::NotABacklog));
        assert_eq!(kind(b"sealtrace backlog 2 device 1\n"), Some(DamageKind::UnknownVersion));
        assert_eq!(kind(b"sealtrace backlog 1 device x\n"), Some(DamageKind::NotABacklog));
        assert_eq!(
            kind(&[b"sealtrace backlog".as_slice(), &[b' '; 99]].concat()),
            Some(DamageKind::NotABacklog)
        );
    }

    #[test]
    fn odd_lengths_and_what_follows_the_end_are_named() {
        let mut long = head(DeviceId(1));
        let offset = long.len();
        long.extend(u32::MAX.to_be_bytes());
        assert_eq!(read(&long).1, Some(Damage { offset, kind: DamageKind::Length }));
        let mut more = file(&[b"one"]);
        more.push(0);
        assert_eq!(read(&more).1.unwrap().kind, DamageKind::Trailing);
        assert!(entry(b"").is_err());
        assert!(entry(&vec![0; BATCH_WIRE_BYTES_MAX + 1]).is_err());
    }
}
