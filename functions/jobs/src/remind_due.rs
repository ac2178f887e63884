//! `remind-due`: every 5 minutes, leaves the mails of the follow-ups whose time has come.
//!
//! Each is a transaction of its own that holds only while the plan stands, so that a second run, or a change of plans at
//! the same moment, reminds of nothing twice and of nothing that is off. One that fails is logged and left for the next
//! run; the others go on. Whoever may not use their account gets no mail, and nothing says that they were reminded.

use jiff::Timestamp;
use kith_domain::{Due, User, UserId};
use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use kith_store::{Store, StoreError};
use serde::Serialize;
use std::collections::HashMap;

/// The function.
pub fn function() -> Function {
    Function::job("remind-due", &[Setting::TableName], remind_due)
}

/// What was done.
#[derive(Default, Serialize)]
struct Done {
    /// Mails that were left.
    reminded: usize,
    /// Plans that had changed meanwhile, of which another run reminded, or of which nobody is to be reminded.
    passed_over: usize,
    /// Those that the next run tries again.
    failed: usize,
}

async fn remind_due(cx: JobCx, event: Scheduled) -> Result<Done, JobError> {
    let store = cx.store()?;
    let mut done = Done::default();
    let mut after = None;
    let mut may_act = HashMap::new();
    loop {
        let (due, more) = store.due_follow_ups(event.time, after).await?;
        for follow_up in &due {
            match remind(store, &mut may_act, follow_up, event.time).await {
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

/// Reminds of one; false where nobody is to be reminded. Whether its owner may act is asked once in a run.
async fn remind(
    store: &Store,
    may_act: &mut HashMap<UserId, bool>,
    due: &Due,
    now: Timestamp,
) -> kith_store::Result<bool> {
    let may = match may_act.get(&due.user) {
        Some(may) => *may,
        None => match store.user(due.user).await {
            Ok(user) => User::may_act(&user),
            Err(StoreError::NotFound) => false,
            Err(error) => return Err(error),
        },
    };
    may_act.insert(due.user, may);
    if may { store.remind(due, now).await } else { store.pass_over(due).await.map(|()| false) }
}
