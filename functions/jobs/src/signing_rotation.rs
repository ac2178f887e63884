//! The rotation of the keys that sign access tokens.
//!
//! A new key is published in the table before the private half is stored, so that no token ever names a key that
//! nobody knows. The key that it replaces is trusted until the last token under it has ended.

use crate::rotate_keys::{NOTICE, Rotated, failed};
use jiff::{SignedDuration, Timestamp};
use kith_crypto::{ACCESS_TOKEN_LIFETIME, SecretStore, SigningKey, SigningRing};
use kith_domain::VerificationKey;
use kith_http::{JobCx, JobError, Scheduled, Setting};
use kith_store::{Ring, StoreError};

/// Instances keep signing keys for a while after their successor begins, and machines' clocks differ a little.
const MARGIN: SignedDuration = SignedDuration::from_mins(15);

/// The keys as they are stored.
struct Known {
    secret: SecretStore<SigningRing>,
    ring: SigningRing,
    state: Ring,
    published: Vec<VerificationKey>,
}

/// Publishes a key, which signs an hour later (the first at once).
pub(crate) async fn rotate(cx: &JobCx, event: &Scheduled) -> Result<Rotated, JobError> {
    let known = load(cx).await?;
    if !is_due(&known.ring, &known.state, event) {
        return Ok(Rotated::NotDue);
    }
    let sign_from = next_begin(&known.ring, event.time);
    let retired = retired_by_schedule(&known.published, sign_from);
    match publish(cx, known, (event.time, sign_from), &retired).await? {
        Ok(rotated) => Ok(rotated),
        // Another rotation was first; its key serves as well.
        Err(StoreError::Stale) => Ok(Rotated::NotDue),
        Err(error) => Err(error.into()),
    }
}

/// Takes one key out of use at once, and publishes another.
pub(crate) async fn retire(cx: &JobCx, kid: &str, now: Timestamp) -> Result<Rotated, JobError> {
    let mut known = load(cx).await?;
    known.ring.drop_key(kid);
    let sign_from = next_begin(&known.ring, now);
    let retired = retired_by_hand(&known.published, kid, now)?;
    Ok(publish(cx, known, (now, sign_from), &retired).await??)
}

async fn load(cx: &JobCx) -> Result<Known, JobError> {
    let secret = SecretStore::new(cx.aws(), cx.settings().get(Setting::SigningSecret)?);
    let ring = secret.load().await.map_err(failed)?.ring;
    let (state, published) = cx.store()?.signing_ring().await?;
    Ok(Known { secret, ring, state, published })
}

async fn publish(
    cx: &JobCx,
    known: Known,
    (now, sign_from): (Timestamp, Timestamp),
    retired: &[(String, Timestamp)],
) -> Result<Result<Rotated, StoreError>, JobError> {
    let Known { secret, mut ring, state, .. } = known;
    let key = SigningKey::generate(now, sign_from).map_err(failed)?;
    let public = key.public_jwk();
    if let Err(error) = cx.store()?.publish_key(&state, &public, retired).await {
        return Ok(Err(error));
    }
    ring.drop_replaced(now);
    ring.add(key);
    secret.save(&ring, &save_token(&public)).await.map_err(failed)?;
    Ok(Ok(Rotated::Published { kid: public.kid, from: sign_from }))
}

fn next_begin(ring: &SigningRing, now: Timestamp) -> Timestamp {
    if ring.signer(now).is_some() { now + NOTICE } else { now }
}

/// A schedule rotates unless the newest key has not begun to sign (the same event came twice); news about the stack
/// only makes sure that there is a key. A published key whose private half was never stored does not count.
fn is_due(ring: &SigningRing, state: &Ring, event: &Scheduled) -> bool {
    let newest = ring.keys().iter().find(|key| Some(key.kid()) == state.newest.as_deref());
    match newest {
        None => true,
        Some(newest) => event.source != "aws.cloudformation" && newest.sign_from() <= event.time,
    }
}

/// When the keys before this one are out of use.
fn retired_by_schedule(published: &[VerificationKey], sign_from: Timestamp) -> Vec<(String, Timestamp)> {
    let end = sign_from + MARGIN + ACCESS_TOKEN_LIFETIME;
    published.iter().filter(|key| key.retire_at.is_none()).map(|key| (key.kid.clone(), end)).collect()
}

/// The one key that is out of use now.
fn retired_by_hand(
    published: &[VerificationKey],
    kid: &str,
    now: Timestamp,
) -> Result<Vec<(String, Timestamp)>, JobError> {
    if published.iter().any(|key| key.kid == kid) {
        Ok(vec![(kid.to_owned(), now)])
    } else {
        Err(JobError("there is no published key with this id: see /.well-known/jwks.json".into()))
    }
}

/// Makes the save idempotent: 32 to 64 characters.
fn save_token(key: &VerificationKey) -> String {
    format!("{:-<32}", key.kid)
}
