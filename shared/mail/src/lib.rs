//! The mails of Kith: what they say ([`Message`]) and how they leave, by Amazon SES ([`Mailer`]).
//!
//! Each mail has a plain-text part that says all that its HTML part says, and no pictures: nothing is loaded from
//! anywhere when it is read. The only crate that names the SDK of SES.

mod mailer;
mod message;
mod mime;

pub use mailer::{MailError, Mailer};
pub use message::{Message, Telling};
pub use mime::{InvalidSender, Sender};
