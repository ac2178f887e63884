//! People: what they tell of themselves, beside what admits them. Each part is an item of its own with a revision of its
//! own, and a change writes only the part that it moves.

use crate::difference::{Changeable, PREFERENCES, Tries};
use crate::item::{entity, item};
use crate::keys;
use crate::registrations::{UsernameGuard, held_by, person_items, takeable};
use crate::transaction::Transaction;
use crate::{Along, Answer, Result, Revisions, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Credentials, Person, Profile, User, UserId};

/// How many items one batch reads at most.
const BATCH: usize = 100;

/// Attributes of a profile that a change may write, with their placeholders. The preferences have a revision of their
/// own.
const CHANGEABLE: [Changeable; 9] = [
    ("username", "#username", ":username"),
    ("first_name", "#first_name", ":first_name"),
    ("last_name", "#last_name", ":last_name"),
    ("bio", "#bio", ":bio"),
    ("location", "#location", ":location"),
    ("profile_photo", "#profile_photo", ":profile_photo"),
    ("cover_photo", "#cover_photo", ":cover_photo"),
    ("updated_at", "#updated_at", ":updated_at"),
    ("rev", "#rev", ":rev"),
];

/// The same of the preferences.
const CHANGEABLE_PREFERENCES: [Changeable; 2] =
    [("preferences", "#preferences", ":preferences"), ("preferences_rev", "#preferences_rev", ":preferences_rev")];

/// Everything that is kept of a person themselves.
#[derive(Debug, Clone)]
pub struct Account {
    /// What admits them, and what they tell.
    pub person: Person,
    /// Their log-ins; none before a password has been set.
    pub credentials: Option<Credentials>,
}

impl Store {
    /// What somebody tells of themselves.
    pub async fn profile(&self, id: UserId) -> Result<Profile> {
        let [profile] = self.get_all([&keys::profile(id)]).await?;
        profile.map(entity).transpose()?.ok_or(StoreError::NotFound)
    }

    /// What somebody tells of themselves, and their log-ins, in one batch.
    pub async fn profile_and_credentials(&self, id: UserId) -> Result<(Profile, Option<Credentials>)> {
        let [profile, credentials] = self.get_all([&keys::profile(id), &keys::credentials(id)]).await?;
        let profile = profile.map(entity).transpose()?.ok_or(StoreError::NotFound)?;
        Ok((profile, credentials.map(entity).transpose()?))
    }

    /// A person; `NotFound` from the moment on that deleting the account begins.
    pub async fn person(&self, id: UserId) -> Result<Person> {
        let person = self.person_even_while_erasing(id).await?;
        if person.user.erasing_since.is_some() { Err(StoreError::NotFound) } else { Ok(person) }
    }

    /// A person, also one who is being erased.
    pub async fn person_even_while_erasing(&self, id: UserId) -> Result<Person> {
        match self.get_all([&keys::user(id), &keys::profile(id)]).await? {
            [Some(user), Some(profile)] => Ok(Person { user: entity(user)?, profile: entity(profile)? }),
            _ => Err(StoreError::NotFound),
        }
    }

    /// What else is kept of these users, in their order. One that has gone meanwhile is left out.
    pub async fn accounts(&self, users: Vec<User>) -> Result<Vec<Account>> {
        let mut accounts = Vec::with_capacity(users.len());
        let mut users = users.into_iter();
        loop {
            let some: Vec<User> = users.by_ref().take(BATCH / 2).collect();
            if some.is_empty() {
                return Ok(accounts);
            }
            let wanted = some.iter().flat_map(|user| [keys::profile(user.id), keys::credentials(user.id)]).collect();
            let mut found = self.get_many(wanted).await?.into_iter();
            for user in some {
                let (profile, credentials) = (found.next().flatten(), found.next().flatten());
                if let Some(profile) = profile {
                    let person = Person { user, profile: entity(profile)? };
                    accounts.push(Account { person, credentials: credentials.map(entity).transpose()? });
                }
            }
        }
    }

    /// Makes an account on an admin's word. `UsernameTaken`, `EmailTaken`.
    pub async fn create_person(
        &self,
        person: &Person,
        along: Along,
        answer: Option<Answer>,
        now: Timestamp,
    ) -> Result<()> {
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        let [auth, profile, owner] = person_items(person)?;
        change.put_new(&self.table, auth);
        change.put_new(&self.table, profile);
        change.put(&self.table, owner, takeable(now), |_| StoreError::EmailTaken);
        self.hold_username(&mut change, &person.profile, now)?;
        self.add_along(&mut change, person.user.id, along, now)?;
        self.commit(change).await
    }

