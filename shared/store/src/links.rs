//! Mailed links that belong to users.

use crate::item::{Item, entity, expiring, item};
use crate::keys::{self, number};
use crate::table::Expression;
use crate::{Answer, Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Link, Purpose, UserId};

impl Store {
    /// A live link.
    pub async fn link(&self, user: UserId, purpose: Purpose, now: Timestamp) -> Result<Link> {
        let item = self.get(&keys::link(user, purpose)).await?.ok_or(StoreError::NotFound)?;
        let link: Link = entity(item)?;
        if now < link.expires_at { Ok(link) } else { Err(StoreError::NotFound) }
    }

    /// Adds the hash of a mailed link to what an earlier request left. `NotFound` once it is used, dropped or expired.
    pub async fn add_link(&self, user: UserId, purpose: Purpose, hash: &str, now: Timestamp) -> Result<Link> {
        loop {
            let link = self.link(user, purpose, now).await?;
            let unchanged = unchanged_since(&link);
            if let Some(saved) = self.save_link(link, unchanged, hash).await? {
                return Ok(saved);
            }
        }
    }

    /// Adds the hash of a mailed link, to a live record or to a new one that lasts from now on.
    pub async fn add_link_anew(&self, new: &Link, hash: &str, now: Timestamp) -> Result<Link> {
        loop {
            let (link, expected) = match self.link(new.user, new.purpose, now).await {
                // The time counts from the newest mail.
                Ok(live) if live.email.folded() == new.email.folded() => {
                    let unchanged = unchanged_since(&live);
                    (Link { expires_at: new.expires_at, ..live }, unchanged)
                }
                // What was mailed to an address that the account has no more must not work again.
                Ok(live) => (Link { rev: live.rev, ..new.clone() }, unchanged_since(&live)),
                Err(StoreError::NotFound) => (new.clone(), absent(now)),
                Err(error) => return Err(error),
            };
            if let Some(saved) = self.save_link(link, expected, hash).await? {
                return Ok(saved);
            }
        }
    }

    /// Removes a link on the word of whoever opened it.
    pub async fn drop_link(&self, link: &Link, hash: &str, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let opened = crate::registrations::opened_by(hash, now);
        let mut change = crate::transaction::Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        change.delete(&self.table, &keys::link(link.user, link.purpose), opened, |_| StoreError::NotFound);
        self.commit(change).await
    }

    /// Saves a link with one more hash; `None` where the stored one is not as expected.
    async fn save_link(&self, mut link: Link, expected: Expression, hash: &str) -> Result<Option<Link>> {
        link.link_hashes.add(hash.to_owned());
        link.rev += 1;
        let mut change = crate::transaction::Transaction::new();
        change.put(&self.table, link_item(&link)?, expected, |_| StoreError::Stale);
        match self.commit(change).await {
            Ok(()) => Ok(Some(link)),
            Err(StoreError::Stale) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Still the link that was read: one that was used or dropped since must not come back, nor may it replace a newer one,
/// which begins at the same revision.
fn unchanged_since(read: &Link) -> Expression {
    Expression {
        condition: Some("rev = :read AND created_at = :made"),
        values: vec![(":read", number(read.rev)), (":made", number(read.created_at.as_millisecond()))],
        ..Expression::default()
    }
}

/// No link, or one that has expired.
fn absent(now: Timestamp) -> Expression {
    Expression {
        condition: Some("attribute_not_exists(pk) OR expires_at <= :now"),
        values: vec![(":now", number(now.as_millisecond()))],
        ..Expression::default()
    }
}

/// What a link is stored as.
pub(crate) fn link_item(link: &Link) -> Result<Item> {
    Ok(expiring(item(&keys::link(link.user, link.purpose), "link", link)?, link.expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use kith_domain::Email;

    #[test]
    fn a_link_is_stored_with_hashes_and_an_end_and_reads_back() {
        let user = "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap();
        let email = Email::parse("ada@example.org").unwrap();
        let mut link = Link::new(user, Purpose::PasswordReset, email, Timestamp::from_second(1_800_000_000).unwrap());
        link.link_hashes.add("hash of a link".into());
        let item = link_item(&link).unwrap();
        assert_eq!(entity::<Link>(item.clone()).unwrap(), link);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
