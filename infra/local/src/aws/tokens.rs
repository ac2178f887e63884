//! Transactions that come twice: by the token that the SDK gives each of them, a repeated one is answered without being
//! done again, for ten minutes.
//!
//! The library has this in the handle that [`super::database`] stands in for; there, each transaction looks at all tokens
//! of the last ten minutes.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use dynoxide::{DynoxideError, Result};
use serde_json::{Value, json};

use super::database::Database;
use super::keys::{KeySchema, elements};
use super::locked;

/// How long a token is known, by the machine's clock.
const KNOWN: Duration = Duration::from_mins(10);

/// The tokens of the last ten minutes.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Digests of what was done, by token.
    done: HashMap<String, u64>,
    /// The tokens, oldest first.
    order: VecDeque<(Instant, String)>,
}

impl Tokens {
    /// Does a transaction by `act`, unless it has been done under the same token.
    pub(super) fn once(
        &self,
        database: &Database,
        schema: &KeySchema,
        body: Value,
        act: impl FnOnce(Value) -> Result<Value>,
    ) -> Result<Value> {
        let Some(token) = body.get("ClientRequestToken").and_then(Value::as_str).map(str::to_owned) else {
            return act(body);
        };
        let digest = digest(&body);
        // Held while it is done: the same transaction, arriving meanwhile, has to wait for it.
        let mut known = locked(&self.0);
        known.forget(Instant::now());
        match known.done.get(&token) {
            Some(done) if *done == digest => return repeated(database, schema, &body),
            Some(_) => {
                let message = "the token was given with another transaction";
                return Err(DynoxideError::IdempotentParameterMismatchException(message.into()));
            }
            None => {}
        }
        let answer = act(body)?;
        known.done.insert(token.clone(), digest);
        known.order.push_back((Instant::now(), token));
        Ok(answer)
    }
}

impl Known {
    fn forget(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(at, _)| now.duration_since(*at) > KNOWN) {
            if let Some((_, token)) = self.order.pop_front() {
                self.done.remove(&token);
            }
        }
    }
}

fn digest(body: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.get("TransactItems").map(Value::to_string).hash(&mut hasher);
    hasher.finish()
}

/// The answer to a transaction that was done before: it is charged for reading the items.
fn repeated(database: &Database, schema: &KeySchema, body: &Value) -> Result<Value> {
    let get = |(request, holder): (&Value, &Value)| json!({"Get": {"TableName": request.get("TableName"), "Key": schema.key_of(holder)}});
    let gets: Vec<Value> =
        elements(body).filter_map(|element| Some((element.request, element.holder?))).map(get).collect();
    let read = json!({"TransactItems": gets, "ReturnConsumedCapacity": "TOTAL"});
    let internal = |error: serde_json::Error| DynoxideError::InternalServerError(error.to_string());
    let read = database.transact_get_items(serde_json::from_value(read).map_err(internal)?)?;
    let read = serde_json::to_value(read).map_err(internal)?;
    let charged = |table: &Value| {
        let units = table.get("CapacityUnits");
        json!({"TableName": table.get("TableName"), "CapacityUnits": units, "ReadCapacityUnits": units})
    };
    let tables = read.get("ConsumedCapacity").and_then(Value::as_array).into_iter().flatten();
    Ok(json!({"ConsumedCapacity": tables.map(charged).collect::<Vec<_>>()}))
}
