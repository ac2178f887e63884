//! Access tokens: signing, where a function may read the private keys; verifying, by the published ones.

use crate::cache::Cache;
use crate::{App, Cx, Problem, Result, Setting};
use jiff::{SignedDuration, Timestamp};
use kith_crypto::access_token::{self, Claims, Parties, TokenFault};
use kith_crypto::{KeyRing as _, RefreshToken, SecretStore, SigningRing};
use kith_domain::VerificationKey;
use std::collections::HashMap;
use std::sync::Arc;

/// Both caches are read again after this time: so long a key that was replaced or retired by hand may still be in use
/// here and there.
const FRESH: SignedDuration = SignedDuration::from_mins(1);
/// A token with an unknown key makes an instance look again, at most this often: whoever makes up keys must not make it
/// read for each. A key that signs has mostly stood by for long, so that every instance knows it.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// Published keys as an instance last read them.
#[derive(Default)]
pub(crate) struct VerificationCache(Cache<HashMap<String, VerificationKey>>);

/// The private keys as an instance last read them.
#[derive(Default)]
pub(crate) struct SignerCache(Cache<SigningRing>);

/// The keys that sign, as an instance knows them.
pub struct Signer(Arc<SigningRing>);

/// The token is no good; why makes no difference to the client.
pub(crate) struct BadToken;

impl App {
    fn parties(&self) -> Result<(String, String)> {
        let issuer = self.settings().get(Setting::PublicUrl)?;
        Ok((issuer.to_owned(), format!("{issuer}/v1")))
    }
}

impl Cx {
    /// What signs access tokens now. 503 until the deployment has its first key: ask before anything is counted.
    pub async fn signer(&self) -> Result<Signer> {
        let cache = &self.app().signer().0;
        if let Some(ring) = cache.fresh(self.now, FRESH) {
            return Ok(Signer(ring));
        }
        let secret = SecretStore::new(self.app().aws(), self.settings().get(Setting::SigningSecret)?);
        let ring: SigningRing = secret.load().await.map_err(|error| Problem::internal(error.to_string()))?.ring;
        // A ring that is missing is not kept: the first key may come any moment.
        if ring.is_empty() {
            return Err(Problem::no_key("signing"));
        }
        let ring = Arc::new(ring);
        cache.keep(self.now, &ring);
        Ok(Signer(ring))
    }

    /// Signs the access token that goes with a refresh token and begins with it, for 15 minutes. Under the same key it is
    /// the same to the last bit however often it is made.
    pub fn access_token(&self, signer: &Signer, with: &RefreshToken, made_at: Timestamp) -> Result<String> {
        let (issuer, audience) = self.app().parties()?;
        let key = signer.0.signer().ok_or_else(|| Problem::no_key("signing"))?;
        let claims = Claims::new(Parties { issuer: &issuer, audience: &audience }, with, made_at);
        access_token::issue(key, &claims).map_err(|error| Problem::internal(error.to_string()))
    }

    /// Checks an access token by the published keys.
    pub(crate) async fn verify(&self, token: &str) -> Result<std::result::Result<Claims, BadToken>> {
        let (issuer, audience) = self.app().parties()?;
        let parties = Parties { issuer: &issuer, audience: &audience };
        let cache = &self.app().verification().0;
        let by = |keys: &HashMap<String, VerificationKey>| {
            access_token::verify(token, |kid| keys.get(kid).cloned(), parties, self.now)
        };
        let known = cache.fresh(self.now, FRESH);
        let may_look_again = known.is_some() && cache.fresh(self.now, LOOK_AGAIN).is_none();
        let mut keys = match known {
            Some(keys) => keys,
            None => self.published_keys().await?,
        };
        let mut verified = by(&keys);
        if may_look_again && verified == Err(TokenFault::UnknownKey) {
            keys = self.published_keys().await?;
            verified = by(&keys);
        }
        Ok(verified.map_err(|_| BadToken))
    }

    async fn published_keys(&self) -> Result<Arc<HashMap<String, VerificationKey>>> {
        let keys = self.store.verification_keys().await?;
        let keys = Arc::new(keys.into_iter().map(|key| (key.kid.clone(), key)).collect());
        self.app().verification().0.keep(self.now, &keys);
        Ok(keys)
    }
}
