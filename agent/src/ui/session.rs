//! Who is at the page: a PIN checked against the verifier the feed brought, offline; a cookie from then on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{COOKIE, HeaderMap, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use data_encoding::HEXLOWER;
use rusqlite::Connection;
use sealtrace_protocol::ids::{OperatorId, SiteId};
use sealtrace_protocol::ledger::Role;
use sealtrace_protocol::link::{Operator, Site};
use sealtrace_protocol::signing::Hash;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::names;
use crate::feedback::Message;
use crate::identity::random;
use crate::station::desk::Person;
use crate::store::{StoreError, feed, settings};

const COOKIE_NAME: &str = "sealtrace_session";
const SESSIONS_KEY: &str = "ui.sessions";
/// Sessions kept; the oldest makes room.
const SESSIONS_MAX: usize = 8;
/// A shift, and some more.
const SESSION_MS_MAX: i64 = 16 * 60 * 60 * 1_000;
/// Wrong PINs in a row before a login has to wait, and how long.
const WRONG_MAX: u32 = 5;
const WAIT_MS: u64 = 30_000;
/// Logins whose wrong PINs are counted.
const COUNTED_LOGINS_MAX: usize = 64;
/// Checked when nobody has this login, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A stored session; the cookie's secret itself is not stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    secret_hash: String,
    operator: u64,
    site: u64,
    at: i64,
}

/// A signed-in operator.
pub(super) struct Session {
    pub(super) operator: Operator,
    pub(super) site: SiteId,
}

/// PINs tried by login, and when the last one was; right ones are forgotten.
#[derive(Default)]
pub(super) struct Tries {
    counted: Mutex<BTreeMap<String, (u32, u64)>>,
    /// One PIN is checked at a time: each takes 19 MiB, which a PDA does not have many times.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(flatten)]
    credentials: Credentials,
    site: Option<u64>,
}

/// Who somebody says they are.
#[derive(Deserialize)]
pub(super) struct Credentials {
    login: String,
    pin: String,
}

/// `POST /api/session`.
pub(super) async fn log_in(
    State(page): State<Page>,
    body: Result<Json<Login>, JsonRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Json(Login { credentials, site }) = body?;
    let operator = known(&page, &credentials, StatusCode::UNAUTHORIZED).await?;
    let site = choose_site(&page, &operator, site).await?;
    let secret: [u8; 32] =
        random().map_err(|_| ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal"))?;
    let secret = HEXLOWER.encode(&secret);
    let stored = Stored {
        secret_hash: hash(&secret),
        operator: operator.id.get(),
        site: site.get(),
        at: page.agent.clock.now().millis(),
    };
    page.agent
        .store
        .write(move |tx| {
            let mut sessions: Vec<Stored> = settings::get(tx, SESSIONS_KEY)?.unwrap_or_default();
            sessions.retain(|session| stored.at - session.at < SESSION_MS_MAX);
            sessions.insert(0, stored);
            sessions.truncate(SESSIONS_MAX);
            settings::set(tx, SESSIONS_KEY, &sessions)
        })
        .await?;
    tracing::info!(operator.id = operator.id.get(), site.id = site.get(), "an operator signed in");
    let cookie = format!("{COOKIE_NAME}={secret}; Path=/; HttpOnly; SameSite=Strict");
    let body = shown(&page, &Session { operator, site }).await?;
    Ok((AppendHeaders([(SET_COOKIE, header(&cookie)?)]), Json(body)))
}

/// `GET /api/session`.
pub(super) async fn show(
    State(page): State<Page>,
    session: Session,
) -> Result<impl IntoResponse, ApiError> {
    Ok(Json(shown(&page, &session).await?))
}

/// `DELETE /api/session`.
pub(super) async fn log_out(
    State(page): State<Page>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    if let Some(secret) = secret_of(&headers) {
        let gone = hash(&secret);
        page.agent
            .store
            .write(move |tx| {
                let mut sessions: Vec<Stored> =
                    settings::get(tx, SESSIONS_KEY)?.unwrap_or_default();
                sessions.retain(|session| session.secret_hash != gone);
                settings::set(tx, SESSIONS_KEY, &sessions)
            })
            .await?;
    }
    let cookie = format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, header(&cookie)?)])))
}

