//! The ring of keys that sign access tokens: Ed25519 (RFC 8032), published as JWKs (RFC 7517, RFC 8037).

use crate::key_ring::{self, KeyRing, RingError};
use crate::{base64url, random};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ED25519_PUBLIC_KEY_LEN, Ed25519KeyPair, KeyPair as _},
};
use jiff::Timestamp;
use kith_domain::VerificationKey;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// A private key and when it begins to sign. `Debug` shows only the public facts; not serializable by itself.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    pkcs8: Zeroizing<Vec<u8>>,
    public: [u8; ED25519_PUBLIC_KEY_LEN],
    created_at: Timestamp,
    sign_from: Timestamp,
}

impl SigningKey {
    /// A new key with a random 128-bit id, which signs from `sign_from` on (verifiers need to learn of it first).
    pub fn generate(now: Timestamp, sign_from: Timestamp) -> Result<Self, RingError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| RingError::Generate)?;
        let kid = base64url::encode(&random::<16>());
        Self::from_pkcs8(kid, Zeroizing::new(pkcs8.as_ref().to_vec()), now, sign_from)
    }

    fn from_pkcs8(
        kid: String,
        pkcs8: Zeroizing<Vec<u8>>,
        created_at: Timestamp,
        sign_from: Timestamp,
    ) -> Result<Self, RingError> {
        let Some(public) =
            Ed25519KeyPair::from_pkcs8(&pkcs8).ok().and_then(|pair| pair.public_key().as_ref().try_into().ok())
        else {
            return Err(not_ed25519(kid));
        };
        Ok(Self { kid, pkcs8, public, created_at, sign_from })
    }

    /// The id that tokens name in their header.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it begins to sign.
    pub fn sign_from(&self) -> Timestamp {
        self.sign_from
    }

    /// Its public half, for the table and for `/.well-known/jwks.json`; not retired.
    pub fn public_jwk(&self) -> VerificationKey {
        VerificationKey {
            kid: self.kid.clone(),
            x: base64url::encode(&self.public),
            sign_from: self.sign_from,
            retire_at: None,
        }
    }

    /// The private key in PKCS #8 (RFC 5958).
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("created_at", &self.created_at)
            .field("sign_from", &self.sign_from)
            .finish_non_exhaustive()
    }
}

/// All private keys of a stage: what the secret in Secrets Manager holds.
#[derive(Clone, Debug, Default)]
pub struct SigningRing {
    keys: Vec<SigningKey>,
}

impl SigningRing {
    /// The keys, in the order in which they were added.
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// Adds a key.
    pub fn add(&mut self, key: SigningKey) {
        self.keys.push(key);
    }

    /// The key that signs at `now`: the one that began last. `None` while none has begun.
    pub fn signer(&self, now: Timestamp) -> Option<&SigningKey> {
        self.keys.iter().filter(|key| key.sign_from <= now).max_by_key(|key| key.sign_from)
    }

    /// Removes one private key, so that it never signs again.
    pub fn drop_key(&mut self, kid: &str) {
        self.keys.retain(|key| key.kid != kid);
    }

    /// Removes the private keys that a later one has replaced at `now`, and returns their public halves: those must
    /// stay published until the last token under them, and the last instance that still knows them, is gone.
    pub fn drop_replaced(&mut self, now: Timestamp) -> Vec<VerificationKey> {
        let Some(signer) = self.signer(now).map(|key| key.kid.clone()) else {
            return Vec::new();
        };
        self.keys.extract_if(.., |key| key.sign_from <= now && key.kid != signer).map(|key| key.public_jwk()).collect()
    }
}

/// `{"keys": [{"kid", "pkcs8", "created_at", "sign_from"}]}`, `pkcs8` in base64url.
impl KeyRing for SigningRing {
    fn to_secret_text(&self) -> Result<Zeroizing<String>, RingError> {
        let texts: Vec<_> = self.keys.iter().map(|key| Zeroizing::new(base64url::encode(&key.pkcs8))).collect();
        let keys = self.keys.iter().zip(&texts).map(|(key, pkcs8)| StoredKey {
            kid: &key.kid,
            pkcs8,
            created_at: key.created_at,
            sign_from: key.sign_from,
        });
        key_ring::write(&StoredRing { keys: keys.collect() })
    }

    fn from_secret_text(text: &str) -> Result<Self, RingError> {
        let stored: StoredRing<'_> = key_ring::read(text)?;
        let keys = stored.keys.into_iter().map(|key| {
            let kid = key.kid.to_owned();
            match base64url::decode(key.pkcs8) {
                Some(pkcs8) => SigningKey::from_pkcs8(kid, pkcs8, key.created_at, key.sign_from),
                None => Err(not_ed25519(kid)),
            }
        });
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }
}

