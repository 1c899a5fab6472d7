//! A camera looks at a label: from which side, how near, and what is bent on the way.

use std::f32::consts::FRAC_PI_2;

use anyhow::Result;
use image::{GrayImage, Luma};
use rand::RngExt as _;

use super::label::{self, Label, MODULE, Print};
use super::surface::{Surface, clutter};
use super::truth::{Symbology, Truth};
use super::{Difficulty, Rng, Set, spoil};

/// Points sampled per pixel, in each direction, where the label is.
const SAMPLES: u32 = 3;

/// A label comes this part of the way to the camera at most.
const NEARER_MAX: f32 = 0.6;

/// Where the camera is and what it has.
struct Camera {
    width: u32,
    height: u32,
    /// Pixels of a module in the middle of the symbol.
    module: f32,
    /// Where the symbol's middle is in the picture.
    middle: (f32, f32),
    /// From plane to camera.
    turn: [[f32; 3]; 3],
    /// Distance in pixels.
    distance: f32,
    bend: Option<Bend>,
}

/// A label around a cylinder.
struct Bend {
    radius: f32,
    axis: f32,
}

/// Takes the picture.
pub(super) fn take(
    truth: &Truth,
    difficulty: Difficulty,
    set: Set,
    rng: &mut Rng,
) -> Result<GrayImage> {
    let print = Print::draw(truth.symbology, set, rng);
    let mut label = label::print(truth, print, rng)?;
    if difficulty == Difficulty::Damage {
        spoil::damage(&mut label.picture, label.middle, label.modules, print, rng);
    }
    let camera = Camera::draw(truth.symbology, difficulty, set, label.modules, rng);
    let mut picture = camera.look(&label, &Surface::draw(set, rng), rng);
    let strain = if truth.symbology == Symbology::Gs1128 { 0.7 } else { 1.0 };
    let place = spoil::Place { module: camera.module, middle: camera.middle, strain };
    spoil::expose(&mut picture, difficulty, set, place, rng);
    Ok(picture)
}

impl Camera {
    fn draw(
        symbology: Symbology,
        difficulty: Difficulty,
        set: Set,
        modules: (u32, u32),
        rng: &mut Rng,
    ) -> Self {
        let sizes: &[(u32, u32)] = match set {
            Set::Bench => &[(640, 480), (800, 600), (1024, 768), (1280, 960)],
            Set::Field => {
                &[(640, 480), (720, 1280), (1280, 720), (1920, 1080), (2592, 1944), (4000, 3000)]
            }
        };
        let linear = symbology == Symbology::Gs1128;
        let module = match (difficulty == Difficulty::SmallModules, linear) {
            (true, true) => rng.random_range(1.0..1.9),
            (true, false) => rng.random_range(1.3..2.3),
            (false, true) => rng.random_range(1.8..3.6_f32),
            (false, false) => rng.random_range(2.8..6.0_f32),
        };
        let mixed = difficulty == Difficulty::Mixed;
        let tilt = match difficulty == Difficulty::Perspective {
            true => 1.0,
            false => {
                if mixed {
                    0.5
                } else {
                    0.12
                }
            }
        };
        let roll = match difficulty == Difficulty::Rotation {
            true => rng.random_range(10.0..=45.0_f32),
            false => rng.random_range(0.0..=if mixed { 25.0 } else { 6.0 }),
        };
        let quarter = if rng.random_bool(0.15) { 90.0 } else { 0.0 };
        let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        let lean = |rng: &mut Rng| {
            let degrees = tilt * rng.random_range(25.0..55.0_f32);
            if rng.random_bool(0.5) { degrees } else { -degrees }
        };
        let (pitch, yaw) = if rng.random_bool(0.5) {
            (lean(rng), lean(rng) * 0.4)
        } else {
            (lean(rng) * 0.4, lean(rng))
        };
        let across = modules.0.max(modules.1) as f32 * module;
        let fits =
            sizes.iter().filter(|(width, height)| (*width.min(height) as f32) > across * 0.9);
        let fitting: Vec<_> = fits.copied().collect();
        let largest = sizes.last().copied().unwrap_or((1280, 960));
        let (width, height) = match fitting.as_slice() {
            [] => largest,
            some => some[rng.random_range(0..some.len())],
        };
        let reach = |length: u32, rng: &mut Rng| {
            let room = ((length as f32 - across * 1.25) / 2.0).max(0.0);
            length as f32 / 2.0 + room * rng.random_range(-1.0..1.0_f32)
        };
        let middle = (reach(width, rng), reach(height, rng));
        let bend = (difficulty == Difficulty::Curve).then(|| Bend {
            radius: across / 2.0 / rng.random_range(0.5..0.95_f32),
            axis: if rng.random_bool(0.5) { 0.0 } else { FRAC_PI_2 } + rng.random_range(-0.3..0.3),
        });
        let turn = turn((sign * roll + quarter).to_radians(), pitch.to_radians(), yaw.to_radians());
        let distance = across * rng.random_range(1.6..3.0_f32) + 100.0;
        Self { width, height, module, middle, turn, distance, bend }
    }