    /// Applies a change to a person as loaded by this request and saves what it moves, with what goes along.
    ///
    /// With `if_match` the change is for that revision of the whole only (`Stale` otherwise); without it a lost race is
    /// repeated on the newest state, and so is whatever rule `apply` checks. What moves no revision, and leaves nothing
    /// along, is not written.
    pub async fn change_person<E: From<StoreError>>(
        &self,
        mut person: Person,
        if_match: Option<Revisions>,
        now: Timestamp,
        apply: impl Fn(&mut Person) -> std::result::Result<Along, E>,
    ) -> std::result::Result<Person, E> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(person.rev()).await?;
            let mut changed = person.clone();
            let along = apply(&mut changed)?;
            match self.save_person(&person, &changed, along, now).await {
                Err(StoreError::Stale) => person = self.person(person.user.id).await?,
                saved => return saved.map(|()| changed).map_err(E::from),
            }
        }
    }

    /// Writes what differs between `before` and `after`, moves the holds on names with it, and adds what goes along.
    /// `Stale` unless each part that is written is still at the revision of `before`; otherwise as with a change of a
    /// user, and `UsernameTaken`.
    async fn save_person(&self, before: &Person, after: &Person, along: Along, now: Timestamp) -> Result<()> {
        let moves_user = before.user.rev != after.user.rev;
        let moves_profile = before.profile.rev != after.profile.rev;
        let moves_name = before.profile.username.folded() != after.profile.username.folded();
        if along.is_nothing() && !moves_user && !moves_name {
            if !moves_profile {
                return Ok(());
            }
            let difference = self.difference(&before.profile, &after.profile, before.profile.rev, &CHANGEABLE)?;
            return self.save_alone(&keys::profile(after.profile.id), difference, after.profile.rev).await;
        }
        let mut change = Transaction::new();
        self.use_links(&mut change, after.user.id, &along, now)?;
        self.update_user(&mut change, &before.user, &after.user, now)?;
        if moves_profile {
            self.update_profile(&mut change, &before.profile, &after.profile, now)?;
        }
        self.add_along(&mut change, after.user.id, along, now)?;
        self.commit(change).await
    }

    /// Adds the change of a profile to a transaction.
    fn update_profile(
        &self,
        change: &mut Transaction,
        before: &Profile,
        after: &Profile,
        now: Timestamp,
    ) -> Result<()> {
        let difference = self.difference(before, after, before.rev, &CHANGEABLE)?.expression();
        change.update(&self.table, &keys::profile(after.id), difference, |_| StoreError::Stale);
        if before.username.folded() != after.username.folded() {
            self.hold_username(change, after, now)?;
            change.delete(&self.table, &keys::username(&before.username), held_by(after.id), |_| StoreError::Stale);
        }
        Ok(())
    }

    /// Holds a username for good, where it is free.
    fn hold_username(&self, change: &mut Transaction, profile: &Profile, now: Timestamp) -> Result<()> {
        let guard = UsernameGuard { user: profile.id, expires_at: None };
        let guard = item(&keys::username(&profile.username), "username", &guard)?;
        change.put(&self.table, guard, crate::registrations::free(now), |_| StoreError::UsernameTaken);
        Ok(())
    }

    /// Applies a change to somebody's preferences, which moves their revision and nothing else of the profile.
    /// `if_match` as with a person.
    pub async fn change_preferences(
        &self,
        mut profile: Profile,
        if_match: Option<Revisions>,
        apply: impl Fn(&mut Profile),
    ) -> Result<Profile> {
        let mut tries = Tries::new(if_match);
        loop {
            let loaded = profile.preferences_rev;
            tries.on(loaded).await?;
            let mut changed = profile.clone();
            apply(&mut changed);
            if changed.preferences_rev == loaded {
                return Ok(changed);
            }
            let difference = self.difference_of(PREFERENCES, &profile, &changed, loaded, &CHANGEABLE_PREFERENCES)?;
            match self.save_alone(&keys::profile(profile.id), difference, changed.preferences_rev).await {
                Err(StoreError::Stale) => profile = self.profile(profile.id).await?,
                saved => return saved.map(|()| changed),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Item;
    use kith_domain::Username;

    #[test]
    fn every_attribute_of_a_profile_is_changeable_or_left_out_on_purpose() {
        let name = Username::parse("abc").unwrap();
        let profile = Profile::new(UserId::new(Timestamp::UNIX_EPOCH), name, Timestamp::UNIX_EPOCH);
        let item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(&profile).unwrap();
        let all = || CHANGEABLE.iter().chain(&CHANGEABLE_PREFERENCES);
        for attribute in item.keys() {
            let is_changeable = all().any(|(name, _, _)| name == attribute);
            assert!(is_changeable != ["id", "created_at"].contains(&attribute.as_str()), "{attribute}");
        }
        assert!(all().all(|(name, _, _)| item.contains_key(*name)));
    }
}
