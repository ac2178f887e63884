//! Reminders. The index tells whose are due; which those are is read from the owner's own partition, which does not lag.
//! One transaction leaves a mail, marks all that it names, and counts it, so that nobody is told twice or never.

use crate::follow_ups::due_at;
use crate::index::{key_of, time};
use crate::item::{Item, entity, number_of, text_of};
use crate::keys::{self, DUE, FOLLOW_UPS, number, text};
use crate::table::{Expression, Order};
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use kith_domain::{Reminder, Task, User, UserId};
use std::collections::HashMap;

/// Attribute of a follow-up: when the reminder after the next one leaves.
pub(crate) const NEXT: &str = "next_reminder";
/// How many entries of the index are read at a time, and how many pages. The accounts of the first million entries are
/// reminded, a hundred with as many contacts as there may be; others by the next runs.
const PAGE: i32 = 1000;
const PAGES: usize = 1000;
/// How many follow-ups are read at first, which are all that most have, and then at a time.
const FEW: i32 = 25;
const MANY: i32 = 500;
/// A day's number has room for so many mails behind it.
const ROOM: i64 = 1000;

/// Somebody of whose reminders some are due.
#[derive(Debug, Clone, Copy)]
pub struct DueOwner {
    /// Whose they are.
    pub owner: UserId,
    /// For when the first of what they remind of is planned.
    pub first: Timestamp,
    /// And the last.
    pub last: Timestamp,
}

/// How an account stands with its reminder mails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reminded {
    /// The run that left the last one.
    last: Option<i64>,
    /// The day of that one, times [`ROOM`], and how many there were that day.
    mails: i64,
}

impl Reminded {
    /// How many mails there were on the day of `now`, in UTC.
    pub fn mails_on_day_of(&self, now: Timestamp) -> i64 {
        if self.mails.div_euclid(ROOM) == day_of(now) { self.mails.rem_euclid(ROOM) } else { 0 }
    }

    /// Whether the run of `now` has left one.
    pub fn was_left_at(&self, now: Timestamp) -> bool {
        self.last == Some(now.as_millisecond())
    }
}

