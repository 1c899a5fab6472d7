//! `cargo verify`: every stage in order, stopping at the first that fails, with a table of seconds at the end.

use std::process::Command;

use crate::packages::{self, Need};
use crate::postgres::Server;
use crate::stage::{Failure, Outcome, Report, binary, cargo, output, print, root, run, say};
use crate::{browser, cross, node, tree, web};

type Body = fn() -> Result<Outcome, Failure>;

/// Name, what it does, how. What is quick and often wrong comes first.
const STAGES: [(&str, &str, Body); 12] = [
    (
        "packages",
        "Debian packages: cmake, Node.js, PostgreSQL, Chromium, poppler, the emulator, the cross compiler",
        packages,
    ),
    ("tree", "ring is the only crypto provider among the dependencies", || passed(tree::check())),
    ("format", "cargo fmt --check", format),
    ("web", "npm ci and npm run build of the web pages", || passed(web::build())),
    ("clippy", "cargo clippy with -D warnings", clippy),
    ("build", "cargo build of everything", build),
    ("test", "every Rust test, both store engines (private PostgreSQL)", test),
    ("browser", "the pages in headless Chromium", || passed(browser::test())),
    ("demo-sqlite", "the main job, headless, on the embedded store", demo_sqlite),
    ("demo-postgres", "the main job, headless, on a private PostgreSQL server", demo_postgres),
    (
        "cross",
        "the agent as static ARM binaries, 64 and 32 bits, doing the main job under emulators",
        || passed(cross::build_and_run()),
    ),
    ("simulation", "a fixed set of simulation seeds", simulation),
];

const HELP: &str = "\
cargo verify [OPTIONS]

  --only STAGE[,STAGE]   run these stages only
  --list                 name the stages
  --help                 this text

Stops at the first stage that fails. Exit code 0 only if every stage passed.
";

/// Runs the stages asked for.
pub(crate) fn run_verify(arguments: &[String]) -> Result<(), Failure> {
    let wanted = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => STAGES.iter().map(|(name, ..)| *name).collect(),
        ["--list"] => {
            print(&list());
            return Ok(());
        }
        ["--help" | "-h"] => {
            print(&format!("{HELP}\n{}", list()));
            return Ok(());
        }
        ["--only", names] => chosen(names)?,
        [one] if one.starts_with("--only=") => chosen(one.trim_start_matches("--only="))?,
        _ => {
            return Err(Failure::new(format!(
                "`cargo verify {}` is not understood\n\n{HELP}",
                arguments.join(" ")
            )));
        }
    };
    let mut report = Report::default();
    let mut ended = Ok(());
    for (name, _, body) in STAGES {
        if wanted.contains(&name) && ended.is_ok() {
            ended = report.run(name, body);
        }
    }
    say(&report.table());
    ended
}

/// The stages named, or which name is wrong.
fn chosen(names: &str) -> Result<Vec<&'static str>, Failure> {
    names
        .split(',')
        .map(str::trim)
        .map(|wanted| {
            STAGES.iter().map(|(name, ..)| *name).find(|name| *name == wanted).ok_or_else(|| {
                Failure::new(format!("there is no stage `{wanted}`; the stages are:\n{}", list()))
            })
        })
        .collect()
}

fn list() -> String {
    STAGES.iter().map(|(name, what, _)| format!("  {name:<14} {what}\n")).collect()
}

fn passed(result: Result<(), Failure>) -> Result<Outcome, Failure> {
    result.map(|()| Outcome::Passed)
}

fn packages() -> Result<Outcome, Failure> {
    passed(packages::provide(&[
        Need::Cmake,
        Need::Node,
        Need::Postgres,
        Need::Chromium,
        Need::Poppler,
        Need::Qemu,
        Need::Venv,
        Need::CrossRust,
    ]))
}

fn format() -> Result<Outcome, Failure> {
    passed(run(cargo().args(["fmt", "--all", "--check"])))
}

fn clippy() -> Result<Outcome, Failure> {
    passed(run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))
}

fn build() -> Result<Outcome, Failure> {
    passed(run(cargo().args(["build", "--workspace", "--all-targets"])))
}

fn test() -> Result<Outcome, Failure> {
    let server = Server::start()?;
    let url = server.url();
    let with_server =
        |arguments: &[&str]| run(cargo().args(arguments).env("SEALTRACE_TEST_POSTGRES", &url));
    if output(cargo().args(["nextest", "--version"])).is_ok() {
        with_server(&["nextest", "run", "--workspace", "--all-targets"])?;
    } else {
        say(
            "  cargo-nextest is not installed, so `cargo test` runs instead: slower, and without time limits.",
        );
        say("  To install it: cargo install --locked cargo-nextest");
        with_server(&["test", "--workspace", "--all-targets"])?;
    }
    passed(with_server(&["test", "--workspace", "--doc", "--quiet"]))
}

fn demo_sqlite() -> Result<Outcome, Failure> {
    passed(run(demo()?.arg("--check")))
}

fn demo_postgres() -> Result<Outcome, Failure> {
    let mut demo = demo()?;
    let server = Server::start()?;
    let url = server.url();
    passed(run(demo.args(["--check", "--database", &url])))
}

/// The demo program; its auditor uses a browser, which Node.js drives.
fn demo() -> Result<Command, Failure> {
    let mut demo = Command::new(binary("demo")?);
    demo.current_dir(root()).env("PATH", node::path()?).env("CHROMIUM", browser::chromium());
    Ok(demo)
}

fn simulation() -> Result<Outcome, Failure> {
    say("  there are no simulation seeds yet; nothing was run");
    Ok(Outcome::Nothing("no seeds yet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_chosen_by_name_and_a_wrong_name_lists_them() {
        assert_eq!(chosen("format, clippy").unwrap(), ["format", "clippy"]);
        let failure = chosen("format,fmt").unwrap_err().to_string();
        assert!(
            failure.contains("no stage `fmt`") && failure.contains("demo-postgres"),
            "{failure}"
        );
    }
}
