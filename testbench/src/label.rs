//! Labels as pictures: rendered, then turned and blurred as a camera in a warehouse would see them.

use std::io::Cursor;

use anyhow::{Context, Result};
use image::{GrayImage, ImageFormat, Luma, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};
use qrcode::QrCode;

/// How a picture of a label is spoiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spoiled {
    /// Turned by this many degrees.
    pub degrees: f32,
    /// Gaussian blur, standard deviation in pixels.
    pub blur: f32,
}

/// A PNG of a QR code with `text`, eight pixels a module, on a white label.
pub fn qr_png(text: &str, spoiled: Spoiled) -> Result<Vec<u8>> {
    let code = QrCode::new(text.as_bytes()).context("too much text for a QR code")?;
    let sharp: GrayImage = code.render::<Luma<u8>>().module_dimensions(8, 8).build();
    let (width, height) = sharp.dimensions();
    let mut label = GrayImage::from_pixel(width * 2, height * 2, Luma([255]));
    imageops::overlay(&mut label, &sharp, i64::from(width / 2), i64::from(height / 2));
    let turned = rotate_about_center(
        &label,
        spoiled.degrees.to_radians(),
        Interpolation::Bilinear,
        Border::Constant(Luma([255_u8])),
    );
    let seen = if spoiled.blur > 0.0 { imageops::blur(&turned, spoiled.blur) } else { turned };
    let mut png = Cursor::new(Vec::new());
    seen.write_to(&mut png, ImageFormat::Png).context("PNG")?;
    Ok(png.into_inner())
}
