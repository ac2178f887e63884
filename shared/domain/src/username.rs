//! Usernames.

use crate::UserId;
use crate::text::{Invalid, parsed_text};
use utoipa::ToSchema;

/// 3 to 32 ASCII letters, digits, dots, underscores or hyphens. Kept as written, compared without case.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9._-]+$", examples("ada.l"))]
pub struct Username(String);

impl Username {
    /// Reads a username; the error names the rule that it breaks.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        if !(3..=32).contains(&written.chars().count()) {
            return Err(Invalid("must be 3 to 32 characters long"));
        }
        if !written.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
            return Err(Invalid("may hold only letters, digits, dots, underscores and hyphens"));
        }
        if is_reserved(written) {
            return Err(Invalid("is a name that nobody can have; choose another"));
        }
        Ok(Self(written.to_owned()))
    }

    /// A name for an invited person who has not chosen one: the last 12 digits of the id, which are random.
    pub fn made_up(id: UserId) -> Self {
        let digits = id.as_uuid().simple().to_string();
        Self(format!("user-{}", digits.get(20..).unwrap_or_default()))
    }

    /// A name that `parse` refuses, so that nobody has it.
    pub fn nobody() -> Self {
        Self("-".to_owned())
    }

    /// The form by which usernames are compared: lower case.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Names by which somebody could pass for whoever runs the place, for the place itself, or for nobody (those of RFC 2142
/// among them).
const RESERVED: [&str; 59] = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administration",
    "administrator",
    "admins",
    "all",
    "anonymous",
    "api",
    "app",
    "billing",
    "contact",
    "daemon",
    "deleted",
    "everybody",
    "everyone",
    "ftp",
    "help",
    "helpdesk",
    "hostmaster",
    "imap",
    "info",
    "kith",
    "localhost",
    "login",
    "mail",
    "mailerdaemon",
    "me",
    "mod",
    "moderator",
    "moderators",
    "mods",
    "news",
    "noc",
    "nobody",
    "noreply",
    "null",
    "official",
    "operator",
    "owner",
    "postmaster",
    "root",
    "sales",
    "security",
    "smtp",
    "staff",
    "status",
    "support",
    "sysadmin",
    "system",
    "team",
    "undefined",
    "unknown",
    "usenet",
    "uucp",
    "webmaster",
    "wheel",
    "www",
];

/// Whether a name is one that nobody gets: reserved, however it is parted, or without a letter or digit.
fn is_reserved(name: &str) -> bool {
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    bare.is_empty() || RESERVED.contains(&bare.as_str()) || RESERVED.contains(&bare.trim_start_matches("kith"))
}

parsed_text!(Username, "a username");
crate::text::shown_text!(Username);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_3_and_32_characters() {
        assert!(Username::parse("abc").is_ok());
        assert!(Username::parse("ab").is_err());
        assert!(Username::parse(&"a".repeat(32)).is_ok());
        assert!(Username::parse(&"a".repeat(33)).is_err());
    }

    #[test]
    fn only_ascii_letters_digits_and_three_marks_are_allowed() {
        assert!(Username::parse("A.b_c-9").is_ok());
        for bad in ["a:b", "a b c", "ada@x", "ädä", "a/b", "abc\n"] {
            assert!(Username::parse(bad).is_err(), "{bad:?} was taken for a username");
        }
    }

    #[test]
    fn h15_nobody_passes_for_whoever_runs_the_place() {
        for bad in [
            "admin",
            "Admin",
            "ADMIN",
            "root",
            "support",
            "kith",
            "security",
            "postmaster",
            "abuse",
            "hostmaster",
            "webmaster",
            "noreply",
            "no-reply",
            "No.Reply",
            "help",
            "system",
            "moderator",
            "www",
            "api",
            "mailer-daemon",
            "-admin-",
            "a.d.m.i.n",
            "kith-support",
            "kith_admin",
            "...",
            "---",
            "_._",
            "._-._-",
        ] {
            assert!(Username::parse(bad).is_err(), "{bad:?} was taken for a username");
        }
        for good in ["admina", "root-ada", "helper", "kithara", "badmin", "a..", "0--", "Systemica", "modest"] {
            assert!(Username::parse(good).is_ok(), "{good:?} was refused");
        }
        assert!(Username::parse(Username::made_up(UserId::new(jiff::Timestamp::UNIX_EPOCH)).as_str()).is_ok());
    }

    #[test]
    fn usernames_compare_without_case() {
        assert_eq!(Username::parse("Ada").unwrap().folded(), Username::parse("aDA").unwrap().folded());
    }
}
