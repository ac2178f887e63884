//! Which permissions and which partition keys a DynamoDB request touches.

use std::collections::BTreeMap;

use serde_json::Value;

use super::policy::Need;
use super::reply::Refusal;
use crate::template::TableSpec;

/// The key attributes of the table and of its indexes.
#[derive(Clone, Debug)]
pub(super) struct KeySchema {
    table: String,
    arn: String,
    /// Names of the table's key attributes, partition first.
    key: Vec<String>,
    /// Partition key attribute by index.
    indexes: BTreeMap<String, String>,
}

/// What a request touches.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Touch {
    pub(super) needs: Vec<Need>,
    /// Whether it reads, and with strong consistency throughout.
    pub(super) consistent: bool,
    pub(super) index: Option<String>,
}

impl KeySchema {
    /// `None` if the `CreateTable` request has no partition key.
    pub(super) fn of(spec: &TableSpec) -> Option<Self> {
        let key = key_attributes(&spec.create);
        key.first()?;
        let list = spec.create.get("GlobalSecondaryIndexes").and_then(Value::as_array);
        let indexes = list.into_iter().flatten().filter_map(|index| {
            let name = index.get("IndexName")?.as_str()?;
            Some((name.to_owned(), key_attributes(index).into_iter().next()?))
        });
        Some(Self { table: spec.name.clone(), arn: spec.arn.clone(), indexes: indexes.collect(), key })
    }

    fn partition(&self) -> &str {
        self.key.first().map_or("", String::as_str)
    }

    /// The key attributes out of an item.
    pub(super) fn key_of(&self, item: &Value) -> Value {
        let parts = self.key.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone())));
        Value::Object(parts.collect())
    }

    /// The ARN of the table that a request names, by its name or ARN.
    pub(super) fn table_arn(&self, request: &Value) -> String {
        let name = request.get("TableName").and_then(Value::as_str).unwrap_or(&self.table);
        self.arn_of(name)
    }

    fn arn_of(&self, table: &str) -> String {
        if table == self.table {
            return self.arn.clone();
        }
        match self.arn.split_once(":table/") {
            Some((prefix, _)) if !table.starts_with("arn:") => format!("{prefix}:table/{table}"),
            _ => table.to_owned(),
        }
    }

    /// What a request touches. `None`: an operation that nothing here supports or allows.
    pub(super) fn touch(&self, operation: &str, request: &Value) -> Option<Result<Touch, Refusal>> {
        Some(match operation {
            "GetItem" | "DeleteItem" | "UpdateItem" => self.one(operation, request, "Key"),
            "PutItem" => self.one(operation, request, "Item"),
            "Query" => self.query(request),
            "BatchGetItem" => self.batch_get(request),
            "BatchWriteItem" => self.batch_write(request),
            "TransactWriteItems" | "TransactGetItems" => self.transaction(request),
            "DescribeTable" => {
                Ok(Touch { needs: vec![self.need(operation, self.table_arn(request), Vec::new())], ..Touch::default() })
            }
            _ => return None,
        })
    }

    #[expect(clippy::unused_self, reason = "reads as one family with the others")]
    fn need(&self, operation: &str, resource: String, keys: Vec<String>) -> Need {
        Need { action: format!("dynamodb:{operation}"), resources: vec![resource], keys }
    }

    fn one(&self, operation: &str, request: &Value, holder: &str) -> Result<Touch, Refusal> {
        let key = self.leading_key(request.get(holder))?;
        let needs = vec![self.need(operation, self.table_arn(request), vec![key])];
        Ok(Touch { needs, consistent: operation == "GetItem" && is_consistent(request), index: None })
    }

    fn query(&self, request: &Value) -> Result<Touch, Refusal> {
        let index = request.get("IndexName").and_then(Value::as_str);
        let mut resource = self.table_arn(request);
        let mut attribute = self.partition();
        if let Some(index) = index {
            resource = format!("{resource}/index/{index}");
            attribute = self.indexes.get(index).map_or(attribute, String::as_str);
        }
        let Some(key) = queried_key(request, attribute) else {
            let message = format!("Query condition missed key schema element: {attribute}");
            return Err(Refusal::new("ValidationException", message));
        };
        let needs = vec![self.need("Query", resource, vec![key])];
        Ok(Touch { needs, consistent: is_consistent(request), index: index.map(str::to_owned) })
    }

    fn batch_get(&self, request: &Value) -> Result<Touch, Refusal> {
        let mut touch = Touch { consistent: true, ..Touch::default() };
        for (table, wanted) in tables(request) {
            let list = wanted.get("Keys").and_then(Value::as_array);
            let keys = list.into_iter().flatten().map(|key| self.leading_key(Some(key))).collect::<Result<_, _>>()?;
            touch.needs.push(self.need("BatchGetItem", self.arn_of(table), keys));
            touch.consistent &= is_consistent(wanted);
        }
        Ok(touch)
    }

    fn batch_write(&self, request: &Value) -> Result<Touch, Refusal> {
        let mut touch = Touch::default();
        for (table, writes) in tables(request) {
            let writes = writes.as_array().into_iter().flatten();
            let holders = writes.map(|write| {
                write
                    .get("PutRequest")
                    .map(|put| put.get("Item"))
                    .or_else(|| write.get("DeleteRequest").map(|delete| delete.get("Key")))
            });
            let keys = holders.map(|holder| self.leading_key(holder.flatten())).collect::<Result<_, _>>()?;
            touch.needs.push(self.need("BatchWriteItem", self.arn_of(table), keys));
        }
        Ok(touch)
    }

    /// Each element of a transaction needs what the same operation needs on its own.
    fn transaction(&self, request: &Value) -> Result<Touch, Refusal> {
        let mut touch = Touch { consistent: true, ..Touch::default() };
        for element in elements(request) {
            let key = self.leading_key(element.holder)?;
            touch.needs.push(self.need(element.operation, self.table_arn(element.request), vec![key]));
            touch.consistent &= element.operation == "GetItem";
        }
        Ok(touch)
    }

    fn leading_key(&self, holder: Option<&Value>) -> Result<String, Refusal> {
        holder
            .and_then(|attributes| scalar(attributes.get(self.partition())?))
            .ok_or_else(|| Refusal::new("ValidationException", "The provided key element does not match the schema"))
    }
}

