//! The runner as a whole, over HTTP: what the gateway answers itself, helpers, restarts, retries.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod client;

use std::path::Path;

use client::client;
use kith_local::template::Sources;
use kith_local::{Kith, Options, project_root};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

async fn kith(data: Option<&Path>) -> Kith {
    let options = Options { data: data.map(Path::to_path_buf), ..Options::default() };
    Kith::start(options).await.unwrap()
}

async fn get(kith: &Kith, path: &str) -> Value {
    client().get(format!("{}{path}", kith.url())).send().await.unwrap().json().await.unwrap()
}

async fn post(kith: &Kith, path: &str, body: &Value) -> Response {
    client().post(format!("{}{path}", kith.url())).json(body).send().await.unwrap()
}

async fn register(kith: &Kith, name: &str) -> Response {
    let body = json!({
        "email": format!("{name}@example.org"), "username": name, "first_name": "Ada", "last_name": "Test",
        "password": "a blue kettle by the window",
    });
    post(kith, "/v1/auth/register", &body).await
}

async fn mails_to(kith: &Kith, name: &str) -> usize {
    get(kith, &format!("/_kith/mails?to={}@EXAMPLE.org", name.to_uppercase())).await.as_array().unwrap().len()
}

#[tokio::test]
async fn a_request_passes_through_function_table_stream_job_and_mail() {
    let kith = kith(None).await;
    let answer = register(&kith, "ada").await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let request_id = answer.headers()["apigw-requestid"].to_str().unwrap().to_owned();
    kith.settle().await.unwrap();
    assert_eq!(mails_to(&kith, "ada").await, 1);

    let mails = get(&kith, "/_kith/mails").await;
    let id = mails[0]["id"].as_str().unwrap();
    let original = client().get(format!("{}/_kith/mails/{id}.eml", kith.url())).send().await.unwrap();
    assert_eq!(original.headers()["content-type"], "message/rfc822");

    let requests = get(&kith, "/_kith/requests").await;
    let requests = requests.as_array().unwrap();
    let operations: Vec<&str> = requests.iter().map(|request| request["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["deliver-mail", "relay-outbox", "register-account", "rotate-keys"]);
    let registered = &requests[2];
    assert_eq!(registered["request_id"], request_id);
    assert_eq!(registered["route"], "POST /v1/auth/register");
    assert!(registered["write_units"].as_f64().unwrap() > 0.0 && registered["price_usd"].as_f64().unwrap() > 0.0);
    assert!(get(&kith, "/_kith/table").await.as_array().unwrap().iter().any(|item| item["pk"] == "username#ada"));
    for (operation, policy) in get(&kith, "/_kith/policies").await.as_object().unwrap() {
        assert_eq!(policy["denied"], json!([]), "{operation}");
    }
}

#[tokio::test]
async fn the_gateway_answers_what_is_too_large_itself() {
    let kith = kith(None).await;
    let client = client();
    let post = |size: usize, kind: &'static str| {
        client.post(format!("{}/v1/auth/login", kith.url())).header("content-type", kind).body(vec![b'x'; size])
    };
    for (request, status, message) in [
        (post(10 * 1024 * 1024 + 1, "text/plain"), StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        (post(5 * 1024 * 1024, "image/png"), StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        (
            post(1, "text/plain").header("x", "y".repeat(10_240)),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "Request Header Fields Too Large",
        ),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(answer.headers().contains_key("apigw-requestid"));
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"message": message}));
    }
    // Below the gateway's limits it is the function that refuses.
    let answer = post(5 * 1024 * 1024, "text/plain").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_crashed_function_is_an_internal_error_and_the_next_request_is_served() {
    let kith = kith(None).await;
    let fault = json!({"operation": "show-me", "kind": "crash_before", "times": 1});
    assert_eq!(post(&kith, "/_kith/faults", &fault).await.status(), StatusCode::OK);
    let client = client();
    let me = || client.get(format!("{}/v1/me", kith.url())).send();
    let answer = me().await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"message": "Internal Server Error"}));
    assert_eq!(me().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_clock_moves_and_its_offset_is_kept_with_the_data() {
    let data = tempfile::tempdir().unwrap();
    let first = kith(Some(data.path())).await;
    for (body, status) in [
        (json!({"advance": "soon"}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"forward": "7d"}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"advance": "7d"}), StatusCode::OK),
        (json!({"advance": "PT30S"}), StatusCode::OK),
    ] {
        assert_eq!(post(&first, "/_kith/clock", &body).await.status(), status, "{body}");
    }
    let seconds = 7 * 86_400 + 30;
    assert_eq!(get(&first, "/_kith/clock").await["offset_seconds"], seconds);
    first.shutdown().await;
    let second = kith(Some(data.path())).await;
    assert_eq!(get(&second, "/_kith/clock").await["offset_seconds"], seconds);
    let answer =
        post(&second, "/_kith/clock", &json!({"set": "2030-01-31T20:00:00Z"})).await.json::<Value>().await.unwrap();
    assert!(answer["now"].as_str().unwrap().starts_with("2030-01-31T20:00:0"), "{answer}");
}

