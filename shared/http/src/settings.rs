//! Settings: environment variables that a function names and without which it does not start.

use crate::{Problem, StartError};
use kith_domain::{AdminEmails, RegistrationMode, SealingMode, Worker};
use std::collections::BTreeMap;

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// The table's name.
    TableName,
    /// Base of every link: `https://…` without a slash at the end. Also issuer of the access tokens.
    PublicUrl,
    /// Name or ARN of the secret with the token-signing keys.
    SigningSecret,
    /// Name or ARN of the secret with the keys that seal notes.
    NoteSecret,
    /// Who may seal notes: `open` or `members`.
    Notes,
    /// Who becomes admin on confirming: addresses and `*@domain`, separated by commas; may be empty.
    AdminEmails,
    /// Who may register: `open` or `invite`.
    Registration,
    /// From whom mails come: an address, or `Name <address>`.
    MailFrom,
    /// Name of the function that delivers mails.
    DeliverMailFunction,
    /// Name of the function that erases accounts.
    EraseAccountFunction,
    /// Name of the function that erases what belonged to something that is gone.
    CleanUpFunction,
    /// Where people report security problems: a mail address or an https URL.
    SecurityContact,
    /// Name of the bucket that keeps images.
    ImagesBucket,
}

impl Setting {
    /// The environment variable.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TableName => "TABLE_NAME",
            Self::PublicUrl => "PUBLIC_URL",
            Self::SigningSecret => "SIGNING_SECRET",
            Self::NoteSecret => "NOTE_SECRET",
            Self::Notes => "NOTES",
            Self::AdminEmails => "ADMIN_EMAILS",
            Self::Registration => "REGISTRATION",
            Self::MailFrom => "MAIL_FROM",
            Self::DeliverMailFunction => "DELIVER_MAIL_FUNCTION",
            Self::EraseAccountFunction => "ERASE_ACCOUNT_FUNCTION",
            Self::CleanUpFunction => "CLEAN_UP_FUNCTION",
            Self::SecurityContact => "SECURITY_CONTACT",
            Self::ImagesBucket => "IMAGES_BUCKET",
        }
    }

    /// Why the value cannot be used, if so.
    fn fault(self, value: &str) -> Option<String> {
        match self {
            Self::AdminEmails => AdminEmails::parse(value).err().map(|error| error.to_string()),
            Self::Registration => RegistrationMode::parse(value).err().map(|error| error.to_string()),
            Self::Notes => SealingMode::parse(value).err().map(|error| error.to_string()),
            Self::PublicUrl => {
                let is_url = value.starts_with("https://") || value.starts_with("http://");
                (!is_url || value.ends_with('/')).then(|| "must be a URL without a slash at the end".into())
            }
            _ => value.is_empty().then(|| "must not be empty".into()),
        }
    }
}

/// The settings of one function.
#[derive(Debug, Clone)]
pub struct Settings(BTreeMap<Setting, String>);

impl Settings {
    /// Reads what is needed; the error names the first setting that is missing or unusable.
    pub(crate) fn read(needs: &[Setting], env: &BTreeMap<String, String>) -> Result<Self, StartError> {
        let read = |setting: &Setting| {
            let name = setting.name();
            let value = env.get(name).ok_or(StartError::Missing(name))?;
            match setting.fault(value) {
                Some(fault) => Err(StartError::Unusable(name, fault)),
                None => Ok((*setting, value.clone())),
            }
        };
        needs.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// A setting that the function named among its needs; anything else is a mistake in the function, answered by 500.
    pub fn get(&self, setting: Setting) -> crate::Result<&str> {
        let unnamed = || Problem::internal(format!("the function does not name {} among its settings", setting.name()));
        self.0.get(&setting).map(String::as_str).ok_or_else(unnamed)
    }

    /// The name of the function that does a task.
    pub fn worker_function(&self, worker: Worker) -> crate::Result<&str> {
        match worker {
            Worker::DeliverMail => self.get(Setting::DeliverMailFunction),
            Worker::EraseAccount => self.get(Setting::EraseAccountFunction),
            Worker::CleanUp => self.get(Setting::CleanUpFunction),
        }
    }

    /// Who becomes admin.
    pub fn admin_emails(&self) -> crate::Result<AdminEmails> {
        AdminEmails::parse(self.get(Setting::AdminEmails)?).map_err(|error| Problem::internal(error.to_string()))
    }

    /// Who may register.
    pub fn registration_mode(&self) -> crate::Result<RegistrationMode> {
        RegistrationMode::parse(self.get(Setting::Registration)?).map_err(|error| Problem::internal(error.to_string()))
    }

    /// Who may seal notes.
    pub fn sealing_mode(&self) -> crate::Result<SealingMode> {
        SealingMode::parse(self.get(Setting::Notes)?).map_err(|error| Problem::internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn e26_a_missing_setting_is_named() {
        let error =
            Settings::read(&[Setting::TableName, Setting::PublicUrl], &env(&[("TABLE_NAME", "kith")])).unwrap_err();
        assert!(error.to_string().contains("PUBLIC_URL"), "{error}");
    }

    #[test]
    fn e26_an_unusable_setting_is_named_with_the_reason() {
        let error = Settings::read(&[Setting::Registration], &env(&[("REGISTRATION", "maybe")])).unwrap_err();
        assert!(error.to_string().contains("REGISTRATION") && error.to_string().contains("open or invite"), "{error}");
    }
}
