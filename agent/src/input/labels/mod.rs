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

/// A region whose edges run in one direction more than this may be bars.
const LINED_MIN: f32 = 0.3;
/// A region whose edges run in one direction less than this may be a matrix; motion takes edges away, so it is much.
const LINED_MAX: f32 = 0.9;

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

/// A place, and what was made of it so far.
struct Spot {
    bars: Option<Strip>,
    matrix: Option<Close>,
}

impl Spot {
    fn of(picture: &GrayImage, region: &Region) -> Self {
        Self {
            bars: (region.lined > LINED_MIN && cfg!(feature = "labels"))
                .then(|| Strip::of(picture, region)),
            matrix: (region.lined < LINED_MAX).then(|| Close::of(picture, region)),
        }
    }
}

fn closer(picture: &GrayImage, votes: &mut Votes, time_is_up: &dyn Fn() -> bool) {
    let spots: Vec<Spot> =
        regions::regions(picture).iter().map(|region| Spot::of(picture, region)).collect();
    let rounds = bars::WAYS.len().max(close::WAYS.len());
    for round in 0..rounds {
        for spot in &spots {
            if let (Some(strip), Some(way)) = (&spot.bars, bars::WAYS.get(round)) {
                votes.count(strip.seen(*way, |picture| reader::read(picture, Kinds::Bars)));
            }
            if let (Some(close), Some(way)) = (&spot.matrix, close::WAYS.get(round)) {
                votes.count(
                    close.seen(*way, picture, |picture| reader::matrices(picture, time_is_up)),
                );
            }
            if votes.settled() || time_is_up() {
                return;
            }
        }
    }
}
