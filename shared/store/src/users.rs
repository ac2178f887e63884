//! Users: reading, changing, deleting.

use crate::difference::{Changeable, Difference, Tries};
use crate::item::{Item, entity, item, text_of};
use crate::keys::{self, number};
use crate::registrations::{EmailEntry, UsernameGuard, held_by, unowned, user_items};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Answer, Result, Revisions, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{AuditEvent, Email, Link, Purpose, Role, SessionId, Task, Upload, User, UserId, Username};

/// What goes along with a change of a user, in its transaction.
#[derive(Debug, Default)]
pub struct Along {
    /// What follows from it.
    pub tasks: Vec<Task>,
    /// What the audit trail says of it.
    pub audit: Option<AuditEvent>,
    /// A link to be mailed; one for the same purpose before it stops working.
    pub link: Option<Link>,
    /// The one session that goes on where all others end.
    pub surviving_session: Option<SessionId>,
    /// Links that were mailed before and shall work no more.
    pub dropped_links: Vec<Purpose>,
    /// The upload that it finishes. It must still be under way.
    pub finished_upload: Option<Upload>,
    /// The mailed link by which it is done: purpose and hash. It must still work, and works no more.
    pub used_link: Option<(Purpose, String)>,
}

/// Attributes of a user that a change may write, with their placeholders. Not among them: keys; login stamps, which
/// are counted in passing; and the session generation, which only ever goes up.
const CHANGEABLE: [Changeable; 18] = [
    ("email", "#email", ":email"),
    ("username", "#username", ":username"),
    ("first_name", "#first_name", ":first_name"),
    ("last_name", "#last_name", ":last_name"),
    ("bio", "#bio", ":bio"),
    ("location", "#location", ":location"),
    ("profile_photo", "#profile_photo", ":profile_photo"),
    ("cover_photo", "#cover_photo", ":cover_photo"),
    ("role", "#role", ":role"),
    ("permissions", "#permissions", ":permissions"),
    ("password_hash", "#password_hash", ":password_hash"),
    ("preferences", "#preferences", ":preferences"),
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
        let user = self.user_even_while_erasing(id).await?;
        if user.erasing_since.is_some() { Err(StoreError::NotFound) } else { Ok(user) }
    }

    /// A user, also one that is being erased.
    pub async fn user_even_while_erasing(&self, id: UserId) -> Result<User> {
        let [user] = self.get_all([&keys::user(id)]).await?;
        user.map(entity).transpose()?.ok_or(StoreError::NotFound)
    }

    /// The id behind a username; `NotFound` for one that only a registration holds, too, since no user is found by it.
    pub async fn user_named(&self, username: &Username) -> Result<User> {
        let guard = self.get(&keys::username(username)).await?.ok_or(StoreError::NotFound)?;
        self.user(entity::<UsernameGuard>(guard)?.user).await
    }

    /// The owner of an address.
    pub async fn user_of_email(&self, email: &Email) -> Result<User> {
        let owner = self.get(&keys::email_owner(email)).await?.ok_or(StoreError::NotFound)?;
        self.user(entity::<EmailEntry>(owner)?.user).await
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

    /// Makes a user on an admin's word. `UsernameTaken`, `EmailTaken`.
    pub async fn create_user(&self, user: &User, along: Along, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        let [account, owner] = user_items(user)?;
        change.put_new(&self.table, account);
        change.put(&self.table, owner, unowned(), |_| StoreError::EmailTaken);
        self.hold_username(&mut change, user, now)?;
        self.add_along(&mut change, user.id, along, now)?;
        self.commit(change).await
    }

    /// Applies a change to a user as loaded by this request and saves it with what goes along.
    ///
    /// With `if_match` the change is for that revision only (`Stale` otherwise); without it a lost race is repeated on
    /// the newest state, and so is whatever rule `apply` checks.
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

    /// Writes what differs between `before` and `after`, moves the holds on names and the rosters with it, and adds
    /// what goes along. `Stale` unless the user is still at the revision of `before`; `NotFound` where the link that
    /// is used works no more; `UsernameTaken`, `EmailTaken`, `LastAdmin`.
    async fn save_user(&self, before: &User, after: &User, along: Along, now: Timestamp) -> Result<()> {
        let difference = self.user_difference(before, after)?;
        let moves_name = before.username.folded() != after.username.folded();
        let moves_email = before.email.folded() != after.email.folded();
        let is_alone = !moves_name && !moves_email && before.role == after.role && along.is_nothing();
        if is_alone {
            return self.save_alone(&keys::user(after.id), difference, after.rev).await;
        }
        let mut change = Transaction::new();
        if let Some((purpose, hash)) = &along.used_link {
            let opened = crate::registrations::opened_by(hash, now);
            change.delete(&self.table, &keys::link(after.id, *purpose), opened, |_| StoreError::NotFound);
        }
        change.update(&self.table, &keys::user(after.id), difference.expression(), |_| StoreError::Stale);
        if moves_name {
            self.hold_username(&mut change, after, now)?;
            change.delete(&self.table, &keys::username(&before.username), held_by(after.id), |_| StoreError::Stale);
        }
        if moves_email {
            let [_, owner] = user_items(after)?;
            change.put(&self.table, owner, unowned(), |_| StoreError::EmailTaken);
            change.delete(&self.table, &keys::email_owner(&before.email), held_by(after.id), |_| StoreError::Stale);
        }
        self.move_roster(&mut change, after.id, before.role, after.role)?;
        self.add_along(&mut change, after.id, along, now)?;
        self.commit(change).await
    }

    /// The update that turns `before` into `after`.
    fn user_difference(&self, before: &User, after: &User) -> Result<Difference> {
        let mut difference = self.difference(before, after, before.rev, &CHANGEABLE)?;
        if after.session_generation != before.session_generation {
            // Not the number as loaded: ending all sessions raises it without a new revision.
            difference.sets.push("session_generation = session_generation + :ended".to_owned());
            difference.values.push((":ended", number(after.session_generation - before.session_generation)));
        }
        Ok(difference)
    }

    /// Holds a username for good, where it is free.
    fn hold_username(&self, change: &mut Transaction, user: &User, now: Timestamp) -> Result<()> {
        let guard = UsernameGuard { user: user.id, expires_at: None };
        let guard = item(&keys::username(&user.username), "username", &guard)?;
        change.put(&self.table, guard, crate::registrations::free(now), |_| StoreError::UsernameTaken);
        Ok(())
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
            names: vec![("#count", "count")],
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

    fn add_along(&self, change: &mut Transaction, user: UserId, along: Along, now: Timestamp) -> Result<()> {
        for task in &along.tasks {
            self.put_task(change, task)?;
        }
        for purpose in &along.dropped_links {
            change.delete_any(&self.table, &keys::link(user, *purpose));
        }
        if let Some(upload) = &along.finished_upload {
            self.finish_upload(change, upload, now);
        }
        if let Some(link) = &along.link {
            change.put_any(&self.table, crate::links::link_item(link)?);
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
        if let Some(event) = &along.audit {
            self.put_audit(change, event, user, now)?;
        }
        Ok(())
    }

    /// Ends all sessions of a user by one write.
    pub async fn end_all_sessions(&self, user: &User) -> Result<()> {
        let change = Expression {
            update: Some("SET session_generation = session_generation + :one".into()),
            condition: Some("attribute_exists(pk)"),
            values: vec![(":one", number(1))],
            ..Expression::default()
        };
        // Repeated after a lost answer it ends them twice, which is the same.
        self.update(&keys::user(user.id), change).await?.map(drop).map_err(|_| StoreError::NotFound)
    }
}

impl Along {
    fn is_nothing(&self) -> bool {
        self.tasks.is_empty()
            && self.surviving_session.is_none()
            && self.audit.is_none()
            && self.link.is_none()
            && self.dropped_links.is_empty()
            && self.finished_upload.is_none()
            && self.used_link.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_of_a_user_is_changeable_or_left_out_on_purpose() {
        let (email, name) = (Email::parse("a@example.org").unwrap(), Username::parse("abc").unwrap());
        let user = User::new(UserId::new(Timestamp::UNIX_EPOCH), email, name, String::new(), Timestamp::UNIX_EPOCH);
        let item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(&user).unwrap();
        let left_out =
            ["id", "created_at", "login_count", "current_login", "last_login", "session_generation", "cursor_key"];
        for attribute in item.keys() {
            let is_changeable = CHANGEABLE.iter().any(|(name, _, _)| name == attribute);
            assert!(is_changeable != left_out.contains(&attribute.as_str()), "{attribute}");
        }
        assert!(CHANGEABLE.iter().all(|(name, _, _)| item.contains_key(*name)));
    }
}
