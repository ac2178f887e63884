//! Passphrases that somebody tries at a note: counted before they are looked at, ten at most, then a while of rest.

use crate::item::entity;
use crate::keys::{self, number, text};
use crate::table::{Expression, pause};
use crate::{Result, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use kith_domain::{NOTE_LOCK, NOTE_REPEAT, NOTE_TRIES, Note};

/// A try that is not older may still be at work, and be given back.
const AT_WORK: SignedDuration = SignedDuration::from_secs(2);
/// How often a place is looked for while others may give theirs back.
const LOOKS: u32 = 6;

/// Whether a passphrase may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It is counted. Taking a view gives it back.
    Counted {
        /// How many may be wrong after it before the note is locked, as far as nobody else is at work.
        left: usize,
    },
    /// Too many were wrong. None may be tried before this time.
    LockedUntil(Timestamp),
}

impl Store {
    /// Counts one try of a passphrase, before it is looked at: 1 call, and a few more while all places are taken by
    /// requests that may still turn out right. `NotFound` once the note cannot be opened any more, nor again for `mark`.
    ///
    /// A set of requests does the counting, so one repeated after a lost answer counts once.
    pub async fn count_try(&self, note: &Note, mark: Option<&str>, now: Timestamp) -> Result<Tried> {
        let key = keys::note(&note.token_hash);
        let place = mark.unwrap_or(&self.request);
        let mut seen = note.clone();
        for look in 0..LOOKS {
            if let Some(end) = seen.locked_until(now) {
                let idle = now.duration_since(end - NOTE_LOCK);
                if idle > AT_WORK || look + 1 == LOOKS {
                    return Ok(Tried::LockedUntil(end));
                }
                // 80, 160, then 320 ms: a hash takes about as long.
                pause(look + 4).await;
            }
            let refused = match self.update_at(&key, self.trying(&seen, now), Some(place)).await? {
                Ok(counted) => return Ok(Tried::Counted { left: entity::<Note>(counted)?.tries_left(now) }),
                Err(refused) => refused,
            };
            seen = entity(refused.0.ok_or(StoreError::NotFound)?)?;
            if seen.tries.contains(&*self.request) {
                return Ok(Tried::Counted { left: seen.tries_left(now) });
            }
            if !seen.can_be_opened(now) && !seen.opens_again_for(place, now) {
                return Err(StoreError::NotFound);
            }
        }
        Err(StoreError::Busy("the note kept changing".into()))
    }

    /// Adds this request to the tries that count, or begins counting anew where they are forgotten.
    fn trying(&self, seen: &Note, now: Timestamp) -> Expression {
        let goes_on = seen.tries_end.is_some_and(|end| now < end);
        let mut values = vec![
            (":marks", self.marks()),
            (":end", number((now + NOTE_LOCK).as_millisecond())),
            (":now", number(now.as_millisecond())),
            (":stale", number((now - NOTE_REPEAT).as_millisecond())),
            (":none", number(0)),
        ];
        if !goes_on {
            return Expression {
                update: Some("SET tries = :marks, tries_end = :end".into()),
                condition: Some(
                    "(attribute_not_exists(tries_end) OR tries_end <= :now) AND expires_at > :now AND \
                     (views_left > :none OR taken_by.#place > :stale)",
                ),
                values,
                ..Expression::default()
            };
        }
        values.extend([(":mark", text(&*self.request)), (":most", number(NOTE_TRIES))]);
        Expression {
            update: Some("SET tries_end = :end ADD tries :marks".into()),
            condition: Some(
                "tries_end > :now AND expires_at > :now AND (views_left > :none OR taken_by.#place > :stale) AND \
                 (attribute_not_exists(tries) OR contains(tries, :mark) OR size(tries) < :most)",
            ),
            values,
            ..Expression::default()
        }
    }
}
