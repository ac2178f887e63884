//! Sealed notes. A note is one item under the hash of its token; beside it a handle under its id, by which it is
//! destroyed, and an entry under its author, by which they list it.

use crate::index::{indexed, time};
use crate::item::{Item, entity, expiring, item};
use crate::keys::{self, EXPIRING, NOTES, number, text};
use crate::list::{List, Span};
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Answer, Result, Store, StoreError};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use kith_domain::{Note, NoteHandle, NoteId, UserId};
use serde::{Deserialize, Serialize};

/// The attribute with the sealed text.
const SEALED: &str = "sealed";
/// What a list reads of its notes: everything but the text.
const TOLD: &str = "pk, sk, id, token_hash, author, key_id, salt, created_at, expires_at, max_views, views_left, \
                    last_opened_at, tries, tries_end";
/// How many items one batch reads at most.
const BATCH: usize = 100;

/// A note in its author's list.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OwnNote {
    id: NoteId,
    token_hash: String,
    expires_at: i64,
}

impl Store {
    /// Stores a sealed note with its handle and, if somebody was logged in, its entry in their list; all or nothing.
    pub async fn seal_note(
        &self,
        note: &Note,
        handle: &NoteHandle,
        sealed: Vec<u8>,
        answer: Option<Answer>,
        now: Timestamp,
    ) -> Result<()> {
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
        for item in note_items(note, handle, sealed)? {
            change.put_new(&self.table, item);
        }
        self.commit(change).await
    }

    /// A note that can be opened, and its sealed text. `NotFound` for whatever cannot be opened, after the same call.
    pub async fn note(&self, token_hash: &str, now: Timestamp) -> Result<(Note, Vec<u8>)> {
        let mut item = self.get(&keys::note(token_hash)).await?.ok_or(StoreError::NotFound)?;
        let sealed = item.remove(SEALED);
        let note: Note = entity(item)?;
        match sealed {
            _ if !note.can_be_opened(now) => Err(StoreError::NotFound),
            Some(AttributeValue::B(sealed)) => Ok((note, sealed.into_inner())),
            _ => Err(StoreError::Unreadable("a note that can be opened has no text".into())),
        }
    }

    /// Takes one reading of a note; gives the note as it is afterwards. The last one takes the text out of the table.
    ///
    /// `NotFound` where no reading is left, or the note has ended or was destroyed meanwhile. The item keeps the marks of
    /// all requests that took one, at most a hundred, so that a write repeated after a lost answer takes no second one,
    /// whoever came in between.
    pub async fn take_view(&self, note: &Note, now: Timestamp) -> Result<Note> {
        let mut is_last = note.views_left == 1;
        // The readings only become fewer: what was not the last one may have become it.
        for _ in 0..2 {
            match self.update(&keys::note(&note.token_hash), self.taking(is_last, now)).await? {
                Ok(taken) => return entity(taken),
                Err(refused) => {
                    let item = refused.0.ok_or(StoreError::NotFound)?;
                    let is_ours = self.has_marked(&item, "taken_by");
                    let current: Note = entity(item)?;
                    if is_ours {
                        return Ok(current);
                    }
                    if !current.can_be_opened(now) {
                        return Err(StoreError::NotFound);
                    }
                    is_last = current.views_left == 1;
                }
            }
        }
        Err(StoreError::Busy("the note kept changing".into()))
    }

    fn taking(&self, is_last: bool, now: Timestamp) -> Expression {
        let (update, condition) = if is_last {
            (
                "SET views_left = views_left - :one, last_opened_at = :now ADD taken_by :marks \
                 REMOVE sealed, tries, tries_end",
                "views_left = :one AND expires_at > :now AND NOT contains(taken_by, :mark)",
            )
        } else {
            (
                // The passphrase was right: its try does not count.
                "SET views_left = views_left - :one, last_opened_at = :now ADD taken_by :marks DELETE tries :marks",
                "views_left > :one AND expires_at > :now AND NOT contains(taken_by, :mark)",
            )
        };
        Expression {
            update: Some(update.into()),
            condition: Some(condition),
            values: vec![
                (":one", number(1)),
                (":now", number(now.as_millisecond())),
                (":mark", text(&*self.request)),
                (":marks", self.marks()),
            ],
            ..Expression::default()
        }
    }

    /// This request's mark as the API takes it for sets.
    pub(crate) fn marks(&self) -> AttributeValue {
        AttributeValue::Ss(vec![self.request.to_string()])
    }

    fn has_marked(&self, item: &Item, set: &str) -> bool {
        let marks = item.get(set).and_then(|marks| marks.as_ss().ok());
        marks.is_some_and(|marks| marks.iter().any(|mark| **mark == *self.request))
    }

    /// The handle of a note that exists.
    pub async fn note_handle(&self, id: NoteId, now: Timestamp) -> Result<NoteHandle> {
        let item = self.get(&keys::note_handle(id)).await?.ok_or(StoreError::NotFound)?;
        let handle: NoteHandle = entity(item)?;
        if now < handle.expires_at { Ok(handle) } else { Err(StoreError::NotFound) }
    }

    /// Deletes a note and all that belongs to it; `NotFound` where somebody else did.
    pub async fn destroy_note(&self, handle: &NoteHandle) -> Result<()> {
        let there = Expression { condition: Some("attribute_exists(pk)"), ..Expression::default() };
        let mut change = Transaction::new();
        change.delete(&self.table, &keys::note_handle(handle.note), there, |_| StoreError::NotFound);
        change.delete_any(&self.table, &keys::note(&handle.token_hash));
        if let Some(author) = handle.author {
            change.delete_any(&self.table, &keys::own_note(author, handle.note));
        }
        self.commit(change).await
    }

