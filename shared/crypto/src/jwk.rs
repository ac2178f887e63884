//! The public halves of signing keys, as the world reads them: JWKs (RFC 7517, RFC 8037).

use kith_domain::VerificationKey;
use serde::{Deserialize, Serialize};

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
    use jiff::Timestamp;

    #[test]
    fn the_jwk_is_the_one_of_rfc_8037() {
        let key = VerificationKey {
            kid: "k1".into(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into(),
            created_at: Timestamp::UNIX_EPOCH,
            retire_at: None,
        };
        let set: JwkSet = [&key].into_iter().collect();
        assert_eq!(
            serde_json::to_value(&set).unwrap(),
            serde_json::json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "k1",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})
        );
    }
}
