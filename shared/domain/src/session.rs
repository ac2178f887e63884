//! Sessions: one log-in on one device, kept alive by a refresh token that changes with every use.

use crate::link::same_hash;
use crate::{SessionId, UserId};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a session lives after its last refresh.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// For this long after a refresh the token before it is refused without consequence: two tabs refresh at once.
pub const REFRESH_GRACE: SignedDuration = SignedDuration::from_secs(10);

/// A session. The secrets of its refresh token are kept as hashes only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The user's `session_generation` when it began; it has ended when the user's has moved on.
    pub generation: u64,
    /// Hash of the part that all refresh tokens of this session share. It tells a token that was once good
    /// from one that somebody made up, however long ago it was replaced.
    pub family_hash: String,
    /// Hash of the part that only the newest refresh token has.
    pub refresh_hash: String,
    /// Hash of that part of the token before it.
    pub previous_hash: Option<String>,
    /// When the newest refresh token was made.
    #[serde(with = "millisecond::required")]
    pub rotated_at: Timestamp,
    /// The request that made it, so that a write repeated after a lost answer knows itself.
    pub rotated_by: String,
    /// When the person logged in.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// When the session was last refreshed.
    #[serde(with = "millisecond::required")]
    pub last_seen_at: Timestamp,
    /// What the client calls itself (`User-Agent`), at most 256 characters.
    pub device: String,
    /// The client's network address at the last refresh.
    pub address: String,
    /// From here on it does not exist, whether or not the database has deleted it.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
}

/// Why a refresh token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not one of this session's, or the session is over.
    Unknown,
    /// It was replaced a moment ago, by another tab or by an answer that got lost: refused, nothing else.
    JustReplaced,
    /// It was replaced long ago, so somebody has a copy: the session must end.
    Reused,
}

impl Session {
    /// Whether the session is alive, given the user's current generation.
    pub fn is_alive(&self, generation: u64, now: Timestamp) -> bool {
        self.generation == generation && now < self.expires_at
    }

    /// Judges a refresh token by the hashes of its two parts.
    pub fn judge(&self, family_hash: &str, current_hash: &str, now: Timestamp) -> Result<(), Refusal> {
        if now >= self.expires_at || !same_hash(&self.family_hash, family_hash) {
            return Err(Refusal::Unknown);
        }
        if same_hash(&self.refresh_hash, current_hash) {
            return Ok(());
        }
        let was_previous = self.previous_hash.as_deref().is_some_and(|previous| same_hash(previous, current_hash));
        let in_grace = now.duration_since(self.rotated_at) <= REFRESH_GRACE;
        Err(if was_previous && in_grace { Refusal::JustReplaced } else { Refusal::Reused })
    }

    /// Replaces the refresh token; the session lives on from here.
    pub fn rotate(&mut self, current_hash: String, request: &str, address: &str, now: Timestamp) {
        self.previous_hash = Some(std::mem::replace(&mut self.refresh_hash, current_hash));
        self.rotated_at = now;
        request.clone_into(&mut self.rotated_by);
        self.last_seen_at = now;
        address.clone_into(&mut self.address);
        self.expires_at = now + SESSION_LIFETIME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let now = Timestamp::UNIX_EPOCH;
        Session {
            id: SessionId::new(now),
            user: UserId::new(now),
            generation: 0,
            family_hash: "family".into(),
            refresh_hash: "first".into(),
            previous_hash: None,
            rotated_at: now,
            rotated_by: "request".into(),
            created_at: now,
            last_seen_at: now,
            device: String::new(),
            address: String::new(),
            expires_at: now + SESSION_LIFETIME,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn the_newest_token_is_good_until_the_session_expires() {
        let session = session();
        assert_eq!(session.judge("family", "first", session.expires_at - SignedDuration::from_millis(1)), Ok(()));
        assert_eq!(session.judge("family", "first", session.expires_at), Err(Refusal::Unknown));
    }

    #[test]
    fn a_replaced_token_is_harmless_for_ten_seconds_and_theft_afterwards() {
        let mut session = session();
        session.rotate("second".into(), "r", "a", at(100));
        assert_eq!(session.judge("family", "second", at(100)), Ok(()));
        assert_eq!(session.judge("family", "first", at(110)), Err(Refusal::JustReplaced));
        assert_eq!(session.judge("family", "first", at(111)), Err(Refusal::Reused));
    }

    #[test]
    fn a_token_replaced_twice_is_theft_at_once() {
        let mut session = session();
        session.rotate("second".into(), "r", "a", at(100));
        session.rotate("third".into(), "r", "a", at(101));
        assert_eq!(session.judge("family", "first", at(101)), Err(Refusal::Reused));
    }

    #[test]
    fn a_made_up_token_ends_nothing() {
        assert_eq!(session().judge("guess", "guess", at(1)), Err(Refusal::Unknown));
    }

    #[test]
    fn a_session_of_an_older_generation_is_over() {
        assert!(session().is_alive(0, at(1)));
        assert!(!session().is_alive(1, at(1)));
    }
}
