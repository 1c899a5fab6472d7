//! Undoes blur: a picture is sought that is nowhere blacker than ink nor whiter than paper, and looks like the one given once
//! it is blurred in the same way. Pure.
#![expect(
    clippy::indexing_slicing,
    reason = "every index is a row and a column below the plane's own sides"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides of pictures are below 2^14"
)]

use super::plane::Plane;

/// How a point was spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spread {
    /// Out of focus: a bell of this many pixels.
    Bell(f32),
    /// Moved: a line of this many pixels in this direction.
    Line(f32, f32),
}

/// The plane, from 0 (ink) to 255 (paper), as it may have been before the blur.
pub(super) fn deblurred(seen: &Plane, spread: Spread) -> Plane {
    seen.restored(|guess| spread.over(guess))
}

impl Spread {
    fn over(self, plane: &Plane) -> Plane {
        match self {
            Self::Bell(sigma) => plane.softened(sigma),
            Self::Line(length, angle) => dragged(plane, length, angle),
        }
    }
}

/// The mean along a line through each pixel.
fn dragged(plane: &Plane, length: f32, angle: f32) -> Plane {
    let steps = (length.ceil() as i32).max(1);
    let (sin, cos) = angle.sin_cos();
    let mut sums = vec![0.0_f32; plane.values.len()];
    let (wide, high) = (plane.width as i32, plane.height as i32);
    for step in 0..=steps {
        let along = (step as f32 / steps as f32 - 0.5) * length;
        let (dx, dy) = ((along * cos).round() as i32, (along * sin).round() as i32);
        for y in 0..high {
            let from = ((y + dy).clamp(0, high - 1) * wide) as usize;
            let source = &plane.values[from..from + plane.width];
            let to = (y * wide) as usize;
            let target = &mut sums[to..to + plane.width];
            let (first, last) = ((-dx).max(0).min(wide), (wide - dx.max(0)).max(0));
            for x in 0..first {
                target[x as usize] += source[0];
            }
            if first < last {
                let read = &source[(first + dx) as usize..(last + dx) as usize];
                let write = &mut target[first as usize..last as usize];
                write.iter_mut().zip(read).for_each(|(to, from)| *to += from);
            }
            for x in last.max(first)..wide {
                target[x as usize] += source[plane.width - 1];
            }
        }
    }
    let share = 1.0 / (steps + 1) as f32;
    sums.iter_mut().for_each(|sum| *sum *= share);
    Plane { width: plane.width, height: plane.height, values: sums }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stripes three pixels wide, and what they look like through a spread; how far a plane is from them on average.
    fn stripes() -> Plane {
        let values = (0..60 * 40).map(|at| if (at % 60) / 3 % 2 == 0 { 0.0 } else { 255.0 });
        Plane { width: 60, height: 40, values: values.collect() }
    }

    fn error(plane: &Plane) -> f32 {
        let truth = stripes();
        let off: f32 = plane.values.iter().zip(&truth.values).map(|(a, b)| (a - b).abs()).sum();
        off / truth.values.len() as f32
    }

    #[test]
    fn stripes_come_back_from_a_bell_and_from_a_line() {
        for spread in [Spread::Bell(1.5), Spread::Line(3.0, 0.0)] {
            let seen = spread.over(&stripes());
            let (before, after) = (error(&seen), error(&deblurred(&seen, spread)));
            assert!(after < before / 2.0, "{spread:?}: {before} to {after}");
        }
    }
}
