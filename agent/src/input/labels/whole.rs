//! Looks at the whole picture.

use image::GrayImage;
use image::imageops;

use super::board::{Board, Looked};
use super::looks::{self, Look};
use super::plane::Point;
use super::reader::{self, Kinds};
use super::votes::Votes;

/// Finding codes needs no more pixels than this along the longer side; more only costs time.
const WORKING_SIDE_PIXELS: u32 = 1_600;
/// The last look is at this many pixels along the longer side: small codes in a large photo.
const WHOLE_SIDE_PIXELS: u32 = 3_600;

/// The cheapest look, and the only one that most pictures need.
pub(super) fn as_it_is(picture: &GrayImage, votes: &mut Votes, time_is_up: &dyn Fn() -> bool) {
    if time_is_up() {
        return;
    }
    let seen = fitted(picture, WORKING_SIDE_PIXELS);
    let scale = scale(picture, &seen);
    votes.count(reader::scaled(reader::read(&seen, Kinds::All), scale));
}

/// Every look that helps QR codes.
pub(super) fn in_every_way(picture: &GrayImage, votes: &mut Votes, time_is_up: &dyn Fn() -> bool) {
    let longer = picture.width().max(picture.height());
    let working = fitted(picture, WORKING_SIDE_PIXELS);
    for look in Look::ALL {
        let whole = look == Look::Whole && longer > WORKING_SIDE_PIXELS;
        let seen = if whole {
            Some(fitted(picture, WHOLE_SIDE_PIXELS))
        } else {
            looks::apply(look, &working)
        };
        let Some(seen) = seen else { continue };
        let known = votes.known();
        let mut unread = 0;
        let mut sightings = Vec::new();
        let looked = Board::new(&seen, time_is_up).look(|bounds, bytes| match bytes {
            Some(bytes) => sightings.push(reader::qr(bounds, bytes)),
            None => unread += 1,
        });
        votes.count(reader::scaled(sightings, scale(picture, &seen)));
        let nothing_new = votes.known() == known && votes.settled() && unread == 0;
        if nothing_new || looked == Looked::OutOfTime || time_is_up() {
            return;
        }
    }
}

fn scale(picture: &GrayImage, seen: &GrayImage) -> Point {
    let ratio = |whole: u32, part: u32| looks::ratio(whole, part.max(1));
    Point { x: ratio(picture.width(), seen.width()), y: ratio(picture.height(), seen.height()) }
}

/// The picture itself, or smaller so that its longer side is `side`.
fn fitted(picture: &GrayImage, side: u32) -> GrayImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= side {
        return picture.clone();
    }
    let scaled = |length: u32| {
        let exact = u64::from(length) * u64::from(side) / u64::from(longer);
        u32::try_from(exact).unwrap_or(side).max(1)
    };
    imageops::thumbnail(picture, scaled(width), scaled(height))
}
