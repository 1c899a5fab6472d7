//! `cargo demo`: the main job with the real programs, then a console to click through; `--check` only checks.
#![expect(clippy::print_stdout, reason = "this is what the command answers")]

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sealtrace_testbench::check::Summary;
use sealtrace_testbench::demo::{Settings, World, run};
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
    /// Where to put everything; emptied before.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scratch = tempfile::Builder::new().prefix("sealtrace-demo-").tempdir();
    let folder = match (&arguments.data, &scratch) {
        (Some(folder), _) => folder.clone(),
        (None, Ok(scratch)) => scratch.path().to_owned(),
        (None, Err(error)) => {
            eprintln!("no temporary folder: {error}");
            return ExitCode::FAILURE;
        }
    };
    let anywhere = arguments.check || arguments.anywhere;
    let settings = Settings {
        folder,
        postgres: (arguments.database != "sqlite").then(|| arguments.database.clone()),
        web: if anywhere { None } else { unless_taken(8080) },
        pda: if anywhere { None } else { unless_taken(7070) },
        browser: arguments.check,
        quiet: false,
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
