//! `clean-up`: erases what belonged to something that is gone, and would take a request too long.
//!
//! Batch by batch: a run that dies half-way is done again and goes on with what is left.

use crate::photo_objects::Photos;
use kith_domain::{Work, Worker};
use kith_http::{Delivery, Function, JobCx, JobError, Setting};
use kith_store::StoreError;
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
    /// It is done, or somebody else does it.
    NotOurs,
}

async fn clean_up(cx: JobCx, delivery: Delivery) -> Result<Cleaned, JobError> {
    let store = cx.store()?;
    let task = match store.take_task(delivery.task, Worker::CleanUp).await {
        Err(StoreError::NotFound) => return Ok(Cleaned::NotOurs),
        taken => taken?,
    };
    match task.work {
        Work::EraseContact { user, contact } => while store.erase_some_memories(user, contact).await? {},
        Work::RemovePhoto { path } => Photos::of(&cx)?.remove(&path).await?,
        _ => return Err(JobError("nothing to clean up".into())),
    }
    store.finish_task(delivery.task, Worker::CleanUp).await?;
    Ok(Cleaned::Gone)
}
