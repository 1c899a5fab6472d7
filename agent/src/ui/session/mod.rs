//! Who is at the page: signed in with a PIN, offline; a cookie from then on; locked when nobody works.

mod kept;
mod pin;

use std::sync::Arc;

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
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::Page;
use super::error::ApiError;
use super::names;
use crate::agent::Agent;
use crate::feedback::Message;
use crate::identity::random;
use crate::station::desk::Person;
use crate::store::{StoreError, feed, settings};

pub(super) use kept::Sessions;
pub use pin::hash_pin;
pub(crate) use pin::verifies;
pub(super) use pin::{Credentials, Tries};

const COOKIE_NAME: &str = "sealtrace_session";
const SESSIONS_KEY: &str = "ui.sessions";
/// How often it is looked whether somebody has left.
const LOOK_INTERVAL_MS: u64 = 15_000;
/// How often the age of sessions is stored when nothing else is.
const STORE_INTERVAL_MS: u64 = 15 * 60 * 1_000;

/// Where the frames of a camera's stream go.
const STREAM: &str = "/api/camera";

/// A signed-in operator whose session is not locked.
pub(super) struct Session {
    pub(super) operator: Operator,
    pub(super) site: SiteId,
    secret_hash: String,
}

/// A signed-in operator, locked or not.
pub(super) struct AnySession {
    session: Session,
    locked: bool,
}

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(flatten)]
    credentials: Credentials,
    site: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Unlock {
    pin: String,
}

#[derive(Deserialize)]
pub(super) struct ElseWhere {
    site: SiteId,
}

/// The sessions that were there when the agent ended.
pub(super) async fn restore(agent: &Agent) -> Result<Sessions, StoreError> {
    let stored = agent.store.read(|conn| settings::get(conn, SESSIONS_KEY)).await?;
    let now_ms = agent.clock.monotonic_ms();
    Ok(Sessions::new(stored.unwrap_or_default(), now_ms, agent.config.ui.lock_after_ms))
}

/// Locks sessions that nobody uses, also when no page asks, until `stop`.
pub(super) async fn watch(page: Page, stop: CancellationToken) {
    let clock = &page.agent.clock;
    let mut stored_ms = clock.monotonic_ms();
    loop {
        tokio::select! {
            () = clock.sleep_ms(LOOK_INTERVAL_MS) => {}
            () = stop.cancelled() => return,
        }
        let now_ms = clock.monotonic_ms();
        let idle = page.sessions.lock_idle(now_ms);
        idle.iter().copied().for_each(tell_idle);
        if idle.is_empty() && now_ms.saturating_sub(stored_ms) < STORE_INTERVAL_MS {
            continue;
        }
        stored_ms = now_ms;
        if let Err(error) = store(&page).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "who is signed in could not be stored; it is tried again");
        }
    }
}

/// `POST /api/session`: somebody signs in, also over somebody else.
pub(super) async fn log_in(
    State(page): State<Page>,
    headers: HeaderMap,
    body: Result<Json<Login>, JsonRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Json(Login { credentials, site }) = body?;
    let operator = pin::known(&page, &credentials, StatusCode::UNAUTHORIZED).await?;
    let site = choose_site(&page, &operator, site).await?;
    let secret: [u8; 32] =
        random().map_err(|_| ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal"))?;
    let secret = HEXLOWER.encode(&secret);
    let (secret_hash, before) = (hash(&secret), secret_of(&headers).map(|secret| hash(&secret)));
    let (who, now_ms) = ((operator.id, site), page.agent.clock.monotonic_ms());
    page.sessions.begin(secret_hash.clone(), who, before.as_deref(), now_ms);
    if let Err(error) = store(&page).await {
        page.sessions.end(&secret_hash);
        return Err(error.into());
    }
    tracing::info!(operator.id = operator.id.get(), site.id = site.get(), "an operator signed in");
    let cookie = format!("{COOKIE_NAME}={secret}; Path=/; HttpOnly; SameSite=Strict");
    let session = Session { operator, site, secret_hash };
    let body = shown(&page, &session, false).await?;
    Ok((AppendHeaders([(SET_COOKIE, header(&cookie)?)]), Json(body)))
}

/// `GET /api/session`.
pub(super) async fn show(
    State(page): State<Page>,
    AnySession { session, locked }: AnySession,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&page, &session, locked).await?))
}

