//! Answers kept for 24 hours, so that a creating request repeated with the same Idempotency-Key has one effect.

use crate::item::{Item, entity, expiring, item};
use crate::keys::{self, number};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An answer, sealed under a key that only the client has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Hash of caller, operation and Idempotency-Key.
    pub key_hash: String,
    /// Hash of Idempotency-Key and body: the same key with another body is a mistake.
    pub body_hash: String,
    /// Status, location and body of the answer: AES-256-GCM, base64url.
    pub sealed: String,
    /// From here on the key is free again. Milliseconds since 1970.
    pub expires_at: i64,
}

impl Store {
    /// The answer that was given under a key, if it is still kept.
    pub async fn answer(&self, key_hash: &str, now: Timestamp) -> Result<Option<Answer>> {
        let answer = self.get(&keys::answer(key_hash)).await?.map(entity::<Answer>).transpose()?;
        Ok(answer.filter(|answer| now.as_millisecond() < answer.expires_at))
    }

    /// Adds the answer to the transaction of the change that it tells of; first, so that a repeat is told from a
    /// clash with its own first time.
    pub(crate) fn put_answer(&self, change: &mut Transaction, answer: Option<Answer>, now: Timestamp) -> Result<()> {
        let Some(answer) = answer else { return Ok(()) };
        let unused = Expression {
            condition: Some("attribute_not_exists(pk) OR expires_at <= :now"),
            values: vec![(":now", number(now.as_millisecond()))],
            ..Expression::default()
        };
        change.put(&self.table, answer_item(&answer)?, unused, |before| match before.map(entity::<Answer>) {
            Some(Ok(before)) => StoreError::Repeated(Box::new(before)),
            Some(Err(error)) => error,
            None => StoreError::Unreadable("the table did not give the earlier answer".into()),
        });
        Ok(())
    }
}

/// What an answer is stored as.
fn answer_item(answer: &Answer) -> Result<Item> {
    let end =
        Timestamp::from_millisecond(answer.expires_at).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(expiring(item(&keys::answer(&answer.key_hash), "answer", answer)?, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;

    #[test]
    fn an_answer_is_stored_sealed_and_reads_back() {
        let answer = Answer {
            key_hash: "hash of caller, operation and key".into(),
            body_hash: "hash of the body".into(),
            sealed: "sealed answer".into(),
            expires_at: 1_800_086_400_000,
        };
        let item = answer_item(&answer).unwrap();
        assert_eq!(entity::<Answer>(item.clone()).unwrap(), answer);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
