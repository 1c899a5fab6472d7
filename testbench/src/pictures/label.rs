//! A printed label: the symbol, its quiet zone, and what else stands on it.

use anyhow::{Context, Result, ensure};
use image::{GrayImage, Luma, imageops};
use rand::RngExt as _;
use zxingcpp::BarcodeFormat;

use super::truth::{Symbology, Truth};
use super::{Rng, Set};

/// Pixels a module is drawn with.
pub(super) const MODULE: u32 = 8;

/// How a symbol is put on paper.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub(super) ink: u8,
    pub(super) paper: u8,
    /// How much wider than its module ink runs, as a part of a module; less than none where it is thin.
    gain: f32,
    dots: bool,
    quiet_modules: u32,
}

impl Print {
    pub(super) fn draw(symbology: Symbology, set: Set, rng: &mut Rng) -> Self {
        let linear = symbology == Symbology::Gs1128;
        let field = set == Set::Field;
        let (ink, paper) = (rng.random_range(12..55), rng.random_range(205..250));
        let swapped = field && rng.random_bool(0.08);
        Self {
            ink: if swapped { paper } else { ink },
            paper: if swapped { ink } else { paper },
            gain: rng.random_range(-0.12..0.18),
            dots: field && symbology == Symbology::Gs1DataMatrix && rng.random_bool(0.3),
            quiet_modules: if linear { rng.random_range(9..12) } else { rng.random_range(2..5) },
        }
    }
}

/// A label and where its symbol is.
pub(super) struct Label {
    pub(super) picture: GrayImage,
    /// Middle of the symbol, in pixels of the label.
    pub(super) middle: (f32, f32),
    /// Width and height of the symbol, in modules.
    pub(super) modules: (u32, u32),
}

/// Prints what a picture is to say.
pub(super) fn print(truth: &Truth, print: Print, rng: &mut Rng) -> Result<Label> {
    let grid = grid(truth, rng)?;
    let modules = grid.dimensions();
    let symbol = inked(&grid, print);
    let quiet = print.quiet_modules * MODULE;
    let (text_right, text_below) = (rng.random_range(0..3) * 60, rng.random_range(1..4) * 40);
    let width = symbol.width() + 2 * quiet + text_right;
    let height = symbol.height() + 2 * quiet + text_below;
    let mut picture = GrayImage::from_pixel(width, height, Luma([print.paper]));
    imageops::overlay(&mut picture, &symbol, i64::from(quiet), i64::from(quiet));
    let below = symbol.height() + 2 * quiet;
    let mut line = below;
    while line + 30 < height {
        write(&mut picture, (quiet, line), width.saturating_sub(quiet), print.ink, rng);
        line += 40;
    }
    let right = symbol.width() + 2 * quiet;
    for row in 0..(below / 50) {
        write(&mut picture, (right, row * 50 + 10), width.saturating_sub(10), print.ink, rng);
    }
    let half = |length: u32| (quiet + length / 2) as f32;
    Ok(Label { picture, middle: (half(symbol.width()), half(symbol.height())), modules })
}

/// One pixel a module.
fn grid(truth: &Truth, rng: &mut Rng) -> Result<GrayImage> {
    let level = if rng.random_bool(0.6) { "M" } else { "Q" };
    let (format, options) = match truth.symbology {
        Symbology::Qr => (BarcodeFormat::QRCode, format!("ecLevel={level}")),
        Symbology::Gs1Qr => (BarcodeFormat::QRCode, format!("gs1,ecLevel={level}")),
        Symbology::Gs1DataMatrix => (BarcodeFormat::DataMatrix, "gs1,forceSquare".to_owned()),
        Symbology::Gs1128 => (BarcodeFormat::Code128, "gs1".to_owned()),
    };
    let barcode = zxingcpp::create(format).options(options).from_str(&truth.written);
    let barcode = barcode.with_context(|| format!("encoding {:?}", truth.written))?;
    let writer = zxingcpp::write().scale(1).add_quiet_zones(false).add_hrt(false);
    let image = barcode.to_image_with(&writer).context("drawing a symbol")?;
    let side = |length: i32| u32::try_from(length).context("a symbol's side");
    let (width, height) = (side(image.width())?, side(image.height())?);
    let grid = GrayImage::from_raw(width, height, image.data()).context("a symbol's pixels")?;
    if truth.symbology != Symbology::Gs1128 {
        ensure!(width == height, "{width} × {height} is no square symbol");
        return Ok(grid);
    }
    let tall = rng.random_range(width / 5..width / 3);
    Ok(GrayImage::from_fn(width, tall, |x, _| *grid.get_pixel(x, 0)))
}

