//! `GET /_kith/table`: every stored item, as plain JSON.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Number, Value, json};

use super::{Shared, answer, problem};
use crate::core::Core;
use crate::table::{Read, ReadError};

pub(super) async fn dump(State(core): Shared) -> Response {
    match items(&core).await {
        Ok(items) => answer(&items),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// All items in order of their keys.
async fn items(core: &Core) -> Result<Vec<Value>, ReadError> {
    let mut items = Vec::new();
    let mut start = None;
    loop {
        let mut scan = json!({"TableName": core.template.table.name});
        if let (Some(start), Some(scan)) = (start.take(), scan.as_object_mut()) {
            scan.insert("ExclusiveStartKey".to_owned(), start);
        }
        let page = core.table.read(Read::Scan, scan).await?;
        for item in page.get("Items").and_then(Value::as_array).into_iter().flatten() {
            items.push(plain_map(item));
        }
        match page.get("LastEvaluatedKey") {
            Some(key) => start = Some(key.clone()),
            None => break,
        }
    }
    let key =
        |item: &Value| ["pk", "sk"].map(|name| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned());
    items.sort_by_key(key);
    Ok(items)
}

fn plain_map(item: &Value) -> Value {
    let entries = item.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), plain(value)));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// An attribute value without its type: numbers as numbers, binary as base64, sets as lists.
fn plain(attribute: &Value) -> Value {
    let Some((kind, value)) = attribute.as_object().and_then(|map| map.iter().next()) else {
        return Value::Null;
    };
    let list = |each: fn(&Value) -> Value| Value::Array(value.as_array().into_iter().flatten().map(each).collect());
    match kind.as_str() {
        "N" => number(value),
        "NULL" => Value::Null,
        "NS" => list(number),
        "L" => list(plain),
        "M" => plain_map(value),
        _ => value.clone(),
    }
}

fn number(value: &Value) -> Value {
    let text = value.as_str().unwrap_or_default();
    let parsed = text.parse::<i64>().map(Number::from).ok().or_else(|| text.parse().ok().and_then(Number::from_f64));
    parsed.map_or_else(|| value.clone(), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_lose_their_types() {
        let item = json!({
            "pk": {"S": "user#1"}, "v": {"N": "3"}, "ratio": {"N": "0.5"}, "on": {"BOOL": true}, "none": {"NULL": true},
            "key": {"B": "AAE="}, "tags": {"SS": ["a"]}, "counts": {"NS": ["1"]}, "deep": {"M": {"list": {"L": [{"S": "x"}]}}},
        });
        let expected = json!({
            "pk": "user#1", "v": 3, "ratio": 0.5, "on": true, "none": null, "key": "AAE=", "tags": ["a"], "counts": [1], "deep": {"list": ["x"]},
        });
        assert_eq!(plain_map(&item), expected);
    }
}
