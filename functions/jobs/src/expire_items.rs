//! `expire-items`: every five minutes, deletes what has expired and should not wait for the database's own deletion.
//!
//! Reads never wait for it: whatever is past its `expires_at` does not exist. These are registrations, so that whoever
//! never confirmed is forgotten within minutes, not within days; notes; texts of notes that were read to the last; uploads that were not finished, with the
//! objects that they left in the bucket; and what a late request wrote for an account that was being erased.

use crate::photo_objects::Photos;
use kith_domain::{Task, Work};
use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use kith_store::StoreError;
use serde::Serialize;

/// The function.
pub fn function() -> Function {
    Function::job("expire-items", &[Setting::TableName, Setting::ImagesBucket], expire_items)
}

/// What was done.
#[derive(Serialize)]
struct Expired {
    registrations: usize,
    notes: usize,
    /// Texts that a last reading had left for a moment.
    texts: usize,
    uploads: usize,
    /// Accounts whose erasure is repeated.
    erasures: usize,
}

async fn expire_items(cx: JobCx, event: Scheduled) -> Result<Expired, JobError> {
    let store = cx.store()?;
    let mut registrations = 0;
    for id in store.expired_registrations(event.time).await? {
        registrations += usize::from(store.expire_registration(id, event.time).await?);
    }
    let (mut notes, mut texts) = (0, 0);
    for token_hash in store.expired_notes(event.time).await? {
        if store.expire_note(&token_hash, event.time).await? {
            notes += 1;
        } else {
            texts += usize::from(store.take_text_out(&token_hash, event.time).await?);
        }
    }
    let photos = Photos::of(&cx)?;
    let mut uploads = 0;
    for upload in store.expired_uploads(event.time).await? {
        // The item last: it is all that names the objects.
        photos.remove(&upload.path).await?;
        store.forget_upload(&upload).await?;
        uploads += 1;
    }
    let mut erasures = 0;
    for user in store.erased_before(event.time).await? {
        match store.erase_again(user, &Task::new(Work::EraseAccount { user }, event.time)).await {
            Err(StoreError::Stale) => continue,
            done => done?,
        }
        erasures += 1;
    }
    Ok(Expired { registrations, notes, texts, uploads, erasures })
}
