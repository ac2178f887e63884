//! The ring of keys that seal notes: 256 random bits each, of which a note's own key is derived together with its
//! token, so that neither opens anything alone.

use crate::key_ring::{self, KeyRing, RingError};
use crate::succession::{Key, Succession};
use crate::{base64url, random};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use zeroize::Zeroizing;

/// How long a replaced key stays: until the last note under it has expired, after seven days at most, and a day for the
/// minute in which instances still seal with it, for machines' clocks, and for an event that came late.
const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A key. `Debug` shows only the public facts; not serializable by itself.
#[derive(Clone)]
pub struct NoteKey {
    kid: String,
    bytes: Zeroizing<[u8; 32]>,
    created_at: Timestamp,
}

/// A key that seals no more, and opens what it has sealed.
#[derive(Clone, Debug)]
struct ReplacedKey {
    key: NoteKey,
    replaced_at: Timestamp,
}

impl NoteKey {
    /// A new key with a random 128-bit id.
    pub fn generate(now: Timestamp) -> Self {
        let kid = base64url::encode(&random::<16>());
        Self { kid, bytes: Zeroizing::new(random()), created_at: now }
    }

    /// The id that stands beside each ciphertext.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key material, 256 bits.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl Key for NoteKey {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NoteKey")
            .field("kid", &self.kid)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// All note keys of a stage: what the secret in Secrets Manager holds.
#[derive(Clone, Debug, Default)]
pub struct NoteRing {
    keys: Succession<NoteKey>,
    replaced: Vec<ReplacedKey>,
}

impl NoteRing {
    /// The key that seals and the one that stands by.
    pub fn keys(&self) -> &Succession<NoteKey> {
        &self.keys
    }

    /// The key that seals. `None` while there is none.
    pub fn sealing_key(&self) -> Option<&NoteKey> {
        self.keys.working()
    }

    /// The key with this id, whether or not it still seals: it opens what it has sealed.
    pub fn key(&self, kid: &str) -> Option<&NoteKey> {
        self.keys.get(kid).or_else(|| self.replaced.iter().map(|replaced| &replaced.key).find(|key| key.kid == kid))
    }

    /// Adds what is missing, so that one key seals and one stands by. Whether anything was.
    pub fn complete(&mut self, now: Timestamp) -> bool {
        let Ok(added) = self.keys.complete(|| Ok::<_, Infallible>(NoteKey::generate(now)));
        !added.is_empty()
    }

    /// Lets the next key seal, if it is time, and takes out those that nothing can be under any more. Whether it was
    /// time.
    pub fn rotate(&mut self, now: Timestamp) -> bool {
        if !self.keys.is_due(now) {
            return false;
        }
        self.replaced.extend(self.keys.advance().map(|key| ReplacedKey { key, replaced_at: now }));
        self.replaced.retain(|replaced| now.duration_since(replaced.replaced_at) <= KEPT);
        true
    }

    /// Takes a key out, so that nothing that it has sealed opens again. Whether it was there.
    pub fn retire(&mut self, kid: &str) -> bool {
        let before = self.replaced.len();
        self.replaced.retain(|replaced| replaced.key.kid != kid);
        self.keys.remove(kid).is_some() || self.replaced.len() < before
    }
}

/// `{"keys": [{"kid", "key", "created_at"}], "replaced": [{…, "replaced_at"}]}`, `key` in base64url, the key that seals
/// first.
impl KeyRing for NoteRing {
    fn is_empty(&self) -> bool {
        self.keys.working().is_none()
    }

    fn to_secret_text(&self) -> Result<Zeroizing<String>, RingError> {
        let now = self.keys.keys().iter().map(|key| (key, None));
        let before = self.replaced.iter().map(|replaced| (&replaced.key, Some(replaced.replaced_at)));
        let all: Vec<_> = now.chain(before).collect();
        let texts: Vec<_> =
            all.iter().map(|(key, _)| Zeroizing::new(base64url::encode(key.bytes.as_slice()))).collect();
        let stored = all.iter().zip(&texts).map(|((key, replaced_at), text)| StoredKey {
            kid: &key.kid,
            key: text,
            created_at: key.created_at,
            replaced_at: *replaced_at,
        });
        let (replaced, keys) = stored.partition(|key| key.replaced_at.is_some());
        key_ring::write(&StoredRing { keys, replaced })
    }

    fn from_secret_text(text: &str) -> Result<Self, RingError> {
        let stored: StoredRing<'_> = key_ring::read(text)?;
        let mut keys = Vec::new();
        let mut replaced = Vec::new();
        for key in stored.keys.into_iter().chain(stored.replaced) {
            let StoredKey { created_at, replaced_at, .. } = key;
            let kid = key.kid.to_owned();
            let Some(bytes) = base64url::decode_exactly(key.key) else {
                return Err(RingError::NotAKey { kid, kind: "a key of 256 bits" });
            };
            let key = NoteKey { kid, bytes, created_at };
            match replaced_at {
                None => keys.push(key),
                Some(replaced_at) => replaced.push(ReplacedKey { key, replaced_at }),
            }
        }
        Ok(Self { keys: Succession::of(keys), replaced })
    }
}

/// Borrowed both ways, so that no copy of a key is left behind in memory.
#[derive(Serialize, Deserialize)]
struct StoredRing<'a> {
    #[serde(borrow)]
    keys: Vec<StoredKey<'a>>,
    #[serde(borrow, default)]
    replaced: Vec<StoredKey<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey<'a> {
    kid: &'a str,
    key: &'a str,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The first ring of a stage.
    fn ring() -> NoteRing {
        let mut ring = NoteRing::default();
        assert!(ring.complete(at(0)) && !ring.complete(at(0)));
        ring
    }

