//! Callers from outside: their address, and how often each may ask.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use sealtrace_protocol::time::Timestamp;

use super::ApiError;
use super::limit::{Limiter, Rate};
use crate::accounts::Logins;

/// Consumers' verifications from one address: a family at a table, not somebody who tries out codes.
const VERIFICATIONS: Rate = Rate { burst: 60, refill_ms: 1_000 };

/// What this process remembers of callers.
#[derive(Debug)]
pub struct Callers {
    /// Tries to log in.
    pub logins: Logins,
    verifications: Mutex<Limiter>,
}

impl Default for Callers {
    fn default() -> Self {
        Self { logins: Logins::default(), verifications: Mutex::new(Limiter::new(VERIFICATIONS)) }
    }
}

impl Callers {
    /// Lets a verification through, or says when the next one may come. Programs on this machine are not limited.
    pub fn may_verify(&self, caller: &Caller, now: Timestamp) -> Result<(), ApiError> {
        let Caller(Some(address)) = caller else { return Ok(()) };
        let mut verifications = self.verifications.lock().unwrap_or_else(PoisonError::into_inner);
        verifications.take(&network(*address), now).map_err(too_many)
    }
}

/// 429, with the seconds to wait.
#[must_use]
pub fn too_many(wait_ms: u64) -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests")
        .with("retry_after_s", wait_ms.div_ceil(1_000))
}

/// Where a request comes from; none for programs on this machine. A proxy on this machine says whom it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(pub Option<IpAddr>);

impl Caller {
    /// A name for limits.
    #[must_use]
    pub fn name(self) -> String {
        self.0.map_or_else(|| "this machine".to_owned(), network)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(caller(peer.map(|ConnectInfo(peer)| peer.ip()), &parts.headers))
    }
}

/// The header is believed from this machine only, and only its last entry, which the proxy itself wrote.
fn caller(peer: Option<IpAddr>, headers: &HeaderMap) -> Caller {
    // A listener on [::] sees IPv4 callers as ::ffff:a.b.c.d, which would all be one network.
    let peer = peer.map(|peer| peer.to_canonical());
    if let Some(peer) = peer.filter(|peer| !peer.is_loopback()) {
        return Caller(Some(peer));
    }
    let Some(forwarded) = headers.get_all("x-forwarded-for").iter().next_back() else {
        return Caller(None);
    };
    let last = forwarded.to_str().ok().and_then(|list| list.rsplit(',').next());
    let address: Option<IpAddr> = last.and_then(|address| address.trim().parse().ok());
    // An address that cannot be read lifts no limit: such callers share the proxy's.
    Caller(address.map(|address| address.to_canonical()).or(peer))
}

/// One caller has a whole /64 of IPv6.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_speak_for_others() {
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(caller(Some(far), &headers), Caller(Some(far)));
        assert_eq!(caller(Some("127.0.0.1".parse().unwrap()), &headers), Caller(None));
        headers.insert("x-forwarded-for", "198.51.100.7, 203.0.113.9".parse().unwrap());
        let real: IpAddr = "203.0.113.9".parse().unwrap();
        assert_eq!(caller(Some("::1".parse().unwrap()), &headers), Caller(Some(real)));
        assert_eq!(caller(Some(far), &headers), Caller(Some(far)));
    }

    #[test]
    fn an_ipv4_caller_is_the_same_on_a_listener_for_both_families() {
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let plain: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(caller(Some(mapped), &HeaderMap::new()), Caller(Some(plain)));
        let here: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        assert_eq!(caller(Some(here), &HeaderMap::new()), Caller(None));
    }

    #[test]
    fn an_address_that_cannot_be_read_is_limited_with_its_proxy() {
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        for text in ["unknown", "", "203.0.113.9:4711"] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", text.parse().unwrap());
            assert_eq!(caller(Some(proxy), &headers), Caller(Some(proxy)), "{text}");
        }
    }

    #[test]
    fn addresses_of_one_network_share_a_limit() {
        let one = network("2001:db8:1:2:3::4".parse().unwrap());
        assert_eq!(one, network("2001:db8:1:2::5".parse().unwrap()));
        assert_ne!(one, network("2001:db8:1:3::5".parse().unwrap()));
    }
}
