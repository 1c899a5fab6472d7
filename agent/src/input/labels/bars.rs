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
/// Scan lines across the bars.
const LINES_MAX: usize = 48;
/// Ink and paper are both within this many pixels of the picture.
const REACH_PIXELS: f32 = 9.0;
/// Rounds of putting edges right.
const ROUNDS: usize = 7;
const PACE: f32 = 1.3;

/// One way to see bars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Way {
    /// Lines above and below that each line is the mean with.
    lines: usize,
    /// The bell that blurred the edges, in pixels of the picture.
    focus: f32,
}

const fn way(lines: usize, focus: f32) -> Way {
    Way { lines, focus }
}

/// What helps most for its time comes first.
pub(super) const WAYS: [Way; 9] = [
    way(1, 0.0),
    way(1, 1.4),
    way(0, 0.8),
    way(3, 0.8),
    way(3, 2.0),
    way(1, 2.0),
    way(3, 1.4),
    way(6, 0.0),
    way(6, 1.4),
];

/// One place, straightened.
pub(super) struct Strip {
    middle: Point,
    seen: Plane,
    /// Pixels of the strip for one of the picture.
    enlarged: f32,
}

impl Strip {
    pub(super) fn of(picture: &GrayImage, region: &Region) -> Self {
        let (sin, cos) = region.angle.sin_cos();
        let (half, tall) = (region.half.0 * 1.1 + 10.0, region.half.1);
        let enlarged = (LENGTH / (2.0 * half)).clamp(1.0, ENLARGED_MAX);
        let lines = ((2.0 * tall) as usize).clamp(8, LINES_MAX);
        let size = ((2.0 * half * enlarged) as usize, lines);
        let seen = Plane::sampled(picture, size, |x, y| {
            let along = x / enlarged - half;
            let across = ((y + 0.5) / lines as f32 * 2.0 - 1.0) * tall;
            Point {
                x: region.middle.x + along * cos - across * sin,
                y: region.middle.y + along * sin + across * cos,
            }
        });
        Self { middle: region.middle, seen, enlarged }
    }

    /// What is read in the strip when it is seen in this way.
    pub(super) fn seen(
        &self,
        way: Way,
        read: impl FnOnce(&GrayImage) -> Vec<Sighting>,
    ) -> Vec<Sighting> {
        let mean = match way.lines {
            0 => self.seen.clone(),
            lines => self.seen.transposed().mean_along_rows(lines, 0.0).transposed(),
        };
        let even = self.evened(&mean);
        let clear = if way.focus > 0.0 { focused(&even, way.focus * self.enlarged) } else { even };
        let mut sightings = read(&clear.picture());
        for sighting in &mut sightings {
            sighting.place = self.middle;
            // Lines that are means of their neighbours say the same as these.
            sighting.lines = sighting.lines.div_ceil(way.lines + 1);
        }
        sightings
    }

    /// Each line by itself, between the darkest and the lightest near each point of it.
    fn evened(&self, plane: &Plane) -> Plane {
        let reach = (REACH_PIXELS * self.enlarged) as usize;
        let smooth = |plane: Plane| plane.mean_along_rows(reach / 2, 0.0);
        let low = smooth(plane.extreme_along_rows(reach, f32::min));
        let high = smooth(plane.extreme_along_rows(reach, f32::max));
        plane.between(&low, &high, plane.spread() * 0.25 + 1.0)
    }
}

/// Edges as they were before a bell of this many pixels softened them along the line.
fn focused(seen: &Plane, sigma: f32) -> Plane {
    let reach = ((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0;
    let (whole, part) = (reach as usize, reach.fract());
    seen.restored(ROUNDS, PACE, |guess| {
        let mut soft = guess.mean_along_rows(whole, part);
        for _ in 0..2 {
            soft = soft.mean_along_rows(whole, part);
        }
        soft
    })
}
