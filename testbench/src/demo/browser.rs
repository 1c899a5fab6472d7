//! The auditor in a real browser: `cloud/web/test/auditor.mjs` walks through the console of the finished job.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::world::World;

/// What brings Node.js and a browser here.
const INSTALL: &str = "`cargo demo --check` installs what is missing; by hand: apt-get install nodejs npm chromium (Node.js 20.19 or newer), then npm ci in cloud/web";

/// Logs in as the auditor, looks at everything the demonstration made, and at what consumers see.
pub(super) fn audit(world: &World) -> Result<()> {
    world.say("the auditor does it once more in a browser");
    let folder = folder();
    ensure!(
        folder.join("node_modules/playwright-core").is_dir(),
        "{} has no node_modules, which drive the browser; {INSTALL}",
        folder.display()
    );
    let output = Command::new("node")
        .arg("test/auditor.mjs")
        .arg(world.places().to_string())
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`node` does not start; {INSTALL}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("in the browser, the auditor found: {}", complaint.trim());
    }
    world.say(String::from_utf8_lossy(&output.stdout).trim());
    Ok(())
}

fn folder() -> PathBuf {
    let testbench = Path::new(env!("CARGO_MANIFEST_DIR"));
    testbench.parent().unwrap_or(testbench).join("cloud/web")
}
