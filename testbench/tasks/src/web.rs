//! The web pages: `npm ci` when the lock file changed, `npm run build` when a source is newer than the result.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::node;
use crate::stage::{Failure, root, run, say};

/// Where the sources of the pages are.
pub(crate) const FOLDERS: [&str; 2] = ["cloud/web", "agent/web"];

/// Kept beside the installed modules: the lock file they were installed from.
const INSTALLED: &str = "node_modules/.sealtrace-installed";
/// Kept there too; its time is when the pages were built last.
const BUILT: &str = "node_modules/.sealtrace-built";

/// Brings every web folder's `dist` up to date.
pub(crate) fn build() -> Result<(), Failure> {
    let path = node::path()?;
    for folder in FOLDERS {
        let folder = root().join(folder);
        install(&folder, &path)?;
        if is_fresh(&folder) {
            say(&format!("  {} is up to date", folder.join("dist").display()));
            continue;
        }
        run(npm(&folder, &path).args(["run", "build"]))?;
        write(&folder.join(BUILT), b"")?;
    }
    Ok(())
}

/// `npm` in a folder, with a Node.js that is new enough.
pub(crate) fn npm(folder: &Path, path: &OsStr) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).env("PATH", path).env("npm_config_update_notifier", "false");
    npm
}

fn install(folder: &Path, path: &OsStr) -> Result<(), Failure> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read(&lock).map_err(|cause| {
        Failure::new(format!(
            "{} cannot be read ({cause}); run `npm install` in that folder and commit the file",
            lock.display()
        ))
    })?;
    let stamp = folder.join(INSTALLED);
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(npm(folder, path).args(["ci", "--no-audit", "--no-fund"]))?;
    write(&stamp, &wanted)
}

/// Whether `dist` was built after the last change to any source.
fn is_fresh(folder: &Path) -> bool {
    let Some(built) = modified(&folder.join(BUILT)) else { return false };
    let has_pages = fs::read_dir(folder.join("dist")).is_ok_and(|mut pages| pages.next().is_some());
    has_pages && newest_source(folder).is_some_and(|source| source < built)
}

/// The latest change below a folder; the times of the folders in it tell of files removed.
fn newest_source(folder: &Path) -> Option<SystemTime> {
    let mut newest = None;
    let mut folders: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if matches!(name.as_ref(), "node_modules" | "dist" | "test-results")
                || name.starts_with('.')
            {
                continue;
            }
            let path = entry.path();
            newest = newest.max(modified(&path));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    newest
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes)
        .map_err(|cause| Failure::new(format!("{} cannot be written: {cause}", path.display())))
}
