//! Follow-ups. What is planned is on the card; an item of its own, sorted by time, is for lists, and as long as nobody
//! has been reminded its place in the index is for `remind-due`. Both change in one transaction, always.

use crate::difference::Tries;
use crate::index::{indexed, key_of, time};
use crate::item::{Item, entity, item};
use crate::keys::{self, DUE, FOLLOW_UPS, Key, number};
use crate::list::{List, Span};
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Result, Revisions, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use kith_domain::{Contact, Due, FollowUp, Planned, Task, UserId, Work};
use serde_json::json;

/// As many as a batch can read.
const BATCH: usize = 100;

impl Store {
    /// Plans a follow-up with the person of a card as loaded by this request; another one that was planned there is
    /// given up. Gives the card.
    ///
    /// With `if_match` for that revision of the card only (`Stale` otherwise); without it a lost race is repeated.
    pub async fn plan_follow_up(
        &self,
        contact: Contact,
        if_match: Option<Revisions>,
        follow_up: &FollowUp,
        now: Timestamp,
    ) -> Result<Contact> {
        let plan = |card: &mut Contact| {
            let is_new = card.follow_up.as_ref() != Some(follow_up);
            if is_new {
                card.follow_up = Some(follow_up.clone());
                card.touch(now);
            }
            Ok(is_new)
        };
        self.change_follow_up(contact, if_match, plan).await
    }

    /// Cancels what is planned on a card as loaded by this request; `NotFound` where nothing is.
    pub async fn cancel_follow_up(&self, contact: Contact, if_match: Option<Revisions>, now: Timestamp) -> Result<()> {
        let cancel = |card: &mut Contact| {
            card.follow_up.take().ok_or(StoreError::NotFound)?;
            card.touch(now);
            Ok(true)
        };
        self.change_follow_up(contact, if_match, cancel).await.map(drop)
    }

