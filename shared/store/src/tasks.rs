//! Tasks: the outbox.

use crate::index::{indexed, time};
use crate::item::{Item, entity, expiring, item, text_of};
use crate::keys::{self, OUTBOX, TASKS, number, text};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use kith_domain::{TASK_LIFETIME, Task, TaskId, Worker};

impl Store {
    /// Adds a task to the transaction of the change that it follows from.
    pub(crate) fn put_task(&self, change: &mut Transaction, task: &Task) -> Result<()> {
        change.put_new(&self.table, task_item(task)?);
        Ok(())
    }

    /// Leaves a task that follows from no other change.
    pub async fn leave_task(&self, task: &Task) -> Result<()> {
        let mut change = Transaction::new();
        self.put_task(&mut change, task)?;
        self.commit(change).await
    }

    /// Takes a task for this invocation. `NotFound` where it is done or another invocation has it.
    pub async fn take_task(&self, id: TaskId, worker: Worker) -> Result<Task> {
        let change = Expression {
            update: Some("SET taken_by = :me".into()),
            condition: Some("attribute_exists(pk) AND (attribute_not_exists(taken_by) OR taken_by = :me)"),
            values: vec![(":me", text(&*self.request))],
            ..Expression::default()
        };
        self.update(&keys::task(id, worker), change).await?.map_err(|_| StoreError::NotFound).and_then(entity)
    }

    /// The task is done.
    pub async fn finish_task(&self, id: TaskId, worker: Worker) -> Result<()> {
        let _ = self.delete(&keys::task(id, worker), Expression::default()).await?;
        Ok(())
    }

    /// Takes a task away from an invocation that must have died, so that another may take it.
    ///
    /// `NotFound` where it is done, or where this has happened within `patience`: then another invocation is at it.
    pub async fn release_task(
        &self,
        id: TaskId,
        worker: Worker,
        now: Timestamp,
        patience: SignedDuration,
    ) -> Result<()> {
        let change = Expression {
            update: Some("SET released_at = :now, released_by = :me REMOVE taken_by".into()),
            condition: Some("attribute_exists(pk) AND (attribute_not_exists(released_at) OR released_at <= :before)"),
            values: vec![
                (":now", number(now.as_millisecond())),
                (":me", text(&*self.request)),
                (":before", number((now - patience).as_millisecond())),
            ],
            ..Expression::default()
        };
        match self.update(&keys::task(id, worker), change).await? {
            Ok(_) => Ok(()),
            // The answer to our own write got lost and the SDK repeated it.
            Err(refused) => match refused.0 {
                Some(item) if text_of(&item, "released_by") == Some(&*self.request) => Ok(()),
                _ => Err(StoreError::NotFound),
            },
        }
    }

    /// Up to 500 tasks left before `then`, oldest first, with who does them. From the index, which may lag a moment.
    pub async fn tasks_before(&self, then: Timestamp) -> Result<Vec<(TaskId, Worker)>> {
        let keys = self.indexed_before(OUTBOX, then, TASKS).await?;
        keys.iter().map(|key| task_of(&key.pk).ok_or_else(|| StoreError::Unreadable("a task's key".into()))).collect()
    }
}

/// Whose task has this partition key: told by its prefix alone, which is what policies name.
pub fn task_of(pk: &str) -> Option<(TaskId, Worker)> {
    let (worker, id) = pk.strip_prefix(TASKS)?.split_once('#')?;
    Some((id.parse().ok()?, Worker::of_operation(worker)?))
}

/// What a task is stored as, with its place in the index.
fn task_item(task: &Task) -> Result<Item> {
    let item = expiring(item(&keys::task(task.id, task.work.worker()), "task", task)?, task.created_at + TASK_LIFETIME);
    Ok(indexed(item, OUTBOX, time(task.created_at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use kith_domain::Work;

    #[test]
    fn a_task_is_stored_with_its_place_in_the_index_and_reads_back() {
        let task = Task {
            id: "tsk_01a318c1400074aab4a3b5b6a7a8b9c2".parse().unwrap(),
            work: Work::MailConfirmation {
                registration: "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap(),
                asked_from: "hash of a network".into(),
            },
            taken_by: None,
            created_at: Timestamp::from_second(1_800_000_000).unwrap(),
        };
        let item = task_item(&task).unwrap();
        assert_eq!(entity::<Task>(item.clone()).unwrap(), task);
        let (id, worker) = (task.id, task.work.worker());
        assert_eq!(task_of(text_of(&item, "pk").unwrap()), Some((id, worker)));
        insta::assert_json_snapshot!(snapshot(item));
    }

    #[test]
    fn what_is_no_task_of_a_known_worker_is_none() {
        for pk in ["outbox#tsk_01a318c1400074aab4a3b5b6a7a8b9c2", "outbox-log-in#tsk_01a318c1400074aab4a3b5b6a7a8b9c2"]
        {
            assert_eq!(task_of(pk), None);
        }
    }
}
