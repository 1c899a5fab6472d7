//! A private PostgreSQL server: own folder, own port on 127.0.0.1, gone with the program that asked for it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::packages::is_root;
use crate::stage::{Failure, output, say, which};

const USER: &str = "sealtrace";
const DATABASE: &str = "sealtrace";
/// The server refuses to run as root; then this account of the Debian package runs it.
const SYSTEM_USER: &str = "postgres";
const START_SECONDS_MAX: u32 = 30;
const POLLS_PER_SECOND: u32 = 10;

/// Makes the data folder. $1 folder, $2 programs; the password comes on standard input.
const PREPARE: &str = r#"
set -e
umask 077
cat >"$1/password"
"$2/initdb" --pgdata="$1/data" --username="$3" --pwfile="$1/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync --no-instructions >/dev/null
rm "$1/password"
"#;

/// Runs the server and outlives nobody: `setpriv --pdeathsig` sends TERM when the program that asked for
/// the server ends, however it ends. $1 folder, then the server's command line.
const SUPERVISE: &str = r#"
folder=$1
shift
asked=
trap 'asked=1; kill -INT "$server"' TERM INT HUP
"$@" >"$folder/server.log" 2>&1 &
server=$!
while kill -0 "$server" 2>/dev/null; do wait "$server"; done
[ -z "$asked" ] || rm -rf "$folder"
"#;

/// A running server. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub(crate) struct Server {
    supervisor: Child,
    folder: PathBuf,
    port: u16,
    password: String,
}

impl Server {
    /// Starts a server with one empty database, and waits until it answers.
    pub(crate) fn start() -> Result<Self, Failure> {
        let programs = programs().ok_or_else(|| {
            Failure::new("PostgreSQL's programs are missing; run `apt-get install postgresql`")
        })?;
        let account = is_root().then_some(SYSTEM_USER);
        let folder = make_folder(account)?;
        let started = Self::start_in(&folder, &programs, account);
        if started.is_err() {
            // The log, if there was one, is in the failure by now.
            let _gone_already = fs::remove_dir_all(&folder);
        }
        started
    }

    fn start_in(folder: &Path, programs: &Path, account: Option<&str>) -> Result<Self, Failure> {
        let password = random_word()?;
        prepare(folder, programs, account, &password)?;
        let port = free_port()?;
        let supervisor = supervise(programs, account, folder, port)?;
        let mut server = Self { supervisor, folder: folder.to_path_buf(), port, password };
        server.wait_until_ready(programs)?;
        say(&format!("  PostgreSQL listens on 127.0.0.1:{port}, data in {}", folder.display()));
        Ok(server)
    }

    /// Where programs reach it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{DATABASE}", self.password, self.port)
    }

    fn wait_until_ready(&mut self, programs: &Path) -> Result<(), Failure> {
        let port = self.port.to_string();
        for _ in 0..START_SECONDS_MAX * POLLS_PER_SECOND {
            if let Ok(Some(status)) = self.supervisor.try_wait() {
                return Err(self.broken(&format!("ended at once ({status})")));
            }
            let mut ask = Command::new(programs.join("pg_isready"));
            if output(ask.args(["-q", "-h", "127.0.0.1", "-p", &port])).is_ok() {
                let mut create = Command::new(programs.join("createdb"));
                create.env("PGPASSWORD", &self.password);
                create.args([
                    "-h",
                    "127.0.0.1",
                    "-p",
                    &port,
                    "-U",
                    USER,
                    "--no-password",
                    DATABASE,
                ]);
                return output(&mut create).map(|_| ());
            }
            std::thread::sleep(Duration::from_secs(1) / POLLS_PER_SECOND);
        }
        Err(self.broken(&format!("did not answer within {START_SECONDS_MAX} s")))
    }

    fn broken(&self, what: &str) -> Failure {
        let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        Failure::new(format!("the private PostgreSQL server {what}; it said:\n{log}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.supervisor.id().to_string();
        if let Ok(None) = self.supervisor.try_wait() {
            let stopped = output(Command::new("sh").args(["-c", r#"kill -TERM "$1""#, "sh", &pid]));
            match stopped.map(|_| self.supervisor.wait()) {
                Ok(Ok(_)) => {}
                Ok(Err(cause)) => say(&format!("PostgreSQL's end could not be awaited: {cause}")),
                Err(failure) => say(&format!("PostgreSQL could not be stopped: {failure}")),
            }
        }
        if self.folder.exists()
            && let Err(cause) = fs::remove_dir_all(&self.folder)
        {
            say(&format!("{} could not be removed: {cause}", self.folder.display()));
        }
    }
}

/// The folder of the newest server's programs.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let programs = version.path().join("bin");
            programs.join("initdb").is_file().then_some((number, programs))
        })
        .max();
    match newest {
        Some((_, programs)) => Some(programs),
        None => {
            let initdb = fs::canonicalize(which("initdb")?).ok()?;
            let programs = initdb.parent()?.to_path_buf();
            programs.join("postgres").is_file().then_some(programs)
        }
    }
}

fn make_folder(account: Option<&str>) -> Result<PathBuf, Failure> {
    let mut make = Command::new("mktemp");
    make.args(["-d", "-t", "sealtrace-postgres-XXXXXX"]);
    let folder = PathBuf::from(output(&mut make)?.trim());
    if let Some(account) = account {
        output(Command::new("chown").arg(account).arg(&folder))?;
    }
    Ok(folder)
}

fn prepare(
    folder: &Path,
    programs: &Path,
    account: Option<&str>,
    password: &str,
) -> Result<(), Failure> {
    let mut prepare = as_account(account);
    prepare.args(["sh", "-c", PREPARE, "sh"]).arg(folder).arg(programs).arg(USER);
    prepare.current_dir(folder).stdin(Stdio::piped()).stderr(Stdio::inherit());
    let failed = |cause: &dyn std::fmt::Display| {
        Failure::new(format!("initdb in {} failed: {cause}", folder.display()))
    };
    let mut child = prepare.spawn().map_err(|cause| failed(&cause))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(password.as_bytes()).map_err(|cause| failed(&cause))?;
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(&status)),
        Err(cause) => Err(failed(&cause)),
    }
}