fn not_ed25519(kid: String) -> RingError {
    RingError::NotAKey { kid, kind: "an Ed25519 key in PKCS #8" }
}

/// Borrowed both ways, so that no copy of a private key is left behind in memory.
#[derive(Serialize, Deserialize)]
struct StoredRing<'a> {
    #[serde(borrow)]
    keys: Vec<StoredKey<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey<'a> {
    kid: &'a str,
    pkcs8: &'a str,
    created_at: Timestamp,
    sign_from: Timestamp,
}

/// A JSON Web Key (RFC 7517) that holds an Ed25519 public key (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Always `EdDSA`.
    pub alg: String,
    /// The key's id.
    pub kid: String,
    /// The public key in base64url.
    pub x: String,
}

impl Jwk {
    /// The form in which the world reads a key.
    pub fn of(key: &VerificationKey) -> Self {
        Self {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            usage: "sig".into(),
            alg: "EdDSA".into(),
            kid: key.kid.clone(),
            x: key.x.clone(),
        }
    }
}

/// A JWK Set (RFC 7517, section 5): the body of `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl<'a> FromIterator<&'a VerificationKey> for JwkSet {
    fn from_iter<I: IntoIterator<Item = &'a VerificationKey>>(keys: I) -> Self {
        Self { keys: keys.into_iter().map(Jwk::of).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ring(sign_from: &[i64]) -> SigningRing {
        let mut ring = SigningRing::default();
        for second in sign_from {
            ring.add(SigningKey::generate(at(0), at(*second)).unwrap());
        }
        ring
    }

    #[test]
    fn the_newest_key_that_has_begun_signs() {
        let ring = ring(&[100, 300, 200]);
        let signs = |second| ring.signer(at(second)).map(SigningKey::sign_from);
        assert_eq!(signs(99), None);
        assert_eq!(signs(100), Some(at(100)));
        assert_eq!(signs(299), Some(at(200)));
        assert_eq!(signs(300), Some(at(300)));
    }

    #[test]
    fn only_replaced_keys_are_dropped() {
        let mut ring = ring(&[100, 200, 300]);
        let first = ring.keys()[0].public_jwk();
        assert_eq!(ring.drop_replaced(at(99)), []);
        assert_eq!(ring.drop_replaced(at(100)), []);
        assert_eq!(ring.drop_replaced(at(250)), [first]);
        assert_eq!(ring.keys().iter().map(SigningKey::sign_from).collect::<Vec<_>>(), [at(200), at(300)]);
    }

    #[test]
    fn a_ring_reads_back_from_the_text_of_its_secret() {
        let ring = ring(&[100, 200]);
        let read = SigningRing::from_secret_text(&ring.to_secret_text().unwrap()).unwrap();
        let public = |ring: &SigningRing| ring.keys().iter().map(SigningKey::public_jwk).collect::<Vec<_>>();
        assert_eq!(public(&read), public(&ring));
        assert_eq!(read.keys()[0].pkcs8(), ring.keys()[0].pkcs8());
        assert_eq!(read.keys()[0].created_at(), at(0));

        let json: serde_json::Value = serde_json::from_str(&ring.to_secret_text().unwrap()).unwrap();
        assert_eq!(json["keys"][0]["sign_from"], "1970-01-01T00:01:40Z");
        assert_eq!(json["keys"][0]["kid"].as_str().unwrap().len(), 22);
    }

    #[test]
    fn neither_debug_nor_errors_show_a_private_key() {
        let ring = ring(&[100]);
        let text = ring.to_secret_text().unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let private = json["keys"][0]["pkcs8"].as_str().unwrap();
        assert!(!format!("{ring:?}").contains(private));
        assert!(!format!("{ring:?}").contains("pkcs8"));

        for bad in [
            text.replace("\"pkcs8\"", "\"sign_from\""),
            text.replace("pkcs8\":\"", "pkcs8\":\"AAAA"),
            format!("[{}]", *text),
        ] {
            let error = SigningRing::from_secret_text(&bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(private), "{error:?}");
        }
    }

    #[test]
    fn the_jwk_is_the_one_of_rfc_8037() {
        let key = VerificationKey {
            kid: "k1".into(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into(),
            sign_from: at(0),
            retire_at: None,
        };
        let set: JwkSet = [&key].into_iter().collect();
        assert_eq!(
            serde_json::to_value(&set).unwrap(),
            serde_json::json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "k1",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})
        );
    }

    #[test]
    fn ids_are_never_used_twice() {
        let ring = ring(&[1, 1]);
        assert_ne!(ring.keys()[0].kid(), ring.keys()[1].kid());
        assert_ne!(ring.keys()[0].public_jwk().x, ring.keys()[1].public_jwk().x);
    }
}
