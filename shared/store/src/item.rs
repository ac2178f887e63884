//! Items: an entity with its key and what the table needs beside it.

use crate::Result;
use crate::keys::{Key, number, text};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// An item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The version of every kind of item so far. A change of an item's shape raises it for that kind, and reading
/// upgrades older ones.
pub(crate) const VERSION: u32 = 1;

/// Makes the item of an entity.
pub(crate) fn item<T: Serialize>(key: &Key, kind: &str, entity: &T) -> Result<Item> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(entity)?;
    item.extend(key.attributes());
    item.insert("kind".into(), text(kind));
    item.insert("v".into(), number(VERSION));
    Ok(item)
}

/// Lets the database delete the item some time after `end`. It counts whole seconds; up, so that it never comes early.
pub(crate) fn expiring(mut item: Item, end: Timestamp) -> Item {
    item.insert("ttl".into(), number(ttl(end)));
    item
}

/// `end` in the unit of the `ttl` attribute.
pub(crate) fn ttl(end: Timestamp) -> i64 {
    end.as_millisecond().div_euclid(1000) + i64::from(end.as_millisecond().rem_euclid(1000) > 0)
}

/// Reads the entity of an item.
pub(crate) fn entity<T: DeserializeOwned>(item: Item) -> Result<T> {
    Ok(serde_dynamo::aws_sdk_dynamodb_1::from_item(item)?)
}

/// How many bytes an item takes, about as the table counts them.
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(list) => list.iter().map(|value| 1 + size_of_value(value)).sum(),
        AttributeValue::M(map) => size(map),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Bs(all) => all.iter().map(|bytes| bytes.as_ref().len()).sum(),
        _ => 1,
    }
}

/// A string attribute of an item, if it is there.
pub(crate) fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// A number attribute of an item, if it is there.
pub(crate) fn number_of(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok())
}

/// An item as JSON with sorted keys, for snapshots. JSON has no bytes: they are told by their number.
#[cfg(test)]
pub(crate) fn snapshot(mut item: Item) -> std::collections::BTreeMap<String, serde_json::Value> {
    for value in item.values_mut() {
        if let AttributeValue::B(bytes) = value {
            *value = text(format!("{} bytes", bytes.as_ref().len()));
        }
    }
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_never_deletes_before_the_end() {
        assert_eq!(ttl(Timestamp::from_millisecond(1_000).unwrap()), 1);
        assert_eq!(ttl(Timestamp::from_millisecond(1_001).unwrap()), 2);
    }
}
