//! The code readers: rqrr for QR codes, and zxing-cpp, where it is built in, for these and everything else.

use image::GrayImage;

use super::board::Board;
use super::plane::Point;
use super::{Sighting, Symbology};

/// What rqrr reads has neither FNC1 nor a character set of its own.
const PLAIN_QR: &str = "]Q1";

/// What to look for, and how much trouble to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinds {
    /// Everything, in a picture as it came.
    All,
    /// Matrix codes, in a picture made black and white.
    Matrices,
    /// Upright bars, in a picture made black and white.
    Bars,
}

/// Every matrix code that either reader finds.
pub(super) fn matrices(picture: &GrayImage, time_is_up: &dyn Fn() -> bool) -> Vec<Sighting> {
    let mut found = read(picture, Kinds::Matrices);
    if found.is_empty() {
        Board::new(picture, time_is_up).look(|bounds, bytes| {
            found.extend(bytes.map(|bytes| qr(bounds, bytes)));
        });
    }
    found
}

/// What rqrr read.
pub(super) fn qr(bounds: [rqrr::Point; 4], bytes: Vec<u8>) -> Sighting {
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|bad| bad.into_bytes().iter().copied().map(char::from).collect());
    let corners = bounds.map(|corner| (corner.x, corner.y));
    Sighting {
        symbology: Symbology::Qr,
        identifier: PLAIN_QR.to_owned(),
        text,
        place: place(&corners),
        lines: 1,
    }
}

/// Sightings in a smaller or larger picture, as they are in the whole one.
pub(super) fn scaled(mut sightings: Vec<Sighting>, scale: Point) -> Vec<Sighting> {
    for sighting in &mut sightings {
        sighting.place.x *= scale.x;
        sighting.place.y *= scale.y;
    }
    sightings
}

fn place(corners: &[(i32, i32)]) -> Point {
    let least = |pick: fn(&(i32, i32)) -> i32| corners.iter().map(pick).min().unwrap_or(0);
    let pixels =
        |at: i32| f32::from(i16::try_from(at).unwrap_or(if at < 0 { 0 } else { i16::MAX }));
    Point { x: pixels(least(|corner| corner.0)), y: pixels(least(|corner| corner.1)) }
}

/// What zxing-cpp reads.
#[cfg(feature = "labels")]
pub(super) fn read(picture: &GrayImage, kinds: Kinds) -> Vec<Sighting> {
    use zxingcpp::{BarcodeFormat, Binarizer, ImageFormat, ImageView, TextMode};

    /// Codes answered from one look: nobody chooses from more.
    const SYMBOLS_MAX: i32 = 64;
    // Not Micro QR: the corner of a QR code can be misread as one.
    const MATRICES: [BarcodeFormat; 2] = [BarcodeFormat::QRCodeModel2, BarcodeFormat::DataMatrix];
    const BARS: [BarcodeFormat; 1] = [BarcodeFormat::Code128];
    const ALL: [BarcodeFormat; 3] =
        [BarcodeFormat::QRCodeModel2, BarcodeFormat::DataMatrix, BarcodeFormat::Code128];
    let reader = zxingcpp::read()
        .text_mode(TextMode::Plain)
        .max_number_of_symbols(SYMBOLS_MAX)
        .try_harder(true)
        .try_downscale(kinds == Kinds::All)
        .try_rotate(kinds != Kinds::Bars)
        .try_invert(kinds != Kinds::Bars);
    let reader = match kinds {
        Kinds::All => reader.formats(ALL),
        Kinds::Matrices => reader.formats(MATRICES).binarizer(Binarizer::FixedThreshold),
        Kinds::Bars => reader.formats(BARS).binarizer(Binarizer::FixedThreshold),
    };
    let (width, height) = picture.dimensions();
    // Neither fails with pixels as many as the sides say; a picture without any holds no code.
    let Ok(view) = ImageView::from_slice(picture.as_raw(), width, height, ImageFormat::Lum) else {
        return Vec::new();
    };
    reader.from(&view).unwrap_or_default().iter().filter_map(sighting).collect()
}

#[cfg(not(feature = "labels"))]
pub(super) fn read(_: &GrayImage, _: Kinds) -> Vec<Sighting> {
    Vec::new()
}

#[cfg(feature = "labels")]
fn sighting(barcode: &zxingcpp::Barcode) -> Option<Sighting> {
    use zxingcpp::BarcodeFormat;

    let format = barcode.symbology();
    let symbology = if format == BarcodeFormat::QRCode {
        Symbology::Qr
    } else if format == BarcodeFormat::DataMatrix {
        Symbology::DataMatrix
    } else if format == BarcodeFormat::Code128 {
        Symbology::Code128
    } else {
        return None;
    };
    let position = barcode.position();
    let corners =
        [position.top_left, position.top_right, position.bottom_right, position.bottom_left];
    barcode.is_valid().then(|| Sighting {
        symbology,
        identifier: barcode.symbology_identifier(),
        text: barcode.text(),
        place: place(&corners.map(|corner| (corner.x, corner.y))),
        lines: usize::try_from(barcode.line_count()).unwrap_or(0).max(1),
    })
}
