//! Mails about registering.

use crate::{MailError, Message, message::unlinked};
use askama::Template;
use kith_domain::{Email, Username};

impl Message {
    /// "Confirm your e-mail address": each link leads to the page that confirms the registration of its username, or
    /// destroys it. Says that it works for 24 hours.
    pub fn confirm_registrations(to: &Email, waiting: &[(Username, String)]) -> Result<Self, MailError> {
        let subject = "Confirm your e-mail address for Kith";
        let waiting: &[Waiting<'_>] =
            &waiting.iter().map(|(username, link)| Waiting::new(username, link)).collect::<Vec<_>>();
        let only = if let [one] = waiting { Some(one) } else { None };
        Self::rendered(
            to,
            subject,
            &ConfirmRegistrationText { waiting, only },
            &ConfirmRegistrationHtml { subject, waiting, only },
        )
    }

    /// "You already have an account": for an address with an account that somebody tried to register again.
    pub fn address_has_account(to: &Email) -> Result<Self, MailError> {
        let subject = "You already have a Kith account";
        Self::rendered(to, subject, &AddressHasAccountText, &AddressHasAccountHtml { subject })
    }
}

/// A registration that waits to be confirmed.
pub(super) struct Waiting<'a> {
    pub(super) username: String,
    pub(super) link: &'a str,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(username: &Username, link: &'a str) -> Self {
        Self { username: unlinked(username), link }
    }
}

#[derive(Template)]
#[template(path = "confirm_registration.txt")]
struct ConfirmRegistrationText<'a> {
    waiting: &'a [Waiting<'a>],
    only: Option<&'a Waiting<'a>>,
}

#[derive(Template)]
#[template(path = "confirm_registration.html")]
pub(super) struct ConfirmRegistrationHtml<'a> {
    pub(super) subject: &'a str,
    pub(super) waiting: &'a [Waiting<'a>],
    pub(super) only: Option<&'a Waiting<'a>>,
}

#[derive(Template)]
#[template(path = "address_has_account.txt")]
struct AddressHasAccountText;

#[derive(Template)]
#[template(path = "address_has_account.html")]
pub(super) struct AddressHasAccountHtml<'a> {
    pub(super) subject: &'a str,
}
