//! `rotate-keys`: every 30 days, and when the stack has been created or updated.
//!
//! It rotates the keys that sign access tokens and those that seal notes, each ring on its own: whatever keeps one from
//! it, the other goes on. A leaked key is retired by hand: `docs/OPERATIONS.md` tells how.

use crate::{note_rotation, signing_rotation};
use jiff::Timestamp;
use kith_crypto::{Key, Succession, Wish};
use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How often a run begins anew because another one was faster.
pub(crate) const TRIES: u32 = 6;

/// The function.
pub fn function() -> Function {
    Function::job("rotate-keys", &[Setting::TableName, Setting::SigningSecret, Setting::NoteSecret], rotate_keys)
}

/// What starts it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Call {
    /// By hand: a signing key has leaked. Tokens under it are refused from now on, and the next key signs.
    Retire { retire: Value, retire_note_key: Option<Value>, time: Option<Timestamp> },
    /// By hand: a note key has leaked. What it has sealed opens no more, and the next key seals.
    RetireNoteKey { retire_note_key: Value, time: Option<Timestamp> },
    /// A schedule, or news about the stack.
    Event(Scheduled),
}

/// What was done with each ring that the call is about, or why a call by hand is refused.
#[derive(Default, Serialize)]
struct Done {
    #[serde(skip_serializing_if = "Option::is_none")]
    signing: Option<Rotated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Rotated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'static str>,
}

/// What was done with a ring.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rotated {
    /// There is a new key. Which one is in use, and which stands by to be used next.
    Changed { in_use: String, standby: String },
    /// A key that had been replaced before is out of use now; the ring is as it was.
    Retired,
    /// One key is in use, one stands by, and it is not time for that.
    NotDue,
}

impl Rotated {
    /// What a ring is like now.
    pub(crate) fn to(keys: &Succession<impl Key>) -> Self {
        let kid = |key: Option<&_>| key.map(Key::kid).unwrap_or_default().to_owned();
        Self::Changed { in_use: kid(keys.working()), standby: kid(keys.standby()) }
    }
}

async fn rotate_keys(cx: JobCx, call: Call) -> Result<Done, JobError> {
    match call {
        Call::Retire { retire_note_key: Some(_), .. } => Ok(refused("Retire one key with one call.")),
        Call::Retire { retire, time, .. } => {
            let Some((kid, now)) = by_hand(&retire, time) else { return Ok(refused(INCOMPLETE)) };
            match signing_rotation::run(&cx, Wish::Retirement(kid), now).await? {
                Some(signing) => Ok(Done { signing: Some(signing), ..Done::default() }),
                None => Ok(refused("No signing key has this id. /.well-known/jwks.json has those that are trusted.")),
            }
        }
        Call::RetireNoteKey { retire_note_key, time } => {
            let Some((kid, now)) = by_hand(&retire_note_key, time) else { return Ok(refused(INCOMPLETE)) };
            match note_rotation::run(&cx, Wish::Retirement(kid), now).await? {
                Some(notes) => Ok(Done { notes: Some(notes), ..Done::default() }),
                None => Ok(refused("No note key has this id. It may have been retired already.")),
            }
        }
        Call::Event(event) => {
            // News about the stack only make sure that there are keys.
            let wish = if event.source == "aws.cloudformation" { Wish::Present } else { Wish::Rotation };
            // Both are done before either's failure is told; repeated, the one that is done is not due.
            let signing = signing_rotation::run(&cx, wish, event.time).await;
            let notes = note_rotation::run(&cx, wish, event.time).await;
            Ok(Done { signing: signing?, notes: notes?, refused: None })
        }
    }
}

const INCOMPLETE: &str = "Give the id of the key as a text, and the time.";

fn by_hand(kid: &Value, time: Option<Timestamp>) -> Option<(&str, Timestamp)> {
    Some((kid.as_str()?, time?))
}

fn refused(why: &'static str) -> Done {
    tracing::warn!(name = "rotate-keys", why, "refused");
    Done { refused: Some(why), ..Done::default() }
}

pub(crate) fn failed(error: impl std::fmt::Display) -> JobError {
    JobError(error.to_string())
}

/// Others were faster as often as it was tried.
pub(crate) fn outrun() -> JobError {
    JobError("other runs were faster each time: call again".into())
}
