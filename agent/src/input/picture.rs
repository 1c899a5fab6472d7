//! Codes in pictures: PNG, JPEG and PGM bytes in, texts of codes out.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageError, ImageFormat, ImageReader, Limits};

use super::labels::{self, Label};

pub use super::labels::Symbology;

/// The largest picture file that is opened.
pub const PICTURE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The longest side of a picture, in pixels.
pub const SIDE_PIXELS_MAX: u32 = 8_192;
/// What decoding one picture may allocate.
const ALLOCATION_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How long looking at one picture may take.
pub const LOOKING_MS_MAX: u64 = 330;

/// GS1-128, GS1 DataMatrix, GS1 QR: what they hold is element strings.
const GS1: [&str; 3] = ["]C1", "]d2", "]Q3"];

/// One code in a picture.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// What it says; GS is U+001D.
    pub text: String,
    /// What it is.
    pub symbology: Symbology,
    /// AIM's identifier of symbology and meaning, such as `]d2`.
    pub identifier: String,
    /// Its corner nearest to the top left, in thousandths of the picture's width and height.
    pub place: [u16; 2],
}

impl Found {
    /// What a scanner would send: GS1 data is announced by its identifier.
    #[must_use]
    pub fn scanned(&self) -> Cow<'_, str> {
        if GS1.contains(&self.identifier.as_str()) {
            Cow::Owned(self.identifier.clone() + &self.text)
        } else {
            Cow::Borrowed(&self.text)
        }
    }
}

/// Why a file is no picture that can be looked at.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// No bytes.
    #[error("the picture is empty: take it again")]
    Empty,
    /// More bytes than [`PICTURE_BYTES_MAX`].
    #[error("the picture has {bytes} bytes, at most {PICTURE_BYTES_MAX} are read: make it smaller")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Neither PNG nor JPEG nor PGM.
    #[error("this is no PNG, JPEG or PGM picture: convert it to one of these")]
    Format,
    /// More pixels than can be held.
    #[error(
        "the picture asks for more than {SIDE_PIXELS_MAX} pixels a side or too much memory: make it smaller"
    )]
    TooManyPixels(#[source] ImageError),
    /// The bytes end early or contradict themselves.
    #[error("the picture is cut short or damaged: take or copy it again")]
    Broken(#[source] ImageError),
    /// A JPEG without its end.
    #[error("the picture is cut short: its end is missing; take or copy it again")]
    CutShort,
}

/// Finds the codes in a picture, from the top left to the bottom right, each text once.
///
/// `time_is_up` is asked every few milliseconds; what was found until then is the answer.
pub fn decode(bytes: &[u8], time_is_up: &dyn Fn() -> bool) -> Result<Vec<Found>, PictureError> {
    let picture = open(bytes)?;
    Ok(in_reading_order(labels::find(&picture, time_is_up), picture.dimensions()))
}

fn open(bytes: &[u8]) -> Result<GrayImage, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(PictureError::TooLarge { bytes: bytes.len() });
    }
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Pnm)) =
        image::guess_format(bytes)
    else {
        return Err(PictureError::Format);
    };
    if format == ImageFormat::Jpeg && !jpeg_has_end(bytes) {
        return Err(PictureError::CutShort);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PIXELS_MAX);
    limits.max_image_height = Some(SIDE_PIXELS_MAX);
    limits.max_alloc = Some(ALLOCATION_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    match reader.decode() {
        Ok(picture) => Ok(on_white(picture)),
        Err(error @ ImageError::Limits(_)) => Err(PictureError::TooManyPixels(error)),
        Err(error) => Err(PictureError::Broken(error)),
    }
}

/// Grey values; what is transparent is paper, not ink.
fn on_white(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let mut grey = GrayImage::new(picture.width(), picture.height());
    let with_alpha = picture.into_luma_alpha8();
    for (to, from) in grey.pixels_mut().zip(with_alpha.pixels()) {
        let [ink, alpha] = from.0;
        let mixed = (u16::from(ink) * u16::from(alpha) + 255 * (255 - u16::from(alpha))) / 255;
        to.0 = [u8::try_from(mixed).unwrap_or(u8::MAX)];
    }
    grey
}

/// The JPEG decoder paints what is missing grey instead of saying so. Walks the segments to the first scan, then
/// looks for the end mark: inside scan data a byte FF is never followed by D9.
fn jpeg_has_end(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        match rest {
            [0xFF, 0xFF, ..] => rest = rest.get(1..).unwrap_or_default(),
            [0xFF, 0xDA, scan @ ..] => return scan.windows(2).any(|pair| pair == [0xFF, 0xD9]),
            [0xFF, _, high, low, ..] => {
                let length = usize::from(*high) * 256 + usize::from(*low);
                match rest.get(2 + length..) {
                    Some(after) => rest = after,
                    None => return false,
                }
            }
            _ => return false,
        }
    }
}

/// Rows of codes from the top, each from the left. Codes whose tops are closer than a row's height are one row.
fn in_reading_order(mut codes: Vec<Label>, (width, height): (u32, u32)) -> Vec<Found> {
    codes.sort_by(|a, b| a.place.1.total_cmp(&b.place.1));
    let row_height = f64::from(height) / 20.0;
    let mut row_top = f64::NEG_INFINITY;
    let mut row = 0_u32;
    let mut placed = Vec::with_capacity(codes.len());
    for code in codes {
        let top = f64::from(code.place.1);
        if top > row_top + row_height {
            row_top = top;
            row += 1;
        }
        placed.push((row, code));
    }
    placed.sort_by(|(row_a, a), (row_b, b)| row_a.cmp(row_b).then(a.place.0.total_cmp(&b.place.0)));
    let mut said = BTreeSet::new();
    placed
        .into_iter()
        .filter(|(_, code)| said.insert(code.text.clone()))
        .map(|(_, Label { text, symbology, identifier, place })| {
            let place = [thousandths(place.0, width), thousandths(place.1, height)];
            Found { text, symbology, identifier, place }
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=1000 before"
)]
fn thousandths(part: f32, whole: u32) -> u16 {
    (f64::from(part) * 1_000.0 / f64::from(whole.max(1))).clamp(0.0, 1_000.0) as u16
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