/// One element of a transaction.
pub(super) struct Element<'a> {
    /// The operation that is needed on its own.
    pub(super) operation: &'static str,
    /// The element's own request, with its `TableName`.
    pub(super) request: &'a Value,
    /// The item or key that holds the key attributes.
    pub(super) holder: Option<&'a Value>,
}

/// The elements of a transaction.
pub(super) fn elements(request: &Value) -> impl Iterator<Item = Element<'_>> {
    let list = request.get("TransactItems").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|element| {
        let (kind, operation, holder) =
            KINDS.into_iter().find(|(kind, ..)| element.get(kind).is_some_and(Value::is_object))?;
        let request = element.get(kind)?;
        Some(Element { operation, request, holder: request.get(holder) })
    })
}

/// Elements of transactions: their name, the operation they stand for, and what holds their key.
const KINDS: [(&str, &str, &str); 5] = [
    ("Put", "PutItem", "Item"),
    ("Update", "UpdateItem", "Key"),
    ("Delete", "DeleteItem", "Key"),
    ("ConditionCheck", "ConditionCheckItem", "Key"),
    ("Get", "GetItem", "Key"),
];

fn key_attributes(description: &Value) -> Vec<String> {
    let schema = description.get("KeySchema").and_then(Value::as_array);
    let named = |kind: &str| {
        let found = schema.into_iter().flatten().find(|part| part.get("KeyType").and_then(Value::as_str) == Some(kind));
        found.and_then(|part| part.get("AttributeName")?.as_str()).map(str::to_owned)
    };
    named("HASH").into_iter().chain(named("RANGE")).collect()
}

fn tables(request: &Value) -> impl Iterator<Item = (&String, &Value)> {
    request.get("RequestItems").and_then(Value::as_object).into_iter().flatten()
}

fn is_consistent(request: &Value) -> bool {
    request.get("ConsistentRead").and_then(Value::as_bool).unwrap_or(false)
}

/// The text of an attribute value such as `{"S": "user#1"}`. Sets, maps and lists are no key values.
fn scalar(value: &Value) -> Option<String> {
    let value = value.get("S").or_else(|| value.get("N")).or_else(|| value.get("B"))?;
    value.as_str().map(str::to_owned)
}

/// The value a query asks the partition key to equal.
fn queried_key(request: &Value, attribute: &str) -> Option<String> {
    if let Some(legacy) = request.get("KeyConditions").and_then(|conditions| conditions.get(attribute)) {
        let equal = legacy.get("ComparisonOperator").and_then(Value::as_str) == Some("EQ");
        return if equal { scalar(legacy.get("AttributeValueList")?.get(0)?) } else { None };
    }
    let tokens = tokens(request.get("KeyConditionExpression")?.as_str()?);
    let names = request.get("ExpressionAttributeNames");
    let is_attribute = |token: &str| match token.strip_prefix('#') {
        Some(_) => names.and_then(|names| names.get(token)?.as_str()) == Some(attribute),
        None => token == attribute,
    };
    let placeholder = tokens.windows(3).find_map(|window| match window {
        [left, "=", right] if right.starts_with(':') && is_attribute(left) => Some(*right),
        [left, "=", right] if left.starts_with(':') && is_attribute(right) => Some(*left),
        _ => None,
    })?;
    scalar(request.get("ExpressionAttributeValues")?.get(placeholder)?)
}

