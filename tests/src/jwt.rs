//! JSON Web Tokens, taken apart and put together again, well or badly.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A token's two readable parts and its signature.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// The signature, as in the token.
    pub signature: String,
}

impl Jwt {
    /// Takes a token apart.
    pub fn parse(token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { panic!("not three parts: {token}") };
        let read = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
            serde_json::from_slice(&bytes).expect("JSON")
        };
        Self { header: read(header), claims: read(claims), signature: (*signature).to_owned() }
    }

    /// A number among the claims.
    #[track_caller]
    pub fn number(&self, claim: &str) -> i64 {
        self.claims.get(claim).and_then(Value::as_i64).unwrap_or_else(|| panic!("no number {claim}: {}", self.claims))
    }

    /// The key's id in the header.
    #[track_caller]
    pub fn kid(&self) -> &str {
        self.header.get("kid").and_then(Value::as_str).unwrap_or_else(|| panic!("no kid: {}", self.header))
    }

    /// What a signature is made of.
    pub fn signed_part(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    /// The token with the signature that it has.
    pub fn encode(&self) -> String {
        format!("{}.{}", self.signed_part(), self.signature)
    }

    /// The token signed anew.
    pub fn signed(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let message = self.signed_part();
        let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}
