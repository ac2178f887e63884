//! Users: who somebody is to Kith, and what admits them. What they tell of themselves is their profile.

use crate::{Act, AuditEvent, Email, EmailChange, PastEmail, Permission, Role, Session, Task, UserId, Work};
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A person with an account, one who confirmed their address or whom an admin invited: all that decides whether and
/// where they come in, and nothing that they tell of themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The account's id.
    pub id: UserId,
    /// The address; shown only to its owner and to admins.
    pub email: Email,
    /// Another address that is wanted and not confirmed yet.
    #[serde(default)]
    pub email_change: Option<EmailChange>,
    /// How many times another address was wanted.
    pub email_changes: u64,
    /// Addresses that the account had, newest last, with those that are held for it no more until the next change.
    pub past_emails: Vec<PastEmail>,
    /// Before this the address, which an admin gave the account, sets no password.
    #[serde(default, with = "millisecond::optional")]
    pub no_reset_before: Option<Timestamp>,
    /// What the person is here.
    pub role: Role,
    /// What the person may do beyond their own things.
    pub permissions: BTreeSet<Permission>,
    /// When the account was made.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// When the address was confirmed; absent until an invitation is accepted.
    #[serde(default, with = "millisecond::optional")]
    pub confirmed_at: Option<Timestamp>,
    /// False: an admin has switched the account off.
    pub is_active: bool,
    /// When the account was banned, if it is.
    #[serde(default, with = "millisecond::optional")]
    pub banned_at: Option<Timestamp>,
    /// When deleting it began. From then on it does not exist for anybody but the job that erases it.
    #[serde(default, with = "millisecond::optional")]
    pub erasing_since: Option<Timestamp>,
    /// A session of an older generation has ended: one write ends them all.
    pub session_generation: u64,
    /// Authenticates this person's list cursors: 32 random bytes, base64url.
    pub cursor_key: String,
    /// When any of this was last changed.
    #[serde(with = "millisecond::required")]
    pub updated_at: Timestamp,
    /// Goes up by one with every change.
    pub rev: u64,
}

impl User {
    /// A new account as an admin makes it: a member without a confirmed address.
    pub fn new(id: UserId, email: Email, cursor_key: String, now: Timestamp) -> Self {
        Self {
            id,
            email,
            email_change: None,
            email_changes: 0,
            past_emails: Vec::new(),
            no_reset_before: None,
            role: Role::Member,
            permissions: Permission::of_members(),
            created_at: now,
            confirmed_at: None,
            is_active: true,
            banned_at: None,
            erasing_since: None,
            session_generation: 0,
            cursor_key,
            updated_at: now,
            rev: 1,
        }
    }

    /// Whether the person may log in and use what they have.
    pub fn may_act(&self) -> bool {
        self.is_active && self.banned_at.is_none() && self.erasing_since.is_none()
    }

    /// Whether this person may go on in a session of theirs: it is alive, and the account may be used.
    pub fn admits(&self, session: &Session, now: Timestamp) -> bool {
        session.is_alive(self.session_generation, now) && self.may_act()
    }

    /// One more change, at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.rev += 1;
    }

    /// Begins deleting the account: it is gone for everybody, and the task given back erases what is in it.
    pub fn begin_erasing(&mut self, now: Timestamp) -> Task {
        self.erasing_since = Some(now);
        // Whoever is leaving is no admin any more, if another one is left; the table sees to that.
        self.role = Role::Member;
        self.end_sessions();
        self.touch(now);
        Task::new(Work::EraseAccount { user: self.id }, now)
    }

    /// Makes an admin of whoever has confirmed an address that the deployment names. Nobody ever loses the role by it.
    /// Whoever is banned or switched off stays what they are: nobody could undo either for an admin, and an admin who
    /// cannot act would count as the one who must be left. What is given back tells of it, where it is news.
    pub fn become_admin_if(&mut self, is_named: bool, now: Timestamp) -> Option<AuditEvent> {
        if !is_named || !self.may_act() || self.role == Role::Admin {
            return None;
        }
        let before = std::mem::replace(&mut self.role, Role::Admin);
        Some(AuditEvent::new(self.id, self.id, Act::RoleChanged { before, after: Role::Admin }, now))
    }

    /// Ends all sessions, and with them what was wished for in one of them.
    pub fn end_sessions(&mut self) {
        self.session_generation += 1;
        self.email_change = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        let email = Email::parse("a@example.org").unwrap();
        User::new(UserId::new(Timestamp::UNIX_EPOCH), email, String::new(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_named_address_makes_an_admin_of_whoever_may_act() {
        let role = |mut user: User, is_named| {
            user.become_admin_if(is_named, Timestamp::UNIX_EPOCH);
            user.role
        };
        assert_eq!(role(user(), true), Role::Admin);
        assert_eq!(role(user(), false), Role::Member);
        assert_eq!(role(User { role: Role::Admin, ..user() }, false), Role::Admin);
        assert_eq!(role(User { banned_at: Some(Timestamp::UNIX_EPOCH), ..user() }, true), Role::Member);
        assert_eq!(role(User { is_active: false, ..user() }, true), Role::Member);
    }
}
