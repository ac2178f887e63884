//! Forms of pages: fields with labels, and what is wrong with each, said beside it and all at once.

use kith_domain::{Invalid, Password};
use secrecy::{ExposeSecret as _, SecretString};

/// One field. `templates/fields.html` shows it.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Its name, which is also the id of its input.
    pub name: &'static str,
    /// What to type.
    pub label: &'static str,
    /// What to know before typing; may be empty.
    pub help: &'static str,
    /// What one types it into.
    pub control: Control,
    /// What stands in it; never a password.
    pub value: &'a str,
}

/// What of one line comes back, in Unicode scalars: more than any of them may have, and no page of what nobody typed.
const LONGEST_LINE: usize = 300;

impl Field<'_> {
    /// What comes back of what was typed into one line.
    pub fn line(&self) -> &str {
        let end = self.value.char_indices().nth(LONGEST_LINE).map_or(self.value.len(), |(end, _)| end);
        self.value.get(..end).unwrap_or_default()
    }
}

/// What one types a field into, with its attributes: type, `autocomplete`, and rules that browsers check.
#[derive(Debug, Clone, Copy)]
pub enum Control {
    /// One line.
    Line(&'static str),
    /// Several lines.
    Area(&'static str),
    /// One of some values, each with its words.
    Choice(&'static [(&'static str, &'static str)]),
}

/// What is wrong with fields, a sentence each. At most one for a field is shown, the first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// Notes what is wrong with a field; `sentence` repeats nothing that was typed.
    pub fn add(&mut self, field: &'static str, sentence: String) {
        self.0.push((field, sentence));
    }

    /// Whether nothing is wrong.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| *own == field).map(|(_, sentence)| sentence.as_str())
    }

    /// Whether a field is the first of `fields` with which something is wrong: there the reader goes on.
    pub fn begin_at(&self, field: &str, fields: &[Field<'_>]) -> bool {
        fields.iter().find(|field| self.of(field.name).is_some()).is_some_and(|first| first.name == field)
    }

    /// What was written in a field, parsed; or a sentence about `subject` ("Your first name").
    pub fn check<T>(
        &mut self,
        field: &'static str,
        subject: &str,
        written: &str,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let parsed = if written.trim().is_empty() { Err(Invalid("is required")) } else { parse(written) };
        parsed.map_err(|invalid| self.add(field, format!("{subject} {invalid}."))).ok()
    }

    /// A new password, which may be none of the account's `names`: those are no secret.
    pub fn check_password(&mut self, written: &SecretString, names: &[&str]) -> Option<Password> {
        self.check("password", "Your password", written.expose_secret(), |written| {
            let password = Password::parse(written)?;
            let is_name = password.is_any_of(names);
            if is_name { Err(Invalid("must not be your username or your address")) } else { Ok(password) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_domain::{PersonName, Username};

    #[test]
    fn every_fault_is_a_sentence_that_does_not_repeat_what_was_typed() {
        let mut faults = Faults::default();
        assert!(faults.check("first_name", "Your first name", " ", PersonName::parse).is_none());
        assert!(faults.check("username", "Your username", "a:b", Username::parse).is_none());
        assert!(faults.check_password(&"hunter2".into(), &[]).is_none());
        assert_eq!(faults.of("first_name"), Some("Your first name is required."));
        let username = "Your username may hold only letters, digits, dots, underscores and hyphens.";
        assert_eq!(faults.of("username"), Some(username));
        assert_eq!(faults.of("password"), Some("Your password must be 8 to 128 characters long."));
        assert_eq!(faults.of("last_name"), None);
    }

    #[test]
    fn the_names_of_the_account_are_no_password() {
        let mut faults = Faults::default();
        assert!(faults.check_password(&"ADA@example.org".into(), &["ada", "ada@example.org"]).is_none());
        assert_eq!(faults.of("password"), Some("Your password must not be your username or your address."));
        assert!(Faults::default().check_password(&"ada at example".into(), &["ada", "ada@example.org"]).is_some());
    }
}
