//! Products (商品) and how they are packed.

use sealtrace_protocol::ids::ProductId;
use serde::Serialize;

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
