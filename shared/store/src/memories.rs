//! Memories of somebody, kept with their card. Whether there is the card is asked of its entry, which is smaller.

use crate::difference::{Changeable, Tries, changed_or_gone, is_same};
use crate::item::{Item, entity, item, number_of};
use crate::keys::{self, Key, number};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Answer, Result, Revisions, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use kith_domain::{Amount, ContactId, Memory, MemoryId, Remembered, UserId};

/// Attributes of a memory that a change may write, with their placeholders.
const CHANGEABLE: [Changeable; 4] = [
    ("text", "#text", ":text"),
    ("happened_at", "#happened_at", ":happened_at"),
    ("updated_at", "#updated_at", ":updated_at"),
    ("rev", "#rev", ":rev"),
];

impl Store {
    /// Adds a memory to a card, whose entry counts it and takes in its words; `NotFound` where the card is not there or
    /// goes at the same time, `Full` where it has as many as it may have, `TooFast` where this hour had as many.
    pub async fn add_memory(&self, memory: &Memory, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let mut tries = Tries::new(None);
        let mut anew = false;
        loop {
            tries.on(memory.rev).await?;
            let before = self.remembered(memory.owner, memory.contact).await?;
            let mut change = Transaction::new();
            self.put_answer(&mut change, answer.clone(), now)?;
            self.remember(&mut change, memory, &before, Some(1))?;
            self.count_creation(&mut change, memory.owner, Some(Amount::Memories), anew, now);
            change.put_new(&self.table, memory_item(memory)?);
            match self.commit(change).await {
                Err(StoreError::OtherHour) => anew = true,
                // The entry took in the words of another memory, or another creation has begun the hour.
                Err(StoreError::Stale) => anew = false,
                added => return added,
            }
        }
    }

    /// What the entry of a card knows of its memories; `NotFound` where there is no card.
    async fn remembered(&self, owner: UserId, contact: ContactId) -> Result<Remembered> {
        let [entry] = self.get_all([&keys::contact_entry(owner, contact)]).await?;
        entity(entry.ok_or(StoreError::NotFound)?)
    }

    /// Has the entry of a card take in the words of a memory, and count it where it is `new`. `Stale` where what it knew
    /// `before` has changed.
    fn remember(&self, change: &mut Transaction, memory: &Memory, before: &Remembered, new: Option<u32>) -> Result<()> {
        let mut after = before.clone();
        after.add_words_of(memory);
        let words = |remembered: &Remembered| -> Result<Option<AttributeValue>> {
            let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(remembered)?;
            Ok(item.remove("memory_words"))
        };
        let (known, words) = (words(before)?, words(&after)?);
        let condition = match &known {
            Some(_) => "memory_words = :known AND (attribute_not_exists(memories) OR memories < :most)",
            None => {
                "attribute_exists(pk) AND attribute_not_exists(memory_words) \
                 AND (attribute_not_exists(memories) OR memories < :most)"
            }
        };
        // One that is only changed counts no more, and may be the last that there may be.
        let most = Amount::Memories.limit() + 1 - new.unwrap_or_default();
        let mut values = vec![(":zero", number(0)), (":new", number(new.unwrap_or_default())), (":most", number(most))];
        values.extend(known.map(|known| (":known", known)));
        let counted = "SET memories = if_not_exists(memories, :zero) + :new";
        let update = match words {
            Some(words) => {
                values.push((":words", words));
                format!("{counted}, memory_words = :words")
            }
            None => counted.to_owned(),
        };
        let expression =
            Expression { update: Some(update.into()), condition: Some(condition), values, ..Expression::default() };
        let entry = keys::contact_entry(memory.owner, memory.contact);
        let is_new = new.is_some();
        change.update(&self.table, &entry, expression, move |item| match item {
            None => StoreError::NotFound,
            Some(entry) if is_new && is_full(&entry) => StoreError::Full(Amount::Memories),
            Some(_) => StoreError::Stale,
        });
        Ok(())
    }

    /// A page of a card's memories, newest first, and whether there are more; `NotFound` where there is no card.
    pub async fn memories(
        &self,
        owner: UserId,
        contact: ContactId,
        after: Option<MemoryId>,
        limit: usize,
    ) -> Result<(Vec<Memory>, bool)> {
        let (card, pk, prefix) =
            (keys::contact_entry(owner, contact), keys::contacts_of(owner), keys::memories_of(contact));
        let after = after.map(|id| keys::memory(owner, contact, id).sk);
        let (card, page) = tokio::join!(self.get(&card), self.newest(&pk, &prefix, after, limit));
        card?.ok_or(StoreError::NotFound)?;
        page
    }

