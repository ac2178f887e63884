//! Another e-mail address for an account: the wish, its confirmation, and the way back for whoever has the old one.

use crate::{Email, Task, User, UserId, Work};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a wish for another address waits to be confirmed.
pub const EMAIL_CHANGE_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long a change can be undone by whoever has the old address, and that stays held for the account.
pub const EMAIL_UNDO_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long an address that an admin gave an account sets no password: time to object for whoever has the account.
pub const NO_RESET_LIFETIME: SignedDuration = SignedDuration::from_hours(72);

/// A wish for another address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChange {
    /// Which of the account's wishes it is: they are numbered from one.
    pub number: u64,
    /// The address.
    pub email: Email,
    /// The admin who wants it; absent where the account's owner does.
    #[serde(default)]
    pub asked_by: Option<UserId>,
    /// From here on the wish does not exist any more.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
}

/// An address that the account had, while the change away from it can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEmail {
    /// The wish that took it away.
    pub number: u64,
    /// The address.
    pub email: Email,
    /// From here on it is as free as any.
    #[serde(with = "millisecond::required")]
    pub until: Timestamp,
}

/// What whoever has an address that is, or was, an account's can do about a change away from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// End the wish for another one.
    Withdraw,
    /// Get the account back to this one.
    GiveBack(PastEmail),
}

impl User {
    /// The address that is wanted, while the wish lives.
    pub fn wanted_email(&self, now: Timestamp) -> Option<&EmailChange> {
        self.email_change.as_ref().filter(|wish| now < wish.expires_at)
    }

    /// Wishes for another address, on an admin's word or one's own. The tasks given back mail the link there, and word
    /// with a link to the address that the account has.
    pub fn wish_for_email(&mut self, email: Email, asked_by: Option<UserId>, now: Timestamp) -> Vec<Task> {
        self.email_changes += 1;
        let number = self.email_changes;
        self.email_change = Some(EmailChange { number, email, asked_by, expires_at: now + EMAIL_CHANGE_LIFETIME });
        self.touch(now);
        let warning = Work::MailEmailWish { user: self.id, number, email: self.email.clone() };
        vec![Task::new(Work::MailEmailChange { user: self.id }, now), Task::new(warning, now)]
    }

    /// Takes over the address of a wish that was confirmed; the task given back tells the old one.
    pub fn take_email(&mut self, wish: EmailChange, now: Timestamp) -> Task {
        self.past_emails.retain(|past| now < past.until);
        let old = std::mem::replace(&mut self.email, wish.email);
        let until = now + EMAIL_UNDO_LIFETIME;
        self.past_emails.push(PastEmail { number: wish.number, email: old.clone(), until });
        self.email_change = None;
        self.no_reset_before = wish.asked_by.map(|_| now + NO_RESET_LIFETIME);
        Task::new(Work::MailEmailChanged { user: self.id, number: wish.number, email: old }, now)
    }

    /// Addresses that the account had, while they are held for it.
    pub fn held_emails(&self, now: Timestamp) -> impl Iterator<Item = &PastEmail> {
        self.past_emails.iter().filter(move |past| now < past.until)
    }

    /// What a link can undo that was mailed to `email` because of the wish with this number: the earliest change since,
    /// or a wish that waits.
    pub fn undo_by(&self, number: u64, email: &Email, now: Timestamp) -> Option<Undo> {
        let is_meant = |other: u64, own: &Email| other >= number && own.folded() == email.folded();
        let past = self.held_emails(now).filter(|past| is_meant(past.number, &past.email));
        if let Some(earliest) = past.min_by_key(|past| past.number) {
            return Some(Undo::GiveBack(earliest.clone()));
        }
        self.wanted_email(now).filter(|wish| is_meant(wish.number, &self.email)).map(|_| Undo::Withdraw)
    }

