//! A device that is reached over TCP instead of a serial port.

use std::fmt::{self, Display, Formatter};

use crate::document::Section;

/// How a TCP connection with the device comes about. The device's host is the site's own setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tcp {
    /// What the agent is in this connection.
    pub role: Role,
    /// The port that the device, or the agent as server, listens on.
    pub port: u16,
}

/// What the agent is in a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The agent connects to the device.
    Client,
    /// The device connects to the agent.
    Server,
}

impl Tcp {
    pub(crate) fn read(section: Section<'_>) -> Option<Self> {
        let roles = [("client", Role::Client), ("server", Role::Server)];
        let role = section.choice("role", &roles, None);
        let port = section.integer("port", 1..=u32::from(u16::MAX), None);
        section.finish();
        Some(Self { role: role?, port: u16::try_from(port?).ok()? })
    }
}

impl Display for Tcp {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.role {
            Role::Client => write!(out, "connect to port {}", self.port),
            Role::Server => write!(out, "listen on port {}", self.port),
        }
    }
}
