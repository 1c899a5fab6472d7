//! `sealtrace-agent doctor`: looks at everything that must be right before work begins, and says what to do if it is not.

use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::config::{Config, Port};
use crate::identity::{Identity, IdentityError};
use crate::status::certificate_expires_at;
use crate::store::{self, Storage, stream};
use crate::sync::client::{Client, ClientError};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Certificates are good for 30 days and renewed after 20.
const CERTIFICATE_WARN_DAYS: i64 = 10;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// 2025-01-01: a clock before that has lost its battery.
const CLOCK_MS_MIN: i64 = 1_735_689_600_000;

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Works, but not for long, or not everything.
    Warn,
    /// Does not work.
    Fail,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub what: String,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do; empty when nothing is.
    pub next: String,
}

impl Check {
    fn new(what: &str, health: Health, found: impl Into<String>, next: &str) -> Self {
        Self { what: what.to_owned(), health, found: found.into(), next: next.to_owned() }
    }
}

/// Runs every check; none stops another.
pub async fn examine(config: &Config, clock: &Clock) -> Vec<Check> {
    if let Ok(Some(Some(known))) = store::peek(&config.data, stream::read)
        && let Some(heard) = known.receipt_at
    {
        clock.remember(heard);
    }
    let mut checks = vec![disk(&config.data), folder(&config.data), time(clock)];
    match Identity::load(&config.data) {
        Ok(Some(identity)) => {
            checks.push(Check::new(
                "identity",
                Health::Ok,
                format!("device {} ({})", identity.device.device, identity.device.name),
                "",
            ));
            checks.push(own_stream(&config.data));
            checks.push(certificate(&identity, clock.best()));
            checks.push(cloud(&identity, clock, &config.nameservers).await);
        }
        Ok(None) => checks.push(not_enrolled()),
        Err(error) => checks.push(unusable(&error)),
    }
    for lane in &config.lanes {
        let ports = [("units", Some(&lane.units)), ("cases", Some(&lane.cases))];
        let gate = [("gate", lane.gate.as_ref())];
        for (role, port) in ports.into_iter().chain(gate) {
            if let Some(port) = port {
                checks.push(scanner(&format!("lane {} {role}", lane.name), port));
            }
        }
    }
    checks
}

fn disk(data: &Path) -> Check {
    let existing = data.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    match Storage::of(existing) {
        Ok(storage) => {
            let found = format!(
                "{} % used, {} MiB free",
                storage.percent(),
                storage.free_bytes / (1024 * 1024)
            );
            if storage.is_full() {
                Check::new("disk", Health::Fail, found, "free space: scans are refused now")
            } else if storage.is_low() {
                Check::new(
                    "disk",
                    Health::Warn,
                    found,
                    "free space soon: from 95 % scans are refused",
                )
            } else {
                Check::new("disk", Health::Ok, found, "")
            }
        }
        Err(error) => Check::new("disk", Health::Fail, error.to_string(), "check the data folder"),
    }
}

fn folder(data: &Path) -> Check {
    let probe = data.join("doctor.probe");
    let tried = std::fs::create_dir_all(data)
        .and_then(|()| File::create(&probe))
        .and_then(|mut file| file.write_all(b"probe").and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Check::new("data folder", Health::Ok, data.display().to_string(), ""),
        Err(error) => Check::new(
            "data folder",
            Health::Fail,
            format!("{}: {error}", data.display()),
            "give this user the right to write there, or choose another with --data",
        ),
    }
}

fn time(clock: &Clock) -> Check {
    let now = clock.now();
    let found = OffsetDateTime::from_unix_timestamp(now.millis() / 1_000)
        .map_or_else(|_| format!("{} ms since 1970", now.millis()), |at| at.to_string());
    if now.millis() < CLOCK_MS_MIN {
        return Check::new("clock", Health::Fail, found, "set the clock; its battery may be empty");
    }
    let days = clock.best().millis().abs_diff(now.millis()) / DAY_MS.unsigned_abs();
    if days > 0 {
        let found = format!("{found}, at least {days} days away from what the cloud said");
        return Check::new("clock", Health::Fail, found, "set the clock");
    }
    Check::new("clock", Health::Ok, found, "")
}

