//! Mails about passwords.

use crate::{MailError, Message};
use askama::Template;
use kith_domain::{Email, Username};

impl Message {
    /// "Choose a new password": `link` leads to the page that sets it for the account of `username`. Says that it works
    /// once, for an hour.
    pub fn reset_password(to: &Email, username: &Username, link: &str) -> Result<Self, MailError> {
        let subject = "Choose a new password for Kith";
        let username = username.as_str();
        Self::rendered(
            to,
            subject,
            &ResetPasswordText { username, link },
            &ResetPasswordHtml { subject, username, link },
        )
    }

    /// "Your account cannot be used": the answer to whoever asks for a new password for an account that is banned or
    /// switched off. Has no link: no password would help.
    pub fn account_shut(to: &Email) -> Result<Self, MailError> {
        let subject = "Your Kith account cannot be used";
        Self::rendered(to, subject, &AccountShutText, &AccountShutHtml { subject })
    }

    /// "No new password yet": for an address that an admin has just given the account. Has no link: for 72 hours none
    /// would work.
    pub fn reset_waits(to: &Email) -> Result<Self, MailError> {
        let subject = "Your Kith password cannot be set anew yet";
        Self::rendered(to, subject, &ResetWaitsText, &ResetWaitsHtml { subject })
    }

    /// "Your password has changed": told after every change, with what to do if it was somebody else. Has no link: such
    /// mails are what people are lured with most.
    pub fn password_changed(to: &Email, username: &Username) -> Result<Self, MailError> {
        let subject = "Your Kith password has changed";
        let username = username.as_str();
        Self::rendered(to, subject, &PasswordChangedText { username }, &PasswordChangedHtml { subject, username })
    }
}

#[derive(Template)]
#[template(path = "reset_password.txt")]
struct ResetPasswordText<'a> {
    username: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "reset_password.html")]
pub(super) struct ResetPasswordHtml<'a> {
    pub(super) subject: &'a str,
    pub(super) username: &'a str,
    pub(super) link: &'a str,
}

#[derive(Template)]
#[template(path = "account_shut.txt")]
struct AccountShutText;

#[derive(Template)]
#[template(path = "account_shut.html")]
struct AccountShutHtml<'a> {
    subject: &'a str,
}

#[derive(Template)]
#[template(path = "reset_waits.txt")]
struct ResetWaitsText;

#[derive(Template)]
#[template(path = "reset_waits.html")]
struct ResetWaitsHtml<'a> {
    subject: &'a str,
}

#[derive(Template)]
#[template(path = "password_changed.txt")]
struct PasswordChangedText<'a> {
    username: &'a str,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
pub(super) struct PasswordChangedHtml<'a> {
    pub(super) subject: &'a str,
    pub(super) username: &'a str,
}
