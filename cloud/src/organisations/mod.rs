//! Organisations (组织): sites where devices work, dealers with territories, stores, operators.

mod dealers;
mod operators;
mod sites;

pub use dealers::{DEALERS, Dealers, FOREVER, Overlap, Territory};
pub use operators::{OPERATORS, Operators, WorkTerm, WorkTerms};
pub use sites::{SITES, Site, SiteKind, Sites};

use crate::resource::{Definition, Field, Kind, Resource};

/// The most characters of an address.
const ADDRESS_CHARACTERS_MAX: usize = 200;

/// 门店.
pub struct Stores;

/// Stores, each supplied by a dealer.
pub static STORES: Definition = Definition::new(
    "stores",
    &[
        Field::name().unique(),
        Field::new("dealer", Kind::One(&DEALERS)).listed().filtered(),
        Field::new("region", Kind::Regions { max: 1 }).listed().filtered(),
        Field::new("address", Kind::Text { characters_max: ADDRESS_CHARACTERS_MAX })
            .listed()
            .searched(),
    ],
);

impl Resource for Stores {
    const DEFINITION: &'static Definition = &STORES;
}
