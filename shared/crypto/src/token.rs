//! Secrets that grant access by being known: the tokens of mailed links and refresh tokens.
//!
//! The table keeps only their SHA-256 (FIPS 180-4). That is enough, without salt or stretching, because every
//! secret here has at least 128 random bits.

use crate::{base64url, random};
use aws_lc_rs::{digest, hmac};
use kith_domain::{SessionId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;
use zeroize::Zeroizing;

/// `N` random bytes that nobody may see but who they are made for. Wiped from memory when dropped, not shown by
/// `Debug`, and not serializable, so that it cannot reach the table.
#[derive(Clone)]
pub struct Secret<const N: usize = 32>(Zeroizing<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// A new secret of `N` random bytes.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_bytes(random())
    }

    /// The secret made of these bytes.
    pub fn from_bytes(bytes: [u8; N]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves, for deriving keys from them.
    pub fn expose_bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// The text that its owner gets: base64url without padding (43 characters for 32 bytes).
    pub fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(base64url::encode(self.0.as_slice()))
    }

    /// Reads what [`Secret::encode`] wrote; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode_exactly(text).map(Self)
    }

    /// What the table keeps of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.as_slice())
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret: 43 characters of base64url in text, JSON and the table. Compared in constant time.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; digest::SHA256_OUTPUT_LEN]);

impl SecretHash {
    /// The hash of any bytes, such as an `Idempotency-Key` or the body that came with it.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; digest::SHA256_OUTPUT_LEN];
        let digest = digest::digest(&digest::SHA256, bytes);
        hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        Self(hash)
    }

    /// Reads what `Display` wrote; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode_exactly(text).map(|bytes| Self(*bytes))
    }
}

impl ConstantTimeEq for SecretHash {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for SecretHash {}

impl fmt::Display for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SecretHash({self})")
    }
}

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not the hash of a secret"))
    }
}

/// The token of a mailed link: which record it opens, and the secret that proves the mail arrived.
///
/// The record is found by its id and the secret then compared with the stored hash, so a link never costs a query.
#[derive(Clone, Debug)]
pub struct MailToken {
    /// The text of the record's id: 1 to 64 ASCII letters, digits, `_` or `-`.
    pub record: String,
    /// The secret part.
    pub secret: Secret,
}

impl MailToken {
    /// A new token for the record with this id.
    pub fn generate(record: impl fmt::Display) -> Self {
        Self { record: record.to_string(), secret: Secret::generate() }
    }

    /// The text for the link: the record, a dot, the secret. Needs no escaping in a URL's query.
    pub fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}.{}", self.record, *self.secret.encode()))
    }

    /// Reads what [`MailToken::encode`] wrote; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (record, secret) = text.split_once('.')?;
        let is_id = (1..=64).contains(&record.len())
            && record.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !is_id {
            return None;
        }
        Some(Self { record: record.to_owned(), secret: Secret::parse(secret)? })
    }
}

/// A refresh token: which session it renews, and two secrets.
///
/// `family` stays the same for the life of the session and `current` changes on every use. The session keeps the
/// hash of both, so a token whose family fits and whose current part does not is recognised as one used before
/// (RFC 9700, section 4.14.2), while one with a wrong family is merely wrong and must not end anybody's session.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// Whose session it is.
    pub user: UserId,
    /// The session that it renews.
    pub session: SessionId,
    /// The part that all tokens of the session share.
    pub family: Secret<16>,
    /// The part that changes on every use.
    pub current: Secret<32>,
}

const UUID: usize = 16;
const FAMILY: usize = 16;
const CURRENT: usize = 32;

impl RefreshToken {
    /// The first token of a session.
    pub fn generate(user: UserId, session: SessionId) -> Self {
        Self { user, session, family: Secret::generate(), current: Secret::generate() }
    }

    /// The token that follows this one: same session and family, and a current part that nobody can make who has only
    /// this token or only the salt.
    #[must_use]
    pub fn next(&self, salt: &str) -> Self {
        Self { current: Secret::from_bytes(*self.derived("kith next refresh token", salt)), ..self.clone() }
    }

    /// The id of the access token that goes with this one: 128 bits.
    pub fn access_token_id(&self) -> String {
        let derived = self.derived("kith access token", "");
        base64url::encode(derived.first_chunk::<16>().map(<[u8; 16]>::as_slice).unwrap_or_default())
    }

