//! A belt that stands still for nobody: bottles and labels pass when it is their time, and the gate is told whenever
//! it is told.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::super::floor::{Case, Floor, SITE, lane_task};
use super::super::scans::UNITS_PER_CASE;
use crate::clock::{Stopwatch, nap};
use crate::port::VirtualPort;

/// The share of a case's time in which its bottles pass. The label passes in the middle of the rest.
const BOTTLES_SHARE: f64 = 0.8;
/// Something is wrong with one case in so many, each time something else.
const FAULTY_EVERY: usize = 20;
/// No two things are nearer to each other than this share of their distance.
const NEAREST_SHARE: f64 = 0.9;
/// How long after the last label a word of the gate is still waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// One look at the gate's cable.
const LOOK: Duration = Duration::from_millis(20);
/// What readers say when they cannot read.
const NO_READ: &str = "NoRead";

/// What is wrong with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// One of its bottles cannot be read.
    NoRead,
    /// A code is on two of its bottles.
    Twice,
    /// A bottle is missing.
    Short,
    /// Its label cannot be read.
    LabelNoRead,
    /// Its label is not there, and its reader says nothing.
    LabelUnseen,
}

impl Fault {
    const ALL: [Self; 5] =
        [Self::NoRead, Self::Twice, Self::Short, Self::LabelNoRead, Self::LabelUnseen];

    /// What is wrong with the case of this number, if anything.
    fn of(n: usize) -> Option<Self> {
        let turn = (n % FAULTY_EVERY == FAULTY_EVERY / 2).then_some(n / FAULTY_EVERY)?;
        Self::ALL.get(turn % Self::ALL.len()).copied()
    }
}

/// A case that has passed, and what came of it.
#[derive(Debug)]
pub(super) struct Passed {
    /// The bottles that are in it; their printed texts.
    pub(super) bottles: Vec<String>,
    /// What is printed on its label.
    pub(super) label: String,
    pub(super) fault: Option<Fault>,
    /// When its label's last byte was sent, on the belt's clock; none = nobody saw it.
    read_at: Option<Duration>,
    /// What the gate was told, and when.
    word: Option<(bool, Duration)>,
}

impl Passed {
    /// A good case that the gate let pass or not.
    #[cfg(test)]
    pub(super) fn of(case: &Case, through: bool) -> Self {
        let Case { bottles, label } = case;
        Self {
            bottles: bottles.clone(),
            label: label.clone(),
            fault: None,
            read_at: Some(Duration::ZERO),
            word: Some((through, Duration::ZERO)),
        }
    }

    /// True when the gate let it pass. A gate that hears nothing rejects.
    pub(super) fn is_through(&self) -> bool {
        self.word.is_some_and(|(accept, _)| accept)
    }

    /// From its label's last byte to the gate's word.
    pub(super) fn waited(&self) -> Option<Duration> {
        self.word?.1.checked_sub(self.read_at?)
    }

    /// A word is missing that was due.
    pub(super) fn is_unanswered(&self) -> bool {
        self.read_at.is_some() && self.word.is_none()
    }
}

/// What passed in a while.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) cases: Vec<Passed>,
    /// Readings that found no room in their cable: the agent had not taken those before.
    pub(super) dropped: u32,
    pub(super) took: Duration,
}

impl Run {
    /// How many bottles passed in a minute.
    pub(super) fn units_per_min(&self) -> f64 {
        let units = self.cases.iter().map(|case| case.bottles.len()).sum();
        count(units) * 60.0 / self.took.as_secs_f64()
    }
}

/// One line: two readers that wait for nobody, and a gate.
pub(super) struct Belt {
    number: u64,
    units: VirtualPort,
    cases: VirtualPort,
    gate: VirtualPort,
    /// Cases that have passed so far.
    passed: usize,
}

impl Belt {
    /// Lane number `n` of a device, on ports of its own in `folder`.
    pub(super) fn new(folder: &std::path::Path, number: u64) -> Result<Self> {
        let folder = folder.join(format!("lane-{number}"));
        std::fs::create_dir_all(&folder)?;
        let port = |name| VirtualPort::new(&folder.join(name));
        let (units, cases) = (port("units")?.unwaiting()?, port("cases")?.unwaiting()?);
        Ok(Self { number, units, cases, gate: port("gate")?, passed: 0 })
    }

    /// Its table in the agent's configuration.
    pub(super) fn toml(&self) -> String {
        let port = |profile: &str, port: &VirtualPort| {
            format!("{{ profile = {profile:?}, port = {:?} }}", port.path().display().to_string())
        };
        format!(
            "[[lane]]\nname = \"line-{}\"\nsite = {SITE}\ntask = {}\nunits = {}\ncases = {}\ngate = {}\n",
            self.number,
            lane_task(self.number),
            port("cognex-dataman", &self.units),
            port("cognex-dataman", &self.cases),
            port("serial-gate", &self.gate),
        )
    }

    /// Waits until the gate is kept awake, and forgets what was said before.
    pub(super) fn is_heard(&mut self) -> Result<()> {
        self.gate.receive_one_of(b"H", PATIENCE)?.context("the gate has no heartbeat")?;
        self.units.drain()?;
        self.cases.drain()
    }

