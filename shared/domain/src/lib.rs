//! The words and rules of Kith: ids, values, entities.
//!
//! Pure: no I/O, no async runtime, no AWS, no HTTP. Whatever depends on the time takes `now` as an argument.

mod audit;
mod email;
mod id;
mod key;
mod link;
mod name;
mod password;
mod photo;
mod policy;
mod preferences;
mod profile;
mod registration;
mod role;
pub mod rules;
mod session;
mod task;
mod text;
mod user;
mod username;

pub use audit::{AUDIT_LIFETIME, Act, AuditEvent};
pub use email::Email;
pub use id::{AuditId, InvalidId, PhotoId, SessionId, TaskId, UserId};
pub use key::VerificationKey;
pub use link::{Link, LinkHashes, Purpose};
pub use name::PersonName;
pub use password::{Password, PasswordHash};
pub use photo::{Photo, PhotoKind, PhotoPath, Size, UPLOAD_LIFETIME, Upload};
pub use policy::{AdminEmails, InvalidAdminEmails, RegistrationMode};
pub use preferences::{Digest, Preferences, PreferencesChange, Report, TimeZoneName};
pub use profile::{Bio, City, Country, Location, State};
pub use registration::{REGISTRATION_LIFETIME, Registration};
pub use role::{Permission, Role};
pub use session::{REFRESH_GRACE, Refusal, SESSION_LIFETIME, Session};
pub use task::{TASK_LIFETIME, Task, Work, Worker};
pub use text::Invalid;
pub use user::{Login, ProfileChange, User, given};
pub use username::Username;
