//! The pixels the code finder works on, with a way out: it asks the time, and leaves when that is up.
//!
//! A picture full of finder patterns keeps the finder busy for hours. It has no limit of its own, but it reads every
//! pixel through this type.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use image::{GenericImage, GenericImageView, GrayImage, Luma};

/// Pixels read between two looks at the time.
const READS_PER_CHECK: u32 = 1 << 18;
/// A copy of the board counts as this many reads.
const READS_PER_COPY: u32 = 1 << 16;

/// How a look at a picture ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// As it should.
    Through,
    /// The time was up.
    OutOfTime,
    /// The finder failed on this picture; another look may do better.
    Failed,
}

struct OutOfTime;

struct Watch<'t> {
    reads: Cell<u32>,
    time_is_up: &'t dyn Fn() -> bool,
}

/// Grey pixels and who watches how often they are read.
#[derive(Clone)]
struct Pixels<'t> {
    width: u32,
    height: u32,
    grey: Vec<u8>,
    watch: Rc<Watch<'t>>,
}

/// The grey picture of a code finder.
pub(super) struct Board<'t>(Pixels<'t>);

impl<'t> Board<'t> {
    pub(super) fn new(picture: &GrayImage, time_is_up: &'t dyn Fn() -> bool) -> Self {
        let (width, height) = picture.dimensions();
        let watch = Rc::new(Watch { reads: Cell::new(0), time_is_up });
        Self(Pixels { width, height, grey: picture.as_raw().clone(), watch })
    }

    /// Finds the grids of codes and hands each to `take`: its bounds and what it says, if that can be read.
    pub(super) fn look(self, mut take: impl FnMut([rqrr::Point; 4], Option<Vec<u8>>)) -> Looked {
        let looked = catch_unwind(AssertUnwindSafe(|| {
            let mut prepared = rqrr::PreparedImage::prepare(Counted(self.0));
            for grid in prepared.detect_grids() {
                let mut bytes = Vec::new();
                let read = grid.decode_to(&mut bytes).is_ok();
                take(grid.bounds, read.then_some(bytes));
            }
        }));
        match looked {
            Ok(()) => Looked::Through,
            Err(why) if why.is::<OutOfTime>() => Looked::OutOfTime,
            Err(_) => Looked::Failed,
        }
    }
}

impl Watch<'_> {
    fn count(&self, reads: u32) {
        let total = self.reads.get().saturating_add(reads);
        if total < READS_PER_CHECK {
            self.reads.set(total);
            return;
        }
        self.reads.set(0);
        if (self.time_is_up)() {
            resume_unwind(Box::new(OutOfTime));
        }
    }
}

struct Counted<'t>(Pixels<'t>);

impl Clone for Counted<'_> {
    fn clone(&self) -> Self {
        self.0.watch.count(READS_PER_COPY);
        Self(self.0.clone())
    }
}

impl Pixels<'_> {
    fn index(&self, x: u32, y: u32) -> Option<usize> {
        let at = u64::from(y) * u64::from(self.width) + u64::from(x);
        usize::try_from(at).ok().filter(|_| x < self.width)
    }
}

impl GenericImageView for Counted<'_> {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        (self.0.width, self.0.height)
    }

    fn get_pixel(&self, x: u32, y: u32) -> Luma<u8> {
        self.0.watch.count(1);
        let at = self.0.index(x, y);
        Luma([at.and_then(|at| self.0.grey.get(at)).copied().unwrap_or(u8::MAX)])
    }
}

impl GenericImage for Counted<'_> {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Luma<u8> {
        // Part of the trait, asked for by nobody: grey values lie bare in memory, not as pixels.
        let _ = (x, y);
        resume_unwind(Box::new("a pixel was asked for by reference"))
    }

    fn put_pixel(&mut self, x: u32, y: u32, Luma([grey]): Luma<u8>) {
        let at = self.0.index(x, y);
        if let Some(to) = at.and_then(|at| self.0.grey.get_mut(at)) {
            *to = grey;
        }
    }

    fn blend_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.put_pixel(x, y, pixel);
    }
}
