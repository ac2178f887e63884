//! What the owner of a deployment decides about accounts and notes.

use crate::{Email, Invalid};

/// Who becomes admin on confirming their address: the deploy parameter `AdminEmails`.
#[derive(Debug, Clone, Default)]
pub struct AdminEmails(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Address(String),
    Domain(String),
}

/// The parameter cannot be read; the text is the part that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an e-mail address nor *@domain")]
pub struct InvalidAdminEmails(String);

impl AdminEmails {
    /// Reads a list of addresses and `*@domain`, separated by commas. An empty list names nobody.
    pub fn parse(written: &str) -> Result<Self, InvalidAdminEmails> {
        let parts = written.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(Pattern::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this address is one of them. A domain covers its own addresses, not those of its subdomains.
    pub fn include(&self, email: &Email) -> bool {
        let own = email.folded();
        let own_domain = own.rsplit_once('@').map(|(_, domain)| domain);
        self.0.iter().any(|pattern| match pattern {
            Pattern::Address(address) => *address == own,
            Pattern::Domain(domain) => Some(domain.as_str()) == own_domain,
        })
    }
}

impl Pattern {
    fn parse(part: &str) -> Result<Self, InvalidAdminEmails> {
        let wrong = |_: Invalid| InvalidAdminEmails(part.to_owned());
        match part.strip_prefix("*@") {
            Some(domain) => {
                let any = Email::parse(&format!("x@{domain}")).map_err(wrong)?.folded();
                Ok(Self::Domain(any.trim_start_matches("x@").to_owned()))
            }
            None => Ok(Self::Address(Email::parse(part).map_err(wrong)?.folded())),
        }
    }
}

/// Who may register: the deploy parameter `Registration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Anybody.
    Open,
    /// Only addresses in `AdminEmails`; everybody else is invited by an admin.
    Invite,
}

impl RegistrationMode {
    /// Reads `open` or `invite`.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        match written {
            "open" => Ok(Self::Open),
            "invite" => Ok(Self::Invite),
            _ => Err(Invalid("must be open or invite")),
        }
    }
}

/// Who may seal notes: the deploy parameter `Notes`. Whoever has a note's link may open it in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealingMode {
    /// Anybody.
    Open,
    /// Only members.
    Members,
}

impl SealingMode {
    /// Reads `open` or `members`.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        match written {
            "open" => Ok(Self::Open),
            "members" => Ok(Self::Members),
            _ => Err(Invalid("must be open or members")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    #[test]
    fn addresses_and_whole_domains_are_admins_in_any_case() {
        let admins = AdminEmails::parse("Root@example.org, *@Ops.example.org").unwrap();
        assert!(admins.include(&email("root@EXAMPLE.org")));
        assert!(admins.include(&email("anybody@ops.example.org")));
        assert!(!admins.include(&email("ada@example.org")));
        assert!(!admins.include(&email("ada@sub.ops.example.org")));
        assert!(!admins.include(&email("ada@evil-ops.example.org")));
    }

    #[test]
    fn h14_however_a_domain_is_spelt_it_names_the_same_admins() {
        for written in ["root@bücher.example, *@straße.example", "root@xn--bcher-kva.example,*@XN--STRAE-OQA.example"]
        {
            let admins = AdminEmails::parse(written).unwrap();
            for admin in ["Root@BÜCHER.example", "root@xn--bcher-kva.example", "a@straße.example"] {
                assert!(admins.include(&email(admin)), "{admin} by {written}");
            }
            assert!(!admins.include(&email("root@bucher.example")) && !admins.include(&email("a@strasse.example")));
        }
        for bad in ["*@ex_ample.org", "*@127.0.0.1", "*@localhost", "müller@example.org", "*@*.example.org"] {
            assert!(AdminEmails::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_list_names_nobody_and_a_bad_one_is_refused() {
        assert!(!AdminEmails::parse("").unwrap().include(&email("ada@example.org")));
        assert!(AdminEmails::parse("ada").is_err());
        assert!(AdminEmails::parse("*@").is_err());
        assert!(AdminEmails::parse("*").is_err());
    }
}
