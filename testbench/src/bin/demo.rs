//! `cargo demo`: the main job with the real programs, then a console to click through; `--check` only checks.
#![expect(clippy::print_stdout, reason = "this is what the command answers")]

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use sealtrace_testbench::check::Summary;
use sealtrace_testbench::demo::{Settings, World, run};
use sealtrace_testbench::program::Start;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// Runs the main job end to end: a cloud, a line on virtual serial ports, a PDA, a market, an auditor.
#[derive(Parser)]
struct Arguments {
    /// Check every step, print the figures, stop.
    #[arg(long)]
    check: bool,
    /// End with one JSON line and say nothing else on standard output.
    #[arg(long)]
    json: bool,
    /// `sqlite`, or the URL of a PostgreSQL database.
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// Serve the pages on any free ports instead of 8080 and 7070; with `--json` a second line says where.
    #[arg(long)]
    anywhere: bool,
    /// What to start agents with, such as `qemu-aarch64-static path/sealtrace-agent`.
    #[arg(long, value_name = "WORDS")]
    agent: Option<String>,
    /// The auditor looks through no browser.
    #[arg(long)]
    no_browser: bool,
    /// The PDA takes no pictures: for processors that are too slow for them.
    #[arg(long)]
    no_camera: bool,
    /// Where to put everything; emptied before.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (settings, _scratch) = match settings(&arguments) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let finished = match run(&settings).await {
        Ok(finished) => finished,
        Err(error) => {
            eprintln!("\nthe demo failed: {error:#}");
            println!("{}", line(&Summary::default()));
            return ExitCode::FAILURE;
        }
    };
    if let Some(complaint) = &finished.complaint {
        eprintln!("\nthe demo failed: {complaint:#}");
    }
    println!("{}", line(&finished.summary));
    if !arguments.check {
        stay(&finished.world, arguments.json).await;
    }
    if finished.summary.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is asked for; a temporary folder is removed when it is dropped.
fn settings(arguments: &Arguments) -> Result<(Settings, Option<TempDir>)> {
    let (folder, scratch) = if let Some(folder) = &arguments.data {
        (folder.clone(), None)
    } else {
        let scratch = tempfile::Builder::new().prefix("sealtrace-demo-").tempdir();
        let scratch = scratch.context("no temporary folder")?;
        (scratch.path().to_owned(), Some(scratch))
    };
    let anywhere = arguments.check || arguments.anywhere;
    let agent = match &arguments.agent {
        Some(words) => Start::words(words),
        None => Start::built("sealtrace-agent")?,
    };
    let settings = Settings {
        folder,
        agent,
        postgres: (arguments.database != "sqlite").then(|| arguments.database.clone()),
        web: if anywhere { None } else { unless_taken(8080) },
        pda: if anywhere { None } else { unless_taken(7070) },
        browser: arguments.check && !arguments.no_browser,
        camera: !arguments.no_camera,
        quiet: false,
    };
    Ok((settings, scratch))
}

fn line(summary: &Summary) -> String {
    serde_json::to_string(summary).unwrap_or_default()
}

/// This port on loopback; none when somebody else listens there, so that another is taken.
fn unless_taken(port: u16) -> Option<SocketAddr> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpListener::bind(address).is_ok().then_some(address)
}

async fn stay(world: &World, json: bool) {
    if json {
        println!("{}", world.places());
    } else {
        println!("{}", world.where_to_click());
    }
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
