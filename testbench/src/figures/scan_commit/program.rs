//! The program as it is shipped, on a device that knows a large site: how soon it works, and how much memory it takes.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::json;

use super::super::floor::{Floor, HAND_TASK, LOGIN, PIN};
use super::super::memory;
use super::super::times::{Pace, Times};
use super::rounded;
use crate::clock::{Deadline, Stopwatch};
use crate::pda::{Pda, ready};
use crate::program::{Program, Start, free_address};

/// How long it may take to come up before the figure fails.
const PATIENCE: Duration = Duration::from_secs(30);
/// Starts after a stop, and as many after SIGKILL.
const STARTS: u32 = 3;
/// Between two tries while it comes up.
const RETRY: Duration = Duration::from_millis(2);

/// How the program does.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Running {
    /// From the start of the process until a scan at its page was green, after it was stopped …
    start_ms: Vec<f64>,
    /// … and after it was killed in the middle of a case.
    start_after_kill_ms: Vec<f64>,
    /// Scans at its page.
    pub(super) page: Pace,
    /// The most memory it ever had; checking a PIN takes 19 MB of it for a moment.
    pub(super) peak_mb: f64,
    /// Of that, its own: the rest are pages of its file.
    pub(super) anonymous_mb: f64,
}

impl Running {
    /// The slowest start.
    pub(super) fn start_ms_max(&self) -> f64 {
        self.start_ms.iter().chain(&self.start_after_kill_ms).copied().fold(0.0, f64::max)
    }
}

/// Starts, kills and uses it.
pub(super) async fn measure(floor: &Floor, scratch: &Path, time: Duration) -> Result<Running> {
    let address = free_address()?;
    let base = format!("http://{address}");
    let config = scratch.join("agent.toml");
    let data = floor.folder().display().to_string();
    std::fs::write(
        &config,
        format!("data = {data:?}\nui = {{ address = \"{address}\" }}\nversion = 1\n"),
    )?;
    let config = config.display().to_string();
    let log = scratch.join("agent.log");
    let agent = Start::built("sealtrace-agent")?;
    let mut program = Program::start("the agent", &agent, &["run", "--config", &config], &log)?;
    ready(&base, PATIENCE).await.with_context(|| program.last_words())?;
    let pda = Pda::log_in(&base, LOGIN, PIN).await?;
    pda.open("pack", json!({"task": HAND_TASK})).await?;
    let (mut start_ms, mut start_after_kill_ms) = (Vec::new(), Vec::new());
    let mut left = Vec::new();
    for _ in 0..STARTS {
        program.stop()?;
        start_ms.push(until_green(&mut program, &pda, &mut left, floor).await?);
        program.murder()?;
        start_after_kill_ms.push(until_green(&mut program, &pda, &mut left, floor).await?);
    }
    for text in left.drain(..).rev() {
        pda.scan_green(&text).await?;
    }
    let mut times = Times::default();
    let all = Stopwatch::start();
    while all.elapsed() < time {
        for text in floor.case()?.scans() {
            let one = Stopwatch::start();
            pda.scan_green(text).await?;
            times.add(one.elapsed());
        }
    }
    let page = times.lasted(all.elapsed()).pace();
    // Whoever signs in meanwhile has a PIN checked, which takes memory too.
    Pda::log_in(&base, LOGIN, PIN).await?;
    let peak_mb = memory::peak_mb(program.pid())?;
    let anonymous_mb = memory::anonymous_mb(program.pid())?;
    program.stop()?;
    Ok(Running { start_ms, start_after_kill_ms, page, peak_mb, anonymous_mb })
}

/// Starts it again; milliseconds until the next scan is green. Whoever was signed in still is.
async fn until_green(
    program: &mut Program,
    pda: &Pda,
    left: &mut Vec<String>,
    floor: &Floor,
) -> Result<f64> {
    if left.is_empty() {
        left.extend(floor.case()?.scans().map(str::to_owned));
        left.reverse();
    }
    let text = left.pop().context("an empty case")?;
    let deadline = Deadline::after(PATIENCE);
    let since = Stopwatch::start();
    program.restart()?;
    while deadline.left().is_some() {
        match pda.scan_green(&text).await {
            Ok(_) => return Ok(rounded(since.elapsed().as_secs_f64() * 1_000.0)),
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
    bail!("no scan is green after a start: {}", program.last_words())
}
