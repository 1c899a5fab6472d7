//! `cargo sim`: nothing here yet. The simulator comes with a later issue; until then this says so and fails.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("nothing here yet: the simulator is not written");
    ExitCode::FAILURE
}
