//! Opening what a device is plugged into: a serial port, a connection to it, or one that it makes to us.
//!
//! Everything behind the opening is the same for all three: bytes in, bytes out.

use std::fmt::Debug;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use nix::fcntl::OFlag;
use sealtrace_firmware_config::{
    DataBits, Flow, Parity, Profile, ProfileError, Role, Serial, StopBits,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_serial::SerialPortBuilderExt as _;

use super::terminal;

/// How long a device may refuse to take what it is sent.
const WRITE_MAX: Duration = Duration::from_millis(2_000);
/// How long a device may take to answer a connection.
const CONNECT_MAX: Duration = Duration::from_millis(5_000);
/// A network that is pulled while nobody sends is noticed after about eleven seconds.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(5), Duration::from_secs(2), 3);
/// What is sent and not acknowledged for so long was sent to nobody.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(10);

/// A connection to a device.
pub trait Stream: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Debug + Send + Unpin> Stream for S {}

/// Why a device could not be reached or was lost.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The profile does not say how to reach the device this way, or is of another kind of device.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// There is no such port.
    #[error(
        "{0} is not there: plug the device in, or correct the path (ls -l /dev/sealtrace /dev/serial/by-id)"
    )]
    Missing(String),
    /// Somebody else has it.
    #[error(
        "{0} is in use by another program (fuser {0} says which); a running agent holds the ports of its lanes"
    )]
    InUse(String),
    /// The port cannot do what the profile wants.
    #[error(
        "{port} does not do {settings}; correct [serial] of the profile, or use another adapter"
    )]
    Settings {
        /// Which port.
        port: String,
        /// What was asked of it.
        settings: String,
        /// Why not.
        #[source]
        source: tokio_serial::Error,
    },
    /// It does not open.
    #[error(
        "{port} cannot be opened; check its permissions (this user must be in the group dialout)"
    )]
    Open {
        /// Which port.
        port: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The device does not answer.
    #[error("{port} cannot be reached; check address, cable and power")]
    Connect {
        /// Its address.
        port: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The device has nowhere to connect to.
    #[error(
        "nothing can listen on {port}; use an address of this machine that nothing else listens on"
    )]
    Listen {
        /// Which address.
        port: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It was closed from the other end.
    #[error("{0} was closed by the device, or unplugged")]
    Closed(String),
    /// A device that sends keep-alives has not.
    #[error("{port} has been silent for {silence:?}, longer than its profile allows")]
    Silent {
        /// Which port.
        port: String,
        /// For how long.
        silence: Duration,
    },
    /// Reading or writing failed.
    #[error("{port} failed; it may have been unplugged")]
    Io {
        /// Which port.
        port: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// True when this names a serial port rather than a network address.
#[must_use]
pub fn is_serial(port: &str) -> bool {
    port.starts_with('/')
}

/// Opens one device again and again.
pub(crate) struct Opener {
    port: String,
    way: Way,
}

enum Way {
    Serial(Serial),
    Client,
    /// Listens from the first opening on, so that a device that comes back finds us.
    Server(Option<TcpListener>),
}

impl Opener {
    /// How `profile` wants a device on this port to be opened.
    pub(crate) fn new(port: &str, profile: &Profile) -> Result<Self, ProfileError> {
        if is_serial(port) {
            let way = Way::Serial(*profile.serial()?);
            return Ok(Self { port: port.to_owned(), way });
        }
        let tcp = profile.tcp()?;
        let way = match tcp.role {
            Role::Client => Way::Client,
            Role::Server => Way::Server(None),
        };
        let has_port = port.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if has_port { port.to_owned() } else { format!("{port}:{}", tcp.port) };
        Ok(Self { port, way })
    }

    /// The path, or the address with its port.
    pub(crate) fn port(&self) -> &str {
        &self.port
    }

    /// Opens it; as a server, waits for the device for ever.
    pub(crate) async fn open(&mut self) -> Result<Box<dyn Stream>, PortError> {
        let port = self.port.clone();
        match &mut self.way {
            Way::Serial(settings) => serial(&port, settings),
            Way::Client => {
                let late = |_| Err(ErrorKind::TimedOut.into());
                let stream = timeout(CONNECT_MAX, TcpStream::connect(&port)).await;
                let stream = stream.unwrap_or_else(late);
                let stream = stream.map_err(|source| PortError::Connect { port, source })?;
                Ok(Box::new(watched(stream)))
            }
            Way::Server(listener) => {
                let failed = |source| PortError::Listen { port: port.clone(), source };
                let listening = match listener.take() {
                    Some(listening) => listening,
                    None => TcpListener::bind(&port).await.map_err(failed)?,
                };
                let accepted = listener.insert(listening).accept().await;
                Ok(Box::new(watched(accepted.map_err(failed)?.0)))
            }
        }
    }

    /// The connection that the device makes while an older one seems to stand: it was switched off and on.
    pub(crate) async fn superseded(&mut self) -> Box<dyn Stream> {
        if let Way::Server(Some(listener)) = &self.way
            && let Ok((stream, _)) = listener.accept().await
        {
            return Box::new(watched(stream));
        }
        std::future::pending().await
    }
}

/// Sends bytes to a device; one that does not take them in time counts as gone.
pub(crate) async fn write(stream: &mut dyn Stream, bytes: &[u8]) -> std::io::Result<()> {
    let late = |_| Err(ErrorKind::TimedOut.into());
    timeout(WRITE_MAX, stream.write_all(bytes)).await.unwrap_or_else(late)
}

/// What waits in the port stays: a reader that waits for its answer said it once only.
fn serial(port: &str, settings: &Serial) -> Result<Box<dyn Stream>, PortError> {
    let name = port.to_owned();
    free(port)?;
    // The stream holds a lock that it shares; whoever looks as `free` does finds it. A terminal's own exclusive mode
    // would outlast a program that is killed as long as somebody else has the terminal open.
    match builder(port, settings).open_native_async() {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) if terminal::is_needed(&error) => match terminal::open(port, settings) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) => Err(PortError::Open { port: name, source }),
        },
        Err(source) => {
            Err(PortError::Settings { port: name, settings: settings.to_string(), source })
        }
    }
}

