//! The key rings' places in AWS Secrets Manager.

use crate::key_ring::{KeyRing, RingError};
use crate::token::SecretHash;
use aws_sdk_secretsmanager::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{get_secret_value::GetSecretValueError, put_secret_value::PutSecretValueError},
};
use std::marker::PhantomData;
use zeroize::Zeroizing;

/// Why the ring could not be read or written. No variant carries what the secret holds.
#[derive(Debug, thiserror::Error)]
pub enum SecretStoreError {
    /// Secrets Manager did not answer, or refused.
    #[error("{action} did not work: {cause}")]
    Call {
        /// The API action.
        action: &'static str,
        /// Its error code, or what kept the call from being answered.
        cause: String,
    },
    /// The secret holds no ring.
    #[error(transparent)]
    Malformed(#[from] RingError),
}

/// One secret that holds a ring of keys.
#[derive(Clone)]
pub struct SecretStore<Ring> {
    client: Client,
    secret_id: String,
    ring: PhantomData<Ring>,
}

/// A ring as it was read.
#[derive(Debug, Default)]
pub struct LoadedRing<Ring> {
    /// The ring; an empty one while nobody has written one.
    pub ring: Ring,
    /// Which version of the secret it is; `None` while that has no value.
    version: Option<String>,
}

impl<Ring: KeyRing + Default> SecretStore<Ring> {
    /// The secret with this name or ARN.
    pub fn new(config: &aws_types::SdkConfig, secret_id: impl Into<String>) -> Self {
        Self { client: Client::new(config), secret_id: secret_id.into(), ring: PhantomData }
    }

    /// The ring. One `GetSecretValue`.
    pub async fn load(&self) -> Result<LoadedRing<Ring>, SecretStoreError> {
        let answer = match self.client.get_secret_value().secret_id(&self.secret_id).send().await {
            Ok(answer) => answer,
            // Also the answer for a secret that exists and has no value yet, which is how the stack creates it.
            Err(error) if has_no_value(&error) => return Ok(LoadedRing::default()),
            Err(error) => return Err(failed("GetSecretValue", &error)),
        };
        let text = answer.secret_string.map(Zeroizing::new).unwrap_or_default();
        if answer.secret_binary.is_some_and(|bytes| !bytes.as_ref().is_empty()) {
            return Err(RingError::NotText.into());
        }
        // Secrets that are made by hand, and by some emulators, begin with an empty text.
        let ring = if text.trim().is_empty() { Ring::default() } else { Ring::from_secret_text(&text)? };
        Ok(LoadedRing { ring, version: Some(answer.version_id.unwrap_or_default()) })
    }

    /// Puts a ring in the place of the one that was loaded; `false` if another one was faster. One
    /// `PutSecretValue`.
    ///
    /// Secrets Manager knows no condition, but refuses a version id that another value has. So the id of each version
    /// follows from the id of the one before it: of two that go on from the same version, one is refused.
    pub async fn replace(&self, loaded: &LoadedRing<Ring>, with: &Ring) -> Result<bool, SecretStoreError> {
        let before = loaded.version.as_deref().unwrap_or("none");
        let next = SecretHash::of(format!("kith.ring.after {before}").as_bytes()).to_string();
        let put = self.client.put_secret_value().secret_id(&self.secret_id).client_request_token(next);
        match put.secret_string(with.to_secret_text()?.as_str()).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(failed("PutSecretValue", &error)),
        }
    }
}

impl<Ring> std::fmt::Debug for SecretStore<Ring> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SecretStore").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

