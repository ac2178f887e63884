//! Who somebody says to be when they log in.

use crate::{Email, Username};
use unicode_normalization::UnicodeNormalization as _;

/// No name of an account is as long. What is cut off makes no difference to anybody.
const LONGEST: usize = 1024;

/// What somebody typed as their name, without the blanks around it.
#[derive(Clone, PartialEq, Eq)]
pub enum LoginName {
    /// An e-mail address.
    Email(Email),
    /// A username.
    Username(Username),
    /// What neither can be, in the form by which it is counted.
    Nobody(String),
}

impl LoginName {
    /// Reads whatever was typed. Nothing that only looks like an ASCII letter becomes one.
    pub fn read(written: &str) -> Self {
        let text = written.trim();
        match (Email::parse(text), Username::parse(text)) {
            (Ok(email), _) => Self::Email(email),
            (_, Ok(username)) => Self::Username(username),
            (Err(_), Err(_)) => Self::Nobody(counted(text)),
        }
    }

    /// The form by which tries are counted: the same for all that looks the same.
    pub fn folded(&self) -> String {
        match self {
            Self::Email(email) => email.folded(),
            Self::Username(username) => username.folded(),
            Self::Nobody(counted) => counted.clone(),
        }
    }
}

/// Compatible characters are one here, and capitals like small letters.
fn counted(text: &str) -> String {
    let small = text.nfkc().take(LONGEST).flat_map(char::to_lowercase);
    small.nfkc().collect::<String>().trim().to_owned()
}

/// Not what was typed: it may have been the password.
impl std::fmt::Debug for LoginName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("LoginName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h05_a_name_counts_as_one_however_it_is_written() {
        for spellings in [
            &["ada.l", "Ada.L", " ADA.L\t", "\u{a0}ada.l\u{3000}", "ａｄａ.ｌ", "ＡＤＡ.L"][..],
            &["ada@example.org", "ADA@EXAMPLE.ORG", " ada@ｅｘａｍｐｌｅ.org", "ａda@example.org"],
            &["a@bücher.example", "A@BU\u{308}CHER.example", "a@xn--bcher-kva.example"],
            &["émile", "e\u{301}mile", "ÉMILE"],
            &["kate", "\u{212a}ate"],
        ] {
            for other in spellings {
                assert_eq!(LoginName::read(other).folded(), LoginName::read(spellings[0]).folded(), "{other}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_name_is_nobodys() {
        for lookalike in ["ａda", "\u{212a}ate", "ａda@example.org", "", "admin", "a b c"] {
            assert!(matches!(LoginName::read(lookalike), LoginName::Nobody(_)), "{lookalike}");
        }
        assert!(matches!(LoginName::read(" Ada "), LoginName::Username(_)));
        assert!(matches!(LoginName::read(" Ada@Example.org "), LoginName::Email(_)));
    }

    #[test]
    fn what_was_typed_is_short_and_not_shown() {
        assert!(LoginName::read(&"\u{fdfa}".repeat(20_000)).folded().chars().count() <= LONGEST);
        assert!(!format!("{:?}", LoginName::read("correct horse")).contains("horse"));
    }
}
