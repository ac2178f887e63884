//! Contacts: cards, and beside each the entry by which a search finds it. Both are in a partition of their own for each
//! owner, so that no function of cards has a right on accounts.

use crate::difference::{Changeable, Tries, changed_or_gone, is_same};
use crate::item::{Item, entity, item};
use crate::keys;
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Answer, Result, Revisions, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Amount, Contact, ContactEntry, ContactId, Photo, Task, Upload, UserId};

/// Attributes of a card that a change may write, with their placeholders.
const CHANGEABLE: [Changeable; 17] = [
    ("first_name", "#first_name", ":first_name"),
    ("last_name", "#last_name", ":last_name"),
    ("email", "#email", ":email"),
    ("company", "#company", ":company"),
    ("position", "#position", ":position"),
    ("social_media", "#social_media", ":social_media"),
    ("phone", "#phone", ":phone"),
    ("event", "#event", ":event"),
    ("place", "#place", ":place"),
    ("met_at", "#met_at", ":met_at"),
    ("spark", "#spark", ":spark"),
    ("tags", "#tags", ":tags"),
    ("introduced_by", "#introduced_by", ":introduced_by"),
    ("follow_up", "#follow_up", ":follow_up"),
    ("photo", "#photo", ":photo"),
    ("updated_at", "#updated_at", ":updated_at"),
    ("rev", "#rev", ":rev"),
];

/// Attributes of an entry that follow from its card, with their placeholders. What is known of memories stays.
const OF_CARD: [Changeable; 11] = [
    ("name", "#name", ":name"),
    ("company", "#company", ":company"),
    ("position", "#position", ":position"),
    ("event", "#event", ":event"),
    ("place", "#place", ":place"),
    ("email", "#email", ":email"),
    ("phone", "#phone", ":phone"),
    ("profiles", "#profiles", ":profiles"),
    ("tags", "#tags", ":tags"),
    ("met_at", "#met_at", ":met_at"),
    ("words", "#words", ":words"),
];

impl Store {
    /// A card; `NotFound` unless it is this owner's.
    pub async fn contact(&self, owner: UserId, id: ContactId) -> Result<Contact> {
        self.get(&keys::contact(owner, id)).await?.map(entity).transpose()?.ok_or(StoreError::NotFound)
    }

    /// Adds a card. `Full` where the owner has as many as one may have, `TooFast` where this hour had as many.
    pub async fn create_contact(&self, contact: &Contact, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let mut tries = Tries::new(None);
        let mut anew = false;
        loop {
            tries.on(contact.rev).await?;
            let mut change = Transaction::new();
            self.put_answer(&mut change, answer.clone(), now)?;
            self.count_creation(&mut change, contact.owner, Some(Amount::Contacts), anew, now);
            change.put_new(&self.table, contact_item(contact)?);
            change.put_new(&self.table, entry_item(contact)?);
            match self.commit(change).await {
                Err(StoreError::OtherHour) => anew = true,
                // Another creation has begun the hour.
                Err(StoreError::Stale) => anew = false,
                created => return created,
            }
        }
    }

    /// Applies a change to a card as loaded by this request and saves it.
    ///
    /// With `if_match` the change is for that revision only (`Stale` otherwise); without it a lost race is repeated on
    /// the newest state, and so is whatever rule `apply` checks. What changes nothing is not written.
    pub async fn change_contact<E: From<StoreError>>(
        &self,
        mut contact: Contact,
        if_match: Option<Revisions>,
        apply: impl Fn(&mut Contact) -> std::result::Result<(), E>,
    ) -> std::result::Result<Contact, E> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(contact.rev).await?;
            let mut changed = contact.clone();
            apply(&mut changed)?;
            if is_same(&contact, &changed)? {
                return Ok(contact);
            }
            match self.save_contact(&contact, &changed).await {
                Err(StoreError::Stale) => contact = self.contact(contact.owner, contact.id).await?,
                saved => return saved.map(|()| changed).map_err(E::from),
            }
        }
    }

    /// Writes what differs; the entry only where a search sees it.
    async fn save_contact(&self, before: &Contact, after: &Contact) -> Result<()> {
        if ContactEntry::of(before) == ContactEntry::of(after) {
            let difference = self.difference(before, after, before.rev, &CHANGEABLE)?;
            return self.save_alone(&keys::contact(after.owner, after.id), difference, after.rev).await;
        }
        let mut change = Transaction::new();
        self.update_contact(&mut change, before, after)?;
        let entry = entry_change(after)?;
        change.update(&self.table, &keys::contact_entry(after.owner, after.id), entry, |_| StoreError::Stale);
        self.commit(change).await
    }

    /// Adds the change of a card to a transaction: `Stale` where the card is not at the revision of `before` any more.
    pub(crate) fn update_contact(&self, change: &mut Transaction, before: &Contact, after: &Contact) -> Result<()> {
        let difference = self.difference(before, after, before.rev, &CHANGEABLE)?.expression();
        change.update(&self.table, &keys::contact(after.owner, after.id), difference, changed_or_gone);
        Ok(())
    }

    /// Puts another photo, or none, on a card, and leaves the task of removing what was there; with it the upload is
    /// finished. `if_match` as with a change. `NotFound` where there is none to be taken off.
    pub async fn change_contact_photo(
        &self,
        mut contact: Contact,
        if_match: Option<Revisions>,
        photo: Option<(&Photo, &Upload)>,
        now: Timestamp,
    ) -> Result<Contact> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(contact.rev).await?;
            let mut changed = contact.clone();
            let task = changed.change_photo(photo.map(|(photo, _)| photo.clone()), now);
            if photo.is_none() && task.is_none() {
                return Err(StoreError::NotFound);
            }
            let mut change = Transaction::new();
            self.update_contact(&mut change, &contact, &changed)?;
            if let Some((_, upload)) = photo {
                self.finish_upload(&mut change, upload, now);
            }
            if let Some(task) = &task {
                self.put_task(&mut change, task)?;
            }
            match self.commit(change).await {
                Err(StoreError::Stale) => contact = self.contact(contact.owner, contact.id).await?,
                saved => return saved.map(|()| changed),
            }
        }
    }

    /// Deletes a card, and leaves the task of erasing what belongs to it. `if_match` as with a change.
    pub async fn delete_contact(&self, mut contact: Contact, if_match: Option<Revisions>, task: &Task) -> Result<()> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(contact.rev).await?;
            match self.remove_contact(&contact, task).await {
                Err(StoreError::Stale) => contact = self.contact(contact.owner, contact.id).await?,
                removed => return removed,
            }
        }
    }

    /// Deletes a card with all that is found by it. `Stale` where it is not as loaded any more.
    async fn remove_contact(&self, loaded: &Contact, task: &Task) -> Result<()> {
        let as_loaded = Expression {
            condition: Some("rev = :loaded"),
            values: vec![(":loaded", keys::number(loaded.rev))],
            ..Expression::default()
        };
        let mut change = Transaction::new();
        change.delete(&self.table, &keys::contact(loaded.owner, loaded.id), as_loaded, changed_or_gone);
        change.delete_any(&self.table, &keys::contact_entry(loaded.owner, loaded.id));
        self.drop_follow_up(&mut change, loaded);
        self.uncount_contact(&mut change, loaded.owner);
        self.put_task(&mut change, task)?;
        if let Some(photo) = &loaded.photo {
            self.put_task(&mut change, &photo.removal(task.created_at))?;
        }
        self.commit(change).await
    }
}

