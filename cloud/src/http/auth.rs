//! Who is asking: the account behind the session cookie, its role, the page the request came from.

use axum::extract::{FromRequestParts, Request};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use super::ApiError;
use crate::accounts::{
    Account, AccountId, Role, SESSION_COOKIE, SESSION_HOURS, SIGNED_IN, Sessions,
};
use crate::cloud::Cloud;
use crate::store;

/// The session cookie: out of reach of scripts and of other sites, and of plain HTTP where there is TLS.
pub fn sessions(cloud: &Cloud) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(cloud.store.clone(), cloud.clock.clone()))
        .with_name(SESSION_COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(cloud.config.web.tls.is_some())
        .with_expiry(Expiry::OnInactivity(Duration::hours(SESSION_HOURS)))
}

/// Starts a session under a new id, so that one fixed by somebody else is worth nothing.
pub async fn begin(session: &Session, account: &Account) -> Result<(), ApiError> {
    session.cycle_id().await.map_err(|error| ApiError::failure(&error))?;
    session.insert(SIGNED_IN, account.id).await.map_err(|error| ApiError::failure(&error))
}

/// Ends a session.
pub async fn end(session: &Session) -> Result<(), ApiError> {
    session.flush().await.map_err(|error| ApiError::failure(&error))
}

/// Whoever is signed in.
impl FromRequestParts<Cloud> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, ApiError> {
        let no_session = || ApiError::new(StatusCode::UNAUTHORIZED, "no_session");
        let session = Session::from_request_parts(parts, cloud).await.map_err(|_| no_session())?;
        let id: Option<AccountId> =
            session.get(SIGNED_IN).await.map_err(|error| ApiError::failure(&error))?;
        let mut tx = cloud.store.read().await?;
        let account = store::accounts::by_id(&mut tx, id.ok_or_else(no_session)?).await?;
        account.ok_or_else(no_session)
    }
}

macro_rules! only {
    ($($(#[$doc:meta])* $name:ident: $roles:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name(pub Account);

        impl FromRequestParts<Cloud> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(
                parts: &mut Parts,
                cloud: &Cloud,
            ) -> Result<Self, ApiError> {
                let account = Account::from_request_parts(parts, cloud).await?;
                if $roles.contains(&account.role) {
                    Ok(Self(account))
                } else {
                    Err(ApiError::forbidden("forbidden"))
                }
            }
        }
    )*};
}

only! {
    /// An administrator.
    Admin: [Role::Admin];
    /// Somebody who may change what the console keeps.
    Manager: [Role::Admin, Role::Manager];
    /// Somebody who may read the console.
    Auditor: [Role::Admin, Role::Manager, Role::Auditor];
    /// Somebody who may report what was found.
    Inspector: [Role::Admin, Role::Inspector];
}

/// Lets requests that change something through only when no other site can have sent them.
pub async fn same_origin(request: Request, next: Next) -> Result<Response, ApiError> {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_reading || is_same_origin(request.uri(), request.headers()) {
        return Ok(next.run(request).await);
    }
    tracing::warn!(request.path = request.uri().path(), "another site sent a request here");
    Err(ApiError::forbidden("other_origin"))
}

/// Browsers say where a request comes from; programs that are no browsers say nothing and carry no cookie by accident.
/// HTTP/2 names our own host in the address instead of a header.
fn is_same_origin(uri: &Uri, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let own = match headers.get(HOST) {
        Some(host) => host.to_str().ok(),
        None => uri.authority().map(Authority::as_str),
    };
    origin.is_some_and(|(_, host)| own.is_some_and(|own| own.eq_ignore_ascii_case(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_and_programs_without_a_browser_pass() {
        let own = [("host", "a.example:8080"), ("origin", "https://a.example:8080")];
        assert!(is_same_origin(&Uri::from_static("/"), &headers(&own)));
        assert!(is_same_origin(&Uri::from_static("/"), &headers(&[("host", "a.example")])));
        for origin in ["https://b.example", "null", "https://a.example", ""] {
            let other = [("host", "a.example:8080"), ("origin", origin)];
            assert!(!is_same_origin(&Uri::from_static("/"), &headers(&other)), "{origin}");
        }
        let cross = [("host", "a.example"), ("sec-fetch-site", "cross-site")];
        assert!(!is_same_origin(&Uri::from_static("/"), &headers(&cross)));
    }
}
