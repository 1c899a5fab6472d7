//! What happens to a label and its picture: scratches, light, optics, electronics.

use image::{GrayImage, Luma, imageops};
use imageproc::drawing::{draw_antialiased_line_segment_mut, draw_filled_ellipse_mut};
use imageproc::filter::filter_clamped;
use imageproc::kernel::Kernel;
use imageproc::pixelops::interpolate;
use rand::RngExt as _;

use super::label::{MODULE, Print};
use super::{Difficulty, Rng, Set};

/// Scratches, blots and dead print points on the symbol itself.
pub(super) fn damage(
    label: &mut GrayImage,
    middle: (f32, f32),
    modules: (u32, u32),
    print: Print,
    rng: &mut Rng,
) {
    let (width, height) = ((modules.0 * MODULE) as f32, (modules.1 * MODULE) as f32);
    let linear = modules.0 > 2 * modules.1;
    let at = |rng: &mut Rng| {
        let x = middle.0 + rng.random_range(-0.5..0.5) * width;
        let y = middle.1 + rng.random_range(-0.5..0.5) * height;
        (x as i32, y as i32)
    };
    for _ in 0..rng.random_range(1..4) {
        let grey = Luma([if rng.random_bool(0.6) { print.paper } else { print.ink }]);
        match rng.random_range(0..3) {
            0 => {
                let (from, to) = (at(rng), at(rng));
                for step in 0..rng.random_range(3..10) {
                    let (a, b) = ((from.0, from.1 + step), (to.0, to.1 + step));
                    draw_antialiased_line_segment_mut(label, a, b, grey, interpolate);
                }
            }
            1 => {
                let small = width.min(height) * if linear { 0.5 } else { 0.13 };
                let radius = |rng: &mut Rng| (small * rng.random_range(0.4..1.0_f32)) as i32;
                let (rx, ry) = (radius(rng), radius(rng));
                draw_filled_ellipse_mut(label, at(rng), rx, ry, grey);
            }
            _ => {
                // A dead point leaves a white line in the direction the paper moves.
                let (x, y) = at(rng);
                let along = rng.random_bool(0.5) || linear;
                for step in 0..rng.random_range(2..5) {
                    let (from, to) = if along {
                        ((0, y + step), (label.width() as i32, y + step))
                    } else {
                        ((x + step, 0), (x + step, label.height() as i32))
                    };
                    let paper = Luma([print.paper]);
                    draw_antialiased_line_segment_mut(label, from, to, paper, interpolate);
                }
            }
        }
    }
}

/// Where the symbol is in the picture.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Pixels of a module.
    pub(super) module: f32,
    pub(super) middle: (f32, f32),
    /// How much of the hard things this symbology is given: its modules are smaller.
    pub(super) strain: f32,
}

/// Light, lens, sensor: in the order in which light meets them.
pub(super) fn expose(
    picture: &mut GrayImage,
    difficulty: Difficulty,
    set: Set,
    Place { module, middle, strain }: Place,
    rng: &mut Rng,
) {
    let mild = difficulty == Difficulty::Mixed;
    let chance = |rng: &mut Rng| mild && rng.random_bool(0.5);
    if difficulty == Difficulty::UnevenLight || chance(rng) {
        let dark =
            if mild { rng.random_range(0.4..0.7) } else { rng.random_range(0.1..0.4) / strain };
        uneven_light(picture, middle, dark, rng);
    }
    if set == Set::Field && rng.random_bool(0.2) {
        film(picture, rng);
    }
    if difficulty == Difficulty::Glare {
        glare(picture, module, middle, rng);
    }
    let focus = if difficulty == Difficulty::Blur {
        rng.random_range(0.35..0.8) * module
    } else if chance(rng) {
        rng.random_range(0.25..0.4) * module
    } else {
        rng.random_range(0.3..0.6)
    };
    blur(picture, focus, rng);
    if difficulty == Difficulty::Motion {
        motion(picture, rng.random_range(0.9..2.3) * module, rng);
    } else if chance(rng) {
        motion(picture, rng.random_range(0.5..1.1) * module, rng);
    }
    let low = difficulty == Difficulty::LowContrast;
    let contrast = match (low, mild) {
        (true, _) => rng.random_range(0.07..0.25),
        (false, true) => rng.random_range(0.35..0.8),
        (false, false) => rng.random_range(0.7..1.0),
    };
    let noise = match (difficulty == Difficulty::Noise, low, mild) {
        (true, ..) => rng.random_range(15.0..48.0) * strain,
        (false, true, _) => rng.random_range(1.0..3.0),
        (false, false, true) => rng.random_range(3.0..9.0),
        (false, false, false) => rng.random_range(1.0..5.0),
    };
    sense(picture, contrast, noise, rng);
}

fn uneven_light(picture: &mut GrayImage, middle: (f32, f32), dark: f32, rng: &mut Rng) {
    let angle = rng.random_range(0.0..std::f32::consts::TAU);
    let (sin, cos) = angle.sin_cos();
    let reach = picture.width() as f32 * rng.random_range(0.1..0.4_f32);
    let hard = rng.random_bool(0.4);
    let offset = rng.random_range(-0.3..0.3) * reach;
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let along = (x as f32 - middle.0) * cos + (y as f32 - middle.1) * sin + offset;
        let share = (along / reach * if hard { 25.0 } else { 1.0 } + 0.5).clamp(0.0, 1.0);
        let light = dark + (1.0 - dark) * share;
        pixel.0 = [(f32::from(pixel.0[0]) * light) as u8];
    }
}

