//! Puts the built page (or a placeholder that says how to build it) where `ui/assets.rs` embeds it from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const DIST: &str = "web/dist";

fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").map(PathBuf::from);
    let out = out.ok_or_else(|| io::Error::other("cargo did not set OUT_DIR"))?;
    let pages = out.join("page");
    if pages.exists() {
        fs::remove_dir_all(&pages)?;
    }
    fs::create_dir_all(&pages)?;
    let dist = Path::new(DIST);
    // A path that does not exist would run this script at every build; the folder above it notices the first one.
    println!("cargo::rerun-if-changed={}", if dist.exists() { DIST } else { "web" });
    println!("cargo::rerun-if-changed=build.rs");
    let mut names = Vec::new();
    if dist.join("index.html").is_file() {
        copy(dist, &pages, "", &mut names)?;
    } else {
        fs::write(pages.join("index.html"), PLACEHOLDER)?;
        names.push("index.html".to_owned());
    }
    names.sort();
    let mut table = String::from("&[\n");
    for name in names {
        let path = pages.join(&name);
        writeln!(table, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())
            .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    fs::write(out.join("page.rs"), table)
}

fn copy(from: &Path, to: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, &format!("{name}/"), names)?;
        } else {
            fs::copy(entry.path(), target)?;
            names.push(name);
        }
    }
    Ok(())
}

const PLACEHOLDER: &str = r#"<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sealtrace PDA</title>
<h1>Sealtrace PDA</h1>
<p>此程序编译时未包含页面。请运行 <code>cargo demo</code>，或在 <code>agent/web</code> 中运行
<code>npm ci &amp;&amp; npm run build</code> 后重新编译。</p>
<p lang="en">This program was built without its page. Run <code>cargo demo</code>, or run
<code>npm ci &amp;&amp; npm run build</code> in <code>agent/web</code> and build again.
The API below <code>/api</code> works.</p>
</html>
"#;
