//! The public halves of token-signing keys. Only `rotate-keys` may write here.

use crate::item::{entity, item, ttl};
use crate::keys::{self, PUBLISHED, number};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store};
use jiff::Timestamp;
use kith_domain::VerificationKey;

impl Store {
    /// All published keys, by id. One read.
    pub async fn verification_keys(&self) -> Result<Vec<VerificationKey>> {
        self.everything(keys::SIGNING, PUBLISHED).await?.into_iter().map(entity).collect()
    }

    /// Publishes new keys.
    pub async fn publish_keys(&self, new: &[VerificationKey]) -> Result<()> {
        let mut change = Transaction::new();
        for key in new {
            change.put_new(&self.table, item(&keys::signing_key(&key.kid), "signing_key", key)?);
        }
        self.commit(change).await
    }

    /// From `end` on a key is trusted no more; an end that it has stays.
    pub async fn end_key(&self, kid: &str, end: Timestamp) -> Result<()> {
        let condition = "attribute_exists(pk) AND attribute_not_exists(retire_at)";
        self.set_end(kid, condition, end, end).await
    }

    /// A key is trusted no more, by whatever clock and whatever end it had.
    pub async fn revoke_key(&self, kid: &str, now: Timestamp) -> Result<()> {
        self.set_end(kid, "attribute_exists(pk)", Timestamp::UNIX_EPOCH, now).await
    }

    /// Nothing happens to a key that is gone, and where the condition does not hold.
    async fn set_end(&self, kid: &str, condition: &'static str, end: Timestamp, gone: Timestamp) -> Result<()> {
        let change = Expression {
            update: Some("SET retire_at = :end, #ttl = :ttl".into()),
            condition: Some(condition),
            names: vec![("#ttl", "ttl".into())],
            values: vec![(":end", number(end.as_millisecond())), (":ttl", number(ttl(gone)))],
        };
        self.update(&keys::signing_key(kid), change).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;

    #[test]
    fn a_verification_key_is_stored_in_the_open_and_reads_back() {
        let key = VerificationKey {
            kid: "k1".into(),
            x: "public key".into(),
            created_at: Timestamp::from_second(1_800_000_000).unwrap(),
            retire_at: None,
        };
        let item = item(&keys::signing_key(&key.kid), "signing_key", &key).unwrap();
        assert_eq!(entity::<VerificationKey>(item.clone()).unwrap(), key);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
