//! `cargo figures`: build the programs as they are shipped, then become the program that measures them.

use std::iter;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::demo::{database, with_database};
use crate::packages::{self, Need};
use crate::postgres::Server;
use crate::stage::{Failure, cargo, root, run, say, target};

/// What is measured, and what measures.
const PACKAGES: [&str; 3] = ["sealtrace-cloud", "sealtrace-agent", "sealtrace-testbench"];
/// A disk made slower than it is: built into the bench for this figure alone, because its bindings need libclang.
const SLOW_DISK: (&str, &str) = ("scan-commit", "slow-disk");

/// Builds, starts a PostgreSQL server if one is asked for, and hands over to `target/release/figures`.
pub(crate) fn run_figures(arguments: &[String]) -> Result<(), Failure> {
    let wants_server = database(arguments) == Some("postgres");
    let wants_slow_disk = arguments.iter().any(|argument| argument == SLOW_DISK.0);
    let wanted = [(wants_server, Need::Postgres), (wants_slow_disk, Need::Clang)];
    let asked = wanted.into_iter().filter_map(|(is, need)| is.then_some(need));
    say("==> packages");
    packages::provide(&iter::once(Need::Cmake).chain(asked).collect::<Vec<_>>())?;
    say("==> build");
    let mut build = cargo();
    build.args(["build", "--release", "--bins"]);
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    if wants_slow_disk {
        build.arg("--features").arg(format!("sealtrace-testbench/{}", SLOW_DISK.1));
    }
    run(&mut build)?;
    say("==> figures");
    let program = target()?.join("release/figures");
    let server = if wants_server { Some(Server::start()?) } else { None };
    let arguments = match &server {
        Some(server) => with_database(arguments, &server.url()),
        None => arguments.to_vec(),
    };
    // As with the demo: the program takes this process over, and the server ends with it.
    let cause = Command::new(&program).args(arguments).current_dir(root()).exec();
    Err(Failure::new(format!("{} could not be started: {cause}", program.display())))
}