    async fn change_follow_up(
        &self,
        mut contact: Contact,
        if_match: Option<Revisions>,
        apply: impl Fn(&mut Contact) -> Result<bool>,
    ) -> Result<Contact> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(contact.rev).await?;
            let mut changed = contact.clone();
            if !apply(&mut changed)? {
                return Ok(contact);
            }
            match self.save_follow_up(&contact, &changed).await {
                Err(StoreError::Stale) => contact = self.contact(contact.owner, contact.id).await?,
                saved => return saved.map(|()| changed),
            }
        }
    }

    /// Writes what is planned on a card, and moves its item with it. `Stale` unless the card is still as it was.
    async fn save_follow_up(&self, before: &Contact, after: &Contact) -> Result<()> {
        let mut change = Transaction::new();
        self.update_contact(&mut change, before, after)?;
        let (old, new) = (due(before), due(after));
        // A transaction takes no key twice.
        if old != new {
            self.drop_follow_up(&mut change, before);
        }
        if let Some(new) = new {
            change.put_any(&self.table, follow_up_item(&new)?);
        }
        self.commit(change).await
    }

    /// Removes the item of what is planned on a card, if anything is, in the transaction that removes the card or the
    /// plan. The card must be the one that the transaction makes sure of.
    pub(crate) fn drop_follow_up(&self, change: &mut Transaction, card: &Contact) {
        if let Some(due) = due(card) {
            change.delete_any(&self.table, &keys::follow_up(&due));
        }
    }

    /// A page of an owner's cards on which something is planned, the soonest first, beyond `after`; and whether there
    /// are more.
    pub async fn follow_ups(&self, owner: UserId, after: Option<Due>, limit: usize) -> Result<(Vec<Contact>, bool)> {
        let pk = keys::contacts_of(owner);
        let span = Span { pk: &pk, prefix: FOLLOW_UPS, order: Order::OldestFirst, at_most: BATCH };
        let mut list = List::new(span, after.map(|due| keys::follow_up(&due).sk), limit);
        while let Some(items) = list.next(self).await? {
            let planned: Vec<Due> = items.iter().map(|item| due_at(&key_of(item)?)).collect::<Result<_>>()?;
            let keys = planned.iter().map(|due| keys::contact(owner, due.contact)).collect();
            for (planned, card) in planned.iter().zip(self.get_many(keys).await?) {
                // What has been cancelled or moved since the page was read is not there, or comes later.
                let card: Option<Contact> = card.map(entity).transpose()?;
                if let Some(card) = card.filter(|card| due(card) == Some(*planned)) {
                    list.push(card);
                }
            }
        }
        Ok(list.page())
    }

    /// What a reminder says of a card; `NotFound` where there is none, or nothing is planned on it for that time.
    pub async fn planned(&self, due: &Due) -> Result<(Planned, FollowUp)> {
        let card = self.get(&keys::contact(due.user, due.contact)).await?.ok_or(StoreError::NotFound)?;
        let mut card: Planned = entity(card)?;
        let follow_up = card.follow_up.take().filter(|follow_up| follow_up.at == due.at);
        Ok((card, follow_up.ok_or(StoreError::NotFound)?))
    }

    /// Up to 100 follow-ups that are due and of which nobody has been reminded, the oldest first, beyond `after`; and
    /// whether there are more. From the index, which may lag a moment.
    pub async fn due_follow_ups(&self, now: Timestamp, after: Option<Due>) -> Result<(Vec<Due>, bool)> {
        let start = after.map(|due| indexed(keys::follow_up(&due).attributes(), DUE, time(due.at)));
        // The index gives what lies before; what is due right now is due.
        let (keys, next) = self.indexed_page(DUE, now + SignedDuration::from_millis(1), start).await?;
        Ok((keys.iter().map(due_at).collect::<Result<_>>()?, next.is_some()))
    }

    /// Takes a follow-up out of the index of which nobody is reminded, and notes nothing on the card.
    pub async fn pass_over(&self, due: &Due) -> Result<()> {
        let unindexed = Expression {
            update: Some("REMOVE gsi1pk, gsi1sk".into()),
            condition: Some("attribute_exists(gsi1pk)"),
            ..Expression::default()
        };
        // What is not there any more is passed over already.
        let _ = self.update(&keys::follow_up(due), unindexed).await?;
        Ok(())
    }

    /// Leaves the task of mailing a reminder, takes the follow-up out of the index, and notes both on the card. False
    /// where it was done before, or the plan has changed.
    pub async fn remind(&self, due: &Due, now: Timestamp) -> Result<bool> {
        let reminded = Expression {
            update: Some("SET follow_up.reminded_at = :now, rev = rev + :one".into()),
            condition: Some("follow_up.#at = :at AND attribute_not_exists(follow_up.reminded_at)"),
            names: vec![("#at", "at".into())],
            values: vec![
                (":now", number(now.as_millisecond())),
                (":one", number(1)),
                (":at", number(due.at.as_millisecond())),
            ],
        };
        let unindexed = Expression {
            update: Some("REMOVE gsi1pk, gsi1sk".into()),
            condition: Some("attribute_exists(gsi1pk)"),
            ..Expression::default()
        };
        let mut change = Transaction::new();
        change.update(&self.table, &keys::contact(due.user, due.contact), reminded, |_| StoreError::Stale);
        change.update(&self.table, &keys::follow_up(due), unindexed, |_| StoreError::Stale);
        let work = Work::MailFollowUp { user: due.user, contact: due.contact, at: due.at };
        self.put_task(&mut change, &Task::new(work, now))?;
        match self.commit(change).await {
            Ok(()) => Ok(true),
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What is planned on a card.
fn due(card: &Contact) -> Option<Due> {
    card.follow_up.as_ref().map(|follow_up| Due { at: follow_up.at, user: card.owner, contact: card.id })
}

/// The follow-up behind a key.
fn due_at(key: &Key) -> Result<Due> {
    let read = || {
        let (at, contact) = key.sk.strip_prefix(FOLLOW_UPS)?.split_once('#')?;
        let user = key.pk.strip_prefix("contacts#")?.parse().ok()?;
        Some(Due { at: at.parse().ok()?, user, contact: contact.parse().ok()? })
    };
    read().ok_or_else(|| StoreError::Unreadable("a follow-up's key".into()))
}

/// What a follow-up is stored as beside the card, with its place in the index.
fn follow_up_item(due: &Due) -> Result<Item> {
    Ok(indexed(item(&keys::follow_up(due), "follow_up", &json!({}))?, DUE, time(due.at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;

    #[test]
    fn a_follow_up_is_stored_with_its_place_in_the_index_and_reads_back() {
        let due = Due {
            at: Timestamp::from_second(1_800_000_000).unwrap(),
            user: "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap(),
            contact: "con_01a318c1400074aab4a3b5b6a7a8b9c4".parse().unwrap(),
        };
        let item = follow_up_item(&due).unwrap();
        assert_eq!(due_at(&crate::index::key_of(&item).unwrap()).unwrap(), due);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
