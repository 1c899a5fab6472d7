//! The Debian packages a command needs: looked for first, installed only when something is missing.

use std::path::Path;
use std::process::Command;

use crate::stage::{Failure, output, run, say, which};
use crate::{cross, node, postgres};

/// Something the system must have, and the packages that bring it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// What builds the C++ part of the label reader.
    Cmake,
    /// Node.js and npm, for the web pages.
    Node,
    /// A PostgreSQL server's programs.
    Postgres,
    /// A browser for the browser tests.
    Chromium,
    /// What draws PDF in tests.
    Poppler,
    /// Running the cross-compiled agent.
    Qemu,
    /// Python's `venv`, which carries the cross linker.
    Venv,
    /// A compiler and standard library for the agent's other targets.
    CrossRust,
    /// Bindings to C, for a file system of our own below SQLite.
    Clang,
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Cmake => which("cmake").is_some(),
            Self::Node => which("npm").is_some() && (which("node").is_some() || node::is_private()),
            Self::Postgres => postgres::programs().is_some(),
            Self::Chromium => which("chromium").is_some() || std::env::var_os("CHROMIUM").is_some(),
            Self::Poppler => which("pdftoppm").is_some(),
            Self::Qemu => cross::has_emulators(),
            Self::Venv => cross::has_linker() || can_make_venv(),
            Self::CrossRust => cross::compiler().is_some() || cross::add_rustup_targets(),
            Self::Clang => has_libclang(),
        }
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Cmake => &["cmake"],
            Self::Node => &["nodejs", "npm"],
            Self::Postgres => &["postgresql"],
            Self::Chromium => &["chromium"],
            Self::Poppler => &["poppler-utils"],
            Self::Qemu => &["qemu-user-static"],
            Self::Venv => &["python3-venv"],
            Self::CrossRust => &["rustc-web", "cargo-web", "rust-web-src"],
            Self::Clang => &["libclang-dev"],
        }
    }
}

/// Makes sure that every need is met, through apt where one is not.
pub(crate) fn provide(needs: &[Need]) -> Result<(), Failure> {
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.is_met()).collect();
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages())
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if packages.is_empty() {
        return still_missing(&missing, "the packages that bring it are installed");
    }
    say(&format!("  missing: {}", packages.join(" ")));
    let by_hand = format!(
        "apt-get update && apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    let Some(prefix) = privilege() else {
        return Err(Failure::new(format!(
            "packages are missing and cannot be installed from here; run this as root, then try again:\n  {by_hand}"
        )));
    };
    if let Err(failure) = apt(prefix, &["update"]) {
        // One unreachable source among several need not matter; the installation will tell.
        say(&format!("  {failure}"));
    }
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(&packages);
    apt(prefix, &arguments).map_err(|failure| {
        Failure::new(format!(
            "apt could not install what is missing ({failure}); run this as root, then try again:\n  {by_hand}"
        ))
    })?;
    still_missing(&missing, "its packages were just installed")
}

fn still_missing(missing: &[Need], although: &str) -> Result<(), Failure> {
    match missing.iter().find(|need| !need.is_met()) {
        None => Ok(()),
        Some(need) => Err(Failure::new(format!(
            "{} did not become usable although {although}; look at `apt-get install --reinstall {}`",
            need.packages().join(", "),
            need.packages().join(" ")
        ))),
    }
}

/// The words before `apt-get`, or nothing where we may not install.
fn privilege() -> Option<&'static [&'static str]> {
    which("apt-get")?;
    if is_root() {
        return Some(&[]);
    }
    which("sudo").map(|_| ["sudo"].as_slice())
}

fn apt(prefix: &[&str], arguments: &[&str]) -> Result<(), Failure> {
    let mut words = prefix.to_vec();
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]);
    words.extend(arguments);
    let mut words = words.into_iter();
    let program = words.next().unwrap_or("env");
    run(Command::new(program).args(words))
}

fn is_installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]))
        .is_ok_and(|status| status.trim() == "installed")
}

/// Whether this program runs as root.
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Debian puts each version below a folder of its own.
fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let versions = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    versions.filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm-")).any(|entry| {
        let libraries = std::fs::read_dir(entry.path().join("lib")).into_iter().flatten().flatten();
        libraries.map(|file| file.file_name()).any(|name| {
            let name = name.to_string_lossy();
            name.starts_with("libclang.so") || name.starts_with("libclang-")
        })
    })
}

fn can_make_venv() -> bool {
    Path::new("/usr/bin/python3").exists()
        && output(Command::new("/usr/bin/python3").args(["-c", "import ensurepip, venv"])).is_ok()
}