    fn look(&self, label: &Label, surface: &Surface, rng: &mut Rng) -> GrayImage {
        let mut picture = GrayImage::from_fn(self.width, self.height, |x, y| {
            Luma([surface.grey(x as f32, y as f32).clamp(0.0, 255.0) as u8])
        });
        clutter(&mut picture, rng);
        let reach = self.reach(label);
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let (dx, dy) = (x as f32 - self.middle.0, y as f32 - self.middle.1);
            if dx.abs() > reach || dy.abs() > reach {
                continue;
            }
            let mut sum = 0.0;
            let mut hits = 0.0_f32;
            for sample in 0..SAMPLES * SAMPLES {
                let part = |step: u32| (step as f32 + 0.5) / SAMPLES as f32;
                let (dx, dy) = (part(sample % SAMPLES), part(sample / SAMPLES));
                let seen = self.ray(x as f32 + dx, y as f32 + dy, label);
                let Some(grey) = seen else { if sample == 0 { break } else { continue } };
                sum += grey;
                hits += 1.0;
            }
            if hits > 0.0 {
                let share = hits / (SAMPLES * SAMPLES) as f32;
                let behind = f32::from(pixel.0[0]);
                pixel.0 = [(sum / hits * share + behind * (1.0 - share)) as u8];
            }
        }
        picture
    }

    /// No part of the label is further from the symbol's middle, in pixels of the picture.
    fn reach(&self, label: &Label) -> f32 {
        let (width, height) = (label.picture.width() as f32, label.picture.height() as f32);
        let (x, y) = label.middle;
        let furthest = x.max(width - x).hypot(y.max(height - y)) * self.module / MODULE as f32;
        // What leans towards the camera is larger, by how much nearer it is.
        furthest / (1.0 - (furthest / self.distance).min(NEARER_MAX))
    }

    /// The grey of the label that a ray through this point of the picture meets.
    fn ray(&self, x: f32, y: f32, label: &Label) -> Option<f32> {
        let (u, v) = (x - self.middle.0, y - self.middle.1);
        let [right, down, normal] = self.turn;
        let ahead = normal[0] * u + normal[1] * v + normal[2] * self.distance;
        if ahead <= 1.0 {
            return None;
        }
        let along = normal[2] * self.distance / ahead;
        let hit = [u * along, v * along, self.distance * along - self.distance];
        let on = |axis: [f32; 3]| hit[0] * axis[0] + hit[1] * axis[1] + hit[2] * axis[2];
        let (mut plane_x, mut plane_y) = (on(right), on(down));
        let mut shade = 1.0;
        if let Some(bend) = &self.bend {
            let (sin, cos) = bend.axis.sin_cos();
            let across = plane_x * cos + plane_y * sin;
            let angle = across / bend.radius;
            if angle.abs() > 0.97 {
                return None;
            }
            let more = bend.radius * angle.asin() - across;
            plane_x += more * cos;
            plane_y += more * sin;
            shade = 0.45 + 0.55 * (1.0 - angle * angle).sqrt();
        }
        let scale = MODULE as f32 / self.module;
        let (px, py) = (plane_x * scale + label.middle.0, plane_y * scale + label.middle.1);
        if px < 0.0 || py < 0.0 {
            return None;
        }
        let pixel = label.picture.get_pixel_checked(px as u32, py as u32)?;
        Some(f32::from(pixel.0[0]) * shade)
    }
}

/// The label's axes as the camera sees them: right, down, and away from it.
fn turn(roll: f32, pitch: f32, yaw: f32) -> [[f32; 3]; 3] {
    let ((rs, rc), (ps, pc), (ys, yc)) = (roll.sin_cos(), pitch.sin_cos(), yaw.sin_cos());
    let turned = |[x, y, z]: [f32; 3]| {
        let (x, y) = (x * rc - y * rs, x * rs + y * rc);
        let (y, z) = (y * pc - z * ps, y * ps + z * pc);
        [x * yc + z * ys, y, z * yc - x * ys]
    };
    [turned([1.0, 0.0, 0.0]), turned([0.0, 1.0, 0.0]), turned([0.0, 0.0, 1.0])]
}
