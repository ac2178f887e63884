//! Rate limits: conditional counters, shared by all instances.

use crate::item::{Item, number_of, ttl};
use crate::keys::{self, number, text};
use crate::table::Expression;
use crate::{Result, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

/// So many in so long, counted from the first.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// At most this many.
    pub limit: u32,
    /// Within this time.
    pub length: SignedDuration,
}

/// How a subject stands with a limit, this one counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// False: this one was one too many.
    pub allowed: bool,
    /// How many more there may be.
    pub remaining: u32,
    /// When counting begins anew.
    pub resets_at: Timestamp,
    /// True: what has the same mark was counted before, and this one was not.
    pub repeated: bool,
}

impl Store {
    /// Counts one more for `subject_hash`. The first of a window and everything over the limit cost one call, others
    /// two. A count repeated after a lost answer counts twice: strict, never lax.
    ///
    /// With a `mark`, whatever has the same mark counts once in a window. The window keeps its marks, at most as many as
    /// the limit: only for limits of a few.
    pub async fn count_one(
        &self,
        limit: &str,
        subject_hash: &str,
        mark: Option<&str>,
        window: Window,
        now: Timestamp,
    ) -> Result<Counted> {
        let key = keys::window(limit, subject_hash);
        let end = now + window.length;
        // Between the two tries the window may run out, or another may begin it: two rounds settle it.
        for _ in 0..3 {
            let marks = mark.map(|mark| (":marks", AttributeValue::Ss(vec![mark.to_owned()])));
            let mut begin = Expression {
                update: Some(
                    match mark {
                        Some(_) => {
                            "SET used = :one, window_ends = :end, kind = :kind, v = :one, #ttl = :ttl, marks = :marks"
                        }
                        None => "SET used = :one, window_ends = :end, kind = :kind, v = :one, #ttl = :ttl REMOVE marks",
                    }
                    .into(),
                ),
                condition: Some("attribute_not_exists(pk) OR window_ends <= :now"),
                names: vec![("#ttl", "ttl".into())],
                values: vec![
                    (":one", number(1)),
                    (":end", number(end.as_millisecond())),
                    (":kind", text("rate_window")),
                    (":ttl", number(ttl(end))),
                    (":now", number(now.as_millisecond())),
                ],
            };
            begin.values.extend(marks.clone());
            let Err(running) = self.update(&key, begin).await? else {
                let remaining = window.limit.saturating_sub(1);
                return Ok(Counted { allowed: true, remaining, resets_at: end, repeated: false });
            };
            let running = running.0.unwrap_or_default();
            let resets_at =
                number_of(&running, "window_ends").and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(end);
            let used = number_of(&running, "used").and_then(|used| u32::try_from(used).ok()).unwrap_or(window.limit);
            let remaining = window.limit.saturating_sub(used);
            if mark.is_some_and(|mark| has_mark(&running, mark)) {
                return Ok(Counted { allowed: true, remaining, resets_at, repeated: true });
            }
            if remaining == 0 {
                return Ok(Counted { allowed: false, remaining, resets_at, repeated: false });
            }
            let (update, condition) = match mark {
                Some(_) => (
                    "SET used = used + :one ADD marks :marks",
                    "used < :limit AND window_ends > :now AND NOT contains(marks, :mark)",
                ),
                None => ("SET used = used + :one", "used < :limit AND window_ends > :now"),
            };
            let mut another = Expression {
                update: Some(update.into()),
                condition: Some(condition),
                values: vec![
                    (":one", number(1)),
                    (":limit", number(window.limit)),
                    (":now", number(now.as_millisecond())),
                ],
                ..Expression::default()
            };
            another.values.extend(marks);
            another.values.extend(mark.map(|mark| (":mark", text(mark))));
            if self.update(&key, another).await?.is_ok() {
                let remaining = remaining.saturating_sub(1);
                return Ok(Counted { allowed: true, remaining, resets_at, repeated: false });
            }
        }
        Err(StoreError::Busy("the counter kept changing".into()))
    }
}

/// Whether what has this mark is counted already.
fn has_mark(window: &Item, mark: &str) -> bool {
    let marks = window.get("marks").and_then(|marks| marks.as_ss().ok());
    marks.is_some_and(|marks| marks.iter().any(|own| own == mark))
}
