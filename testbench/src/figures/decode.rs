//! `decode`: how many degraded pictures of labels our reader reads, beside each library alone, and how long it takes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use image::{GrayImage, imageops};
use nix::time::{ClockId, clock_gettime};
use sealtrace_agent::input::picture::{self, LOOKING_MS_MAX};
use serde::Serialize;
use zxingcpp::{BarcodeFormat, ImageFormat, ImageView, TextMode};

use super::{Machine, percentile, rounded, say};
use crate::clock::Stopwatch;
use crate::pictures::{self, Difficulty, Picture, Set, Symbology};

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Which pictures.
    pub set: Set,
    /// How many.
    pub pictures: usize,
    /// Where they come from.
    pub seed: u64,
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Reader {
    Rqrr,
    Zxing,
    Ours,
}

const READERS: [Reader; 3] = [Reader::Rqrr, Reader::Zxing, Reader::Ours];
/// The longer side of a picture that rqrr alone is given.
const RQRR_SIDE_PIXELS_MAX: u32 = 1_600;
/// What ours is to reach: the share read of each symbology, and the time of a picture.
const READ_GOALS: [(Symbology, f64); 4] = [
    (Symbology::Qr, 0.85),
    (Symbology::Gs1Qr, 0.85),
    (Symbology::Gs1DataMatrix, 0.78),
    (Symbology::Gs1128, 0.85),
];
const MS_P50_GOAL: f64 = 30.0;
const MS_P99_GOAL: f64 = 400.0;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    figure: &'static str,
    machine: Machine,
    set: Set,
    seed: u64,
    pictures: usize,
    symbologies: BTreeMap<Symbology, BySymbology>,
    times: BTreeMap<Reader, Times>,
    wrong: Vec<Wrong>,
    ok: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
struct BySymbology {
    all: BTreeMap<Reader, Tally>,
    difficulties: BTreeMap<Difficulty, BTreeMap<Reader, Tally>>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Tally {
    pictures: usize,
    read: usize,
    /// Answers that are not what the label says, beside a right one or without.
    wrong: usize,
    read_share: f64,
}

/// Milliseconds a picture, from the file's bytes to the texts.
#[derive(Clone, Copy, Debug, Serialize)]
struct Times {
    /// Of this thread, whatever else the machine does.
    cpu_ms_p50: f64,
    cpu_ms_p99: f64,
    cpu_ms_max: f64,
    wall_ms_p50: f64,
    wall_ms_p99: f64,
}

/// An answer that is not what the label says.
#[derive(Clone, Debug, Serialize)]
struct Wrong {
    reader: Reader,
    picture: usize,
    said: String,
    was: String,
}

/// Makes the pictures and lets everyone read each.
pub fn run(settings: Settings) -> Result<Report> {
    let mut symbologies: BTreeMap<Symbology, BySymbology> = BTreeMap::new();
    let mut times: BTreeMap<Reader, Vec<(f64, f64)>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for index in 0..settings.pictures {
        let picture = pictures::picture(settings.set, settings.seed, index)?;
        let by = symbologies.entry(picture.truth.symbology).or_default();
        for reader in READERS {
            let (texts, took) = reader.timed(&picture)?;
            times.entry(reader).or_default().push(took);
            let read = texts.contains(&picture.truth.text);
            let others = texts.into_iter().filter(|text| *text != picture.truth.text);
            let others: Vec<String> = others.collect();
            let of_difficulty = by.difficulties.entry(picture.difficulty).or_default();
            for tallies in [&mut by.all, of_difficulty] {
                tallies.entry(reader).or_default().count(read, others.len());
            }
            let was = &picture.truth.text;
            wrong.extend(others.into_iter().map(|said| Wrong {
                reader,
                picture: index,
                said,
                was: was.clone(),
            }));
        }
        if (index + 1) % 260 == 0 {
            say(&format!("{} of {} pictures", index + 1, settings.pictures));
        }
    }
    let times: BTreeMap<_, _> =
        times.into_iter().map(|(reader, took)| (reader, Times::of(&took))).collect();
    let mut report = Report {
        figure: "decode",
        machine: Machine::this(),
        set: settings.set,
        seed: settings.seed,
        pictures: settings.pictures,
        symbologies,
        times,
        wrong,
        ok: false,
    };
    report.ok = report.reaches_goals();
    Ok(report)
}

/// Writes the pictures, and a list of what they say, into a folder.
pub fn save(settings: Settings, folder: &Path) -> Result<String> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut list = String::from("file\tsymbology\tdifficulty\ttext\n");
    for index in 0..settings.pictures {
        let Picture { truth, difficulty, file } =
            pictures::picture(settings.set, settings.seed, index)?;
        let kind = if file.starts_with(b"\x89PNG") { "png" } else { "jpg" };
        let name = format!("{index:05}.{kind}");
        fs::write(folder.join(&name), file).with_context(|| name.clone())?;
        let symbology = truth.symbology;
        writeln!(list, "{name}\t{symbology:?}\t{difficulty:?}\t{:?}", truth.text)?;
    }
    fs::write(folder.join("truth.tsv"), list)?;
    Ok(format!("{} pictures and truth.tsv in {}", settings.pictures, folder.display()))
}

impl Reader {
    /// The texts read, and the milliseconds that took: of this thread, and on the wall.
    fn timed(self, picture: &Picture) -> Result<(Vec<String>, (f64, f64))> {
        let (watch, begun) = (Stopwatch::start(), cpu_ms()?);
        let texts = match self {
            Self::Rqrr => rqrr_alone(&grey(picture)?),
            Self::Zxing => zxing_alone(&grey(picture)?)?,
            Self::Ours => ours(picture, begun)?,
        };
        Ok((texts, (cpu_ms()? - begun, watch.elapsed().as_secs_f64() * 1_000.0)))
    }
}

