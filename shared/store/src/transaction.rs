//! Several writes that happen together or not at all.

use crate::error::failure;
use crate::item::Item;
use crate::keys::Key;
use crate::table::{Expression, TRIES, Units, pause};
use crate::{Result, Store, StoreError};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use kith_domain::AuditEvent;
use std::time::Instant;

/// What a failed condition means.
type Meaning = Box<dyn Fn(Option<Item>) -> StoreError + Send + Sync>;

/// The writes of one transaction. Where several conditions fail, the first one added is the reason given.
#[derive(Default)]
pub(crate) struct Transaction {
    writes: Vec<(TransactWriteItem, Meaning)>,
    /// What the log tells of it when it is done.
    told: Vec<AuditEvent>,
    broken: Option<BuildError>,
}

impl Transaction {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Writes `item` where the condition holds; otherwise the transaction fails with what `meaning` makes of the
    /// item that is there.
    pub(crate) fn put(
        &mut self,
        table: &str,
        item: Item,
        condition: Expression,
        meaning: impl Fn(Option<Item>) -> StoreError + Send + Sync + 'static,
    ) {
        let put = Put::builder().table_name(table).set_item(Some(item));
        let put = put.set_condition_expression(condition.condition.map(Into::into));
        let put =
            put.set_expression_attribute_names(condition.names()).set_expression_attribute_values(condition.values());
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).build();
        self.add(put.map(|put| TransactWriteItem::builder().put(put).build()), meaning);
    }

    /// Has the log tell of an event when all is written.
    pub(crate) fn tell(&mut self, event: &AuditEvent) {
        self.told.push(event.clone());
    }

    /// Writes an item, whatever is there.
    pub(crate) fn put_any(&mut self, table: &str, item: Item) {
        self.put(table, item, Expression::default(), |_| StoreError::Stale);
    }

    /// Deletes an item, if it is there.
    pub(crate) fn delete_any(&mut self, table: &str, key: &Key) {
        self.delete(table, key, Expression::default(), |_| StoreError::Stale);
    }

    /// Writes a new item under a key that nothing can have yet.
    pub(crate) fn put_new(&mut self, table: &str, item: Item) {
        let absent = Expression { condition: Some("attribute_not_exists(pk)"), ..Expression::default() };
        self.put(table, item, absent, |_| StoreError::Stale);
    }

    pub(crate) fn update(
        &mut self,
        table: &str,
        key: &Key,
        change: Expression,
        meaning: impl Fn(Option<Item>) -> StoreError + Send + Sync + 'static,
    ) {
        let update = Update::builder().table_name(table).set_key(Some(key.attributes()));
        let update = update.set_update_expression(change.update.as_deref().map(Into::into));
        let update = update.set_condition_expression(change.condition.map(Into::into));
        let update =
            update.set_expression_attribute_names(change.names()).set_expression_attribute_values(change.values());
        let update =
            update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).build();
        self.add(update.map(|update| TransactWriteItem::builder().update(update).build()), meaning);
    }

    pub(crate) fn delete(
        &mut self,
        table: &str,
        key: &Key,
        condition: Expression,
        meaning: impl Fn(Option<Item>) -> StoreError + Send + Sync + 'static,
    ) {
        let delete = Delete::builder().table_name(table).set_key(Some(key.attributes()));
        let delete = delete.set_condition_expression(condition.condition.map(Into::into));
        let delete = delete.set_expression_attribute_names(condition.names());
        let delete = delete.set_expression_attribute_values(condition.values());
        let delete =
            delete.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).build();
        self.add(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()), meaning);
    }

    fn add(
        &mut self,
        write: std::result::Result<TransactWriteItem, BuildError>,
        meaning: impl Fn(Option<Item>) -> StoreError + Send + Sync + 'static,
    ) {
        match write {
            Ok(write) => self.writes.push((write, Box::new(meaning))),
            Err(error) => self.broken = Some(error),
        }
    }

    /// The error that the reasons of a cancelled transaction mean; `None` when only others were in the way.
    fn meaning(&self, reasons: &[CancellationReason]) -> Option<StoreError> {
        let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        let first = self.writes.iter().zip(reasons).find(|(_, reason)| failed(reason));
        if let Some(((_, meaning), reason)) = first {
            return Some(meaning(reason.item.clone()));
        }
        let others =
            |reason: &&CancellationReason| !matches!(reason.code(), None | Some("None" | "TransactionConflict"));
        reasons.iter().find(others).map(|reason| {
            let text = format!("{}: {}", reason.code().unwrap_or_default(), reason.message().unwrap_or_default());
            match reason.code() {
                Some("ThrottlingError" | "ProvisionedThroughputExceeded") => StoreError::Busy(text),
                _ => StoreError::Unavailable(text),
            }
        })
    }
}

/// One line for each event of the audit trail: who did what to whom, by their ids.
fn log(event: &AuditEvent) {
    let (audit_id, actor_id, user_id) = (event.id, event.actor, event.target);
    tracing::info!(name = "audit", action = event.act.name(), %audit_id, %actor_id, %user_id, "audit");
}

impl Store {
    /// Commits all writes or none. The SDK repeats a call whose answer got lost, and a conflict with other writers is
    /// tried again here: all under one client token, so that the writes have one effect and never clash with
    /// themselves.
    pub(crate) async fn commit(&self, transaction: Transaction) -> Result<()> {
        if let Some(error) = transaction.broken {
            return Err(StoreError::Unavailable(error.to_string()));
        }
        let token = format!("{:032x}", fastrand::u128(..));
        for tried in 0..TRIES {
            pause(tried).await;
            let began = Instant::now();
            let writes = transaction.writes.iter().map(|(write, _)| write.clone()).collect();
            let call = self.client.transact_write_items().set_transact_items(Some(writes));
            let call = call.client_request_token(&token).return_consumed_capacity(ReturnConsumedCapacity::Total);
            match call.send().await {
                Ok(answer) => {
                    self.count(Units::Write, began, answer.consumed_capacity());
                    transaction.told.iter().for_each(log);
                    return Ok(());
                }
                Err(error) => match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        self.count(Units::Write, began, &[]);
                        if let Some(error) = transaction.meaning(cancelled.cancellation_reasons()) {
                            return Err(error);
                        }
                    }
                    // The call before this one, whose answer got lost, is still at work.
                    Some(TransactWriteItemsError::TransactionInProgressException(_)) if tried + 1 < TRIES => {}
                    _ => return Err(failure(&error)),
                },
            }
        }
        Err(StoreError::Busy("others kept changing the same items".into()))
    }
}
