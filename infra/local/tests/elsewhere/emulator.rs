//! An emulator that knows nothing of Kith: DynamoDB with its streams, Secrets Manager, and the buckets of S3, at one
//! address.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use dynoxide::{Database, DynoxideError};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Ends when dropped.
pub(crate) struct Emulator {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    database: Database,
    /// Values of secrets by name; `null` while there is none.
    secrets: Mutex<BTreeMap<String, Value>>,
    /// Names of buckets; `None` where there is no S3.
    buckets: Option<Mutex<BTreeSet<String>>>,
    actions: Mutex<Vec<String>>,
}

impl Emulator {
    pub(crate) async fn start() -> Self {
        Self::start_with(Some(Mutex::default())).await
    }

    /// One that serves nothing but what has a target in its header.
    pub(crate) async fn without_s3() -> Self {
        Self::start_with(None).await
    }

    /// One in which somebody else has every bucket.
    pub(crate) async fn with_all_names_taken() -> Self {
        Self::start_with(Some(Mutex::new(BTreeSet::from(["*".to_owned()])))).await
    }

    async fn start_with(buckets: Option<Mutex<BTreeSet<String>>>) -> Self {
        let shared = Arc::new(Shared {
            database: Database::memory().unwrap(),
            secrets: Mutex::default(),
            buckets,
            actions: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, server }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn buckets(&self) -> Vec<String> {
        self.shared.buckets.iter().flat_map(|buckets| buckets.lock().unwrap().clone()).collect()
    }

    /// What it was asked for, in order.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.shared.actions.lock().unwrap().clone()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed = headers["authorization"].to_str().unwrap();
    assert!(signed.contains("Credential=test/"), "{signed}");
    let Some(target) = headers.get("x-amz-target") else {
        return shared.bucket(&method, uri.path().trim_start_matches('/'), &body);
    };
    let (service, action) = target.to_str().unwrap().split_once('.').unwrap();
    shared.actions.lock().unwrap().push(action.to_owned());
    let request = serde_json::from_slice(&body).unwrap();
    let (status, body) = match service {
        "secretsmanager" => shared.secret(action, &request),
        _ => match shared.dynamo(action, request) {
            Ok(answer) => (200, answer.to_string()),
            Err(error) => (error.status_code(), error.to_json()),
        },
    };
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

impl Shared {
    fn dynamo(&self, action: &str, request: Value) -> Result<Value, DynoxideError> {
        let database = &self.database;
        match action {
            "CreateTable" => call(request, |request| database.create_table(request)),
            "DescribeTable" => call(request, |request| database.describe_table(request)),
            "UpdateTimeToLive" => call(request, |request| database.update_time_to_live(request)),
            "DescribeTimeToLive" => call(request, |request| database.describe_time_to_live(request)),
            "GetItem" => call(request, |request| database.get_item(request)),
            "PutItem" => call(request, |request| database.put_item(request)),
            "UpdateItem" => call(request, |request| database.update_item(request)),
            "DeleteItem" => call(request, |request| database.delete_item(request)),
            "Query" => call(request, |request| database.query(request)),
            "Scan" => call(request, |request| database.scan(request)),
            "BatchGetItem" => call(request, |request| database.batch_get_item(request)),
            "TransactWriteItems" => call(request, |request| database.transact_write_items(request)),
            "DescribeStream" => call(request, |request| database.describe_stream(request)),
            "GetShardIterator" => call(request, |request| database.get_shard_iterator(request)),
            "GetRecords" => call(request, |request| database.get_records(request)),
            _ => panic!("{action} is not emulated"),
        }
    }

    fn bucket(&self, method: &Method, name: &str, body: &[u8]) -> Response {
        let Some(buckets) = &self.buckets else {
            return (StatusCode::BAD_REQUEST, json!({"__type": "MissingAuthenticationToken"}).to_string())
                .into_response();
        };
        let mut buckets = buckets.lock().unwrap();
        let status = match *method {
            Method::HEAD if buckets.contains("*") => StatusCode::FORBIDDEN,
            Method::HEAD if buckets.contains(name) => StatusCode::OK,
            Method::HEAD => StatusCode::NOT_FOUND,
            Method::PUT if buckets.contains("*") => {
                let error = "<Error><Code>BucketAlreadyExists</Code><Message>choose another</Message></Error>";
                return (StatusCode::CONFLICT, error).into_response();
            }
            Method::PUT => {
                let region = "<LocationConstraint>eu-central-1</LocationConstraint>";
                assert!(String::from_utf8_lossy(body).contains(region), "{body:?}");
                assert!(buckets.insert(name.to_owned()), "made twice");
                StatusCode::OK
            }
            _ => panic!("{method} is not emulated"),
        };
        status.into_response()
    }

    fn secret(&self, action: &str, request: &Value) -> (u16, String) {
        let mut secrets = self.secrets.lock().unwrap();
        let id = request["Name"].as_str().or(request["SecretId"].as_str()).unwrap();
        let name = id.rsplit(':').next().unwrap().to_owned();
        let known = json!({"ARN": format!("arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}"), "Name": name, "VersionId": "v"});
        let missing = || (400, json!({"__type": "ResourceNotFoundException", "Message": "no such secret"}).to_string());
        match (action, secrets.get_mut(&name)) {
            ("CreateSecret", None) => drop(secrets.insert(name, Value::Null)),
            ("PutSecretValue", Some(value)) => *value = request["SecretString"].clone(),
            ("DescribeSecret", Some(_)) => {}
            ("GetSecretValue", Some(value)) if value.is_string() => {
                let mut answer = known;
                answer["SecretString"] = value.clone();
                return (200, answer.to_string());
            }
            (_, None | Some(Value::Null)) => return missing(),
            (action, _) => panic!("{action} is not emulated"),
        }
        (200, known.to_string())
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    request: Value,
    act: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Value, DynoxideError> {
    let request = serde_json::from_value(request).unwrap();
    Ok(serde_json::to_value(act(request)?).unwrap())
}
