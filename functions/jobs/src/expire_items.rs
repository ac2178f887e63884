//! `expire-items`: every hour, deletes what has expired and should not wait for the database's own deletion.
//!
//! Reads never wait for it: whatever is past its `expires_at` does not exist. These are registrations, so that whoever
//! never confirmed is forgotten within the hour, not within days, and notes.

use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use serde::Serialize;

/// The function.
pub fn function() -> Function {
    Function::job("expire-items", &[Setting::TableName], expire_items)
}

/// What was done.
#[derive(Serialize)]
struct Expired {
    registrations: usize,
    notes: usize,
}

async fn expire_items(cx: JobCx, event: Scheduled) -> Result<Expired, JobError> {
    let store = cx.store()?;
    let mut registrations = 0;
    for id in store.expired_registrations(event.time).await? {
        registrations += usize::from(store.expire_registration(id, event.time).await?);
    }
    let mut notes = 0;
    for token_hash in store.expired_notes(event.time).await? {
        notes += usize::from(store.expire_note(&token_hash, event.time).await?);
    }
    Ok(Expired { registrations, notes })
}
