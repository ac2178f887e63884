//! What the runner itself keeps in the data directory: the clock's offset, that the stack exists, stream positions.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

const FILE: &str = "runner.json";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// Seconds, and nanoseconds below one, that the clock is ahead.
    clock_offset: SignedDuration,
    /// The stack was created: what runs at creation has run.
    created: bool,
    /// Per stream consumer, the last sequence number it has done with.
    streams: BTreeMap<String, String>,
}

/// The kept state; in memory without a data directory.
///
/// Each change replaces the file as a whole, so that a kill at any moment leaves the old or the new one.
pub(crate) struct State {
    file: Option<PathBuf>,
    kept: Mutex<Kept>,
}

impl State {
    /// Reads the state of `data`, making the directory if need be.
    pub(crate) fn open(data: Option<&Path>) -> io::Result<Self> {
        let Some(data) = data else {
            return Ok(Self { file: None, kept: Mutex::default() });
        };
        std::fs::create_dir_all(data)?;
        let file = data.join(FILE);
        let kept = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { file: Some(file), kept: Mutex::new(kept) })
    }

    pub(crate) fn clock_offset(&self) -> SignedDuration {
        self.read(|kept| kept.clock_offset)
    }

    pub(crate) fn keep_clock_offset(&self, offset: SignedDuration) -> io::Result<()> {
        self.change(|kept| kept.clock_offset = offset)
    }

    pub(crate) fn is_created(&self) -> bool {
        self.read(|kept| kept.created)
    }

    pub(crate) fn keep_created(&self) -> io::Result<()> {
        self.change(|kept| kept.created = true)
    }

    /// The last sequence number that the consumer `operation` has done with.
    pub(crate) fn stream_position(&self, operation: &str) -> Option<String> {
        self.read(|kept| kept.streams.get(operation).cloned())
    }

    pub(crate) fn keep_stream_position(&self, operation: &str, sequence_number: &str) -> io::Result<()> {
        self.change(|kept| {
            kept.streams.insert(operation.to_owned(), sequence_number.to_owned());
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Kept) -> T) -> T {
        read(&self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut kept);
        if let Some(file) = &self.file {
            let new = file.with_extension("json.new");
            std::fs::write(&new, serde_json::to_vec_pretty(&*kept)?)?;
            std::fs::rename(&new, file)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new");
        let state = State::open(Some(&data)).unwrap();
        assert!(!state.is_created());
        state.keep_created().unwrap();
        state.keep_clock_offset(SignedDuration::from_hours(-49)).unwrap();
        state.keep_stream_position("relay", "100000000000000000007").unwrap();

        let again = State::open(Some(&data)).unwrap();
        assert!(again.is_created());
        assert_eq!(again.clock_offset(), SignedDuration::from_hours(-49));
        assert_eq!(again.stream_position("relay").as_deref(), Some("100000000000000000007"));
        assert_eq!(again.stream_position("other"), None);
    }
}
