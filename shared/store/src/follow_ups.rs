//! Follow-ups. What is planned is on the card; an item of its own, sorted by time, is for lists, and as long as a reminder
//! is to come its place in the index is for `remind-due`. Both change in one transaction, always.

use crate::difference::Tries;
use crate::index::{indexed, key_of, time};
use crate::item::{Item, entity, item};
use crate::keys::{self, DUE, FOLLOW_UPS, Key, number};
use crate::list::{List, Span};
use crate::reminders::NEXT;
use crate::table::Order;
use crate::transaction::Transaction;
use crate::{Result, Revisions, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Contact, Due, FollowUp, Planned, PlannedFor, UserId};
use serde_json::json;

/// As many as a batch can read.
const BATCH: usize = 100;

impl Store {
    /// Plans a follow-up with the person of a card as loaded by this request; another one that was planned there is
    /// given up, but who has been told of its time is not told again. Gives the card.
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
            let planned = Some(follow_up.clone().instead_of(card.follow_up.as_ref(), now));
            let is_new = card.follow_up != planned;
            if is_new {
                card.follow_up = planned;
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
        if let (Some(new), Some(follow_up)) = (new, &after.follow_up) {
            change.put_any(&self.table, follow_up_item(&new, follow_up)?);
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

    /// What a reminder says of cards, at most 100, with what is planned on them; of those on which nothing is planned for
    /// that time nothing.
    pub async fn planned(&self, owner: UserId, planned: &[PlannedFor]) -> Result<Vec<(Planned, FollowUp)>> {
        let keys = planned.iter().map(|planned| keys::contact(owner, planned.contact)).collect();
        let mut still = Vec::new();
        for (planned, card) in planned.iter().zip(self.get_many(keys).await?) {
            let Some(mut card) = card.map(entity::<Planned>).transpose()? else { continue };
            if let Some(follow_up) = card.follow_up.take().filter(|follow_up| follow_up.at == planned.at) {
                still.push((card, follow_up));
            }
        }
        Ok(still)
    }
}

/// What is planned on a card.
fn due(card: &Contact) -> Option<Due> {
    card.follow_up.as_ref().map(|follow_up| Due { at: follow_up.at, user: card.owner, contact: card.id })
}

/// The follow-up behind a key.
pub(crate) fn due_at(key: &Key) -> Result<Due> {
    let read = || {
        let (at, contact) = key.sk.strip_prefix(FOLLOW_UPS)?.split_once('#')?;
        let user = key.pk.strip_prefix("contacts#")?.parse().ok()?;
        Some(Due { at: at.parse().ok()?, user, contact: contact.parse().ok()? })
    };
    read().ok_or_else(|| StoreError::Unreadable("a follow-up's key".into()))
}

/// What a follow-up is stored as beside the card, with the place of its next reminder in the index.
fn follow_up_item(due: &Due, follow_up: &FollowUp) -> Result<Item> {
    let mut item = item(&keys::follow_up(due), "follow_up", &json!({}))?;
    let Some(reminder) = follow_up.remind_at else { return Ok(item) };
    if let Some(next) = follow_up.reminder_after(reminder) {
        item.insert(NEXT.into(), number(next.as_millisecond()));
    }
    Ok(indexed(item, DUE, time(reminder)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use crate::reminders::reminder_of;
    use kith_domain::Reminder;

    #[test]
    fn a_follow_up_is_stored_with_its_place_in_the_index_and_reads_back() {
        let due = Due {
            at: Timestamp::from_second(1_800_000_000).unwrap(),
            user: "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap(),
            contact: "con_01a318c1400074aab4a3b5b6a7a8b9c4".parse().unwrap(),
        };
        let plan = serde_json::from_value(json!({"at": due.at.to_string()})).unwrap();
        let zone = kith_domain::KnownTimeZone::parse("Europe/Berlin").unwrap();
        let mut follow_up = FollowUp::new(&plan, zone.name(), Timestamp::UNIX_EPOCH).unwrap();
        let item = follow_up_item(&due, &follow_up).unwrap();
        let (time, next) = ("2027-01-14T08:00:00Z".parse().unwrap(), "2027-01-15T07:00:00Z".parse().ok());
        assert_eq!(reminder_of(&item).unwrap(), Some(Reminder { due, time, next }));
        follow_up.remind_at = None;
        assert_eq!(reminder_of(&follow_up_item(&due, &follow_up).unwrap()).unwrap(), None);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
