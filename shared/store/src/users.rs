//! Users: what admits people. Reading and changing it, alone or together with what they tell of themselves.

use crate::credentials::NewPassword;
use crate::difference::{Changeable, Tries};
use crate::item::{Item, entity, item, text_of};
use crate::keys::{self, number};
use crate::registrations::{EmailEntry, UsernameGuard};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Answer, Result, Revisions, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{AuditEvent, Email, Person, Purpose, Role, SessionId, Task, Upload, User, UserId, Username};

/// What goes along with a change of a user or a profile, in its transaction.
#[derive(Debug, Default)]
pub struct Along {
    /// What follows from it.
    pub tasks: Vec<Task>,
    /// What the audit trail says of it, an event for each change.
    pub audit: Vec<AuditEvent>,
    /// The one session that goes on where all others end.
    pub surviving_session: Option<SessionId>,
    /// Links that were mailed before and shall work no more.
    pub dropped_links: Vec<Purpose>,
    /// The upload that it finishes. It must still be under way.
    pub finished_upload: Option<Upload>,
    /// The mailed link by which it is done: purpose and hash. It must still work, and works no more.
    pub used_link: Option<(Purpose, String)>,
    /// The password that it sets.
    pub new_password: Option<NewPassword>,
    /// What is kept for repeats of the request that does it.
    pub answer: Option<Answer>,
}

/// Attributes of a user that a change may write, with their placeholders. Not among them: keys; and the session
/// generation, which only ever goes up.
pub(crate) const CHANGEABLE: [Changeable; 13] = [
    ("email", "#email", ":email"),
    ("email_change", "#email_change", ":email_change"),
    ("email_changes", "#email_changes", ":email_changes"),
    ("past_emails", "#past_emails", ":past_emails"),
    ("no_reset_before", "#no_reset_before", ":no_reset_before"),
    ("role", "#role", ":role"),
    ("permissions", "#permissions", ":permissions"),
    ("is_active", "#is_active", ":is_active"),
    ("banned_at", "#banned_at", ":banned_at"),
    ("erasing_since", "#erasing_since", ":erasing_since"),
    ("confirmed_at", "#confirmed_at", ":confirmed_at"),
    ("updated_at", "#updated_at", ":updated_at"),
    ("rev", "#rev", ":rev"),
];

impl Store {
    /// A user; `NotFound` from the moment on that deleting it begins.
    pub async fn user(&self, id: UserId) -> Result<User> {
        let [user] = self.get_all([&keys::user(id)]).await?;
        let user: User = user.map(entity).transpose()?.ok_or(StoreError::NotFound)?;
        if user.erasing_since.is_some() { Err(StoreError::NotFound) } else { Ok(user) }
    }

    /// The person behind a username; `NotFound` for one that only a registration holds, too, since nobody is found by
    /// it.
    pub async fn person_named(&self, username: &Username) -> Result<Person> {
        let guard = self.get(&keys::username(username)).await?.ok_or(StoreError::NotFound)?;
        self.person(entity::<UsernameGuard>(guard)?.user).await
    }

    /// The owner of an address.
    pub async fn user_of_email(&self, email: &Email) -> Result<User> {
        let owner = self.get(&keys::email_owner(email)).await?.ok_or(StoreError::NotFound)?;
        let owner: EmailEntry = entity(owner)?;
        if owner.held_until.is_some() { Err(StoreError::NotFound) } else { self.user(owner.user).await }
    }

    /// Whether an account has an address, or another one than this holds it because it had it until lately.
    pub async fn is_taken(&self, email: &Email, by_others_than: UserId, now: Timestamp) -> Result<bool> {
        let owner = self.get(&keys::email_owner(email)).await?.map(entity::<EmailEntry>).transpose()?;
        Ok(owner.is_some_and(|owner| match owner.held_until {
            Some(end) => now.as_millisecond() < end && owner.user != by_others_than,
            None => true,
        }))
    }

