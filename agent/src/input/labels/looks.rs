//! Ways to look at a picture in which a code may be hard to see. Pure: grey picture in, grey picture out.

use image::GrayImage;
use image::imageops::{self, FilterType};

/// A picture with a longer side than this is not enlarged: its codes are large enough already.
const ENLARGED_SIDE_PIXELS_MAX: u32 = 900;
/// A picture with a shorter side than this is not made smaller: its codes would vanish.
const HALVED_SIDE_PIXELS_MIN: u32 = 200;
/// A window of the local threshold is this part of the shorter side.
const WINDOWS_PER_SIDE: u32 = 12;
/// How much darker than its surroundings ink must be, of 255.
const INK_MARGIN: u64 = 7;

/// One way to look, the cheap ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    AsIs,
    LocalThreshold,
    Inverted,
    Stretched,
    Halved,
    Smoothed,
    Sharpened,
    Enlarged,
    EnlargedSharpened,
    InvertedThreshold,
    Quartered,
    Whole,
}

impl Look {
    pub(super) const ALL: [Self; 12] = [
        Self::AsIs,
        Self::LocalThreshold,
        Self::Inverted,
        Self::Stretched,
        Self::Halved,
        Self::Smoothed,
        Self::Sharpened,
        Self::Enlarged,
        Self::EnlargedSharpened,
        Self::InvertedThreshold,
        Self::Quartered,
        Self::Whole,
    ];
}

/// The picture as this look shows it; `None` where it would show nothing more.
pub(super) fn apply(look: Look, picture: &GrayImage) -> Option<GrayImage> {
    match look {
        Look::AsIs => Some(picture.clone()),
        Look::LocalThreshold => Some(local_threshold(picture)),
        Look::Inverted => Some(inverted(picture)),
        Look::Stretched => stretched(picture),
        Look::Halved => smaller(picture, 2),
        Look::Smoothed => Some(imageops::fast_blur(picture, 1.2)),
        Look::Sharpened => Some(imageops::unsharpen(picture, 2.0, 1)),
        Look::Enlarged => larger(picture),
        Look::EnlargedSharpened => {
            larger(picture).map(|picture| imageops::unsharpen(&picture, 3.0, 1))
        }
        Look::InvertedThreshold => Some(local_threshold(&inverted(picture))),
        Look::Quartered => smaller(picture, 4),
        // Not made from the picture that was fitted to the working size: the caller has the original.
        Look::Whole => None,
    }
}

fn inverted(picture: &GrayImage) -> GrayImage {
    let mut picture = picture.clone();
    imageops::invert(&mut picture);
    picture
}

fn smaller(picture: &GrayImage, times: u32) -> Option<GrayImage> {
    let (width, height) = picture.dimensions();
    (width.min(height) / times >= HALVED_SIDE_PIXELS_MIN / 2)
        .then(|| imageops::resize(picture, width / times, height / times, FilterType::Triangle))
}

fn larger(picture: &GrayImage) -> Option<GrayImage> {
    let (width, height) = picture.dimensions();
    (width.max(height) <= ENLARGED_SIDE_PIXELS_MAX)
        .then(|| imageops::resize(picture, width * 2, height * 2, FilterType::CatmullRom))
}

/// The darkest and lightest hundredths become black and white; `None` when they already are.
fn stretched(picture: &GrayImage) -> Option<GrayImage> {
    let mut counts = [0_u64; 256];
    for pixel in picture.pixels() {
        let [grey] = pixel.0;
        if let Some(count) = counts.get_mut(usize::from(grey)) {
            *count += 1;
        }
    }
    let tail = u64::from(picture.width()) * u64::from(picture.height()) / 100;
    let dark = first_beyond(counts.iter(), tail)?;
    let light = 255 - first_beyond(counts.iter().rev(), tail)?;
    if light <= dark || (dark < 8 && light > 247) {
        return None;
    }
    let mut picture = picture.clone();
    for pixel in picture.pixels_mut() {
        let [grey] = pixel.0;
        let spread = u32::from(grey.saturating_sub(dark)) * 255 / u32::from(light - dark);
        pixel.0 = [u8::try_from(spread).unwrap_or(u8::MAX)];
    }
    Some(picture)
}

