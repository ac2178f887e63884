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
use kith_domain::{Email, Username};

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

/// A username as it stands in mails to people who may never have heard of it: mail programs make links of what looks
/// like the name of a host, and nobody shall send links to strangers by way of us. Zero-width word joiners (U+2060)
/// after the dots keep them from it.
fn unlinked(username: &Username) -> String {
    let name = username.as_str();
    let looks_like_a_host = name.rsplit_once('.').is_some_and(|(_, last)| {
        let is_word = last.bytes().all(|byte| byte.is_ascii_alphabetic());
        last.starts_with("xn--") || is_word && (2..=24).contains(&last.len())
    });
    if looks_like_a_host { name.replace('.', ".\u{2060}") } else { name.to_owned() }
}

/// Shows only the subject: the text of a mail may hold a token.
impl std::fmt::Debug for Message {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}