    /// Gives the account an address back that it had: what was changed since is forgotten, all sessions end, and with
    /// them any wish. The task given back mails there how to choose a new password. A ban stays.
    pub fn give_back(&mut self, past: &PastEmail, now: Timestamp) -> Task {
        self.email = past.email.clone();
        self.past_emails.retain(|other| other.number < past.number && now < other.until);
        self.no_reset_before = None;
        self.end_sessions();
        Task::new(Work::MailFreshStart { user: self.id }, now)
    }

    /// Whether the address may set a new password.
    pub fn may_reset(&self, now: Timestamp) -> bool {
        self.no_reset_before.is_none_or(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn email(name: &str) -> Email {
        Email::parse(&format!("{name}@example.org")).unwrap()
    }

    fn user() -> User {
        User::new(UserId::new(at(0)), email("a"), String::new(), at(0))
    }

    fn change(user: &mut User, to: &str, asked_by: Option<UserId>, now: Timestamp) {
        user.wish_for_email(email(to), asked_by, now);
        let wish = user.email_change.clone().unwrap();
        user.take_email(wish, now);
    }

    #[test]
    fn h08_a_wish_for_an_address_ends_with_its_time_and_with_the_sessions() {
        let mut user = user();
        user.wish_for_email(email("b"), None, at(0));
        assert!(user.wanted_email(at(24) - SignedDuration::from_millis(1)).is_some());
        assert!(user.wanted_email(at(24)).is_none());
        user.end_sessions();
        assert!(user.email_change.is_none());
    }

    #[test]
    fn h01_of_several_changes_the_earliest_live_link_wins_and_ends_the_later_ones() {
        let mut user = user();
        change(&mut user, "b", None, at(0));
        change(&mut user, "c", None, at(24));
        let Some(Undo::GiveBack(second)) = user.undo_by(2, &email("b"), at(25)) else { panic!("no way back to b") };
        let Some(Undo::GiveBack(first)) = user.undo_by(1, &email("a"), at(25)) else { panic!("no way back to a") };
        let mut to_b = user.clone();
        to_b.give_back(&second, at(25));
        assert_eq!((to_b.email.as_str(), to_b.past_emails.len()), ("b@example.org", 1));
        assert!(to_b.undo_by(1, &email("a"), at(25)).is_some());
        user.give_back(&first, at(25));
        assert_eq!((user.email.as_str(), user.past_emails.len()), ("a@example.org", 0));
        assert!(user.undo_by(2, &email("b"), at(25)).is_none());
        assert_eq!(user.session_generation, 1);
    }

    #[test]
    fn h01_the_way_back_is_open_for_7_days_and_a_link_is_for_its_own_address() {
        let mut user = user();
        change(&mut user, "b", None, at(0));
        let end = at(7 * 24);
        assert!(user.undo_by(1, &email("a"), end - SignedDuration::from_millis(1)).is_some());
        assert!(user.undo_by(1, &email("a"), end).is_none());
        assert!(user.undo_by(1, &email("b"), at(1)).is_none());
        assert!(user.undo_by(2, &email("a"), at(1)).is_none());
    }

    #[test]
    fn h01_a_link_withdraws_a_wish_and_those_that_took_its_place() {
        let mut user = user();
        user.wish_for_email(email("b"), None, at(0));
        user.wish_for_email(email("c"), None, at(1));
        assert_eq!(user.undo_by(1, &email("a"), at(2)), Some(Undo::Withdraw));
        let wish = user.email_change.clone().unwrap();
        user.take_email(wish, at(2));
        assert!(matches!(user.undo_by(1, &email("a"), at(3)), Some(Undo::GiveBack(past)) if past.number == 2));
    }

    #[test]
    fn h02_an_address_that_an_admin_gave_sets_no_password_for_72_hours() {
        let mut user = user();
        change(&mut user, "b", Some(UserId::new(at(0))), at(0));
        assert!(!user.may_reset(at(72) - SignedDuration::from_millis(1)));
        assert!(user.may_reset(at(72)));
        change(&mut user, "c", None, at(1));
        assert!(user.may_reset(at(1)));
    }
}
