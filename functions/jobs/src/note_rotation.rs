//! The rotation of the keys that seal notes. All of it is one write: the whole ring is in one secret, and of two
//! rotations that go on from the same ring one is refused. So a run that is repeated or cut off does no harm.

use crate::rotate_keys::{Rotated, TRIES, failed, outrun};
use jiff::Timestamp;
use kith_crypto::{NoteRing, SecretStore, Wish};
use kith_http::{JobCx, JobError, Setting};

/// Fulfils a wish. `None`, and nothing is changed, where nobody knows the key to retire.
pub(crate) async fn run(cx: &JobCx, wish: Wish<'_>, now: Timestamp) -> Result<Option<Rotated>, JobError> {
    let secret: SecretStore<NoteRing> = SecretStore::new(cx.aws(), cx.settings().get(Setting::NoteSecret)?);
    for _ in 0..TRIES {
        let loaded = secret.load().await.map_err(failed)?;
        let mut ring = loaded.ring.clone();
        let is_changed = match wish {
            Wish::Present => false,
            Wish::Rotation => ring.rotate(now),
            Wish::Retirement(kid) if ring.retire(kid) => true,
            Wish::Retirement(_) => return Ok(None),
        };
        if !ring.complete(now) && !is_changed {
            return Ok(Some(Rotated::NotDue));
        }
        if let Wish::Retirement(kid) = wish {
            // First to the table: there it acts at once, and whoever is cut off here retires it again.
            cx.store()?.retire_note_key(kid, now).await?;
        }
        if secret.replace(&loaded, &ring).await.map_err(failed)? {
            return Ok(Some(Rotated::to(ring.keys())));
        }
    }
    Err(outrun())
}
