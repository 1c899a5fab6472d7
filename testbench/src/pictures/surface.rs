//! What lies around a label: carton, wood, foil, and other prints.

use image::{GrayImage, Luma};
use imageproc::drawing::draw_antialiased_line_segment_mut;
use imageproc::pixelops::interpolate;
use rand::RngExt as _;

use super::{Rng, Set};

/// A surface that can be asked for its grey anywhere.
pub(super) struct Surface {
    base: f32,
    kind: Kind,
    /// Rough values, looked at from several distances.
    grain: Vec<f32>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// Flutes show through.
    Carton { period: f32, depth: f32 },
    /// Stretched along one direction.
    Wood,
    /// Wrinkles with bright edges.
    Foil,
    /// One grey.
    Plain,
}

const SIDE: usize = 64;

impl Surface {
    pub(super) fn draw(set: Set, rng: &mut Rng) -> Self {
        let kind = match (set, rng.random_range(0..3)) {
            (_, 0) => Kind::Carton {
                period: rng.random_range(9.0..26.0),
                depth: rng.random_range(2.0..9.0),
            },
            (Set::Bench, _) => Kind::Plain,
            (Set::Field, 1) => Kind::Wood,
            (Set::Field, _) => Kind::Foil,
        };
        let grain = (0..SIDE * SIDE).map(|_| rng.random_range(-1.0..1.0)).collect();
        Self { base: rng.random_range(70.0..190.0), kind, grain }
    }

    pub(super) fn grey(&self, x: f32, y: f32) -> f32 {
        let rough = self.at(x / 3.0, y / 3.0) * 5.0 + self.at(x / 90.0, y / 90.0) * 12.0;
        let shape = match self.kind {
            Kind::Carton { period, depth } => depth * (x * std::f32::consts::TAU / period).sin(),
            Kind::Wood => 28.0 * self.at(x / 160.0, y / 5.0),
            Kind::Foil => {
                let wrinkle = self.at(x / 40.0, y / 25.0).abs();
                if wrinkle < 0.08 { 70.0 } else { 30.0 * wrinkle }
            }
            Kind::Plain => 0.0,
        };
        self.base + rough + shape
    }

    /// Between the four values around a point; the grain repeats.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let cell = |dx: i64, dy: i64| {
            let wrapped =
                |at: f32, step: i64| ((at as i64 + step).rem_euclid(SIDE as i64)) as usize;
            self.grain[wrapped(top, dy) * SIDE + wrapped(left, dx)]
        };
        let (right, down) = (x - left, y - top);
        let upper = cell(0, 0) * (1.0 - right) + cell(1, 0) * right;
        let lower = cell(0, 1) * (1.0 - right) + cell(1, 1) * right;
        upper * (1.0 - down) + lower * down
    }
}

/// Lines and boxes printed on the carton, edges of other cartons.
pub(super) fn clutter(picture: &mut GrayImage, rng: &mut Rng) {
    let (width, height) = (picture.width() as i32, picture.height() as i32);
    for _ in 0..rng.random_range(2..9) {
        let from = (rng.random_range(0..width), rng.random_range(0..height));
        let along = rng.random_range(30..width / 2);
        let to =
            if rng.random_bool(0.5) { (from.0 + along, from.1) } else { (from.0, from.1 + along) };
        let ink = Luma([rng.random_range(20..120_u8)]);
        for step in 0..rng.random_range(1..6) {
            let (from, to) = ((from.0 + step, from.1 + step), (to.0 + step, to.1 + step));
            draw_antialiased_line_segment_mut(picture, from, to, ink, interpolate);
        }
    }
}