    /// Lets cases pass for as long as asked, whole ones only.
    pub(super) fn run(&mut self, floor: &Floor, per_second: f64, time: Duration) -> Result<Run> {
        let Self { units, cases, gate, passed, .. } = self;
        let clock = Stopwatch::start();
        thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let listening = scope.spawn(move || hear(gate, clock, &told));
            let mut belt = Moving { clock, due: Duration::ZERO, last: Duration::ZERO };
            let mut run = Run::default();
            let case_time = Duration::from_secs_f64(count(UNITS_PER_CASE) / per_second);
            while clock.elapsed() < time {
                let case = Going::new(floor.case()?, Fault::of(*passed));
                *passed += 1;
                run.cases.push(case.pass(
                    &mut belt,
                    case_time,
                    (units, cases),
                    &mut run.dropped,
                )?);
            }
            run.took = clock.elapsed();
            let words = run.cases.iter().filter(|case| case.read_at.is_some()).count();
            tell.send(words).context("nobody listens to the gate")?;
            let heard =
                listening.join().map_err(|_| anyhow::anyhow!("the gate's ear is gone"))??;
            let read = run.cases.iter_mut().filter(|case| case.read_at.is_some());
            read.zip(heard).for_each(|(case, word)| case.word = Some(word));
            Ok(run)
        })
    }
}

/// A case on its way.
struct Going {
    bottles: Vec<String>,
    /// What the reader says of them.
    readings: Vec<String>,
    label: String,
    fault: Option<Fault>,
}

impl Going {
    fn new(case: Case, fault: Option<Fault>) -> Self {
        let Case { mut bottles, label } = case;
        match fault {
            Some(Fault::Short) => drop(bottles.pop()),
            Some(Fault::Twice) => {
                if let [first, .., last] = bottles.as_mut_slice() {
                    last.clone_from(first);
                }
            }
            Some(Fault::NoRead | Fault::LabelNoRead | Fault::LabelUnseen) | None => {}
        }
        let mut readings = bottles.clone();
        if fault == Some(Fault::NoRead)
            && let Some(reading) = readings.get_mut(UNITS_PER_CASE / 2)
        {
            NO_READ.clone_into(reading);
        }
        Self { bottles, readings, label, fault }
    }

    fn pass(
        self,
        belt: &mut Moving,
        time: Duration,
        (units, cases): (&mut VirtualPort, &mut VirtualPort),
        dropped: &mut u32,
    ) -> Result<Passed> {
        let step = time.mul_f64(BOTTLES_SHARE / count(UNITS_PER_CASE));
        let half_gap = time.mul_f64((1.0 - BOTTLES_SHARE) / 2.0);
        for reading in &self.readings {
            belt.on(step);
            *dropped += u32::from(!units.offer(format!("{reading}\r\n").as_bytes())?);
        }
        belt.on(half_gap);
        let Self { bottles, label, fault, .. } = self;
        let says = match fault {
            Some(Fault::LabelUnseen) => None,
            Some(Fault::LabelNoRead) => Some(NO_READ),
            Some(Fault::NoRead | Fault::Twice | Fault::Short) | None => Some(label.as_str()),
        };
        let mut read_at = None;
        if let Some(says) = says {
            *dropped += u32::from(!cases.offer(format!("{says}\r\n").as_bytes())?);
            read_at = Some(belt.clock.elapsed());
        }
        belt.on(half_gap);
        Ok(Passed { bottles, label, fault, read_at, word: None })
    }
}

/// When what passes.
struct Moving {
    clock: Stopwatch,
    due: Duration,
    last: Duration,
}

impl Moving {
    /// Waits for what comes next.
    fn on(&mut self, step: Duration) {
        let at = self.next_at(step);
        if let Some(left) = at.checked_sub(self.clock.elapsed()) {
            nap(left);
        }
        self.last = self.clock.elapsed();
    }

    /// When it comes. What this program is late with it makes good, but two things that pass do not come much nearer to
    /// each other than they are on the belt.
    fn next_at(&mut self, step: Duration) -> Duration {
        self.due += step;
        self.due.max(self.last + step.mul_f64(NEAREST_SHARE))
    }
}

/// Every word the gate is told, in order, until as many came as were due, or the patience is over.
fn hear(
    gate: &mut VirtualPort,
    clock: Stopwatch,
    due: &std::sync::mpsc::Receiver<usize>,
) -> Result<Vec<(bool, Duration)>> {
    let mut words = Vec::new();
    let mut wanted = None;
    loop {
        for byte in gate.receive(LOOK)? {
            match byte {
                b'A' => words.push((true, clock.elapsed())),
                b'R' => words.push((false, clock.elapsed())),
                // Heartbeats and line ends.
                _ => {}
            }
        }
        if wanted.is_none() {
            wanted = due.try_recv().ok().map(|count| (count, clock.elapsed() + PATIENCE));
        }
        if wanted.is_some_and(|(count, until)| words.len() >= count || clock.elapsed() > until) {
            return Ok(words);
        }
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_turn_and_most_cases_have_none() {
        let faults: Vec<Option<Fault>> =
            (0..FAULTY_EVERY * Fault::ALL.len()).map(Fault::of).collect();
        let found: Vec<Fault> = faults.iter().copied().flatten().collect();
        assert_eq!((found.as_slice(), faults.len()), (&Fault::ALL[..], 100));
    }

    #[test]
    fn what_is_late_is_made_good_without_things_coming_upon_each_other() {
        let ms = Duration::from_millis;
        let mut belt = Moving { clock: Stopwatch::start(), due: ms(0), last: ms(0) };
        assert_eq!(belt.next_at(ms(100)), ms(100));
        // Somebody else had the processor.
        belt.last = ms(250);
        let mut passed = Vec::new();
        for _ in 0..20 {
            belt.last = belt.next_at(ms(100));
            passed.push(belt.last);
        }
        assert_eq!(passed[..2], [ms(340), ms(430)], "nine tenths of the distance while it is late");
        assert_eq!(passed.last(), Some(&ms(2_100)), "in the end it is as if nothing had been");
    }
}
