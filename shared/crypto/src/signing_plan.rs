//! What a run of `rotate-keys` does with the keys that sign.
//!
//! The secret alone says which key signs; the table says which keys are trusted. A run publishes new keys, then replaces
//! the ring, then ends the keys that are out of it. After each of these steps the key that signs is trusted, so a run may
//! be cut off anywhere; the next one goes on from what it finds. An end is final: a key that has one, or is published
//! nowhere, is taken out of the ring, whatever gave it the end.

use crate::access_token::ACCESS_TOKEN_LIFETIME;
use crate::key_ring::RingError;
use crate::signing::{SigningKey, SigningRing};
use crate::succession::is_long_known;
use jiff::{SignedDuration, Timestamp};
use kith_domain::VerificationKey;

/// For so long after it was replaced a key is trusted: its last token has ended long before. Instances sign with it for
/// another minute, machines' clocks differ a little, and the event that had it replaced may have come late.
const TRUST: SignedDuration = ACCESS_TOKEN_LIFETIME.saturating_add(SignedDuration::from_mins(75));

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish<'a> {
    /// One key signs and one stands by.
    Present,
    /// Besides, the next key signs, if it is time.
    Rotation,
    /// Besides, this key is out of use from now on.
    Retirement(&'a str),
}

/// When tokens under a key are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// From this moment on.
    At(Timestamp),
    /// Always, by whatever clock.
    AtOnce,
}

/// What is to be done, in the order of the fields.
#[derive(Debug)]
pub struct SigningPlan {
    /// Keys to publish before they are in the ring.
    pub publish: Vec<VerificationKey>,
    /// The ring as it is to be.
    pub ring: SigningRing,
    /// Whether that is another ring.
    pub is_another: bool,
    /// Keys that are out of the ring, and when they end.
    pub ends: Vec<(String, End)>,
}

impl SigningPlan {
    /// What `wish` takes. The table must have been read after the ring. `None` where nobody knows the key to retire.
    pub fn new(
        ring: &SigningRing,
        published: &[VerificationKey],
        wish: Wish<'_>,
        now: Timestamp,
    ) -> Result<Option<Self>, RingError> {
        let mut keys = ring.keys().clone();
        keys.retain(|key| published.iter().any(|known| known.kid == key.kid() && known.retire_at.is_none()));
        let retired = match wish {
            Wish::Present => None,
            Wish::Rotation => {
                if keys.is_due(now) {
                    keys.advance();
                }
                None
            }
            Wish::Retirement(kid) => {
                if ring.keys().get(kid).is_none() && !published.iter().any(|key| key.kid == kid) {
                    return Ok(None);
                }
                keys.remove(kid);
                Some(kid)
            }
        };
        let publish = keys.complete(|| SigningKey::generate(now))?.iter().map(SigningKey::public_jwk).collect();
        let is_another = !keys.keys().iter().map(SigningKey::kid).eq(ring.keys().keys().iter().map(SigningKey::kid));
        let out = published.iter().filter(|key| keys.get(&key.kid).is_none());
        let ends = out.filter_map(|key| {
            let end = if Some(key.kid.as_str()) == retired {
                End::AtOnce
            } else if key.retire_at.is_none() && (ring.keys().get(&key.kid).is_some() || is_orphan(key, now)) {
                End::At(now + TRUST)
            } else {
                return None;
            };
            Some((key.kid.clone(), end))
        });
        let ends = ends.collect();
        Ok(Some(Self { publish, ring: SigningRing::of(keys), is_another, ends }))
    }
}

/// Whether a key that is in no ring was left by a run that was cut off, rather than published by one that is at work.
fn is_orphan(key: &VerificationKey, now: Timestamp) -> bool {
    is_long_known(key.created_at, now)
}

#[cfg(test)]
mod tests;