/// Makes sure that nobody else reads half of what comes, before the settings of whoever uses the port are touched.
fn free(port: &str) -> Result<(), PortError> {
    let name = port.to_owned();
    let probe = File::options()
        .read(true)
        .write(true)
        .custom_flags((OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits())
        .open(port)
        .map_err(|source| {
            if source.kind() == ErrorKind::NotFound {
                PortError::Missing(name.clone())
            } else if source.kind() == ErrorKind::ResourceBusy {
                PortError::InUse(name.clone())
            } else {
                PortError::Open { port: name.clone(), source }
            }
        })?;
    probe.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => PortError::InUse(name),
        TryLockError::Error(source) => PortError::Open { port: name, source },
    })
}

fn builder(port: &str, settings: &Serial) -> tokio_serial::SerialPortBuilder {
    tokio_serial::new(port, settings.baud)
        .data_bits(match settings.data_bits {
            DataBits::Seven => tokio_serial::DataBits::Seven,
            DataBits::Eight => tokio_serial::DataBits::Eight,
        })
        .parity(match settings.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Even => tokio_serial::Parity::Even,
            Parity::Odd => tokio_serial::Parity::Odd,
        })
        .stop_bits(match settings.stop_bits {
            StopBits::One => tokio_serial::StopBits::One,
            StopBits::Two => tokio_serial::StopBits::Two,
        })
        .flow_control(match settings.flow {
            Flow::None => tokio_serial::FlowControl::None,
            Flow::Software => tokio_serial::FlowControl::Software,
            Flow::Hardware => tokio_serial::FlowControl::Hardware,
        })
        .exclusive(false)
}

/// A connection whose far end is asked from time to time whether it is still there. Where the system refuses that, a
/// pulled network is noticed later.
fn watched(stream: TcpStream) -> TcpStream {
    let (time, interval, retries) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(time).with_interval(interval);
    let socket = SockRef::from(&stream);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive.with_retries(retries)))
        .and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX)));
    if let Err(error) = set {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a device's connection cannot be watched: that its network is gone is noticed late"
        );
    }
    stream
}
