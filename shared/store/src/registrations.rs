//! Registrations: accounts whose address is not confirmed yet.

use crate::index::{indexed, time};
use crate::item::{Item, entity, expiring, item, text_of};
use crate::keys::{self, EXPIRING, OWNER, USERS, number, text};
use crate::login_tries::AccountTries;
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Answer, Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{
    AuditEvent, Credentials, Email, LoginName, Person, Purpose, Registration, Role, Task, User, UserId, Username,
};
use serde::{Deserialize, Serialize};

/// How many registrations of one address are looked at, the newest: anybody may make more, and nobody shall pay for it.
/// Confirming ends as many; four writes each, and a transaction takes 100. The others can never be confirmed and expire
/// by themselves.
const NEWEST: i32 = 20;

/// Whose a name that somebody logs in with may be.
#[derive(Debug, Clone, Copy)]
pub struct Holders {
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
    /// Hash of the network that a registration was asked for from.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    /// The owner has another address by now, and this one is kept for them until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) held_until: Option<i64>,
}

impl EmailEntry {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now.as_millisecond() < end)
    }
}

/// Who has an address, or wants it.
#[derive(Debug, Default)]
pub struct Claims {
    /// The account that has it.
    pub owner: Option<UserId>,
    /// The account that had it until lately, and for which it is held.
    pub held_for: Option<UserId>,
    /// Its newest live registrations, newest first.
    pending: Vec<EmailEntry>,
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

    /// Who has an address, or wants it: one read, however many do.
    pub async fn claims_on(&self, email: &Email, now: Timestamp) -> Result<Claims> {
        let pk = keys::email_owner(email).pk;
        let (items, _) = self.page(&pk, "", Order::NewestFirst, None, NEWEST + 1).await?;
        let mut claims = Claims::default();
        for item in items {
            let is_owner = text_of(&item, "sk") == Some(OWNER);
            let entry: EmailEntry = entity(item)?;
            if let (true, Some(end)) = (is_owner, entry.held_until) {
                claims.held_for = (now.as_millisecond() < end).then_some(entry.user);
            } else if is_owner {
                claims.owner = Some(entry.user);
            } else if entry.is_live(now) {
                claims.pending.push(entry);
            }
        }
        Ok(claims)
    }

    /// Up to three live registrations for an address: first those that were asked for from this network, then the
    /// newest.
    pub async fn registrations_to_confirm(
        &self,
        claims: &Claims,
        asked_from: &str,
        now: Timestamp,
    ) -> Result<Vec<Registration>> {
        let mut entries: Vec<&EmailEntry> = claims.pending.iter().collect();
        entries.sort_by_key(|entry| entry.asked_from.as_deref() != Some(asked_from));
        let wanted = entries.into_iter().take(3).map(|entry| keys::registration(entry.user)).collect();
        let found = self.get_many(wanted).await?.into_iter().flatten();
        let registrations = found.map(entity::<Registration>).collect::<Result<Vec<_>>>()?;
        Ok(registrations.into_iter().filter(|registration| now < registration.expires_at).collect())
    }

    /// Whose a name may be that somebody logs in with: one read, whatever exists. What cannot be a name costs what an
    /// unknown username costs.
    pub async fn holders_of(&self, name: &LoginName, now: Timestamp) -> Result<Holders> {
        let username = match name {
            LoginName::Email(email) => {
                let claims = self.claims_on(email, now).await?;
                let newest = claims.pending.first().map(|entry| entry.user);
                return Ok(Holders { owner: claims.owner, newest });
            }
            LoginName::Username(username) => username,
            LoginName::Nobody(_) => &Username::nobody(),
        };
        let guard = self.get(&keys::username(username)).await?.map(entity::<UsernameGuard>).transpose()?;
        let holder = guard.map(|guard| guard.user);
        Ok(Holders { owner: holder, newest: holder })
    }

    /// Who is meant, and how many tries were made at them from everywhere (`everywhere` names their counter): one read,
    /// whatever exists.
    pub async fn claimants(&self, holders: Holders, everywhere: &str, now: Timestamp) -> Result<Claimants> {
        let nobody = UserId::new(now);
        let (owner, newest) = (holders.owner.unwrap_or(nobody), holders.newest.unwrap_or(nobody));
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

    /// Turns a registration into its account and ends all others for the same address; `appointed` tells of a role that
    /// goes with it.
    ///
    /// `NotFound` where the link has been used, replaced or expired meanwhile, or the address got an account.
    pub async fn confirm(
        &self,
        registration: &Registration,
        link_hash: &str,
        (person, credentials, appointed): (&Person, &Credentials, Option<&AuditEvent>),
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
        change.put(&self.table, owner, takeable(now), |_| StoreError::NotFound);
        self.move_roster(&mut change, id, Role::Member, person.user.role)?;
        let for_good = Expression { update: Some("REMOVE expires_at, #ttl".into()), ..held_by(id) };
        let for_good = Expression { names: vec![("#user", "user".into()), ("#ttl", "ttl".into())], ..for_good };
        change.update(&self.table, &keys::username(&registration.username), for_good, |_| StoreError::NotFound);
        let own = keys::email_pending(&registration.email, id);
        change.delete(&self.table, &own, Expression::default(), |_| StoreError::Stale);
        if let Some(event) = appointed {
            self.put_audit(&mut change, event, id, now)?;
        }
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
        let pending = self.claims_on(&registration.email, now).await?.pending;
        Ok(pending.into_iter().filter(|entry| entry.user != registration.id).collect())
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
    let entry = EmailEntry {
        user: registration.id,
        username: Some(registration.username.clone()),
        asked_from: Some(registration.asked_from.clone()),
        expires_at: until,
        held_until: None,
    };
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
    let owner = EmailEntry { user: user.id, username: None, asked_from: None, expires_at: None, held_until: None };
    item(&keys::email_owner(&user.email), "email_owner", &owner)
}

/// That an address is held for the user who had it.
pub(crate) fn held_item(user: UserId, email: &Email, until: Timestamp) -> Result<Item> {
    let held_until = Some(until.as_millisecond());
    let held = EmailEntry { user, username: None, asked_from: None, expires_at: None, held_until };
    Ok(expiring(item(&keys::email_owner(email), "email_owner", &held)?, until))
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

/// The condition that an address has no account, and is held for none any more.
pub(crate) fn takeable(now: Timestamp) -> Expression {
    Expression {
        condition: Some("attribute_not_exists(pk) OR held_until <= :now"),
        values: vec![(":now", number(now.as_millisecond()))],
        ..Expression::default()
    }
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
            asked_from: "hash of a network".into(),
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
