//! Our own certificate authority: P-256, for devices and for the listener they talk to, and for nothing else.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sealtrace_protocol::ids::DeviceId;
use sealtrace_protocol::time::Timestamp;
use time::OffsetDateTime;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Clients renew after two thirds of this.
pub const CLIENT_DAYS: i64 = 30;
/// Made again at each start and each day.
const SERVER_DAYS: i64 = 90;
/// Clocks of devices may be this much behind when they first see a certificate.
const CLOCK_SKEW_DAYS: i64 = 2;

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate that was just made.
pub struct Issued {
    /// Its bytes.
    pub der: CertificateDer<'static>,
    /// The same for files and JSON.
    pub pem: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The certificate request is unreadable, or not signed by the key it names.
    #[error("the certificate request is not valid")]
    Request(#[source] rcgen::Error),
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Make(#[source] rcgen::Error),
    /// The stored authority is unreadable.
    #[error("the stored authority is damaged: restore the database from a backup")]
    Stored(#[source] rcgen::Error),
    /// The clock shows a time certificates cannot express.
    #[error("the clock shows an impossible time: set it")]
    Clock,
}

impl Authority {
    /// A new authority: its secret key and its certificate, to be stored.
    pub fn make(now: Timestamp) -> Result<(Vec<u8>, Vec<u8>), AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(AuthorityError::Make)?;
        let mut params = named("Sealtrace device authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, now, AUTHORITY_DAYS)?;
        let certificate = params.self_signed(&key).map_err(AuthorityError::Make)?;
        Ok((key.serialize_der(), certificate.der().to_vec()))
    }

    /// The authority as stored.
    pub fn read(secret: &[u8], certificate: Vec<u8>) -> Result<Self, AuthorityError> {
        let secret = PrivatePkcs8KeyDer::from(secret.to_vec());
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&secret, &PKCS_ECDSA_P256_SHA256)
            .map_err(AuthorityError::Stored)?;
        let certificate = CertificateDer::from(certificate);
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(AuthorityError::Stored)?;
        Ok(Self { issuer, certificate })
    }

    /// Its own certificate.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its own certificate as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem(&self.certificate)
    }

    /// A client certificate for a device that asks with a PKCS#10 request (PEM). Only the request's key is used:
    /// names and uses are ours to give.
    pub fn client(
        &self,
        request_pem: &str,
        device: DeviceId,
        serial: [u8; 16],
        now: Timestamp,
    ) -> Result<Issued, AuthorityError> {
        let request = CertificateSigningRequestParams::from_pem(request_pem)
            .map_err(AuthorityError::Request)?;
        let mut params = named(&format!("device {device}"));
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let expires_at = valid(&mut params, now, CLIENT_DAYS)?;
        let certificate =
            params.signed_by(&request.public_key, &self.issuer).map_err(AuthorityError::Make)?;
        let der = certificate.der().clone();
        Ok(Issued { pem: pem(&der), der, expires_at })
    }

    /// A certificate for our own listener, with a key of its own that is kept in memory only.
    pub fn server(
        &self,
        hosts: &[String],
        now: Timestamp,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(AuthorityError::Make)?;
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        names.extend(
            hosts
                .iter()
                .filter(|host| host.parse::<IpAddr>().is_ok() || !host.contains(':'))
                .cloned(),
        );
        names.sort();
        names.dedup();
        let mut params = CertificateParams::new(names).map_err(AuthorityError::Make)?;
        params.distinguished_name.push(DnType::CommonName, "Sealtrace cloud");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        valid(&mut params, now, SERVER_DAYS)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(AuthorityError::Make)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        Ok((chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn valid(
    params: &mut CertificateParams,
    now: Timestamp,
    days: i64,
) -> Result<Timestamp, AuthorityError> {
    let at = |millis: Timestamp| {
        OffsetDateTime::from_unix_timestamp(millis.millis().div_euclid(1000))
            .map_err(|_| AuthorityError::Clock)
    };
    let expires_at = now.plus_ms(days * DAY_MS);
    params.not_before = at(now.plus_ms(-CLOCK_SKEW_DAYS * DAY_MS))?;
    params.not_after = at(expires_at)?;
    Ok(expires_at)
}

fn pem(der: &CertificateDer<'_>) -> String {
    let text = data_encoding::BASE64.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap_or_default())
        .collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
