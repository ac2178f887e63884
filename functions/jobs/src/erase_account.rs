//! `erase-account`: erases an account and everything in it, then writes a receipt.
//!
//! Step by step, the user last: a job that dies half-way runs again and goes on where it stopped. Every area that keeps
//! something of a user elsewhere than in the user's own partition adds its step here.

use kith_domain::{Task, UserId, Work, Worker};
use kith_http::{Delivery, Function, JobCx, JobError, Setting};
use kith_store::StoreError;
use serde::Serialize;

/// The function.
pub fn function() -> Function {
    Function::job("erase-account", &[Setting::TableName], erase_account)
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

async fn erase(cx: &JobCx, user: UserId, delivery: &Delivery) -> Result<(), JobError> {
    let store = cx.store()?;
    let user = match store.user_even_while_erasing(user).await {
        // Erased already; only the task is left.
        Err(StoreError::NotFound) => return Ok(()),
        found => found?,
    };
    while store.erase_some_contacts(user.id).await? {}
    while store.erase_some_notes_of(user.id).await? {}
    while store.erase_some_of(&user).await? {}
    let receipt = Task::new(Work::MailErased { email: user.email.clone() }, delivery.time);
    store.erase_user(&user, &receipt).await?;
    Ok(())
}
