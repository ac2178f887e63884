//! The connection to the table and the single-item calls. Counts what every call costs.

use crate::error::failure;
use crate::item::{Item, entity, size, text_of};
use crate::keys::{Key, text};
use crate::list::{List, Span};
use crate::{Result, StoreError};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure,
};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a write is tried while others change the same items, and a batch while the table hands back a part of it.
pub(crate) const TRIES: u32 = 6;

/// The table, as one request sees it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    /// Marks conditional writes, so that one repeated after a lost answer recognises itself.
    pub(crate) request: Arc<str>,
    meter: Arc<Meter>,
}

/// What a request has spent on the table so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Database calls, without the SDK's own retries.
    pub calls: u32,
    /// Read request units.
    pub read_units: f64,
    /// Write request units.
    pub write_units: f64,
    /// Time in calls; where they ran side by side it counts once.
    pub time: Duration,
}

#[derive(Debug, Default)]
struct Meter {
    calls: AtomicU32,
    /// Units are multiples of a half.
    read_halves: AtomicU64,
    write_halves: AtomicU64,
    /// When each call began and ended.
    waits: Mutex<Vec<(Instant, Instant)>>,
}

/// Which of a call's units are which.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Units {
    Read,
    Write,
}

/// In which order a page comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// A condition that did not hold, with the item as it is.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Option<Item>);

/// A change of one item, as the API words it.
#[derive(Debug, Default)]
pub(crate) struct Expression {
    pub(crate) update: Option<Cow<'static, str>>,
    pub(crate) condition: Option<&'static str>,
    pub(crate) names: Vec<(&'static str, Cow<'static, str>)>,
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

impl Expression {
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        let pairs = self.names.iter().map(|(name, stands_for)| ((*name).to_owned(), stands_for.to_string()));
        (!self.names.is_empty()).then(|| pairs.collect())
    }

    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let pairs = self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        (!self.values.is_empty()).then(|| pairs.collect())
    }
}

/// Time within any of the intervals.
fn covered(mut intervals: Vec<(Instant, Instant)>) -> Duration {
    intervals.sort_unstable();
    let mut time = Duration::ZERO;
    let mut until = None;
    for (began, ended) in intervals {
        let begins = until.map_or(began, |until| began.max(until));
        time += ended.saturating_duration_since(begins);
        until = Some(until.map_or(ended, |until| ended.max(until)));
    }
    time
}

impl Store {
    /// A store on `table`, with clients built from `config`. Makes no call.
    pub fn new(config: &aws_types::SdkConfig, table: &str) -> Self {
        Self { client: Client::new(config), table: table.into(), request: "".into(), meter: Arc::default() }
    }

    /// The same table for one request: its own meter, its own mark.
    #[must_use]
    pub fn for_request(&self, request: &str) -> Self {
        Self { client: self.client.clone(), table: self.table.clone(), request: request.into(), meter: Arc::default() }
    }

