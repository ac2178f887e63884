//! Mails about registering.

use crate::{MailError, Message};
use askama::Template;
use kith_domain::{Email, Username};

impl Message {
    /// "Confirm your e-mail address": `link` leads to the page that confirms the registration of `username`, or
    /// destroys it. Says that it works for 24 hours.
    pub fn confirm_registration(to: &Email, username: &Username, link: &str) -> Result<Self, MailError> {
        let subject = "Confirm your e-mail address for Kith";
        let username = username.as_str();
        Self::rendered(
            to,
            subject,
            &ConfirmRegistrationText { username, link },
            &ConfirmRegistrationHtml { subject, username, link },
        )
    }

    /// "You already have an account": for an address with an account that somebody tried to register again.
    pub fn address_has_account(to: &Email) -> Result<Self, MailError> {
        let subject = "You already have a Kith account";
        Self::rendered(to, subject, &AddressHasAccountText, &AddressHasAccountHtml { subject })
    }
}

#[derive(Template)]
#[template(path = "confirm_registration.txt")]
struct ConfirmRegistrationText<'a> {
    username: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "confirm_registration.html")]
pub(super) struct ConfirmRegistrationHtml<'a> {
    pub(super) subject: &'a str,
    pub(super) username: &'a str,
    pub(super) link: &'a str,
}

#[derive(Template)]
#[template(path = "address_has_account.txt")]
struct AddressHasAccountText;

#[derive(Template)]
#[template(path = "address_has_account.html")]
pub(super) struct AddressHasAccountHtml<'a> {
    pub(super) subject: &'a str,
}
