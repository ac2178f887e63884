//! The rotation of the keys that seal notes. All of it is one write: the whole ring is in one secret, and of two
//! rotations that go on from the same ring one is refused. So a run that is repeated or cut off does no harm.

use crate::rotate_keys::{NOTICE, Rotated, failed};
use jiff::Timestamp;
use kith_crypto::secret_store::LoadedRing;
use kith_crypto::{NoteKey, NoteRing, SecretStore};
use kith_http::{JobCx, JobError, Scheduled, Setting};

/// Adds a key, which seals an hour later (the first at once): by then every instance knows it. The keys before it open
/// what they sealed until the last of that has expired.
pub(crate) async fn rotate(cx: &JobCx, event: &Scheduled) -> Result<Rotated, JobError> {
    let (secret, loaded) = load(cx).await?;
    if !is_due(&loaded.ring, event) {
        return Ok(Rotated::NotDue);
    }
    // Where another rotation was first, its key serves as well.
    Ok(with_new_key(&secret, loaded, event.time).await?.unwrap_or(Rotated::NotDue))
}

/// Takes one key out at once, so that nothing that it has sealed opens again, and adds another.
pub(crate) async fn retire(cx: &JobCx, kid: &str, now: Timestamp) -> Result<Rotated, JobError> {
    let (secret, mut loaded) = load(cx).await?;
    if !loaded.ring.drop_key(kid) {
        return Err(JobError("there is no note key with this id".into()));
    }
    // First to the table: there it acts at once, and whoever is cut off here retires it again.
    cx.store()?.retire_note_key(kid, now).await?;
    let raced = || JobError("another rotation was faster: call again".into());
    with_new_key(&secret, loaded, now).await?.ok_or_else(raced)
}

async fn load(cx: &JobCx) -> Result<(SecretStore<NoteRing>, LoadedRing<NoteRing>), JobError> {
    let secret = SecretStore::new(cx.aws(), cx.settings().get(Setting::NoteSecret)?);
    let loaded = secret.load().await.map_err(failed)?;
    Ok((secret, loaded))
}

/// `None` if another rotation was faster.
async fn with_new_key(
    secret: &SecretStore<NoteRing>,
    mut loaded: LoadedRing<NoteRing>,
    now: Timestamp,
) -> Result<Option<Rotated>, JobError> {
    let seal_from = if loaded.ring.sealing_key(now).is_some() { now + NOTICE } else { now };
    let key = NoteKey::generate(now, seal_from);
    let added = Rotated::Published { kid: key.kid().to_owned(), from: seal_from };
    loaded.ring.drop_outlived(now);
    loaded.ring.add(key);
    Ok(secret.replace(&loaded).await.map_err(failed)?.then_some(added))
}

/// A schedule rotates unless the newest key has not begun to seal (the same event came twice); news about the stack
/// only makes sure that there is a key.
fn is_due(ring: &NoteRing, event: &Scheduled) -> bool {
    ring.newest().is_none_or(|newest| event.source != "aws.cloudformation" && newest.seal_from() <= event.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn is_due_at(ring: &NoteRing, source: &str, second: i64) -> bool {
        is_due(ring, &Scheduled { time: at(second), source: source.into() })
    }

    #[test]
    fn b07_news_about_the_stack_makes_the_first_key_and_the_schedule_the_others() {
        let mut ring = NoteRing::default();
        assert!(is_due_at(&ring, "aws.cloudformation", 0) && is_due_at(&ring, "aws.events", 0));
        ring.add(NoteKey::generate(at(0), at(3600)));
        assert!(!is_due_at(&ring, "aws.cloudformation", 9999));
        assert!(!is_due_at(&ring, "aws.events", 3599), "the same event came twice");
        assert!(is_due_at(&ring, "aws.events", 3600));
    }
}
