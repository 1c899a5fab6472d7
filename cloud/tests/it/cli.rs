//! The program itself: what it prints, how it ends, what it refuses to start with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sealtrace_cloud::clock::Clock;
use sealtrace_cloud::config::{Config, Flags};
use sealtrace_cloud::organisations::Sites;
use sealtrace_cloud::serve::{start, web_pin};
use sealtrace_cloud::store::{Database, Store};
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::time::Timestamp;

use crate::world::{added, client};

fn program(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealtrace-cloud"));
    command.current_dir(data).stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

#[test]
fn three_mistakes_are_listed_at_once_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[web]\naddress = \"here\"\n[device]\nhosts = 7\n[codes]\ncompany_prefx = \"1\"\n";
    std::fs::write(folder.path().join("cloud.toml"), config).unwrap();
    let output = run(program(folder.path()).args(["serve", "--config", "cloud.toml"]));
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    for part in [
        "3 mistakes",
        "cloud.toml:2: web.address",
        "cloud.toml:4: device.hosts",
        "cloud.toml:6: codes.company_prefx is no setting; use one of",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().unwrap();
    let help = text(&run(program(folder.path()).arg("--help")).stdout);
    for part in ["serve", "token", "admin", "First steps", "company_prefix", "RUST_LOG"] {
        assert!(help.contains(part), "{part} is missing in:\n{help}");
    }
}

#[test]
fn it_serves_without_configuration_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path())
        .args(["serve", "--web", "127.0.0.1:0", "--device", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let web = lines.next().unwrap().unwrap();
    let device = lines.next().unwrap().unwrap();
    let address = web.strip_prefix("web    http://").unwrap();
    assert!(device.starts_with("device https://127.0.0.1:"), "{device}");
    let mut connection = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(folder.path().join("sealtrace-data/cloud/sealtrace.db").exists());
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_token_is_printed_once_and_only_for_sites_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open(&Database::Sqlite { folder: data.clone() }).await.unwrap();
    let site = serde_json::json!({ "name": "仓库", "kind": "warehouse" });
    added::<Sites>(&store, site, Timestamp(0)).await;
    let token = ["token", "--data", "data", "--name", "PDA 7", "--json", "--site"];
    let output = run(program(folder.path()).args(token).arg("1"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["token"].as_str().unwrap().len(), 24);
    let output = run(program(folder.path()).args(token).arg("2"));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no site 2"), "{}", text(&output.stderr));
}

#[test]
fn an_account_is_made_with_a_password_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let account = [
        "admin",
        "create-account",
        "--data",
        "data",
        "--login",
        "anna",
        "--name",
        "Anna",
        "--role",
        "admin",
        "--password-stdin",
    ];
    let with_password = |password: &str| {
        let mut child = program(folder.path())
            .args(account)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = with_password("x\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("password"), "{}", text(&output.stderr));
    let output = with_password("a long enough one\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = with_password("a long enough one\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("login"), "{}", text(&output.stderr));
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(program(folder.path()).args(["serve", "--web", &address]));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains(&address) && said.contains("--web"), "{said}");
}

#[tokio::test]
async fn pages_answer_over_https_with_the_configured_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.path().join("web.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.path().join("web-key.pem"), key.serialize_pem()).unwrap();
    let place = folder.path().display();
    let text = format!(
        "data = \"{place}/data\"\n[web]\naddress = \"127.0.0.1:0\"\n\
         certificate = \"{place}/web.pem\"\nkey = \"{place}/web-key.pem\"\n\
         [device]\naddress = \"127.0.0.1:0\"\n"
    );
    let config = Config::parse("cloud.toml", &text, &Flags::default()).unwrap();
    let pin = web_pin(&config).unwrap();
    assert_eq!(pin, Some(Hash::of(certificate.der())));
    let running = start(config, Clock::System).await.unwrap();
    let url = format!("https://{}/healthz", running.web);
    let answer = client(&certificate.pem(), None).get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    running.stop().await;

    std::fs::write(folder.path().join("web-key.pem"), "no key").unwrap();
    let config = Config::parse("cloud.toml", &text, &Flags::default()).unwrap();
    let refused = start(config, Clock::System).await.err().unwrap().to_string();
    assert!(refused.contains("web-key.pem"), "{refused}");
}
