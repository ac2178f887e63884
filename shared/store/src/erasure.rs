//! Erasing an account: everything that belongs to it first, the person last, so that a job that dies half-way finds where
//! to go on. And what a deleted card leaves behind.

use crate::index::{indexed, time};
use crate::item::{Item, item, number_of, text_of};
use crate::keys::{self, ERASED, EXPIRING, Key};
use crate::registrations::held_by;
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use kith_domain::{ContactId, Person, Photo, PhotoPath, Task, UserId};
use serde::Serialize;

/// How many items are read and deleted at a time.
const BATCH: i32 = 25;

/// A request that began before its account was erased is over after this time: many times what a function may take.
const LATE_WRITES: SignedDuration = SignedDuration::from_mins(30);

/// An account that was erased.
#[derive(Serialize)]
struct Erased {
    user: UserId,
}

/// An item of an account that is being erased.
#[derive(Debug)]
pub struct Leftover {
    key: Key,
    rev: Option<i64>,
    /// The photo that it shows, whose objects have to go before it: nobody else knows of them.
    pub photo: Option<PhotoPath>,
}

impl Store {
    /// Deletes up to 25 items of each of what belongs to an account and names no object; true if there may be more. Not
    /// what admits, nor the profile: they tell where to go on.
    pub async fn erase_some_of(&self, user: UserId) -> Result<bool> {
        let mut more = false;
        let password = keys::credentials(user).pk;
        for pk in [keys::sessions_of(user), keys::links_of(user), keys::own_audits(user), password] {
            more |= self.erase_some(&pk, "").await?;
        }
        Ok(more)
    }

    /// Up to 25 of the items that belong to somebody's cards; none where none is left.
    pub async fn some_of_contacts(&self, user: UserId) -> Result<Vec<Leftover>> {
        let (items, _) = self.page(&keys::contacts_of(user), "", Order::OldestFirst, None, BATCH).await?;
        items.into_iter().map(leftover).collect()
    }

    /// Deletes an item as it was seen; one that has changed since stays, to be seen again.
    pub async fn erase_leftover(&self, leftover: &Leftover) -> Result<()> {
        let as_seen = match leftover.rev {
            Some(rev) => Expression {
                condition: Some("rev = :seen"),
                values: vec![(":seen", keys::number(rev))],
                ..Expression::default()
            },
            None => Expression::default(),
        };
        let _ = self.delete(&leftover.key, as_seen).await?;
        Ok(())
    }

    /// Deletes up to 25 memories of a card; true if there may be more.
    pub async fn erase_some_memories(&self, user: UserId, contact: ContactId) -> Result<bool> {
        self.erase_some(&keys::contacts_of(user), &keys::memories_of(contact)).await
    }

    /// Deletes up to 25 items of a partition whose sort key begins with `prefix`; true if there may be more.
    async fn erase_some(&self, pk: &str, prefix: &str) -> Result<bool> {
        let (items, more) = self.page(pk, prefix, Order::OldestFirst, None, BATCH).await?;
        let mut deleted = 0;
        for sk in items.iter().filter_map(|item| text_of(item, "sk")) {
            let key = Key { pk: pk.to_owned(), sk: sk.to_owned() };
            let _ = self.delete(&key, Expression::default()).await?;
            deleted += 1;
        }
        Ok(more || deleted > 0)
    }

    /// Deletes what is left of a person, frees address and username, leaves the task of telling the former owner, and
    /// remembers the account for [`Store::erased_before`]. `Stale` where the profile has changed since it was read: it
    /// may show another photo.
    pub async fn erase_person(&self, person: &Person, receipt: &Task) -> Result<()> {
        let Person { user, profile } = person;
        self.free_held_emails(user).await?;
        let mut change = Transaction::new();
        let erasing = Expression {
            condition: Some("attribute_type(erasing_since, :number)"),
            values: vec![(":number", keys::text("N"))],
            ..Expression::default()
        };
        change.delete(&self.table, &keys::user(user.id), erasing, |_| StoreError::Stale);
        let as_read = Expression {
            condition: Some("rev = :read"),
            values: vec![(":read", keys::number(profile.rev))],
            ..Expression::default()
        };
        change.delete(&self.table, &keys::profile(user.id), as_read, |_| StoreError::Stale);
        change.delete(&self.table, &keys::username(&profile.username), held_by(user.id), |_| StoreError::Stale);
        change.delete(&self.table, &keys::email_owner(&user.email), held_by(user.id), |_| StoreError::Stale);
        self.put_task(&mut change, receipt)?;
        change.put_any(&self.table, erased_item(user.id, receipt.created_at)?);
        self.commit(change).await
    }

    /// Up to 500 accounts that were erased so long before `now` that no request can still write anything of theirs.
    pub async fn erased_before(&self, now: Timestamp) -> Result<Vec<UserId>> {
        self.ids_before(EXPIRING, now, ERASED).await
    }

    /// Leaves the task that erases once more what belongs to an erased account, and forgets the account. `Stale` where
    /// that has happened: the index may lag.
    pub async fn erase_again(&self, user: UserId, task: &Task) -> Result<()> {
        let mut change = Transaction::new();
        let known = Expression { condition: Some("attribute_exists(pk)"), ..Expression::default() };
        change.delete(&self.table, &keys::erased(user), known, |_| StoreError::Stale);
        self.put_task(&mut change, task)?;
        self.commit(change).await
    }
}

/// What is remembered of an erased account. Without `ttl`: what is left of the account would stay.
fn erased_item(user: UserId, now: Timestamp) -> Result<Item> {
    let item = item(&keys::erased(user), "erased", &Erased { user })?;
    Ok(indexed(item, EXPIRING, time(now + LATE_WRITES)))
}

fn leftover(mut item: Item) -> Result<Leftover> {
    let photo =
        item.remove("photo").map(serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value::<Photo>).transpose()?;
    match (text_of(&item, "pk"), text_of(&item, "sk")) {
        (Some(pk), Some(sk)) => {
            let key = Key { pk: pk.to_owned(), sk: sk.to_owned() };
            Ok(Leftover { key, rev: number_of(&item, "rev"), photo: photo.map(|photo| photo.path) })
        }
        _ => Err(StoreError::Unreadable("an item without a key".into())),
    }
}
