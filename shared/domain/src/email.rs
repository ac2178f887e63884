//! E-mail addresses.

use crate::text::{Invalid, parsed_text, tidy};
use email_address::{EmailAddress, Options};
use utoipa::ToSchema;

/// An e-mail address (RFC 5321, at most 254 characters, without display name), kept as written.
///
/// Two addresses are the same when their [`Email::folded`] forms are.
#[derive(Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Email, max_length = 254, examples("ada@example.org"))]
pub struct Email(String);

impl Email {
    /// Reads an address; at most 254 characters, with a domain that has a dot.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        let text = tidy(written);
        if text.chars().count() > 254 {
            return Err(Invalid("must be at most 254 characters long"));
        }
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(&text, options).map_err(|_| Invalid("must be an e-mail address"))?;
        // Quoted local parts are legal and of no use to anybody here, but make headers and logs harder to read.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '"') {
            return Err(Invalid("must be an e-mail address"));
        }
        Ok(Self(text))
    }

    /// The form by which addresses are compared: lower case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Not the address itself: logs and panics must not carry it.
impl std::fmt::Debug for Email {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Email(…)")
    }
}

parsed_text!(Email, "an e-mail address");
crate::text::shown_text!(Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case_and_are_kept_as_written() {
        let email = Email::parse("Ada.L@Example.ORG").unwrap();
        assert_eq!(email.as_str(), "Ada.L@Example.ORG");
        assert_eq!(email.folded(), "ada.l@example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@example.org",
            "ada@localhost",
            "Ada <ada@example.org>",
            "a@b@c.org",
            "ada@exa\nmple.org",
            "\"a b\"@example.org",
            "ada@[127.0.0.1]",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?} was taken for an address");
        }
    }

    #[test]
    fn the_limit_is_254_characters() {
        let label = "a".repeat(60);
        let domain = format!("{label}.{label}.{label}.org");
        let local = "x".repeat(254 - 1 - domain.len());
        assert_eq!(Email::parse(&format!("{local}@{domain}")).is_ok(), local.len() <= 64);
        assert_eq!(Email::parse(&format!("x{local}@{domain}")), Err(Invalid("must be at most 254 characters long")));
    }

    #[test]
    fn debug_does_not_show_the_address() {
        assert!(!format!("{:?}", Email::parse("ada@example.org").unwrap()).contains("ada"));
    }
}
