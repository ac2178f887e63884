//! Mails about the beginning and the end of an account.

use crate::{MailError, Message};
use askama::Template;
use kith_domain::Email;

impl Message {
    /// "You are invited": `link` leads to the page that makes the account of this address usable; the mail names the
    /// host in it, since the reader may never have heard of this Kith. Says that it works once, for seven days.
    pub fn invitation(to: &Email, link: &str) -> Result<Self, MailError> {
        let subject = "You are invited to Kith";
        let host = host_of(link);
        Self::rendered(to, subject, &InvitationText { host, link }, &InvitationHtml { subject, host, link })
    }

    /// "Your account is deleted": the receipt, when everything in it is gone. Nothing is mailed there after it.
    pub fn account_erased(to: &Email) -> Result<Self, MailError> {
        let subject = "Your Kith account is deleted";
        Self::rendered(to, subject, &AccountErasedText, &AccountErasedHtml { subject })
    }
}

/// The host, with its port, that a link leads to; the whole link where it has none.
fn host_of(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    rest.split_once(['/', '?', '#']).map_or(rest, |(host, _)| host)
}

#[derive(Template)]
#[template(path = "invitation.txt")]
struct InvitationText<'a> {
    host: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationHtml<'a> {
    subject: &'a str,
    host: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "account_erased.txt")]
struct AccountErasedText;

#[derive(Template)]
#[template(path = "account_erased.html")]
struct AccountErasedHtml<'a> {
    subject: &'a str,
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_host_is_what_stands_between_scheme_and_path() {
        for (link, host) in [
            ("https://kith.example/accept-invitation?token=t", "kith.example"),
            ("http://127.0.0.1:3000/accept-invitation?token=t", "127.0.0.1:3000"),
            ("https://kith.example/stage/accept-invitation", "kith.example"),
            ("https://kith.example?token=t", "kith.example"),
            ("https://kith.example", "kith.example"),
        ] {
            assert_eq!(host_of(link), host);
        }
    }
}
