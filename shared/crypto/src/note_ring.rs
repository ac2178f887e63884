//! The ring of keys that seal notes: 256 random bits each, of which a note's own key is derived together with its
//! token, so that neither opens anything alone.

use crate::key_ring::{self, KeyRing, RingError};
use crate::{base64url, random};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// How long a replaced key stays: until the last note under it has expired, after seven days at most, and an hour for
/// instances that learn late of its successor and for machines' clocks.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

/// A key and when it begins to seal. `Debug` shows only the public facts; not serializable by itself.
#[derive(Clone)]
pub struct NoteKey {
    kid: String,
    bytes: Zeroizing<[u8; 32]>,
    created_at: Timestamp,
    seal_from: Timestamp,
}

impl NoteKey {
    /// A new key with a random 128-bit id, which seals from `seal_from` on (other instances need to learn of it first).
    pub fn generate(now: Timestamp, seal_from: Timestamp) -> Self {
        let kid = base64url::encode(&random::<16>());
        Self { kid, bytes: Zeroizing::new(random()), created_at: now, seal_from }
    }

    /// The id that stands beside each ciphertext.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key material, 256 bits.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it begins to seal.
    pub fn seal_from(&self) -> Timestamp {
        self.seal_from
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NoteKey")
            .field("kid", &self.kid)
            .field("created_at", &self.created_at)
            .field("seal_from", &self.seal_from)
            .finish_non_exhaustive()
    }
}

/// All note keys of a stage: what the secret in Secrets Manager holds.
#[derive(Clone, Debug, Default)]
pub struct NoteRing {
    keys: Vec<NoteKey>,
}

impl NoteRing {
    /// The keys, in the order in which they were added.
    pub fn keys(&self) -> &[NoteKey] {
        &self.keys
    }

    /// Adds a key.
    pub fn add(&mut self, key: NoteKey) {
        self.keys.push(key);
    }

    /// The key that seals at `now`: the one that began last. `None` while none has begun.
    pub fn sealing_key(&self, now: Timestamp) -> Option<&NoteKey> {
        self.keys.iter().filter(|key| key.seal_from <= now).max_by_key(|key| key.seal_from)
    }

    /// The key with this id, whether or not it still seals: it opens what it has sealed.
    pub fn key(&self, kid: &str) -> Option<&NoteKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The key that was made last.
    pub fn newest(&self) -> Option<&NoteKey> {
        self.keys.iter().max_by_key(|key| key.seal_from)
    }

    /// Removes one key, so that nothing that it has sealed opens again. Whether it was there.
    pub fn drop_key(&mut self, kid: &str) -> bool {
        let before = self.keys.len();
        self.keys.retain(|key| key.kid != kid);
        self.keys.len() < before
    }

    /// Removes the keys under which no note can live any more: a later one began more than seven days before `now`.
    pub fn drop_outlived(&mut self, now: Timestamp) {
        let begun: Vec<Timestamp> = self.keys.iter().map(|key| key.seal_from).collect();
        self.keys.retain(|key| {
            let successor = begun.iter().filter(|begun| **begun > key.seal_from).min();
            successor.is_none_or(|successor| now.duration_since(*successor) <= KEPT)
        });
    }
}

/// `{"keys": [{"kid", "key", "created_at", "seal_from"}]}`, `key` in base64url.
impl KeyRing for NoteRing {
    fn to_secret_text(&self) -> Result<Zeroizing<String>, RingError> {
        let texts: Vec<_> =
            self.keys.iter().map(|key| Zeroizing::new(base64url::encode(key.bytes.as_slice()))).collect();
        let keys = self.keys.iter().zip(&texts).map(|(key, text)| StoredKey {
            kid: &key.kid,
            key: text,
            created_at: key.created_at,
            seal_from: key.seal_from,
        });
        key_ring::write(&StoredRing { keys: keys.collect() })
    }

    fn from_secret_text(text: &str) -> Result<Self, RingError> {
        let stored: StoredRing<'_> = key_ring::read(text)?;
        let keys = stored.keys.into_iter().map(|key| {
            let StoredKey { created_at, seal_from, .. } = key;
            let kid = key.kid.to_owned();
            match base64url::decode_exactly(key.key) {
                Some(bytes) => Ok(NoteKey { kid, bytes, created_at, seal_from }),
                None => Err(RingError::NotAKey { kid, kind: "a key of 256 bits" }),
            }
        });
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }
}