/// The symbol in ink and paper, with edges where the printer put them.
fn inked(grid: &GrayImage, print: Print) -> GrayImage {
    let (width, height) = grid.dimensions();
    let one_row = height < width;
    let dark = |x: i64, y: i64| {
        let inside = x >= 0 && y >= 0 && x < i64::from(width) && y < i64::from(height);
        inside && grid.get_pixel(x as u32, y as u32).0[0] < 128
    };
    let module = MODULE as f32;
    GrayImage::from_fn(width * MODULE, height * MODULE, |px, py| {
        let (x, y) = ((px as f32 + 0.5) / module, (py as f32 + 0.5) / module);
        let (left, top) = (x.floor(), y.floor());
        let ink = if print.dots {
            let (dx, dy) = (x - left - 0.5, y - top - 0.5);
            dark(left as i64, top as i64) && dx.hypot(dy) < 0.46 + print.gain / 4.0
        } else {
            let half = print.gain.abs() / 2.0;
            let reach_y = if one_row { 0.0 } else { half };
            let corners = [(-half, -reach_y), (half, -reach_y), (-half, reach_y), (half, reach_y)];
            let mut around = corners
                .iter()
                .map(|(dx, dy)| dark((x + dx).floor() as i64, (y + dy).floor() as i64));
            if print.gain > 0.0 { around.any(|dark| dark) } else { around.all(|dark| dark) }
        };
        Luma([if ink { print.ink } else { print.paper }])
    })
}

/// Digits as a dot-matrix head prints them: rows of five dots from the top.
const DIGITS: [[u8; 7]; 10] = [
    [14, 17, 19, 21, 25, 17, 14],
    [4, 12, 4, 4, 4, 4, 14],
    [14, 17, 1, 2, 4, 8, 31],
    [31, 2, 4, 2, 1, 17, 14],
    [2, 6, 10, 18, 31, 2, 2],
    [31, 16, 30, 1, 1, 17, 14],
    [6, 8, 16, 30, 17, 17, 14],
    [31, 1, 2, 4, 8, 8, 8],
    [14, 17, 17, 14, 17, 17, 14],
    [14, 17, 17, 15, 1, 2, 12],
];

/// A line of digits and gaps.
fn write(label: &mut GrayImage, (left, top): (u32, u32), right: u32, ink: u8, rng: &mut Rng) {
    let dot = rng.random_range(2..4_u32);
    let mut x = left;
    while x + 6 * dot < right {
        let digit = &DIGITS[rng.random_range(0..10)];
        if rng.random_bool(0.85) {
            for (row, bits) in (0_u32..).zip(digit) {
                for column in (0..5_u32).filter(|column| bits & (16 >> column) != 0) {
                    let (left, top) = (x + column * dot, top + row * dot);
                    fill(label, (left, top), dot, ink);
                }
            }
        }
        x += 6 * dot;
    }
}

fn fill(label: &mut GrayImage, (left, top): (u32, u32), side: u32, ink: u8) {
    for y in top..(top + side).min(label.height()) {
        for x in left..(left + side).min(label.width()) {
            label.put_pixel(x, y, Luma([ink]));
        }
    }
}
