//! Presses of buttons on pages of mailed links. The link works once, and whoever pressed is told of their success as
//! often as they ask with the form that they sent: by a second press, by a reload, because the answer got lost.

use crate::idempotency::LIFETIME;
use crate::repeat_key::RepeatKey;
use crate::{Cx, Problem, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kith_crypto::SecretHash;
use kith_store::Answer;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Separates the keys of what is kept for presses from others.
const INFO: &str = "kith press";

/// One press, known again by the key of its form. Without a key each is the first.
pub struct Press(Option<Pressed>);

struct Pressed {
    /// What seals the success that is kept: the form's key and the link's token, neither of which the table has.
    secret: String,
    key_hash: String,
    body_hash: String,
}

impl Press {
    /// The press of a form with this key and the token of a link, which says this. The same key with other words is
    /// another press.
    pub fn of(cx: &Cx, key: &str, token: &str, said: &[&str]) -> Self {
        Self(RepeatKey::parse(key).map(|key| {
            let secret = format!("{}\n{token}", key.expose());
            let hash = |what: &str| SecretHash::of(what.as_bytes()).to_string();
            let (operation, lengths) = (cx.app().operation(), said.iter().map(|part| part.len().to_string()));
            // With the form's key in it, which is nowhere but in the page that was sent: the words may be a password.
            let body = format!("{secret}\n{}\n{}", lengths.collect::<Vec<_>>().join(" "), said.concat());
            Pressed { key_hash: hash(&format!("{operation}\n{secret}")), body_hash: hash(&body), secret }
        }))
    }

    /// What to keep with the change that the press makes, in its transaction.
    pub fn answer(&self, cx: &Cx, success: &impl Serialize) -> Result<Option<Answer>> {
        self.0.as_ref().map(|pressed| pressed.answer(cx, success)).transpose()
    }

    /// The success that this very press has had before.
    pub async fn earlier<T: DeserializeOwned>(&self, cx: &Cx) -> Result<Option<T>> {
        let Some(pressed) = &self.0 else { return Ok(None) };
        let earlier = cx.store.answer(&pressed.key_hash, cx.now).await?;
        earlier.and_then(|earlier| pressed.success(&earlier)).transpose()
    }
}

impl Pressed {
    fn answer(&self, cx: &Cx, success: &impl Serialize) -> Result<Answer> {
        let failed = |error: &dyn std::fmt::Display| Problem::internal(error.to_string());
        let success = serde_json::to_vec(success).map_err(|error| failed(&error))?;
        let sealed = kith_crypto::seal::seal(self.secret.as_bytes(), INFO, self.key_hash.as_bytes(), &success)
            .map_err(|error| failed(&error))?;
        Ok(Answer {
            key_hash: self.key_hash.clone(),
            body_hash: self.body_hash.clone(),
            sealed: URL_SAFE_NO_PAD.encode(sealed),
            expires_at: (cx.now + LIFETIME).as_millisecond(),
        })
    }

    fn success<T: DeserializeOwned>(&self, earlier: &Answer) -> Option<Result<T>> {
        if SecretHash::parse(&earlier.body_hash) != SecretHash::parse(&self.body_hash) {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(&earlier.sealed).unwrap_or_default();
        let opened = kith_crypto::seal::open(self.secret.as_bytes(), INFO, self.key_hash.as_bytes(), &sealed);
        let success = opened.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Some(success.ok_or_else(|| Problem::internal("what was kept for a press does not open")))
    }
}
