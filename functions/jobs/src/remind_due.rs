//! `remind-due`: every 5 minutes, leaves the mails of the follow-ups whose time has come.
//!
//! Each is a transaction of its own that holds only while the plan stands, so that a second run, or a change of plans at
//! the same moment, reminds of nothing twice and of nothing that is off. One that fails is logged and left for the next
//! run; the others go on.

use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use serde::Serialize;

/// The function.
pub fn function() -> Function {
    Function::job("remind-due", &[Setting::TableName], remind_due)
}

/// What was done.
#[derive(Default, Serialize)]
struct Done {
    /// Mails that were left.
    reminded: usize,
    /// Plans that had changed meanwhile, or of which another run reminded.
    passed_over: usize,
    /// Those that the next run tries again.
    failed: usize,
}

async fn remind_due(cx: JobCx, event: Scheduled) -> Result<Done, JobError> {
    let store = cx.store()?;
    let mut done = Done::default();
    let mut after = None;
    loop {
        let (due, more) = store.due_follow_ups(event.time, after).await?;
        for follow_up in &due {
            match store.remind(follow_up, event.time).await {
                Ok(true) => done.reminded += 1,
                Ok(false) => done.passed_over += 1,
                Err(error) => {
                    tracing::warn!(name = "remind-due", error = error.to_string(), "not reminded");
                    done.failed += 1;
                }
            }
        }
        after = due.last().copied();
        if !more {
            return Ok(done);
        }
    }
}