fn supervise(
    programs: &Path,
    account: Option<&str>,
    folder: &Path,
    port: u16,
) -> Result<Child, Failure> {
    let mut supervisor = Command::new("setpriv");
    supervisor.args(["--pdeathsig", "TERM", "--", "sh", "-c", SUPERVISE, "sh"]).arg(folder);
    if account.is_some() {
        let server = as_account(account);
        supervisor.arg(server.get_program()).args(server.get_args());
    }
    supervisor.arg(programs.join("postgres")).arg("-D").arg(folder.join("data"));
    supervisor.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]);
    // What is in here is thrown away at the end; there is nothing to keep safe from a power cut.
    for setting in ["fsync=off", "full_page_writes=off", "max_connections=200", "timezone=UTC"] {
        supervisor.args(["-c", setting]);
    }
    // Its own process group: Ctrl-C goes to the programs that use the server, not to the server.
    supervisor.current_dir(folder).stdin(Stdio::null()).process_group(0);
    supervisor.spawn().map_err(|cause| {
        Failure::new(format!("`setpriv` (package util-linux) could not be started: {cause}"))
    })
}

/// The start of a command line that runs as the given account, or as ourselves.
fn as_account(account: Option<&str>) -> Command {
    match account {
        None => Command::new("env"),
        Some(account) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", account, "--regid", account, "--init-groups", "--"]);
            command
        }
    }
}

fn free_port() -> Result<u16, Failure> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|cause| Failure::new(format!("no free port on 127.0.0.1: {cause}")))
}

fn random_word() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(|cause| Failure::new(format!("/dev/urandom cannot be read: {cause}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_server_answers_with_its_password_and_leaves_nothing_behind() {
        let server = Server::start().unwrap();
        let (port, folder, pid) = (server.port, server.folder.clone(), server.supervisor.id());
        let psql = programs().unwrap().join("psql");
        let ask = |url: &str| output(Command::new(&psql).args(["-w", "-Atc", "select 6 * 7", url]));
        assert_eq!(ask(&server.url()).unwrap().trim(), "42");
        let stranger = server.url().replace(&server.password, "guess");
        assert!(ask(&stranger).unwrap_err().to_string().contains("authentication failed"));

        drop(server);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "port {port} still answers");
        assert!(!folder.exists(), "{} is still there", folder.display());
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} still runs");
    }

    #[test]
    fn a_server_ends_with_whoever_started_it_even_without_a_farewell() {
        // To the kernel a parent is a thread: one that ends stands for a program that was killed.
        let starter = std::thread::spawn(|| {
            let server = std::mem::ManuallyDrop::new(Server::start().unwrap());
            (server.port, server.folder.clone())
        });
        let (port, folder) = starter.join().unwrap();
        let is_gone = || TcpStream::connect(("127.0.0.1", port)).is_err() && !folder.exists();
        let waited = (0..100).find(|_| {
            std::thread::sleep(Duration::from_millis(100));
            is_gone()
        });
        assert!(waited.is_some(), "the server on port {port} outlived its owner by 10 s");
    }
}
