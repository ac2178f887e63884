//! `remind-due`: every 5 minutes, leaves the mails of the follow-ups of which somebody is to be reminded.
//!
//! What is due together for somebody is one mail, and everybody's mail is left before anything else is done for anybody:
//! so nobody waits for somebody with many. Mail, marks and count are one transaction that holds only while the plans
//! stand; a second run, or a change of plans at the same moment, reminds of nothing twice and of nothing that is off. It
//! holds 49 follow-ups, which the mail names; how many there are beside them it says, and they are marked after. Who
//! cannot be reminded is logged and left for the next run. Whoever may not use their account gets no mail, and nothing
//! says that they were reminded.

use jiff::Timestamp;
use kith_domain::{EARLIEST_REMINDER, PlannedFor, REMINDER_MAILS_A_DAY, Reminder, Task, User, Work};
use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use kith_store::{DueOwner, Store, StoreError};
use serde::Serialize;
use std::collections::VecDeque;

/// How many follow-ups one transaction of the database marks, beside mail and count.
const TOGETHER: usize = 49;
/// How often one is tried while plans change.
const TRIES: usize = 3;
/// How many follow-ups of somebody who may not act a run passes over.
const PASSED_OVER: usize = 100;

/// The function.
pub fn function() -> Function {
    Function::job("remind-due", &[Setting::TableName], remind_due)
}

/// What was done.
#[derive(Default, Serialize)]
struct Done {
    /// Follow-ups that mails told of.
    reminded: usize,
    /// People who get no mail now: they may not act, have had all of today's, have changed their plans meanwhile, or
    /// another run reminds them.
    passed_over: usize,
    /// People whom the next run tries again.
    failed: usize,
}

/// What a mail told of without naming it, and until when.
struct Rest {
    reminders: Vec<Reminder>,
    until: Timestamp,
}

async fn remind_due(cx: JobCx, event: Scheduled) -> Result<Done, JobError> {
    let store = cx.store()?;
    let mut done = Done::default();
    let mut rests = VecDeque::new();
    for due in store.due_owners(event.time).await? {
        match remind(store, &due, event.time).await {
            Ok(Some((reminded, rest))) => {
                done.reminded += reminded;
                rests.extend(Some(rest).filter(|rest| !rest.reminders.is_empty()));
            }
            Ok(None) => done.passed_over += 1,
            Err(error) => {
                tracing::warn!(name = "remind-due", error = error.to_string(), "not reminded");
                done.failed += 1;
            }
        }
    }
    // In turn.
    while let Some(Rest { mut reminders, until }) = rests.pop_front() {
        let later = reminders.split_off(reminders.len().min(TOGETHER));
        if !later.is_empty() {
            rests.push_back(Rest { reminders: later, until });
        }
        match store.mark_reminded(&reminders, until, event.time).await {
            Ok(marked) => done.reminded += marked,
            Err(error) => {
                tracing::warn!(name = "remind-due", error = error.to_string(), "not marked");
                done.failed += 1;
            }
        }
    }
    Ok(done)
}

/// Leaves the mail of all that is due for somebody. How many follow-ups it names, and the rest; `None` where there is
/// none to leave.
async fn remind(store: &Store, due: &DueOwner, now: Timestamp) -> kith_store::Result<Option<(usize, Rest)>> {
    for _ in 0..TRIES {
        let (user, before) = store.reminded(due.owner).await?;
        if !user.as_ref().is_some_and(User::may_act) {
            return pass_over(store, due, now).await.map(|()| None);
        }
        let left = REMINDER_MAILS_A_DAY - before.mails_on_day_of(now);
        if left <= 0 || before.was_left_at(now) {
            return Ok(None);
        }
        let is_last = left == 1;
        let (due, until) = if is_last { rest_of_day(due, now) } else { (*due, now) };
        let mut reminders = store.reminders(&due, until).await?;
        if !reminders.iter().any(|reminder| reminder.time <= now) {
            return Ok(None);
        }
        // What is still ahead first.
        reminders.sort_by_key(|reminder| (reminder.is_over(now), reminder.due.at));
        let rest = Rest { reminders: reminders.split_off(reminders.len().min(TOGETHER)), until };
        let planned = reminders.iter().map(|one| PlannedFor { contact: one.due.contact, at: one.due.at }).collect();
        let work = Work::MailFollowUps { user: due.owner, planned, more: rest.reminders.len(), is_last };
        match store.leave_reminders(due.owner, &before, &reminders, &Task::new(work, now), until).await {
            // A plan has changed, or another run was faster: look again.
            Err(StoreError::Stale) => {}
            left => return left.map(|()| Some((reminders.len(), rest))),
        }
    }
    Err(StoreError::Stale)
}

/// Where everything is planned of which a reminder leaves until the day is over, in UTC, and when that is.
fn rest_of_day(due: &DueOwner, now: Timestamp) -> (DueOwner, Timestamp) {
    const DAY: i64 = 24 * 3600;
    let next = Timestamp::from_second((now.as_second().div_euclid(DAY) + 1) * DAY).unwrap_or(now);
    let until = next - jiff::SignedDuration::from_millis(1);
    let last = due.last.max(until + EARLIEST_REMINDER);
    (DueOwner { first: due.first.min(now), last, ..*due }, until)
}

/// Of those who may not act only what is over is taken out: what is still ahead comes, if they may act by then.
async fn pass_over(store: &Store, due: &DueOwner, now: Timestamp) -> kith_store::Result<()> {
    if due.first > now {
        return Ok(());
    }
    let over = DueOwner { last: now.min(due.last), ..*due };
    for reminder in store.reminders(&over, now).await?.iter().take(PASSED_OVER) {
        store.pass_over(reminder).await?;
    }
    Ok(())
}