    /// What the request has spent so far.
    pub fn spent(&self) -> Spent {
        let halves =
            |counter: &AtomicU64| f64::from(u32::try_from(counter.load(Ordering::Relaxed)).unwrap_or(u32::MAX)) / 2.0;
        Spent {
            calls: self.meter.calls.load(Ordering::Relaxed),
            read_units: halves(&self.meter.read_halves),
            write_units: halves(&self.meter.write_halves),
            time: covered(self.meter.waits.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        }
    }

    pub(crate) fn count(&self, kind: Units, began: Instant, consumed: &[ConsumedCapacity]) {
        let units: f64 = consumed.iter().filter_map(ConsumedCapacity::capacity_units).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "units are small and not negative")]
        let halves = (units * 2.0).round() as u64;
        let counter = match kind {
            Units::Read => &self.meter.read_halves,
            Units::Write => &self.meter.write_halves,
        };
        counter.fetch_add(halves, Ordering::Relaxed);
        self.meter.calls.fetch_add(1, Ordering::Relaxed);
        let wait = (began, began + began.elapsed());
        self.meter.waits.lock().unwrap_or_else(PoisonError::into_inner).push(wait);
    }

    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let began = Instant::now();
        let call =
            self.client.get_item().table_name(&*self.table).set_key(Some(key.attributes())).consistent_read(true);
        let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = answer.map_err(|error| failure(&error))?;
        self.count(Units::Read, began, answer.consumed_capacity.as_slice());
        Ok(answer.item)
    }

    /// Reads several items in one consistent batch, in the order of `keys`.
    pub(crate) async fn get_all<const N: usize>(&self, keys: [&Key; N]) -> Result<[Option<Item>; N]> {
        let mut found = self.get_many(keys.map(Clone::clone).to_vec()).await?.into_iter();
        Ok([const { None::<Item> }; N].map(|_| found.next().flatten()))
    }

    /// Reads up to 100 items in one consistent batch, in the order of `keys`.
    pub(crate) async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        self.get_some(keys, None).await
    }

    /// The same for some of their attributes, `pk` and `sk` among them. It costs as much as reading all of them.
    pub(crate) async fn get_some(&self, keys: Vec<Key>, attributes: Option<&str>) -> Result<Vec<Option<Item>>> {
        let mut found: Vec<Option<Item>> = vec![None; keys.len()];
        // The API takes no key twice; both places get the item.
        let is_first = |(position, key): &(usize, &Key)| !keys.iter().take(*position).any(|earlier| earlier == *key);
        let mut wanted: Vec<Item> = keys.iter().enumerate().filter(is_first).map(|(_, key)| key.attributes()).collect();
        for tried in 0..TRIES {
            if wanted.is_empty() {
                return Ok(found);
            }
            pause(tried).await;
            let began = Instant::now();
            let batch = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true);
            let batch = batch.set_projection_expression(attributes.map(str::to_owned)).build();
            let batch = batch.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            let call = self.client.batch_get_item().request_items(&*self.table, batch);
            let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
            let answer = answer.map_err(|error| failure(&error))?;
            self.count(Units::Read, began, answer.consumed_capacity());
            for item in answer.responses.into_iter().filter_map(|mut tables| tables.remove(&*self.table)).flatten() {
                let is_at =
                    |key: &Key| item.get("pk") == Some(&text(&key.pk)) && item.get("sk") == Some(&text(&key.sk));
                for (place, _) in found.iter_mut().zip(&keys).filter(|(_, key)| is_at(key)) {
                    *place = Some(item.clone());
                }
            }
            let rest = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&*self.table));
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
        }
        if wanted.is_empty() { Ok(found) } else { Err(StoreError::Busy("keys stayed unprocessed".into())) }
    }

    /// One page of a partition: items whose sort key begins with `prefix`, in order, beyond `after`; and whether the
    /// database has more.
    pub(crate) async fn page(
        &self,
        pk: &str,
        prefix: &str,
        order: Order,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Item>, bool)> {
        let began = Instant::now();
        let start = after.map(|sk| Key { pk: pk.to_owned(), sk: sk.to_owned() }.attributes());
        let call = self.client.query().table_name(&*self.table).consistent_read(true);
        // An empty prefix is no condition: the API refuses it.
        let call = if prefix.is_empty() {
            call.key_condition_expression("pk = :pk")
        } else {
            call.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix))
        };
        let call = call.expression_attribute_values(":pk", text(pk)).scan_index_forward(order == Order::OldestFirst);
        let call = call.set_exclusive_start_key(start).limit(limit);
        let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = answer.map_err(|error| failure(&error))?;
        self.count(Units::Read, began, answer.consumed_capacity.as_slice());
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key.is_some()))
    }

    /// The newest `limit` entities of a partition whose sort key begins with `prefix`, before the sort key `after`, and
    /// whether there are more.
    pub(crate) async fn newest<T: DeserializeOwned>(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<T>, bool)> {
        let span = Span { pk, prefix, order: Order::NewestFirst, at_most: usize::MAX };
        let mut list = List::new(span, after, limit);
        while let Some(items) = list.next(self).await? {
            for item in items {
                let bytes = size(&item);
                list.push_large(entity(item)?, bytes);
            }
        }
        Ok(list.page())
    }

    /// Everything of a small partition whose sort key begins with `prefix`, in order.
    pub(crate) async fn everything(&self, pk: &str, prefix: &str) -> Result<Vec<Item>> {
        let mut all: Vec<Item> = Vec::new();
        loop {
            let after = all.last().and_then(|item| text_of(item, "sk")).map(str::to_owned);
            let (items, more) = self.page(pk, prefix, Order::OldestFirst, after.as_deref(), 100).await?;
            all.extend(items);
            if !more {
                return Ok(all);
            }
        }
    }

    /// Changes one item; gives it as it is afterwards, or as it is where the condition does not hold.
    pub(crate) async fn update(&self, key: &Key, change: Expression) -> Result<std::result::Result<Item, Refused>> {
        self.update_at(key, change, None).await
    }

    /// The same, where `#place` in the words of the change stands for `place`: a key of a map that is only known now.
    pub(crate) async fn update_at(
        &self,
        key: &Key,
        change: Expression,
        place: Option<&str>,
    ) -> Result<std::result::Result<Item, Refused>> {
        let mut names = change.names();
        if let Some(place) = place {
            names.get_or_insert_default().insert("#place".to_owned(), place.to_owned());
        }
        let mut tried = 0;
        loop {
            pause(tried).await;
            let began = Instant::now();
            let call = self.client.update_item().table_name(&*self.table).set_key(Some(key.attributes()));
            let call = call.set_update_expression(change.update.as_deref().map(Into::into));
            let call = call.set_condition_expression(change.condition.map(Into::into));
            let call = call.set_expression_attribute_names(names.clone());
            let call = call.set_expression_attribute_values(change.values());
            let call = call.return_values(ReturnValue::AllNew);
            let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(answer) => {
                    self.count(Units::Write, began, answer.consumed_capacity.as_slice());
                    return Ok(Ok(answer.attributes.unwrap_or_default()));
                }
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                        self.count(Units::Write, began, &[]);
                        return Ok(Err(Refused(failed.item.clone())));
                    }
                    Some(UpdateItemError::TransactionConflictException(_)) if tried + 1 < TRIES => tried += 1,
                    _ => return Err(failure(&error)),
                },
            }
        }
    }

    /// Deletes one item; gives it as it is where the condition does not hold.
    pub(crate) async fn delete(&self, key: &Key, condition: Expression) -> Result<std::result::Result<(), Refused>> {
        let mut tried = 0;
        loop {
            pause(tried).await;
            let began = Instant::now();
            let call = self.client.delete_item().table_name(&*self.table).set_key(Some(key.attributes()));
            let call = call.set_condition_expression(condition.condition.map(Into::into));
            let call = call.set_expression_attribute_names(condition.names());
            let call = call.set_expression_attribute_values(condition.values());
            let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(answer) => {
                    self.count(Units::Write, began, answer.consumed_capacity.as_slice());
                    return Ok(Ok(()));
                }
                Err(error) => match error.as_service_error() {
                    Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                        self.count(Units::Write, began, &[]);
                        return Ok(Err(Refused(failed.item.clone())));
                    }
                    Some(DeleteItemError::TransactionConflictException(_)) if tried + 1 < TRIES => tried += 1,
                    _ => return Err(failure(&error)),
                },
            }
        }
    }
}

/// Waits a little before another try: 0, then 10, 20, 40, … ms.
pub(crate) async fn pause(tried: u32) {
    if tried > 0 {
        tokio::time::sleep(Duration::from_millis(5 << tried.min(6))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_two_calls_at_once_is_waiting_once() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        for (intervals, millis) in [
            (vec![], 0),
            (vec![(0, 5)], 5),
            (vec![(0, 5), (7, 9)], 7),
            (vec![(5, 6), (0, 10)], 10),
            (vec![(4, 12), (0, 5), (1, 2)], 12),
        ] {
            let calls = intervals.iter().map(|&(began, ended)| (at(began), at(ended))).collect();
            assert_eq!(covered(calls), Duration::from_millis(millis), "{intervals:?}");
        }
    }
}
