//! Who this device is: its keys, certificate and permitted sites. Written once by enrolment, read at every start.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, OwnerId, SiteId};
use sealtrace_protocol::link::{Enrolled, Site};
use sealtrace_protocol::signing::{Hash, PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

const FOLDER: &str = "identity";
const FOLDER_NEW: &str = "identity.new";
const DEVICE_FILE: &str = "device.json";
const SEED_FILE: &str = "signing.seed";
const TLS_KEY_FILE: &str = "tls.key";
const MARK_FILE: &str = "stream.mark";

/// Why there is no usable identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file could not be read or written.
    #[error("{path} could not be {what}; check the data folder's owner and free space")]
    File {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file does not read back.
    #[error("{0} is damaged; restore the data folder or enrol the device again")]
    Damaged(PathBuf),
    /// The system gave no randomness, or a key was refused.
    #[error("no key could be made; check that the system has a random source")]
    Key,
}

/// An enrolled device.
pub struct Identity {
    /// What the cloud said at enrolment.
    pub device: DeviceFile,
    /// Signs batches.
    pub signing: SigningKey,
    /// The TLS client key, PEM.
    pub tls_key_pem: String,
    /// Verifies receipts.
    pub receipt_key: PublicKey,
    folder: PathBuf,
}

/// `device.json`: everything that is not secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceFile {
    /// The brand owner.
    pub owner: OwnerId,
    /// This device.
    pub device: DeviceId,
    /// Its name on screens.
    pub name: String,
    /// The epoch it began with.
    pub epoch: Epoch,
    /// Its TLS client certificate, PEM.
    pub certificate_pem: String,
    /// The authority, PEM.
    pub authority_pem: String,
    /// The cloud's receipt key, base64.
    pub receipt_key: String,
    /// The device listener.
    pub device_url: String,
    /// Printed into the short URLs of unit codes.
    pub code_host: String,
    /// Where it may work.
    pub sites: Vec<Site>,
    /// The web listener it enrolled at.
    pub cloud: String,
}

impl DeviceFile {
    /// What enrolment at `cloud` answered.
    #[must_use]
    pub fn new(enrolled: Enrolled, cloud: &str) -> Self {
        Self {
            owner: enrolled.owner,
            device: enrolled.device,
            name: enrolled.name,
            epoch: enrolled.epoch,
            certificate_pem: enrolled.certificate_pem,
            authority_pem: enrolled.authority_pem,
            receipt_key: enrolled.receipt_key,
            device_url: enrolled.device_url,
            code_host: enrolled.code_host,
            sites: enrolled.sites,
            cloud: cloud.to_owned(),
        }
    }
}

/// Secrets of a device that is about to enrol.
pub struct NewKeys {
    seed: [u8; 32],
    /// Signs batches.
    pub signing: SigningKey,
    /// The TLS client key, P-256.
    pub tls: rcgen::KeyPair,
}

impl NewKeys {
    /// Draws both keys; they are never the same one.
    pub fn draw() -> Result<Self, IdentityError> {
        let seed = random()?;
        let signing = SigningKey::from_seed(&seed).ok_or(IdentityError::Key)?;
        let tls = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)
            .map_err(|_| IdentityError::Key)?;
        Ok(Self { seed, signing, tls })
    }

    /// The request for the TLS certificate, PEM. The cloud chooses the names in the certificate.
    pub fn request_pem(&self) -> Result<String, IdentityError> {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "sealtrace device");
        params
            .serialize_request(&self.tls)
            .and_then(|request| request.pem())
            .map_err(|_| IdentityError::Key)
    }
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N], IdentityError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| IdentityError::Key)?;
    Ok(bytes)
}

impl Identity {
    /// Reads the identity in a data folder; none when the device was never enrolled.
    pub fn load(data: &Path) -> Result<Option<Self>, IdentityError> {
        let folder = data.join(FOLDER);
        if !folder.exists() {
            return Ok(None);
        }
        let device_path = folder.join(DEVICE_FILE);
        let damaged = |path: &Path| IdentityError::Damaged(path.to_owned());
        let device: DeviceFile =
            serde_json::from_str(&read(&device_path)?).map_err(|_| damaged(&device_path))?;
        let seed_path = folder.join(SEED_FILE);
        let seed = BASE64
            .decode(read(&seed_path)?.trim().as_bytes())
            .ok()
            .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
            .ok_or_else(|| damaged(&seed_path))?;
        let signing = SigningKey::from_seed(&seed).ok_or_else(|| damaged(&seed_path))?;
        let receipt_key = public_key(&device.receipt_key).ok_or_else(|| damaged(&device_path))?;
        let tls_key_pem = read(&folder.join(TLS_KEY_FILE))?;
        Ok(Some(Self { device, signing, tls_key_pem, receipt_key, folder }))
    }

    /// Writes a whole identity or none: into a folder of its own, which is renamed when everything is on the disk.
    pub fn store(data: &Path, keys: &NewKeys, device: &DeviceFile) -> Result<(), IdentityError> {
        let fresh = data.join(FOLDER_NEW);
        discard(data)?;
        fs::DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(&fresh)
            .map_err(file_error(&fresh, "made"))?;
        let json = serde_json::to_string_pretty(device).map_err(|_| IdentityError::Key)?;
        write_secret(&fresh.join(DEVICE_FILE), json.as_bytes())?;
        write_secret(&fresh.join(SEED_FILE), BASE64.encode(&keys.seed).as_bytes())?;
        write_secret(&fresh.join(TLS_KEY_FILE), keys.tls.serialize_pem().as_bytes())?;
        sync_folder(&fresh)?;
        let folder = data.join(FOLDER);
        fs::rename(&fresh, &folder).map_err(file_error(&folder, "put in place"))?;
        sync_folder(data)
    }

