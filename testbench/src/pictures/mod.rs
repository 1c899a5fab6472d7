//! Pictures of labels as cameras in warehouses take them, with what each of them says. All of it comes from a seed.
//!
//! A symbol is printed on a label ([`label`]), seen by a camera from some side ([`scene`]), and spoiled by light, optics and
//! electronics ([`spoil`]). Each picture has one difficulty in full; everything else is as ordinary as it gets.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides of pictures are below 2^13 and greys are clamped to 0..=255"
)]

mod label;
mod scene;
mod spoil;
mod surface;
mod truth;

use std::io::Cursor;

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, ImageFormat};
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

pub use truth::{Symbology, Truth};

/// Where randomness comes from: the same numbers on every machine.
pub(crate) type Rng = Pcg64Mcg;

/// What makes a picture hard to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// Nothing but what every picture has.
    Plain,
    /// Turned by 10 to 45 degrees.
    Rotation,
    /// Taken from the side.
    Perspective,
    /// Out of focus.
    Blur,
    /// The hand or the belt moved.
    Motion,
    /// High gain in the dark.
    Noise,
    /// Faded print, fog on the lens.
    LowContrast,
    /// A lamp at one side, or a hard shadow.
    UnevenLight,
    /// The label or the film over it mirrors a lamp.
    Glare,
    /// Scratches, blots, a torn piece, dead points of the print head.
    Damage,
    /// On a cap or a drum.
    Curve,
    /// One or two pixels a module.
    SmallModules,
    /// Several of the above, each mildly.
    Mixed,
}

impl Difficulty {
    /// Every one.
    pub const ALL: [Self; 13] = [
        Self::Plain,
        Self::Rotation,
        Self::Perspective,
        Self::Blur,
        Self::Motion,
        Self::Noise,
        Self::LowContrast,
        Self::UnevenLight,
        Self::Glare,
        Self::Damage,
        Self::Curve,
        Self::SmallModules,
        Self::Mixed,
    ];
}

/// Which pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Set {
    /// Labels on cartons, in pictures of 640 to 1280 pixels: what scanners and pages send.
    Bench,
    /// Photos of 640 to 4000 pixels, other prints (ink-jet dots, white on black), wood, foil, film over the label.
    Field,
}

/// One picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What is in it.
    pub truth: Truth,
    /// Why that is hard to see.
    pub difficulty: Difficulty,
    /// A JPEG or PNG file.
    pub file: Vec<u8>,
}

/// The picture at a place of a set; the same for the same seed, whatever else is made.
pub fn picture(set: Set, seed: u64, index: usize) -> Result<Picture> {
    let (symbology, difficulty) = kind(index);
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (u64::try_from(index)? << 8);
    let mut rng = Rng::seed_from_u64(mixed ^ u64::from(set == Set::Field));
    let truth = Truth::draw(symbology, &mut rng);
    let grey = scene::take(&truth, difficulty, set, &mut rng)?;
    let file = file(&grey, &mut rng)?;
    Ok(Picture { truth, difficulty, file })
}

/// By turns: every symbology with one difficulty, then with the next.
fn kind(index: usize) -> (Symbology, Difficulty) {
    let (symbologies, difficulties) = (Symbology::ALL, Difficulty::ALL);
    let round = index / symbologies.len();
    (symbologies[index % symbologies.len()], difficulties[round % difficulties.len()])
}

/// Nine in ten are JPEGs.
fn file(grey: &GrayImage, rng: &mut Rng) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    if rng.random_bool(0.1) {
        grey.write_to(&mut bytes, ImageFormat::Png).context("PNG")?;
    } else {
        let quality = rng.random_range(62..=92);
        JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode(grey.as_raw(), grey.width(), grey.height(), ExtendedColorType::L8)
            .context("JPEG")?;
    }
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_picture_and_another_another() {
        let made = |seed| picture(Set::Bench, seed, 17).unwrap();
        assert_eq!(made(1).file, made(1).file);
        assert_ne!(made(1).file, made(2).file);
        assert_ne!(made(1).truth, made(2).truth);
    }

    #[test]
    fn a_round_of_pictures_has_every_symbology_with_every_difficulty() {
        let all = Symbology::ALL.len() * Difficulty::ALL.len();
        let seen: std::collections::BTreeSet<_> = (0..all).map(kind).collect();
        assert_eq!(seen.len(), all);
    }
}
