//! The context of a request: who calls from where, when, and with what.

use crate::auth::Caller;
use crate::{App, Limit, Once, Problem, Result, Setting, Settings};
use axum::extract::FromRequestParts;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use kith_crypto::SecretHash;
use kith_store::Store;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex};

/// The context of one request. The time is the gateway's: it comes with the event.
#[derive(Clone)]
pub struct Cx {
    /// The table, with this request's mark and meter.
    pub store: Store,
    /// When the request arrived.
    pub now: Timestamp,
    /// The gateway's id of the request.
    pub request_id: Arc<str>,
    /// Where it came from.
    pub client: Client,
    app: App,
    headers: Arc<Mutex<HeaderMap>>,
    unadmitted: Arc<Mutex<Option<Caller>>>,
}

/// What the gateway tells of a request: all that a function without a table has.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// When the request arrived, by the gateway.
    pub now: Timestamp,
    /// The gateway's id of the request.
    pub request_id: Arc<str>,
    /// Where it came from.
    pub client: Client,
}

/// What a client tells of itself without being asked.
#[derive(Debug, Clone)]
pub struct Client {
    /// The network address that the gateway saw.
    pub address: String,
    /// `User-Agent`, at most 256 characters.
    pub device: String,
}

impl Client {
    /// The subject of limits per address. An IPv6 network of /64 is one subscriber; behind NAT64 the IPv4 address is.
    pub fn network(&self) -> String {
        match self.address.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped().or_else(|| translated(address)) {
                Some(v4) => v4.to_string(),
                None => Ipv6Addr::from(u128::from(address) >> 64 << 64).to_string(),
            },
            Ok(IpAddr::V4(address)) => address.to_string(),
            Err(_) => self.address.clone(),
        }
    }
}

impl Client {
    /// The network as something that is kept for a while may name it: a hash, for which all that is the same is one.
    pub fn network_hash(&self) -> String {
        SecretHash::of(format!("network\n{}", self.network()).as_bytes()).to_string()
    }
}

/// The IPv4 address in one of NAT64's well-known prefix (RFC 6052).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            let [.., a, b, c, d] = address.octets();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

impl App {
    /// An absolute link to a path of this deployment.
    pub fn link(&self, path: &str) -> Result<String> {
        Ok(format!("{}{path}", self.settings().get(Setting::PublicUrl)?))
    }
}

impl Cx {
    pub(crate) fn new(app: App, store: Store, arrived: Arrived) -> Self {
        let Arrived { now, request_id, client } = arrived;
        Self { store, now, request_id, client, app, headers: Arc::default(), unadmitted: Arc::default() }
    }

    /// The function's settings.
    pub fn settings(&self) -> &Settings {
        self.app.settings()
    }

    /// An absolute link to a path of this deployment.
    pub fn link(&self, path: &str) -> Result<String> {
        self.app.link(path)
    }

    /// Lets neither caches nor search engines remember whatever is answered, problem or not.
    pub fn keep_secret(&self) {
        self.add_header(CACHE_CONTROL, "no-store");
        self.add_header(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    }

    /// Region, credentials and endpoint for further AWS clients.
    pub fn aws(&self) -> &aws_types::SdkConfig {
        self.app.aws()
    }

    /// Counts this request for a subject; 429 with the time to wait when it is one too many.
    pub async fn limit(&self, limit: &Limit, subject: &str) -> Result<()> {
        limit.count(self, subject, None).await.map(drop)
    }

    /// The same for a creating request: its repeats, also those in flight, count once. False for such a repeat.
    pub async fn limit_once(&self, limit: &Limit, subject: &str, once: &Once) -> Result<bool> {
        limit.count(self, subject, once.mark()).await
    }

    /// Notes a caller whose session and account nobody has looked at yet, or that somebody looks.
    pub(crate) fn await_admission(&self, caller: Option<Caller>) {
        if let Ok(mut unadmitted) = self.unadmitted.lock() {
            *unadmitted = caller;
        }
    }

    /// The caller whose session and account nobody has looked at.
    pub(crate) fn unadmitted(&self) -> Option<Caller> {
        self.unadmitted.lock().ok().and_then(|unadmitted| *unadmitted)
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// Adds a header to whatever is answered, problem or not. A second value joins the first in a list: the answer of
    /// a function has one value per name.
    pub(crate) fn add_header(&self, name: HeaderName, value: &str) {
        let Ok(mut headers) = self.headers.lock() else { return };
        let earlier = headers.get(&name).and_then(|earlier| earlier.to_str().ok());
        let joined = earlier.map_or_else(|| value.to_owned(), |earlier| format!("{earlier}, {value}"));
        if let Ok(value) = HeaderValue::from_str(&joined) {
            headers.insert(name, value);
        }
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers.lock().map(|headers| headers.clone()).unwrap_or_default()
    }
}

impl FromRequestParts<App> for Cx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::internal("the function has no table but its handler asks for one"))
    }
}

impl FromRequestParts<App> for Arrived {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::internal("the edge left no arrival in the request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> String {
        Client { address: address.into(), device: String::new() }.network()
    }

    #[test]
    fn ipv6_counts_by_its_first_64_bits() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
    }

    #[test]
    fn h05_behind_nat64_everybody_counts_by_their_ipv4_address() {
        assert_eq!(network("64:ff9b::cb00:7107"), "203.0.113.7");
        assert_ne!(network("64:ff9b::cb00:7107"), network("64:ff9b::cb00:7108"));
        assert_eq!(network("64:ff9b:1::cb00:7107"), "64:ff9b:1::");
    }
}