    /// HMAC-SHA-256 (RFC 2104) of a purpose, the session and a salt, under the current part. No purpose begins like
    /// another, and the session's id has a fixed length.
    fn derived(&self, purpose: &str, salt: &str) -> Zeroizing<[u8; CURRENT]> {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.current.expose_bytes()));
        context.update(purpose.as_bytes());
        context.update(self.session.as_uuid().as_bytes());
        context.update(salt.as_bytes());
        let mut derived = Zeroizing::new([0; CURRENT]);
        derived.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        derived
    }

    /// The text for the client: base64url of both ids and both secrets, 107 characters.
    pub fn encode(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * UUID + FAMILY + CURRENT));
        bytes.extend_from_slice(self.user.as_uuid().as_bytes());
        bytes.extend_from_slice(self.session.as_uuid().as_bytes());
        bytes.extend_from_slice(self.family.expose_bytes());
        bytes.extend_from_slice(self.current.expose_bytes());
        Zeroizing::new(base64url::encode(&bytes))
    }

    /// Reads what [`RefreshToken::encode`] wrote; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text)?;
        let (user, rest) = bytes.split_first_chunk::<UUID>()?;
        let (session, rest) = rest.split_first_chunk::<UUID>()?;
        let (family, current) = rest.split_first_chunk::<FAMILY>()?;
        let current: [u8; CURRENT] = current.try_into().ok()?;
        Some(Self {
            user: UserId::from_uuid(Uuid::from_bytes(*user))?,
            session: SessionId::from_uuid(Uuid::from_bytes(*session))?,
            family: Secret::from_bytes(*family),
            current: Secret::from_bytes(current),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn refresh_token() -> RefreshToken {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        RefreshToken::generate(UserId::new(now), SessionId::new(now))
    }

    #[test]
    fn a_secret_reads_back_and_has_43_characters() {
        let secret = Secret::<32>::generate();
        let text = secret.encode();
        assert_eq!(text.len(), 43);
        assert_eq!(Secret::<32>::parse(&text).unwrap().hash(), secret.hash());
        assert!(Secret::<16>::parse(&text).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let mail = MailToken::generate("usr_1");
        let refresh = refresh_token();
        let shown = format!("{mail:?} {refresh:?}");
        assert!(shown.contains("usr_1"));
        for secret in [mail.secret.encode(), refresh.current.encode(), refresh.family.encode()] {
            assert!(!shown.contains(secret.as_str()), "{shown}");
        }
        assert!(!shown.contains(&format!("{:?}", refresh.current.expose_bytes())), "{shown}");
    }

    #[test]
    fn the_hash_is_sha_256_in_base64url() {
        // SHA-256("abc"), FIPS 180-4 example: ba7816bf 8f01cfea … f20015ad
        let hash = SecretHash::of(b"abc");
        assert_eq!(hash.to_string(), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(SecretHash::parse(&hash.to_string()), Some(hash));
        assert_ne!(SecretHash::of(b"abd"), hash);
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<SecretHash>(&json).unwrap(), hash);
        assert!(serde_json::from_str::<SecretHash>("\"abc\"").is_err());
    }

    #[test]
    fn a_mail_token_reads_back_and_survives_a_url() {
        let token = MailToken::generate("usr_0192f0c1a2b37c4d8e5f60718293a4b5");
        let text = token.encode();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{text:?}");
        let read = MailToken::parse(&text).unwrap();
        assert_eq!(read.record, token.record);
        assert_eq!(read.secret.hash(), token.secret.hash());
    }

    #[test]
    fn what_is_no_mail_token_is_refused() {
        let secret = Secret::<32>::generate().encode();
        let long = "u".repeat(65);
        for bad in [
            String::new(),
            ".".into(),
            secret.to_string(),
            format!(".{}", *secret),
            format!("usr_1.{}x", *secret),
            format!("usr_1.{}=", *secret),
            format!("usr_1.{} ", *secret),
            format!("usr 1.{}", *secret),
            format!("usr#1.{}", *secret),
            format!("usr_1.a.{}", *secret),
            format!("{long}.{}", *secret),
            "usr_1.".into(),
        ] {
            assert!(MailToken::parse(&bad).is_none(), "{bad:?} was taken for a token");
        }
    }

    #[test]
    fn a_refresh_token_reads_back() {
        let token = refresh_token();
        let text = token.encode();
        assert_eq!(text.len(), 107);
        let read = RefreshToken::parse(&text).unwrap();
        assert_eq!((read.user, read.session), (token.user, token.session));
        assert_eq!(read.family.hash(), token.family.hash());
        assert_eq!(read.current.hash(), token.current.hash());
    }

    #[test]
    fn c06_the_next_token_keeps_the_family_and_follows_from_token_and_salt() {
        let token = refresh_token();
        let next = token.next("salt");
        assert_eq!((next.user, next.session), (token.user, token.session));
        assert_eq!(next.family.hash(), token.family.hash());
        assert_eq!(next.encode(), token.next("salt").encode());
        for other in [token.clone(), token.next("another salt"), next.next("salt"), refresh_token().next("salt")] {
            assert_ne!(next.current.hash(), other.current.hash());
        }
        // Neither the salt nor the hash that the table has takes the place of the token.
        let by_hash = RefreshToken { current: Secret::parse(&token.current.hash().to_string()).unwrap(), ..token };
        assert_ne!(by_hash.next("salt").current.hash(), next.current.hash());
    }

    #[test]
    fn c06_the_access_token_of_a_refresh_token_has_one_id() {
        let token = refresh_token();
        assert_eq!(token.access_token_id().len(), 22);
        assert_eq!(token.access_token_id(), token.access_token_id());
        assert_ne!(token.access_token_id(), token.next("salt").access_token_id());
    }

    #[test]
    fn what_is_no_refresh_token_is_refused() {
        let text = refresh_token().encode();
        let other_kind = base64url::encode(&[7; 80]);
        for bad in ["", "abc", &text[1..], &format!("{}A", *text), &format!("{}=", *text), "a.b.c", &other_kind] {
            assert!(RefreshToken::parse(bad).is_none(), "{bad:?} was taken for a token");
        }
    }
}
