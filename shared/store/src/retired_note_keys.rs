//! Which note keys were retired by hand: one small item that is read together with a note, so that what they have sealed
//! is gone everywhere at once, also where nobody reads the keys themselves. Only `rotate-keys` may write here.

use crate::item::{Item, ttl};
use crate::keys::{self, number, text};
use crate::table::Expression;
use crate::{Result, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

/// No note lives longer, so nobody has to know of a key that was retired before.
const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);
/// The attribute with their ids.
pub(crate) const RETIRED: &str = "retired";

impl Store {
    /// From now on no note under this key is there for anybody. To be said before the key is taken out of its ring:
    /// repeated, it is the same.
    pub async fn retire_note_key(&self, kid: &str, now: Timestamp) -> Result<()> {
        let change = Expression {
            update: Some("SET kind = :kind, v = :one, #ttl = :ttl ADD retired :kids".into()),
            names: vec![("#ttl", "ttl".into())],
            values: vec![
                (":kind", text("retired_note_keys")),
                (":one", number(1)),
                (":ttl", number(ttl(now + KEPT))),
                (":kids", AttributeValue::Ss(vec![kid.to_owned()])),
            ],
            ..Expression::default()
        };
        // It has no condition to fail.
        self.update(&keys::retired_note_keys(), change).await.map(drop)
    }
}

/// Whether a key is among the retired ones.
pub(crate) fn is_retired(retired: Option<&Item>, kid: &str) -> bool {
    let kids = retired.and_then(|item| item.get(RETIRED)).and_then(|kids| kids.as_ss().ok());
    kids.is_some_and(|kids| kids.iter().any(|retired| retired == kid))
}
