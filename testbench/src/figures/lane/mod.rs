//! `lane`: four lines that stand still for nobody on one agent. Is anything dropped, is every bottle accounted for, how
//! soon does a gate hear of its case, what does it cost, and how fast may the belts go?

mod belt;
mod books;
mod limit;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::floor::Floor;
use super::goal::Goal;
use super::times::{Pace, Times};
use super::{Machine, append, load, memory, rounded, say};
use crate::http::Session;
use crate::pda::{ready, until};
use crate::program::{Program, Start, binary, free_address};
use belt::{Belt, Run};
use books::Books;
use limit::Limit;

/// Lines at once.
const LINES: u64 = 4;
/// Bottles a minute of each, and how many times that in a burst.
const UNITS_PER_MIN: u32 = 2_000;
const BURST: u32 = 3;
/// A burst lasts so long, in a round of a minute or less: the rest of it is work as usual.
const BURST_TIME: Duration = Duration::from_secs(10);
const ROUND_TIME: Duration = Duration::from_secs(60);
/// The belts stand still before each round, and the disk is asked alone.
const CONTROL_TIME: Duration = Duration::from_secs(3);
/// What the control appends at a time: what the store's log grows by for a scan (see `scan-commit`).
const CONTROL_BYTES: usize = 12 * 1024;
/// How long the program may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);
const AGENT: &str = "sealtrace-agent";

/// What the caller chooses.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything goes.
    pub folder: PathBuf,
    /// How long the belts run in all, the search for the limit not counted.
    pub time: Duration,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    figure: &'static str,
    machine: Machine,
    /// Programs that wanted to run at the same time: at the start, and at the end.
    load: [f64; 2],
    goals: Vec<Goal>,
    lines: u64,
    units_per_min: u32,
    rounds: Vec<Round>,
    books: Books,
    dropped: u32,
    /// Appended to a plain file on the same disk and synchronised, while the belts stand still.
    control: Pace,
    /// From a label's last byte to the gate's word, while the lines work as usual …
    usual: Pace,
    /// … and in bursts.
    burst: Pace,
    cpu_seconds_per_100k_units: f64,
    /// What the program has in memory at the end of it.
    resident_mb: f64,
    binary_mb: f64,
    limit: Limit,
}

/// The control, then work as usual, then a burst.
#[derive(Clone, Copy, Debug, Serialize)]
struct Round {
    control: Pace,
    usual: Phase,
    burst: Phase,
}

/// All lines at one speed for a while.
#[derive(Clone, Copy, Debug, Serialize)]
struct Phase {
    seconds: f64,
    /// As the slowest line made them.
    units_per_min: f64,
    dropped: u32,
    gate: Pace,
    books: Books,
}

/// Measures all of it.
pub async fn run(settings: &Settings) -> Result<Report> {
    let before = load()?;
    say("a device with four lines");
    let mut plant = Plant::build(settings).await?;
    let pid = plant.agent.pid();
    let (mut rounds, mut books, mut dropped) = (Vec::new(), Books::default(), 0);
    let mut sums = [(); 3].map(|()| Times::default());
    let mut cpu_seconds = 0.0;
    let count = rounds_of(settings.time);
    for n in 1..=count {
        say(&format!("round {n} of {count}"));
        let control = append::append(&settings.folder, CONTROL_BYTES, CONTROL_TIME).await?;
        let computed = memory::cpu_seconds(pid)?;
        let time = settings.time / count;
        let burst_time = BURST_TIME.min(time / 6);
        let usual = plant.phase(per_second(1), time - burst_time).await?;
        let burst = plant.phase(per_second(BURST), burst_time).await?;
        cpu_seconds += memory::cpu_seconds(pid)? - computed;
        rounds.push(Round { control: control.pace(), usual: usual.0, burst: burst.0 });
        for (phase, _) in [&usual, &burst] {
            books.add(&phase.books);
            dropped += phase.dropped;
        }
        let [controls, usuals, bursts] = &mut sums;
        controls.then(control);
        usuals.then(usual.1);
        bursts.then(burst.1);
    }
    let resident_mb = memory::resident_mb(pid)?;
    say("faster and faster");
    let limit = limit::search(&mut plant).await?;
    plant.agent.stop()?;
    let [control, usual, burst] = sums.map(|times| times.pace());
    let produced = f64::from(u32::try_from(books.produced)?);
    let mut report = Report {
        figure: "lane",
        machine: Machine::this(),
        load: [before, load()?],
        goals: Vec::new(),
        lines: LINES,
        units_per_min: UNITS_PER_MIN,
        rounds,
        books,
        dropped,
        control,
        usual,
        burst,
        cpu_seconds_per_100k_units: rounded(cpu_seconds * 100_000.0 / produced),
        resident_mb,
        binary_mb: rounded(size_mb(&binary(AGENT)?)?),
        limit,
    };
    report.goals = report.goals();
    Ok(report)
}

