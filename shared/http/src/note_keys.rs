//! The keys that seal notes, as an instance last read them.

use crate::cache::Cache;
use crate::{Cx, Problem, Result, Setting};
use jiff::{SignedDuration, Timestamp};
use kith_crypto::{KeyRing as _, NoteKey, NoteRing, SecretStore};
use std::sync::Arc;

/// The ring is read again after this time: so long a key that was replaced or retired by hand may still be in use here
/// and there. A key stands by before it seals, so that every instance knows it by then.
const FRESH: SignedDuration = SignedDuration::from_mins(1);
/// A note under an unknown key makes an instance look again, at most this often; at once if the note is newer than what
/// the instance has read.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// The note keys as an instance last read them.
#[derive(Default)]
pub(crate) struct NoteKeyCache(Cache<NoteRing>);

impl Cx {
    /// The key that seals a note now. 503 until the deployment has its first key.
    pub async fn note_key_for_sealing(&self) -> Result<NoteKey> {
        let ring = self.note_ring().await?;
        ring.sealing_key().cloned().ok_or_else(|| Problem::no_key("note"))
    }

    /// The key with the id that stands beside what was sealed at `sealed_at`; `None` once it is out of the ring, by age
    /// or by hand: nothing under it opens any more.
    pub async fn note_key(&self, kid: &str, sealed_at: Timestamp) -> Result<Option<NoteKey>> {
        let mut ring = self.note_ring().await?;
        // A key that another instance sealed with just now may be younger than the ring that this one has read.
        let age = LOOK_AGAIN.min(self.now.duration_since(sealed_at));
        if ring.key(kid).is_none() && self.app().note_keys().0.fresh(self.now, age).is_none() {
            ring = self.stored_note_ring().await?;
        }
        Ok(ring.key(kid).cloned())
    }

    async fn note_ring(&self) -> Result<Arc<NoteRing>> {
        match self.app().note_keys().0.fresh(self.now, FRESH) {
            Some(ring) => Ok(ring),
            None => self.stored_note_ring().await,
        }
    }

    /// Reads the secret. A ring that is missing is not kept: the first key may come any moment.
    async fn stored_note_ring(&self) -> Result<Arc<NoteRing>> {
        let secret = SecretStore::new(self.app().aws(), self.settings().get(Setting::NoteSecret)?);
        let ring: NoteRing = secret.load().await.map_err(|error| Problem::internal(error.to_string()))?.ring;
        if ring.is_empty() {
            return Err(Problem::no_key("note"));
        }
        let ring = Arc::new(ring);
        self.app().note_keys().0.keep(self.now, &ring);
        Ok(ring)
    }
}
