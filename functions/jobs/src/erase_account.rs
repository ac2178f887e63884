//! `erase-account`: erases an account and everything in it, then writes a receipt.
//!
//! Step by step, the person last: a job that dies half-way runs again and goes on where it stopped. Every area that keeps
//! something of a user adds its step here.
//!
//! A request that began before may still write a card or a note when the user is gone: the task comes again for that,
//! from `expire-items`.

use crate::photo_objects::Photos;
use kith_domain::{Profile, Task, UserId, Work, Worker};
use kith_http::{Delivery, Function, JobCx, JobError, Setting};
use kith_store::StoreError;
use serde::Serialize;

/// The function.
pub fn function() -> Function {
    Function::job("erase-account", &[Setting::TableName, Setting::ImagesBucket], erase_account)
}

/// What became of the task.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Erased {
    /// Nothing is left.
    Gone,
    /// It is done, or somebody else does it.
    NotOurs,
}

async fn erase_account(cx: JobCx, delivery: Delivery) -> Result<Erased, JobError> {
    let store = cx.store()?;
    let task = match store.take_task(delivery.task, Worker::EraseAccount).await {
        Err(StoreError::NotFound) => return Ok(Erased::NotOurs),
        taken => taken?,
    };
    let Work::EraseAccount { user } = task.work else { return Err(JobError("not an erasure".into())) };
    erase(&cx, user, &delivery).await?;
    store.finish_task(delivery.task, Worker::EraseAccount).await?;
    Ok(Erased::Gone)
}

/// How often the person is read again because of a photo that was set meanwhile.
const AGAIN: usize = 3;

async fn erase(cx: &JobCx, user: UserId, delivery: &Delivery) -> Result<(), JobError> {
    for _ in 0..AGAIN {
        match erase_once(cx, user, delivery).await? {
            Err(StoreError::Stale) => {}
            done => return done.map_err(Into::into),
        }
    }
    Err(StoreError::Stale.into())
}

/// `Stale` where somebody changed the person after it was read: an upload that began before may end now, and the objects
/// of its photo have to go, too.
async fn erase_once(cx: &JobCx, user: UserId, delivery: &Delivery) -> Result<Result<(), StoreError>, JobError> {
    let store = cx.store()?;
    let person = match store.person_even_while_erasing(user).await {
        // Erased already; what came later is left, or only the task.
        Err(StoreError::NotFound) => return erase_belongings(cx, user).await.map(Ok),
        found => found?,
    };
    // Whoever could plant this task must not thereby be able to erase an account that nobody has given up.
    if person.user.erasing_since.is_none() {
        tracing::error!(name = "erase-account", "an account that is not being erased was to be erased");
        return Ok(Ok(()));
    }
    erase_photos(cx, &person.profile).await?;
    erase_belongings(cx, user).await?;
    let receipt = Task::new(Work::MailErased { email: person.user.email.clone() }, delivery.time);
    Ok(store.erase_person(&person, &receipt).await)
}

async fn erase_belongings(cx: &JobCx, user: UserId) -> Result<(), JobError> {
    let store = cx.store()?;
    erase_contacts(cx, user).await?;
    store.forget_counts(user).await?;
    while store.erase_some_notes_of(user).await? {}
    while store.erase_some_of(user).await? {}
    Ok(())
}

/// The objects of the account's own photos, and of uploads that were never finished. One that is under way right now
/// cannot be finished any more; its item stays, so that `expire-items` deletes what is still written.
async fn erase_photos(cx: &JobCx, profile: &Profile) -> Result<(), JobError> {
    let photos = Photos::of(cx)?;
    for upload in cx.store()?.uploads_of(profile.id).await? {
        photos.remove(&upload.path).await?;
    }
    for photo in [&profile.profile_photo, &profile.cover_photo].into_iter().flatten() {
        photos.remove(&photo.path).await?;
    }
    Ok(())
}

/// All cards with what belongs to them: the objects of a card's photo before the card that names them.
async fn erase_contacts(cx: &JobCx, owner: UserId) -> Result<(), JobError> {
    let (store, photos) = (cx.store()?, Photos::of(cx)?);
    loop {
        let leftovers = store.some_of_contacts(owner).await?;
        if leftovers.is_empty() {
            return Ok(());
        }
        for leftover in &leftovers {
            if let Some(photo) = &leftover.photo {
                photos.remove(photo).await?;
            }
            store.erase_leftover(leftover).await?;
        }
    }
}
