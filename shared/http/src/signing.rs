//! Access tokens: signing, where a function may read the private keys; verifying, by the published ones.

use crate::cache::Cache;
use crate::{App, Cx, Problem, Result, Setting};
use jiff::SignedDuration;
use kith_crypto::access_token::{self, Claims, Parties, TokenFault};
use kith_crypto::{SecretStore, SigningRing};
use kith_domain::{SessionId, UserId, VerificationKey};
use std::collections::HashMap;
use std::sync::Arc;

/// Both caches are read again after this time, so that a key retired by hand is out of use everywhere soon.
const FRESH: SignedDuration = SignedDuration::from_mins(1);
/// A token with an unknown key makes an instance look again, at most this often.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// Published keys as an instance last read them.
#[derive(Default)]
pub(crate) struct VerificationCache(Cache<HashMap<String, VerificationKey>>);

/// The private keys as an instance last read them.
#[derive(Default)]
pub(crate) struct SignerCache(Cache<SigningRing>);

/// The token is no good; why makes no difference to the client.
pub(crate) struct BadToken;

impl App {
    fn parties(&self) -> Result<(String, String)> {
        let issuer = self.settings().get(Setting::PublicUrl)?;
        Ok((issuer.to_owned(), format!("{issuer}/v1")))
    }
}

impl Cx {
    /// Signs an access token of 15 minutes. 503 until the deployment has its first key.
    pub async fn access_token(&self, user: UserId, session: SessionId) -> Result<String> {
        let (issuer, audience) = self.app().parties()?;
        let ring = self.signing_ring().await?;
        let signer = ring.signer(self.now).ok_or_else(|| Problem::no_key("signing"))?;
        let claims = Claims::new(Parties { issuer: &issuer, audience: &audience }, user, session, self.now);
        access_token::issue(signer, &claims).map_err(|error| Problem::internal(error.to_string()))
    }

    async fn signing_ring(&self) -> Result<Arc<SigningRing>> {
        let cache = &self.app().signer().0;
        if let Some(ring) = cache.fresh(self.now, FRESH) {
            return Ok(ring);
        }
        let secret = SecretStore::new(self.app().aws(), self.settings().get(Setting::SigningSecret)?);
        let loaded = secret.load().await.map_err(|error| Problem::internal(error.to_string()))?;
        if !loaded.is_written() {
            return Err(Problem::no_key("signing"));
        }
        let ring = Arc::new(loaded.ring);
        cache.keep(self.now, &ring);
        Ok(ring)
    }

    /// Checks an access token by the published keys.
    pub(crate) async fn verify(&self, token: &str) -> Result<std::result::Result<Claims, BadToken>> {
        let (issuer, audience) = self.app().parties()?;
        let parties = Parties { issuer: &issuer, audience: &audience };
        let cache = &self.app().verification().0;
        let mut keys = match cache.fresh(self.now, FRESH) {
            Some(keys) => keys,
            None => self.published_keys().await?,
        };
        loop {
            match access_token::verify(token, |kid| keys.get(kid).cloned(), parties, self.now) {
                Ok(claims) => return Ok(Ok(claims)),
                Err(TokenFault::UnknownKey) if cache.fresh(self.now, LOOK_AGAIN).is_none() => {
                    keys = self.published_keys().await?;
                }
                Err(_) => return Ok(Err(BadToken)),
            }
        }
    }

    async fn published_keys(&self) -> Result<Arc<HashMap<String, VerificationKey>>> {
        let keys = self.store.verification_keys().await?;
        let keys = Arc::new(keys.into_iter().map(|key| (key.kid.clone(), key)).collect());
        self.app().verification().0.keep(self.now, &keys);
        Ok(keys)
    }
}