/// The person whose login and PIN these are; `otherwise` is how it is answered that they are nobody's.
async fn known(
    page: &Page,
    credentials: &Credentials,
    otherwise: StatusCode,
) -> Result<Operator, ApiError> {
    let (login, pin) = (credentials.login.clone(), credentials.pin.clone());
    page.tries.count(&login, page.agent.clock.monotonic_ms())?;
    let operator = page.agent.store.read(move |conn| feed::operator_by_login(conn, &login)).await?;
    let operator = operator.filter(|known| known.enabled);
    let verifier =
        operator.as_ref().map_or_else(|| NOBODY.to_owned(), |known| known.pin_verifier.clone());
    let turn = Arc::clone(&page.tries.turn).lock_owned().await;
    let check = move || {
        let right = verifies(&verifier, &pin);
        drop(turn);
        right
    };
    let right = tokio::task::spawn_blocking(check).await;
    let operator = operator
        .filter(|_| right.unwrap_or(false))
        .ok_or_else(|| ApiError::of(otherwise, "wrong_pin"))?;
    page.tries.forget(&credentials.login);
    Ok(operator)
}

impl Session {
    /// The person who approves what is done in this session: of a role that may, and permitted at its site. A wrong
    /// PIN of theirs ends nobody's session.
    pub(super) async fn approver(
        &self,
        page: &Page,
        credentials: &Credentials,
    ) -> Result<OperatorId, ApiError> {
        let approver = known(page, credentials, StatusCode::FORBIDDEN).await?;
        if !approver.role.approves() {
            let message = Message::new("role_not_permitted").with("needs", Role::Supervisor);
            return Err(ApiError::new(StatusCode::FORBIDDEN, message));
        }
        if !approver.sites.contains(&self.site) {
            let site = self.site;
            let named = page.agent.store.read(move |conn| names::site(conn, site)).await?;
            return Err(not_permitted(&approver, named));
        }
        Ok(approver.id)
    }

    pub(super) const fn person(&self) -> Person {
        Person { operator: self.operator.id, role: self.operator.role, site: self.site }
    }
}

impl FromRequestParts<Page> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, ApiError> {
        let none = || ApiError::of(StatusCode::UNAUTHORIZED, "no_session");
        let secret = secret_of(&parts.headers).ok_or_else(none)?;
        let (secret_hash, now) = (hash(&secret), page.agent.clock.now().millis());
        let found = page
            .agent
            .store
            .read(move |conn| {
                let sessions: Vec<Stored> = settings::get(conn, SESSIONS_KEY)?.unwrap_or_default();
                let Some(stored) =
                    sessions.into_iter().find(|stored| stored.secret_hash == secret_hash)
                else {
                    return Ok(None);
                };
                // A clock that was set back must not end a shift either.
                if now - stored.at >= SESSION_MS_MAX {
                    return Ok(None);
                }
                let site = SiteId(stored.site);
                // Who may not work here any more is signed out by that.
                let operator = feed::operator(conn, OperatorId(stored.operator))?
                    .filter(|operator| operator.enabled && operator.sites.contains(&site));
                Ok::<_, StoreError>(operator.map(|operator| Self { operator, site }))
            })
            .await?;
        found.ok_or_else(none)
    }
}

impl Tries {
    /// Counts a try before it is made, so that many at once are no more than many in a row.
    fn count(&self, login: &str, now_ms: u64) -> Result<(), ApiError> {
        let mut counted = self.counted.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (tries, at_ms) = counted.get(login).copied().unwrap_or_default();
        let waited_ms = now_ms.saturating_sub(at_ms);
        if tries >= WRONG_MAX && waited_ms < WAIT_MS {
            let message = Message::new("too_many_tries").with("wait_ms", WAIT_MS - waited_ms);
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message));
        }
        if counted.len() >= COUNTED_LOGINS_MAX && !counted.contains_key(login) {
            // The least suspicious makes room: made-up names do not wash a real one clean.
            let least = counted.iter().min_by_key(|(_, counts)| **counts);
            let least = least.map(|(login, _)| login.clone()).unwrap_or_default();
            counted.remove(&least);
        }
        counted.insert(login.to_owned(), (tries.saturating_add(1), now_ms));
        Ok(())
    }

    fn forget(&self, login: &str) {
        self.counted.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(login);
    }
}

