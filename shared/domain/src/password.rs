//! Passwords and their hashes. Neither is ever shown.

use crate::text::{Invalid, parsed_text};
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

/// What everybody tries first, in lower case and in order: well-known words, names, rows of keys, and sequences.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password that somebody chooses: 8 to 128 Unicode scalars after NFC, none of the commonest, and with no rule about
/// what it is made of (NIST SP 800-63B, section 5.1.1.2).
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
pub struct Password(SecretString);

impl Password {
    /// Reads a new password.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        let text: String = written.nfc().collect();
        if !(8..=128).contains(&text.chars().count()) {
            return Err(Invalid("must be 8 to 128 characters long"));
        }
        if is_common(&text) {
            return Err(Invalid("is one of the passwords that everybody tries first"));
        }
        Ok(Self(SecretString::from(text)))
    }

    /// What somebody typed to prove who they are: any length, so that a wrong one is just wrong.
    /// After 1,024 characters it is cut, which no stored password can match.
    pub fn attempt(written: &SecretString) -> Self {
        Self(SecretString::from(written.expose_secret().nfc().take(1024).collect::<String>()))
    }

    /// The secret, for hashing.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// Whether the password is, but for case, one of `words`: an account's own name is no secret.
    pub fn is_any_of(&self, words: &[&str]) -> bool {
        let own = self.0.expose_secret().to_lowercase();
        words.iter().any(|word| word.to_lowercase() == own)
    }
}

/// Whether a password is, but for case, a common one or one character over and over.
fn is_common(text: &str) -> bool {
    let folded = text.to_lowercase();
    let mut characters = folded.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first) || COMMON.lines().any(|common| common == folded)
}

parsed_text!(Password, "a password");

/// An Argon2id hash in PHC string format (RFC 9106).
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string that the hasher made.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_8_and_128_characters() {
        assert!(Password::parse("xq7!zk0").is_err());
        assert!(Password::parse("xq7!zk0w").is_ok());
        assert!(Password::parse(&"éü".repeat(64)).is_ok());
        assert!(Password::parse(&"éüö".repeat(43)).is_err());
    }

    #[test]
    fn what_everybody_tries_first_is_refused_in_any_case() {
        for common in ["password", "Password1", "QWERTYUIOP", "12345678", "aaaaaaaa", "ÉÉÉÉÉÉÉÉ"] {
            assert!(Password::parse(common).is_err(), "{common}");
        }
        assert!(Password::parse("password of my own").is_ok());
    }

    #[test]
    fn the_common_passwords_are_in_order_once_each_and_could_be_chosen() {
        let all: Vec<&str> = COMMON.lines().collect();
        assert!(all.is_sorted_by(|one, other| one < other));
        assert!(all.iter().all(|one| one.chars().count() >= 8 && one.to_lowercase() == *one));
    }

    #[test]
    fn neither_password_nor_hash_shows_in_debug() {
        let shown = format!(
            "{:?} {:?}",
            Password::parse("correct horse").unwrap(),
            PasswordHash::from_phc("$argon2id$x".into())
        );
        assert!(!shown.contains("horse") && !shown.contains("argon2id"), "{shown}");
    }

    #[test]
    fn composed_and_decomposed_spellings_are_one_password() {
        let composed = Password::parse("caf\u{e9}-au-lait").unwrap();
        let decomposed = Password::parse("cafe\u{301}-au-lait").unwrap();
        assert_eq!(composed.secret().expose_secret(), decomposed.secret().expose_secret());
    }
}
