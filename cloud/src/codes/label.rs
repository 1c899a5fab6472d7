//! One code as a picture to be printed: QR, GS1 DataMatrix or GS1-128, with what it says below.

use sealtrace_firmware_config::label::{Layout, Symbol, Symbology};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::code::gs1::{ElementString, GS};
use sealtrace_protocol::ledger::Issued;

use super::{Codebook, Resolved};
use crate::store::{StoreError, Tx, catalog};

/// Dots in an inch: a module of half a millimetre is twelve of them.
const DPI: u32 = 600;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// Nobody issued this code.
    #[error("there is no such code")]
    NoSuchCode,
    /// GS1's symbols name a product, and none is known for this code.
    #[error("{0} names no product, so it cannot stand in a GS1 symbol: take a QR code")]
    NoProduct(String),
    /// More than the symbol holds.
    #[error("{text} cannot stand in this symbol")]
    Unfit {
        /// What was to stand in it.
        text: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The label of a code that was issued. `host` serves the pages that QR codes lead to.
pub async fn layout(
    tx: &mut Tx,
    codebook: &Codebook,
    host: &str,
    code: &Code,
    symbology: Symbology,
) -> Result<Layout, LabelError> {
    let Resolved::Ours { issued, .. } = codebook.resolve(code) else {
        return Err(LabelError::NoSuchCode);
    };
    let (text, caption) = match symbology {
        Symbology::Qr => (code.printed(host), code.canonical()),
        Symbology::Gs1128 | Symbology::Gs1DataMatrix => {
            let brackets = gs1(tx, code, issued).await?;
            let elements = ElementString::parse(&brackets).map(|read| read.unbracketed(GS));
            (elements.map_err(|_| LabelError::Unfit { text: brackets.clone() })?, brackets)
        }
    };
    let symbol = Symbol::new(symbology, &text).map_err(|_| LabelError::Unfit { text })?;
    Ok(Layout::of_symbol(symbol, &caption, DPI))
}

async fn gs1(tx: &mut Tx, code: &Code, issued: Issued) -> Result<String, LabelError> {
    let Code::Minted(minted) = code else { return Ok(code.canonical()) };
    let no_product = || LabelError::NoProduct(minted.to_string());
    let product = catalog::product(tx, issued.product.ok_or_else(no_product)?).await?;
    let gtin = product.ok_or_else(no_product)?.gtin;
    Ok(format!("(01){gtin}(21){minted}"))
}
