//! The cipher between item keys and minted codes: FF1 with AES-256 over 16 numerals of radix 32.
//!
//! The plain text is 80 bits: code order (22), index (32), and 26 zero bits nobody can forge without the key. The
//! tweak is the value of the code's first character, so that a head cannot be exchanged. The key never leaves the
//! cloud.

use aes::Aes256;
use fpe::ff1::{FF1, NumeralString, Operations};
use sealtrace_protocol::code::Minted;

use super::ORDER_BITS;

/// The newest key version; the code's head has three bits for it.
pub const KEY_VERSION_MAX: u8 = 7;
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

const RADIX: u32 = 32;
const NUMERALS: usize = 16;
const HALF_BITS: u32 = 40;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
const INDEX_BITS: u32 = 32;
const ZERO_BITS: u32 = 2 * HALF_BITS - INDEX_BITS - ORDER_BITS;

const _: () = assert!(ZERO_BITS == 26);

/// One version of the key that makes unit codes.
pub struct MintKey {
    version: u8,
    cipher: FF1<Aes256>,
}

impl MintKey {
    /// The key with this version (0 to [`KEY_VERSION_MAX`]) and these secret bytes.
    #[must_use]
    pub fn new(version: u8, secret: &[u8; KEY_BYTES]) -> Option<Self> {
        if version > KEY_VERSION_MAX {
            return None;
        }
        let cipher = FF1::new(secret, RADIX).ok()?;
        Some(Self { version, cipher })
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// The code of a place in a code order. Scheme 0 (short URL), so the head is the key version.
    #[must_use]
    pub fn encipher(&self, order: u32, index: u32) -> Option<Minted> {
        if order >= 1 << ORDER_BITS {
            return None;
        }
        let plain =
            (u128::from(order) << (INDEX_BITS + ZERO_BITS)) | (u128::from(index) << ZERO_BITS);
        let body = self.cipher.encrypt(&[self.version], &Halves::from_bits(plain)).ok()?.bits();
        Minted::new(self.version, body)
    }

    /// Order and index of a code; `None` when it was not made with this key.
    #[must_use]
    pub fn decipher(&self, code: Minted) -> Option<(u32, u32)> {
        if code.head() != self.version {
            return None;
        }
        let halves = Halves::from_bits(code.body());
        let plain = self.cipher.decrypt(&[self.version], &halves).ok()?.bits();
        if plain & ((1 << ZERO_BITS) - 1) != 0 {
            return None;
        }
        let index = u32::try_from((plain >> ZERO_BITS) & u128::from(u32::MAX)).ok()?;
        let order = u32::try_from(plain >> (ZERO_BITS + INDEX_BITS)).ok()?;
        Some((order, index))
    }

    /// How many places an order needs so that `wanted` of them have a code that does not read as 17 digits.
    #[must_use]
    pub fn places_for(&self, order: u32, wanted: u32) -> u32 {
        let usable =
            |index: &u32| self.encipher(order, *index).is_some_and(|code| !code.is_all_digits());
        match wanted.checked_sub(1) {
            None => 0,
            Some(skip) => (0..u32::MAX)
                .filter(usable)
                .nth(usize::try_from(skip).unwrap_or(usize::MAX))
                .map_or(u32::MAX, |last| last + 1),
        }
    }
}

/// Sixteen numerals as two numbers of eight each: twice as fast as the crate's own big numbers.
struct Halves(u64, u64);

#[derive(Clone, Copy)]
struct Half(u64);

impl Halves {
    fn from_bits(bits: u128) -> Self {
        let half = |bits: u128| u64::try_from(bits & u128::from(HALF_MASK)).unwrap_or_default();
        Self(half(bits >> HALF_BITS), half(bits))
    }

    fn bits(&self) -> u128 {
        (u128::from(self.0) << HALF_BITS) | u128::from(self.1)
    }
}

impl NumeralString for Halves {
    type Ops = Half;

    fn is_valid(&self, radix: u32) -> bool {
        radix == RADIX && self.0 <= HALF_MASK && self.1 <= HALF_MASK
    }

    fn numeral_count(&self) -> usize {
        NUMERALS
    }

    fn split(&self) -> (Half, Half) {
        (Half(self.0), Half(self.1))
    }

    fn concat(a: Half, b: Half) -> Self {
        Self(a.0, b.0)
    }
}

impl Operations for Half {
    type Bytes = [u8; 5];

    fn numeral_count(&self) -> usize {
        NUMERALS / 2
    }

    fn to_be_bytes(&self, _radix: u32, _b: usize) -> [u8; 5] {
        let [_, _, _, bytes @ ..] = self.0.to_be_bytes();
        bytes
    }

    fn add_mod_exp(self, other: impl Iterator<Item = u8>, _radix: u32, _m: usize) -> Self {
        Self(self.0.wrapping_add(low(other)) & HALF_MASK)
    }

    fn sub_mod_exp(self, other: impl Iterator<Item = u8>, _radix: u32, _m: usize) -> Self {
        Self(self.0.wrapping_sub(low(other)) & HALF_MASK)
    }
}

/// The lowest 64 bits of a big-endian number: all that matters modulo 2^40.
fn low(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0, |number, byte| (number << 8) | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use fpe::ff1::FlexibleNumeralString;

    use super::*;

    fn key() -> MintKey {
        MintKey::new(1, &[7; KEY_BYTES]).unwrap()
    }

    #[test]
    fn two_numbers_cipher_like_sixteen_numerals() {
        let cipher = FF1::<Aes256>::new(&[7; KEY_BYTES], RADIX).unwrap();
        for (order, index) in [(0, 0), (1, 2), (4_194_303, u32::MAX), (12_345, 67_890)] {
            let plain = (u128::from(order) << 58) | (u128::from(index) << 26);
            let numerals: Vec<u16> =
                (0..16).rev().map(|at| u16::try_from((plain >> (5 * at)) & 31).unwrap()).collect();
            let expected: Vec<u16> =
                cipher.encrypt(&[1], &FlexibleNumeralString::from(numerals)).unwrap().into();
            let body = key().encipher(order, index).unwrap().body();
            let found: Vec<u16> =
                (0..16).rev().map(|at| u16::try_from((body >> (5 * at)) & 31).unwrap()).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_code_leads_back_to_its_place() {
        for (order, index) in [(0, 0), (1, 2), (4_194_303, u32::MAX)] {
            let code = key().encipher(order, index).unwrap();
            assert_eq!(key().decipher(code), Some((order, index)));
        }
        assert_eq!(key().encipher(1 << ORDER_BITS, 0), None);
    }

    #[test]
    fn one_bit_changed_is_no_code_of_ours() {
        let code = key().encipher(3, 4).unwrap();
        for bit in 0..80 {
            let forged = Minted::new(code.head(), code.body() ^ (1 << bit)).unwrap();
            assert_eq!(key().decipher(forged), None, "bit {bit}");
        }
        let other_head = Minted::new(2, code.body()).unwrap();
        assert_eq!(key().decipher(other_head), None);
    }
}
