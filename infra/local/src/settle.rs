//! Waits until nothing is left to do: the stream is read to its end, asynchronous invocations are done, and the
//! outbox is empty.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::core::Core;

/// How long to wait at most.
const PATIENCE: Duration = Duration::from_secs(30);
/// An outbox that nobody works on has to be seen that long before it counts as stuck.
const STUCK: Duration = Duration::from_millis(750);
const STEP: Duration = Duration::from_millis(5);
/// Elsewhere, each look is several calls over the network.
const STEP_ELSEWHERE: Duration = Duration::from_millis(250);

/// Something is left undone.
#[derive(Debug, thiserror::Error)]
#[error("not settled: {}", .0.join("; "))]
pub(crate) struct Unsettled(pub(crate) Vec<String>);

/// Waits; an error names what is stuck.
pub(crate) async fn settle(core: &Core) -> Result<(), Unsettled> {
    let began = Instant::now();
    let mut quiet = 0_u32;
    let mut idle_since = None;
    loop {
        let busy = busy(core).await;
        let tasks = tasks(core).await.map_err(|error| Unsettled(vec![error]))?;
        if busy.is_empty() && tasks.is_empty() {
            quiet += 1;
            // Twice, since an invocation on its way from the AWS side is in neither place for a moment.
            if quiet == 2 {
                return Ok(());
            }
        } else {
            quiet = 0;
        }
        let mut left = busy;
        if left.is_empty() && !tasks.is_empty() {
            let since = *idle_since.get_or_insert_with(Instant::now);
            left = stuck(core, &tasks);
            if since.elapsed() > STUCK {
                return Err(Unsettled(left));
            }
        } else {
            idle_since = None;
        }
        if began.elapsed() > PATIENCE {
            return Err(Unsettled(left));
        }
        tokio::time::sleep(if core.table.is_elsewhere() { STEP_ELSEWHERE } else { STEP }).await;
    }
}

/// What is at work, in words.
pub(crate) async fn busy(core: &Core) -> Vec<String> {
    let mut busy = Vec::new();
    for reader in core.readers.all() {
        match reader.is_at_end(core).await {
            Ok(true) => {}
            Ok(false) => busy.push(format!("{} has not read the stream to its end", reader.operation())),
            Err(error) => busy.push(error.to_string()),
        }
    }
    match core.deliveries.under_way() {
        0 => {}
        under_way => busy.push(format!("{under_way} asynchronous invocations are under way")),
    }
    busy
}

/// Tasks in the outbox that nobody works on, with why.
fn stuck(core: &Core, tasks: &[String]) -> Vec<String> {
    let mut left: Vec<String> =
        tasks.iter().map(|task| format!("{task} is in the outbox and nobody works on it")).collect();
    left.extend(core.deliveries.dead_letters().iter().rev().take(3).map(|letter| {
        let letter = serde_json::to_value(letter).unwrap_or_default();
        let text = |key: &str| letter.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{} was given up: {}", text("operation"), text("error"))
    }));
    left
}

/// Up to 100 tasks in the outbox, each as `outbox-deliver-mail#tsk_…`.
pub(crate) async fn tasks(core: &Core) -> Result<Vec<String>, String> {
    let items = core.table.outbox(&core.template.table.name).await;
    let items = items.map_err(|error| format!("the outbox cannot be read: {error}"))?;
    let key = |item: &Value| item.pointer("/pk/S").and_then(Value::as_str).map(str::to_owned);
    Ok(items.iter().filter_map(key).collect())
}
