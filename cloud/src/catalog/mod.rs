//! What is made (商品): brands, categories, products with their packaging plans, lots.

mod lots;
mod products;

use sealtrace_protocol::ids::ProductId;
use serde::Serialize;

pub use lots::{LOTS, Lots};
pub use products::{PRODUCTS, Products};

use crate::resource::{Definition, Field, Kind, Resource, Use};

/// A product by name and GTIN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductName {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// 14 digits.
    pub gtin: String,
}

/// 品牌.
pub struct Brands;

/// Brands.
pub static BRANDS: Definition = Definition::new("brands", &[Field::name().unique()])
    .used_by(&[Use::new("products", "products", &[("brand", "id")])]);

impl Resource for Brands {
    const DEFINITION: &'static Definition = &BRANDS;
}

/// 分类.
pub struct Categories;

/// Categories: names differ among those below the same one.
pub static CATEGORIES: Definition = Definition::new(
    "categories",
    &[
        Field::name().unique_within("parent"),
        Field::new("parent", Kind::One(&CATEGORIES)).listed().filtered(),
    ],
)
.tree("parent")
.used_by(&[
    Use::new("categories", "categories", &[("parent", "id")]),
    Use::new("products", "products", &[("category", "id")]),
]);

impl Resource for Categories {
    const DEFINITION: &'static Definition = &CATEGORIES;
}
