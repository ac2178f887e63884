//! The one table: keys, items and access patterns. The only crate that names the DynamoDB SDK.
//!
//! Every method is one access pattern of `docs/DATA.md`. Reads are strongly consistent; whatever is past its
//! `expires_at` does not exist, whether or not the database has deleted it; every write that depends on what was read
//! repeats that in its condition.

mod answers;
mod audit;
mod contacts;
mod difference;
mod erasure;
mod error;
mod follow_ups;
mod index;
mod item;
mod keys;
mod limits;
mod links;
mod list;
mod memories;
mod note_tries;
mod notes;
mod registrations;
mod retired_note_keys;
mod sessions;
mod signing_keys;
mod table;
mod tasks;
mod transaction;
mod uploads;
mod users;

pub use answers::Answer;
pub use erasure::Leftover;
pub use error::StoreError;
pub use limits::{Counted, Window};
pub use note_tries::Tried;
pub use registrations::Claimants;
pub use sessions::Rotation;
pub use signing_keys::Ring;
pub use table::{Spent, Store};
pub use users::Along;

/// What every access pattern gives.
pub type Result<T> = std::result::Result<T, StoreError>;
