//! What an instance has read and keeps for a while.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};

/// Something that was read, and when.
pub(crate) struct Cache<T>(Mutex<Option<(Timestamp, Arc<T>)>>);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Cache<T> {
    /// What it holds if that is not older than `age`. A clock that went back makes everything old.
    pub(crate) fn fresh(&self, now: Timestamp, age: SignedDuration) -> Option<Arc<T>> {
        let cached = self.0.lock().ok()?;
        let (at, value) = cached.as_ref()?;
        (*at <= now && now.duration_since(*at) < age).then(|| value.clone())
    }

    /// Holds this from now on.
    pub(crate) fn keep(&self, now: Timestamp, value: &Arc<T>) {
        if let Ok(mut cached) = self.0.lock() {
            *cached = Some((now, value.clone()));
        }
    }
}
