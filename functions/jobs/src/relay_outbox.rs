//! `relay-outbox`: hands every new task from the table's stream to the function that does it.
//!
//! The hand-over is an asynchronous invocation: Lambda retries it and nothing polls while nothing happens. A record
//! that comes twice hands a task over twice; the task itself is taken once.

use kith_dispatch::Dispatcher;
use kith_http::{Delivery, Function, JobCx, JobError, Setting, StreamBatch, StreamFailure, StreamFailures};

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::DeliverMailFunction, Setting::EraseAccountFunction, Setting::CleanUpFunction];
    Function::job("relay-outbox", NEEDS, relay_outbox)
}

async fn relay_outbox(cx: JobCx, batch: StreamBatch) -> Result<StreamFailures, JobError> {
    let dispatcher = Dispatcher::new(cx.aws());
    for record in &batch.records {
        let Some((task, worker)) = record.task() else { continue };
        let function = cx.settings().worker_function(worker)?;
        let delivery = Delivery { task, time: record.time() };
        if let Err(error) = dispatcher.invoke_later(function, &delivery).await {
            tracing::warn!(name = "relay-outbox", error = error.to_string(), "not handed over");
            // Everything from here on comes again, in order.
            let sequence_number = record.sequence_number().to_owned();
            return Ok(StreamFailures { failures: vec![StreamFailure { sequence_number }] });
        }
    }
    Ok(StreamFailures::default())
}
