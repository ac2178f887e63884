//! `redrive-outbox`: every 15 minutes, hands over again what has been waiting for longer.
//!
//! Stream records die after a day and asynchronous invocations after their retries; a task lives until it is done.

use jiff::SignedDuration;
use kith_dispatch::Dispatcher;
use kith_http::{Delivery, Function, JobCx, JobError, Scheduled, Setting};
use kith_store::StoreError;
use serde::Serialize;

/// Younger tasks are on their way.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] =
        &[Setting::TableName, Setting::DeliverMailFunction, Setting::EraseAccountFunction, Setting::CleanUpFunction];
    Function::job("redrive-outbox", NEEDS, redrive_outbox)
}

/// What was done.
#[derive(Serialize)]
struct Redriven {
    handed_over: usize,
}

async fn redrive_outbox(cx: JobCx, event: Scheduled) -> Result<Redriven, JobError> {
    let dispatcher = Dispatcher::new(cx.aws());
    let store = cx.store()?;
    let mut handed_over = 0;
    for (task, worker) in store.tasks_before(event.time - PATIENCE).await? {
        match store.release_task(task, worker, event.time, PATIENCE).await {
            // Done a moment ago and the index had not heard of it, or handed over by another run of this job.
            Err(StoreError::NotFound) => continue,
            released => released?,
        }
        let delivery = Delivery { task, time: event.time };
        dispatcher
            .invoke_later(cx.settings().worker_function(worker)?, &delivery)
            .await
            .map_err(|error| JobError(error.to_string()))?;
        handed_over += 1;
    }
    Ok(Redriven { handed_over })
}
