//! Configuration, read once: defaults, then the file, then flags. Every mistake is listed at once.

pub mod codes;
mod file;
pub mod listener;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sealtrace_protocol::ids::OwnerId;

pub use file::Problem;

use self::codes::Codes;
use self::listener::{Device, Web};
use crate::store::Database;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The brand owner this service belongs to.
    pub owner: OwnerId,
    /// Where the data lives.
    pub database: Database,
    /// Pages and API.
    pub web: Web,
    /// Devices with their certificates.
    pub device: Device,
    /// What codes look like.
    pub codes: Codes,
}

/// What the command line may set; it wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// Folder for everything that is stored.
    pub data: Option<PathBuf>,
    /// Address of pages and API.
    pub web: Option<String>,
    /// Address for devices.
    pub device: Option<String>,
    /// `postgres://…`
    pub database: Option<String>,
}

/// Why the program does not start with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("cannot read the configuration file {path}: check the path given with --config")]
    Read {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Everything that is wrong with it.
    #[error("the configuration has {} mistake{}:\n{}", .0.len(), if .0.len() == 1 { "" } else { "s" }, list(.0))]
    Mistakes(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}

/// Where everything is stored when nothing else is said.
pub const DATA_DEFAULT: &str = "./sealtrace-data/cloud";
/// Where pages and API answer when nothing else is said.
pub const WEB_DEFAULT: &str = "127.0.0.1:8080";
/// Where devices are answered when nothing else is said.
pub const DEVICE_DEFAULT: &str = "127.0.0.1:8443";

impl Config {
    /// Reads the file, if one is named, and lays the flags over it.
    pub fn read(path: Option<&Path>, flags: &Flags) -> Result<Self, ConfigError> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?,
            None => String::new(),
        };
        let name = path.map_or_else(String::new, |path| path.display().to_string());
        Self::parse(&name, &text, flags)
    }

    /// [`Config::read`] for a text; `name` is what problems call the file.
    pub fn parse(name: &str, text: &str, flags: &Flags) -> Result<Self, ConfigError> {
        let mut settings = file::Settings::new(name, text);
        settings.flag("data", flags.data.as_ref().map(|data| data.display().to_string()));
        settings.flag("database", flags.database.clone());
        settings.flag("web.address", flags.web.clone());
        settings.flag("device.address", flags.device.clone());

        let owner = settings.number("owner").unwrap_or(1);
        let data = settings.text("data").unwrap_or_else(|| DATA_DEFAULT.to_owned());
        let database = database(&mut settings, data);
        let web = Web::read(&mut settings);
        let device = Device::read(&mut settings);
        let codes = Codes::read(&mut settings);
        settings.finish().map_err(ConfigError::Mistakes)?;
        Ok(Self { owner: OwnerId(owner), database, web, device, codes })
    }
}

fn database(settings: &mut file::Settings<'_>, data: String) -> Database {
    let url = settings.checked(
        "database",
        |text| {
            let known = text.starts_with("postgres://") || text.starts_with("postgresql://");
            known.then(|| text.to_owned()).ok_or("is no PostgreSQL URL".to_owned())
        },
        "write postgres://user@host/name, or leave it out to keep the data in the data folder",
    );
    match url {
        Some(url) => Database::Postgres { url },
        None => Database::Sqlite { folder: PathBuf::from(data) },
    }
}

fn address(settings: &mut file::Settings<'_>, key: &'static str, default: &str) -> SocketAddr {
    settings
        .checked(
            key,
            |text| text.parse().map_err(|_| "is no address and port".to_owned()),
            "write for example 127.0.0.1:8080",
        )
        .or_else(|| default.parse().ok())
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_at_all_is_a_whole_configuration() {
        let config = Config::parse("", "", &Flags::default()).unwrap();
        assert_eq!(config.web.address.to_string(), WEB_DEFAULT);
        assert_eq!(config.device.address.to_string(), DEVICE_DEFAULT);
        assert_eq!(config.database, Database::Sqlite { folder: DATA_DEFAULT.into() });
    }

    #[test]
    fn flags_win_over_the_file() {
        let flags = Flags { web: Some("127.0.0.1:9".to_owned()), ..Flags::default() };
        let text = "[web]\naddress = \"127.0.0.1:8\"\n[device]\naddress = \"127.0.0.1:7\"";
        let config = Config::parse("c.toml", text, &flags).unwrap();
        assert_eq!(config.web.address.port(), 9);
        assert_eq!(config.device.address.port(), 7);
    }

    #[test]
    fn every_mistake_is_listed_with_its_line_and_what_to_do() {
        let text = "owner = \"x\"\nport = 1\n[web]\naddress = \"somewhere\"\n[codes]\ncompany_prefix = \"12\"\n";
        let refused = Config::parse("cloud.toml", text, &Flags::default()).unwrap_err().to_string();
        for part in [
            "4 mistakes",
            "cloud.toml:1: owner",
            "cloud.toml:2: port",
            "cloud.toml:4: web.address",
            "cloud.toml:6: codes.company_prefix",
            "write for example 127.0.0.1:8080",
        ] {
            assert!(refused.contains(part), "{part} is missing in:\n{refused}");
        }
    }

    #[test]
    fn pages_for_the_world_need_tls() {
        let refused = Config::parse("c.toml", "[web]\naddress = \"0.0.0.0:80\"", &Flags::default())
            .unwrap_err()
            .to_string();
        assert!(refused.contains("web.certificate"), "{refused}");
    }
}