fn not_enrolled() -> Check {
    let next = "run: sealtrace-agent enrol --cloud URL --token TOKEN (the console makes tokens)";
    Check::new("identity", Health::Fail, "not enrolled", next)
}

fn unusable(error: &IdentityError) -> Check {
    Check::new(
        "identity",
        Health::Fail,
        error.to_string(),
        "restore the data folder or enrol again",
    )
}

fn own_stream(data: &Path) -> Check {
    match store::peek(data, stream::read) {
        Ok(Some(Some(known))) if known.frozen => Check::new(
            "stream",
            Health::Fail,
            "frozen: the cloud holds another batch under one of our numbers",
            "let a supervisor resolve it in the console",
        ),
        Ok(Some(Some(known))) if !known.lost => {
            let found = format!("epoch {}, {} operations", known.head.epoch, known.seq);
            Check::new("stream", Health::Ok, found, "")
        }
        Ok(_) => Check::new(
            "stream",
            Health::Warn,
            "lost: this store is new or an old copy",
            "connect to the cloud once; nothing can be confirmed before",
        ),
        Err(error) => Check::new("stream", Health::Fail, error.to_string(), "see the message"),
    }
}

fn certificate(identity: &Identity, now: Timestamp) -> Check {
    let Some(end) = certificate_expires_at(&identity.device.certificate_pem) else {
        return Check::new("certificate", Health::Fail, "does not read", "enrol the device again");
    };
    let days = end.millis().saturating_sub(now.millis()) / DAY_MS;
    let found = format!("{days} days left");
    if end <= now {
        let next = "connect to the cloud to renew it, or enrol the device again";
        Check::new("certificate", Health::Fail, "has expired", next)
    } else if days < CERTIFICATE_WARN_DAYS {
        Check::new("certificate", Health::Warn, found, "connect to the cloud to renew it")
    } else {
        Check::new("certificate", Health::Ok, found, "")
    }
}

async fn cloud(identity: &Identity, clock: &Clock, nameservers: &[SocketAddr]) -> Check {
    let url = identity.device.device_url.clone();
    let reached = match Client::new(identity, clock, nameservers) {
        Ok(client) => client.reach().await,
        Err(error) => Err(error),
    };
    match reached {
        Ok(()) => Check::new("cloud", Health::Ok, format!("{url} answers"), ""),
        Err(error @ ClientError::Unreachable { .. }) => Check::new(
            "cloud",
            Health::Warn,
            chain(&error),
            "check the network; work goes on and is sent later",
        ),
        Err(error) => Check::new("cloud", Health::Fail, chain(&error), "enrol the device again"),
    }
}

/// An error with all its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn scanner(what: &str, port: &Port) -> Check {
    let found = format!("{} on {}", port.profile.name, port.port);
    let tried = if port.port.starts_with('/') {
        File::options().read(true).write(true).open(&port.port).map(|_| ())
    } else {
        port.port.to_socket_addrs().and_then(|mut addresses| {
            let address = addresses.next().ok_or(std::io::ErrorKind::NotFound)?;
            TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).map(|_| ())
        })
    };
    match tried {
        Ok(()) => Check::new(what, Health::Ok, found, ""),
        Err(error) => Check::new(
            what,
            Health::Fail,
            format!("{found}: {error}"),
            "check cable, power and port name, and that this user is in the group dialout",
        ),
    }
}

/// The worst of all.
#[must_use]
pub fn verdict(checks: &[Check]) -> Health {
    checks.iter().map(|check| check.health).max().unwrap_or(Health::Ok)
}
