//! Keys of requests whose repeats are recognised by what they changed: a second press of a button, a reload, a request
//! sent again because its answer got lost.
//!
//! In the API such a key is the header `Idempotency-Key`; a form carries one in a hidden field, made up for each time that
//! the page is shown.

use crate::{App, Problem, Result};
use axum::extract::OptionalFromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use kith_crypto::{Secret, SecretHash};
use secrecy::{ExposeSecret as _, SecretString};
use utoipa::IntoParams;

/// The request header.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// How many characters of a hash make a mark: 128 bits, which nobody finds another key for.
const MARK: usize = 22;

/// A key that repeats of a request have in common: 16 to 128 visible ASCII characters. Not shown by `Debug`.
#[derive(Debug, Clone)]
pub struct RepeatKey(SecretString);

/// The header, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the contract; read by `RepeatKey`")]
pub struct RepeatHeader {
    /// Lets this request be repeated for 60 seconds, should its answer get lost. Make it up at random.
    #[param(rename = "Idempotency-Key", min_length = 16, max_length = 128)]
    idempotency_key: Option<String>,
}

impl RepeatKey {
    /// What somebody sent as a key, if it is one.
    pub fn parse(sent: &str) -> Option<Self> {
        let is_key = (16..=128).contains(&sent.len()) && sent.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Self(sent.into()))
    }

    /// A key for a form that is shown now.
    pub fn for_form() -> String {
        Secret::<16>::generate().encode().to_string()
    }

    /// The key as it was sent.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What stands in the table for this key together with the secret that it was sent for: neither can be found by it.
    pub fn mark(&self, secret: &str) -> String {
        let hash = SecretHash::of(format!("kith repeat\n{secret}\n{}", self.expose()).as_bytes());
        hash.to_string().chars().take(MARK).collect()
    }
}

/// The key in the header, if there is one; 400 where it is none.
impl OptionalFromRequestParts<App> for RepeatKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>> {
        let Some(header) = parts.headers.get(HEADER) else { return Ok(None) };
        let key = header.to_str().ok().and_then(Self::parse);
        let wrong = || Problem::bad_request("An Idempotency-Key has 16 to 128 visible ASCII characters.");
        key.map(Some).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_16_to_128_visible_characters() {
        for key in ["0123456789abcdef".to_owned(), "!~".repeat(64), RepeatKey::for_form()] {
            assert!(RepeatKey::parse(&key).is_some(), "{key}");
        }
        for none in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcde\u{e9}", &"x".repeat(129)] {
            assert!(RepeatKey::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_mark_belongs_to_one_key_and_one_secret_and_shows_neither() {
        let (one, other) =
            (RepeatKey::parse("0123456789abcdef").unwrap(), RepeatKey::parse("fedcba9876543210").unwrap());
        assert_eq!(one.mark("secret"), one.mark("secret"));
        assert_eq!(one.mark("secret").len(), MARK);
        assert_ne!(one.mark("secret"), other.mark("secret"));
        assert_ne!(one.mark("secret"), one.mark("another"));
        assert!(!format!("{one:?}").contains("0123456789abcdef"));
        assert_ne!(RepeatKey::for_form(), RepeatKey::for_form());
    }
}
