//! What one instance of a function keeps between invocations.

use crate::connections::Connections;
use crate::expected::Expected;
use crate::limit::Exhausted;
use crate::note_keys::NoteKeyCache;
use crate::signing::{SignerCache, VerificationCache};
use crate::{Setting, Settings, StartError};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use kith_store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One instance of a function: settings, clients and caches.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    operation: &'static str,
    body_limit: usize,
    expected: Expected,
    settings: Settings,
    connections: Connections,
    aws: SdkConfig,
    store: Option<Store>,
    pub(crate) verification: VerificationCache,
    pub(crate) signer: SignerCache,
    pub(crate) note_keys: NoteKeyCache,
    pub(crate) exhausted: Exhausted,
}

impl App {
    pub(crate) fn start(
        operation: &'static str,
        body_limit: usize,
        expected: Expected,
        needs: &[Setting],
        env: &BTreeMap<String, String>,
    ) -> Result<Self, StartError> {
        let settings = Settings::read(needs, env)?;
        let connections = Connections::new(env.get("AWS_ENDPOINT_URL").map(String::as_str))?;
        let aws = aws(env, &connections)?;
        let store = settings.get(Setting::TableName).ok().map(|table| Store::new(&aws, table));
        Ok(Self(Arc::new(Inner {
            operation,
            body_limit,
            expected,
            settings,
            connections,
            aws,
            store,
            verification: VerificationCache::default(),
            signer: SignerCache::default(),
            note_keys: NoteKeyCache::default(),
            exhausted: Exhausted::default(),
        })))
    }

    /// Opens the connection to the table's service, if the function has a table.
    pub(crate) async fn connect(&self) {
        if self.0.store.is_none() {
            return;
        }
        let region = self.0.aws.region().map(Region::as_ref).unwrap_or_default();
        let own = format!("https://dynamodb.{region}.amazonaws.com");
        self.0.connections.open(self.0.aws.endpoint_url().unwrap_or(&own)).await;
    }

    /// The operation that this is an instance of.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The function's settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Region, credentials and endpoint for further AWS clients.
    pub fn aws(&self) -> &SdkConfig {
        &self.0.aws
    }

    pub(crate) fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    /// What the route takes, by its contract.
    pub(crate) fn expected(&self) -> &Expected {
        &self.0.expected
    }

    pub(crate) fn store(&self) -> Option<&Store> {
        self.0.store.as_ref()
    }

    pub(crate) fn verification(&self) -> &VerificationCache {
        &self.0.verification
    }

    pub(crate) fn signer(&self) -> &SignerCache {
        &self.0.signer
    }

    pub(crate) fn note_keys(&self) -> &NoteKeyCache {
        &self.0.note_keys
    }

    pub(crate) fn exhausted(&self) -> &Exhausted {
        &self.0.exhausted
    }
}

/// The credentials of an instance: Lambda puts short-lived ones into its environment.
fn credentials(env: &BTreeMap<String, String>) -> Result<Credentials, StartError> {
    let get = |name: &'static str| env.get(name).cloned().ok_or(StartError::Missing(name));
    let session_token = env.get("AWS_SESSION_TOKEN").cloned();
    Ok(Credentials::new(get("AWS_ACCESS_KEY_ID")?, get("AWS_SECRET_ACCESS_KEY")?, session_token, None, "environment"))
}

/// The AWS configuration of an instance, from its environment alone: no provider chain is needed.
fn aws(env: &BTreeMap<String, String>, connections: &Connections) -> Result<SdkConfig, StartError> {
    let region = env.get("AWS_REGION").cloned().ok_or(StartError::Missing("AWS_REGION"))?;
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials(env)?))
        .http_client(connections.client())
        // Four tries and short waits: a throttled or lost call is over well before the gateway gives up at 30 s.
        .retry_config(RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50)))
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(Duration::from_secs(4))
                .operation_timeout(Duration::from_secs(9))
                .build(),
        );
    if let Some(endpoint) = env.get("AWS_ENDPOINT_URL") {
        config = config.endpoint_url(endpoint);
    }
    let of_services = env.iter().filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL_"));
    let of_services = of_services.map(|(name, url)| (name.clone(), url.clone())).collect();
    Ok(config.service_config(ServiceEndpoints(of_services)).build())
}

/// `AWS_ENDPOINT_URL_DYNAMODB` and the like: a service at another address than `AWS_ENDPOINT_URL`.
#[derive(Debug)]
struct ServiceEndpoints(BTreeMap<String, String>);

impl LoadServiceConfig for ServiceEndpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        self.0.get(&format!("{}_{service}", key.env())).cloned()
    }
}
