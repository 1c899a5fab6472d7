//! A handheld computer whose scanner announces each code as an Android broadcast.

use crate::document::Section;

/// Where a PDA's scans arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pda {
    /// The broadcast's action.
    pub action: String,
    /// The extra of the broadcast that holds the code's text.
    pub extra: String,
    /// The extra that names the kind of barcode, where there is one.
    pub symbology: Option<String>,
    /// What an app has to broadcast before the scanner announces anything to it.
    pub claim: Option<String>,
}

impl Pda {
    pub(crate) fn read(root: &Section<'_>) -> Option<Self> {
        let section = root.required_table("broadcast")?;
        let action = section.text("action").map(str::to_owned);
        let extra = section.text("extra").map(str::to_owned);
        let maybe = |key| section.has_path(key).then(|| section.text(key).map(str::to_owned));
        let (symbology, claim) = (maybe("symbology").flatten(), maybe("claim").flatten());
        section.finish();
        Some(Self { action: action?, extra: extra?, symbology, claim })
    }
}
