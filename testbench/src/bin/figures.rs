//! `cargo figures`: measurements with the real programs, each beside its control.
#![expect(clippy::print_stdout, reason = "this is what the command answers")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use sealtrace_testbench::figures::{Settings, feed};

/// Measures what the programs achieve on this machine.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    figure: Figure,
}

#[derive(Subcommand)]
enum Figure {
    /// A new device of a site with many packages: when it can work, when it knows everything, what a change costs.
    Feed(Options),
}

#[derive(clap::Args)]
struct Options {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How many packages the site has.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=5_000_000))]
    packages: u32,
    /// `sqlite`, or the URL of an empty PostgreSQL database.
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// Where to put everything; emptied before.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Figure::Feed(options) = Arguments::parse().figure;
    match measure(&options).await {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("\nthe figure failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Result<String> {
    let scratch = tempfile::Builder::new().prefix("sealtrace-figures-").tempdir()?;
    let folder = options.data.clone().unwrap_or_else(|| scratch.path().to_owned());
    if options.data.is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let settings = Settings {
        folder,
        postgres: (options.database != "sqlite").then(|| options.database.clone()),
        packages: options.packages,
    };
    let report = feed::run(&settings).await?;
    if options.json { Ok(serde_json::to_string(&report)?) } else { Ok(report.table()) }
}