fn has_no_value(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

fn is_taken(error: &SdkError<PutSecretValueError>) -> bool {
    error.as_service_error().is_some_and(PutSecretValueError::is_resource_exists_exception)
}

/// Keeps the words of the error and drops the error: an answer that cannot be parsed carries its raw body along.
fn failed<E>(action: &'static str, error: &SdkError<E>) -> SecretStoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = match error.code() {
        Some(code) => code.to_owned(),
        None => std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": "),
    };
    SecretStoreError::Call { action, cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoteRing, SigningKey, SigningRing, Succession};
    use jiff::Timestamp;

    type Store = SecretStore<SigningRing>;

    fn ring() -> SigningRing {
        let mut keys = Succession::default();
        keys.complete(|| SigningKey::generate(Timestamp::UNIX_EPOCH)).unwrap();
        SigningRing::of(keys)
    }

    async fn load(answer: &str) -> Result<LoadedRing<SigningRing>, SecretStoreError> {
        let server = kith_loopback::Server::answering(200, answer);
        Store::new(&server.config(), "kith/keys").load().await
    }

    #[tokio::test]
    async fn a_ring_is_sent_whole_and_loads_again() {
        let ring = ring();
        let server = kith_loopback::Server::answering(200, "{}");
        let store = Store::new(&server.config(), "kith/keys");
        assert!(store.replace(&LoadedRing::default(), &ring).await.unwrap());
        let sent = server.request();
        assert!(sent.head.contains("secretsmanager.PutSecretValue"), "{}", sent.head);
        let sent: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(sent["SecretId"], "kith/keys");

        let stored = serde_json::json!({ "SecretString": sent["SecretString"] }).to_string();
        let loaded = load(&stored).await.unwrap();
        assert_eq!(loaded.ring.signer().unwrap().public_jwk(), ring.signer().unwrap().public_jwk());
    }

    #[tokio::test]
    async fn h25_a_secret_without_a_value_or_with_an_empty_one_is_no_ring_yet() {
        let server = kith_loopback::Server::answering(400, r#"{"__type":"ResourceNotFoundException"}"#);
        assert!(Store::new(&server.config(), "kith/keys").load().await.unwrap().ring.is_empty());
        for empty in [
            r#"{"SecretString":"","VersionId":"v1"}"#,
            r#"{"SecretString":" \n\t ","VersionId":"v1"}"#,
            r#"{"SecretBinary":"","VersionId":"v1"}"#,
            r#"{"SecretString":null}"#,
            "{}",
        ] {
            assert!(load(empty).await.unwrap().ring.is_empty(), "{empty}");
        }
    }

    #[tokio::test]
    async fn h25_a_secret_that_holds_something_else_is_an_error() {
        for other in [
            r#"{"SecretString":"{}"}"#,
            r#"{"SecretString":"null"}"#,
            r#"{"SecretString":"{\"keys\":[{}]}"}"#,
            r#"{"SecretString":"hello"}"#,
            r#"{"SecretBinary":"AAAA"}"#,
        ] {
            let error = load(other).await.unwrap_err();
            assert!(matches!(error, SecretStoreError::Malformed(_)), "{other}: {error}");
        }
    }

    async fn loaded(version: &str) -> LoadedRing<NoteRing> {
        let text = NoteRing::default().to_secret_text().unwrap();
        let stored = serde_json::json!({ "SecretString": *text, "VersionId": version }).to_string();
        let server = kith_loopback::Server::answering(200, &stored);
        SecretStore::new(&server.config(), "kith/notes").load().await.unwrap()
    }

    /// The version that replacing `loaded` makes, and whether it was made.
    async fn replaced(loaded: &LoadedRing<NoteRing>, status: u16, answer: &str) -> (String, bool) {
        let mut next = loaded.ring.clone();
        next.complete(Timestamp::UNIX_EPOCH);
        let server = kith_loopback::Server::answering(status, answer);
        let done = SecretStore::new(&server.config(), "kith/notes").replace(loaded, &next).await.unwrap();
        let sent: serde_json::Value = serde_json::from_slice(&server.request().body).unwrap();
        (sent["ClientRequestToken"].as_str().unwrap().to_owned(), done)
    }

    #[tokio::test]
    async fn two_who_replace_the_same_version_make_the_same_one_and_the_second_is_told() {
        let refused = r#"{"__type":"ResourceExistsException"}"#;
        let (first, is_first) = replaced(&loaded("v1").await, 200, "{}").await;
        let (second, is_second) = replaced(&loaded("v1").await, 400, refused).await;
        assert_eq!((first.as_str(), is_first, is_second), (second.as_str(), true, false));
        assert!((32..=64).contains(&first.len()), "{first}");
        let (next, _) = replaced(&loaded(&first).await, 200, "{}").await;
        let (at_first, _) = replaced(&LoadedRing::default(), 200, "{}").await;
        assert!(next != first && at_first != first && at_first != next);
    }

    #[tokio::test]
    async fn a_refusal_names_its_code() {
        let server = kith_loopback::Server::answering(400, r#"{"__type":"AccessDeniedException","Message":"no"}"#);
        let error = Store::new(&server.config(), "kith/keys").load().await.unwrap_err();
        assert_eq!(error.to_string(), "GetSecretValue did not work: AccessDeniedException");
    }

    #[tokio::test]
    async fn no_error_shows_what_the_secret_holds() {
        let text = ring().to_secret_text().unwrap();
        let private = text.split("pkcs8\":\"").nth(1).unwrap().split('"').next().unwrap();
        for body in [
            serde_json::json!({ "SecretString": text.replace("\"kid\"", "\"key\"") }).to_string(),
            // Cut short, so that the SDK cannot parse the answer.
            serde_json::json!({ "SecretString": *text }).to_string().trim_end_matches("\"}").to_owned(),
        ] {
            let server = kith_loopback::Server::answering(200, &body);
            let error = Store::new(&server.config(), "kith/keys").load().await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains(private), "{error:?}");
        }
    }
}
