//! The edge agent's program.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use sealtrace_agent::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().execute().await {
        Ok(code) => code,
        Err(error) => {
            // Should stderr be gone, there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "error: {:#}", anyhow::Error::from(error));
            ExitCode::FAILURE
        }
    }
}