/// The site asked for, if device and person may work there; without one, the site of the work that is open, or the
/// first. Asked only once the PIN was right.
async fn choose_site(
    page: &Page,
    operator: &Operator,
    asked: Option<u64>,
) -> Result<SiteId, ApiError> {
    let forbidden = || ApiError::of(StatusCode::FORBIDDEN, "site_not_permitted");
    let sites = sites(page);
    let permitted = |site: &Site| operator.sites.contains(&site.id);
    let in_work = page.desk.site_in_work().await;
    let site = match asked.map(SiteId).or(in_work) {
        Some(wanted) => sites.iter().find(|site| site.id == wanted),
        None => sites.iter().find(|site| permitted(site)).or(sites.first()),
    };
    let site = site.ok_or_else(forbidden)?;
    if !permitted(site) {
        return Err(not_permitted(operator, json!({"id": site.id, "name": site.name})));
    }
    if in_work.is_some_and(|open| open != site.id) {
        return Err(ApiError::of(StatusCode::CONFLICT, "package_open"));
    }
    Ok(site.id)
}

fn not_permitted(operator: &Operator, site: Value) -> ApiError {
    let message = Message::new("operator_not_permitted")
        .with("operator", json!({"id": operator.id, "name": operator.name}))
        .with("site", site);
    ApiError::new(StatusCode::FORBIDDEN, message)
}

/// Where this device may work.
fn sites(page: &Page) -> Vec<Site> {
    page.agent.identity.as_ref().map(|identity| identity.device.sites.clone()).unwrap_or_default()
}

async fn shown(page: &Page, session: &Session) -> Result<Value, ApiError> {
    let (operator, mut sites) = (session.operator.clone(), sites(page));
    sites.retain(|site| operator.sites.contains(&site.id));
    let id = session.site;
    let names = move |conn: &Connection| {
        let mut named = Vec::with_capacity(sites.len());
        for site in sites {
            // Enrolment named it; the feed says what it is called now.
            let name = feed::site(conn, site.id)?.map_or(site.name, |heard| heard.name);
            named.push(json!({"id": site.id, "name": name}));
        }
        Ok::<_, StoreError>(named)
    };
    let sites = page.agent.store.read(names).await?;
    let site = sites.iter().find(|site| site["id"] == json!(id)).cloned();
    Ok(json!({
        "operator": {
            "id": operator.id, "login": operator.login, "name": operator.name, "role": operator.role,
        },
        "site": site,
        "sites": sites,
    }))
}

fn verifies(verifier: &str, pin: &str) -> bool {
    PasswordHash::new(verifier)
        .is_ok_and(|hash| Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok())
}

/// A verifier for a PIN as the feed carries it; for tests and tools that stand in for the cloud.
#[must_use]
pub fn hash_pin(pin: &str) -> Option<String> {
    Argon2::default().hash_password(pin.as_bytes()).ok().map(|hash| hash.to_string())
}

fn secret_of(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
        .map(str::to_owned)
}

fn hash(secret: &str) -> String {
    HEXLOWER.encode(&Hash::of(secret.as_bytes()).0)
}

fn header(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text)
        .map_err(|_| ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_logins_do_not_wash_a_real_one_clean() {
        let tries = Tries::default();
        for now_ms in 0..WRONG_MAX {
            assert!(tries.count("li", u64::from(now_ms)).is_ok());
        }
        for nobody in 0..3 * COUNTED_LOGINS_MAX {
            assert!(tries.count(&format!("nobody-{nobody}"), 10).is_ok());
        }
        assert!(tries.count("li", 20).is_err());
        assert!(tries.count("li", 20 + WAIT_MS).is_ok());
        assert!(tries.count("li", 21 + WAIT_MS).is_err());
        tries.forget("li");
        assert!(tries.count("li", 22 + WAIT_MS).is_ok());
    }
}
