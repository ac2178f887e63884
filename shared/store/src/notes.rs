//! Sealed notes. A note is one item under the hash of its token; beside it a handle under its id, by which it is
//! destroyed, and an entry under its author, by which they list it.

use crate::index::{indexed, time};
use crate::item::{Item, entity, expiring, item};
use crate::keys::{self, EXPIRING, NOTES, number, text};
use crate::list::{List, Span};
use crate::retired_note_keys::is_retired;
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Answer, Result, Store, StoreError};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use kith_domain::{NOTE_REPEAT, Note, NoteHandle, NoteId, UserId};
use serde::{Deserialize, Serialize};

/// The attribute with the sealed text.
const SEALED: &str = "sealed";
/// What a list reads of its notes: everything but the text.
const TOLD: &str = "pk, sk, id, token_hash, author, key_id, salt, created_at, expires_at, max_views, views_left, \
                    last_opened_at, tries, tries_end, retired";
/// How many notes one batch reads at most: it has room for a hundred items, and one says which keys were retired.
const BATCH: usize = 99;

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

    /// A note that can be opened, by whoever took a reading under `mark` also again, and its sealed text. `NotFound` for
    /// whatever cannot be opened, after the same call: also for what is under a key that was retired.
    pub async fn note(&self, token_hash: &str, mark: Option<&str>, now: Timestamp) -> Result<(Note, Vec<u8>)> {
        let [item, retired] = self.get_all([&keys::note(token_hash), &keys::retired_note_keys()]).await?;
        let mut item = item.ok_or(StoreError::NotFound)?;
        let sealed = item.remove(SEALED);
        let note: Note = entity(item)?;
        let opens_again = mark.is_some_and(|mark| note.opens_again_for(mark, now));
        match sealed {
            _ if is_retired(retired.as_ref(), &note.key_id) => Err(StoreError::NotFound),
            _ if !note.can_be_opened(now) && !opens_again => Err(StoreError::NotFound),
            Some(AttributeValue::B(sealed)) => Ok((note, sealed.into_inner())),
            // By the clock of the job that takes texts out its time was over, or nobody was to have it again.
            _ if !note.can_be_opened(now) => Err(StoreError::NotFound),
            _ => Err(StoreError::Unreadable("a note that can be opened has no text".into())),
        }
    }

    /// Takes one reading of a note; gives the note as it is afterwards. With a `mark`, whoever has taken one for it in the
    /// last 60 seconds has it still and takes no other. The last reading takes the text out of the table, unless somebody
    /// may still ask for it again: then it stays for so long, and `expire-items` learns by its place in the index.
    ///
    /// `NotFound` where no reading is left, or the note has ended or was destroyed meanwhile. The item keeps the marks of
    /// all that took one, at most a hundred, so that a write repeated after a lost answer takes no second one either,
    /// whoever came in between.
    pub async fn take_view(&self, note: &Note, mark: Option<&str>, now: Timestamp) -> Result<Note> {
        let key = keys::note(&note.token_hash);
        let place = mark.unwrap_or(&self.request);
        let mut seen = note.clone();
        // The readings only become fewer: what was not the last one may have become it, and then be taken.
        for _ in 0..3 {
            if seen.opens_again_for(place, now) {
                // Without a mark it is this request's own write, which has given the try back.
                return if mark.is_some() { self.give_try_back(seen, now).await } else { Ok(seen) };
            }
            if !seen.can_be_opened(now) {
                return Err(StoreError::NotFound);
            }
            let leaves_text = mark.is_some() || seen.may_be_asked_again(now);
            match self.update_at(&key, self.taking(&seen, leaves_text, now), Some(place)).await? {
                Ok(taken) => return entity(taken),
                Err(refused) => seen = entity(refused.0.ok_or(StoreError::NotFound)?)?,
            }
        }
        Err(StoreError::Busy("the note kept changing".into()))
    }

    fn taking(&self, seen: &Note, leaves_text: bool, now: Timestamp) -> Expression {
        let mut values = vec![
            (":one", number(1)),
            (":now", number(now.as_millisecond())),
            (":stale", number((now - NOTE_REPEAT).as_millisecond())),
        ];
        let rest = if seen.views_left > 1 {
            // The passphrase was right: its try does not count.
            values.push((":marks", self.marks()));
            " DELETE tries :marks"
        } else if leaves_text {
            values.push((":then", text(time(seen.text_stays_until(now)))));
            ", gsi1sk = :then REMOVE tries, tries_end"
        } else {
            " REMOVE sealed, tries, tries_end"
        };
        let condition = if seen.views_left > 1 {
            "views_left > :one AND expires_at > :now AND \
             (attribute_not_exists(taken_by.#place) OR taken_by.#place <= :stale)"
        } else {
            "views_left = :one AND expires_at > :now AND \
             (attribute_not_exists(taken_by.#place) OR taken_by.#place <= :stale)"
        };
        let update = "SET views_left = views_left - :one, last_opened_at = :now, taken_by.#place = :now";
        let update = Some(format!("{update}{rest}").into());
        Expression { update, condition: Some(condition), values, ..Expression::default() }
    }

    /// The note, once a try with the right passphrase counts no more. `NotFound` where the text is gone meanwhile.
    async fn give_try_back(&self, seen: Note, now: Timestamp) -> Result<Note> {
        if !seen.has_passphrase() {
            return Ok(seen);
        }
        let given_back = Expression {
            update: Some("DELETE tries :marks".into()),
            condition: Some("attribute_exists(sealed) AND expires_at > :now"),
            values: vec![(":marks", self.marks()), (":now", number(now.as_millisecond()))],
            ..Expression::default()
        };
        let note = self.update(&keys::note(&seen.token_hash), given_back).await?;
        entity(note.map_err(|_| StoreError::NotFound)?)
    }

    /// This request's mark as the API takes it for sets.
    pub(crate) fn marks(&self) -> AttributeValue {
        AttributeValue::Ss(vec![self.request.to_string()])
    }

    /// The handle of a note that exists.
    pub async fn note_handle(&self, id: NoteId, now: Timestamp) -> Result<NoteHandle> {
        let item = self.get(&keys::note_handle(id)).await?.ok_or(StoreError::NotFound)?;
        let handle: NoteHandle = entity(item)?;
        if now < handle.expires_at { Ok(handle) } else { Err(StoreError::NotFound) }
    }

    /// Deletes a note and all that belongs to it; `NotFound` where somebody else did.
    pub async fn destroy_note(&self, handle: &NoteHandle, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let there = Expression { condition: Some("attribute_exists(pk)"), ..Expression::default() };
        let mut change = Transaction::new();
        self.put_answer(&mut change, answer, now)?;
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
            let mut keys: Vec<_> = alive.map(|entry| keys::note(&entry.token_hash)).collect();
            if keys.is_empty() {
                continue;
            }
            keys.push(keys::retired_note_keys());
            let mut found = self.get_some(keys, Some(TOLD)).await?;
            let retired = found.pop().flatten();
            for item in found.into_iter().flatten() {
                let note: Note = entity(item)?;
                if !is_retired(retired.as_ref(), &note.key_id) {
                    list.push(note);
                }
            }
        }
        Ok(list.page())
    }

    /// Hashes of the tokens of up to 500 notes that ended before `now`, or whose last reading left a text until then,
    /// oldest first. From the index, which may lag a moment.
    pub async fn expired_notes(&self, now: Timestamp) -> Result<Vec<String>> {
        self.ids_before(EXPIRING, now, keys::NOTE).await
    }

    /// Deletes a note that has ended, and all that belongs to it; false where it is gone or still lives.
    pub async fn expire_note(&self, token_hash: &str, now: Timestamp) -> Result<bool> {
        let Some(item) = self.get(&keys::note(token_hash)).await? else { return Ok(false) };
        let note: Note = entity(item)?;
        if note.is_alive(now) {
            return Ok(false);
        }
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

    /// Takes out the text that the last reading of a note has left, once nobody may have it again; false where there is
    /// none or it is not its time.
    pub async fn take_text_out(&self, token_hash: &str, now: Timestamp) -> Result<bool> {
        let Some(item) = self.get(&keys::note(token_hash)).await? else { return Ok(false) };
        if !item.contains_key(SEALED) {
            return Ok(false);
        }
        let note: Note = entity(item)?;
        let taken_out = Expression {
            // From here on it waits for its end, as it did before.
            update: Some("SET gsi1sk = :end REMOVE sealed, tries, tries_end".into()),
            condition: Some("views_left = :none AND last_opened_at <= :stale"),
            values: vec![
                (":end", text(time(note.expires_at))),
                (":none", number(0)),
                (":stale", number((now - NOTE_REPEAT).as_millisecond())),
            ],
            ..Expression::default()
        };
        Ok(self.update(&keys::note(token_hash), taken_out).await?.is_ok())
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
    use std::collections::{BTreeMap, BTreeSet};

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
            taken_by: BTreeMap::new(),
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
        let taken_by = BTreeMap::from([("somebody".to_owned(), 1_800_000_000_000)]);
        let opened = Note { views_left: 6, last_opened_at: Some(note().created_at), taken_by, ..note() };
        let mut item = item(&keys::note(&opened.token_hash), "note", &opened).unwrap();
        item.insert("tries".into(), AttributeValue::Ss(vec!["one".into(), "other".into()]));
        let tries = BTreeSet::from(["one".to_owned(), "other".to_owned()]);
        assert_eq!(entity::<Note>(item).unwrap(), Note { tries, ..opened });
    }
}