/// `DELETE /api/session`.
pub(super) async fn log_out(
    State(page): State<Page>,
    session: Result<AnySession, ApiError>,
) -> Result<impl IntoResponse, ApiError> {
    if let Ok(AnySession { session, .. }) = session {
        page.sessions.end(&session.secret_hash);
        store(&page).await?;
        tracing::info!(operator.id = session.operator.id.get(), "an operator signed out");
    }
    let cookie = format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, header(&cookie)?)])))
}

/// `POST /api/session/lock`.
pub(super) async fn lock(
    State(page): State<Page>,
    AnySession { session, locked }: AnySession,
) -> Result<StatusCode, ApiError> {
    if !locked {
        page.sessions.lock(&session.secret_hash);
        store(&page).await?;
        tracing::info!(operator.id = session.operator.id.get(), "an operator locked the page");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/session/unlock`. A wrong PIN ends nobody's session.
pub(super) async fn unlock(
    State(page): State<Page>,
    AnySession { session, .. }: AnySession,
    body: Result<Json<Unlock>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(Unlock { pin }) = body?;
    let credentials = Credentials { login: session.operator.login.clone(), pin };
    pin::known(&page, &credentials, StatusCode::FORBIDDEN).await?;
    page.sessions.unlock(&session.secret_hash, page.agent.clock.monotonic_ms());
    store(&page).await?;
    tracing::info!(operator.id = session.operator.id.get(), "an operator unlocked the page");
    Ok(Json(shown(&page, &session, false).await?))
}

/// `PUT /api/session/site`: the same person goes on at another site.
pub(super) async fn change_site(
    State(page): State<Page>,
    mut session: Session,
    body: Result<Json<ElseWhere>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(ElseWhere { site }) = body?;
    let site = choose_site(&page, &session.operator, Some(site.get())).await?;
    page.sessions.move_to(&session.secret_hash, site);
    store(&page).await?;
    let before = std::mem::replace(&mut session.site, site);
    tracing::info!(
        operator.id = session.operator.id.get(),
        site.id = site.get(),
        site.before = before.get(),
        "an operator changed the site"
    );
    Ok(Json(shown(&page, &session, false).await?))
}

/// Stores who is signed in, as it is when the writer comes to it.
async fn store(page: &Page) -> Result<(), StoreError> {
    let (sessions, clock) = (Arc::clone(&page.sessions), page.agent.clock.clone());
    page.agent
        .store
        .write(move |tx| settings::set(tx, SESSIONS_KEY, &sessions.to_store(clock.monotonic_ms())))
        .await
}

fn tell_idle(operator: OperatorId) {
    tracing::info!(operator.id = operator.get(), "the page was locked: nobody used it");
}

impl Session {
    /// The person who approves what is done in this session: of a role that may, and permitted at its site. A wrong
    /// PIN of theirs ends nobody's session.
    pub(super) async fn approver(
        &self,
        page: &Page,
        credentials: &Credentials,
    ) -> Result<OperatorId, ApiError> {
        let approver = pin::known(page, credentials, StatusCode::FORBIDDEN).await?;
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
        let AnySession { session, locked } = AnySession::from_request_parts(parts, page).await?;
        if locked { Err(ApiError::of(StatusCode::LOCKED, "locked")) } else { Ok(session) }
    }
}

impl FromRequestParts<Page> for AnySession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, ApiError> {
        let none = || ApiError::of(StatusCode::UNAUTHORIZED, "no_session");
        let secret = secret_of(&parts.headers).ok_or_else(none)?;
        let (secret_hash, now_ms) = (hash(&secret), page.agent.clock.monotonic_ms());
        // What a page asks by itself changes nothing, and a stream that runs is nobody at work.
        let used = !parts.method.is_safe() && parts.uri.path() != STREAM;
        let found = page.sessions.find(&secret_hash, used, now_ms).ok_or_else(none)?;
        if found.news {
            tell_idle(found.operator);
            store(page).await?;
        }
        let (id, site, locked) = (found.operator, found.site, found.locked);
        let operator = page.agent.store.read(move |conn| feed::operator(conn, id)).await?;
        // Who may not work here any more is signed out by that.
        let operator = operator
            .filter(|operator| operator.enabled && operator.sites.contains(&site))
            .ok_or_else(none)?;
        Ok(Self { session: Session { operator, site, secret_hash }, locked })
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

async fn shown(page: &Page, session: &Session, locked: bool) -> Result<Value, ApiError> {
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
        "locked": locked,
        "lock_after_ms": page.sessions.lock_after_ms().unwrap_or_default(),
    }))
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
