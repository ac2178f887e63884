//! Request units: from the database's own count, and for failed writes, of which it reports nothing, by AWS's rules.

use dynoxide::DynoxideError;
use dynoxide::types::{Item, item_size, write_capacity_units};
use serde_json::{Value, json};

use super::database::Database;
use super::keys::{KeySchema, elements};

/// What a call consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Units {
    pub(super) read: f64,
    pub(super) write: f64,
}

pub(super) fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// The units of a successful call, out of its `ConsumedCapacity`.
///
/// A transaction that is repeated with the same token is charged for reading.
pub(super) fn of_answer(operation: &str, answer: &Value) -> Units {
    let mut units = Units::default();
    let Some(consumed) = answer.get("ConsumedCapacity") else {
        return units;
    };
    let entries = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
    for entry in entries {
        let count = |name: &str| entry.get(name).and_then(Value::as_f64);
        let total = count("CapacityUnits").unwrap_or(0.0);
        if is_write(operation) && count("ReadCapacityUnits").is_none_or(|read| read <= 0.0) {
            units.write += total;
        } else {
            units.read += total;
        }
    }
    units
}

/// The units of a write that failed on its condition: as if it had written the larger of the old and the new item.
///
/// For an update the new item is unknown, so the old one counts. A cancelled transaction counts every element twice, once
/// for preparing and once for committing: AWS may charge less, never more.
pub(super) fn of_failure(
    database: &Database,
    schema: &KeySchema,
    operation: &str,
    body: &Value,
    error: &DynoxideError,
) -> Units {
    let write = match error {
        DynoxideError::ConditionalCheckFailedException(..) => {
            let holder = body.get("Item").or_else(|| body.get("Key"));
            one(database, schema, body, holder)
        }
        DynoxideError::TransactionCanceledException(..) if operation == "TransactWriteItems" => {
            2.0 * elements(body).map(|element| one(database, schema, element.request, element.holder)).sum::<f64>()
        }
        _ => 0.0,
    };
    Units { read: 0.0, write }
}

fn one(database: &Database, schema: &KeySchema, request: &Value, holder: Option<&Value>) -> f64 {
    let Some(holder) = holder else {
        return 1.0;
    };
    let new = request.get("Item").map_or(0, size);
    let get = json!({ "TableName": request.get("TableName"), "Key": schema.key_of(holder) });
    let old = serde_json::from_value(get).ok().and_then(|get| database.get_item(get).ok()?.item);
    write_capacity_units(new.max(old.as_ref().map_or(0, item_size)))
}

fn size(item: &Value) -> usize {
    serde_json::from_value::<Item>(item.clone()).map_or(0, |item| item_size(&item))
}
