//! The words and rules of Kith: ids, values, entities.
//!
//! Pure: no I/O, no async runtime, no AWS, no HTTP. Whatever depends on the time takes `now` as an argument.

mod amount;
mod audit;
mod card_text;
mod contact;
mod contact_entry;
mod contact_search;
mod credentials;
mod email;
mod email_change;
mod fold;
mod follow_up;
mod given;
mod id;
mod key;
mod link;
mod login_name;
mod memory;
mod name;
mod note;
mod partial_date;
mod password;
mod person;
mod phone;
mod photo;
mod policy;
mod preferences;
mod profile;
mod registration;
mod reminder;
mod role;
pub mod rules;
mod session;
mod signature;
mod tags;
mod task;
mod text;
mod user;
mod username;

pub use amount::{Amount, CREATIONS_AN_HOUR};
pub use audit::{AUDIT_LIFETIME, Act, AuditEvent, NameField};
pub use card_text::{
    CardName, CompanyName, EventName, IntroducerName, MemoryText, PhoneNumber, PlaceName, Position, SocialMedia, Spark,
    Tag,
};
pub use contact::{Contact, ContactFields, Introducer, Nameless, NewContact, Planned};
pub use contact_entry::{ContactEntry, Remembered};
pub use contact_search::{ContactFilter, Look, Missing, Search, SearchText};
pub use credentials::{Credentials, Login};
pub use email::Email;
pub use email_change::{EMAIL_CHANGE_LIFETIME, EMAIL_UNDO_LIFETIME, EmailChange, NO_RESET_LIFETIME, PastEmail, Undo};
pub use follow_up::{Due, FollowUp, FollowUpPlan, MeetingPoint, Moment, Occasion};
pub use given::given;
pub use id::{AuditId, ContactId, InvalidId, MemoryId, NoteId, PhotoId, SessionId, TaskId, UserId};
pub use key::VerificationKey;
pub use link::{Link, Purpose};
pub use login_name::LoginName;
pub use memory::{Memory, MemoryChange, NewMemory};
pub use name::PersonName;
pub use note::{
    MaxViews, NOTE_LOCK, NOTE_REPEAT, NOTE_TEXT_LIMIT, NOTE_TRIES, Note, NoteHandle, NoteLifetime, NoteText,
    Passphrase, Sealing,
};
pub use partial_date::PartialDate;
pub use password::{Password, PasswordHash};
pub use person::{Person, Profile, ProfileChange};
pub use photo::{
    AddressDay, Photo, PhotoKind, PhotoPath, PhotoPlace, PhotoSecret, PictureSize, Size, UPLOAD_LIFETIME, Upload,
};
pub use policy::{AdminEmails, InvalidAdminEmails, RegistrationMode, SealingMode};
pub use preferences::{Digest, KnownTimeZone, Preferences, PreferencesChange, Report, TimeZoneName};
pub use profile::{Bio, City, Country, Location, State};
pub use registration::{REGISTRATION_LIFETIME, Registration};
pub use reminder::{EARLIEST_REMINDER, REMINDER_MAILS_A_DAY, RemindBefore, Reminder};
pub use role::{Permission, Role};
pub use session::{REFRESH_GRACE, Refusal, ReplacedToken, SESSION_LIFETIME, Session};
pub use tags::Tags;
pub use task::{PlannedFor, TASK_LIFETIME, Task, Work, Worker};
pub use text::Invalid;
pub use user::User;
pub use username::Username;
