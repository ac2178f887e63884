//! Contacts: cards, and beside each the entry by which a search finds it. Both are in a partition of their own for each
//! owner, so that no function of cards has a right on accounts.

use crate::difference::{Changeable, Tries, changed_or_gone, is_same};
use crate::item::{Item, entity, item, size, text_of};
use crate::keys::{self, CONTACTS, ENTRIES};
use crate::list::Filling;
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Answer, Result, Revisions, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Contact, ContactEntry, ContactFilter, ContactId, Photo, Task, Upload, UserId};

/// How many entries a search reads at first. It reads more at a time as it goes on: what is sought may be among the
/// newest, and if it is not, nearly all have to be read.
const FIRST_STRETCH: i32 = 100;
/// How many it reads at most at a time, whatever a page may hold: a function has little memory.
const LONGEST_STRETCH: i32 = 1600;
/// How many cards a search reads first: by these it knows how large they are.
const FIRST_BATCH: usize = 25;
/// A batch reads at most so many items.
const BATCH: usize = 100;

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

impl Store {
    /// A card; `NotFound` unless it is this owner's.
    pub async fn contact(&self, owner: UserId, id: ContactId) -> Result<Contact> {
        self.get(&keys::contact(owner, id)).await?.map(entity).transpose()?.ok_or(StoreError::NotFound)
    }

    /// Adds a card.
    pub async fn create_contact(&self, contact: &Contact, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        change.put_new(&self.table, contact_item(contact)?);
        change.put_new(&self.table, entry_item(contact)?);
        self.commit(change).await
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
        change.put_any(&self.table, entry_item(after)?);
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
        self.put_task(&mut change, task)?;
        if let Some(photo) = &loaded.photo {
            self.put_task(&mut change, &photo.removal(task.created_at))?;
        }
        self.commit(change).await
    }

    /// A page of cards, newest first: those that the filter takes, and whether there are more.
    ///
    /// With a filter it reads the entries of all cards until it has found enough, and then the cards themselves. A
    /// card that has changed or gone meanwhile counts as it is now.
    pub async fn contacts(
        &self,
        owner: UserId,
        filter: &ContactFilter,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<(Vec<Contact>, bool)> {
        if filter.takes_all() {
            let after = after.map(|id| keys::contact(owner, id).sk);
            return self.newest(&keys::contacts_of(owner), CONTACTS, after, limit).await;
        }
        let mut page = Filling::new(limit);
        self.search_contacts(owner, filter, after, &mut page).await?;
        Ok(page.done())
    }

    /// Fills a page with the newest cards before `after` that the filter takes.
    async fn search_contacts(
        &self,
        owner: UserId,
        filter: &ContactFilter,
        after: Option<ContactId>,
        page: &mut Filling<Contact>,
    ) -> Result<()> {
        let pk = keys::contacts_of(owner);
        let mut after = after.map(|id| keys::contact_entry(owner, id).sk);
        let mut stretch = FIRST_STRETCH;
        loop {
            let (items, more) = self.page(&pk, ENTRIES, Order::NewestFirst, after.as_deref(), stretch).await?;
            after = items.last().and_then(|item| text_of(item, "sk")).map(str::to_owned);
            let mut taken = Vec::new();
            for item in items {
                let id = contact_of_entry(&item)?;
                if filter.takes(&entity(item)?) {
                    taken.push(keys::contact(owner, id));
                }
            }
            let mut taken = taken.into_iter();
            let mut batch = FIRST_BATCH;
            while !page.is_over() && taken.len() > 0 {
                let cards = taken.by_ref().take(batch.min(page.wanted())).collect();
                for item in self.get_many(cards).await?.into_iter().flatten() {
                    let bytes = size(&item);
                    let contact: Contact = entity(item)?;
                    if filter.takes(&ContactEntry::of(&contact)) {
                        page.push(contact, bytes);
                    }
                }
                batch = BATCH;
            }
            if !more || page.is_over() {
                return Ok(());
            }
            stretch = (stretch * 4).min(LONGEST_STRETCH);
        }
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

fn contact_of_entry(item: &Item) -> Result<ContactId> {
    let id = text_of(item, "sk").and_then(|sk| sk.strip_prefix(ENTRIES)).and_then(|id| id.parse().ok());
    id.ok_or_else(|| StoreError::Unreadable("the key of a card's entry".into()))
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
        assert_eq!(contact_of_entry(&item).unwrap(), card().id);
        assert_eq!(entity::<ContactEntry>(item.clone()).unwrap(), ContactEntry::of(&card()));
        insta::assert_json_snapshot!(snapshot(item));
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