    /// A page of users by id, oldest first: those that `wanted` takes, and whether there are more.
    ///
    /// A role above member has a roster of its own; everybody else is found by the index, which may lag a moment.
    pub async fn users(
        &self,
        role: Option<Role>,
        wanted: impl Fn(&User) -> bool,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<(Vec<User>, bool)> {
        let mut after = after;
        let mut found = Vec::new();
        loop {
            let (ids, more) = match role {
                Some(role @ (Role::Moderator | Role::Admin)) => self.roster(role, after, limit).await?,
                Some(Role::Member) | None => self.indexed_users(after, limit + 1).await?,
            };
            for user in self.get_many(ids.iter().map(|id| keys::user(*id)).collect()).await?.into_iter().flatten() {
                let user: User = entity(user)?;
                if user.erasing_since.is_none() && wanted(&user) {
                    found.push(user);
                }
            }
            after = ids.last().copied().or(after);
            if found.len() > limit {
                found.truncate(limit);
                return Ok((found, true));
            }
            if !more {
                return Ok((found, false));
            }
        }
    }

    /// Up to `limit` + 1 ids of a roster, and whether there are more.
    async fn roster(&self, role: Role, after: Option<UserId>, limit: usize) -> Result<(Vec<UserId>, bool)> {
        let after = after.map(|id| id.to_string());
        // A batch reads at most 100 items.
        let count = i32::try_from(limit + 1).unwrap_or(i32::MAX).min(100);
        let order = crate::table::Order::OldestFirst;
        let (items, more) = self.page(&keys::roster_of(role), "usr_", order, after.as_deref(), count).await?;
        let id = |item: &Item| {
            text_of(item, "sk")
                .and_then(|sk| sk.parse().ok())
                .ok_or_else(|| StoreError::Unreadable("a roster's key".into()))
        };
        Ok((items.iter().map(id).collect::<Result<_>>()?, more))
    }

    /// Applies a change to a user as loaded by this request and saves it with what goes along.
    ///
    /// With `if_match` the change is for that revision only (`Stale` otherwise); without it a lost race is repeated on
    /// the newest state, and so is whatever rule `apply` checks. What moves no revision, and leaves nothing along, is
    /// not written.
    pub async fn change_user<E: From<StoreError>>(
        &self,
        mut user: User,
        if_match: Option<Revisions>,
        now: Timestamp,
        apply: impl Fn(&mut User) -> std::result::Result<Along, E>,
    ) -> std::result::Result<User, E> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(user.rev).await?;
            let mut changed = user.clone();
            let along = apply(&mut changed)?;
            match self.save_user(&user, &changed, along, now).await {
                Err(StoreError::Stale) => user = self.user(user.id).await?,
                saved => return saved.map(|()| changed).map_err(E::from),
            }
        }
    }

    /// Writes what differs between `before` and `after`, moves the hold on the address and the rosters with it, and adds
    /// what goes along. `Stale` unless the user is still at the revision of `before`; `NotFound` where the link that is
    /// used works no more; `EmailTaken`, `LastAdmin`, `PasswordChanged`.
    async fn save_user(&self, before: &User, after: &User, along: Along, now: Timestamp) -> Result<()> {
        if along.is_nothing() && before.email.folded() == after.email.folded() && before.role == after.role {
            if before.rev == after.rev {
                return Ok(());
            }
            let difference = self.user_difference(before, after)?;
            return self.save_alone(&keys::user(after.id), difference, after.rev).await;
        }
        let mut change = Transaction::new();
        self.use_links(&mut change, after.id, &along, now)?;
        self.update_user(&mut change, before, after, now)?;
        self.add_along(&mut change, after.id, along, now)?;
        self.commit(change).await
    }

    /// Adds the change of a user, if it is one, to a transaction: `Stale` where the user is not at the revision of
    /// `before` any more.
    pub(crate) fn update_user(
        &self,
        change: &mut Transaction,
        before: &User,
        after: &User,
        now: Timestamp,
    ) -> Result<()> {
        if before.rev == after.rev {
            return Ok(());
        }
        let difference = self.user_difference(before, after)?.expression();
        change.update(&self.table, &keys::user(after.id), difference, |_| StoreError::Stale);
        self.move_emails(change, before, after, now)?;
        self.move_roster(change, after.id, before.role, after.role)
    }

    /// The update that turns `before` into `after`.
    fn user_difference(&self, before: &User, after: &User) -> Result<crate::difference::Difference> {
        let mut difference = self.difference(before, after, before.rev, &CHANGEABLE)?;
        if after.session_generation != before.session_generation {
            // Not the number as loaded: it only ever goes up.
            difference.sets.push("session_generation = session_generation + :ended".to_owned());
            difference.values.push((":ended", number(after.session_generation - before.session_generation)));
        }
        Ok(difference)
    }

    /// Keeps the rosters right, and at least one admin in theirs.
    pub(crate) fn move_roster(&self, change: &mut Transaction, user: UserId, before: Role, after: Role) -> Result<()> {
        if before == after {
            return Ok(());
        }
        if before != Role::Member {
            change.delete_any(&self.table, &keys::roster(before, user));
        }
        if after != Role::Member {
            let entry = item(&keys::roster(after, user), "roster", &serde_json::json!({}))?;
            change.put_any(&self.table, entry);
        }
        let count = |update: &'static str, condition| Expression {
            update: Some(update.into()),
            condition,
            names: vec![("#count", "count".into())],
            values: vec![(":one", number(1))],
        };
        match (before, after) {
            (Role::Admin, _) => {
                let one_less = count("SET #count = #count - :one", Some("#count > :one"));
                change.update(&self.table, &keys::admin_count(), one_less, |_| StoreError::LastAdmin);
            }
            (_, Role::Admin) => {
                change.update(&self.table, &keys::admin_count(), count("ADD #count :one", None), |_| StoreError::Stale);
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the answer that is kept for repeats, and the use of the link by which a change is done: first, so that they
    /// are the reason given where the change has been made, or the link works no more.
    pub(crate) fn use_links(
        &self,
        change: &mut Transaction,
        user: UserId,
        along: &Along,
        now: Timestamp,
    ) -> Result<()> {
        self.put_answer(change, along.answer.clone(), now)?;
        if let Some((purpose, hash)) = &along.used_link {
            self.use_link(change, user, *purpose, hash, now);
        }
        Ok(())
    }

    pub(crate) fn add_along(&self, change: &mut Transaction, user: UserId, along: Along, now: Timestamp) -> Result<()> {
        for task in &along.tasks {
            self.put_task(change, task)?;
        }
        for purpose in &along.dropped_links {
            change.delete_any(&self.table, &keys::link(user, *purpose));
        }
        if let Some(upload) = &along.finished_upload {
            self.finish_upload(change, upload, now);
        }
        if let Some(new) = &along.new_password {
            self.set_password(change, user, new);
        }
        if let Some(session) = along.surviving_session {
            let lives_on = Expression {
                update: Some("SET generation = generation + :one".into()),
                condition: Some("attribute_exists(pk)"),
                values: vec![(":one", number(1))],
                ..Expression::default()
            };
            change.update(&self.table, &keys::session(user, session), lives_on, |_| StoreError::NotFound);
        }
        for event in &along.audit {
            self.put_audit(change, event, user, now)?;
        }
        Ok(())
    }

    /// Ends all sessions of a user, and with them the wish for another address, by one write.
    pub async fn end_all_sessions(&self, user: &User) -> Result<()> {
        let change = Expression {
            update: Some(
                "SET session_generation = session_generation + :one, rev = rev + :one REMOVE email_change".into(),
            ),
            condition: Some("attribute_exists(pk)"),
            values: vec![(":one", number(1))],
            ..Expression::default()
        };
        // Repeated after a lost answer it ends them twice, which is the same.
        self.update(&keys::user(user.id), change).await?.map(drop).map_err(|_| StoreError::NotFound)
    }
}

impl Along {
    pub(crate) fn is_nothing(&self) -> bool {
        self.tasks.is_empty()
            && self.surviving_session.is_none()
            && self.audit.is_empty()
            && self.dropped_links.is_empty()
            && self.finished_upload.is_none()
            && self.used_link.is_none()
            && self.new_password.is_none()
            && self.answer.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_of_a_user_is_changeable_or_left_out_on_purpose() {
        let email = Email::parse("a@example.org").unwrap();
        let user = User::new(UserId::new(Timestamp::UNIX_EPOCH), email, String::new(), Timestamp::UNIX_EPOCH);
        let item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(&user).unwrap();
        for attribute in item.keys() {
            let is_changeable = CHANGEABLE.iter().any(|(name, _, _)| name == attribute);
            let left_out = ["id", "created_at", "session_generation", "cursor_key"].contains(&attribute.as_str());
            assert!(is_changeable != left_out, "{attribute}");
        }
        assert!(CHANGEABLE.iter().all(|(name, _, _)| item.contains_key(*name)));
    }
}
