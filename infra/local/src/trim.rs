//! Trims the stream of the embedded database: of what every consumer is done with at once, of the rest after a day.
//!
//! The library keeps every record for ever. DynamoDB keeps one for a day, read or not; nothing can tell the difference to
//! a record that all have read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::core::Core;
use crate::streams::StreamError;
use crate::table::{ReadError, Table};

/// How often there is a look.
const PAUSE: Duration = Duration::from_secs(1);
/// How long what nobody has read is kept, by the machine's clock: moving the other one must not lose anything.
const KEPT: Duration = Duration::from_hours(24);
/// How often it is noted which record is the newest.
const NOTED: Duration = Duration::from_hours(1);

/// The newest record at each full hour of the last day.
#[derive(Default)]
struct Hours(VecDeque<(Instant, String)>);

impl Hours {
    /// Notes that `newest` is the newest record `now`, if it is time to.
    fn note(&mut self, now: Instant, newest: Option<String>) {
        if self.0.back().is_none_or(|(at, _)| now.duration_since(*at) >= NOTED)
            && let Some(newest) = newest
        {
            self.0.push_back((now, newest));
        }
    }

    /// The record before which all are too old.
    fn too_old(&mut self, now: Instant) -> Option<String> {
        let mut last = None;
        while self.0.front().is_some_and(|(at, _)| now.duration_since(*at) >= KEPT) {
            last = self.0.pop_front().map(|(_, newest)| newest);
        }
        last
    }
}

/// How far the stream is trimmed.
#[derive(Default)]
pub(crate) struct Trimming(Mutex<(Hours, Option<String>)>);

/// Trims for ever.
pub(crate) async fn keep_trimmed(core: Arc<Core>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = trim(&core).await {
            tracing::error!(%error, "the stream was not trimmed");
        }
    }
}

/// Trims once.
pub(crate) async fn trim(core: &Core) -> Result<(), StreamError> {
    let Table::Here(database) = &core.table else { return Ok(()) };
    let mut trimming = core.trimming.0.lock().await;
    let (hours, trimmed) = &mut *trimming;
    let now = Instant::now();
    // All numbers have the same length, so the greater text is the greater number.
    let before = core.readers.done(core).await?.into_iter().chain(hours.too_old(now)).max();
    let before = before.filter(|before| Some(before) > trimmed.as_ref());
    let (database, table, end) = (Arc::clone(database), core.template.table.name.clone(), before.clone());
    let work = tokio::task::spawn_blocking(move || {
        if let Some(end) = end {
            database.trim_stream(&table, &end)?;
        }
        database.newest_record(&table)
    });
    let newest = work.await.map_err(|_| ReadError::Panicked)?.map_err(ReadError::from)?;
    hours.note(now, newest);
    if before.is_some() {
        *trimmed = before;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_read_is_kept_for_a_day() {
        let start = Instant::now();
        let at = |hours| start + Duration::from_hours(hours);
        let mut hours = Hours::default();
        for hour in 0..30 {
            hours.note(at(hour), Some(format!("{hour:03}")));
            hours.note(at(hour) + Duration::from_mins(10), Some("more".to_owned()));
            let expected = hour.checked_sub(24).map(|old| format!("{old:03}"));
            assert_eq!(hours.too_old(at(hour)), expected, "{hour}");
        }
        assert!(hours.0.len() <= 25, "{}", hours.0.len());
    }
}
