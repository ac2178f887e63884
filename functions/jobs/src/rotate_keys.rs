//! `rotate-keys`: every 30 days, and when the stack has been created or updated.
//!
//! It rotates the keys that sign access tokens and those that seal notes, each ring on its own: whatever keeps one from
//! it, the other goes on. A leaked key is retired by hand: `docs/OPERATIONS.md` tells how.

use crate::{note_rotation, signing_rotation};
use jiff::{SignedDuration, Timestamp};
use kith_http::{Function, JobCx, JobError, Scheduled, Setting};
use serde::{Deserialize, Serialize};

/// Every instance has read a stored key again long before it is used.
pub(crate) const NOTICE: SignedDuration = SignedDuration::from_hours(1);

/// The function.
pub fn function() -> Function {
    Function::job("rotate-keys", &[Setting::TableName, Setting::SigningSecret, Setting::NoteSecret], rotate_keys)
}

/// What starts it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Call {
    /// By hand: a signing key has leaked. It is refused from now on, and another one signs at once.
    Retire { retire: String, time: Timestamp },
    /// By hand: a note key has leaked. What it has sealed opens no more, and another one seals.
    RetireNoteKey { retire_note_key: String, time: Timestamp },
    /// A schedule, or news about the stack.
    Event(Scheduled),
}

/// What was done with each ring that the call is about.
#[derive(Default, Serialize)]
struct Done {
    #[serde(skip_serializing_if = "Option::is_none")]
    signing: Option<Rotated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Rotated>,
}

/// What was done with a ring.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rotated {
    /// There is a new key, and from when it is used.
    Published { kid: String, from: Timestamp },
    /// The newest key is good.
    NotDue,
}

async fn rotate_keys(cx: JobCx, call: Call) -> Result<Done, JobError> {
    match call {
        Call::Retire { retire, time } => {
            Ok(Done { signing: Some(signing_rotation::retire(&cx, &retire, time).await?), ..Done::default() })
        }
        Call::RetireNoteKey { retire_note_key: kid, time } => {
            Ok(Done { notes: Some(note_rotation::retire(&cx, &kid, time).await?), ..Done::default() })
        }
        Call::Event(event) => {
            // Both are done before either's failure is told; repeated, the one that is done is not due.
            let signing = signing_rotation::rotate(&cx, &event).await;
            let notes = note_rotation::rotate(&cx, &event).await;
            Ok(Done { signing: Some(signing?), notes: Some(notes?) })
        }
    }
}

pub(crate) fn failed(error: impl std::fmt::Display) -> JobError {
    JobError(error.to_string())
}