#[tokio::test]
async fn what_the_stream_held_at_a_sudden_end_is_processed_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let first = kith(Some(data.path())).await;
    let fault = json!({"operation": "relay-outbox", "kind": "crash_before", "times": 1000});
    post(&first, "/_kith/faults", &fault).await;
    assert_eq!(register(&first, "ada").await.status(), StatusCode::CREATED);
    drop(first);

    let second = kith(Some(data.path())).await;
    second.settle().await.unwrap();
    assert_eq!(mails_to(&second, "ada").await, 1);
    let operations: Vec<Value> = get(&second, "/_kith/requests")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["route"].clone())
        .collect();
    assert!(operations.contains(&json!("event")), "UPDATE_COMPLETE fires what runs after a deployment: {operations:?}");
}

#[tokio::test]
async fn an_asynchronous_invocation_is_tried_three_times_with_one_request_id() {
    let kith = kith(None).await;
    let fail = |times: u32| json!({"operation": "deliver-mail", "kind": "crash_before", "times": times});
    post(&kith, "/_kith/faults", &fail(2)).await;
    register(&kith, "ada").await;
    kith.settle().await.unwrap();
    assert_eq!(mails_to(&kith, "ada").await, 1);
    let requests = get(&kith, "/_kith/requests").await;
    let deliveries: Vec<&Value> =
        requests.as_array().unwrap().iter().filter(|request| request["operation"] == "deliver-mail").collect();
    assert_eq!(deliveries.len(), 3);
    assert!(deliveries.iter().all(|delivery| delivery["request_id"] == deliveries[0]["request_id"]));

    post(&kith, "/_kith/faults", &fail(3)).await;
    register(&kith, "bob").await;
    let stuck = kith.settle().await.unwrap_err();
    assert!(stuck.contains("outbox-deliver-mail#") && stuck.contains("deliver-mail was given up"), "{stuck}");
    assert_eq!(get(&kith, "/_kith/jobs").await["dead_letters"][0]["attempts"], 3);
    // What waits long enough is found by the schedule.
    post(&kith, "/_kith/clock", &json!({"advance": "16m"})).await;
    assert_eq!(post(&kith, "/_kith/jobs/redrive-outbox", &Value::Null).await.status(), StatusCode::OK);
    kith.settle().await.unwrap();
    assert_eq!(mails_to(&kith, "bob").await, 1);
}

#[tokio::test]
async fn a_job_takes_an_event_of_ones_own_and_the_time_from_the_clock() {
    let kith = kith(None).await;
    let keys = async || get(&kith, "/.well-known/jwks.json").await["keys"].as_array().unwrap().clone();
    let leaked = keys().await[0]["kid"].clone();
    let path = "/_kith/jobs/rotate-keys";
    let answer = post(&kith, path, &json!({"retire": leaked})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.json::<Value>().await.unwrap()["signing"]["changed"]["in_use"].is_string());
    assert!(keys().await.iter().all(|key| key["kid"] != leaked));
    let jobs = get(&kith, "/_kith/jobs").await;
    let is_rotation = |job: &&Value| job["operation"] == "rotate-keys";
    let last = &jobs["schedules"].as_array().unwrap().iter().find(is_rotation).unwrap()["last"];
    assert_eq!((&last["route"], &last["error"]), (&json!("schedule"), &Value::Null));

    for (path, body, status) in [
        (path, json!({"retire": "unknown"}), StatusCode::UNPROCESSABLE_ENTITY),
        (path, json!(["retire"]), StatusCode::UNPROCESSABLE_ENTITY),
        ("/_kith/jobs/deliver-mail", json!({}), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(post(&kith, path, &body).await.status(), status, "{path} {body}");
    }
}

#[tokio::test]
async fn the_page_for_people_needs_nothing_from_elsewhere_and_shows_mails_in_a_box() {
    let kith = kith(None).await;
    register(&kith, "ada").await;
    kith.settle().await.unwrap();
    let id = get(&kith, "/_kith/mails").await[0]["id"].as_str().unwrap().to_owned();
    for (path, kind, policy) in [
        ("/_kith/".to_owned(), "text/html", Some("default-src 'none'; script-src 'self'")),
        ("/_kith/page.css".to_owned(), "text/css", None),
        ("/_kith/page.js".to_owned(), "text/javascript", None),
        (format!("/_kith/mails/{id}.html"), "text/html", Some("sandbox allow-popups")),
    ] {
        let answer = client().get(format!("{}{path}", kith.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert!(header("content-type").unwrap().starts_with(kind), "{path}");
        let given = header("content-security-policy");
        assert!(policy.is_none_or(|policy| given.as_deref().unwrap().starts_with(policy)), "{path}: {given:?}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains("src=\"http") && !text.contains("@import"), "{path}");
    }
}

#[tokio::test]
async fn the_gateway_answers_preflights_for_allowed_origins() {
    let origin = "https://app.example.org";
    let parameters = [("AllowedOrigins".to_owned(), origin.to_owned())].into();
    let kith = Kith::start(Options { parameters, ..Options::default() }).await.unwrap();
    let client = client();
    let preflight = |origin: &str| {
        let request = client.request(reqwest::Method::OPTIONS, format!("{}/v1/me", kith.url()));
        request.header("origin", origin).header("access-control-request-method", "PATCH").send()
    };
    let answer = preflight(origin).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["access-control-allow-origin"], origin);
    assert!(answer.headers()["access-control-allow-methods"].to_str().unwrap().contains("PATCH"));
    let answer = preflight("https://elsewhere.example").await.unwrap();
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    let answer = client.get(format!("{}/v1/me", kith.url())).header("origin", origin).send().await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["access-control-allow-origin"]),
        (StatusCode::UNAUTHORIZED, &origin.parse().unwrap())
    );
}

