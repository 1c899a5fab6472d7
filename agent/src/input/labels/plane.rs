//! Grey pictures as numbers: cut out, turned, enlarged, evened out. Pure.
#![expect(
    clippy::indexing_slicing,
    reason = "every index is a row and a column below the plane's own sides"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides of pictures are below 2^14, greys are clamped to 0..=255"
)]

use image::GrayImage;

/// A point of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Grey values in rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

impl Plane {
    /// Looks up each pixel where `from` says it is in the picture, between pixels along a Catmull-Rom curve.
    pub(super) fn sampled(
        picture: &GrayImage,
        (width, height): (usize, usize),
        from: impl Fn(f32, f32) -> Point,
    ) -> Self {
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            values.extend((0..width).map(|x| between(picture, from(x as f32, y as f32))));
        }
        Self { width, height, values }
    }

    /// As a picture; what is beyond black and white is cut off.
    pub(super) fn picture(&self) -> GrayImage {
        let greys = self.values.iter().map(|grey| grey.clamp(0.0, 255.0) as u8).collect();
        GrayImage::from_raw(self.width as u32, self.height as u32, greys).unwrap_or_default()
    }

    /// Softened with a bell of this many pixels, by three running means.
    pub(super) fn softened(&self, sigma: f32) -> Self {
        let reach = ((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0;
        let (whole, part) = (reach.floor() as usize, reach.fract());
        let mut soft = self.clone();
        for _ in 0..3 {
            soft = soft.mean_along_rows(whole, part).transposed();
            soft = soft.mean_along_rows(whole, part).transposed();
        }
        soft
    }

    /// The mean of `whole` neighbours to each side and a part of the next ones.
    pub(super) fn mean_along_rows(&self, whole: usize, part: f32) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        let weight = 1.0 / (2.0 * (whole as f32 + part) + 1.0);
        let last = self.width.saturating_sub(1);
        for row in self.values.chunks_exact(self.width.max(1)) {
            let at = |x: usize| row[x.saturating_sub(whole + 1).min(last)];
            let mut sum: f32 = (0..=2 * whole).map(|x| at(x + 1)).sum();
            for x in 0..self.width {
                let (left, right) = (at(x), row[(x + whole + 1).min(last)]);
                values.push((sum + part * (left + right)) * weight);
                sum += right - row[x.saturating_sub(whole)];
            }
        }
        Self { width: self.width, height: self.height, values }
    }

    pub(super) fn transposed(&self) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for x in 0..self.width {
            values.extend((0..self.height).map(|y| self.values[y * self.width + x]));
        }
        Self { width: self.height, height: self.width, values }
    }

    /// Ink near 0 and paper near 255 everywhere, whatever the light: between the darkest and lightest within `reach`.
    pub(super) fn evened(&self, reach: usize) -> Self {
        let low = self.extreme(reach, f32::min).softened(reach as f32 / 2.0);
        let high = self.extreme(reach, f32::max).softened(reach as f32 / 2.0);
        self.between(&low, &high, self.spread() * 0.15 + 1.0)
    }

    /// Each value as a part of what lies between `low` and `high` there, if that is more than `floor`.
    pub(super) fn between(&self, low: &Self, high: &Self, floor: f32) -> Self {
        let bounds = low.values.iter().zip(&high.values);
        let even = |(value, (low, high)): (&f32, (&f32, &f32))| {
            let range = (high - low).max(floor);
            let middle = (high + low) / 2.0;
            ((value - middle) / range + 0.5).clamp(0.0, 1.0) * 255.0
        };
        let values = self.values.iter().zip(bounds).map(even).collect();
        Self { width: self.width, height: self.height, values }
    }

    /// The plane, from 0 to 255, that looks like this one after `blur`: guessed, and put right in rounds.
    pub(super) fn restored(&self, rounds: usize, pace: f32, blur: impl Fn(&Self) -> Self) -> Self {
        let mut guess = self.clone();
        for _ in 0..rounds {
            let again = blur(&guess);
            let differences = again.values.iter().zip(&self.values);
            for (guess, (again, seen)) in guess.values.iter_mut().zip(differences) {
                *guess = (*guess + pace * (seen - again)).clamp(0.0, 255.0);
            }
        }
        guess
    }

    /// From the twentieth part that is darkest to the twentieth that is lightest.
    pub(super) fn spread(&self) -> f32 {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let at = |share: usize| sorted.get(sorted.len() * share / 20).copied().unwrap_or_default();
        at(19) - at(1)
    }

    /// The smallest or largest value of the square around each pixel.
    fn extreme(&self, reach: usize, pick: impl Fn(f32, f32) -> f32 + Copy) -> Self {
        self.extreme_along_rows(reach, pick)
            .transposed()
            .extreme_along_rows(reach, pick)
            .transposed()
    }

    /// Van Herk's way: two passes over blocks as long as the window.
    pub(super) fn extreme_along_rows(&self, reach: usize, pick: impl Fn(f32, f32) -> f32) -> Self {
        let window = 2 * reach + 1;
        let mut values = Vec::with_capacity(self.values.len());
        for row in self.values.chunks_exact(self.width.max(1)) {
            let padded = self.width + 2 * reach;
            let at = |x: usize| row[x.saturating_sub(reach).min(self.width - 1)];
            let mut forward: Vec<f32> = (0..padded).map(at).collect();
            let mut backward = forward.clone();
            for x in 1..padded {
                if !x.is_multiple_of(window) {
                    forward[x] = pick(forward[x], forward[x - 1]);
                }
                let back = padded - 1 - x;
                if !(back + 1).is_multiple_of(window) {
                    backward[back] = pick(backward[back], backward[back + 1]);
                }
            }
            values.extend((0..self.width).map(|x| pick(backward[x], forward[x + 2 * reach])));
        }
        Self { width: self.width, height: self.height, values }
    }
}

fn between(picture: &GrayImage, at: Point) -> f32 {
    let (x, y) = (at.x.floor(), at.y.floor());
    let (wide, high) = (picture.width() as i32, picture.height() as i32);
    let greys = picture.as_raw();
    let (across, down) = (weights(at.x - x), weights(at.y - y));
    let mut sum = 0.0;
    for (dy, share) in (-1..).zip(down) {
        let row = ((y as i32 + dy).clamp(0, high - 1) * wide) as usize;
        let grey = |dx: i32| f32::from(greys[row + (x as i32 + dx).clamp(0, wide - 1) as usize]);
        sum += share
            * (across[0] * grey(-1)
                + across[1] * grey(0)
                + across[2] * grey(1)
                + across[3] * grey(2));
    }
    sum
}

fn weights(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        (-t3 + 2.0 * t2 - t) / 2.0,
        (3.0 * t3 - 5.0 * t2 + 2.0) / 2.0,
        (-3.0 * t3 + 4.0 * t2 + t) / 2.0,
        (t3 - t2) / 2.0,
    ]
}