fn first_beyond<'a>(counts: impl Iterator<Item = &'a u64>, tail: u64) -> Option<u8> {
    let mut sum = 0;
    for (at, count) in counts.enumerate() {
        sum += count;
        if sum > tail {
            return u8::try_from(at).ok();
        }
    }
    None
}

/// Black where a pixel is darker than the mean around it: shadows and glare do not matter.
fn local_threshold(picture: &GrayImage) -> GrayImage {
    let (width, height) = picture.dimensions();
    let sums = Sums::of(picture);
    let reach = (width.min(height) / WINDOWS_PER_SIDE / 2).max(4);
    let mut out = GrayImage::new(width, height);
    for ((x, y, from), to) in picture.enumerate_pixels().zip(out.pixels_mut()) {
        let [grey] = from.0;
        let window = Window {
            left: x.saturating_sub(reach),
            top: y.saturating_sub(reach),
            right: (x + reach + 1).min(width),
            bottom: (y + reach + 1).min(height),
        };
        let pixels = window.pixels();
        let ink = (u64::from(grey) + INK_MARGIN) * pixels < sums.within(&window);
        to.0 = [if ink { 0 } else { u8::MAX }];
    }
    out
}

/// How many times one length is the other.
#[expect(clippy::cast_precision_loss, reason = "sides of pictures are below 2^14")]
pub(super) fn ratio(whole: u32, part: u32) -> f32 {
    whole as f32 / part as f32
}

/// Pixels from left and top to right and bottom, the latter not included.
struct Window {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

impl Window {
    fn pixels(&self) -> u64 {
        u64::from(self.right - self.left) * u64::from(self.bottom - self.top)
    }
}

/// Sums of all grey values above and to the left of each corner between pixels.
struct Sums {
    across: usize,
    sums: Vec<u64>,
}

impl Sums {
    fn of(picture: &GrayImage) -> Self {
        let across = index(picture.width()) + 1;
        let mut sums = vec![0_u64; across];
        sums.reserve(across * index(picture.height()));
        for row in picture.rows() {
            let above = sums.len() - across;
            let mut sum = 0;
            sums.push(0);
            for (at, pixel) in row.enumerate() {
                let [grey] = pixel.0;
                sum += u64::from(grey);
                let over = sums.get(above + at + 1).copied().unwrap_or_default();
                sums.push(over + sum);
            }
        }
        Self { across, sums }
    }

    fn within(&self, window: &Window) -> u64 {
        let corner = |x: u32, y: u32| {
            self.sums.get(index(y) * self.across + index(x)).copied().unwrap_or_default()
        };
        let Window { left, top, right, bottom } = *window;
        (corner(right, bottom) + corner(left, top)) - corner(left, bottom) - corner(right, top)
    }
}

fn index(pixels: u32) -> usize {
    usize::try_from(pixels).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    #[test]
    fn a_local_threshold_sees_ink_in_light_and_in_shadow() {
        let picture = GrayImage::from_fn(120, 60, |x, y| {
            let ink = (x / 6 + y / 6) % 2 == 0;
            let light = if x < 60 { 220 } else { 70 };
            Luma([if ink { light / 2 } else { light }])
        });
        let seen = local_threshold(&picture);
        assert_eq!([seen.get_pixel(14, 14).0, seen.get_pixel(20, 14).0], [[0], [255]]);
        assert_eq!([seen.get_pixel(98, 14).0, seen.get_pixel(104, 14).0], [[0], [255]]);
    }

    #[test]
    fn a_picture_with_full_contrast_is_not_stretched_again() {
        let full = GrayImage::from_fn(10, 10, |x, _| Luma([if x < 5 { 0 } else { 255 }]));
        assert!(stretched(&full).is_none());
        let faint = GrayImage::from_fn(10, 10, |x, _| Luma([if x < 5 { 120 } else { 140 }]));
        let seen = stretched(&faint).unwrap();
        assert_eq!([seen.get_pixel(0, 0).0, seen.get_pixel(9, 0).0], [[0], [255]]);
    }
}
