//! `rotate-keys`: every 30 days, and when the stack has been created or updated.
//!
//! A new key is published in the table before the private half is stored, and signs an hour later (the first at
//! once), so that no token ever names a key that nobody knows. The key that it replaces is trusted until the last
//! token under it has ended. A leaked key is retired by hand: `docs/OPERATIONS.md` tells how.

use jiff::{SignedDuration, Timestamp};
use kith_crypto::{ACCESS_TOKEN_LIFETIME, SecretStore, SigningKey, SigningRing};
use kith_domain::VerificationKey;
use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use kith_store::{Ring, StoreError};
use serde::{Deserialize, Serialize};

/// Every instance has read a published key again long before.
const NOTICE: SignedDuration = SignedDuration::from_hours(1);
/// Instances keep signing keys for a while after their successor begins, and machines' clocks differ a little.
const MARGIN: SignedDuration = SignedDuration::from_mins(15);

/// The function.
pub fn function() -> Function {
    Function::job("rotate-keys", &[Setting::TableName, Setting::SigningSecret], rotate_keys)
}

/// What starts it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Call {
    /// By hand: a key has leaked. It is refused from now on, and another one signs at once.
    Retire { retire: String, time: Timestamp },
    /// A schedule, or news about the stack.
    Event(Scheduled),
}

/// What was done.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Rotated {
    /// There is a new key.
    Published { kid: String, sign_from: Timestamp },
    /// The newest key is good.
    NotDue,
}

async fn rotate_keys(cx: JobCx, call: Call) -> Result<Rotated, JobError> {
    let secret = SecretStore::new(cx.aws(), cx.settings().get(Setting::SigningSecret)?);
    let mut ring = secret.load().await.map_err(failed)?.unwrap_or_default();
    let (state, published) = cx.store()?.signing_ring().await?;
    let (now, sign_from, retired) = match &call {
        Call::Retire { retire, time } => {
            ring.drop_key(retire);
            let sign_from = if ring.signer(*time).is_some() { *time + NOTICE } else { *time };
            (*time, sign_from, retired_by_hand(&published, retire, *time)?)
        }
        Call::Event(event) if !is_due(&ring, &state, event) => return Ok(Rotated::NotDue),
        Call::Event(event) => {
            let sign_from = if ring.signer(event.time).is_some() { event.time + NOTICE } else { event.time };
            (event.time, sign_from, retired_by_schedule(&published, sign_from))
        }
    };
    let key = SigningKey::generate(now, sign_from).map_err(failed)?;
    let public = key.public_jwk();
    match cx.store()?.publish_key(&state, &public, &retired).await {
        // Another rotation was first; its key serves as well.
        Err(StoreError::Stale) if matches!(call, Call::Event(_)) => return Ok(Rotated::NotDue),
        done => done?,
    }
    ring.drop_replaced(now);
    ring.add(key);
    secret.save(&ring, &save_token(&public)).await.map_err(failed)?;
    Ok(Rotated::Published { kid: public.kid, sign_from })
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

fn failed(error: impl std::fmt::Display) -> JobError {
    JobError(error.to_string())
}
