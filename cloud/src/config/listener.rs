//! Where the service listens: pages and API, and devices.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::file::Settings;
use super::{DEVICE_DEFAULT, WEB_DEFAULT, address};

/// Pages and API.
#[derive(Clone, Debug)]
pub struct Web {
    /// `web.address`; plain HTTP is for this machine only.
    pub address: SocketAddr,
    /// `web.certificate` and `web.key`.
    pub tls: Option<WebTls>,
}

/// PEM files for HTTPS.
#[derive(Clone, Debug)]
pub struct WebTls {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Devices, always with TLS and client certificates.
#[derive(Clone, Debug)]
pub struct Device {
    /// `device.address`.
    pub address: SocketAddr,
    /// `device.hosts`: names and addresses devices reach it under; they go into its certificate.
    pub hosts: Vec<String>,
    /// `device.url`: what enrolled devices are told, when it is not the first host and the listener's port.
    pub url: Option<String>,
}

impl Web {
    pub(super) fn read(settings: &mut Settings<'_>) -> Self {
        let address = address(settings, "web.address", WEB_DEFAULT);
        let certificate = settings.text("web.certificate").map(PathBuf::from);
        let key = settings.text("web.key").map(PathBuf::from);
        let tls = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(WebTls { certificate, key }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                let next = "name both PEM files, or none of them";
                settings.problem("web", "has only one of web.certificate and web.key", next);
                None
            }
        };
        if tls.is_none() && !address.ip().is_loopback() {
            settings.problem(
                "web.address",
                "is reachable from other machines without TLS",
                "set web.certificate and web.key, or use 127.0.0.1 behind a proxy that has them",
            );
        }
        Self { address, tls }
    }
}

impl Device {
    pub(super) fn read(settings: &mut Settings<'_>) -> Self {
        let address = address(settings, "device.address", DEVICE_DEFAULT);
        let hosts = settings
            .texts("device.hosts", "write for example [\"trace.example.com\"]")
            .unwrap_or_default();
        let url = settings.checked(
            "device.url",
            |text| {
                let known = text.starts_with("https://") && !text.ends_with('/');
                known.then(|| text.to_owned()).ok_or("is no https URL without a path".to_owned())
            },
            "write https://host:port",
        );
        if address.ip().is_unspecified() && hosts.is_empty() && url.is_none() {
            settings.problem(
                "device.hosts",
                "is empty, and devices cannot reach an address of zeros",
                "name what devices call this machine, for example [\"trace.example.com\"]",
            );
        }
        Self { address, hosts, url }
    }
}
