//! The public halves of token-signing keys. Only `rotate-keys` may write here.

use crate::item::{entity, item, number_of, text_of, ttl};
use crate::keys::{self, PUBLISHED, number, text};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::VerificationKey;

/// Where rotation stands: the newest key, and a revision that lets one rotation win.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ring {
    /// The key published last.
    pub newest: Option<String>,
    /// Goes up by one with every rotation.
    pub rev: i64,
}

impl Store {
    /// All published keys, by id. One read.
    pub async fn verification_keys(&self) -> Result<Vec<VerificationKey>> {
        self.everything(&keys::signing_ring().pk, PUBLISHED).await?.into_iter().map(entity).collect()
    }

    /// All published keys, and where rotation stands. One read.
    pub async fn signing_ring(&self) -> Result<(Ring, Vec<VerificationKey>)> {
        let mut ring = Ring::default();
        let mut published = Vec::new();
        for item in self.everything(&keys::signing_ring().pk, "").await? {
            if text_of(&item, "sk") == Some("ring") {
                ring = Ring {
                    newest: text_of(&item, "newest").map(str::to_owned),
                    rev: number_of(&item, "rev").unwrap_or(0),
                };
            } else {
                published.push(entity(item)?);
            }
        }
        Ok((ring, published))
    }

    /// Publishes a new key and sets when older ones end. `Stale` where another rotation was first.
    pub async fn publish_key(&self, ring: &Ring, key: &VerificationKey, retired: &[(String, Timestamp)]) -> Result<()> {
        let mut change = Transaction::new();
        let forward = Expression {
            update: Some("SET newest = :kid, rev = :after, kind = :kind, v = :one".into()),
            condition: Some("attribute_not_exists(pk) OR rev = :before"),
            values: vec![
                (":kid", text(&key.kid)),
                (":before", number(ring.rev)),
                (":after", number(ring.rev + 1)),
                (":kind", text("signing_ring")),
                (":one", number(1)),
            ],
            ..Expression::default()
        };
        change.update(&self.table, &keys::signing_ring(), forward, |_| StoreError::Stale);
        change.put_new(&self.table, item(&keys::signing_key(&key.kid), "signing_key", key)?);
        for (kid, end) in retired {
            let retire = Expression {
                update: Some("SET retire_at = :end, #ttl = :ttl".into()),
                condition: Some("attribute_exists(pk)"),
                names: vec![("#ttl", "ttl".into())],
                values: vec![(":end", number(end.as_millisecond())), (":ttl", number(ttl(*end)))],
            };
            change.update(&self.table, &keys::signing_key(kid), retire, |_| StoreError::Stale);
        }
        self.commit(change).await
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
            sign_from: Timestamp::from_second(1_800_000_000).unwrap(),
            retire_at: None,
        };
        let item = item(&keys::signing_key(&key.kid), "signing_key", &key).unwrap();
        assert_eq!(entity::<VerificationKey>(item.clone()).unwrap(), key);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
