//! The index: tasks and expiring items by time, users by id. Sparse; keys only. It may lag a moment behind the table, so
//! whoever acts on what it says asks the table again.

use crate::error::failure;
use crate::item::{Item, text_of};
use crate::keys::{self, INDEX, Key, USERS, text};
use crate::table::Units;
use crate::{Result, Store, StoreError};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use jiff::Timestamp;
use kith_domain::UserId;
use std::str::FromStr;
use std::time::Instant;

/// How many keys one read gives at most: as many as a batch can read.
const PAGE: i32 = 100;
/// How many keys a job gets at most: what it can do in its time. The next run goes on.
const BACKLOG: usize = 500;

impl Store {
    /// Keys of up to 500 items of an index partition that is sorted by time, from before `then`, oldest first: those
    /// whose partition key begins with `kind`.
    pub(crate) async fn indexed_before(&self, partition: &str, then: Timestamp, kind: &str) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        let mut start = None;
        loop {
            let (found, next) = self.indexed_page(partition, then, start, PAGE).await?;
            keys.extend(found.into_iter().filter(|key| key.pk.starts_with(kind)));
            start = next;
            if start.is_none() || keys.len() >= BACKLOG {
                return Ok(keys);
            }
        }
    }

    /// What the keys of [`Store::indexed_before`] are of, by what follows `kind` in them.
    pub(crate) async fn ids_before<T: FromStr>(&self, partition: &str, then: Timestamp, kind: &str) -> Result<Vec<T>> {
        let keys = self.indexed_before(partition, then, kind).await?;
        let id = |key: &Key| key.pk.strip_prefix(kind)?.parse().ok();
        keys.iter().map(|key| id(key).ok_or_else(|| StoreError::Unreadable(format!("a key of {kind}")))).collect()
    }

    /// Up to `count` of these keys, beyond `start`, and where to go on.
    pub(crate) async fn indexed_page(
        &self,
        partition: &str,
        then: Timestamp,
        start: Option<Item>,
        count: i32,
    ) -> Result<(Vec<Key>, Option<Item>)> {
        let began = Instant::now();
        let call = self.client.query().table_name(&*self.table).index_name(INDEX).limit(count);
        let call = call.key_condition_expression("gsi1pk = :partition AND gsi1sk < :then");
        let call = call.expression_attribute_values(":partition", text(partition));
        let call = call.expression_attribute_values(":then", text(time(then))).set_exclusive_start_key(start);
        let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = answer.map_err(|error| failure(&error))?;
        self.count(Units::Read, began, answer.consumed_capacity.as_slice());
        let keys = answer.items().iter().map(key_of).collect::<Result<_>>()?;
        Ok((keys, answer.last_evaluated_key))
    }

    /// Up to `count` ids of users after `after`, in their order, and whether there are more.
    pub(crate) async fn indexed_users(&self, after: Option<UserId>, count: usize) -> Result<(Vec<UserId>, bool)> {
        let began = Instant::now();
        let start = after.map(|id| indexed(keys::user(id).attributes(), USERS, id.to_string()));
        let call = self.client.query().table_name(&*self.table).index_name(INDEX);
        let call = call.key_condition_expression("gsi1pk = :users").expression_attribute_values(":users", text(USERS));
        let call = call.set_exclusive_start_key(start).limit(i32::try_from(count).unwrap_or(PAGE).min(PAGE));
        let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = answer.map_err(|error| failure(&error))?;
        self.count(Units::Read, began, answer.consumed_capacity.as_slice());
        let id = |item: &Item| text_of(item, "gsi1sk").and_then(|sk| sk.parse().ok());
        let ids =
            answer.items().iter().map(|item| id(item).ok_or_else(|| StoreError::Unreadable("a user's key".into())));
        Ok((ids.collect::<Result<_>>()?, answer.last_evaluated_key.is_some()))
    }
}

/// Puts an item into a partition of the index.
pub(crate) fn indexed(mut item: Item, partition: &str, sort: String) -> Item {
    item.insert("gsi1pk".into(), text(partition));
    item.insert("gsi1sk".into(), text(sort));
    item
}

/// A time as the index sorts it: all of the same length.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The key of an item.
pub(crate) fn key_of(item: &Item) -> Result<Key> {
    match (text_of(item, "pk"), text_of(item, "sk")) {
        (Some(pk), Some(sk)) => Ok(Key { pk: pk.to_owned(), sk: sk.to_owned() }),
        _ => Err(StoreError::Unreadable("an index entry without a key".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_in_their_order() {
        let times: Vec<_> =
            [0, 1, 999, 1_000, 1_001, 60_000].map(|ms| time(Timestamp::from_millisecond(ms).unwrap())).into();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(times[1], "1970-01-01T00:00:00.001Z");
    }
}
