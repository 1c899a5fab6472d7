//! Where codes may be in a picture: places with many edges, and how those run. Pure.
#![expect(clippy::indexing_slicing, reason = "every index is a cell below the grid's own sides")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "sides of pictures are below 2^14"
)]

use image::GrayImage;

use super::plane::Point;

/// Cells along the longer side of a picture.
const CELLS: u32 = 112;
/// A cell is at least this wide: less shows no direction.
const CELL_PIXELS_MIN: u32 = 8;
/// Regions looked into.
const REGIONS_MAX: usize = 5;

/// Bars: so much more edges in one direction, and so long.
const BARS_LINED_MIN: f32 = 0.3;
const BARS_HALF_PIXELS_MIN: f32 = 40.0;
/// A matrix has this much more edges in one direction at most, a thin place less: that is text or a line.
const MATRIX_LINED_MAX: f32 = 0.85;
const THIN_LINED_MAX: f32 = 0.4;
const THIN: f32 = 3.0;

/// A place that may hold a code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Region {
    pub(super) middle: Point,
    /// Half of its length along and across `angle`.
    pub(super) half: (f32, f32),
    /// The direction in which greys change most, in radians.
    pub(super) angle: f32,
    /// From 0, edges in all directions, to 1, edges in one.
    pub(super) lined: f32,
    /// How much there is to see.
    weight: f32,
}

/// One way to tell places from what is between them.
struct Pass {
    /// Of the energy of the liveliest cells.
    share: f32,
    /// Only what is thicker than a line.
    thick: bool,
    /// Cells between parts of one place: bars and spaces may be wide.
    gap: usize,
}

const PASSES: [Pass; 4] = [
    Pass { share: 0.3, thick: true, gap: 2 },
    Pass { share: 0.12, thick: true, gap: 2 },
    Pass { share: 0.12, thick: true, gap: 4 },
    Pass { share: 0.3, thick: false, gap: 2 },
];

impl Region {
    /// Whether it is as long as a bar code with digits in it, and its edges run across that.
    pub(super) fn may_be_bars(&self) -> bool {
        self.lined > BARS_LINED_MIN && self.half.0 > BARS_HALF_PIXELS_MIN
    }

    /// Whether it has edges in two directions; motion takes edges away, so that it may be much more in one.
    pub(super) fn may_be_a_matrix(&self) -> bool {
        let thin = self.half.0.min(self.half.1) * THIN < self.half.0.max(self.half.1);
        self.lined < if thin { THIN_LINED_MAX } else { MATRIX_LINED_MAX }
    }
}

/// Sums of products of the slopes of greys in one cell.
#[derive(Clone, Copy, Default)]
struct Slopes {
    xx: f32,
    yy: f32,
    xy: f32,
}

struct Cells {
    side: u32,
    wide: usize,
    high: usize,
    slopes: Vec<Slopes>,
    /// Energy above what is everywhere.
    energy: Vec<f32>,
}

/// The places to look into, the most promising first.
pub(super) fn regions(picture: &GrayImage) -> Vec<Region> {
    let cells = Cells::of(picture);
    let mut sorted = cells.energy.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let high = sorted.get(sorted.len() * 99 / 100).copied().unwrap_or_default();
    let mut found = Vec::new();
    for Pass { share, thick, gap } in PASSES {
        for region in cells.joined(high * share, thick, gap) {
            let known = found.iter().any(|other: &Region| {
                let away =
                    (other.middle.x - region.middle.x).hypot(other.middle.y - region.middle.y);
                let size = other.half.0.max(other.half.1);
                away < size * 0.5 && (region.half.0.max(region.half.1) / size - 1.0).abs() < 0.35
            });
            if !known {
                found.push(region);
            }
        }
    }
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    found.truncate(REGIONS_MAX);
    found
}

impl Cells {
    fn of(picture: &GrayImage) -> Self {
        let (width, height) = picture.dimensions();
        let side = (width.max(height) / CELLS).max(CELL_PIXELS_MIN);
        let (wide, high) = ((width / side) as usize, (height / side) as usize);
        let mut slopes = vec![Slopes::default(); wide * high];
        let mut means = vec![0.0_f32; wide * high];
        let greys = picture.as_raw();
        let stride = width as usize;
        for y in 1..(high as u32 * side).min(height - 1) as usize {
            let row = (y / side as usize) * wide;
            let line = &greys[(y - 1) * stride..(y + 2) * stride];
            let (above, rest) = line.split_at(stride);
            let (here, below) = rest.split_at(stride);
            for cell in 0..wide {
                let (from, to) = (cell * side as usize, (cell + 1) * side as usize);
                let (from, to) = (from.max(1), to.min(stride - 1));
                let (mut xx, mut yy, mut xy, mut mean) = (0_i32, 0_i32, 0_i32, 0_i32);
                for x in from..to {
                    let dx = i32::from(here[x + 1]) - i32::from(here[x - 1]);
                    let dy = i32::from(below[x]) - i32::from(above[x]);
                    xx += dx * dx;
                    yy += dy * dy;
                    xy += dx * dy;
                    mean += i32::from(here[x]);
                }
                let cell = &mut slopes[row + cell];
                cell.xx += xx as f32;
                cell.yy += yy as f32;
                cell.xy += xy as f32;
                means[row + (from / side as usize)] += mean as f32;
            }
        }
        let area = (side * side) as f32;
        // In shadow, everything is fainter, edges too.
        for (slopes, mean) in slopes.iter_mut().zip(means) {
            let light = area * (mean / area + 24.0).powi(2);
            slopes.xx /= light;
            slopes.yy /= light;
            slopes.xy /= light;
        }
        let mut energy: Vec<f32> = slopes.iter().map(|cell| cell.xx + cell.yy).collect();
        let mut sorted = energy.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let usual = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        energy.iter_mut().for_each(|value| *value = (*value - 1.5 * usual).max(0.0));
        Self { side, wide, high, slopes, energy }
    }

