//! Which key of a ring works: one rule for all rings.
//!
//! The first key works and the second stands by. No clock chooses. A key that is replaced or retired leaves the
//! succession and never comes back, so nothing that happens to its successors makes it work again.

use jiff::{SignedDuration, Timestamp};

/// A key stands by for this long before a schedule lets it work: by then every instance has read that it is there.
const NOTICE: SignedDuration = SignedDuration::from_hours(1);
/// One that works and one that stands by.
const FULL: usize = 2;

/// A key in a succession.
pub trait Key {
    /// Its id.
    fn kid(&self) -> &str;

    /// When it was made.
    fn created_at(&self) -> Timestamp;
}

/// The keys that work or will work, in their order.
#[derive(Clone, Debug)]
pub struct Succession<K>(Vec<K>);

impl<K> Default for Succession<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Key> Succession<K> {
    /// The succession of these keys, the one that works first.
    pub(crate) fn of(keys: Vec<K>) -> Self {
        Self(keys)
    }

    /// The key that signs or seals; `None` while there is none.
    pub fn working(&self) -> Option<&K> {
        self.0.first()
    }

    /// The key that works next.
    pub fn standby(&self) -> Option<&K> {
        self.0.get(1)
    }

    /// All of them, the one that works first.
    pub fn keys(&self) -> &[K] {
        &self.0
    }

    /// The key with this id.
    pub fn get(&self, kid: &str) -> Option<&K> {
        self.0.iter().find(|key| key.kid() == kid)
    }

    /// Whether a schedule lets the next key work at `now`: whoever knows the one that works must know the other, too. So
    /// the same event twice, or two at once, replace one key.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let (Some(working), Some(standby)) = (self.working(), self.standby()) else { return false };
        // Of times that lie ahead, one clock is wrong; that must not stop the rotation for ever.
        let age = now.duration_since(standby.created_at()).abs();
        age >= NOTICE || standby.created_at() <= working.created_at()
    }

    /// Lets the next key work and gives the one before; `None`, and no change, where there is no next one.
    pub fn advance(&mut self) -> Option<K> {
        self.standby()?;
        Some(self.0.remove(0))
    }

    /// Takes a key out; the one behind it moves up.
    pub fn remove(&mut self, kid: &str) -> Option<K> {
        let place = self.0.iter().position(|key| key.kid() == kid)?;
        Some(self.0.remove(place))
    }

    /// Keeps the keys of which this is true.
    pub(crate) fn retain(&mut self, is_good: impl Fn(&K) -> bool) {
        self.0.retain(is_good);
    }

    /// Appends keys until one works and one stands by, and gives those that are new.
    pub fn complete<E>(&mut self, mut make: impl FnMut() -> Result<K, E>) -> Result<&[K], E> {
        let before = self.0.len();
        while self.0.len() < FULL {
            self.0.push(make()?);
        }
        Ok(self.0.get(before..).unwrap_or_default())
    }
}

/// Whether an orphan may be told from a key that somebody is about to store.
pub(crate) fn is_long_known(created_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(created_at) >= NOTICE
}
