//! `cargo demo`: build everything, then become the demo program.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::packages::{self, Need};
use crate::postgres::Server;
use crate::stage::{Failure, binary, cargo, root, run, say};
use crate::{browser, node, web};

/// Builds, starts a PostgreSQL server if one is asked for, and hands over to `target/debug/demo`.
pub(crate) fn run_demo(arguments: &[String]) -> Result<(), Failure> {
    let database = database(arguments);
    let mut needs = vec![Need::Cmake, Need::Node];
    if database == Some("postgres") {
        needs.push(Need::Postgres);
    }
    if arguments.iter().any(|argument| argument == "--check") {
        needs.push(Need::Chromium);
    }
    say("==> packages");
    packages::provide(&needs)?;
    say("==> web");
    web::build()?;
    say("==> build");
    run(cargo().args(["build", "--workspace", "--all-targets"]))?;
    say("==> demo");
    let program = binary("demo")?;
    let server = if database == Some("postgres") { Some(Server::start()?) } else { None };
    let arguments = match &server {
        Some(server) => with_database(arguments, &server.url()),
        None => arguments.to_vec(),
    };
    // The demo takes this process over: it gets the terminal's Ctrl-C and gives its own exit code.
    // The server, if any, notices when the process ends and clears up after itself.
    // With `--check` it opens a browser, driven by Node.js.
    let cause = Command::new(&program)
        .args(arguments)
        .current_dir(root())
        .env("PATH", node::path()?)
        .env("CHROMIUM", browser::chromium())
        .exec();
    Err(Failure::new(format!("{} could not be started: {cause}", program.display())))
}

/// The value of `--database`.
pub(crate) fn database(arguments: &[String]) -> Option<&str> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--database" {
            return arguments.next().map(String::as_str);
        }
        if let Some(value) = argument.strip_prefix("--database=") {
            return Some(value);
        }
    }
    None
}

/// The same arguments with another database.
pub(crate) fn with_database(arguments: &[String], url: &str) -> Vec<String> {
    let mut changed = Vec::with_capacity(arguments.len());
    let mut is_value = false;
    for argument in arguments {
        changed.push(if is_value {
            url.to_owned()
        } else if argument.starts_with("--database=") {
            format!("--database={url}")
        } else {
            argument.clone()
        });
        is_value = argument == "--database";
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_database_is_found_in_both_spellings() {
        assert_eq!(database(&words("--check --database postgres --json")), Some("postgres"));
        assert_eq!(database(&words("--database=sqlite")), Some("sqlite"));
        assert_eq!(database(&words("--check")), None);
    }

    #[test]
    fn only_the_database_is_replaced() {
        let url = "postgres://127.0.0.1:1/x";
        let changed = with_database(&words("--check --database postgres --json"), url);
        assert_eq!(changed, words("--check --database postgres://127.0.0.1:1/x --json"));
        let changed = with_database(&words("--database=postgres"), url);
        assert_eq!(changed, words("--database=postgres://127.0.0.1:1/x"));
    }
}
