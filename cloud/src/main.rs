//! `sealtrace-cloud`: arguments, run, exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use sealtrace_cloud::cli::{Arguments, run};
use sealtrace_cloud::http::error::chain;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell it to when standard error is gone.
            let _ = writeln!(std::io::stderr(), "sealtrace-cloud: {}", chain(&error));
            error.exit_code()
        }
    }
}
