//! Symbols: their modules, drawn by well-kept encoders.

use barcoders::sym::code128::Code128;
use datamatrix::{DataMatrix, SymbolList};
use qrcode::{EcLevel, QrCode};

use super::code128::{self, GS, Unit};

/// The kinds of symbol a label can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbology {
    /// Bars of an element string.
    Gs1128,
    /// A square of an element string.
    Gs1DataMatrix,
    /// A square of any text, with error correction level M.
    Qr,
}

impl Symbology {
    /// All of them, by the name they have in templates and addresses.
    pub const NAMES: [(&'static str, Self); 3] =
        [("gs1_128", Self::Gs1128), ("gs1_datamatrix", Self::Gs1DataMatrix), ("qr", Self::Qr)];

    /// The symbology of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, symbology)| symbology)
    }

    /// Whether it holds an element string, with FNC1 in front.
    #[must_use]
    pub const fn is_gs1(self) -> bool {
        match self {
            Self::Gs1128 | Self::Gs1DataMatrix => true,
            Self::Qr => false,
        }
    }

    /// Light modules wanted on each side.
    #[must_use]
    pub const fn quiet_zone(self) -> u32 {
        match self {
            Self::Gs1128 => 10,
            Self::Gs1DataMatrix => 1,
            Self::Qr => 4,
        }
    }
}

/// Why a text is no symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// Too much of it, or characters the symbology does not have.
    #[error(
        "the symbol cannot hold this text: shorten it, or take out characters that are not ASCII"
    )]
    Unfit,
}

/// Dark and light, without the quiet zone. Bars are one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modules {
    /// Modules in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    dark: Vec<bool>,
}

impl Modules {
    fn new(dark: Vec<bool>, width: usize) -> Option<Self> {
        let height = dark.len().checked_div(width)?;
        Some(Self { width: u32::try_from(width).ok()?, height: u32::try_from(height).ok()?, dark })
    }

    /// Whether a module is dark.
    #[must_use]
    pub fn is_dark(&self, column: u32, row: u32) -> bool {
        let at = u64::from(row) * u64::from(self.width) + u64::from(column);
        let within = column < self.width && row < self.height;
        within
            && usize::try_from(at).ok().and_then(|at| self.dark.get(at)).is_some_and(|dark| *dark)
    }

    /// Dark modules side by side: column, row, how many.
    pub fn runs(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        (0..self.height).flat_map(move |row| {
            let mut column = 0;
            std::iter::from_fn(move || {
                while column < self.width && !self.is_dark(column, row) {
                    column += 1;
                }
                let first = column;
                while self.is_dark(column, row) {
                    column += 1;
                }
                (column > first).then_some((first, row, column - first))
            })
        })
    }
}

/// A text as a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Which kind.
    pub symbology: Symbology,
    /// What it holds. An element string begins with FNC1, written as GS.
    pub text: String,
    /// How it looks.
    pub modules: Modules,
}

impl Symbol {
    /// Draws a text.
    pub fn new(symbology: Symbology, text: &str) -> Result<Self, SymbolError> {
        let modules = match symbology {
            Symbology::Gs1128 => bars(text),
            Symbology::Gs1DataMatrix => data_matrix(text),
            Symbology::Qr => qr(text),
        };
        let text = text.to_owned();
        Ok(Self { symbology, text, modules: modules.ok_or(SymbolError::Unfit)? })
    }
}

fn bars(text: &str) -> Option<Modules> {
    let planned: String = code128::plan(text)?
        .into_iter()
        .flat_map(|unit| match unit {
            Unit::StartB | Unit::ToB => ['\u{181}'].to_vec(),
            Unit::StartC | Unit::ToC => ['\u{106}'].to_vec(),
            Unit::Fnc1 => ['\u{179}'].to_vec(),
            Unit::Character(one) => [one].to_vec(),
            Unit::Pair(tens, ones) => [tens, ones].to_vec(),
        })
        .collect();
    let bars = Code128::new(planned).ok()?.encode();
    let width = bars.len();
    Modules::new(bars.into_iter().map(|bar| bar == 1).collect(), width)
}

fn data_matrix(text: &str) -> Option<Modules> {
    let elements = text.strip_prefix(GS)?;
    let square = SymbolList::default().enforce_square();
    let bitmap = DataMatrix::encode_gs1(elements.as_bytes(), square).ok()?.bitmap();
    Modules::new(bitmap.bits().to_vec(), bitmap.width())
}

fn qr(text: &str) -> Option<Modules> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let dark = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
    Modules::new(dark, code.width())
}
