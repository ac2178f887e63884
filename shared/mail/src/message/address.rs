//! Mails about another address for an account.

use crate::{MailError, Message, message::unlinked};
use askama::Template;
use kith_domain::{Email, Username};

impl Message {
    /// "Confirm your new e-mail address": `link` leads to the page that gives this address to the account of `username`,
    /// or drops the wish. Says that it works for 24 hours.
    pub fn confirm_new_address(to: &Email, username: &Username, link: &str) -> Result<Self, MailError> {
        let subject = "Confirm your new e-mail address for Kith";
        let username = &unlinked(username);
        Self::rendered(
            to,
            subject,
            &ConfirmNewAddressText { username, link },
            &ConfirmNewAddressHtml { subject, username, link },
        )
    }

    /// "Your address stays yours": for an address with an account that somebody tried to give to another one.
    pub fn address_wanted(to: &Email) -> Result<Self, MailError> {
        let subject = "Your e-mail address stays with your Kith account";
        Self::rendered(to, subject, &AddressWantedText, &AddressWantedHtml { subject })
    }

    /// "Your account shall get another address": to the one that it has; `link` leads to the page that withdraws the
    /// wish, and undoes it for seven days after it was confirmed. Does not name the new one: it is not for whoever else
    /// reads this mailbox.
    pub fn address_change_wanted(to: &Email, username: &Username, link: &str) -> Result<Self, MailError> {
        let subject = "Your Kith account is to get another e-mail address";
        let username = username.as_str();
        Self::rendered(
            to,
            subject,
            &AddressChangeWantedText { username, link },
            &AddressChangeWantedHtml { subject, username, link },
        )
    }

    /// "Your account has a new address": to the old one; `link` leads to the page that gives it back, for seven days.
    /// Does not name the new one, either.
    pub fn address_changed(to: &Email, username: &Username, link: &str) -> Result<Self, MailError> {
        let subject = "Your Kith account has a new e-mail address";
        let username = username.as_str();
        Self::rendered(
            to,
            subject,
            &AddressChangedText { username, link },
            &AddressChangedHtml { subject, username, link },
        )
    }
}

#[derive(Template)]
#[template(path = "confirm_new_address.txt")]
struct ConfirmNewAddressText<'a> {
    username: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "confirm_new_address.html")]
pub(super) struct ConfirmNewAddressHtml<'a> {
    pub(super) subject: &'a str,
    pub(super) username: &'a str,
    pub(super) link: &'a str,
}

#[derive(Template)]
#[template(path = "address_wanted.txt")]
struct AddressWantedText;

#[derive(Template)]
#[template(path = "address_wanted.html")]
struct AddressWantedHtml<'a> {
    subject: &'a str,
}

#[derive(Template)]
#[template(path = "address_change_wanted.txt")]
struct AddressChangeWantedText<'a> {
    username: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "address_change_wanted.html")]
pub(super) struct AddressChangeWantedHtml<'a> {
    pub(super) subject: &'a str,
    pub(super) username: &'a str,
    pub(super) link: &'a str,
}

#[derive(Template)]
#[template(path = "address_changed.txt")]
struct AddressChangedText<'a> {
    username: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "address_changed.html")]
pub(super) struct AddressChangedHtml<'a> {
    pub(super) subject: &'a str,
    pub(super) username: &'a str,
    pub(super) link: &'a str,
}
