//! The agent for ARM, 64 and 32 bits: static binaries that need no libc of the device, doing the main job under an emulator.
//!
//! Zig links it, and compiles the C parts; it comes from the Python packages `ziglang` and `cargo-zigbuild`.
//! The standard library comes from rustup's target, or is built from the sources that Debian packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{
    Failure, binary, cargo, forget_outer_cargo, output, root, run, say, target, which,
};

/// A processor the agent is built for.
struct Processor {
    target: &'static str,
    emulator: &'static str,
    /// Where cargo looks for the flags of this target alone.
    flags: &'static str,
}

const PROCESSORS: [Processor; 2] = [
    Processor {
        target: "aarch64-unknown-linux-musl",
        emulator: "qemu-aarch64-static",
        flags: "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS",
    },
    Processor {
        target: "armv7-unknown-linux-musleabihf",
        emulator: "qemu-arm-static",
        flags: "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_MUSLEABIHF_RUSTFLAGS",
    },
];
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

/// A compiler for the targets that is ready to use.
pub(crate) fn compiler() -> Option<Compiler> {
    let installed = output(Command::new("rustup").args(["target", "list", "--installed"]));
    let has_all = |targets: String| {
        let has = |target| targets.lines().any(|line| line.trim() == target);
        PROCESSORS.iter().all(|processor| has(processor.target))
    };
    if installed.is_ok_and(has_all) {
        return Some(Compiler::Rustup);
    }
    let debian = [DEBIAN_RUSTC, DEBIAN_CARGO, DEBIAN_SOURCE];
    debian.iter().all(|path| Path::new(path).exists()).then_some(Compiler::Debian)
}

/// Asks rustup, where there is one, for the targets' standard libraries.
pub(crate) fn add_rustup_targets() -> bool {
    let targets = PROCESSORS.map(|processor| processor.target);
    which("rustup").is_some()
        && output(Command::new("rustup").args(["target", "add"]).args(targets)).is_ok()
        && compiler() == Some(Compiler::Rustup)
}

/// Whether there is an emulator of each processor.
pub(crate) fn has_emulators() -> bool {
    PROCESSORS.iter().all(|processor| which(processor.emulator).is_some())
}

/// Whether the Python packages are in place.
pub(crate) fn has_linker() -> bool {
    folder().is_ok_and(|folder| folder.join("venv/bin/cargo-zigbuild").is_file())
}

/// Builds the agents and starts them.
pub(crate) fn build_and_run() -> Result<(), Failure> {
    let compiler = compiler().ok_or_else(|| {
        let targets = PROCESSORS.map(|processor| processor.target).join(" ");
        Failure::new(format!(
            "no compiler for {targets}: run `rustup target add {targets}`, \
             or `apt-get install rustc-web cargo-web rust-web-src`"
        ))
    })?;
    let folder = folder()?;
    install_linker(&folder)?;
    run(&mut build(compiler, &folder)?)?;
    PROCESSORS.iter().try_for_each(|processor| {
        let agent = folder.join(processor.target).join("debug/sealtrace-agent");
        starts(processor, &agent)?;
        does_the_main_job(processor, &agent)
    })
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
    for Processor { target, .. } in &PROCESSORS {
        build.args(["--target", target]);
    }
    // The label reader's C++ would need a library of the device.
    build.arg("--no-default-features");
    match compiler {
        Compiler::Rustup => {
            build.env("CARGO", cargo().get_program());
        }
        Compiler::Debian => {
            build.env("CARGO", DEBIAN_CARGO).env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
            // Libraries of the toolchain that started us would be loaded into Debian's compiler.
            build.env_remove("LD_LIBRARY_PATH").env_remove("RUSTUP_TOOLCHAIN");
            for Processor { flags, .. } in &PROCESSORS {
                build.env(flags, "-Clink-self-contained=no -Ctarget-feature=+crt-static");
            }
            build.arg("-Zbuild-std=std,panic_abort");
        }
    }
    Ok(build)
}

/// The binary starts on the other processor with no library at hand.
fn starts(processor: &Processor, agent: &Path) -> Result<(), Failure> {
    let emulator = processor.emulator;
    let emulated = |arguments: &[&str]| output(Command::new(emulator).arg(agent).args(arguments));
    let version = emulated(&["--version"])?;
    if !version.starts_with("sealtrace-agent ") {
        return Err(Failure::new(format!(
            "`sealtrace-agent --version` printed {version:?} under {emulator}, not its name and version"
        )));
    }
    say(&format!("  {} under {emulator}: {}", agent.display(), version.trim()));
    if emulated(&["doctor", "--help"])?.contains("Usage:") {
        return Ok(());
    }
    Err(Failure::new("`sealtrace-agent doctor --help` does not teach its usage"))
}

/// Line and PDAs are the emulated agent: enrolled, a thousand units over pseudo-terminals, killed, started again,
/// synchronised; the cloud is of this machine. An unoptimised program under an emulator looks at a picture for longer
/// than a person waits, so there are none.
fn does_the_main_job(processor: &Processor, agent: &Path) -> Result<(), Failure> {
    let words = format!("{} {}", processor.emulator, agent.display());
    run(Command::new(binary("demo")?).current_dir(root()).args([
        "--check",
        "--no-browser",
        "--no-camera",
        "--agent",
        &words,
    ]))
}
