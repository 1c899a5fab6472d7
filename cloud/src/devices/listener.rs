//! TLS for devices: version 1.3, a client certificate of our authority or no connection at all.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum::Extension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sealtrace_protocol::time::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;
use tower::Layer as _;

use super::authority::{Authority, AuthorityError};

/// The certificate the other side proved to own.
#[derive(Clone, Debug)]
pub struct Peer(pub CertificateDer<'static>);

/// Why the listener has no TLS.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// There is no certificate for it.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// rustls does not take the configuration.
    #[error("TLS cannot be set up for devices")]
    Tls(#[from] rustls::Error),
    /// Client certificates cannot be checked.
    #[error("client certificates cannot be checked")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The listener's TLS with a fresh certificate for these hosts.
pub fn tls(
    authority: &Authority,
    hosts: &[String],
    now: Timestamp,
) -> Result<Arc<ServerConfig>, ListenerError> {
    let provider = Arc::new(default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone())?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()?;
    let (chain, key) = authority.server(hosts, now)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Accepts connections and hands the peer's certificate on to the request.
#[derive(Clone)]
pub struct PeerAcceptor(RustlsAcceptor);

impl PeerAcceptor {
    /// Accepts with this configuration; it can be exchanged while connections run.
    #[must_use]
    pub fn new(config: RustlsConfig) -> Self {
        Self(RustlsAcceptor::new(config))
    }
}

type WithPeer<S> = <Extension<Peer> as tower::Layer<S>>::Service;
type Accepted<I, S> = io::Result<(TlsStream<I>, WithPeer<S>)>;

impl<I, S> Accept<I, S> for PeerAcceptor
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Send + 'static,
{
    type Stream = TlsStream<I>;
    type Service = WithPeer<S>;
    type Future = Pin<Box<dyn Future<Output = Accepted<I, S>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let acceptor = self.0.clone();
        Box::pin(async move {
            let (stream, service) = acceptor.accept(stream, service).await.inspect_err(|error| {
                tracing::warn!(error = %error, "a connection to the device listener was refused");
            })?;
            let (_, session) = stream.get_ref();
            let certificate = session
                .peer_certificates()
                .and_then(<[_]>::first)
                .ok_or_else(|| io::Error::other("a connection without a client certificate"))?
                .clone()
                .into_owned();
            Ok((stream, Extension(Peer(certificate)).layer(service)))
        })
    }
}