fn rounds_of(time: Duration) -> u32 {
    let rounds = time.as_secs().div_ceil(ROUND_TIME.as_secs()).max(1);
    u32::try_from(rounds).unwrap_or(u32::MAX)
}

/// Bottles that one line makes in a second.
fn per_second(times: u32) -> f64 {
    f64::from(UNITS_PER_MIN * times) / 60.0
}

/// To what the program comes on a disk.
fn size_mb(path: &Path) -> Result<f64> {
    let kb = u32::try_from(std::fs::metadata(path)?.len() / 1024)?;
    Ok(f64::from(kb) / 1024.0)
}

/// The program with its lines.
struct Plant {
    floor: Floor,
    belts: Vec<Belt>,
    agent: Program,
}

impl Plant {
    async fn build(settings: &Settings) -> Result<Self> {
        let data = settings.folder.join("device");
        let floor = Floor::build(&data, cases(settings.time) + limit::CASES).await?;
        let ports = settings.folder.join("ports");
        let belts: Vec<Belt> = (0..LINES).map(|n| Belt::new(&ports, n)).collect::<Result<_>>()?;
        let page = free_address()?;
        let mut text = format!(
            "data = {:?}\nui = {{ address = \"{page}\" }}\nversion = 1\n\n",
            data.display().to_string()
        );
        belts.iter().for_each(|belt| text += &belt.toml());
        let config = settings.folder.join("agent.toml");
        std::fs::write(&config, text)?;
        let config = config.display().to_string();
        let log = settings.folder.join("agent.log");
        let program = Start::built(AGENT)?;
        let agent = Program::start("the agent", &program, &["run", "--config", &config], &log)?;
        let page = format!("http://{page}");
        ready(&page, PATIENCE).await.with_context(|| agent.last_words())?;
        until(PATIENCE, "the lanes do not come up", async || lanes_stand(&page).await).await?;
        let mut plant = Self { floor, belts, agent };
        tokio::task::block_in_place(|| plant.belts.iter_mut().try_for_each(Belt::is_heard))?;
        Ok(plant)
    }

    /// Every line at this speed for a while; the gates' times as well.
    async fn phase(&mut self, per_second: f64, time: Duration) -> Result<(Phase, Times)> {
        let Self { floor, belts, agent } = self;
        let runs = tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                let floor = &*floor;
                let running: Vec<_> = belts
                    .iter_mut()
                    .map(|belt| scope.spawn(move || belt.run(floor, per_second, time)))
                    .collect();
                let done = running
                    .into_iter()
                    .map(|belt| belt.join().map_err(|_| anyhow::anyhow!("a belt has stopped"))?);
                done.collect::<Result<Vec<Run>>>()
            })
        })?;
        agent.still_runs()?;
        let cases = || runs.iter().flat_map(|run| &run.cases);
        let books = Books::of(floor.folder(), cases())?;
        let mut times = Times::default();
        cases().filter_map(belt::Passed::waited).for_each(|waited| times.add(waited));
        let times = times.lasted(time);
        let made = runs.iter().map(Run::units_per_min).fold(f64::INFINITY, f64::min);
        let phase = Phase {
            seconds: rounded(time.as_secs_f64()),
            units_per_min: rounded(made),
            dropped: runs.iter().map(|run| run.dropped).sum(),
            gate: times.pace(),
            books,
        };
        Ok((phase, times))
    }
}