/// Names, placeholders and single operator characters of an expression.
fn tokens(expression: &str) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '#' | ':');
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (token, after) = rest.split_at(length);
        if !token.trim().is_empty() {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/kith";

    fn schema() -> KeySchema {
        let keys = |pk: &str, sk: &str| json!([{"AttributeName": sk, "KeyType": "RANGE"}, {"AttributeName": pk, "KeyType": "HASH"}]);
        let create = json!({"KeySchema": keys("pk", "sk"), "GlobalSecondaryIndexes": [{"IndexName": "gsi1", "KeySchema": keys("gsi1pk", "gsi1sk")}]});
        KeySchema::of(&TableSpec { name: "kith".into(), arn: ARN.into(), create, ttl_attribute: "ttl".into() }).unwrap()
    }

    fn touched(operation: &str, request: &Value) -> Vec<(String, String, Vec<String>)> {
        let touch = schema().touch(operation, request).unwrap().unwrap();
        touch.needs.into_iter().map(|need| (need.action, need.resources[0].clone(), need.keys)).collect()
    }

    fn need(action: &str, resource: &str, keys: &[&str]) -> (String, String, Vec<String>) {
        (format!("dynamodb:{action}"), resource.into(), keys.iter().map(|key| (*key).into()).collect())
    }

    #[test]
    fn a_query_names_the_value_of_its_partition_key_however_it_is_written() {
        for (condition, names) in [
            ("pk = :a AND begins_with(sk, :b)", json!({})),
            ("begins_with ( sk , :b ) and #p=:a", json!({"#p": "pk"})),
            (":a = pk", json!({})),
            ("(pk = :a) AND (sk = :b)", json!({})),
        ] {
            let request = json!({"TableName": "kith", "KeyConditionExpression": condition, "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {":a": {"S": "user#1"}, ":b": {"S": "x"}}});
            assert_eq!(touched("Query", &request), [need("Query", ARN, &["user#1"])], "{condition}");
        }
    }

    #[test]
    fn a_query_on_an_index_names_the_index_and_its_own_key() {
        let request = json!({"TableName": "kith", "IndexName": "gsi1", "KeyConditionExpression": "gsi1pk = :a AND gsi1sk < :b",
            "ExpressionAttributeValues": {":a": {"S": "outbox"}, ":b": {"S": "2026"}}});
        assert_eq!(touched("Query", &request), [need("Query", &format!("{ARN}/index/gsi1"), &["outbox"])]);
        let by_table_key = json!({"TableName": "kith", "IndexName": "gsi1", "KeyConditionExpression": "pk = :a",
            "ExpressionAttributeValues": {":a": {"S": "outbox"}}});
        assert!(schema().touch("Query", &by_table_key).unwrap().is_err());
    }

    #[test]
    fn batches_name_every_key() {
        let get = json!({"RequestItems": {"kith": {"ConsistentRead": true, "Keys": [{"pk": {"S": "a#1"}}, {"pk": {"S": "b#2"}}]}}});
        assert_eq!(touched("BatchGetItem", &get), [need("BatchGetItem", ARN, &["a#1", "b#2"])]);
        assert!(schema().touch("BatchGetItem", &get).unwrap().unwrap().consistent);
        let write = json!({"RequestItems": {"kith": [{"PutRequest": {"Item": {"pk": {"S": "a#1"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "b#2"}}}}]}});
        assert_eq!(touched("BatchWriteItem", &write), [need("BatchWriteItem", ARN, &["a#1", "b#2"])]);
    }

    #[test]
    fn each_element_of_a_transaction_needs_its_own_action() {
        let key = |pk: &str| json!({"TableName": "kith", "Key": {"pk": {"S": pk}}});
        let request = json!({"TransactItems": [
            {"Put": {"TableName": "kith", "Item": {"pk": {"S": "a"}}}}, {"Update": key("b")}, {"Delete": key("c")}, {"ConditionCheck": key("d")}]});
        let expected = [
            need("PutItem", ARN, &["a"]),
            need("UpdateItem", ARN, &["b"]),
            need("DeleteItem", ARN, &["c"]),
            need("ConditionCheckItem", ARN, &["d"]),
        ];
        assert_eq!(touched("TransactWriteItems", &request), expected);
        assert_eq!(
            touched("TransactGetItems", &json!({"TransactItems": [{"Get": key("e")}]})),
            [need("GetItem", ARN, &["e"])]
        );
    }

    #[test]
    fn a_foreign_table_has_its_own_arn() {
        let request = json!({"TableName": "other", "Key": {"pk": {"S": "a"}}});
        assert_eq!(touched("GetItem", &request), [need("GetItem", &ARN.replace("kith", "other"), &["a"])]);
    }

    #[test]
    fn a_request_without_a_key_is_refused_and_scans_are_unknown() {
        assert!(schema().touch("GetItem", &json!({"TableName": "kith"})).unwrap().is_err());
        for operation in ["Scan", "ExecuteStatement", "CreateTable", "DeleteTable"] {
            assert!(schema().touch(operation, &json!({"TableName": "kith"})).is_none());
        }
    }
}
