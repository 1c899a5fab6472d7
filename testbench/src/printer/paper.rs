//! What a printer puts on paper, one pixel a dot.

use anyhow::{Context, Result, ensure};
use barcoders::sym::code128::Code128;
use datamatrix::{DataMatrix, SymbolList};
use image::{GrayImage, Luma};
use qrcode::{Color, EcLevel, QrCode};

const INK: Luma<u8> = Luma([0]);
/// Dots on a side of a label at most.
const SIDE_MAX: u32 = 12_000;

/// A printed label.
pub struct Label {
    /// How it looks. Texts are a block a character: printers have fonts, we have none.
    pub picture: GrayImage,
    /// Its texts, in the order they were sent.
    pub texts: Vec<String>,
    /// How many were printed.
    pub copies: u32,
}

impl Label {
    pub(super) fn new(width: u32, height: u32) -> Result<Self> {
        ensure!(
            (1..=SIDE_MAX).contains(&width) && (1..=SIDE_MAX).contains(&height),
            "no such label"
        );
        let picture = GrayImage::from_pixel(width, height, Luma([255]));
        Ok(Self { picture, texts: Vec::new(), copies: 1 })
    }

    pub(super) fn bar(&mut self, (x, y): (u32, u32), (width, height): (u32, u32)) {
        for row in y..(y + height).min(self.picture.height()) {
            for column in x..(x + width).min(self.picture.width()) {
                self.picture.put_pixel(column, row, INK);
            }
        }
    }

    pub(super) fn text(&mut self, (x, y): (u32, u32), height: u32, text: &str) {
        let mut left = x;
        for one in text.chars() {
            let wide = if one.is_ascii() { height / 2 } else { height };
            if !one.is_whitespace() {
                self.bar((left, y + height / 4), (wide * 3 / 4, height / 8 + 1));
                self.bar((left, y + height * 5 / 8), (wide / 2, height / 8 + 1));
            }
            left += wide;
        }
        self.texts.push(text.to_owned());
    }

    /// GS1-128 of symbol characters as the encoder spells them: code sets and FNC1 are letters with marks.
    pub(super) fn code128(
        &mut self,
        at: (u32, u32),
        module: u32,
        height: u32,
        sets: &str,
    ) -> Result<()> {
        let code = Code128::new(sets).ok().with_context(|| format!("{sets:?} is no Code 128"))?;
        let bars: Vec<bool> = code.encode().into_iter().map(|bar| bar == 1).collect();
        self.modules(at, (module, height), &bars, bars.len())
    }

    /// A GS1 DataMatrix of this size; the elements are behind the first FNC1.
    pub(super) fn data_matrix(
        &mut self,
        at: (u32, u32),
        module: u32,
        (columns, rows): (usize, usize),
        elements: &str,
    ) -> Result<()> {
        let square = SymbolList::default().enforce_square();
        let code = DataMatrix::encode_gs1(elements.as_bytes(), square);
        let bitmap = code.ok().with_context(|| format!("{elements:?} is too much"))?.bitmap();
        let size = (bitmap.width(), bitmap.height());
        ensure!(size == (columns, rows), "it takes {size:?} modules, not {columns} × {rows}");
        self.modules(at, (module, module), bitmap.bits(), columns)
    }

    pub(super) fn qr(&mut self, at: (u32, u32), module: u32, text: &str) -> Result<()> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).context("no QR code")?;
        let dark: Vec<bool> = code.to_colors().into_iter().map(|one| one == Color::Dark).collect();
        self.modules(at, (module, module), &dark, code.width())
    }

    fn modules(
        &mut self,
        (x, y): (u32, u32),
        (wide, high): (u32, u32),
        dark: &[bool],
        columns: usize,
    ) -> Result<()> {
        for (row, line) in (0_u32..).zip(dark.chunks(columns)) {
            for (column, _) in (0_u32..).zip(line).filter(|(_, is_dark)| **is_dark) {
                let place = (x + column * wide, y + row * high);
                let (width, height) = self.picture.dimensions();
                let is_on = place.0 + wide <= width && place.1 + high <= height;
                ensure!(is_on, "a symbol goes over the label's edge at {place:?}");
                self.bar(place, (wide, high));
            }
        }
        Ok(())
    }
}
