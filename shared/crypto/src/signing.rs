//! The ring of keys that sign access tokens: Ed25519 (RFC 8032).

use crate::key_ring::{self, KeyRing, RingError};
use crate::succession::{Key, Succession};
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

/// A private key. `Debug` shows only the public facts; not serializable by itself.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    pkcs8: Zeroizing<Vec<u8>>,
    public: [u8; ED25519_PUBLIC_KEY_LEN],
    created_at: Timestamp,
}

impl SigningKey {
    /// A new key with a random 128-bit id.
    pub fn generate(now: Timestamp) -> Result<Self, RingError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| RingError::Generate)?;
        let kid = base64url::encode(&random::<16>());
        Self::from_pkcs8(kid, Zeroizing::new(pkcs8.as_ref().to_vec()), now)
    }

    fn from_pkcs8(kid: String, pkcs8: Zeroizing<Vec<u8>>, created_at: Timestamp) -> Result<Self, RingError> {
        let Some(public) =
            Ed25519KeyPair::from_pkcs8(&pkcs8).ok().and_then(|pair| pair.public_key().as_ref().try_into().ok())
        else {
            return Err(not_ed25519(kid));
        };
        Ok(Self { kid, pkcs8, public, created_at })
    }

    /// The id that tokens name in their header.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half, for the table and for `/.well-known/jwks.json`; not retired.
    pub fn public_jwk(&self) -> VerificationKey {
        VerificationKey {
            kid: self.kid.clone(),
            x: base64url::encode(&self.public),
            created_at: self.created_at,
            retire_at: None,
        }
    }

    /// The private key in PKCS #8 (RFC 5958).
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }
}

impl Key for SigningKey {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// The private keys of a stage that sign or will sign: what the secret in Secrets Manager holds. That of a key which was
/// replaced or retired is nowhere any more.
#[derive(Clone, Debug, Default)]
pub struct SigningRing {
    keys: Succession<SigningKey>,
}

impl SigningRing {
    /// A ring of these keys.
    pub(crate) fn of(keys: Succession<SigningKey>) -> Self {
        Self { keys }
    }

    /// The key that signs and the one that stands by.
    pub fn keys(&self) -> &Succession<SigningKey> {
        &self.keys
    }

    /// The key that signs. `None` while there is none.
    pub fn signer(&self) -> Option<&SigningKey> {
        self.keys.working()
    }
}

/// `{"keys": [{"kid", "pkcs8", "created_at"}]}`, `pkcs8` in base64url, the key that signs first.
impl KeyRing for SigningRing {
    fn is_empty(&self) -> bool {
        self.keys.working().is_none()
    }

    fn to_secret_text(&self) -> Result<Zeroizing<String>, RingError> {
        let keys = self.keys.keys();
        let texts: Vec<_> = keys.iter().map(|key| Zeroizing::new(base64url::encode(&key.pkcs8))).collect();
        let stored =
            keys.iter().zip(&texts).map(|(key, pkcs8)| StoredKey { kid: &key.kid, pkcs8, created_at: key.created_at });
        key_ring::write(&StoredRing { keys: stored.collect() })
    }

    fn from_secret_text(text: &str) -> Result<Self, RingError> {
        let stored: StoredRing<'_> = key_ring::read(text)?;
        let keys = stored.keys.into_iter().map(|key| {
            let kid = key.kid.to_owned();
            match base64url::decode(key.pkcs8) {
                Some(pkcs8) => SigningKey::from_pkcs8(kid, pkcs8, key.created_at),
                None => Err(not_ed25519(kid)),
            }
        });
        Ok(Self { keys: Succession::of(keys.collect::<Result<_, _>>()?) })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> SigningRing {
        let mut keys = Succession::default();
        keys.complete(|| SigningKey::generate(Timestamp::UNIX_EPOCH)).unwrap();
        SigningRing::of(keys)
    }

    #[test]
    fn a_ring_reads_back_from_the_text_of_its_secret_in_its_order() {
        let ring = ring();
        let read = SigningRing::from_secret_text(&ring.to_secret_text().unwrap()).unwrap();
        let public = |ring: &SigningRing| ring.keys().keys().iter().map(SigningKey::public_jwk).collect::<Vec<_>>();
        assert_eq!(public(&read), public(&ring));
        assert_eq!(read.signer().unwrap().pkcs8(), ring.signer().unwrap().pkcs8());
        assert_eq!(read.signer().unwrap().created_at(), Timestamp::UNIX_EPOCH);

        let json: serde_json::Value = serde_json::from_str(&ring.to_secret_text().unwrap()).unwrap();
        assert_eq!(json["keys"][0]["created_at"], "1970-01-01T00:00:00Z");
        assert_eq!(json["keys"][0]["kid"].as_str().unwrap().len(), 22);
    }

    #[test]
    fn neither_debug_nor_errors_show_a_private_key() {
        let ring = ring();
        let text = ring.to_secret_text().unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let private = json["keys"][0]["pkcs8"].as_str().unwrap();
        assert!(!format!("{ring:?}").contains(private));
        assert!(!format!("{ring:?}").contains("pkcs8"));

        for bad in [
            text.replace("\"pkcs8\"", "\"created_at\""),
            text.replace("pkcs8\":\"", "pkcs8\":\"AAAA"),
            format!("[{}]", *text),
        ] {
            let error = SigningRing::from_secret_text(&bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(private), "{error:?}");
        }
    }

    #[test]
    fn ids_are_never_used_twice() {
        let ring = ring();
        let (signer, standby) = (ring.signer().unwrap(), ring.keys().standby().unwrap());
        assert_ne!(signer.kid(), standby.kid());
        assert_ne!(signer.public_jwk().x, standby.public_jwk().x);
    }
}
