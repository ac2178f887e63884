//! What the mails say. The words are in `templates/`, one text and one HTML file per mail.
//!
//! Of what people choose freely a mail carries a username at most, never names: it may go to a stranger, who must not
//! get anybody's words from us. Only the reminder says what somebody wrote: it goes to nobody but them.

mod account;
mod address;
mod follow_up;
mod password;
mod registration;

#[cfg(test)]
mod tests;

pub use follow_up::Telling;

use crate::MailError;
use askama::Template;
use kith_domain::Email;

/// A mail that is ready to be sent.
#[derive(Clone)]
pub struct Message {
    /// Whom it is for: one person.
    pub to: Email,
    /// The subject, one line.
    pub subject: String,
    /// The plain-text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl Message {
    fn rendered(to: &Email, subject: &str, text: &impl Template, html: &impl Template) -> Result<Self, MailError> {
        Ok(Self { to: to.clone(), subject: subject.to_owned(), text: text.render()?, html: html.render()? })
    }
}

/// Shows only the subject: the text of a mail may hold a token.
impl std::fmt::Debug for Message {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}
