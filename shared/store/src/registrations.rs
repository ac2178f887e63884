//! Registrations: accounts whose address is not confirmed yet.

use crate::index::{indexed, time};
use crate::item::{Item, entity, expiring, item, number_of, text_of};
use crate::keys::{self, EXPIRING, OWNER, PENDINGS, USERS, number, text};
use crate::login_tries::AccountTries;
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Answer, Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Credentials, Email, LoginName, Person, Purpose, Registration, Role, Task, User, UserId, Username};
use serde::{Deserialize, Serialize};

/// How many rival registrations of one address confirming ends at once; four writes each, and a transaction takes
/// 100. The others can never be confirmed and expire by themselves.
const RIVALS: usize = 20;

/// Whose a name that somebody logs in with may be.
#[derive(Debug, Clone, Copy)]
pub struct Claims {
    /// The account that owns the name.
    pub owner: Option<UserId>,
    /// The newest unconfirmed registration with it.
    pub newest: Option<UserId>,
}

/// Who may be meant by a name that somebody logs in with.
#[derive(Debug, Default)]
pub struct Claimants {
    /// The account that owns the name.
    pub user: Option<User>,
    /// Its password.
    pub credentials: Option<Credentials>,
    /// The newest unconfirmed registration with it.
    pub registration: Option<Registration>,
    /// The tries to log in as them.
    pub tries: AccountTries,
}

/// Holds a username: for good, or until `expires_at` for a registration.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UsernameGuard {
    pub(crate) user: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<i64>,
}

