//! Another AWS, an emulator or AWS itself, that keeps tables, objects and secrets in place of the embedded side.
//!
//! The runner speaks the protocols directly, most of them JSON: the templates hold requests as JSON, stream records go
//! into events as JSON, and the embedded database takes the same.

mod bucket;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials as SigningCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::aws::Credentials;
use crate::clock::machine_time;
use crate::template::{FunctionSpec, REGION, SecretSpec, TableSpec, Template};

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a new table may take to become active, and how often it is asked for.
const TABLE_PATIENCE: Duration = Duration::from_mins(2);
const TABLE_STEP: Duration = Duration::from_millis(200);

/// Where another AWS is, and what to sign with.
#[derive(Clone)]
pub struct OtherAws {
    /// One address for all services. Below `amazonaws.com` each service has its own: `https://eu-west-1.amazonaws.com`
    /// stands for `https://dynamodb.eu-west-1.amazonaws.com` and so on.
    pub url: String,
    /// Region to sign for.
    pub region: String,
    /// Access key, the functions' as well.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
    /// Session token of short-lived credentials.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for OtherAws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OtherAws").field("url", &self.url).field("region", &self.region).finish_non_exhaustive()
    }
}

impl OtherAws {
    /// The AWS at `url`, with the usual `AWS_…` variables for the rest; without them, `test` and `test`, as emulators
    /// have it, in `eu-central-1`.
    pub fn new(url: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str, other: &str| variable(name).unwrap_or_else(|| other.to_owned());
        Self {
            url: url.trim_end_matches('/').to_owned(),
            region: get("AWS_REGION", &get("AWS_DEFAULT_REGION", REGION)),
            access_key: get("AWS_ACCESS_KEY_ID", "test"),
            secret_key: get("AWS_SECRET_ACCESS_KEY", "test"),
            session_token: variable("AWS_SESSION_TOKEN"),
        }
    }

    /// What a function gets: tables, objects and secrets there, mails and invocations at `rest`, the runner's own side.
    pub(crate) fn environment(&self, rest: String) -> BTreeMap<String, String> {
        let pairs = [
            ("AWS_REGION", Some(self.region.clone())),
            ("AWS_ACCESS_KEY_ID", Some(self.access_key.clone())),
            ("AWS_SECRET_ACCESS_KEY", Some(self.secret_key.clone())),
            ("AWS_SESSION_TOKEN", self.session_token.clone()),
            ("AWS_ENDPOINT_URL", Some(rest)),
            ("AWS_ENDPOINT_URL_DYNAMODB", Some(self.address(Service::Dynamo.host()))),
            ("AWS_ENDPOINT_URL_S3", Some(self.address(bucket::HOST))),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", Some(self.address(Service::Secrets.host()))),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// What the runner's own side has to know of the functions' credentials.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials { access_key: self.access_key.clone(), secret_key: self.secret_key.clone() }
    }

    /// Where the service is that AWS has at a host of this name.
    fn address(&self, service: &str) -> String {
        let host = self.url.split_once("://").map(|(scheme, host)| (scheme, host.trim_end_matches('/')));
        match host {
            Some((scheme, host)) if host.ends_with(".amazonaws.com") => format!("{scheme}://{service}.{host}"),
            _ => self.url.clone(),
        }
    }
}

/// A service of AWS that speaks JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// DynamoDB.
    Dynamo,
    /// DynamoDB Streams.
    Streams,
    /// Secrets Manager.
    Secrets,
}

impl Service {
    const fn host(self) -> &'static str {
        match self {
            Self::Dynamo => "dynamodb",
            Self::Streams => "streams.dynamodb",
            Self::Secrets => "secretsmanager",
        }
    }

    const fn signing_name(self) -> &'static str {
        match self {
            Self::Dynamo | Self::Streams => "dynamodb",
            Self::Secrets => "secretsmanager",
        }
    }

    /// What stands before the action, and the version of the JSON protocol.
    const fn protocol(self) -> (&'static str, &'static str) {
        match self {
            Self::Dynamo => ("DynamoDB_20120810", "application/x-amz-json-1.0"),
            Self::Streams => ("DynamoDBStreams_20120810", "application/x-amz-json-1.0"),
            Self::Secrets => ("secretsmanager", "application/x-amz-json-1.1"),
        }
    }
}

/// A call to another AWS did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// It refused.
    #[error("{action}: {code}: {message}")]
    Refused {
        /// The action asked for.
        action: String,
        /// Such as `ResourceNotFoundException`.
        code: String,
        /// In its words.
        message: String,
    },
    /// There was no answer that makes sense.
    #[error("{action}: {why}")]
    NoAnswer {
        /// The action asked for.
        action: String,
        /// Why not.
        why: String,
    },
    /// What is there already cannot be used.
    #[error("{0}")]
    Unusable(String),
}