/// Spots and bands that mirror a lamp; what they cover is white.
fn glare(picture: &mut GrayImage, module: f32, middle: (f32, f32), rng: &mut Rng) {
    let mut spots = Vec::new();
    for _ in 0..rng.random_range(1..4) {
        let near = |rng: &mut Rng| rng.random_range(-14.0..14.0_f32) * module;
        let (x, y) = (middle.0 + near(rng), middle.1 + near(rng));
        let (wide, high) =
            (rng.random_range(1.5..6.5) * module, rng.random_range(1.5..4.0) * module);
        let angle: f32 = rng.random_range(0.0..std::f32::consts::PI);
        spots.push((x, y, wide, high, angle.sin_cos(), rng.random_range(120.0..420.0_f32)));
    }
    for (px, py, pixel) in picture.enumerate_pixels_mut() {
        let mut light = 0.0;
        for (x, y, wide, high, (sin, cos), strength) in &spots {
            let (dx, dy) = (px as f32 - x, py as f32 - y);
            let (a, b) = ((dx * cos + dy * sin) / wide, (dy * cos - dx * sin) / high);
            light += strength * (-(a * a + b * b)).exp();
        }
        pixel.0 = [(f32::from(pixel.0[0]) + light).min(255.0) as u8];
    }
}

/// Stretch film: streaks that lighten what is below.
fn film(picture: &mut GrayImage, rng: &mut Rng) {
    let streaks: Vec<(f32, f32, f32)> = (0..rng.random_range(3..9))
        .map(|_| {
            let at = rng.random_range(0.0..1.0) * (picture.width() + picture.height()) as f32;
            (at, rng.random_range(3.0..20.0), rng.random_range(20.0..90.0))
        })
        .collect();
    let slope: f32 = rng.random_range(-0.8..0.8);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let across = x as f32 + slope * y as f32;
        let light = streaks.iter().map(|(at, wide, strength)| {
            let off = (across - at) / wide;
            strength * (-off * off).exp()
        });
        let grey = f32::from(pixel.0[0]) * 0.9 + 15.0 + light.sum::<f32>();
        pixel.0 = [grey.min(255.0) as u8];
    }
}

/// Out of focus: a soft spot, or the shape of the aperture.
fn blur(picture: &mut GrayImage, sigma: f32, rng: &mut Rng) {
    let radius = sigma * 2.0;
    if radius < 1.5 || rng.random_bool(0.5) {
        *picture = imageproc::filter::gaussian_blur_f32(picture, sigma.max(0.1));
        return;
    }
    spread(picture, radius.ceil() as i32, |dx, dy| (radius + 0.5 - dx.hypot(dy)).clamp(0.0, 1.0));
}

fn motion(picture: &mut GrayImage, length: f32, rng: &mut Rng) {
    let (sin, cos) = rng.random_range(0.0..std::f32::consts::PI).sin_cos();
    let half = length / 2.0;
    spread(picture, half.ceil() as i32, |dx, dy| {
        let (along, off) = (dx * cos + dy * sin, dy * cos - dx * sin);
        (half + 0.5 - along.abs()).clamp(0.0, 1.0) * (1.0 - off.abs()).max(0.0)
    });
}

/// Spreads each point over its neighbours in this shape.
fn spread(picture: &mut GrayImage, reach: i32, shape: impl Fn(f32, f32) -> f32) {
    let mut weights = Vec::new();
    for dy in -reach..=reach {
        weights.extend((-reach..=reach).map(|dx| shape(dx as f32, dy as f32)));
    }
    let sum: f32 = weights.iter().sum();
    if sum <= 0.0 {
        return;
    }
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let side = (2 * reach + 1) as u32;
    *picture = filter_clamped(picture, Kernel::new(&weights, side, side));
}

/// The sensor: contrast around a grey, noise that grows with light.
fn sense(picture: &mut GrayImage, contrast: f32, noise: f32, rng: &mut Rng) {
    let level = rng.random_range(90.0..150.0_f32);
    // Noise of real sensors is not white after their own processing: a part of it is coarse.
    let coarse = rng.random_range(0.0..0.5_f32);
    let (width, height) = picture.dimensions();
    let mut rough = GrayImage::from_fn(width / 2 + 1, height / 2 + 1, |_, _| {
        Luma([rng.random_range(0..=255_u8)])
    });
    if coarse > 0.25 {
        rough = imageops::fast_blur(&rough, 0.6);
    }
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let grey = level + (f32::from(pixel.0[0]) - 128.0) * contrast;
        let bell: f32 = (0..4).map(|_| rng.random_range(-0.866..0.866_f32)).sum();
        let slow = (f32::from(rough.get_pixel(x / 2, y / 2).0[0]) - 127.5) / 74.0;
        let both = bell * (1.0 - coarse) + slow * coarse;
        let seen = grey + both * noise * (0.6 + 0.4 * grey.max(0.0) / 128.0);
        pixel.0 = [seen.clamp(0.0, 255.0) as u8];
    }
}