#[tokio::test]
async fn a_policy_without_a_needed_action_fails() {
    let root = project_root().unwrap();
    let mut sources = Sources::read(&root).unwrap();
    let file = "infra/stacks/jobs.yaml";
    let text = sources.text(file).unwrap().replace("secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret");
    sources.insert(file, text);
    let error = Kith::start(Options { template: Some(sources), ..Options::default() }).await.err().unwrap();
    assert!(error.to_string().contains("what runs after deployment failed"), "{error}");
}

#[tokio::test]
async fn runners_in_one_process_share_nothing() {
    let (one, other) = (kith(None).await, kith(None).await);
    assert_ne!(one.url(), other.url());
    assert_eq!(register(&one, "ada").await.status(), StatusCode::CREATED);
    one.settle().await.unwrap();
    assert_eq!((mails_to(&one, "ada").await, mails_to(&other, "ada").await), (1, 0));
}

#[tokio::test]
async fn h11_what_goes_out_to_the_client_is_counted_and_priced() {
    let kith = kith(None).await;
    let answer = client().get(format!("{}/openapi.json", kith.url())).send().await.unwrap();
    let id = answer.headers()["apigw-requestid"].to_str().unwrap().to_owned();
    let body = u64::try_from(answer.bytes().await.unwrap().len()).unwrap();
    let requests = get(&kith, "/_kith/requests").await;
    let request = requests.as_array().unwrap().iter().find(|request| request["request_id"] == id).unwrap();
    let out = request["egress_bytes"].as_u64().unwrap();
    assert!(out > body && out < body + 2000, "{out} for a body of {body}");
    // $0.09 for each GB, above what the gateway and Lambda cost at least.
    let bytes = f64::from(u32::try_from(out).unwrap());
    assert!(request["price_usd"].as_f64().unwrap() > 1.4e-6 + bytes / 1_073_741_824.0 * 0.09);
    let jobs = requests.as_array().unwrap().iter().filter(|request| request["route"] == "event");
    assert!(jobs.map(|job| job["egress_bytes"].as_u64().unwrap()).eq([0_u64]));
}

#[tokio::test]
async fn a_folder_of_another_layout_is_refused_with_a_word_and_a_new_one_is_marked() {
    let data = tempfile::tempdir().unwrap();
    let marked =
        || -> Value { serde_json::from_slice(&std::fs::read(data.path().join("runner.json")).unwrap()).unwrap() };
    kith(Some(data.path())).await.shutdown().await;
    assert_eq!(marked()["layout"], kith_local::LAYOUT);
    kith(Some(data.path())).await.shutdown().await;

    let mut older = marked();
    older.as_object_mut().unwrap().remove("layout");
    std::fs::write(data.path().join("runner.json"), older.to_string()).unwrap();
    let options = Options { data: Some(data.path().to_owned()), ..Options::default() };
    let refused = Kith::start(options).await.err().unwrap().to_string();
    assert!(refused.contains(&data.path().display().to_string()), "{refused}");
    assert!(refused.contains("older Kith") && refused.contains("give --data a new folder"), "{refused}");
    assert_eq!(marked(), older, "nothing was changed");
}
