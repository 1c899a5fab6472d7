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

/// Light changes slowly: its bounds are found for blocks of this side.
const BLOCK: usize = 4;
/// How often a guess is put right, how far, and how much further it goes on.
const ROUNDS: usize = 6;
const PACE: f32 = 1.3;
const MOMENTUM: f32 = 0.5;
/// Greys below this are noise more than light.
const DARK: f32 = 8.0;
/// Each so-manieth value says enough about all.
const SPREAD_STEP: usize = 13;
/// Rows and columns are exchanged in squares that the processor's cache holds.
const TILE: usize = 16;
/// Less than this part of a plane's whole contrast is no ink.
const FLAT: f32 = 0.25;

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

    /// Ink near 0 and paper near 255 on both sides of a hard shadow. Brightness is compared in ratios, because what lies in
    /// shadow is fainter all over; `paper` finds how bright paper is at each place.
    pub(super) fn shadowless(&self, paper: impl Fn(&Self) -> Self) -> Self {
        let logs = self.values.iter().map(|grey| (grey.max(0.0) + DARK).ln()).collect();
        let logs = Self { width: self.width, height: self.height, values: logs };
        let paper = paper(&logs);
        let depths = paper.values.iter().zip(&logs.values).map(|(paper, grey)| paper - grey);
        let depths: Vec<f32> = depths.collect();
        let mut sorted: Vec<f32> = depths.iter().step_by(SPREAD_STEP).copied().collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let ink = sorted.get(sorted.len() * 19 / 20).copied().unwrap_or_default().max(0.05);
        let values = depths.iter().map(|depth| (1.0 - depth / ink).clamp(0.0, 1.0) * 255.0);
        Self { width: self.width, height: self.height, values: values.collect() }
    }

    /// What is dark and narrower than the window becomes as light as what is around it; edges of shadows stay.
    pub(super) fn closed(&self, reach: usize) -> Self {
        self.extreme(reach, f32::max).extreme(reach, f32::min)
    }

    /// The smallest or largest value of the square around each pixel.
    fn extreme(&self, reach: usize, pick: fn(f32, f32) -> f32) -> Self {
        let wide = self.extreme_along_rows(reach, pick);
        wide.transposed().extreme_along_rows(reach, pick).transposed()
    }

    /// White for black.
    pub(super) fn inverted(&self) -> Self {
        let values = self.values.iter().map(|grey| 255.0 - grey).collect();
        Self { width: self.width, height: self.height, values }
    }

    /// Softened with a bell of this many pixels, by three running means in each direction.
    pub(super) fn softened(&self, sigma: f32) -> Self {
        self.softened_along_columns(sigma).softened_along_rows(sigma)
    }

    /// Softened from left to right only.
    pub(super) fn softened_along_rows(&self, sigma: f32) -> Self {
        self.transposed().softened_along_columns(sigma).transposed()
    }

    fn softened_along_columns(&self, sigma: f32) -> Self {
        let reach = ((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0;
        let once = self.mean_along_columns(reach);
        once.mean_along_columns(reach).mean_along_columns(reach)
    }

    /// The mean with so many neighbours above and below, the last of them in part.
    pub(super) fn mean_along_columns(&self, reach: f32) -> Self {
        let (whole, part) = (reach as usize, reach.fract());
        let mut values = Vec::with_capacity(self.values.len());
        let weight = 1.0 / (2.0 * reach + 1.0);
        let last = self.height.saturating_sub(1);
        let row = |y: usize| {
            let from = y.saturating_sub(whole + 1).min(last) * self.width;
            &self.values[from..from + self.width]
        };
        let mut sums = vec![0.0_f32; self.width];
        for y in 0..=2 * whole {
            sums.iter_mut().zip(row(y + 1)).for_each(|(sum, grey)| *sum += grey);
        }
        for y in 0..self.height {
            let (above, below, gone) = (row(y), row(y + 2 * whole + 2), row(y + 1));
            let ends = above.iter().zip(below);
            let means = sums.iter().zip(ends);
            values
                .extend(means.map(|(sum, (above, below))| (sum + part * (above + below)) * weight));
            let steps = below.iter().zip(gone);
            sums.iter_mut().zip(steps).for_each(|(sum, (below, gone))| *sum += below - gone);
        }
        Self { width: self.width, height: self.height, values }
    }

    fn transposed(&self) -> Self {
        let mut values = vec![0.0_f32; self.values.len()];
        for top in (0..self.height).step_by(TILE) {
            for left in (0..self.width).step_by(TILE) {
                for x in left..(left + TILE).min(self.width) {
                    for y in top..(top + TILE).min(self.height) {
                        values[x * self.height + y] = self.values[y * self.width + x];
                    }
                }
            }
        }
        Self { width: self.height, height: self.width, values }
    }

    /// Ink near 0 and paper near 255 everywhere, whatever the light: between the darkest and lightest within `reach`.
    pub(super) fn evened(&self, reach: usize) -> Self {
        let reach = (reach / BLOCK).max(1);
        let bound = |pick: fn(f32, f32) -> f32| {
            let blocks = self.blocks(pick);
            blocks.extreme(reach, pick).softened(reach as f32 / 2.0)
        };
        let (low, high) = (bound(f32::min), bound(f32::max));
        let floor = self.spread() * FLAT + 1.0;
        let mut values = Vec::with_capacity(self.values.len());
        for y in 0..self.height {
            for x in 0..self.width {
                let at =
                    ((x as f32 + 0.5) / BLOCK as f32 - 0.5, (y as f32 + 0.5) / BLOCK as f32 - 0.5);
                let grey = self.values[y * self.width + x];
                values.push(share(grey, low.linear(at), high.linear(at), floor));
            }
        }
        Self { width: self.width, height: self.height, values }
    }

    /// The extreme of each square block.
    fn blocks(&self, pick: fn(f32, f32) -> f32) -> Self {
        let (width, height) = (self.width.div_ceil(BLOCK), self.height.div_ceil(BLOCK));
        let mut values = Vec::with_capacity(width * height);
        for rows in self.values.chunks(BLOCK * self.width.max(1)) {
            for left in (0..self.width).step_by(BLOCK) {
                let right = (left + BLOCK).min(self.width);
                let lines = rows.chunks_exact(self.width);
                let picked = lines.flat_map(|line| &line[left..right]).copied().reduce(pick);
                values.push(picked.unwrap_or_default());
            }
        }
        Self { width, height, values }
    }

    /// Between the four values around a point.
    fn linear(&self, (x, y): (f32, f32)) -> f32 {
        let (x, y) = (x.max(0.0), y.max(0.0));
        let (left, top) = ((x as usize).min(self.width - 1), (y as usize).min(self.height - 1));
        let (right, below) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (across, down) = ((x - left as f32).min(1.0), (y - top as f32).min(1.0));
        let row = |y: usize| {
            let line = &self.values[y * self.width..];
            line[left] * (1.0 - across) + line[right] * across
        };
        row(top) * (1.0 - down) + row(below) * down
    }

    /// Each value as a part of what lies between `low` and `high` there, if that is more than `floor`.
    pub(super) fn between(&self, low: &Self, high: &Self, floor: f32) -> Self {
        let bounds = low.values.iter().zip(&high.values);
        let even = |(grey, (low, high)): (&f32, (&f32, &f32))| share(*grey, *low, *high, floor);
        let values = self.values.iter().zip(bounds).map(even).collect();
        Self { width: self.width, height: self.height, values }
    }

    /// The plane, from 0 to 255, that looks like this one after `blur`: guessed, and put right in rounds, each of which goes on
    /// a little in the direction of the one before.
    pub(super) fn restored(&self, blur: impl Fn(&Self) -> Self) -> Self {
        let mut guess = self.clone();
        let mut ahead = self.clone();
        for _ in 0..ROUNDS {
            let again = blur(&ahead);
            let differences = again.values.iter().zip(&self.values);
            let both = guess.values.iter_mut().zip(ahead.values.iter_mut());
            for ((guess, ahead), (again, seen)) in both.zip(differences) {
                let better = (*ahead + PACE * (seen - again)).clamp(0.0, 255.0);
                *ahead = better + MOMENTUM * (better - *guess);
                *guess = better;
            }
        }
        guess
    }

    /// From the twentieth part that is darkest to the twentieth that is lightest.
    pub(super) fn spread(&self) -> f32 {
        let mut sorted: Vec<f32> = self.values.iter().step_by(SPREAD_STEP).copied().collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let at = |share: usize| sorted.get(sorted.len() * share / 20).copied().unwrap_or_default();
        at(19) - at(1)
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

/// A grey between ink and paper. Where these hardly differ there is only paper.
fn share(grey: f32, low: f32, high: f32, floor: f32) -> f32 {
    let range = (high - low).max(floor);
    ((grey - high) / range + 1.0).clamp(0.0, 1.0) * 255.0
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
