//! The browser tests: the real pages in headless Chromium against the programs just built.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::stage::{Failure, binaries, binary, root, run, which};
use crate::{node, web};

/// Runs `npm test` in every web folder.
pub(crate) fn test() -> Result<(), Failure> {
    for program in ["sealtrace-agent", "sealtrace-cloud", "demo", "props"] {
        binary(program)?;
    }
    let path = node::path()?;
    let chromium = chromium();
    let binaries = binaries()?;
    for folder in web::FOLDERS {
        run(web::npm(&root().join(folder), &path)
            .arg("test")
            .env("CHROMIUM", &chromium)
            .env("SEALTRACE_BINARIES", &binaries))?;
    }
    Ok(())
}

/// The browser the tests open.
pub(crate) fn chromium() -> OsString {
    std::env::var_os("CHROMIUM").unwrap_or_else(|| {
        which("chromium").unwrap_or_else(|| PathBuf::from("/usr/bin/chromium")).into_os_string()
    })
}