/// Borrowed both ways, so that no copy of a key is left behind in memory.
#[derive(Serialize, Deserialize)]
struct StoredRing<'a> {
    #[serde(borrow)]
    keys: Vec<StoredKey<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey<'a> {
    kid: &'a str,
    key: &'a str,
    created_at: Timestamp,
    seal_from: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ring(seal_from: &[i64]) -> NoteRing {
        let mut ring = NoteRing::default();
        for second in seal_from {
            ring.add(NoteKey::generate(at(0), at(*second)));
        }
        ring
    }

    fn begun(ring: &NoteRing) -> Vec<i64> {
        ring.keys().iter().map(|key| key.seal_from().as_second()).collect()
    }

    #[test]
    fn the_newest_key_that_has_begun_seals_and_every_key_opens() {
        let ring = ring(&[100, 300, 200]);
        let seals = |second| ring.sealing_key(at(second)).map(NoteKey::seal_from);
        assert_eq!(seals(99), None);
        assert_eq!(seals(100), Some(at(100)));
        assert_eq!(seals(299), Some(at(200)));
        assert_eq!(seals(300), Some(at(300)));
        for key in ring.keys() {
            assert_eq!(ring.key(key.kid()).unwrap().bytes(), key.bytes());
        }
        assert!(ring.key("nobody-knows-it").is_none());
        assert_eq!(ring.newest().unwrap().seal_from(), at(300));
    }

    #[test]
    fn a_replaced_key_stays_until_the_last_note_under_it_has_expired() {
        let mut ring = ring(&[0, 30 * DAY, 60 * DAY]);
        ring.drop_outlived(at(37 * DAY + 3600));
        assert_eq!(begun(&ring), [0, 30 * DAY, 60 * DAY]);
        ring.drop_outlived(at(37 * DAY + 3601));
        assert_eq!(begun(&ring), [30 * DAY, 60 * DAY]);
        ring.drop_outlived(at(1000 * DAY));
        assert_eq!(begun(&ring), [60 * DAY]);
        ring.drop_outlived(at(1000 * DAY));
        assert_eq!(begun(&ring), [60 * DAY]);
    }

    #[test]
    fn a_key_is_dropped_by_its_id_alone() {
        let mut ring = ring(&[1, 2]);
        let leaked = ring.keys()[0].kid().to_owned();
        assert!(!ring.drop_key("nobody-knows-it"));
        assert!(ring.drop_key(&leaked));
        assert!(ring.key(&leaked).is_none());
        assert_eq!(begun(&ring), [2]);
    }

    #[test]
    fn a_ring_reads_back_from_the_text_of_its_secret() {
        let ring = ring(&[100, 200]);
        let read = NoteRing::from_secret_text(&ring.to_secret_text().unwrap()).unwrap();
        let all = |ring: &NoteRing| ring.keys().iter().map(|key| (key.kid.clone(), *key.bytes)).collect::<Vec<_>>();
        assert_eq!(all(&read), all(&ring));
        assert_eq!(begun(&read), [100, 200]);
        assert_eq!(read.keys()[0].created_at(), at(0));

        let json: serde_json::Value = serde_json::from_str(&ring.to_secret_text().unwrap()).unwrap();
        assert_eq!(json["keys"][0]["seal_from"], "1970-01-01T00:01:40Z");
        assert_eq!(json["keys"][0]["kid"].as_str().unwrap().len(), 22);
        assert_eq!(json["keys"][0]["key"].as_str().unwrap().len(), 43);
    }

    #[test]
    fn neither_debug_nor_errors_show_a_key() {
        let ring = ring(&[100]);
        let text = ring.to_secret_text().unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let key = json["keys"][0]["key"].as_str().unwrap();
        assert!(!format!("{ring:?}").contains(key) && !format!("{ring:?}").contains("bytes"));
        for bad in [text.replace("\"key\"", "\"seal_from\""), text.replace("\"key\":\"", "\"key\":\"AAAA")] {
            let error = NoteRing::from_secret_text(&bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(key), "{error:?}");
        }
    }

    #[test]
    fn neither_ids_nor_keys_are_used_twice() {
        let ring = ring(&[1, 1]);
        assert_ne!(ring.keys()[0].kid(), ring.keys()[1].kid());
        assert_ne!(ring.keys()[0].bytes(), ring.keys()[1].bytes());
    }
}