/// Names the owner of an address, or a registration for it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EmailEntry {
    pub(crate) user: UserId,
    /// The name that goes with a registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Username>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl Store {
    /// Stores a registration, holds its username and leaves the task of mailing the link; all or nothing.
    ///
    /// `UsernameTaken` where a user or a live registration has the name. Whether the address has an account makes no
    /// difference, not even in the calls made.
    pub async fn register(
        &self,
        registration: &Registration,
        task: &Task,
        answer: Option<Answer>,
        now: Timestamp,
    ) -> Result<()> {
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        let [guard, pending, entry] = registration_items(registration)?;
        change.put(&self.table, guard, free(now), |_| StoreError::UsernameTaken);
        change.put_new(&self.table, pending);
        change.put_new(&self.table, entry);
        self.put_task(&mut change, task)?;
        self.commit(change).await
    }

    /// A live registration.
    pub async fn registration(&self, id: UserId, now: Timestamp) -> Result<Registration> {
        let item = self.get(&keys::registration(id)).await?.ok_or(StoreError::NotFound)?;
        let registration: Registration = entity(item)?;
        if now < registration.expires_at { Ok(registration) } else { Err(StoreError::NotFound) }
    }

    /// The account that owns an address and its newest live registration, as ids: one read.
    pub async fn claims_on(&self, email: &Email, now: Timestamp) -> Result<(Option<UserId>, Option<UserId>)> {
        let mut owner = None;
        let mut newest = None;
        for item in self.everything(&keys::email_owner(email).pk, "").await? {
            let is_owner = text_of(&item, "sk") == Some(OWNER);
            let is_live = number_of(&item, "expires_at").is_some_and(|end| now.as_millisecond() < end);
            let entry: EmailEntry = entity(item)?;
            if is_owner {
                owner = Some(entry.user);
            } else if is_live {
                newest = newest.max(Some(entry.user));
            }
        }
        Ok((owner, newest))
    }

    /// Whose a name may be that somebody logs in with: one read, whatever exists. What cannot be a name costs what an
    /// unknown username costs.
    pub async fn claims_to(&self, name: &LoginName, now: Timestamp) -> Result<Claims> {
        let username = match name {
            LoginName::Email(email) => {
                let (owner, newest) = self.claims_on(email, now).await?;
                return Ok(Claims { owner, newest });
            }
            LoginName::Username(username) => username,
            LoginName::Nobody(_) => &Username::nobody(),
        };
        let guard = self.get(&keys::username(username)).await?.map(entity::<UsernameGuard>).transpose()?;
        let holder = guard.map(|guard| guard.user);
        Ok(Claims { owner: holder, newest: holder })
    }

    /// Who is meant, and how many tries were made at them from everywhere (`everywhere` names their counter): one read,
    /// whatever exists.
    pub async fn claimants(&self, claims: Claims, everywhere: &str, now: Timestamp) -> Result<Claimants> {
        let nobody = UserId::new(now);
        let (owner, newest) = (claims.owner.unwrap_or(nobody), claims.newest.unwrap_or(nobody));
        let tries = keys::login_tries_at(everywhere);
        let keys = [&keys::user(owner), &keys::credentials(owner), &keys::registration(newest), &tries];
        let [user, credentials, registration, tries] = self.get_all(keys).await?;
        let registration = registration.map(entity::<Registration>).transpose()?;
        Ok(Claimants {
            user: user.map(entity).transpose()?,
            credentials: credentials.map(entity).transpose()?,
            registration: registration.filter(|found| now < found.expires_at),
            tries: AccountTries(tries),
        })
    }

    /// Whether nobody has a username, nor a live registration holds it.
    pub async fn is_username_free(&self, username: &Username, now: Timestamp) -> Result<bool> {
        let guard = self.get(&keys::username(username)).await?.map(entity::<UsernameGuard>).transpose()?;
        Ok(guard.is_none_or(|guard| guard.expires_at.is_some_and(|end| end <= now.as_millisecond())))
    }

    /// Turns a registration into its account and ends all others for the same address.
    ///
    /// `NotFound` where the link has been used, replaced or expired meanwhile, or the address got an account.
    pub async fn confirm(
        &self,
        registration: &Registration,
        link_hash: &str,
        (person, credentials): (&Person, &Credentials),
        answer: Option<Answer>,
        now: Timestamp,
    ) -> Result<()> {
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        let id = registration.id;
        self.use_link(&mut change, id, Purpose::Registration, link_hash, now);
        change.delete(&self.table, &keys::registration(id), alive(now), |_| StoreError::NotFound);
        let [auth, profile, owner] = person_items(person)?;
        change.put_new(&self.table, auth);
        change.put_new(&self.table, profile);
        change.put_new(&self.table, crate::credentials::credentials_item(credentials)?);
        change.put(&self.table, owner, unowned(), |_| StoreError::NotFound);
        self.move_roster(&mut change, id, Role::Member, person.user.role)?;
        let for_good = Expression { update: Some("REMOVE expires_at, #ttl".into()), ..held_by(id) };
        let for_good = Expression { names: vec![("#user", "user".into()), ("#ttl", "ttl".into())], ..for_good };
        change.update(&self.table, &keys::username(&registration.username), for_good, |_| StoreError::NotFound);
        let own = keys::email_pending(&registration.email, id);
        change.delete(&self.table, &own, Expression::default(), |_| StoreError::Stale);
        for rival in self.rivals_of(registration, now).await? {
            self.remove_registration(&mut change, &registration.email, &rival);
        }
        self.commit(change).await
    }

    /// Removes a registration on the word of the address's owner, and frees its username.
    pub async fn withdraw(
        &self,
        registration: &Registration,
        link_hash: &str,
        answer: Option<Answer>,
        now: Timestamp,
    ) -> Result<()> {
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        let id = registration.id;
        self.use_link(&mut change, id, Purpose::Registration, link_hash, now);
        change.delete(&self.table, &keys::registration(id), alive(now), |_| StoreError::NotFound);
        change.delete_any(&self.table, &keys::email_pending(&registration.email, id));
        change.delete(&self.table, &keys::username(&registration.username), held_by(id), |_| StoreError::Stale);
        self.commit(change).await
    }

    /// Up to 500 registrations that expired before `now`, oldest first. From the index, which may lag a moment.
    pub async fn expired_registrations(&self, now: Timestamp) -> Result<Vec<UserId>> {
        self.ids_before(EXPIRING, now, keys::PENDING).await
    }

    /// Deletes all of a registration that has expired; false where it is gone or still lives.
    pub async fn expire_registration(&self, id: UserId, now: Timestamp) -> Result<bool> {
        let Some(item) = self.get(&keys::registration(id)).await? else { return Ok(false) };
        let registration: Registration = entity(item)?;
        let mut change = Transaction::new();
        let expired = Expression {
            condition: Some("expires_at <= :now"),
            values: vec![(":now", number(now.as_millisecond()))],
            ..Expression::default()
        };
        change.delete(&self.table, &keys::registration(id), expired, |_| StoreError::Stale);
        change.delete_any(&self.table, &keys::email_pending(&registration.email, id));
        change.delete_any(&self.table, &keys::link(id, Purpose::Registration));
        match self.commit(change).await {
            Ok(()) => {
                // Somebody may hold the name by now: an expired hold is free to take.
                let _ = self.delete(&keys::username(&registration.username), held_by(id)).await?;
                Ok(true)
            }
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn rivals_of(&self, registration: &Registration, now: Timestamp) -> Result<Vec<EmailEntry>> {
        let items = self.everything(&keys::email_owner(&registration.email).pk, PENDINGS).await?;
        let entries = items.into_iter().map(entity::<EmailEntry>).collect::<Result<Vec<_>>>()?;
        let is_rival = |entry: &EmailEntry| {
            entry.user != registration.id && entry.expires_at.is_some_and(|end| now.as_millisecond() < end)
        };
        Ok(entries.into_iter().filter(is_rival).take(RIVALS).collect())
    }

    fn remove_registration(&self, change: &mut Transaction, email: &Email, entry: &EmailEntry) {
        change.delete_any(&self.table, &keys::registration(entry.user));
        change.delete_any(&self.table, &keys::email_pending(email, entry.user));
        change.delete_any(&self.table, &keys::link(entry.user, Purpose::Registration));
        let still_held =
            Expression { condition: Some("attribute_not_exists(pk) OR #user = :user"), ..held_by(entry.user) };
        if let Some(username) = &entry.username {
            change.delete(&self.table, &keys::username(username), still_held, |_| StoreError::Stale);
        }
    }
}

/// What a registration is stored as: the hold on its username, itself, and its entry under the address.
fn registration_items(registration: &Registration) -> Result<[Item; 3]> {
    let end = registration.expires_at;
    let until = Some(end.as_millisecond());
    let guard = UsernameGuard { user: registration.id, expires_at: until };
    let entry = EmailEntry { user: registration.id, username: Some(registration.username.clone()), expires_at: until };
    let entry_key = keys::email_pending(&registration.email, registration.id);
    Ok([
        expiring(item(&keys::username(&registration.username), "username", &guard)?, end),
        indexed(
            expiring(item(&keys::registration(registration.id), "registration", registration)?, end),
            EXPIRING,
            time(end),
        ),
        expiring(item(&entry_key, "email_pending", &entry)?, end),
    ])
}

/// What a person is stored as: what admits them, what they tell, and the ownership of the address.
pub(crate) fn person_items(person: &Person) -> Result<[Item; 3]> {
    let Person { user, profile } = person;
    let auth = indexed(item(&keys::user(user.id), "auth", user)?, USERS, user.id.to_string());
    Ok([auth, item(&keys::profile(profile.id), "user", profile)?, owner_item(user)?])
}

/// That an address belongs to a user.
pub(crate) fn owner_item(user: &User) -> Result<Item> {
    let owner = EmailEntry { user: user.id, username: None, expires_at: None };
    item(&keys::email_owner(&user.email), "email_owner", &owner)
}

/// The condition that a registration lives.
fn alive(now: Timestamp) -> Expression {
    Expression {
        condition: Some("expires_at > :now"),
        values: vec![(":now", number(now.as_millisecond()))],
        ..Expression::default()
    }
}

/// The condition that a username is free.
pub(crate) fn free(now: Timestamp) -> Expression {
    Expression {
        condition: Some("attribute_not_exists(pk) OR expires_at <= :now"),
        values: vec![(":now", number(now.as_millisecond()))],
        ..Expression::default()
    }
}

/// The condition that an address has no account.
pub(crate) fn unowned() -> Expression {
    Expression { condition: Some("attribute_not_exists(pk)"), ..Expression::default() }
}

/// The condition that a name is held by this account.
pub(crate) fn held_by(user: UserId) -> Expression {
    Expression {
        condition: Some("#user = :user"),
        names: vec![("#user", "user".into())],
        values: vec![(":user", text(user.to_string()))],
        ..Expression::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use kith_domain::{AdminEmails, PasswordHash, PersonName, REGISTRATION_LIFETIME};

    fn registration() -> Registration {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        Registration {
            id: "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap(),
            email: Email::parse("Ada@example.org").unwrap(),
            username: Username::parse("Ada.L").unwrap(),
            first_name: PersonName::parse("Ada").unwrap(),
            last_name: PersonName::parse("Lovelace").unwrap(),
            password_hash: PasswordHash::from_phc("$argon2id$…".into()),
            created_at: now,
            expires_at: now + REGISTRATION_LIFETIME,
        }
    }

    #[test]
    fn a_registration_is_stored_as_three_items() {
        insta::assert_json_snapshot!(registration_items(&registration()).unwrap().map(snapshot));
    }

    #[test]
    fn h13_a_person_is_stored_in_parts_and_reads_back() {
        let confirmed = Timestamp::from_second(1_800_000_060).unwrap();
        let (person, credentials) = registration().confirm(&AdminEmails::default(), "cursor key".into(), confirmed);
        let [auth, profile, owner] = person_items(&person).unwrap();
        let password = crate::credentials::credentials_item(&credentials).unwrap();
        assert_eq!(entity::<User>(auth.clone()).unwrap(), person.user);
        assert_eq!(entity::<kith_domain::Profile>(profile.clone()).unwrap(), person.profile);
        assert_eq!(entity::<Credentials>(password.clone()).unwrap(), credentials);
        insta::assert_json_snapshot!([auth, profile, password, owner].map(snapshot));
    }
}
