//! Rate limits. The numbers are the defaults of `docs/API.md`.

use crate::{Cx, Problem, Result};
use axum::http::HeaderName;
use jiff::{SignedDuration, Timestamp};
use kith_crypto::SecretHash;
use kith_store::{Store, Window};
use std::collections::HashMap;
use std::sync::Mutex;

/// A limit of so many in so long for each subject.
#[derive(Debug)]
pub struct Limit {
    name: &'static str,
    window: Window,
}

impl Limit {
    const fn new(name: &'static str, limit: u32, length: SignedDuration) -> Self {
        Self { name, window: Window { limit, length } }
    }
}

/// Log-in tries from one network under one name, as it was typed, and at one account under all its names.
pub const LOGIN: Limit = Limit::new("login", 10, SignedDuration::from_mins(15));
/// Log-in tries from one network under all names.
pub const LOGIN_NETWORK: Limit = Limit::new("login-network", 60, SignedDuration::from_mins(15));
/// Log-in tries at one account from all networks where its owner has not been of late.
pub const LOGIN_ACCOUNT: Limit = Limit::new("login-account", 100, SignedDuration::from_hours(1));
/// Registrations from one network.
pub const REGISTRATIONS: Limit = Limit::new("register", 10, SignedDuration::from_hours(1));
/// Tries of one's own password where it must be given once more.
pub const PASSWORD_CHECKS: Limit = Limit::new("password", 10, SignedDuration::from_mins(15));
/// Requests from one network of somebody without an account that may cause a mail.
pub const MAIL_REQUESTS: Limit = Limit::new("mail-requests", 20, SignedDuration::from_hours(1));
/// Mails to one address that ask for its confirmation, as far as one asker causes them.
pub const CONFIRMING_MAILS_FROM: Limit = Limit::new("mail-confirm-from", 3, SignedDuration::from_hours(1));
/// The same from all askers together.
pub const CONFIRMING_MAILS: Limit = Limit::new("mail-confirm", 12, SignedDuration::from_hours(1));
/// Mails to one address about a forgotten password.
pub const RESET_MAILS: Limit = Limit::new("mail-reset", 3, SignedDuration::from_hours(1));
/// Mails to one address that invite.
pub const INVITATION_MAILS: Limit = Limit::new("mail-invite", 3, SignedDuration::from_hours(1));
/// Wishes for another address of one account, by its owner; and again as many by admins.
pub const EMAIL_CHANGES: Limit = Limit::new("email-change", 3, SignedDuration::from_hours(24));
/// Invitations by one admin.
pub const INVITATIONS: Limit = Limit::new("invite", 100, SignedDuration::from_hours(24));
/// Notes sealed from one network.
pub const NOTES_SEALED: Limit = Limit::new("note-seal", 30, SignedDuration::from_hours(1));
/// Notes looked at or opened from one network, whether or not they exist.
pub const NOTES_OPENED: Limit = Limit::new("note-open", 120, SignedDuration::from_mins(1));
/// Pictures that one account uploads.
pub const UPLOADS: Limit = Limit::new("upload", 30, SignedDuration::from_hours(1));

impl Limit {
    /// How many in how long.
    pub fn window(&self) -> Window {
        self.window
    }

    /// What stands for a subject in the table: a hash, since the table is no list of addresses.
    pub fn key(&self, subject: &str) -> String {
        SecretHash::of(format!("{}\n{subject}", self.name).as_bytes()).to_string()
    }

    /// 429 where this instance remembers that a subject is over the limit.
    pub fn remembered(&self, cx: &Cx, key: &str) -> Result<()> {
        cx.app().exhausted().until(key, cx.now).map_or(Ok(()), |end| Err(self.over(cx, end)))
    }

    /// Has this instance remember until `end` that a subject is over the limit.
    pub fn remember(&self, cx: &Cx, key: String, end: Timestamp) {
        cx.app().exhausted().remember(key, end, cx.now);
    }