impl CallError {
    /// Whether it refused with this code.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

/// Connections, encrypted where the address says so. Plain ones need no certificates of the machine.
enum Connections {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Encrypted(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// Calls another AWS as the runner itself, not as a function.
pub(crate) struct Caller {
    pub(crate) aws: OtherAws,
    connections: Connections,
}

impl Caller {
    /// A caller of `aws`; nothing is called yet. Fails if the machine has no certificates to trust an `https` address.
    pub(crate) fn new(aws: OtherAws) -> std::io::Result<Self> {
        let builder = Client::builder(TokioExecutor::new());
        let connections = if aws.url.starts_with("https://") {
            let connector = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots()?;
            Connections::Encrypted(builder.build(connector.https_only().enable_http1().build()))
        } else {
            Connections::Plain(builder.build_http())
        };
        Ok(Self { aws, connections })
    }

    /// One call; the answer as JSON.
    pub(crate) async fn call(&self, service: Service, action: &str, body: &Value) -> Result<Value, CallError> {
        let failed = |why: String| CallError::NoAnswer { action: action.to_owned(), why };
        let request = self.request(service, action, body).map_err(failed)?;
        let (status, body) = self.send(request).await.map_err(failed)?;
        let answer: Value = if body.is_empty() { json!({}) } else { serde_json::from_slice(&body).unwrap_or_default() };
        if status.is_success() && answer.is_object() {
            return Ok(answer);
        }
        let text = |names: [&str; 2]| names.into_iter().find_map(|name| answer.get(name)?.as_str());
        let code = text(["__type", "code"]).map(|code| code.rsplit('#').next().unwrap_or(code).to_owned());
        Err(match code {
            Some(code) => CallError::Refused {
                action: action.to_owned(),
                code,
                message: text(["message", "Message"]).unwrap_or_default().to_owned(),
            },
            None => failed(format!("the answer with status {status} is none of AWS")),
        })
    }

    /// The status and the body of the answer to a request; or why there is none.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        let answer = tokio::time::timeout(PATIENCE, async {
            let answer = match &self.connections {
                Connections::Plain(client) => client.request(request).await,
                Connections::Encrypted(client) => client.request(request).await,
            };
            let answer = answer.map_err(|error| with_causes(&error))?;
            let status = answer.status();
            let body = answer.into_body().collect().await.map_err(|error| with_causes(&error))?;
            Ok((status, body.to_bytes()))
        });
        answer.await.map_err(|_| "no answer in 20 seconds".to_owned())?
    }

    fn request(&self, service: Service, action: &str, body: &Value) -> Result<Request<Full<Bytes>>, String> {
        let (prefix, content_type) = service.protocol();
        let body = Bytes::from(body.to_string());
        let request = Request::post(format!("{}/", self.aws.address(service.host())))
            .header(CONTENT_TYPE, content_type)
            .header("x-amz-target", format!("{prefix}.{action}"))
            .body(Full::new(body.clone()))
            .map_err(|error| error.to_string())?;
        self.signed(request, &body, service.signing_name(), SigningSettings::default())
    }

