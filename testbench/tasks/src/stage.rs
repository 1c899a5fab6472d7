//! Running one stage: announce it, time it, remember how it ended; and the commands a stage is made of.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Why a stage did not pass, and the command that failed if there was one.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    command: Option<String>,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), command: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.command {
            Some(command) => write!(f, "\n  command: {command}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// How a stage ended when nothing went wrong.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    /// There was nothing to run. Shown as such, never as a pass.
    Nothing(&'static str),
}

/// The stages run so far, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    seconds: f64,
    result: String,
}

impl Report {
    /// Runs one stage; on failure says how to run it again.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        body: impl FnOnce() -> Result<Outcome, Failure>,
    ) -> Result<(), Failure> {
        say(&format!("==> {name}"));
        let start = Instant::now();
        let ended = body();
        let seconds = start.elapsed().as_secs_f64();
        let result = match &ended {
            Ok(Outcome::Passed) => "ok".to_owned(),
            Ok(Outcome::Nothing(why)) => format!("nothing run: {why}"),
            Err(_) => "FAILED".to_owned(),
        };
        self.rows.push(Row { name, seconds, result });
        ended.map(|_| ()).map_err(|failure| Failure {
            what: format!(
                "stage `{name}` failed: {}\n  run it again: cargo verify --only {name}",
                failure.what
            ),
            command: failure.command,
        })
    }

    /// The seconds of each stage.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("\n{:<14} {:>8}  result\n", "stage", "seconds");
        for row in &self.rows {
            table += &format!("{:<14} {:>8.1}  {}\n", row.name, row.seconds, row.result);
        }
        let total: f64 = self.rows.iter().map(|row| row.seconds).sum();
        table + &format!("{:<14} {total:>8.1}\n", "total")
    }
}

/// Shows the command, runs it, and fails unless it exits with 0.
/// Its standard output goes to our standard error: ours belongs to the program started last.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    say(&format!("  $ {shown}"));
    let what = match command.stdout(Stdio::from(std::io::stderr())).status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("a command ended with {status}"),
        Err(cause) => format!("a command could not be started: {cause}"),
    };
    Err(Failure { what, command: Some(shown) })
}

/// Runs the command quietly and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let shown = shown(command);
    let failed = |what: String| Failure { what, command: Some(shown.clone()) };
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| failed(format!("a command could not be started: {cause}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("a command ended with {}: {}", output.status, said.trim())))
}

/// `cargo`, the same one that started us, in the workspace root.
///
/// Variables that the outer cargo set for this package are taken away: some build scripts (ring's among
/// them) watch them, and would build everything again because we were started through `cargo run`.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    forget_outer_cargo(&mut command);
    command
}

/// Takes away what the outer cargo set for this package alone.
pub(crate) fn forget_outer_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
        if ours.iter().any(|start| text.starts_with(start))
            || matches!(text, "CARGO" | "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR")
        {
            command.env_remove(&name);
        }
    }
}

/// The workspace root.
pub(crate) fn root() -> PathBuf {
    let tasks = Path::new(env!("CARGO_MANIFEST_DIR"));
    tasks.ancestors().nth(2).unwrap_or(tasks).to_path_buf()
}

/// Where cargo puts the programs it builds for this profile; we are one of them.
pub(crate) fn binaries() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()
        .map_err(|cause| Failure::new(format!("cannot tell where this program is: {cause}")))?;
    own.parent()
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::new("this program lies in no folder; start it through `cargo`"))
}

/// A program built by the `build` stage.
pub(crate) fn binary(name: &str) -> Result<PathBuf, Failure> {
    let path = binaries()?.join(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::new(format!(
        "{} is not built yet; run `cargo verify --only build` first",
        path.display()
    )))
}

/// The folder for what cargo did not build: tools, other targets.
pub(crate) fn target() -> Result<PathBuf, Failure> {
    let binaries = binaries()?;
    Ok(binaries.parent().map_or_else(|| root().join("target"), Path::to_path_buf))
}

/// Where a program lies, if `PATH` leads to it.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A line for the person watching.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stderr().lock();
    // Nobody left to read it is no reason to stop.
    let _ignored = writeln!(out, "{line}");
}

/// The answer itself, on standard output.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ignored = write!(out, "{text}");
}

fn shown(command: &Command) -> String {
    let mut text = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value
            && !matches!(name.to_str(), Some("PATH" | "PGPASSWORD" | "SEALTRACE_TEST_POSTGRES"))
        {
            text += &format!("{}={} ", name.to_string_lossy(), quoted(&value.to_string_lossy()));
        }
    }
    text += &command.get_program().to_string_lossy();
    for argument in command.get_args() {
        text.push(' ');
        text += &quoted(&argument.to_string_lossy());
    }
    match command.get_current_dir() {
        Some(folder) if folder != root() => format!("cd {} && {text}", folder.display()),
        Some(_) | None => text,
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_shown_as_it_could_be_typed() {
        let failure = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        let text = failure.to_string();
        assert!(text.contains("exit status: 3"), "{text}");
        assert!(text.contains("sh -c 'exit 3'"), "{text}");
    }

    #[test]
    fn the_table_tells_a_pass_from_nothing_run() {
        let mut report = Report::default();
        report.run("one", || Ok(Outcome::Passed)).unwrap();
        report.run("two", || Ok(Outcome::Nothing("none yet"))).unwrap();
        let failed = report.run("three", || Err(Failure::new("it broke"))).unwrap_err();
        let table = report.table();
        assert!(table.contains("  ok\n"), "{table}");
        assert!(table.contains("nothing run: none yet"), "{table}");
        assert!(table.contains("FAILED"), "{table}");
        assert!(failed.to_string().contains("cargo verify --only three"), "{failed}");
    }

    #[test]
    fn passwords_are_not_shown() {
        let mut command = Command::new("psql");
        command.env("PGPASSWORD", "secret").env("PORT", "1");
        assert_eq!(shown(&command), "PORT=1 psql");
    }
}
