//! `cargo figures`: nothing here yet. The figures come with a later issue; until then this says so and fails.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("nothing here yet: the figures are not written");
    ExitCode::FAILURE
}
