//! Memories of somebody, kept with their card. Whether there is the card is asked of its entry, which is smaller.

use crate::difference::{Changeable, Tries, changed_or_gone, is_same};
use crate::item::{Item, entity, item};
use crate::keys::{self, Key};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Answer, Result, Revisions, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{ContactId, Memory, MemoryId, UserId};

/// Attributes of a memory that a change may write, with their placeholders.
const CHANGEABLE: [Changeable; 4] = [
    ("text", "#text", ":text"),
    ("happened_at", "#happened_at", ":happened_at"),
    ("updated_at", "#updated_at", ":updated_at"),
    ("rev", "#rev", ":rev"),
];

impl Store {
    /// Adds a memory to a card; `NotFound` where the card is not there or goes at the same time.
    pub async fn add_memory(&self, memory: &Memory, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let there = Expression { condition: Some("attribute_exists(pk)"), ..Expression::default() };
        let card = keys::contact_entry(memory.owner, memory.contact);
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        change.check(&self.table, &card, there, |_| StoreError::NotFound);
        change.put_new(&self.table, memory_item(memory)?);
        self.commit(change).await
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
            let difference = self.difference(&memory, &changed, memory.rev, &CHANGEABLE)?;
            match self.save_alone(&memory_key(&memory), difference, changed.rev).await {
                Err(StoreError::Stale) => memory = self.memory(memory.owner, memory.contact, memory.id).await?,
                saved => return saved.map(|()| changed),
            }
        }
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

    /// A transaction of one, since a deleted item has no mark left by which a repeat would recognise itself.
    async fn remove_memory(&self, loaded: &Memory) -> Result<()> {
        let as_loaded = Expression {
            condition: Some("rev = :loaded"),
            values: vec![(":loaded", keys::number(loaded.rev))],
            ..Expression::default()
        };
        let mut change = Transaction::new();
        change.delete(&self.table, &memory_key(loaded), as_loaded, changed_or_gone);
        self.commit(change).await
    }
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
