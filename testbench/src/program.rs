//! The real programs as child processes: started, waited for, killed, and always stopped in the end.

use std::fs::{File, OpenOptions};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::clock::{Deadline, nap};

/// How long a program may take to end by itself.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A program under test; stopped when dropped.
pub struct Program {
    name: String,
    command: Vec<String>,
    log: PathBuf,
    child: Child,
}

/// The folder this build's programs lie in: beside the running one.
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("where am I?")?;
    let mut folder = own.parent();
    while let Some(place) = folder {
        let candidate = place.join(name);
        if candidate.is_file() {
            return Ok(candidate);
        }
        folder =
            place.parent().filter(|above| above.ends_with("debug") || above.ends_with("release"));
    }
    bail!("{name} is not built; run `cargo build --workspace --all-targets`")
}

/// How a program is started: itself, or under an emulator of the processor it was built for.
#[derive(Clone, Debug)]
pub struct Start(Vec<String>);

impl Start {
    /// A program of this build.
    pub fn built(name: &str) -> Result<Self> {
        Ok(Self(vec![binary(name)?.display().to_string()]))
    }

    /// These words, such as `qemu-aarch64-static sealtrace-agent`.
    #[must_use]
    pub fn words(words: &str) -> Self {
        Self(words.split_whitespace().map(str::to_owned).collect())
    }

    fn with(&self, arguments: &[&str]) -> Vec<String> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        self.0.iter().cloned().chain(arguments).collect()
    }
}

/// A free address on loopback.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").context("no free port")?.local_addr()?)
}

impl Program {
    /// Starts `program` with `arguments`; its output goes to `log`.
    pub fn start(name: &str, program: &Start, arguments: &[&str], log: &Path) -> Result<Self> {
        let command = program.with(arguments);
        let child = spawn(&command, log)?;
        Ok(Self { name: name.to_owned(), command, log: log.to_owned(), child })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no goodbye, nothing flushed.
    pub fn murder(&mut self) -> Result<()> {
        self.signal(Signal::SIGKILL)?;
        self.child.wait().with_context(|| format!("{} did not die", self.name))?;
        Ok(())
    }

    /// Starts it again with the same arguments.
    pub fn restart(&mut self) -> Result<()> {
        self.child = spawn(&self.command, &self.log)?;
        Ok(())
    }

    /// SIGTERM, then waits for it to end by itself.
    pub fn stop(&mut self) -> Result<()> {
        self.signal(Signal::SIGTERM)?;
        let deadline = Deadline::after(STOP_PATIENCE);
        while self.child.try_wait()?.is_none() {
            if deadline.left().is_none() {
                bail!("{} does not stop on SIGTERM; see {}", self.name, self.log.display());
            }
            nap(Duration::from_millis(20));
        }
        Ok(())
    }

    /// An error with the end of its log when it has ended although it should not have.
    pub fn still_runs(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended with {status}; the end of its log:\n{}", self.name, self.last_words());
        }
        Ok(())
    }

    /// The last lines of its log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n")
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).context("pid")?;
        kill(Pid::from_raw(pid), signal).with_context(|| format!("cannot signal {}", self.name))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.stop().is_err() {
            let _ = self.murder();
        }
    }
}

/// Runs a program to its end and returns what it printed; an error carries what it complained about.
pub fn run(program: &Start, arguments: &[&str], input: Option<&str>) -> Result<String> {
    use std::io::Write;
    let command = program.with(arguments);
    let words = command.join(" ");
    let (first, rest) = command.split_first().context("nothing to run")?;
    let mut child = Command::new(first)
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {first}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.unwrap_or_default().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{words} failed: {}", complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn spawn(command: &[String], log: &Path) -> Result<Child> {
    let (program, arguments) = command.split_first().context("nothing to start")?;
    let log: File = OpenOptions::new().create(true).append(true).open(log)?;
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {program}"))
}