/// Cases that all lines need in so long, bursts included.
fn cases(time: Duration) -> u32 {
    let units =
        time.as_secs_f64() * per_second(BURST) * f64::from(u32::try_from(LINES).unwrap_or(0));
    Duration::from_secs_f64(units / 24.0).as_secs().try_into().unwrap_or(u32::MAX)
}

/// Some once every lane has its task and its readers.
async fn lanes_stand(page: &str) -> Option<()> {
    let lanes = Session::new(page).ok()?.get("/api/lanes").await.ok()?;
    let rows = lanes["rows"].as_array()?;
    let stands =
        |lane: &serde_json::Value| lane["task"].is_object() && lane["reader"] == "connected";
    (!rows.is_empty() && rows.iter().all(stands)).then_some(())
}

impl Report {
    fn goals(&self) -> Vec<Goal> {
        let Self { books, dropped, control, usual, burst, resident_mb, binary_mb, .. } = self;
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let over = |pace: &Pace| pace.ms_p99 - control.ms_p99;
        vec![
            Goal::at_most("readings dropped", 0.0, f64::from(*dropped)),
            Goal::at_most("bottles unaccounted", 0.0, count(books.unaccounted)),
            Goal::at_most("faulty cases packed", 0.0, count(books.faulty_cases_packed)),
            Goal::at_most("good cases rejected", 0.0, count(books.good_cases_rejected)),
            Goal::at_most(
                "ms to the gate at p99 over the disk's fsync, as usual",
                20.0,
                over(usual),
            ),
            Goal::at_most(
                "ms to the gate at p99 over the disk's fsync, in bursts",
                20.0,
                over(burst),
            ),
            Goal::at_most("resident MB", 32.0, *resident_mb),
            Goal::at_most("MB of the program, stripped", 12.0, *binary_mb),
        ]
    }

    /// The same for people.
    #[must_use]
    pub fn table(&self) -> String {
        let Self { machine, load, goals, books, control, usual, burst, limit, .. } = self;
        let mut text = format!(
            "lane: {} lines of {} bottles a minute, bursts of {BURST} times that \
             ({} cores, {} MB, load {} to {})\n\n",
            self.lines, self.units_per_min, machine.cores, machine.memory_mb, load[0], load[1]
        );
        let _ = writeln!(
            text,
            "  {} bottles in {} cases: {} packed, {} rejected, {} unaccounted, {} readings dropped\n",
            books.produced,
            books.cases,
            books.packed,
            books.rejected,
            books.unaccounted,
            self.dropped
        );
        text += "                            number     p50     p95     p99     max ms\n";
        let rows = [("disk alone", control), ("gate, as usual", usual), ("gate, bursts", burst)];
        for (name, Pace { count, ms_p50, ms_p95, ms_p99, ms_max, .. }) in rows {
            let _ = writeln!(
                text,
                "{name:<24} {count:>9} {ms_p50:>7.3} {ms_p95:>7.3} {ms_p99:>7.3} {ms_max:>7.1}"
            );
        }
        let _ = writeln!(
            text,
            "\n  {} s of a processor for 100,000 bottles, {} MB in memory, program of {} MB",
            self.cpu_seconds_per_100k_units, self.resident_mb, self.binary_mb
        );
        let _ = writeln!(text, "{limit}");
        for goal in goals {
            let _ = writeln!(text, "{goal}");
        }
        text
    }
}
