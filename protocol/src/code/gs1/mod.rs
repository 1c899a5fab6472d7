//! GS1 data: element strings, GS1 Digital Links and what readers transmit, with every application identifier of GS1's
//! table.
//!
//! * [`ElementString::parse`] reads `(01)09521234543213(10)ABC`, `^010952123454321310ABC^…` or what a reader transmits
//!   behind its AIM identifier, where GS (0x1D) stands for FNC1.
//! * [`digital_link::parse`] reads `https://example.com/any/path/01/09521234543213/10/ABC?17=271231`,
//!   [`digital_link::compose`] and [`ElementString::canonical_link`] write it.
//! * [`read`] takes whatever was scanned: the AIM identifier in front decides.
//!
//! The result is the same in each case: elements of an [`Ai`] and its value, every one right in length, characters,
//! check digits, dates and codes, and right beside the others as [`Associations`] says. A [`Gs1Error`] names the
//! identifier, the byte and the [`Rule`].
//!
//! ```
//! use sealtrace_protocol::code::gs1::{Ai, ElementString, GS};
//!
//! let label = ElementString::parse("(01)09521234543213(17)271200(10)A-1")?;
//! assert_eq!(label.get(Ai::LOT), Some("A-1"));
//! assert_eq!(label.unbracketed(GS), "\u{1d}01095212345432131727120010A-1");
//! assert_eq!(
//!     label.canonical_link()?,
//!     "https://id.gs1.org/01/09521234543213/10/A-1?17=271200"
//! );
//! # Ok::<(), sealtrace_protocol::code::gs1::Gs1Error>(())
//! ```
//!
//! The rules are `identifiers` (the table), `content` and `meaning` (what a value may be) and `association` (which may
//! stand together). Compressed links are not read.

mod ai;
mod association;
mod content;
mod coupon;
pub mod digital_link;
mod element;
mod element_string;
mod error;
mod identifiers;
mod lists;
mod meaning;
mod symbol;

pub use ai::Ai;
pub use association::Associations;
pub use coupon::Field;
pub use digital_link::LinkOptions;
pub use element::Element;
pub use element_string::{CARET, ElementString, GS};
pub use error::{Gs1Error, Rule, Set};
pub use symbol::{Data, read, read_with};

pub(super) use symbol::{Meaning, split_aim};