    /// The newest batch this device ever sent, remembered outside the store: a store that does not know it is an old
    /// copy.
    pub fn mark(&self) -> Result<Option<Mark>, IdentityError> {
        let path = self.folder.join(MARK_FILE);
        if !path.exists() {
            return Ok(None);
        }
        serde_json::from_str(&read(&path)?).map(Some).map_err(|_| IdentityError::Damaged(path))
    }

    /// Remembers a batch before it is sent for the first time.
    pub fn set_mark(&self, mark: &Mark) -> Result<(), IdentityError> {
        let path = self.folder.join(MARK_FILE);
        let fresh = path.with_extension("new");
        let json = serde_json::to_vec(mark).map_err(|_| IdentityError::Key)?;
        if fresh.exists() {
            fs::remove_file(&fresh).map_err(file_error(&fresh, "removed"))?;
        }
        write_secret(&fresh, &json)?;
        fs::rename(&fresh, &path).map_err(file_error(&path, "put in place"))?;
        sync_folder(&self.folder)
    }

    /// True when the device may work at `site`.
    #[must_use]
    pub fn permits(&self, site: SiteId) -> bool {
        self.device.sites.iter().any(|permitted| permitted.id == site)
    }
}

/// See [`Identity::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The epoch.
    pub epoch: Epoch,
    /// The batch.
    pub batch: BatchNo,
    /// Its hash, hexadecimal.
    pub hash: HexHash,
}

/// A hash in a JSON file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HexHash(pub Hash);

impl Serialize for HexHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for HexHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        data_encoding::HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| Hash::from_slice(&bytes))
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a hash has 64 hexadecimal digits"))
    }
}

/// Removes what an interrupted enrolment left.
pub fn discard(data: &Path) -> Result<(), IdentityError> {
    let fresh = data.join(FOLDER_NEW);
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(file_error(&fresh, "removed"))?;
    }
    Ok(())
}

/// Reads a base64 public key.
#[must_use]
pub fn public_key(text: &str) -> Option<PublicKey> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    <[u8; 32]>::try_from(bytes).ok().map(PublicKey)
}

fn read(path: &Path) -> Result<String, IdentityError> {
    fs::read_to_string(path).map_err(file_error(path, "read"))
}

fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(file_error(path, "written"))
}

fn sync_folder(path: &Path) -> Result<(), IdentityError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(file_error(path, "synced"))
}

fn file_error(path: &Path, what: &'static str) -> impl FnOnce(std::io::Error) -> IdentityError {
    let path = path.to_owned();
    move |source| IdentityError::File { path, what, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn device() -> DeviceFile {
        DeviceFile {
            owner: OwnerId(1),
            device: DeviceId(7),
            name: "PDA 7".into(),
            epoch: Epoch(1),
            certificate_pem: String::new(),
            authority_pem: String::new(),
            receipt_key: BASE64.encode(&[9; 32]),
            device_url: "https://127.0.0.1:8443".into(),
            code_host: "trace.example.com".into(),
            sites: vec![Site { id: SiteId(2), name: "line 1".into(), implied_receipt: true }],
            cloud: "http://127.0.0.1:8080".into(),
        }
    }

    #[test]
    fn keys_are_stored_for_their_owner_only_and_read_back() {
        let data = tempfile::tempdir().unwrap();
        let keys = NewKeys::draw().unwrap();
        Identity::store(data.path(), &keys, &device()).unwrap();
        let read = Identity::load(data.path()).unwrap().unwrap();
        assert_eq!(read.signing.public(), keys.signing.public());
        assert!(read.permits(SiteId(2)) && !read.permits(SiteId(3)));
        for file in [SEED_FILE, TLS_KEY_FILE, DEVICE_FILE] {
            let mode = data.path().join(FOLDER).join(file).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn what_an_interrupted_enrolment_left_is_no_identity() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join(FOLDER_NEW)).unwrap();
        assert!(Identity::load(data.path()).unwrap().is_none());
        Identity::store(data.path(), &NewKeys::draw().unwrap(), &device()).unwrap();
        assert!(Identity::load(data.path()).unwrap().is_some());
    }

    #[test]
    fn the_mark_outlives_the_store() {
        let data = tempfile::tempdir().unwrap();
        Identity::store(data.path(), &NewKeys::draw().unwrap(), &device()).unwrap();
        let identity = Identity::load(data.path()).unwrap().unwrap();
        assert_eq!(identity.mark().unwrap(), None);
        let mark = Mark { epoch: Epoch(1), batch: BatchNo(4), hash: HexHash(Hash([5; 32])) };
        identity.set_mark(&mark).unwrap();
        identity.set_mark(&Mark { batch: BatchNo(5), ..mark }).unwrap();
        assert_eq!(identity.mark().unwrap(), Some(Mark { batch: BatchNo(5), ..mark }));
    }
}
