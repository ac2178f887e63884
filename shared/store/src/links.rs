//! Mailed links: hashes of their secrets, in a partition of their own, where only `deliver-mail` puts them.

use crate::item::{Item, entity, expiring, item};
use crate::keys::{self, number};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Link, Purpose, UserId};

impl Store {
    /// The links for one purpose of which some work.
    pub async fn link(&self, user: UserId, purpose: Purpose, now: Timestamp) -> Result<Link> {
        let item = self.get(&keys::link(user, purpose)).await?.ok_or(StoreError::NotFound)?;
        let link: Link = entity(item)?;
        if now < link.expires_at { Ok(link) } else { Err(StoreError::NotFound) }
    }

    /// Adds the hash of a link that is about to be mailed and works until `end`, beside those that were mailed to the
    /// same address and work.
    pub async fn add_link(&self, new: &Link, hash: &str, end: Timestamp, now: Timestamp) -> Result<()> {
        loop {
            let (mut link, expected) = match self.link(new.user, new.purpose, now).await {
                Ok(live) if live.email.folded() == new.email.folded() => {
                    let unchanged = unchanged_since(&live);
                    (live, unchanged)
                }
                // What was mailed to an address that the account has no more must not work again.
                Ok(live) => (Link { rev: live.rev, ..new.clone() }, unchanged_since(&live)),
                Err(StoreError::NotFound) => (new.clone(), absent(now)),
                Err(error) => return Err(error),
            };
            link.add(hash.to_owned(), end, now);
            let mut change = Transaction::new();
            change.put(&self.table, link_item(&link)?, expected, |_| StoreError::Stale);
            match self.commit(change).await {
                Err(StoreError::Stale) => {}
                saved => return saved,
            }
        }
    }

    /// Adds to a transaction that a link is used: it must work, and none for its purpose does from then on.
    pub(crate) fn use_link(
        &self,
        change: &mut Transaction,
        user: UserId,
        purpose: Purpose,
        hash: &str,
        now: Timestamp,
    ) {
        let works = Expression {
            condition: Some("ends.#hash > :now"),
            names: vec![("#hash", hash.to_owned().into())],
            values: vec![(":now", number(now.as_millisecond()))],
            ..Expression::default()
        };
        change.delete(&self.table, &keys::link(user, purpose), works, |_| StoreError::NotFound);
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
    fn a_link_is_stored_with_hashes_and_their_ends_and_reads_back() {
        let user = "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap();
        let email = Email::parse("ada@example.org").unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let mut link = Link::new(user, Purpose::PasswordReset, email, now);
        link.add("hash of a link".into(), now + Purpose::PasswordReset.lifetime(), now);
        let item = link_item(&link).unwrap();
        assert_eq!(entity::<Link>(item.clone()).unwrap(), link);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
