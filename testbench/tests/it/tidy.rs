//! The tree's rules, checked: dependency arrows, headers, where SQL and clocks may be, sizes, names.
//!
//! A failing rule names file and line and says what to do. The rules and their reasons: docs/CONTRIBUTING.md.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// Folders and files that may lie at the top.
const TOP_LEVEL: [&str; 19] = [
    ".cargo",
    ".ci",
    ".config",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "agent",
    "cloud",
    "clippy.toml",
    "deny.toml",
    "docs",
    "firmware-config",
    "protocol",
    "rustfmt.toml",
    "testbench",
];

/// Which of our packages each of them may use.
const ARROWS: [(&str, &[&str]); 6] = [
    ("sealtrace-protocol", &[]),
    ("sealtrace-firmware-config", &[]),
    ("sealtrace-agent", &["sealtrace-protocol", "sealtrace-firmware-config"]),
    ("sealtrace-cloud", &["sealtrace-protocol", "sealtrace-firmware-config"]),
    (
        "sealtrace-testbench",
        &["sealtrace-protocol", "sealtrace-firmware-config", "sealtrace-agent", "sealtrace-cloud"],
    ),
    ("sealtrace-tasks", &[]),
];

const LINES_MAX: usize = 500;
const SIZED: [&str; 5] = ["rs", "ts", "vue", "sql", "css"];
const CODE: [&str; 3] = ["rs", "ts", "vue"];
const VAGUE_NAMES: [&str; 4] = ["utils", "helpers", "common", "manager"];

#[test]
fn dependencies_point_one_way() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let listing =
        output(Command::new(cargo).args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&listing)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        let manifest = package["manifest_path"].as_str().unwrap_or(name);
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            faults.push(format!(
                "{manifest}: `{name}` is not one of our packages; put the code into one that is"
            ));
            continue;
        };
        let dependencies = package["dependencies"].as_array().context("no dependency list")?;
        for dependency in dependencies {
            let to = dependency["name"].as_str().context("a dependency without a name")?;
            if name == "sealtrace-tasks" {
                faults.push(format!("{manifest}: depends on `{to}`; this package must build where nothing is installed: write it with std"));
            } else if to.starts_with("sealtrace-") && !allowed.contains(&to) {
                faults.push(format!("{manifest}: `{name}` depends on `{to}`; allowed are {allowed:?}. Move what is shared into protocol or firmware-config"));
            }
        }
    }
    ensure!(
        packages.len() == ARROWS.len(),
        "{} packages instead of {}",
        packages.len(),
        ARROWS.len()
    );
    judge(faults)
}

#[test]
fn every_rust_file_says_what_it_is_for() -> Result<()> {
    let mut faults = Vec::new();
    for file in files(&["rs"])? {
        if !file.text.starts_with("//!") {
            faults.push(file.at(1, "start the file with a `//!` line saying what it is for"));
        }
    }
    judge(faults)
}

#[test]
fn sql_stays_in_the_stores() -> Result<()> {
    let mut faults = Vec::new();
    for file in files(&["rs", "sql"])? {
        let at_home = file.is_below("store")
            || file.is_below("tests")
            || file.path.ends_with("src/store.rs")
            || file.path.starts_with("testbench/");
        if at_home {
            continue;
        }
        if file.has_extension("sql") {
            faults.push(file.at(1, "move this file below the crate's `store/`"));
            continue;
        }
        for (number, line) in file.code_lines() {
            if is_sql(line) {
                faults.push(file.at(number, "SQL outside `store/`: make it a function of the store, named for what it means"));
            }
        }
    }
    judge(faults)
}

#[test]
fn time_enters_through_the_clocks() -> Result<()> {
    let mut faults = Vec::new();
    for file in files(&["rs"])? {
        let is_clock = file.path.ends_with("clock.rs");
        if is_clock || file.is_below("tests") || file.path.starts_with("testbench/") {
            continue;
        }
        for (number, line) in file.code_lines() {
            if ["SystemTime::now", "Instant::now", "Utc::now"]
                .iter()
                .any(|call| line.contains(call))
            {
                faults.push(
                    file.at(number, "take the time as an argument, or from the crate's clock.rs"),
                );
            }
        }
    }
    judge(faults)
}

#[test]
fn the_top_level_is_fixed() -> Result<()> {
    let mut faults = BTreeSet::new();
    for path in tracked()? {
        let top = path.split('/').next().unwrap_or(&path).to_owned();
        if !TOP_LEVEL.contains(&top.as_str()) {
            faults.insert(format!(
                "{top}: the top level is fixed; find it a place below one of {TOP_LEVEL:?}"
            ));
        }
    }
    judge(faults)
}

