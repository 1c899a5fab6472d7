//! One place of a picture, near enough to see modules, in the ways that bring matrix codes out.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides of pictures are below 2^14"
)]

use std::f32::consts::FRAC_PI_2;

use image::GrayImage;

use super::Sighting;
use super::deblur::{Spread, deblurred};
use super::plane::{Plane, Point};
use super::reader::scaled;
use super::regions::Region;

/// Pixels along a side; places are enlarged or made smaller to that.
const SIDE: f32 = 360.0;
/// More than that shows nothing more.
const ENLARGED_MAX: f32 = 3.0;
/// Ink and paper are both within this part of a side.
const REACHES_PER_SIDE: usize = 12;

/// Comparing with the lightest pixel near asks for less noise.
const SHADOW_SOFT: f32 = 0.9;

/// One way to see a place; lengths are in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// In even light.
    Even,
    /// Across the edge of a shadow.
    Shadowed,
    /// White on black.
    Inverted,
    /// Noise taken out: a bell of so many pixels of the enlarged place.
    Soft(f32),
    /// Put into focus.
    Focused(f32),
    /// Noise taken out as in the first, and put into focus as in the second.
    Cleared(f32, f32),
    /// Motion of this length taken out.
    Stilled(f32),
    /// Unrolled from a cylinder: upright or lying, and the sine of its edge's angle.
    Unrolled(Axis, f32),
}

/// How a cylinder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Upright,
    Lying,
}

/// What helps most for its time comes first.
const WAYS: [Way; 19] = [
    Way::Even,
    Way::Shadowed,
    Way::Focused(1.6),
    Way::Soft(1.5),
    Way::Focused(2.6),
    Way::Cleared(2.0, 2.2),
    Way::Inverted,
    Way::Unrolled(Axis::Upright, 0.75),
    Way::Unrolled(Axis::Lying, 0.75),
    Way::Focused(3.6),
    Way::Soft(3.0),
    Way::Cleared(3.0, 3.2),
    Way::Focused(1.0),
    Way::Unrolled(Axis::Upright, 0.95),
    Way::Unrolled(Axis::Lying, 0.95),
    Way::Unrolled(Axis::Upright, 0.5),
    Way::Unrolled(Axis::Lying, 0.5),
    Way::Soft(2.2),
    Way::Focused(4.8),
];
/// Where edges along one direction are missing, something moved along it.
const WAYS_MOVED: [Way; 4] =
    [Way::Stilled(4.0), Way::Stilled(6.5), Way::Stilled(9.5), Way::Stilled(13.0)];
/// This much of the edges in one direction more than in the other.
const MOVED_MIN: f32 = 0.25;

/// One place, enlarged.
pub(super) struct Close {
    /// Left and top in the picture.
    corner: Point,
    /// Half of its side in the picture.
    half: f32,
    /// Pixels of the picture for one of the place.
    step: f32,
    side: usize,
    /// The direction it moved in, if it did.
    moved: Option<f32>,
    seen: Plane,
    even: Plane,
}

impl Close {
    pub(super) fn of(picture: &GrayImage, region: &Region) -> Self {
        let half = region.half.0.max(region.half.1) * 1.2 + 6.0;
        let side = (2.0 * half * (SIDE / (2.0 * half)).min(ENLARGED_MAX)) as usize;
        let step = 2.0 * half / side.max(1) as f32;
        let corner = Point { x: region.middle.x - half, y: region.middle.y - half };
        let seen = Plane::sampled(picture, (side, side), |x, y| Point {
            x: corner.x + x * step,
            y: corner.y + y * step,
        });
        let even = seen.evened(side / REACHES_PER_SIDE);
        let moved = (region.lined > MOVED_MIN).then_some(region.angle + FRAC_PI_2);
        Self { corner, half, step, side, moved, seen, even }
    }

    /// The ways worth trying, best first.
    pub(super) fn ways(&self) -> impl Iterator<Item = Way> {
        let (first, rest) = WAYS.split_at(1);
        let moved = WAYS_MOVED.iter().filter(|_| self.moved.is_some());
        first.iter().chain(moved).chain(rest).copied()
    }

    /// What is read in the place when it is seen in this way.
    pub(super) fn seen(
        &self,
        way: Way,
        picture: &GrayImage,
        read: impl FnOnce(&GrayImage) -> Vec<Sighting>,
    ) -> Vec<Sighting> {
        let reach = self.side / REACHES_PER_SIDE;
        let plane = match way {
            Way::Even => self.even.clone(),
            Way::Inverted => self.seen.inverted().evened(reach),
            Way::Soft(sigma) => self.seen.softened(sigma).evened(reach),
            Way::Focused(sigma) => deblurred(&self.even, Spread::Bell(sigma / self.step)),
            Way::Shadowed => {
                self.seen.softened(SHADOW_SOFT).shadowless(|logs| logs.closed(reach / 2))
            }
            Way::Cleared(soft, sigma) => {
                let clear = self.seen.softened(soft).evened(reach);
                deblurred(&clear, Spread::Bell((sigma / self.step).hypot(soft)))
            }
            Way::Stilled(length) => {
                let angle = self.moved.unwrap_or_default();
                deblurred(&self.even, Spread::Line(length / self.step, angle))
            }
            Way::Unrolled(axis, sine) => self.unrolled(axis, sine, picture).evened(reach),
        };
        let mut sightings = scaled(read(&plane.picture()), Point { x: self.step, y: self.step });
        for sighting in &mut sightings {
            sighting.place.x += self.corner.x;
            sighting.place.y += self.corner.y;
        }
        sightings
    }

    fn unrolled(&self, axis: Axis, sine: f32, picture: &GrayImage) -> Plane {
        let radius = self.half / 1.2 / sine;
        let roll = |length: f32| radius * (length / radius).clamp(-1.5, 1.5).sin();
        Plane::sampled(picture, (self.side, self.side), |x, y| {
            let (x, y) = (x * self.step - self.half, y * self.step - self.half);
            let (x, y) = match axis {
                Axis::Upright => (roll(x), y),
                Axis::Lying => (x, roll(y)),
            };
            Point { x: self.corner.x + self.half + x, y: self.corner.y + self.half + y }
        })
    }
}
