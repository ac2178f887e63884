//! Sessions: one log-in on one device, kept alive by a refresh token that changes with every use.

use crate::link::same_hash;
use crate::{SessionId, UserId};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a session lives after its last refresh.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// For this long after it was replaced a refresh token gets the newest pair again: the answer got lost, or several tabs
/// woke together.
pub const REFRESH_GRACE: SignedDuration = SignedDuration::from_secs(30);

/// So many replaced tokens are remembered for that time. More would not fit into the one unit that a refresh writes.
const REMEMBERED: usize = 3;

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
    /// The tokens before it that were replaced a moment ago, the oldest first.
    pub replaced: Vec<ReplacedToken>,
    /// When the newest refresh token was made.
    #[serde(with = "millisecond::required")]
    pub rotated_at: Timestamp,
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

/// A refresh token that another one has replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedToken {
    /// Hash of the part that only this token has.
    pub hash: String,
    /// What, together with that part, makes the same part of the next token. Useless without it.
    pub salt: String,
    /// When it was replaced.
    #[serde(with = "millisecond::required")]
    pub at: Timestamp,
}

/// Why a refresh token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not one of this session's, or the session is over.
    Unknown,
    /// It was replaced long ago, so somebody has a copy: the session must end.
    Reused,
}

impl Session {
    /// Whether the session is alive, given the user's current generation.
    pub fn is_alive(&self, generation: u64, now: Timestamp) -> bool {
        self.generation == generation && now < self.expires_at
    }

    /// Judges a refresh token by the hashes of its two parts. Gives the replacements that lead from it to the newest
    /// token, in their order: none for the newest.
    pub fn judge(&self, family_hash: &str, current_hash: &str, now: Timestamp) -> Result<&[ReplacedToken], Refusal> {
        if now >= self.expires_at || !same_hash(&self.family_hash, family_hash) {
            return Err(Refusal::Unknown);
        }
        if same_hash(&self.refresh_hash, current_hash) {
            return Ok(&[]);
        }
        // Each is judged by its own replacement: asking again, and refreshing on, prolong nothing.
        let place = self.replaced.iter().position(|replaced| same_hash(&replaced.hash, current_hash));
        match place.and_then(|place| self.replaced.get(place..)) {
            Some(way) if way.first().is_some_and(|replaced| replaced.is_recent(now)) => Ok(way),
            _ => Err(Refusal::Reused),
        }
    }

    /// Whether the newest token may be replaced now. Not while as many as are remembered were a moment ago: one of those
    /// would be forgotten, and whoever kept on refreshing could keep an older token's use from telling of the theft.
    pub fn may_rotate(&self, now: Timestamp) -> bool {
        self.replaced.len() < REMEMBERED || self.replaced.first().is_none_or(|oldest| !oldest.is_recent(now))
    }

    /// Replaces the refresh token by the one that `salt` makes of it; the session lives on from here.
    pub fn rotate(&mut self, next_hash: String, salt: String, address: &str, now: Timestamp) {
        let hash = std::mem::replace(&mut self.refresh_hash, next_hash);
        self.replaced.retain(|replaced| replaced.is_recent(now));
        self.replaced.push(ReplacedToken { hash, salt, at: now });
        let too_many = self.replaced.len().saturating_sub(REMEMBERED);
        self.replaced.drain(..too_many);
        self.rotated_at = now;
        self.last_seen_at = now;
        address.clone_into(&mut self.address);
        self.expires_at = now + SESSION_LIFETIME;
    }
}

impl ReplacedToken {
    fn is_recent(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) <= REFRESH_GRACE
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
            replaced: Vec::new(),
            rotated_at: now,
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
        let last = session.expires_at - SignedDuration::from_millis(1);
        assert_eq!(session.judge("family", "first", last), Ok(&[][..]));
        assert_eq!(session.judge("family", "first", session.expires_at), Err(Refusal::Unknown));
    }

    /// Refreshes at these seconds; the tokens are `first`, `2`, `3` and so on.
    fn refreshed(seconds: &[i64]) -> Session {
        let mut session = session();
        for (number, second) in (2..).zip(seconds) {
            session.rotate(format!("{number}"), format!("salt of {number}"), "a", at(*second));
        }
        session
    }

    fn salts(session: &Session, token: &str, second: i64) -> Result<Vec<String>, Refusal> {
        let way = session.judge("family", token, at(second))?;
        Ok(way.iter().map(|replaced| replaced.salt.clone()).collect())
    }

    #[test]
    fn c06_a_replaced_token_leads_to_the_newest_for_30_seconds_and_is_theft_afterwards() {
        let session = refreshed(&[100]);
        assert_eq!(salts(&session, "2", 131), Ok(vec![]));
        assert_eq!(salts(&session, "first", 100), Ok(vec!["salt of 2".into()]));
        assert_eq!(salts(&session, "first", 130), Ok(vec!["salt of 2".into()]));
        assert_eq!(salts(&session, "first", 131), Err(Refusal::Reused));
    }

    #[test]
    fn c06_a_token_replaced_twice_leads_to_the_newest_within_its_own_30_seconds() {
        let session = refreshed(&[100, 110]);
        assert_eq!(salts(&session, "first", 130), Ok(vec!["salt of 2".into(), "salt of 3".into()]));
        assert_eq!(salts(&session, "first", 131), Err(Refusal::Reused));
        assert_eq!(salts(&session, "2", 140), Ok(vec!["salt of 3".into()]));
        assert_eq!(salts(&refreshed(&[100, 140]), "first", 140), Err(Refusal::Reused));
    }

    #[test]
    fn c06_who_refreshes_on_and_on_keeps_the_token_for_a_while_and_no_older_one_is_forgotten() {
        let session = refreshed(&[100, 101, 102]);
        assert!(!session.may_rotate(at(130)) && session.may_rotate(at(131)));
        assert_eq!(salts(&session, "first", 130).map(|way| way.len()), Ok(3));
        assert_eq!(salts(&session, "first", 131), Err(Refusal::Reused));
        assert!(refreshed(&[100, 101]).may_rotate(at(102)));
        // A token of long ago is theft, however often the thief has refreshed since.
        assert_eq!(salts(&refreshed(&[100, 200, 210, 220]), "first", 221), Err(Refusal::Reused));
        // Hours later only what is recent is kept.
        assert_eq!(refreshed(&[100, 101, 102, 5000]).replaced.len(), 1);
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
