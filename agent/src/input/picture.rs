//! Codes in pictures: PNG, JPEG and PGM bytes in, texts of QR codes out.
//!
//! A picture from a floor is blurred, dark, turned or printed white on black. It is looked at in several ways, the
//! cheap ones first, until a look finds nothing new or the time is up.

use std::collections::BTreeMap;
use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageError, ImageFormat, ImageReader, Limits};

use super::board::{Board, Looked};
use super::looks::{self, Look};

/// The largest picture file that is opened.
pub const PICTURE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The longest side of a picture, in pixels.
pub const SIDE_PIXELS_MAX: u32 = 8_192;
/// What decoding one picture may allocate.
const ALLOCATION_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Finding codes needs no more pixels than this along the longer side; more only costs time.
const WORKING_SIDE_PIXELS: u32 = 1_600;
/// The last look is at this many pixels along the longer side: small codes in a large photo.
const WHOLE_SIDE_PIXELS: u32 = 3_600;
/// How long looking at one picture may take.
pub const LOOKING_MS_MAX: u64 = 2_000;

/// One code in a picture.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// What it says; GS is U+001D.
    pub text: String,
    /// `qr`.
    pub symbology: &'static str,
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
    Ok(search(&open(bytes)?, time_is_up))
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

fn search(picture: &GrayImage, time_is_up: &dyn Fn() -> bool) -> Vec<Found> {
    let mut found: BTreeMap<String, Place> = BTreeMap::new();
    let (full_width, full_height) = picture.dimensions();
    let working = fit(picture, WORKING_SIDE_PIXELS);
    for look in Look::ALL {
        let whole = look == Look::Whole && full_width.max(full_height) > WORKING_SIDE_PIXELS;
        let seen = if whole {
            Some(fit(picture, WHOLE_SIDE_PIXELS))
        } else {
            looks::apply(look, &working)
        };
        let Some(seen) = seen else { continue };
        let scale = f64::from(full_width) / f64::from(seen.width().max(1));
        let known = found.len();
        let (looked, unread) = read(&seen, scale, &mut found, time_is_up);
        let nothing_new = found.len() == known && !found.is_empty() && unread == 0;
        if nothing_new || looked == Looked::OutOfTime || time_is_up() {
            break;
        }
    }
    in_reading_order(found, full_height)
}

/// The top-left corner of a code, in pixels of the whole picture.
#[derive(Clone, Copy)]
struct Place {
    x: f64,
    y: f64,
}

/// Adds the codes in one picture to `found`; answers how it ended and how many were seen and could not be read.
fn read(
    picture: &GrayImage,
    scale: f64,
    found: &mut BTreeMap<String, Place>,
    time_is_up: &dyn Fn() -> bool,
) -> (Looked, usize) {
    let mut unread = 0;
    let looked = Board::new(picture, time_is_up).look(|bounds, bytes| {
        let Some(bytes) = bytes else {
            unread += 1;
            return;
        };
        let place = Place {
            x: f64::from(bounds.iter().map(|point| point.x).min().unwrap_or(0)) * scale,
            y: f64::from(bounds.iter().map(|point| point.y).min().unwrap_or(0)) * scale,
        };
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|bad| bad.into_bytes().iter().copied().map(char::from).collect());
        found.entry(text).or_insert(place);
    });
    (looked, unread)
}

/// Rows of codes from the top, each from the left. Codes whose tops are closer than a row's height are one row.
fn in_reading_order(found: BTreeMap<String, Place>, height: u32) -> Vec<Found> {
    let mut codes: Vec<_> = found.into_iter().collect();
    codes.sort_by(|(_, a), (_, b)| a.y.total_cmp(&b.y));
    let row_height = f64::from(height) / 20.0;
    let mut row_top = f64::NEG_INFINITY;
    let mut row = 0_u32;
    let mut placed = Vec::with_capacity(codes.len());
    for (text, place) in codes {
        if place.y > row_top + row_height {
            row_top = place.y;
            row += 1;
        }
        placed.push((row, place.x, text));
    }
    placed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    placed.into_iter().map(|(_, _, text)| Found { text, symbology: "qr" }).collect()
}

/// The picture itself, or smaller so that its longer side is `side`.
fn fit(picture: &GrayImage, side: u32) -> GrayImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= side {
        return picture.clone();
    }
    let scaled = |length: u32| {
        let exact = u64::from(length) * u64::from(side) / u64::from(longer);
        u32::try_from(exact).unwrap_or(side).max(1)
    };
    imageops::resize(picture, scaled(width), scaled(height), FilterType::Triangle)
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
