//! `clean-up`: erases what belonged to something that is gone, and would take a request too long.
//!
//! Batch by batch: a run that dies half-way is done again and goes on with what is left.

use crate::photo_objects::Photos;
use kith_domain::{Photo, PhotoPath, PhotoPlace, Work, Worker};
use kith_http::{Delivery, Function, JobCx, JobError, Setting};
use kith_store::{Store, StoreError};
use serde::Serialize;

/// The function.
pub fn function() -> Function {
    Function::job("clean-up", &[Setting::TableName, Setting::ImagesBucket], clean_up)
}

/// What became of the task.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Cleaned {
    /// Nothing is left.
    Gone,
    /// It is no left-over; nothing was done.
    StillThere,
    /// It is done, or somebody else does it.
    NotOurs,
}

async fn clean_up(cx: JobCx, delivery: Delivery) -> Result<Cleaned, JobError> {
    let store = cx.store()?;
    let task = match store.take_task(delivery.task, Worker::CleanUp).await {
        Err(StoreError::NotFound) => return Ok(Cleaned::NotOurs),
        taken => taken?,
    };
    let is_gone = match &task.work {
        Work::EraseContact { user, contact } => live(store.contact(*user, *contact).await)?.is_none(),
        Work::RemovePhoto { path } => !is_shown(store, path).await?,
        _ => return Err(JobError("nothing to clean up".into())),
    };
    // Whoever could plant this task must not thereby be able to delete what is still there.
    if is_gone {
        erase(&cx, store, &task.work).await?;
    } else {
        tracing::error!(name = "clean-up", "what is still there was to be cleaned up");
    }
    store.finish_task(delivery.task, Worker::CleanUp).await?;
    Ok(if is_gone { Cleaned::Gone } else { Cleaned::StillThere })
}

async fn erase(cx: &JobCx, store: &Store, work: &Work) -> Result<(), JobError> {
    match work {
        Work::EraseContact { user, contact } => while store.erase_some_memories(*user, *contact).await? {},
        Work::RemovePhoto { path } => Photos::of(cx)?.remove(path).await?,
        _ => {}
    }
    Ok(())
}

/// Whether a profile or a card shows a photo. A path that names neither is not one of ours: it stays what it is.
async fn is_shown(store: &Store, path: &PhotoPath) -> Result<bool, JobError> {
    let is_it = |photo: &Option<Photo>| photo.as_ref().is_some_and(|photo| photo.path == *path);
    match path.shown_on() {
        Some(PhotoPlace::Profile(user)) => {
            let profile = live(store.profile(user).await)?;
            Ok(profile.is_some_and(|profile| is_it(&profile.profile_photo) || is_it(&profile.cover_photo)))
        }
        Some(PhotoPlace::Card(user, contact)) => {
            Ok(live(store.contact(user, contact).await)?.is_some_and(|card| is_it(&card.photo)))
        }
        None => Ok(true),
    }
}

fn live<T>(found: kith_store::Result<T>) -> Result<Option<T>, JobError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
