//! The one table: keys, items and access patterns. The only crate that names the DynamoDB SDK.
//!
//! Every method is one access pattern of `docs/DATA.md`. Reads are strongly consistent; whatever is past its
//! `expires_at` does not exist, whether or not the database has deleted it; every write that depends on what was read
//! repeats that in its condition.

mod answers;
mod audit;
mod contact_search;
mod contacts;
mod counts;
mod credentials;
mod difference;
mod emails;
mod erasure;
mod error;
mod follow_ups;
mod index;
mod item;
mod keys;
mod limits;
mod links;
mod list;
mod login_tries;
mod memories;
mod note_tries;
mod notes;
mod people;
mod registrations;
mod reminders;
mod retired_note_keys;
mod sessions;
mod signing_keys;
mod table;
mod tasks;
mod transaction;
mod uploads;
mod users;

pub use answers::Answer;
pub use contact_search::ContactPage;
pub use credentials::NewPassword;
pub use difference::Revisions;
pub use erasure::Leftover;
pub use error::StoreError;
pub use limits::{Counted, Window};
pub use login_tries::{AccountTries, LoginTry, NetworkTries};
pub use note_tries::Tried;
pub use people::Account;
pub use registrations::{Claimants, Claims, Holders};
pub use reminders::{DueOwner, Reminded};
pub use sessions::Rotation;
pub use table::{Spent, Store};
pub use tasks::task_of;
pub use users::Along;

/// What every access pattern gives.
pub type Result<T> = std::result::Result<T, StoreError>;