    /// Cells above a threshold, joined where they are at most `gap` cells apart. Of lines and of edges of shadows,
    /// which are one cell thick, nothing is left when only `thick` is asked for.
    fn joined(&self, threshold: f32, thick: bool, gap: usize) -> Vec<Region> {
        let mut open: Vec<bool> = self.energy.iter().map(|value| *value > threshold).collect();
        if thick {
            open = self.squares(&open);
        }
        let mut regions = Vec::new();
        for start in 0..open.len() {
            if !open[start] {
                continue;
            }
            open[start] = false;
            let mut members = vec![start];
            let mut next = 0;
            while let Some(&cell) = members.get(next) {
                next += 1;
                let (x, y) = (cell % self.wide, cell / self.wide);
                for near_y in y.saturating_sub(gap)..(y + gap + 1).min(self.high) {
                    for near_x in x.saturating_sub(gap)..(x + gap + 1).min(self.wide) {
                        let near = near_y * self.wide + near_x;
                        if open[near] {
                            open[near] = false;
                            members.push(near);
                        }
                    }
                }
            }
            if members.len() >= 4 {
                regions.push(self.region(&members));
            }
        }
        regions
    }

    /// Cells that are part of a full square of two by two.
    fn squares(&self, full: &[bool]) -> Vec<bool> {
        let mut kept = vec![false; full.len()];
        for y in 1..self.high {
            for x in 1..self.wide {
                let square =
                    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dx, dy)| (y - dy) * self.wide + x - dx);
                if square.iter().all(|cell| full[*cell]) {
                    square.iter().for_each(|cell| kept[*cell] = true);
                }
            }
        }
        kept
    }

    fn region(&self, members: &[usize]) -> Region {
        let mut sum = Slopes::default();
        let mut weight = 0.0;
        for &cell in members {
            sum.xx += self.slopes[cell].xx;
            sum.yy += self.slopes[cell].yy;
            sum.xy += self.slopes[cell].xy;
            weight += self.energy[cell];
        }
        let angle = (2.0 * sum.xy).atan2(sum.xx - sum.yy) / 2.0;
        let lined = (sum.xx - sum.yy).hypot(2.0 * sum.xy) / (sum.xx + sum.yy).max(f32::EPSILON);
        let side = self.side as f32;
        let (sin, cos) = angle.sin_cos();
        let mut along = (f32::MAX, f32::MIN);
        let mut across = (f32::MAX, f32::MIN);
        for &cell in members {
            let x = ((cell % self.wide) as f32 + 0.5) * side;
            let y = ((cell / self.wide) as f32 + 0.5) * side;
            let (a, b) = (x * cos + y * sin, y * cos - x * sin);
            along = (along.0.min(a), along.1.max(a));
            across = (across.0.min(b), across.1.max(b));
        }
        let (a, b) = ((along.0 + along.1) / 2.0, (across.0 + across.1) / 2.0);
        Region {
            middle: Point { x: a * cos - b * sin, y: a * sin + b * cos },
            half: ((along.1 - along.0) / 2.0 + side, (across.1 - across.0) / 2.0 + side),
            angle,
            lined,
            weight: weight / (members.len() as f32).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    /// Stripes or squares of five pixels in a box of 120 by 60 on a grey sheet with a line across.
    fn sheet(squares: bool) -> GrayImage {
        GrayImage::from_fn(640, 480, |x, y| {
            let inside = (200..320).contains(&x) && (150..210).contains(&y);
            let cell = x / 5 + if squares { y / 5 * 7 / 3 } else { 0 };
            let ink = (inside && cell % 2 == 0) || y == 400;
            Luma([if ink { 20 } else { 200 }])
        })
    }

    #[test]
    fn bars_are_the_first_place_with_the_direction_they_are_read_in() {
        let found = regions(&sheet(false));
        let first = found[0];
        assert!((first.middle.x - 260.0).abs() < 12.0 && (first.middle.y - 180.0).abs() < 12.0);
        assert!(first.angle.abs() < 0.1 && first.lined > 0.8 && first.may_be_bars(), "{first:?}");
    }

    #[test]
    fn squares_may_be_a_matrix_and_a_line_may_not() {
        let found = regions(&sheet(true));
        assert!(found[0].may_be_a_matrix(), "{:?}", found[0]);
        let line = found.iter().find(|region| region.middle.y > 350.0);
        assert!(line.is_none_or(|line| !line.may_be_a_matrix() && !line.may_be_bars()), "{line:?}");
    }
}
