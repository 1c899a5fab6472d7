//! The agent for 64-bit ARM: one static binary that needs no libc of the device, run under an emulator.
//!
//! Zig links it, and compiles the C parts; it comes from the Python packages `ziglang` and `cargo-zigbuild`.
//! The standard library comes from rustup's target, or is built from the sources that Debian packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{Failure, cargo, forget_outer_cargo, output, root, run, say, target, which};

pub(crate) const EMULATOR: &str = "qemu-aarch64-static";
const TARGET: &str = "aarch64-unknown-linux-musl";
const LINKER_PACKAGES: [&str; 2] = ["cargo-zigbuild==0.24.0", "ziglang==0.17.0"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/src/lib.rs";

/// Who compiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// The toolchain in use has the target's standard library.
    Rustup,
    /// Debian's compiler builds the standard library from source.
    Debian,
}

/// A compiler for the target that is ready to use.
pub(crate) fn compiler() -> Option<Compiler> {
    let installed = output(Command::new("rustup").args(["target", "list", "--installed"]));
    if installed.is_ok_and(|targets| targets.lines().any(|line| line.trim() == TARGET)) {
        return Some(Compiler::Rustup);
    }
    let debian = [DEBIAN_RUSTC, DEBIAN_CARGO, DEBIAN_SOURCE];
    debian.iter().all(|path| Path::new(path).exists()).then_some(Compiler::Debian)
}

/// Asks rustup, where there is one, for the target's standard library.
pub(crate) fn add_rustup_target() -> bool {
    which("rustup").is_some()
        && output(Command::new("rustup").args(["target", "add", TARGET])).is_ok()
        && compiler() == Some(Compiler::Rustup)
}

/// Whether the Python packages are in place.
pub(crate) fn has_linker() -> bool {
    folder().is_ok_and(|folder| folder.join("venv/bin/cargo-zigbuild").is_file())
}

/// Builds the agent and runs it.
pub(crate) fn build_and_run() -> Result<(), Failure> {
    let compiler = compiler().ok_or_else(|| {
        Failure::new(format!(
            "no compiler for {TARGET}: run `rustup target add {TARGET}`, \
             or `apt-get install rustc-web cargo-web rust-web-src`"
        ))
    })?;
    let folder = folder()?;
    install_linker(&folder)?;
    run(&mut build(compiler, &folder)?)?;
    let agent = folder.join(TARGET).join("debug/sealtrace-agent");
    check(&agent)
}

fn folder() -> Result<PathBuf, Failure> {
    target().map(|target| target.join("cross"))
}

fn install_linker(folder: &Path) -> Result<(), Failure> {
    if has_linker() {
        return Ok(());
    }
    let venv = folder.join("venv");
    let python =
        if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(LINKER_PACKAGES))
}

fn build(compiler: Compiler, folder: &Path) -> Result<Command, Failure> {
    let mut paths = vec![folder.join("venv/bin")];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(paths)
        .map_err(|cause| Failure::new(format!("PATH cannot hold the cross linker: {cause}")))?;

    let mut build = Command::new(folder.join("venv/bin/cargo-zigbuild"));
    forget_outer_cargo(&mut build);
    build.current_dir(root()).env("PATH", path).env("CARGO_TARGET_DIR", folder);
    // Flags meant for the machine we run on would end up in the device's binary.
    build.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    build.env("CARGO_PROFILE_DEV_DEBUG", "false");
    build.args(["zigbuild", "--package", "sealtrace-agent", "--bin", "sealtrace-agent"]);
    build.args(["--target", TARGET]);
    // Here the binary runs for a second; the time is in compiling it.
    build.args(["--config", "profile.dev.package.\"*\".opt-level=0"]);
    match compiler {
        Compiler::Rustup => {
            build.env("CARGO", cargo().get_program());
        }
        Compiler::Debian => {
            build.env("CARGO", DEBIAN_CARGO).env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
            // Libraries of the toolchain that started us would be loaded into Debian's compiler.
            build.env_remove("LD_LIBRARY_PATH").env_remove("RUSTUP_TOOLCHAIN");
            build.env(
                "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS",
                "-Clink-self-contained=no -Ctarget-feature=+crt-static",
            );
            build.arg("-Zbuild-std=std,panic_abort");
        }
    }
    Ok(build)
}

/// The binary starts on the other processor with no library at hand, and reads a picture there.
fn check(agent: &Path) -> Result<(), Failure> {
    let emulated = |arguments: &[&str]| output(Command::new(EMULATOR).arg(agent).args(arguments));
    let version = emulated(&["--version"])?;
    if !version.starts_with("sealtrace-agent ") {
        return Err(Failure::new(format!(
            "`sealtrace-agent --version` printed {version:?} under {EMULATOR}, not its name and version"
        )));
    }
    say(&format!("  {} under {EMULATOR}: {}", agent.display(), version.trim()));
    let help = emulated(&["doctor", "--help"])?;
    if !help.contains("Usage:") {
        return Err(Failure::new("`sealtrace-agent doctor --help` does not teach its usage"));
    }
    let Some(picture) = first_picture(&root().join("agent/tests/fixtures")) else {
        say("  no picture in agent/tests/fixtures: `decode` not run here");
        return Ok(());
    };
    let native = crate::stage::binary("sealtrace-agent")?;
    let expected = output(Command::new(native).arg("decode").arg(&picture))?;
    let read = output(Command::new(EMULATOR).arg(agent).arg("decode").arg(&picture))?;
    if codes(&read) != codes(&expected) || codes(&read).is_none() {
        return Err(Failure::new(format!(
            "`decode {}` differs:\n  here: {expected}  under {EMULATOR}: {read}",
            picture.display()
        )));
    }
    say(&format!("  decode: {}", read.trim()));
    Ok(())
}

fn first_picture(folder: &Path) -> Option<PathBuf> {
    let mut pictures: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
        .collect();
    pictures.sort();
    pictures.into_iter().next()
}

/// The part of a line of `decode` that does not depend on the machine's speed.
fn codes(line: &str) -> Option<&str> {
    let from = line.split_once("\"codes\":")?.1;
    from.split_once(']').map(|(codes, _)| codes)
}