fn ours(picture: &Picture, begun: f64) -> Result<Vec<String>> {
    let until = begun + f64::from(u32::try_from(LOOKING_MS_MAX)?);
    let time_is_up = || cpu_ms().is_ok_and(|now| now > until);
    let found = picture::decode(&picture.file, &time_is_up)?;
    Ok(found.into_iter().map(|found| found.text).collect())
}

fn grey(picture: &Picture) -> Result<GrayImage> {
    Ok(image::load_from_memory(&picture.file)?.into_luma8())
}

/// In pictures made small enough: in a large one with noise it looks for finder patterns for minutes.
fn rqrr_alone(grey: &GrayImage) -> Vec<String> {
    let longer = grey.width().max(grey.height());
    let small = |side: u32| (side * RQRR_SIDE_PIXELS_MAX / longer).max(1);
    let mut prepared = rqrr::PreparedImage::prepare(if longer > RQRR_SIDE_PIXELS_MAX {
        imageops::thumbnail(grey, small(grey.width()), small(grey.height()))
    } else {
        grey.clone()
    });
    let grids = prepared.detect_grids();
    grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}

/// With everything it has to offer, for the symbologies in question.
fn zxing_alone(grey: &GrayImage) -> Result<Vec<String>> {
    const FORMATS: [BarcodeFormat; 3] =
        [BarcodeFormat::QRCodeModel2, BarcodeFormat::DataMatrix, BarcodeFormat::Code128];
    let (width, height) = grey.dimensions();
    let view = ImageView::from_slice(grey.as_raw(), width, height, ImageFormat::Lum)?;
    let reader = zxingcpp::read()
        .formats(FORMATS)
        .text_mode(TextMode::Plain)
        .try_harder(true)
        .try_rotate(true)
        .try_invert(true)
        .try_downscale(true);
    let found = reader.from(&view)?;
    Ok(found.iter().filter(|code| code.is_valid()).map(zxingcpp::Barcode::text).collect())
}

/// What this thread has had of a processor so far.
fn cpu_ms() -> Result<f64> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("the thread's clock")?;
    let seconds = f64::from(u32::try_from(time.tv_sec())?);
    Ok(seconds * 1_000.0 + f64::from(u32::try_from(time.tv_nsec())?) / 1_000_000.0)
}

impl Tally {
    fn count(&mut self, read: bool, wrong: usize) {
        self.pictures += 1;
        self.read += usize::from(read);
        self.wrong += wrong;
        let whole = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        self.read_share = rounded(whole(self.read) / whole(self.pictures));
    }
}

impl Times {
    fn of(took: &[(f64, f64)]) -> Self {
        let sorted = |pick: fn(&(f64, f64)) -> f64| {
            let mut ms: Vec<f64> = took.iter().map(pick).collect();
            ms.sort_by(f64::total_cmp);
            ms
        };
        let (cpu, wall) = (sorted(|took| took.0), sorted(|took| took.1));
        Self {
            cpu_ms_p50: percentile(&cpu, 50),
            cpu_ms_p99: percentile(&cpu, 99),
            cpu_ms_max: percentile(&cpu, 100),
            wall_ms_p50: percentile(&wall, 50),
            wall_ms_p99: percentile(&wall, 99),
        }
    }
}

impl Report {
    fn reaches_goals(&self) -> bool {
        let read = |symbology, goal| {
            let by = self.symbologies.get(&symbology).and_then(|by| by.all.get(&Reader::Ours));
            by.is_none_or(|tally| tally.read_share >= goal && tally.wrong == 0)
        };
        READ_GOALS.iter().all(|(symbology, goal)| read(*symbology, *goal))
            && self.times.get(&Reader::Ours).is_none_or(|times| {
                times.cpu_ms_p50 <= MS_P50_GOAL && times.cpu_ms_p99 <= MS_P99_GOAL
            })
    }

    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{} pictures, seed {}\n", self.pictures, self.seed);
        let head: String =
            READERS.iter().map(|reader| format!("{:>16}", format!("{reader:?}"))).collect();
        for (symbology, by) in &self.symbologies {
            let _ = writeln!(text, "\n{:<16}{head}", format!("{symbology:?}"));
            for (difficulty, tallies) in &by.difficulties {
                let _ = writeln!(text, "{:<16}{}", format!("{difficulty:?}"), shares(tallies));
            }
            let _ = writeln!(text, "{:<16}{}", "all", shares(&by.all));
        }
        let _ =
            writeln!(text, "\nms of one core    p50      p99      max   (on the wall: p50, p99)");
        for (reader, times) in &self.times {
            let Times { cpu_ms_p50, cpu_ms_p99, cpu_ms_max, wall_ms_p50, wall_ms_p99 } = times;
            let _ = writeln!(
                text,
                "{:<10}{cpu_ms_p50:>11.1}{cpu_ms_p99:>9.1}{cpu_ms_max:>9.1}{wall_ms_p50:>12.1}{wall_ms_p99:>9.1}",
                format!("{reader:?}")
            );
        }
        for Wrong { reader, picture, said, was } in &self.wrong {
            let _ = writeln!(text, "wrong: {reader:?}, picture {picture}: {said:?} for {was:?}");
        }
        let _ = write!(text, "\ngoals reached: {}", self.ok);
        text
    }
}

/// The share that each reader read, and how often it was wrong.
fn shares(tallies: &BTreeMap<Reader, Tally>) -> String {
    let share = |tally: &Tally| {
        let wrong =
            if tally.wrong == 0 { String::new() } else { format!("{} wrong ", tally.wrong) };
        format!("{:>16}", format!("{wrong}{:.0} %", tally.read_share * 100.0))
    };
    tallies.values().map(share).collect()
}
