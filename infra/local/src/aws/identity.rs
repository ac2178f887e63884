//! Who calls: every instance signs with its own key, made up at its start and known to this process only.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_credential_types::Credentials as SigningCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::request::Parts;
use jiff::civil::DateTime;
use uuid::Uuid;

use super::locked;
use super::reply::Refusal;

/// What an instance signs its requests with. Those made here are random and worth nothing outside this process.
#[derive(Clone)]
pub struct Credentials {
    /// Value of `AWS_ACCESS_KEY_ID`.
    pub access_key: String,
    /// Value of `AWS_SECRET_ACCESS_KEY`.
    pub secret_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// The function behind a request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) operation: Arc<str>,
    pub(super) access_key: String,
}

/// The keys of all admitted instances.
#[derive(Default)]
pub(super) struct Identities {
    keys: Mutex<HashMap<String, Key>>,
}

#[derive(Clone)]
struct Key {
    operation: Arc<str>,
    secret: String,
}

impl Identities {
    pub(super) fn admit(&self, operation: &str) -> Credentials {
        let access_key = format!("KITH{}", Uuid::new_v4().simple()).to_uppercase();
        let secret_key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let key = Key { operation: operation.into(), secret: secret_key.clone() };
        locked(&self.keys).insert(access_key.clone(), key);
        Credentials { access_key, secret_key }
    }

    /// Forgets the key of an instance that has ended.
    pub(super) fn dismiss(&self, access_key: &str) {
        locked(&self.keys).remove(access_key);
    }

    /// Takes credentials that were made elsewhere. Who signs with them cannot be told.
    pub(super) fn trust(&self, credentials: Credentials) {
        let key = Key { operation: "*".into(), secret: credentials.secret_key };
        locked(&self.keys).insert(credentials.access_key, key);
    }

    /// The function behind an access key.
    pub(super) fn caller(&self, access_key: &str) -> Option<Caller> {
        let operation = Arc::clone(&locked(&self.keys).get(access_key)?.operation);
        Some(Caller { operation, access_key: access_key.to_owned() })
    }

    /// The other half of an access key.
    pub(super) fn secret_of(&self, access_key: &str) -> Option<String> {
        Some(locked(&self.keys).get(access_key)?.secret.clone())
    }

    /// Finds the caller by the key in the `Authorization` header and verifies the Signature Version 4.
    pub(super) fn authenticate(&self, head: &Parts, body: &[u8]) -> Result<Caller, Refusal> {
        let header = head.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(header) = header else {
            return Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
        };
        let Some(claim) = Claim::parse(header) else {
            return Err(Refusal::new("IncompleteSignatureException", "Authorization header is no Signature Version 4"));
        };
        let Some(key) = locked(&self.keys).get(claim.access_key).cloned() else {
            return Err(Refusal::new(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ));
        };
        if claim.signature_over(head, body, &key.secret).as_deref() != Some(claim.signature) {
            let message = "The request signature we calculated does not match the signature you provided.";
            return Err(Refusal::new("InvalidSignatureException", message));
        }
        Ok(Caller { operation: key.operation, access_key: claim.access_key.to_owned() })
    }
}

/// The parts of an `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` header.
struct Claim<'a> {
    access_key: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let parameters = header.strip_prefix("AWS4-HMAC-SHA256")?;
        let find =
            |name: &str| parameters.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let mut scope = find("Credential")?.split('/');
        let (access_key, _date, region, service) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
        let signed_headers = find("SignedHeaders")?.split(';').collect();
        Some(Self { access_key, region, service, signed_headers, signature: find("Signature")? })
    }

    /// The signature that the holder of `secret` gives to this request. `None` when the request cannot be signed.
    fn signature_over(&self, head: &Parts, body: &[u8], secret: &str) -> Option<String> {
        let text = |name: &str| head.headers.get(name)?.to_str().ok();
        let moment = DateTime::strptime("%Y%m%dT%H%M%SZ", text("x-amz-date")?).ok()?;
        let moment = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        let identity = SigningCredentials::new(self.access_key, secret, None, None, "kith-local").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::from(moment))
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        // The signer derives these two itself, from the address and the time.
        let headers = self.signed_headers.iter().filter(|name| !matches!(**name, "host" | "x-amz-date"));
        let headers = headers.map(|name| Some((*name, text(name)?))).collect::<Option<Vec<_>>>()?;
        let path = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let address = format!("http://{}{path}", text("host")?);
        let request =
            SignableRequest::new(head.method.as_str(), address, headers.into_iter(), SignableBody::Bytes(body)).ok()?;
        Some(sign(request, &parameters).ok()?.signature().to_owned())
    }
}
