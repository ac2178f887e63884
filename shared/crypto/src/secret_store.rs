//! The key ring's place in AWS Secrets Manager.

use crate::signing::{SigningError, SigningRing};
use aws_sdk_secretsmanager::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::GetSecretValueError,
};
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
    Malformed(#[from] SigningError),
}

/// One secret that holds the ring of token-signing keys.
#[derive(Clone)]
pub struct SecretStore {
    client: Client,
    secret_id: String,
}

impl SecretStore {
    /// The secret with this name or ARN.
    pub fn new(config: &aws_types::SdkConfig, secret_id: impl Into<String>) -> Self {
        Self { client: Client::new(config), secret_id: secret_id.into() }
    }

    /// The ring; `None` while nobody has written one. One `GetSecretValue`.
    pub async fn load(&self) -> Result<Option<SigningRing>, SecretStoreError> {
        let answer = match self.client.get_secret_value().secret_id(&self.secret_id).send().await {
            Ok(answer) => answer,
            // Also the answer for a secret that exists and has no value yet, which is how the stack creates it.
            Err(error) if has_no_value(&error) => return Ok(None),
            Err(error) => return Err(failed("GetSecretValue", &error)),
        };
        let text = answer.secret_string.map(Zeroizing::new).unwrap_or_default();
        Ok(Some(SigningRing::from_secret_text(&text)?))
    }

    /// Makes this the ring. One `PutSecretValue`.
    ///
    /// `client_request_token` (32 to 64 characters) names the new version: repeating a call with the same token and
    /// ring changes nothing, with another ring it is refused.
    pub async fn save(&self, ring: &SigningRing, client_request_token: &str) -> Result<(), SecretStoreError> {
        self.client
            .put_secret_value()
            .secret_id(&self.secret_id)
            .client_request_token(client_request_token)
            .secret_string(ring.to_secret_text()?.as_str())
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("PutSecretValue", &error))
    }
}

impl std::fmt::Debug for SecretStore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SecretStore").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

fn has_no_value(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
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
    use crate::signing::SigningKey;
    use jiff::Timestamp;

    fn ring() -> SigningRing {
        let mut ring = SigningRing::default();
        ring.add(SigningKey::generate(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH).unwrap());
        ring
    }

    #[tokio::test]
    async fn a_saved_ring_is_sent_whole_and_loads_again() {
        let ring = ring();
        let server = kith_loopback::Server::answering(200, "{}");
        SecretStore::new(&server.config(), "kith/keys").save(&ring, "0123456789abcdef0123456789abcdef").await.unwrap();
        let sent = server.request();
        assert!(sent.head.contains("secretsmanager.PutSecretValue"), "{}", sent.head);
        let sent: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(sent["SecretId"], "kith/keys");
        assert_eq!(sent["ClientRequestToken"], "0123456789abcdef0123456789abcdef");

        let stored = serde_json::json!({ "SecretString": sent["SecretString"] }).to_string();
        let server = kith_loopback::Server::answering(200, &stored);
        let loaded = SecretStore::new(&server.config(), "kith/keys").load().await.unwrap().unwrap();
        assert_eq!(loaded.keys()[0].public_jwk(), ring.keys()[0].public_jwk());
    }

    #[tokio::test]
    async fn a_secret_without_a_value_is_no_ring() {
        let server = kith_loopback::Server::answering(400, r#"{"__type":"ResourceNotFoundException"}"#);
        assert!(SecretStore::new(&server.config(), "kith/keys").load().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_refusal_names_its_code() {
        let server = kith_loopback::Server::answering(400, r#"{"__type":"AccessDeniedException","Message":"no"}"#);
        let error = SecretStore::new(&server.config(), "kith/keys").load().await.unwrap_err();
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
            let error = SecretStore::new(&server.config(), "kith/keys").load().await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains(private), "{error:?}");
        }
    }
}