    fn signed(
        &self,
        mut request: Request<Full<Bytes>>,
        body: &[u8],
        service: &str,
        settings: SigningSettings,
    ) -> Result<Request<Full<Bytes>>, String> {
        let OtherAws { region, access_key, secret_key, session_token, .. } = &self.aws;
        let identity =
            SigningCredentials::new(access_key, secret_key, session_token.clone(), None, "kith-local").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(machine_time().into())
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let (method, address) = (request.method().as_str(), request.uri().to_string());
        let signable = SignableRequest::new(method, address, headers, SignableBody::Bytes(body))
            .map_err(|error| error.to_string())?;
        let (instructions, _) = sign(signable, &parameters).map_err(|error| error.to_string())?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    /// Makes what the templates name and is not there yet, and gives the functions the ARNs of there.
    pub(crate) async fn prepare(&self, template: &mut Template) -> Result<(), CallError> {
        let account = self.prepare_table(&template.table).await?;
        for secret in &template.secrets {
            let arn = self.prepare_secret(secret).await?;
            rename(&mut template.functions, &secret.arn, &arn);
        }
        for bucket in &template.buckets {
            let name = self.prepare_bucket(bucket, &account).await?;
            rename(&mut template.functions, &bucket.name, &name);
        }
        Ok(())
    }

    /// Makes the table if it is not there, and answers whose it is: the number of the account.
    async fn prepare_table(&self, spec: &TableSpec) -> Result<String, CallError> {
        let named = json!({"TableName": spec.name});
        match self.call(Service::Dynamo, "DescribeTable", &named).await {
            Err(error) if error.is("ResourceNotFoundException") => {
                self.call(Service::Dynamo, "CreateTable", &spec.create).await?;
            }
            described => drop(described?),
        }
        let active = async {
            loop {
                let described = self.call(Service::Dynamo, "DescribeTable", &named).await?;
                if described.pointer("/Table/TableStatus").and_then(Value::as_str) == Some("ACTIVE") {
                    return Ok::<_, CallError>(described);
                }
                tokio::time::sleep(TABLE_STEP).await;
            }
        };
        let unusable = |why: &str| CallError::Unusable(format!("the table {} {why}", spec.name));
        let described = tokio::time::timeout(TABLE_PATIENCE, active).await;
        let described = described.map_err(|_| unusable("does not become active"))??;
        if described.pointer("/Table/LatestStreamArn").is_none() {
            return Err(unusable("is there, but it has no stream"));
        }
        let ttl = self.call(Service::Dynamo, "DescribeTimeToLive", &named).await?;
        let status = ttl.pointer("/TimeToLiveDescription/TimeToLiveStatus").and_then(Value::as_str);
        if !matches!(status, Some("ENABLED" | "ENABLING")) {
            let specification = json!({"AttributeName": spec.ttl_attribute, "Enabled": true});
            let update = json!({"TableName": spec.name, "TimeToLiveSpecification": specification});
            self.call(Service::Dynamo, "UpdateTimeToLive", &update).await?;
        }
        let arn = described.pointer("/Table/TableArn").and_then(Value::as_str).unwrap_or_default();
        Ok(arn.split(':').nth(4).unwrap_or_default().to_owned())
    }

    /// The ARN of a secret, made without a value if it is not there.
    async fn prepare_secret(&self, spec: &SecretSpec) -> Result<String, CallError> {
        let found = match self.call(Service::Secrets, "DescribeSecret", &json!({"SecretId": spec.name})).await {
            Err(error) if error.is("ResourceNotFoundException") => {
                // The token makes a repeat of this very request harmless.
                let token = uuid::Uuid::new_v4().to_string();
                let create = json!({"Name": spec.name, "ClientRequestToken": token});
                self.call(Service::Secrets, "CreateSecret", &create).await?
            }
            found => found?,
        };
        let arn = found.get("ARN").and_then(Value::as_str).map(str::to_owned);
        arn.ok_or_else(|| CallError::Unusable(format!("the secret {} has no ARN", spec.name)))
    }
}

/// Gives the functions the name that something has there, in place of its name here.
fn rename(functions: &mut BTreeMap<String, FunctionSpec>, here: &str, there: &str) {
    let values = functions.values_mut().flat_map(|function| function.environment.values_mut());
    values.filter(|value| *value == here).for_each(|value| there.clone_into(value));
}

/// An error and what caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_has_one_address_and_aws_one_per_service() {
        let at = |url: &str| OtherAws::new(url, |_| None);
        let emulator = at("http://127.0.0.1:4566/");
        assert_eq!(emulator.address("dynamodb"), "http://127.0.0.1:4566");
        assert_eq!(emulator.address("s3"), "http://127.0.0.1:4566");
        let aws = at("https://eu-west-1.amazonaws.com");
        assert_eq!(aws.address(Service::Dynamo.host()), "https://dynamodb.eu-west-1.amazonaws.com");
        assert_eq!(aws.address(Service::Streams.host()), "https://streams.dynamodb.eu-west-1.amazonaws.com");
        assert_eq!(aws.address(Service::Secrets.host()), "https://secretsmanager.eu-west-1.amazonaws.com");
    }

    #[test]
    fn functions_send_mails_to_the_runner_and_the_rest_there() {
        let given = |name: &str| (name == "AWS_ACCESS_KEY_ID").then(|| "AKIA".to_owned());
        let environment = OtherAws::new("http://there", given).environment("http://here".to_owned());
        let pairs: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("AWS_ACCESS_KEY_ID", "AKIA"),
                ("AWS_ENDPOINT_URL", "http://here"),
                ("AWS_ENDPOINT_URL_DYNAMODB", "http://there"),
                ("AWS_ENDPOINT_URL_S3", "http://there"),
                ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://there"),
                ("AWS_REGION", REGION),
                ("AWS_SECRET_ACCESS_KEY", "test"),
            ]
        );
    }
}