    /// A page of somebody's own notes that exist, newest first, and whether there are more.
    pub async fn notes_of(
        &self,
        author: UserId,
        after: Option<NoteId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<Note>, bool)> {
        let pk = keys::own_notes(author);
        let span = Span { pk: &pk, prefix: NOTES, order: Order::NewestFirst, at_most: BATCH };
        let mut list = List::new(span, after.map(|id| format!("{NOTES}{id}")), limit);
        while let Some(items) = list.next(self).await? {
            let entries = items.into_iter().map(entity::<OwnNote>).collect::<Result<Vec<_>>>()?;
            let alive = entries.iter().filter(|entry| now.as_millisecond() < entry.expires_at);
            let keys: Vec<_> = alive.map(|entry| keys::note(&entry.token_hash)).collect();
            for item in self.get_some(keys, Some(TOLD)).await?.into_iter().flatten() {
                list.push(entity(item)?);
            }
        }
        Ok(list.page())
    }

    /// Hashes of the tokens of up to 500 notes that ended before `now`, oldest first. From the index, which may lag a
    /// moment.
    pub async fn expired_notes(&self, now: Timestamp) -> Result<Vec<String>> {
        self.ids_before(EXPIRING, now, keys::NOTE).await
    }

    /// Deletes a note that has ended, and all that belongs to it; false where it is gone or still lives.
    pub async fn expire_note(&self, token_hash: &str, now: Timestamp) -> Result<bool> {
        let Some(item) = self.get(&keys::note(token_hash)).await? else { return Ok(false) };
        let note: Note = entity(item)?;
        let ended = Expression {
            condition: Some("expires_at <= :now"),
            values: vec![(":now", number(now.as_millisecond()))],
            ..Expression::default()
        };
        let mut change = Transaction::new();
        change.delete(&self.table, &keys::note(token_hash), ended, |_| StoreError::Stale);
        change.delete_any(&self.table, &keys::note_handle(note.id));
        if let Some(author) = note.author {
            change.delete_any(&self.table, &keys::own_note(author, note.id));
        }
        match self.commit(change).await {
            Ok(()) => Ok(true),
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes up to 25 of somebody's notes; true if there may be more.
    pub async fn erase_some_notes_of(&self, author: UserId) -> Result<bool> {
        let (items, more) = self.page(&keys::own_notes(author), NOTES, Order::OldestFirst, None, 25).await?;
        for item in items {
            let entry: OwnNote = entity(item)?;
            // The entry last: a job that dies half-way finds the rest by it.
            let of_note =
                [keys::note(&entry.token_hash), keys::note_handle(entry.id), keys::own_note(author, entry.id)];
            for key in of_note {
                let _ = self.delete(&key, Expression::default()).await?;
            }
        }
        Ok(more)
    }
}

/// What a note is stored as: itself with its text, its handle, and the entry in its author's list.
fn note_items(note: &Note, handle: &NoteHandle, sealed: Vec<u8>) -> Result<Vec<Item>> {
    let end = note.expires_at;
    let mut own = item(&keys::note(&note.token_hash), "note", note)?;
    own.insert(SEALED.into(), AttributeValue::B(Blob::new(sealed)));
    let mut items = vec![
        indexed(expiring(own, end), EXPIRING, time(end)),
        expiring(item(&keys::note_handle(note.id), "note_handle", handle)?, end),
    ];
    if let Some(author) = note.author {
        let entry = OwnNote { id: note.id, token_hash: note.token_hash.clone(), expires_at: end.as_millisecond() };
        items.push(expiring(item(&keys::own_note(author, note.id), "own_note", &entry)?, end));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use jiff::SignedDuration;
    use std::collections::BTreeSet;

    fn note() -> Note {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        Note {
            id: "not_01a318c1400074aab4a3b5b6a7a8b9c2".parse().unwrap(),
            token_hash: "hash of the token".into(),
            author: Some("usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap()),
            key_id: "key".into(),
            salt: Some("salt".into()),
            created_at: now,
            expires_at: now + SignedDuration::from_hours(7 * 24),
            max_views: 7,
            views_left: 7,
            last_opened_at: None,
            tries: BTreeSet::new(),
            tries_end: None,
        }
    }

    #[test]
    fn a_note_is_stored_sealed_as_three_items_and_reads_back() {
        let note = note();
        let handle = NoteHandle::new(&note, "hash of the manage token".into());
        let items = note_items(&note, &handle, b"sealed text".to_vec()).unwrap();
        assert_eq!(entity::<Note>(items[0].clone()).unwrap(), note);
        assert_eq!(entity::<NoteHandle>(items[1].clone()).unwrap(), handle);
        insta::assert_json_snapshot!(items.into_iter().map(snapshot).collect::<Vec<_>>());
    }

    #[test]
    fn a_note_that_was_opened_and_tried_reads_back_with_its_sets() {
        let opened = Note { views_left: 6, last_opened_at: Some(note().created_at), ..note() };
        let mut item = item(&keys::note(&opened.token_hash), "note", &opened).unwrap();
        item.insert("tries".into(), AttributeValue::Ss(vec!["one".into(), "other".into()]));
        item.insert("taken_by".into(), AttributeValue::Ss(vec!["somebody".into()]));
        let tries = BTreeSet::from(["one".to_owned(), "other".to_owned()]);
        assert_eq!(entity::<Note>(item).unwrap(), Note { tries, ..opened });
    }
}
