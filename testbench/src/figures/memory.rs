//! How much memory a program has and had at most, and how long it computed, as the kernel counts it.

use std::fs;

use anyhow::{Context, Result};

/// In which the kernel tells every program's time.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a program's memory came to while it was watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    pid: u32,
    before_kb: u64,
}

impl Watch {
    /// Forgets the program's peak so far.
    pub(super) fn begin(pid: u32) -> Result<Self> {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").context("cannot reset a peak")?;
        Ok(Self { pid, before_kb: field(&format!("/proc/{pid}/status"), "VmRSS")? })
    }

    /// The peak since, and how far that is above what it had then, in MB.
    pub(super) fn peak_and_growth_mb(&self) -> Result<(f64, f64)> {
        let peak_kb = peak_kb(self.pid)?;
        Ok((mb(peak_kb), mb(peak_kb.saturating_sub(self.before_kb))))
    }
}

/// The most a program ever had, in MB.
pub(super) fn peak_mb(pid: u32) -> Result<f64> {
    peak_kb(pid).map(mb)
}

/// What of its memory is its own now, not pages of files, in MB.
pub(super) fn anonymous_mb(pid: u32) -> Result<f64> {
    field(&format!("/proc/{pid}/status"), "RssAnon").map(mb)
}

/// What of its memory is there now, pages of files included, in MB.
pub(super) fn resident_mb(pid: u32) -> Result<f64> {
    field(&format!("/proc/{pid}/status"), "VmRSS").map(mb)
}

/// Seconds a program has computed since its start, on all processors.
pub(super) fn cpu_seconds(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).context("a program's times")?;
    // Its name may have spaces and brackets in it; what is counted here comes behind that.
    let (_, rest) = text.rsplit_once(')').context("no name")?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    let (user, system) = ticks().zip(ticks()).context("no times")?;
    Ok((f64::from(user) + f64::from(system)) / TICKS_PER_SECOND)
}

/// The machine's memory.
pub(super) fn total_mb() -> Result<u64> {
    Ok(field("/proc/meminfo", "MemTotal")? / 1024)
}

fn peak_kb(pid: u32) -> Result<u64> {
    field(&format!("/proc/{pid}/status"), "VmHWM")
}

/// To a tenth.
fn mb(kb: u64) -> f64 {
    let tenths = u32::try_from(kb.saturating_mul(10) / 1024).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}

/// The kilobytes behind a name.
fn field(path: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|rest| rest.split_whitespace().next()).context("no such field")?;
    number.parse().with_context(|| format!("{name} in {path}"))
}
