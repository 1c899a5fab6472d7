//! One place of a picture turned so that its bars stand upright, in the ways that bring bars out.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides of pictures are below 2^14"
)]

use image::GrayImage;

use super::Sighting;
use super::plane::{Plane, Point};
use super::regions::Region;

/// Pixels along a strip; narrow ones are enlarged to that.
const LENGTH: f32 = 1_400.0;
/// More than that shows nothing more.
const ENLARGED_MAX: f32 = 4.0;
/// The end of a code may lie in shadow.
const LONGER: f32 = 1.25;
/// Scan lines across the bars.
const LINES_MIN: usize = 8;
const LINES_MAX: usize = 48;
/// Bars lean where the camera looks from the side, or where other prints pull: so many steps to each side are tried.
const LEANS: i16 = 10;
const LEAN_STEP: f32 = 0.03;
/// Ink and paper are both within this many pixels of the picture.
const REACH_PIXELS: f32 = 9.0;

/// One way to see bars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Way {
    /// Lines above and below that each line is the mean with.
    lines: u8,
    /// The bell that blurred the edges, in pixels of the picture.
    focus: f32,
    light: Light,
}

/// What is done about the light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Light {
    /// It changes slowly.
    Soft,
    /// The edge of a shadow runs across the bars.
    Shadow,
    /// The bars are white on black.
    Inverted,
}

const fn way(lines: u8, focus: f32) -> Way {
    Way { lines, focus, light: Light::Soft }
}

/// What helps most for its time comes first.
const WAYS: [Way; 14] = [
    way(1, 0.0),
    way(1, 1.4),
    way(0, 0.8),
    Way { light: Light::Inverted, ..way(1, 0.0) },
    Way { light: Light::Shadow, ..way(1, 0.0) },
    way(3, 0.8),
    way(3, 2.0),
    way(1, 2.0),
    way(3, 1.4),
    way(0, 0.0),
    way(6, 0.0),
    way(6, 1.4),
    Way { light: Light::Inverted, ..way(1, 1.4) },
    Way { light: Light::Shadow, ..way(1, 1.4) },
];

/// One place, straightened.
pub(super) struct Strip {
    middle: Point,
    seen: Plane,
    /// Pixels of the strip for one of the picture.
    enlarged: f32,
    pixels_per_line: f32,
}

impl Strip {
    pub(super) fn of(picture: &GrayImage, region: &Region) -> Self {
        let level = Self::leaning(picture, region, 0.0);
        let lean = level.lean();
        if lean == 0.0 { level } else { Self::leaning(picture, region, lean) }
    }

    /// Bars that lean by so many pixels to the side for each pixel down.
    fn leaning(picture: &GrayImage, region: &Region, lean: f32) -> Self {
        let (sin, cos) = region.angle.sin_cos();
        let (half, tall) = (region.half.0 * LONGER + 15.0, region.half.1);
        let enlarged = (LENGTH / (2.0 * half)).clamp(1.0, ENLARGED_MAX);
        let lines = ((2.0 * tall) as usize).clamp(LINES_MIN, LINES_MAX);
        let size = ((2.0 * half * enlarged) as usize, lines);
        let pixels_per_line = 2.0 * tall / lines as f32;
        let seen = Plane::sampled(picture, size, |x, y| {
            let across = (y + 0.5) * pixels_per_line - tall;
            let along = x / enlarged - half + lean * across;
            Point {
                x: region.middle.x + along * cos - across * sin,
                y: region.middle.y + along * sin + across * cos,
            }
        });
        Self { middle: region.middle, seen, enlarged, pixels_per_line }
    }

    /// How much the bars lean: with that taken out, the lines have most in common.
    fn lean(&self) -> f32 {
        let leans = (-LEANS..=LEANS).map(|step| f32::from(step) * LEAN_STEP);
        let contrast = |lean: f32| (lean, self.contrast_along(lean));
        let best = leans.map(contrast).max_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(0.0, |(lean, _)| lean)
    }

    /// How much the mean of all lines, each pushed as far as it leans, changes from pixel to pixel.
    fn contrast_along(&self, lean: f32) -> f32 {
        let Plane { width, height, values } = &self.seen;
        let mut sums = vec![0.0_f32; *width];
        for (line, row) in values.chunks_exact((*width).max(1)).enumerate() {
            let across = (line as f32 + 0.5 - *height as f32 / 2.0) * self.pixels_per_line;
            let push = (lean * across * self.enlarged).round() as isize;
            let (to, from) = (push.min(0).unsigned_abs(), push.max(0).unsigned_abs());
            let pushed = row.iter().skip(from);
            sums.iter_mut().skip(to).zip(pushed).for_each(|(sum, grey)| *sum += grey);
        }
        let step = (self.enlarged as usize).max(1);
        let ahead = sums.iter().skip(step);
        sums.iter().zip(ahead).map(|(here, ahead)| (here - ahead).powi(2)).sum()
    }

    /// The ways worth trying, best first.
    pub(super) fn ways() -> impl Iterator<Item = Way> {
        WAYS.into_iter()
    }

    /// What is read in the strip when it is seen in this way.
    pub(super) fn seen(
        &self,
        way: Way,
        read: impl FnOnce(&GrayImage) -> Vec<Sighting>,
    ) -> Vec<Sighting> {
        let mean = match way.lines {
            0 => self.seen.clone(),
            lines => self.seen.mean_along_columns(f32::from(lines)),
        };
        let reach = (REACH_PIXELS * self.enlarged) as usize;
        let even = match way.light {
            Light::Soft => evened(&mean, reach),
            Light::Inverted => evened(&mean.inverted(), reach),
            Light::Shadow => mean.shadowless(|logs| {
                logs.extreme_along_rows(reach, f32::max).extreme_along_rows(reach, f32::min)
            }),
        };
        let clear = if way.focus > 0.0 { focused(&even, way.focus * self.enlarged) } else { even };
        let mut sightings = read(&clear.picture());
        for sighting in &mut sightings {
            sighting.place = self.middle;
            // Lines that are means of their neighbours say the same as these.
            sighting.lines = sighting.lines.div_ceil(usize::from(way.lines) + 1);
        }
        sightings
    }
}

/// Each line by itself, between the darkest and the lightest near each point of it.
fn evened(plane: &Plane, reach: usize) -> Plane {
    let smooth = |plane: Plane| plane.softened_along_rows(reach as f32 / 3.0);
    let low = smooth(plane.extreme_along_rows(reach, f32::min));
    let high = smooth(plane.extreme_along_rows(reach, f32::max));
    plane.between(&low, &high, plane.spread() * 0.25 + 1.0)
}

/// Edges as they were before a bell of this many pixels softened them along the line.
fn focused(seen: &Plane, sigma: f32) -> Plane {
    seen.restored(|guess| guess.softened_along_rows(sigma))
}