    /// A rotation as `rotate-keys` does it.
    fn rotate(ring: &mut NoteRing, now: i64) -> bool {
        let was_due = ring.rotate(at(now));
        ring.complete(at(now));
        was_due
    }

    fn seals(ring: &NoteRing) -> String {
        ring.sealing_key().unwrap().kid().to_owned()
    }

    #[test]
    fn the_key_that_stands_by_seals_next_and_every_key_opens() {
        let mut ring = ring();
        let (first, second) = (seals(&ring), ring.keys().standby().unwrap().kid().to_owned());
        assert!(rotate(&mut ring, 1));
        assert_eq!(seals(&ring), second);
        for kid in [&first, &second] {
            assert_eq!(ring.key(kid).unwrap().kid(), kid);
        }
        assert!(ring.key("nobody-knows-it").is_none());
        assert!(!rotate(&mut ring, 3600), "the same event came twice");
        assert!(rotate(&mut ring, 3601));
        assert!(!NoteRing::default().rotate(at(0)));
    }

    #[test]
    fn a_replaced_key_stays_until_the_last_note_under_it_has_expired() {
        let mut ring = ring();
        let first = seals(&ring);
        for day in 0..=8 {
            assert!(rotate(&mut ring, 60 + day * DAY));
            assert!(ring.key(&first).is_some(), "day {day}");
        }
        assert!(rotate(&mut ring, 61 + 9 * DAY));
        assert!(ring.key(&first).is_none());
    }

    #[test]
    fn h07_a_key_that_was_replaced_never_seals_again_whatever_is_retired() {
        let mut ring = ring();
        let mut before = vec![seals(&ring)];
        for step in 1..50_i64 {
            let now = step * DAY;
            match step % 5 {
                0 | 3 => assert!(rotate(&mut ring, now)),
                1 => assert!(ring.retire(&seals(&ring))),
                2 => {
                    let standby = ring.keys().standby().unwrap().kid().to_owned();
                    assert!(ring.retire(&standby));
                }
                _ => {
                    let oldest = ring.replaced.first().map(|oldest| oldest.key.kid.clone());
                    assert!(oldest.is_none_or(|oldest| ring.retire(&oldest) && ring.key(&oldest).is_none()));
                }
            }
            ring.complete(at(now));
            let kid = seals(&ring);
            assert!(ring.keys().standby().is_some());
            if before.last() != Some(&kid) {
                assert!(!before.contains(&kid), "step {step}");
                before.push(kid);
            }
        }
        assert!(!ring.retire("nobody-knows-it") && !ring.retire(&before[0]));
    }

    #[test]
    fn a_ring_reads_back_from_the_text_of_its_secret_in_its_order() {
        let mut ring = ring();
        let first = seals(&ring);
        rotate(&mut ring, 100);
        let read = NoteRing::from_secret_text(&ring.to_secret_text().unwrap()).unwrap();
        assert_eq!(seals(&read), seals(&ring));
        assert_eq!(read.keys().standby().unwrap().bytes(), ring.keys().standby().unwrap().bytes());
        assert_eq!(read.key(&first).unwrap().bytes(), ring.key(&first).unwrap().bytes());
        assert_eq!(read.replaced[0].replaced_at, at(100));

        let json: serde_json::Value = serde_json::from_str(&ring.to_secret_text().unwrap()).unwrap();
        assert_eq!(json["replaced"][0]["replaced_at"], "1970-01-01T00:01:40Z");
        assert_eq!(json["keys"][0]["kid"].as_str().unwrap().len(), 22);
        assert_eq!(json["keys"][0]["key"].as_str().unwrap().len(), 43);
    }

    #[test]
    fn neither_debug_nor_errors_show_a_key() {
        let ring = ring();
        let text = ring.to_secret_text().unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let key = json["keys"][0]["key"].as_str().unwrap();
        assert!(!format!("{ring:?}").contains(key) && !format!("{ring:?}").contains("bytes"));
        for bad in [text.replace("\"key\"", "\"created_at\""), text.replace("\"key\":\"", "\"key\":\"AAAA")] {
            let error = NoteRing::from_secret_text(&bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(key), "{error:?}");
        }
    }

    #[test]
    fn neither_ids_nor_keys_are_used_twice() {
        let ring = ring();
        let (first, second) = (ring.sealing_key().unwrap(), ring.keys().standby().unwrap());
        assert_ne!(first.kid(), second.kid());
        assert_ne!(first.bytes(), second.bytes());
    }
}