/// What a card is stored as.
fn contact_item(contact: &Contact) -> Result<Item> {
    item(&keys::contact(contact.owner, contact.id), "contact", contact)
}

/// What a search finds it by.
fn entry_item(contact: &Contact) -> Result<Item> {
    item(&keys::contact_entry(contact.owner, contact.id), "contact_entry", &ContactEntry::of(contact))
}

/// Gives an entry what its card says now.
fn entry_change(contact: &Contact) -> Result<Expression> {
    let mut entry: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(ContactEntry::of(contact))?;
    let (mut sets, mut removes) = (Vec::new(), Vec::new());
    let mut change = Expression { condition: Some("attribute_exists(pk)"), ..Expression::default() };
    for (name, place, value) in OF_CARD {
        change.names.push((place, (*name).into()));
        match entry.remove(name) {
            Some(text) => {
                sets.push(format!("{place} = {value}"));
                change.values.push((value, text));
            }
            None => removes.push(place),
        }
    }
    let removes = if removes.is_empty() { String::new() } else { format!(" REMOVE {}", removes.join(", ")) };
    change.update = Some(format!("SET {}{removes}", sets.join(", ")).into());
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;

    fn card() -> Contact {
        let fields = serde_json::json!({
            "first_name": "Søren", "last_name": "Kierkegaard", "email": "Soren@example.org", "company": "Either & Or",
            "position": "Author", "social_media": "@soren", "phone": "+45 1", "event": "Rust Meetup",
            "place": "København", "met_at": "2026-09", "spark": "Walks through the city", "tags": ["Philosophy"],
            "introduced_by": {"name": "Regine"},
        });
        let id = "con_01a318c1400074aab4a3b5b6a7a8b9c1".parse().unwrap();
        let owner = "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        Contact::new(id, owner, serde_json::from_value(fields).unwrap(), now)
    }

    #[test]
    fn a_card_is_stored_whole_and_reads_back() {
        let item = contact_item(&card()).unwrap();
        assert_eq!(entity::<Contact>(item.clone()).unwrap(), card());
        insta::assert_json_snapshot!(snapshot(item));
    }

    #[test]
    fn an_entry_holds_the_folded_texts_of_its_card_and_reads_back() {
        let item = entry_item(&card()).unwrap();
        assert_eq!(entity::<ContactEntry>(item.clone()).unwrap(), ContactEntry::of(&card()));
        insta::assert_json_snapshot!(snapshot(item));
    }

    #[test]
    fn every_attribute_of_an_entry_follows_from_its_card() {
        let item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(ContactEntry::of(&card())).unwrap();
        let attributes: std::collections::BTreeSet<&str> = item.keys().map(String::as_str).collect();
        assert_eq!(attributes, OF_CARD.iter().map(|(name, _, _)| *name).collect());
    }

    #[test]
    fn every_attribute_of_a_card_is_changeable_or_left_out_on_purpose() {
        let item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(card()).unwrap();
        for attribute in item.keys() {
            let is_changeable = CHANGEABLE.iter().any(|(name, _, _)| name == attribute);
            assert!(is_changeable != ["id", "owner", "created_at"].contains(&attribute.as_str()), "{attribute}");
        }
        let absent = ["follow_up", "photo"];
        assert!(CHANGEABLE.iter().all(|(name, _, _)| item.contains_key(*name) || absent.contains(name)));
    }
}
