//! Codes in grey pictures, the cheap ways first: the whole picture as it is; then, one after the other, the places that may
//! hold a code, seen in ever more laborious ways; last the whole picture once more, in the ways that help QR codes.
//!
//! Nothing is answered that might be misread: see [`votes`].

mod bars;
mod board;
mod close;
mod deblur;
mod looks;
mod plane;
mod reader;
mod regions;
mod votes;
mod whole;

use image::GrayImage;

use bars::Strip;
use close::Close;
use plane::Point;
use reader::Kinds;
use regions::Region;
use votes::Votes;

pub use votes::Symbology;

/// How many looks the best place is ahead of the next.
const AHEAD: usize = 3;

/// One reading of one code.
#[derive(Clone, Debug, PartialEq)]
struct Sighting {
    symbology: Symbology,
    /// AIM's identifier of symbology and meaning.
    identifier: String,
    text: String,
    /// The corner nearest to the top left.
    place: Point,
    /// Scan lines that agree; 1 for a matrix.
    lines: usize,
}

/// A code that can be relied on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) symbology: Symbology,
    pub(super) identifier: String,
    pub(super) text: String,
    /// Left and top, in pixels.
    pub(super) place: (f32, f32),
}

/// Finds the codes in a picture. `time_is_up` is asked every few milliseconds; what was found until then is the answer.
pub(super) fn find(picture: &GrayImage, time_is_up: &dyn Fn() -> bool) -> Vec<Label> {
    let mut votes = Votes::default();
    whole::as_it_is(picture, &mut votes, time_is_up);
    if !votes.settled() && !time_is_up() {
        closer(picture, &mut votes, time_is_up);
    }
    if !votes.settled() && !time_is_up() {
        whole::in_every_way(picture, &mut votes, time_is_up);
    }
    votes.labels()
}

/// One look at one place.
enum Look<'s> {
    Bars(&'s Strip, bars::Way),
    Matrix(&'s Close, close::Way),
}

fn closer(picture: &GrayImage, votes: &mut Votes, time_is_up: &dyn Fn() -> bool) {
    let regions = regions::regions(picture);
    let bars = |region: &&Region| cfg!(feature = "labels") && region.may_be_bars();
    let strips: Vec<Strip> =
        regions.iter().filter(bars).map(|region| Strip::of(picture, region)).collect();
    let matrix = |region: &&Region| region.may_be_a_matrix();
    let closes: Vec<Close> =
        regions.iter().filter(matrix).map(|region| Close::of(picture, region)).collect();
    for look in by_turns(&strips, &closes) {
        match look {
            Look::Bars(strip, way) => {
                votes.count(strip.seen(way, |picture| reader::read(picture, Kinds::Bars)));
            }
            Look::Matrix(close, way) => votes
                .count(close.seen(way, picture, |picture| reader::matrices(picture, time_is_up))),
        }
        if votes.settled() || time_is_up() {
            return;
        }
    }
}

/// All looks; the first place is some looks ahead of the second, and so on.
fn by_turns<'s>(strips: &'s [Strip], closes: &'s [Close]) -> Vec<Look<'s>> {
    let mut looks = Vec::new();
    for (place, strip) in strips.iter().enumerate() {
        let ways = Strip::ways().enumerate();
        looks.extend(ways.map(|(at, way)| (at + place * AHEAD, Look::Bars(strip, way))));
    }
    for (place, close) in closes.iter().enumerate() {
        let ways = close.ways().enumerate();
        looks.extend(ways.map(|(at, way)| (at + place * AHEAD, Look::Matrix(close, way))));
    }
    looks.sort_by_key(|(turn, _)| *turn);
    looks.into_iter().map(|(_, look)| look).collect()
}
