//! Sessions.

use crate::item::{Item, entity, expiring, item, ttl};
use crate::keys::{self, SESSIONS, number, text};
use crate::list::{List, Span};
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use kith_domain::{Credentials, Login, PasswordHash, Person, Session, SessionId, User, UserId};
use std::borrow::Cow;
use std::collections::HashMap;

/// What stands for the networks that a log-in forgets; more are left to the next.
const FORGOTTEN: [&str; 4] = ["#f0", "#f1", "#f2", "#f3"];

/// What became of a refresh.
#[derive(Debug)]
pub enum Rotation {
    /// The session has its new token.
    Done,
    /// It has it already, by this very write or by somebody who was faster; this is the session as it is.
    Already(Box<Session>),
    /// It has ended meanwhile.
    Ended,
}

impl Store {
    /// The caller: user and session in one consistent batch. `None` where either is gone.
    pub async fn user_and_session(&self, user: UserId, session: SessionId) -> Result<Option<(User, Session)>> {
        match self.get_all([&keys::user(user), &keys::session(user, session)]).await? {
            [Some(user), Some(session)] => Ok(Some((entity(user)?, entity(session)?))),
            _ => Ok(None),
        }
    }

    /// The caller with what they tell of themselves, in one consistent batch. `None` where any of it is gone.
    pub async fn person_and_session(&self, user: UserId, session: SessionId) -> Result<Option<(Person, Session)>> {
        let keys = [&keys::user(user), &keys::session(user, session), &keys::profile(user)];
        match self.get_all(keys).await? {
            [Some(user), Some(session), Some(profile)] => {
                Ok(Some((Person { user: entity(user)?, profile: entity(profile)? }, entity(session)?)))
            }
            _ => Ok(None),
        }
    }

    /// Opens a session and stamps the log-in beside the password.
    ///
    /// `Stale` where the password has changed since it was read. Where only the session generation has, the session is
    /// over before it begins: shutting an account, by whatever means, ends its sessions. `network`, a hash, is known from
    /// now on. `rehashed` replaces the stored password hash.
    pub async fn log_in(
        &self,
        credentials: &Credentials,
        session: &Session,
        network: &str,
        rehashed: Option<&PasswordHash>,
    ) -> Result<()> {
        let verified = &credentials.password_hash;
        let login = Login { at: session.created_at, address: session.address.clone() };
        let (known, names, today) = known_from(credentials, network, session.created_at);
        let stamped = Expression {
            update: Some(
                format!(
                    "SET login_count = login_count + :one, current_login = :current, last_login = :last, \
                     password_hash = :hash, {known}"
                )
                .into(),
            ),
            names,
            condition: Some("password_hash = :verified"),
            values: vec![
                (":one", number(1)),
                (":current", serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(login)?),
                (":last", serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(&credentials.current_login)?),
                (":hash", text(rehashed.unwrap_or(verified).as_phc())),
                (":verified", text(verified.as_phc())),
                (":today", today),
            ],
        };
        let mut change = Transaction::new();
        change.update(&self.table, &keys::credentials(session.user), stamped, |_| StoreError::Stale);
        change.put_new(&self.table, session_item(session)?);
        self.commit(change).await
    }

    /// Saves a rotated session if its refresh token is still the one with `used_hash`.
    pub async fn rotate(&self, session: &Session, used_hash: &str, now: Timestamp) -> Result<Rotation> {
        let change = Expression {
            update: Some(
                "SET refresh_hash = :new, replaced = :replaced, rotated_at = :now, last_seen_at = :now, \
                 address = :address, expires_at = :end, #ttl = :ttl"
                    .into(),
            ),
            condition: Some("refresh_hash = :used AND expires_at > :now"),
            names: vec![("#ttl", "ttl".into())],
            values: vec![
                (":new", text(&session.refresh_hash)),
                (":used", text(used_hash)),
                (":now", number(now.as_millisecond())),
                (":replaced", serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(&session.replaced)?),
                (":address", text(&session.address)),
                (":end", number(session.expires_at.as_millisecond())),
                (":ttl", number(ttl(session.expires_at))),
            ],
        };
        match self.update(&keys::session(session.user, session.id), change).await? {
            Ok(_) => Ok(Rotation::Done),
            Err(refused) => match refused.0 {
                Some(current) => Ok(Rotation::Already(Box::new(entity(current)?))),
                None => Ok(Rotation::Ended),
            },
        }
    }

    /// Ends a session; no error if it is over already.
    pub async fn end_session(&self, user: UserId, session: SessionId) -> Result<()> {
        let _ = self.delete(&keys::session(user, session), Expression::default()).await?;
        Ok(())
    }

