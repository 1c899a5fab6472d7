//! The running service: two listeners and the background jobs, started together and stopped together.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sealtrace_protocol::signing::Hash;
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::config::Config;
use crate::config::listener::WebTls;
use crate::devices::listener::{ListenerError, PeerAcceptor, tls as device_tls};
use crate::http::error::chain;
use crate::keys::KeysError;
use crate::{http, jobs};

/// How long running requests may take after the service was told to stop.
const STOP_WAIT: Duration = Duration::from_secs(10);
/// How often the device listener gets a new certificate.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: another program may use it; choose another with {flag}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Store or secrets cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// No TLS for devices.
    #[error(transparent)]
    Listener(#[from] ListenerError),
    /// No TLS for pages.
    #[error("cannot use web.certificate {certificate} with web.key {key}: {why}")]
    WebTls {
        /// The certificate file.
        certificate: String,
        /// The key file.
        key: String,
        /// What is wrong with them.
        why: String,
    },
}

/// A service that is answering.
pub struct Running {
    /// Its state.
    pub cloud: Cloud,
    /// Where pages and API answer.
    pub web: SocketAddr,
    /// Where devices are answered.
    pub device: SocketAddr,
    handles: [Handle<SocketAddr>; 2],
    servers: Vec<JoinHandle<()>>,
    jobs: JoinSet<()>,
}

/// Starts everything; returns once both listeners accept.
pub async fn start(config: Config, clock: Clock) -> Result<Running, ServeError> {
    let web_tls = config.web.tls.as_ref().map(web_tls).transpose()?;
    let (web_listener, web) = listen(config.web.address, "--web")?;
    let (device_listener, device) = listen(config.device.address, "--device")?;
    let device_url = device_url(&config, device);
    let mut hosts = config.device.hosts.clone();
    hosts.push(device.ip().to_string());
    let cloud = Cloud::open(config, clock, &device_url).await?;

    let tls = device_tls(&cloud.keys.authority, &hosts, cloud.clock.now())?;
    let tls = RustlsConfig::from_config(tls);
    let mut jobs = JoinSet::new();
    jobs.spawn(jobs::judge::run(cloud.clone()));
    jobs.spawn(jobs::prefetch::run(cloud.clone()));
    jobs.spawn(renew(cloud.clone(), tls.clone(), hosts));

    let handles = [Handle::new(), Handle::new()];
    let [web_handle, device_handle] = handles.clone();
    let device_router = http::device(cloud.clone());
    let web_router = http::web(cloud.clone());
    let servers = vec![
        tokio::spawn(serve_web(web_listener, web_router, web_tls, web_handle)),
        tokio::spawn(serve_devices(device_listener, device_router, tls, device_handle)),
    ];
    Ok(Running { cloud, web, device, handles, servers, jobs })
}

impl Running {
    /// Stops accepting, lets running requests finish, ends the jobs.
    pub async fn stop(mut self) {
        for handle in &self.handles {
            handle.graceful_shutdown(Some(STOP_WAIT));
        }
        for server in self.servers {
            if let Err(error) = server.await {
                tracing::error!(error = %error, "a listener ended badly");
            }
        }
        self.jobs.shutdown().await;
    }
}

fn listen(
    address: SocketAddr,
    flag: &'static str,
) -> Result<(TcpListener, SocketAddr), ServeError> {
    let open = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    open().map_err(|source| ServeError::Listen { address, flag, source })
}

fn device_url(config: &Config, bound: SocketAddr) -> String {
    if let Some(url) = &config.device.url {
        return url.clone();
    }
    let host = config.device.hosts.first();
    host.map_or_else(
        || format!("https://{bound}"),
        |host| format!("https://{host}:{}", bound.port()),
    )
}

async fn serve_web(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<ServerConfig>>,
    handle: Handle<SocketAddr>,
) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = match (axum_server::from_tcp(listener), tls) {
        (Err(error), _) => Err(error),
        (Ok(server), None) => server.handle(handle).serve(service).await,
        (Ok(server), Some(tls)) => {
            let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(tls));
            server.acceptor(acceptor).handle(handle).serve(service).await
        }
    };
    if let Err(error) = served {
        tracing::error!(error = %error, "the web listener ended");
    }
}

async fn serve_devices(
    listener: TcpListener,
    router: Router,
    tls: RustlsConfig,
    handle: Handle<SocketAddr>,
) {
    let service = router.into_make_service();
    let served = match axum_server::from_tcp(listener) {
        Err(error) => Err(error),
        Ok(server) => server.acceptor(PeerAcceptor::new(tls)).handle(handle).serve(service).await,
    };
    if let Err(error) = served {
        tracing::error!(error = %error, "the device listener ended");
    }
}

/// The listener's own certificate is short-lived: a new one each day, without a restart.
async fn renew(cloud: Cloud, tls: RustlsConfig, hosts: Vec<String>) {
    loop {
        tokio::time::sleep(CERTIFICATE_EVERY).await;
        match device_tls(&cloud.keys.authority, &hosts, cloud.clock.now()) {
            Ok(renewed) => tls.reload_from_config(renewed),
            Err(error) => {
                tracing::error!(
                    error = chain(&error),
                    "the device listener keeps its old certificate"
                );
            }
        }
    }
}

/// What devices pin when they enrol over HTTPS: SHA-256 of the last certificate in the web listener's chain.
pub fn web_pin(config: &Config) -> Result<Option<Hash>, ServeError> {
    let Some(files) = &config.web.tls else { return Ok(None) };
    Ok(web_chain(files)?.last().map(|authority| Hash::of(authority)))
}

fn web_chain(files: &WebTls) -> Result<Vec<CertificateDer<'static>>, ServeError> {
    CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(files, error.to_string()))
}

fn web_tls(files: &WebTls) -> Result<Arc<ServerConfig>, ServeError> {
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unusable(files, error.to_string()))?;
    let chain = web_chain(files)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unusable(files, error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn unusable(files: &WebTls, why: String) -> ServeError {
    ServeError::WebTls {
        certificate: files.certificate.display().to_string(),
        key: files.key.display().to_string(),
        why,
    }
}