    /// Counts one for a subject; false where the same mark was counted before.
    pub(crate) async fn count(&self, cx: &Cx, subject: &str, mark: Option<&str>) -> Result<bool> {
        let key = self.key(subject);
        self.remembered(cx, &key)?;
        let counted = cx.store.count_one(self.name, &key, mark, self.window, cx.now).await?;
        if !counted.allowed {
            self.remember(cx, key, counted.resets_at);
            return Err(self.over(cx, counted.resets_at));
        }
        self.tell(cx, counted.remaining, counted.resets_at);
        Ok(!counted.repeated)
    }

    /// Counts one more for a subject where nobody waits for an answer; false where it is one too many. What is done
    /// again with the same mark counts once.
    pub(crate) async fn allows(&self, store: &Store, subject: &str, mark: &str, now: Timestamp) -> Result<bool> {
        let counted = store.count_one(self.name, &self.key(subject), Some(mark), self.window, now).await?;
        Ok(counted.allowed)
    }

    /// 429, with the time to wait.
    pub fn over(&self, cx: &Cx, end: Timestamp) -> Problem {
        self.tell(cx, 0, end);
        Problem::too_many(seconds_until(end, cx.now))
    }

    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
    pub fn tell(&self, cx: &Cx, remaining: u32, end: Timestamp) {
        let (name, Window { limit, length }) = (self.name, self.window);
        let seconds = seconds_until(end, cx.now);
        cx.add_header(
            HeaderName::from_static("ratelimit-policy"),
            &format!("\"{name}\";q={limit};w={}", length.as_secs()),
        );
        cx.add_header(HeaderName::from_static("ratelimit"), &format!("\"{name}\";r={remaining};t={seconds}"));
    }
}

/// Whole seconds to wait, up, at least one.
pub(crate) fn seconds_until(end: Timestamp, now: Timestamp) -> i64 {
    let millis = end.duration_since(now).as_millis().clamp(0, i128::from(u32::MAX));
    i64::try_from((millis + 999) / 1000).unwrap_or(i64::MAX).max(1)
}

/// Subjects over a limit, by key hash: an instance refuses them from memory, without a call, until their window ends.
#[derive(Debug, Default)]
pub(crate) struct Exhausted(Mutex<HashMap<String, Timestamp>>);

impl Exhausted {
    /// More are not remembered; the table knows them anyway.
    const CAPACITY: usize = 10_000;

    fn until(&self, key: &str, now: Timestamp) -> Option<Timestamp> {
        self.0.lock().ok()?.get(key).copied().filter(|end| now < *end)
    }

    fn remember(&self, key: String, end: Timestamp, now: Timestamp) {
        if let Ok(mut known) = self.0.lock() {
            if known.len() >= Self::CAPACITY {
                known.retain(|_, end| now < *end);
            }
            if known.len() < Self::CAPACITY {
                known.insert(key, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_refuses_until_the_window_ends_and_stays_bounded() {
        let exhausted = Exhausted::default();
        let (now, end) = (Timestamp::from_second(100).unwrap(), Timestamp::from_second(200).unwrap());
        exhausted.remember("key".into(), end, now);
        assert_eq!(exhausted.until("key", now), Some(end));
        assert_eq!(exhausted.until("key", end), None);
        for n in 0..2 * Exhausted::CAPACITY {
            exhausted.remember(n.to_string(), end, now);
        }
        assert_eq!(exhausted.0.lock().unwrap().len(), Exhausted::CAPACITY);
        exhausted.remember("late".into(), Timestamp::from_second(900).unwrap(), end);
        assert_eq!(exhausted.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn the_wait_is_rounded_up() {
        let now = Timestamp::from_millisecond(1_500).unwrap();
        assert_eq!(seconds_until(Timestamp::from_second(2).unwrap(), now), 1);
        assert_eq!(seconds_until(Timestamp::from_millisecond(2_501).unwrap(), now), 2);
        assert_eq!(seconds_until(now, now), 1);
    }
}
