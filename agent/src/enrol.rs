//! Enrolment: a one-time token becomes keys, a certificate and a place in the cloud. All of it, or nothing.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use reqwest::Url;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sealtrace_protocol::ids::DeviceId;
use sealtrace_protocol::link::{EnrolRequest, Enrolled, enrolment_challenge};
use sealtrace_protocol::signing::Hash;

use crate::identity::{self, DeviceFile, Identity, IdentityError, NewKeys};
use crate::store::{Store, StoreError, outbox, stream};
use crate::sync::client::error_code;
use crate::sync::names;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// What enrolment needs to know.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The cloud's web listener.
    pub cloud: String,
    /// The one-time token.
    pub token: String,
    /// SHA-256 of the authority's certificate, hexadecimal; needed with https.
    pub ca_pin: Option<String>,
    /// The data folder.
    pub data: PathBuf,
    /// Who is asked where the cloud is; none = whoever the system asks.
    pub nameservers: Vec<SocketAddr>,
}

/// Why a device was not enrolled. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is an identity already.
    #[error(
        "{folder} belongs to device {device} ({name}) already; use another --data folder for another device"
    )]
    AlreadyEnrolled {
        /// The data folder.
        folder: PathBuf,
        /// Whose.
        device: DeviceId,
        /// Its name.
        name: String,
    },
    /// The store holds another device's operations.
    #[error("{0} holds another device's work; use an empty --data folder")]
    OldWork(PathBuf),
    /// Not an address.
    #[error("{0:?} is not the cloud's address; write it like https://trace.example.com")]
    Address(String),
    /// Plain http beyond this machine.
    #[error("plain http is for this machine only; write https://{0} and add --ca-pin")]
    PlainHttp(String),
    /// https without a pin.
    #[error("--ca-pin is missing; ask who runs the cloud for the SHA-256 of its certificate")]
    NoPin,
    /// Not a pin.
    #[error("--ca-pin is not 64 hexadecimal digits; it is the SHA-256 of the cloud's certificate")]
    Pin,
    /// Nobody answers.
    #[error("{url} does not answer; check the address, the network, and that the cloud runs")]
    Unreachable {
        /// The address.
        url: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// Too late.
    #[error("the token has expired; make a new one in the console, it is valid for 15 minutes")]
    TokenExpired,
    /// Used.
    #[error("the token was used already; make a new one in the console")]
    TokenUsed,
    /// Never made.
    #[error("the cloud does not know this token; check it for typing mistakes or make a new one")]
    TokenUnknown,
    /// Another no.
    #[error("the cloud refused with {status} {code}; see its log")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The error's code.
        code: String,
    },
    /// Not an enrolment answer.
    #[error(
        "the cloud's answer does not read; is this the cloud's web address, and its version ours?"
    )]
    Answer,
    /// The TLS settings are refused.
    #[error("a TLS connection could not be set up")]
    Tls(#[source] rustls::Error),
    /// Keys or files.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Enrols this device; returns what it is from now on.
pub async fn enrol(enrolment: &Enrolment) -> Result<DeviceFile, EnrolError> {
    let data = enrolment.data.as_path();
    if let Some(identity) = Identity::load(data)? {
        let (device, name) = (identity.device.device, identity.device.name);
        return Err(EnrolError::AlreadyEnrolled { folder: data.to_owned(), device, name });
    }
    let url = address(&enrolment.cloud)?;
    let http = http_client(&url, enrolment.ca_pin.as_deref(), &enrolment.nameservers)?;
    // Everything that can fail on this machine is tried before the token is spent.
    let store = Store::open(data)?;
    let enrolled = enrol_with(&store, &http, &url, enrolment).await;
    // Whoever runs next finds the folder free.
    store.close().await;
    enrolled
}

async fn enrol_with(
    store: &Store,
    http: &reqwest::Client,
    url: &Url,
    enrolment: &Enrolment,
) -> Result<DeviceFile, EnrolError> {
    let data = enrolment.data.as_path();
    if store.read(outbox::any).await? {
        return Err(EnrolError::OldWork(data.to_owned()));
    }
    identity::discard(data)?;
    let keys = NewKeys::draw()?;
    let csr_pem = keys.request_pem()?;
    let token = enrolment.token.trim().to_owned();
    let proof = keys.signing.prove(&enrolment_challenge(&token, &csr_pem));
    let signing_key = BASE64.encode(&keys.signing.public().0);
    let request = EnrolRequest { token, csr_pem, signing_key, proof: BASE64.encode(&proof) };
    let enrolled = ask(http, url, &request).await?;
    if identity::public_key(&enrolled.receipt_key).is_none() {
        return Err(EnrolError::Answer);
    }
    let device = DeviceFile::new(enrolled, &enrolment.cloud);
    let (id, epoch) = (device.device, device.epoch);
    store.write(move |tx| stream::begin(tx, id, epoch)).await?;
    Identity::store(data, &keys, &device)?;
    Ok(device)
}

async fn ask(
    http: &reqwest::Client,
    url: &Url,
    request: &EnrolRequest,
) -> Result<Enrolled, EnrolError> {
    let unreachable = |source| EnrolError::Unreachable { url: url.to_string(), source };
    let to = url.join("/api/v1/enrol").map_err(|_| EnrolError::Address(url.to_string()))?;
    let response = http.post(to).json(request).send().await.map_err(unreachable)?;
    let status = response.status();
    if !status.is_success() {
        let code = error_code(response).await;
        return Err(match code.as_str() {
            "expired_token" => EnrolError::TokenExpired,
            "used_token" => EnrolError::TokenUsed,
            "unknown_token" => EnrolError::TokenUnknown,
            _ => EnrolError::Refused { status: status.as_u16(), code },
        });
    }
    response.json().await.map_err(|_| EnrolError::Answer)
}

fn address(text: &str) -> Result<Url, EnrolError> {
    let wrong = || EnrolError::Address(text.to_owned());
    let url = Url::parse(text).map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(host) => Ok(url),
        "http" => Err(EnrolError::PlainHttp(host.to_owned())),
        _ => Err(wrong()),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn http_client(
    url: &Url,
    pin: Option<&str>,
    nameservers: &[SocketAddr],
) -> Result<reqwest::Client, EnrolError> {
    let pin = match (url.scheme(), pin) {
        ("https", None) => return Err(EnrolError::NoPin),
        ("https", Some(pin)) => HEXLOWER_PERMISSIVE
            .decode(pin.trim().as_bytes())
            .ok()
            .and_then(|bytes| Hash::from_slice(&bytes))
            .ok_or(EnrolError::Pin)?,
        // Never asked on plain http; no certificate has this hash.
        _ => Hash::ZERO,
    };
    let provider = Arc::new(ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(EnrolError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { pin, provider }))
        .with_no_client_auth();
    names::asking(reqwest::Client::builder(), nameservers)
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|source| EnrolError::Unreachable { url: url.to_string(), source })
}

/// Believes the one authority whose certificate has this hash, and checks names and dates as always; or the one server
/// whose own certificate has it.
#[derive(Debug)]
struct Pinned {
    pin: Hash,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if Hash::of(end_entity) == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        let authority = intermediates
            .iter()
            .find(|certificate| Hash::of(certificate) == self.pin)
            .ok_or(CertificateError::UnknownIssuer)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&self.provider),
        )
        .build()
        .map_err(|_| CertificateError::UnknownIssuer)?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(address("http://127.0.0.1:8080").is_ok());
        assert!(address("http://[::1]:8080").is_ok());
        assert!(address("http://localhost").is_ok());
        assert!(matches!(address("http://trace.example.com"), Err(EnrolError::PlainHttp(_))));
        assert!(matches!(address("ftp://127.0.0.1"), Err(EnrolError::Address(_))));
        assert!(matches!(address("trace.example.com"), Err(EnrolError::Address(_))));
    }

    #[test]
    fn https_needs_a_pin_that_is_one() {
        let url = address("https://trace.example.com").unwrap();
        assert!(matches!(http_client(&url, None, &[]), Err(EnrolError::NoPin)));
        assert!(matches!(http_client(&url, Some("abc"), &[]), Err(EnrolError::Pin)));
        assert!(http_client(&url, Some(&"ab".repeat(32)), &[]).is_ok());
    }

    struct Chain {
        server: CertificateDer<'static>,
        authority: CertificateDer<'static>,
    }

    /// A server at 127.0.0.1 and the authority that vouches for it.
    fn chain() -> Chain {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap().der().clone();
        let issuer = rcgen::Issuer::new(params, key);
        let server = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])
            .unwrap()
            .signed_by(&rcgen::KeyPair::generate().unwrap(), &issuer)
            .unwrap();
        Chain { server: server.der().clone(), authority }
    }

    fn believes(pin: Hash, chain: &Chain, name: &'static str) -> bool {
        let verifier = Pinned { pin, provider: Arc::new(ring::default_provider()) };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let name = ServerName::try_from(name).unwrap();
        let sent = [chain.authority.clone()];
        verifier.verify_server_cert(&chain.server, &sent, &name, &[], now).is_ok()
    }

    #[test]
    fn the_pinned_authority_is_believed_for_the_name_it_vouches_for_and_no_other_is() {
        let (chain, other) = (chain(), chain());
        assert!(believes(Hash::of(&chain.authority), &chain, "127.0.0.1"));
        assert!(!believes(Hash::of(&chain.authority), &chain, "127.0.0.2"));
        assert!(!believes(Hash::of(&other.authority), &chain, "127.0.0.1"));
        assert!(!believes(Hash::ZERO, &chain, "127.0.0.1"));
        // An authority that was only put beside a certificate it did not sign vouches for nothing.
        let mixed = Chain { server: other.server, authority: chain.authority };
        assert!(!believes(Hash::of(&mixed.authority), &mixed, "127.0.0.1"));
    }

    #[test]
    fn the_servers_own_certificate_can_be_pinned() {
        let chain = chain();
        assert!(believes(Hash::of(&chain.server), &chain, "127.0.0.1"));
    }
}