impl Store {
    /// Everybody of whose reminders some are due, who waits for the longest first. From the index, which may lag a
    /// moment.
    pub async fn due_owners(&self, now: Timestamp) -> Result<Vec<DueOwner>> {
        let mut owners: Vec<DueOwner> = Vec::new();
        let mut places: HashMap<UserId, usize> = HashMap::new();
        let mut start = None;
        for _ in 0..PAGES {
            // The index gives what lies before; what is due right now is due.
            let (keys, next) = self.indexed_page(DUE, now + SignedDuration::from_millis(1), start, PAGE).await?;
            for key in &keys {
                let due = due_at(key)?;
                let place = *places.entry(due.user).or_insert(owners.len());
                match owners.get_mut(place) {
                    Some(known) => (known.first, known.last) = (known.first.min(due.at), known.last.max(due.at)),
                    None => owners.push(DueOwner { owner: due.user, first: due.at, last: due.at }),
                }
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        Ok(owners)
    }

    /// Somebody, unless they are gone or going, and how they stand with their mails.
    pub async fn reminded(&self, owner: UserId) -> Result<(Option<User>, Reminded)> {
        let [user, counts] = self.get_all([&keys::user(owner), &keys::counts(owner)]).await?;
        let user = user.map(entity::<User>).transpose()?.filter(|user| user.erasing_since.is_none());
        let counts = counts.unwrap_or_default();
        let (last, mails) = (number_of(&counts, "reminded_at"), number_of(&counts, "reminder_mails"));
        Ok((user, Reminded { last, mails: mails.unwrap_or_default() }))
    }

    /// The reminders that leave until `until`, of what is planned from the first to the last of `due`: in the order of
    /// that.
    pub async fn reminders(&self, due: &DueOwner, until: Timestamp) -> Result<Vec<Reminder>> {
        let pk = keys::contacts_of(due.owner);
        // Before all keys of this time.
        let mut after = Some(format!("{FOLLOW_UPS}{}", time(due.first)));
        let (mut found, mut count) = (Vec::new(), FEW);
        while let Some(start) = after {
            let (items, more) = self.page(&pk, FOLLOW_UPS, Order::OldestFirst, Some(&start), count).await?;
            let last = items.last().map(|item| due_at(&key_of(item)?)).transpose()?.filter(|last| last.at <= due.last);
            after = last.filter(|_| more).map(|last| keys::follow_up(&last).sk);
            for item in &items {
                let reminder = reminder_of(item)?;
                found.extend(reminder.filter(|found| found.due.at <= due.last && found.time <= until));
            }
            count = MANY;
        }
        Ok(found)
    }

    /// Leaves the mail of some reminders, at most 49, marks them, and counts it. Of what leaves until `until` no mail
    /// comes any more. `Stale` where another run has left one since `before`, or one of the plans has changed.
    pub async fn leave_reminders(
        &self,
        owner: UserId,
        before: &Reminded,
        reminders: &[Reminder],
        task: &Task,
        until: Timestamp,
    ) -> Result<()> {
        let now = task.created_at;
        let mails = day_of(now) * ROOM + before.mails_on_day_of(now) + 1;
        let mut counted = Expression {
            update: Some("SET reminded_at = :now, reminder_mails = :mails, kind = :kind, v = :one".into()),
            condition: Some("attribute_not_exists(reminded_at)"),
            values: vec![
                (":now", number(now.as_millisecond())),
                (":mails", number(mails)),
                (":kind", text("counts")),
                (":one", number(1)),
            ],
            ..Expression::default()
        };
        if let Some(last) = before.last {
            counted.condition = Some("reminded_at = :last");
            counted.values.push((":last", number(last)));
        }
        let mut change = Transaction::new();
        change.update(&self.table, &keys::counts(owner), counted, |_| StoreError::Stale);
        for reminder in reminders {
            self.mark(&mut change, reminder, until, now);
        }
        self.put_task(&mut change, task)?;
        self.commit(change).await
    }

    /// Marks some reminders, at most 50, that a mail has told of without naming them; those whose plan has changed are
    /// left as they are. How many are marked.
    pub async fn mark_reminded(&self, reminders: &[Reminder], until: Timestamp, now: Timestamp) -> Result<usize> {
        let mut change = Transaction::new();
        for reminder in reminders {
            self.mark(&mut change, reminder, until, now);
        }
        match self.commit(change).await {
            Err(StoreError::Stale) => {}
            marked => return marked.map(|()| reminders.len()),
        }
        let mut marked = 0;
        for reminder in reminders {
            let mut change = Transaction::new();
            self.mark(&mut change, reminder, until, now);
            match self.commit(change).await {
                Err(StoreError::Stale) => {}
                done => marked += done.map(|()| 1)?,
            }
        }
        Ok(marked)
    }

    /// Notes on a card that its owner has been told, and has the next reminder after `until` come, if there is one.
    fn mark(&self, change: &mut Transaction, reminder: &Reminder, until: Timestamp, now: Timestamp) {
        let (due, next) = (&reminder.due, reminder.next.filter(|next| *next > until));
        let mut told = of_card(reminder);
        told.values.push((":now", number(now.as_millisecond())));
        told.update = match next {
            Some(next) => {
                told.values.push((":next", number(next.as_millisecond())));
                Some("SET follow_up.reminded_at = :now, follow_up.remind_at = :next, rev = rev + :one".into())
            }
            None => Some("SET follow_up.reminded_at = :now, rev = rev + :one REMOVE follow_up.remind_at".into()),
        };
        change.update(&self.table, &keys::contact(due.user, due.contact), told, |_| StoreError::Stale);
        change.update(&self.table, &keys::follow_up(due), moved(reminder, next), |_| StoreError::Stale);
    }

    /// Has neither a reminder come of which nobody is told, nor the next one. Nothing says that anybody was reminded.
    pub async fn pass_over(&self, reminder: &Reminder) -> Result<()> {
        let due = &reminder.due;
        let none_to_come =
            Expression { update: Some("SET rev = rev + :one REMOVE follow_up.remind_at".into()), ..of_card(reminder) };
        let mut change = Transaction::new();
        change.update(&self.table, &keys::contact(due.user, due.contact), none_to_come, |_| StoreError::Stale);
        change.update(&self.table, &keys::follow_up(due), moved(reminder, None), |_| StoreError::Stale);
        match self.commit(change).await {
            // What is not there any more is passed over already.
            Err(StoreError::Stale) => Ok(()),
            passed => passed,
        }
    }
}

/// A change of a card on which this reminder is to come.
fn of_card(reminder: &Reminder) -> Expression {
    Expression {
        condition: Some("follow_up.#at = :at AND follow_up.remind_at = :this"),
        names: vec![("#at", "at".into())],
        values: vec![
            (":at", number(reminder.due.at.as_millisecond())),
            (":this", number(reminder.time.as_millisecond())),
            (":one", number(1)),
        ],
        ..Expression::default()
    }
}

/// Gives a follow-up the place of its next reminder in the index, or none.
fn moved(reminder: &Reminder, next: Option<Timestamp>) -> Expression {
    let mut moved = Expression {
        update: Some(format!("REMOVE gsi1pk, gsi1sk, {NEXT}").into()),
        condition: Some("gsi1sk = :this"),
        values: vec![(":this", text(time(reminder.time)))],
        ..Expression::default()
    };
    if let Some(next) = next {
        moved.update = Some(format!("SET gsi1sk = :next REMOVE {NEXT}").into());
        moved.values.push((":next", text(time(next))));
    }
    moved
}

/// The next reminder of a stored follow-up, if one is to come.
pub(crate) fn reminder_of(item: &Item) -> Result<Option<Reminder>> {
    let due = due_at(&key_of(item)?)?;
    let Some(place) = text_of(item, "gsi1sk") else { return Ok(None) };
    let time = place.parse().map_err(|_| StoreError::Unreadable("a reminder's time".into()))?;
    let next = number_of(item, NEXT).and_then(|next| Timestamp::from_millisecond(next).ok());
    Ok(Some(Reminder { due, time, next }))
}

fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(24 * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h04_mails_are_counted_for_each_day() {
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        let day = day_of(at("2026-12-01T00:00Z"));
        let reminded = Reminded { last: Some(at("2026-12-01T12:00Z").as_millisecond()), mails: day * ROOM + 50 };
        assert_eq!(reminded.mails_on_day_of(at("2026-12-01T00:00Z")), 50);
        assert_eq!(reminded.mails_on_day_of(at("2026-12-01T23:59:59Z")), 50);
        assert_eq!(reminded.mails_on_day_of(at("2026-12-02T00:00Z")), 0);
        assert_eq!(reminded.mails_on_day_of(at("2026-11-30T23:59Z")), 0);
        assert!(reminded.was_left_at(at("2026-12-01T12:00Z")) && !reminded.was_left_at(at("2026-12-01T12:05Z")));
        assert_eq!(Reminded::default().mails_on_day_of(at("2026-12-01T00:00Z")), 0);
    }
}
