//! Puts the built pages (or a placeholder that says how to build them) where `pages/` embeds them from.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const APPLICATIONS: [&str; 3] = ["console", "inspector", "consumer"];
const DIST: &str = "web/dist";

fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").map(PathBuf::from);
    let out = out.ok_or_else(|| io::Error::other("cargo did not set OUT_DIR"))?.join("pages");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let dist = Path::new(DIST);
    // A path that does not exist would run this script at every build; the folder above it notices the first one.
    println!("cargo::rerun-if-changed={}", if dist.exists() { DIST } else { "web" });
    println!("cargo::rerun-if-changed=build.rs");
    for application in APPLICATIONS {
        let (from, to) = (dist.join(application), out.join(application));
        if from.join("index.html").is_file() {
            copy(&from, &to)?;
        } else {
            fs::create_dir_all(&to)?;
            fs::write(to.join("index.html"), placeholder(application))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn placeholder(application: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"zh-CN\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Sealtrace</title>\n\
         <h1>Sealtrace {application}</h1>\n\
         <p>此程序编译时未包含页面。请运行 <code>cargo demo</code>，或在 <code>cloud/web</code> 中运行 \
         <code>npm ci &amp;&amp; npm run build</code> 后重新编译。</p>\n\
         <p lang=\"en\">This program was built without its pages. Run <code>cargo demo</code>, or run \
         <code>npm ci &amp;&amp; npm run build</code> in <code>cloud/web</code> and build again. \
         The API below <code>/api/v1</code> works.</p>\n</html>\n"
    )
}