    /// A memory; `NotFound` where it or its card is not there.
    pub async fn memory(&self, owner: UserId, contact: ContactId, id: MemoryId) -> Result<Memory> {
        match self.get_all([&keys::contact_entry(owner, contact), &keys::memory(owner, contact, id)]).await? {
            [Some(_), Some(memory)] => entity(memory),
            _ => Err(StoreError::NotFound),
        }
    }

    /// Applies a change to a memory as loaded by this request and saves it; `if_match` as with a card.
    pub async fn change_memory(
        &self,
        mut memory: Memory,
        if_match: Option<Revisions>,
        apply: impl Fn(&mut Memory),
    ) -> Result<Memory> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(memory.rev).await?;
            let mut changed = memory.clone();
            apply(&mut changed);
            if is_same(&memory, &changed)? {
                return Ok(memory);
            }
            match self.save_memory(&memory, &changed).await {
                Err(StoreError::Stale) => memory = self.memory(memory.owner, memory.contact, memory.id).await?,
                saved => return saved.map(|()| changed),
            }
        }
    }

    /// Writes what differs; with another text, its words go into the entry of the card.
    async fn save_memory(&self, before: &Memory, after: &Memory) -> Result<()> {
        let difference = self.difference(before, after, before.rev, &CHANGEABLE)?;
        if before.text == after.text {
            return self.save_alone(&memory_key(after), difference, after.rev).await;
        }
        let known = self.remembered(after.owner, after.contact).await?;
        let mut change = Transaction::new();
        change.update(&self.table, &memory_key(after), difference.expression(), changed_or_gone);
        self.remember(&mut change, after, &known, None)?;
        self.commit(change).await
    }

    /// Deletes a memory; `if_match` as with a card.
    pub async fn delete_memory(&self, mut memory: Memory, if_match: Option<Revisions>) -> Result<()> {
        let mut tries = Tries::new(if_match);
        loop {
            tries.on(memory.rev).await?;
            match self.remove_memory(&memory).await {
                Err(StoreError::Stale) => memory = self.memory(memory.owner, memory.contact, memory.id).await?,
                removed => return removed,
            }
        }
    }

    /// Deletes it, and counts it no more. Its words stay in the entry of the card.
    async fn remove_memory(&self, loaded: &Memory) -> Result<()> {
        let as_loaded = Expression {
            condition: Some("rev = :loaded"),
            values: vec![(":loaded", keys::number(loaded.rev))],
            ..Expression::default()
        };
        let mut change = Transaction::new();
        change.delete(&self.table, &memory_key(loaded), as_loaded, changed_or_gone);
        let uncounted = Expression {
            update: Some("SET memories = if_not_exists(memories, :one) - :one".into()),
            condition: Some("attribute_exists(pk)"),
            values: vec![(":one", number(1))],
            ..Expression::default()
        };
        let entry = keys::contact_entry(loaded.owner, loaded.contact);
        change.update(&self.table, &entry, uncounted, |_| StoreError::NotFound);
        self.commit(change).await
    }
}

/// Whether the card of this entry has as many memories as it may have.
fn is_full(entry: &Item) -> bool {
    number_of(entry, "memories").unwrap_or_default() >= i64::from(Amount::Memories.limit())
}

/// What a memory is stored as.
fn memory_item(memory: &Memory) -> Result<Item> {
    item(&memory_key(memory), "memory", memory)
}

fn memory_key(memory: &Memory) -> Key {
    keys::memory(memory.owner, memory.contact, memory.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;

    #[test]
    fn a_memory_is_stored_whole_and_reads_back() {
        let id = "mem_01a318c1400074aab4a3b5b6a7a8b9c2".parse().unwrap();
        let contact = "con_01a318c1400074aab4a3b5b6a7a8b9c1".parse().unwrap();
        let owner = "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap();
        let new = serde_json::from_str(r#"{"text": "Takes no sugar", "happened_at": "2026-09-21"}"#).unwrap();
        let memory = Memory::new(id, owner, contact, new, Timestamp::from_second(1_800_000_000).unwrap());
        let item = memory_item(&memory).unwrap();
        assert_eq!(entity::<Memory>(item.clone()).unwrap(), memory);
        for (name, _, _) in CHANGEABLE {
            assert!(item.contains_key(name), "{name}");
        }
        insta::assert_json_snapshot!(snapshot(item));
    }
}