#[test]
fn modules_are_named_for_what_they_do() -> Result<()> {
    let mut faults = Vec::new();
    for file in files(&CODE)? {
        let parts = Path::new(&file.path).components();
        let vague = parts
            .filter_map(|part| Path::new(part.as_os_str()).file_stem())
            .find(|stem| VAGUE_NAMES.iter().any(|name| stem.eq_ignore_ascii_case(name)));
        if let Some(stem) = vague {
            faults.push(file.at(
                1,
                &format!("`{}` says nothing; name it for the noun it serves", stem.display()),
            ));
        }
    }
    judge(faults)
}

#[test]
fn lib_rs_is_only_the_map_of_its_crate() -> Result<()> {
    let mut faults = Vec::new();
    for file in files(&["rs"])?.into_iter().filter(|file| file.path.ends_with("src/lib.rs")) {
        for (number, item) in file.items() {
            if !is_map_item(&item) {
                faults.push(file.at(
                    number,
                    &format!(
                        "`{item}` belongs into a module; lib.rs holds docs, mod, use and attributes"
                    ),
                ));
            }
        }
    }
    judge(faults)
}

#[test]
fn files_stay_short() -> Result<()> {
    let mut faults = Vec::new();
    for file in files(&SIZED)? {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            faults.push(file.at(
                lines,
                &format!("{lines} lines, more than {LINES_MAX}: split it along its nouns"),
            ));
        }
    }
    judge(faults)
}

#[test]
fn nothing_names_the_machine_it_was_written_on() -> Result<()> {
    // Spelled in halves, so that this file does not name them either.
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let mut faults = Vec::new();
    for file in files(&[])? {
        for (number, line) in file.numbered() {
            if let Some(folder) = folders.iter().find(|folder| names_folder(line, folder)) {
                faults.push(file.at(number, &format!("`{folder}` exists on one machine only; use a relative path or a temporary folder")));
            }
        }
    }
    judge(faults)
}

#[test]
fn packages_come_from_the_public_registries_by_name() -> Result<()> {
    let mut faults = Vec::new();
    for path in tracked()? {
        let name = path.rsplit('/').next().unwrap_or(&path);
        if matches!(name, ".npmrc" | ".yarnrc" | "pip.conf") {
            faults.push(format!(
                "{path}:1: where packages come from is each machine's own setting; remove the file"
            ));
        }
    }
    for file in files(&["json", "lock", "toml"])? {
        let is_npm_lock = file.path.ends_with("package-lock.json");
        let is_cargo_lock = file.path.ends_with("Cargo.lock");
        let is_cargo_config = file.path.ends_with(".cargo/config.toml");
        for (number, line) in file.numbered() {
            if is_npm_lock && line.contains("\"resolved\": \"http") {
                faults.push(file.at(number, "a registry's address in the lock file; write it again with `npm install --omit-lockfile-registry-resolved`"));
            }
            let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
            if is_cargo_lock && line.starts_with("source = ") && line != public {
                faults.push(file.at(
                    number,
                    "a package from elsewhere than crates.io; use a published version",
                ));
            }
            if is_cargo_config && (line.starts_with("[source") || line.starts_with("[registries")) {
                faults.push(file.at(
                    number,
                    "where packages come from is each machine's own setting; remove it",
                ));
            }
        }
    }
    judge(faults)
}

/// A text file of ours.
struct File {
    path: String,
    text: String,
}

impl File {
    fn at(&self, line: usize, advice: &str) -> String {
        format!("{}:{line}: {advice}", self.path)
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| own == extension)
    }

    fn is_below(&self, folder: &str) -> bool {
        self.path.split('/').rev().skip(1).any(|part| part == folder)
    }

    fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines outside comments, up to the tests at the foot.
    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered()
            .map(|(number, line)| (number, line.trim()))
            .take_while(|(_, line)| *line != "#[cfg(test)]")
            .filter(|(_, line)| !line.starts_with("//"))
    }

    /// The file's items, each on one line without attributes, with the line it starts at. Enough for a map.
    fn items(&self) -> Vec<(usize, String)> {
        let mut items = Vec::new();
        let mut item: Option<(usize, String)> = None;
        let mut open_brackets = 0_usize;
        for (number, line) in self.numbered() {
            let line = line.split("//").next().unwrap_or(line).trim();
            if item.is_none()
                && (open_brackets > 0 || line.starts_with("#[") || line.starts_with("#!["))
            {
                open_brackets += line.matches('[').count();
                open_brackets = open_brackets.saturating_sub(line.matches(']').count());
                continue;
            }
            if line.is_empty() {
                continue;
            }
            let (_, text) = item.get_or_insert_with(|| (number, String::new()));
            text.push_str(line);
            let is_use = text.starts_with("use ") || text.starts_with("pub use ");
            if line.ends_with(';') || (!is_use && line.ends_with('{')) || line.ends_with('}') {
                items.extend(item.take());
            }
        }
        items.extend(item);
        items
    }
}

