//! What a camera sees over some seconds: labels on a carton, held by a hand that is not still. For browsers that take a
//! file for a camera.

use std::io::Cursor;

use anyhow::{Context, Result, ensure};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, Luma, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};
use imageproc::noise::gaussian_noise_mut;
use qrcode::QrCode;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 540;
const CARTON: Luma<u8> = Luma([168]);
const MODULE: u32 = 5;
/// Chromium shows a film so fast.
const FRAMES_A_SECOND: usize = 30;
/// A hand does not move much between two frames: each is shown for a few.
const HELD_FRAMES: usize = 5;
const QUALITY: u8 = 88;

/// What is in view for a while: these texts as QR codes, side by side; none = only the carton.
pub struct Scene {
    pub texts: Vec<String>,
    pub seconds: usize,
}

/// Scenes one after the other, as the JPEGs of a Motion JPEG file.
pub fn motion_jpeg(scenes: &[Scene], seed: u64) -> Result<Vec<u8>> {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut film = Vec::new();
    for scene in scenes {
        for _ in 0..scene.seconds * FRAMES_A_SECOND / HELD_FRAMES {
            let frame = jpeg(&look(&scene.texts, &mut rng)?)?;
            film.extend(frame.repeat(HELD_FRAMES));
        }
    }
    Ok(film)
}

fn look(texts: &[String], rng: &mut Pcg64Mcg) -> Result<GrayImage> {
    let mut carton = GrayImage::from_pixel(WIDTH, HEIGHT, CARTON);
    let room = WIDTH / u32::try_from(texts.len().max(1))?;
    for (place, text) in (0_u32..).zip(texts) {
        let code = QrCode::new(text.as_bytes()).context("too much text for a QR code")?;
        let label: GrayImage = code.render::<Luma<u8>>().module_dimensions(MODULE, MODULE).build();
        ensure!(label.width() < room && label.height() < HEIGHT, "too many labels for one look");
        let (left, top) =
            (place * room + (room - label.width()) / 2, (HEIGHT - label.height()) / 2);
        let shake = |rng: &mut Pcg64Mcg| rng.random_range(-6..=6_i64);
        let (x, y) = (i64::from(left) + shake(rng), i64::from(top) + shake(rng));
        imageops::overlay(&mut carton, &label, x, y);
    }
    let angle = rng.random_range(-4.0..4.0_f32).to_radians();
    let turned =
        rotate_about_center(&carton, angle, Interpolation::Bilinear, Border::Constant(CARTON));
    let mut seen = imageops::fast_blur(&turned, 0.7);
    gaussian_noise_mut(&mut seen, 0.0, 3.0, rng.random());
    Ok(seen)
}

/// In colour, as cameras have it.
fn jpeg(grey: &GrayImage) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageLuma8(grey.clone()).to_rgb8();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture).context("JPEG")?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use sealtrace_agent::input::picture;

    use super::*;

    #[test]
    fn every_frame_shows_what_the_scene_says() {
        let texts = ["HTTPS://T.EXAMPLE/7KQ2Z00000000000A", "HTTPS://T.EXAMPLE/7KQ2Z00000000000B"];
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        for count in 0..=2 {
            let shown = texts[..count].iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let frame = jpeg(&look(&shown, &mut rng).unwrap()).unwrap();
            // The first ways of looking are enough.
            let asked = std::cell::Cell::new(0);
            let enough = || asked.replace(asked.get() + 1) > 30;
            let found = picture::decode(&frame, &enough).unwrap();
            let read: Vec<_> = found.into_iter().map(|found| found.text).collect();
            assert_eq!(read, shown);
        }
    }
}