    /// Ends a session that must be alive: `NotFound` otherwise.
    ///
    /// A transaction of one, since a deleted item has no mark left by which a repeat would recognise itself.
    pub async fn revoke_session(&self, user: &User, session: SessionId, now: Timestamp) -> Result<()> {
        let alive = Expression {
            condition: Some("expires_at > :now AND generation = :generation"),
            values: vec![(":now", number(now.as_millisecond())), (":generation", number(user.session_generation))],
            ..Expression::default()
        };
        let mut change = Transaction::new();
        change.delete(&self.table, &keys::session(user.id, session), alive, |_| StoreError::NotFound);
        self.commit(change).await
    }

    /// A page of sessions, oldest first: those that are alive, and whether there are more.
    pub async fn sessions(
        &self,
        user: UserId,
        is_alive: impl Fn(&Session) -> bool,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<(Vec<Session>, bool)> {
        let pk = keys::sessions_of(user);
        let span = Span { pk: &pk, prefix: SESSIONS, order: Order::OldestFirst, at_most: usize::MAX };
        let mut list = List::new(span, after.map(|id| format!("{SESSIONS}{id}")), limit);
        while let Some(items) = list.next(self).await? {
            for item in items {
                let session: Session = entity(item)?;
                if is_alive(&session) {
                    list.push(session);
                }
            }
        }
        Ok(list.page())
    }
}

/// The end of an update that notes from where somebody logs in today, its names, and its `:today`.
///
/// The first network makes the map; others change places of it, so that of two log-ins at once both are noted.
fn known_from(
    credentials: &Credentials,
    network: &str,
    now: Timestamp,
) -> (String, Vec<(&'static str, Cow<'static, str>)>, AttributeValue) {
    let today = number(Credentials::day(now));
    if credentials.networks.is_empty() {
        let first = HashMap::from([(network.to_owned(), today)]);
        return ("networks = if_not_exists(networks, :today)".to_owned(), Vec::new(), AttributeValue::M(first));
    }
    let forgettable = credentials.forgettable(network, now);
    let forgotten: Vec<_> =
        FORGOTTEN.into_iter().zip(forgettable).map(|(name, network)| (name, network.to_owned().into())).collect();
    let mut change = "networks.#network = :today".to_owned();
    for (place, (name, _)) in forgotten.iter().enumerate() {
        change.push_str(if place == 0 { " REMOVE networks." } else { ", networks." });
        change.push_str(name);
    }
    let names = forgotten.into_iter().chain([("#network", network.to_owned().into())]).collect();
    (change, names, today)
}

/// What a session is stored as.
fn session_item(session: &Session) -> Result<Item> {
    Ok(expiring(item(&keys::session(session.user, session.id), "session", session)?, session.expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use aws_sdk_dynamodb::types::AttributeValue;
    use kith_domain::SESSION_LIFETIME;

    #[test]
    fn a_session_is_stored_with_hashes_and_an_end_and_reads_back() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let session = Session {
            id: "ses_01a318c1400074aab4a3b5b6a7a8b9c1".parse().unwrap(),
            user: "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap(),
            generation: 0,
            family_hash: "hash of the family".into(),
            refresh_hash: "hash of the newest token".into(),
            replaced: Vec::new(),
            rotated_at: now,
            created_at: now,
            last_seen_at: now,
            device: "curl/8".into(),
            address: "203.0.113.7".into(),
            expires_at: now + SESSION_LIFETIME,
        };
        let item = session_item(&session).unwrap();
        assert_eq!(entity::<Session>(item.clone()).unwrap(), session);
        insta::assert_json_snapshot!(snapshot(item));
    }

    /// As DynamoDB counts it, a little more.
    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
            AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>(),
            _ => 10,
        }
    }

    #[test]
    fn c06_the_largest_session_is_written_with_one_unit() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let hash = "h".repeat(43);
        let mut session = Session {
            id: SessionId::new(now),
            user: UserId::new(now),
            generation: 1_000_000,
            family_hash: hash.clone(),
            refresh_hash: hash.clone(),
            replaced: Vec::new(),
            rotated_at: now,
            created_at: now,
            last_seen_at: now,
            device: "d".repeat(256),
            address: "2001:db8:1234:5678:9abc:def0:1234:5678".into(),
            expires_at: now + SESSION_LIFETIME,
        };
        for _ in 0..5 {
            session.rotate(hash.clone(), "s".repeat(22), &session.address.clone(), now);
        }
        let item = session_item(&session).unwrap();
        let bytes: usize = item.iter().map(|(name, value)| name.len() + size(value)).sum();
        assert!(bytes <= 1024, "{bytes}");
    }
}