fn is_map_item(item: &str) -> bool {
    let starts = ["mod ", "pub mod ", "pub(crate) mod ", "use ", "pub use ", "extern crate "];
    let is_inline_module = item.contains("mod ") && item.contains('{') && !item.contains("use ");
    item.ends_with(';') && !is_inline_module && starts.iter().any(|start| item.starts_with(start))
}

/// Whether a line holds the start of an SQL statement: at the start of the line or of a string.
fn is_sql(line: &str) -> bool {
    let line = line.to_lowercase();
    line.split('"').any(|piece| {
        let piece = piece.trim_start_matches(|c: char| c.is_whitespace() || c == '\\' || c == '(');
        let has = |start: &str, then: &str| piece.starts_with(start) && piece.contains(then);
        has("select ", " from ")
            || has("update ", " set ")
            || ["insert into ", "delete from ", "create table ", "create index ", "alter table "]
                .iter()
                .any(|start| piece.starts_with(start))
    })
}

/// Whether the line speaks of that folder at the root, not of one that ends in the same letters.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        line.get(..at)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|c| !c.is_alphanumeric() && !"_-./}*$)".contains(c))
    })
}

/// The text files of ours with one of these extensions; all of them for none.
fn files(extensions: &[&str]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for path in tracked()? {
        let extension = Path::new(&path).extension().and_then(|own| own.to_str()).unwrap_or("");
        if !extensions.is_empty() && !extensions.contains(&extension) {
            continue;
        }
        let bytes = match std::fs::read(root().join(&path)) {
            Ok(bytes) => bytes,
            // Removed here, not yet in the index.
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => continue,
            Err(cause) => bail!("{path} cannot be read: {cause}"),
        };
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path, text });
        }
    }
    ensure!(!files.is_empty(), "no files with {extensions:?}; is this a git checkout?");
    Ok(files)
}

/// Every path that git keeps or would add.
fn tracked() -> Result<Vec<String>> {
    let mut list = Command::new("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listing = output(&mut list)?;
    Ok(listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.current_dir(root()).output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn judge(faults: impl IntoIterator<Item = String>) -> Result<()> {
    let faults: Vec<String> = faults.into_iter().collect();
    ensure!(faults.is_empty(), "{} to put right:\n{}", faults.len(), faults.join("\n"));
    Ok(())
}

#[test]
fn the_rules_see_what_they_should() {
    assert!(is_sql(r#"let rows = db.query("select id from items where code = $1")"#));
    assert!(is_sql("insert into journal (seq) values ($1)"));
    assert!(is_sql(r#"const T: &str = "UPDATE items SET state = 1";"#));
    assert!(!is_sql(r#"error("select a task first")"#));
    assert!(!is_sql("fn update(set: Set) {"));
    assert!(names_folder(concat!("see `/wo", "rk/main`"), concat!("/wo", "rk/")));
    assert!(!names_folder(concat!("device/wo", "rk/x"), concat!("/wo", "rk/")));
    assert!(is_map_item("pub use ledger::{Facts,judge};"));
    assert!(is_map_item("extern crate alloc;"));
    assert!(!is_map_item("mod tests {"));
    assert!(!is_map_item("pub const LIMIT: u32 = 3;"));
    let file = File {
        path: "x/src/lib.rs".to_owned(),
        text: "//! Map.\n#![cfg_attr(\n    not(test),\n    no_std\n)]\nmod a;\n#[doc(inline)]\npub use a::{\n    B,\n    C,\n};\nfn f() {\n}\n".to_owned(),
    };
    let items = file.items();
    assert_eq!(items[0], (6, "mod a;".to_owned()));
    assert_eq!(items[1], (8, "pub use a::{B,C,};".to_owned()));
    assert_eq!(items[2], (12, "fn f() {".to_owned()));
}
