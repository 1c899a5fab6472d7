//! What every cargo alias runs: apt, npm and cargo in the right order.
//!
//! This package has no dependencies, so it is built in a second on a machine that has nothing but Rust.
#![expect(
    clippy::disallowed_methods,
    reason = "a task runner times its stages, reads the environment and waits for the servers it starts"
)]

mod browser;
mod cross;
mod demo;
mod figures;
mod node;
mod packages;
mod postgres;
mod stage;
mod tree;
mod verify;
mod web;

use std::process::ExitCode;

use stage::Failure;

const HELP: &str = "\
The commands of this repository:

  cargo demo    [OPTIONS]   build everything, then run the main job and say where to click
                            `cargo demo --check` runs it headless and exits 0 or 1;
                            `--database postgres` runs it on a private PostgreSQL server
  cargo verify  [OPTIONS]   the whole test suite
                            `--list` names its stages, `--only STAGE[,STAGE]` runs some of them
  cargo sim                 the simulator
  cargo figures FIGURE      the measurements, with the programs as they are shipped
                            `cargo figures feed` measures a new device of a large site; `--packages N` shortens it,
                            `--json` ends with one JSON line, `--database postgres` runs it on a private server;
                            `cargo figures scan-commit` measures a scan's way to green, `cargo figures lane` four lines on one
                            agent and how fast their belts may go, `cargo figures parse` how many
                            labels one core reads; `--seconds N` shortens each
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let done = match command.as_deref() {
        Some("demo") => demo::run_demo(&rest),
        Some("verify") => verify::run_verify(&rest),
        Some("figures") => figures::run_figures(&rest),
        Some("sim") => Err(Failure::new(
            "cargo sim: nothing here yet. It comes with a later version; `cargo demo` and `cargo verify` work today",
        )),
        Some("help" | "--help" | "-h") | None => {
            stage::print(HELP);
            Ok(())
        }
        Some(other) => Err(Failure::new(format!("unknown command `{other}`\n\n{HELP}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            stage::say(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}
