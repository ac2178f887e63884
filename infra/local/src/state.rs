//! What the runner itself keeps in the data directory: its layout, the clock's offset, that the stack exists, stream
//! positions.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

const FILE: &str = "runner.json";
/// The table's file, which a folder without a mark may have.
const TABLE: &str = "dynamodb.sqlite";

/// How the data directory, and the items of the table in it, are laid out. It goes up with each change that the code
/// before or after cannot read; there are no migrations.
pub const LAYOUT: u32 = 3;

/// The data directory has another layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it was written by {} Kith (layout {}, and this one has layout {LAYOUT}) and cannot be read; \
     give --data a new folder, or delete this one",
    if self.0 < LAYOUT { "an older" } else { "a newer" }, self.0
)]
pub struct OtherLayout(pub u32);

/// The kept state cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Layout(#[from] OtherLayout),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// [`LAYOUT`] when the directory was made. The first layout was not marked.
    layout: u32,
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
    pub(crate) fn open(data: Option<&Path>) -> Result<Self, StateError> {
        let Some(data) = data else {
            return Ok(Self { file: None, kept: Mutex::default() });
        };
        std::fs::create_dir_all(data)?;
        let file = data.join(FILE);
        let kept = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Kept { layout: if data.join(TABLE).exists() { 0 } else { LAYOUT }, ..Kept::default() }
            }
            Err(error) => return Err(error.into()),
        };
        if kept.layout != LAYOUT {
            return Err(OtherLayout(kept.layout.max(1)).into());
        }
        let state = Self { file: Some(file), kept: Mutex::new(kept) };
        // The mark is there before anything else is.
        state.change(|_| ())?;
        Ok(state)
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
    fn a_folder_of_another_layout_is_refused_with_a_word_and_left_alone() {
        let refused = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, content) in files {
                std::fs::write(folder.path().join(name), content).unwrap();
            }
            let error = State::open(Some(folder.path())).err().map(|error| error.to_string());
            for (name, content) in files.iter().filter(|_| error.is_some()) {
                assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), *content);
            }
            error
        };
        let older = refused(&[(FILE, r#"{"created": true, "streams": {}}"#), (TABLE, "")]).unwrap();
        assert!(older.contains("an older Kith (layout 1,") && older.contains("a new folder"), "{older}");
        assert_eq!(refused(&[(TABLE, "")]).unwrap(), older);
        let newer = refused(&[(FILE, r#"{"layout": 4711}"#)]).unwrap();
        assert!(newer.contains("a newer Kith (layout 4711,"), "{newer}");
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&[("notes.txt", "mine")]), None);
    }

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
