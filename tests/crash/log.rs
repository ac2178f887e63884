//! What the functions log, as real processes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::runner::Runner;

/// What the runner itself writes for people.
const FOR_PEOPLE: &str = "kith: ";

/// A tour with everything in it that must not be logged; answers those things.
async fn tour(kith: &kith_tests::Kith) -> Vec<String> {
    let ada = kith.newcomer("ada");
    let key = format!("canary-key-{}", ada.person.username);
    ada.register().header("idempotency-key", &key).await.assert_status(201);
    let token = ada.newest_link_token().await;
    ada.get(&format!("/confirm?token={token}")).await.assert_status(200);
    ada.confirm(&token).await.assert_status(204);
    ada.confirm(&token).await.assert_status(400);
    ada.log_in_as(&ada.person.email, "canary-wrong-password").await.assert_status(401);
    let ada = ada.logged_in().await;
    ada.get("/v1/me").await.assert_status(200);
    ada.patch("/v1/me").json(json!({"first_name": "canary-name"})).await.assert_status(200);
    ada.patch("/v1/me").json(json!({"canary-field": "canary-value"})).await.assert_status(422);
    ada.patch("/v1/me").body("application/json", "{\"canary-broken").await.assert_status(400);
    ada.get("/canary-path?canary-query=1").await.assert_status(404);
    let forged = format!("{}canary", ada.access());
    ada.bare_request("GET", "/v1/me").bearer(&forged).await.assert_status(401);
    let old = ada.refresh_token().to_owned();
    let ada = ada.with_tokens_of(&ada.refresh(&old).await);
    ada.refresh(&old).await.assert_status(200);
    ada.refresh(&format!("{old}canary")).await.assert_status(401);
    ada.delete("/v1/auth/sessions/canary-session").await;
    ada.post("/v1/auth/logout").await.assert_status(204);
    kith.settle().await;
    failures(kith).await;
    let person = [&ada.person.email, &ada.person.password, &ada.address];
    let secrets = person.map(String::as_str).into_iter();
    let secrets = secrets.chain([ada.access(), ada.refresh_token(), &old, &token, &key, "canary", "argon2", "\"kty\""]);
    secrets.map(str::to_owned).collect()
}

/// Requests and mails that fail on our side, which are logged with their causes.
async fn failures(kith: &kith_tests::Kith) {
    let faults = [
        ("register-account", "TransactWriteItems", "error", 4),
        ("register-account", "TransactWriteItems", "conflict", 6),
        ("deliver-mail", "SendRawEmail", "error", 4),
        ("deliver-mail", "Query", "timeout", 4),
    ];
    for (operation, action, kind, times) in faults {
        kith.inject_fault(json!({"operation": operation, "action": action, "kind": kind, "times": times})).await;
    }
    let canary = |name| {
        let mut canary = kith.newcomer(name);
        canary.person.email = format!("canary.{name}@example.org");
        canary.person.username = format!("canary-{name}");
        canary
    };
    canary("one").register().await.assert_status(500);
    canary("two").register().await.assert_status(503);
    canary("three").register().await.assert_status(201);
    canary("three").register().await.assert_status(409);
    kith.settle().await;
}

/// All lines, once so many requests have theirs: the last lines of a process may come a moment after its answer.
pub(crate) async fn lines(runner: &Runner, wanted: usize) -> Vec<String> {
    for _ in 0..500 {
        let lines = runner.output();
        if lines.iter().filter(|line| line.contains("\"message\":\"request\"")).count() >= wanted {
            return lines;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    runner.output()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e22_e25_every_request_is_one_json_line_without_secrets_or_personal_data() {
    let data = tempfile::tempdir().unwrap();
    let runner = Runner::start(data.path());
    let kith = runner.kith();
    let secrets = tour(&kith).await;
    let requests = kith.requests().await;
    let answered: Vec<_> = requests.iter().filter(|record| record.operation.is_some()).collect();
    let (jobs, routes): (Vec<&&kith_tests::Record>, Vec<_>) =
        answered.iter().partition(|record| ["stream", "async", "schedule", "event"].contains(&record.route.as_str()));
    assert!(routes.len() >= 15 && jobs.len() >= 3, "{} and {}", routes.len(), jobs.len());

    let lines = lines(&runner, routes.len()).await;
    let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.starts_with('{')) {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for field in ["time", "name", "level", "message"] {
            assert!(event[field].as_str().is_some_and(|text| !text.is_empty()), "no {field}: {line}");
        }
        let time: Result<jiff::Timestamp, _> = event["time"].as_str().unwrap().parse();
        assert!(time.is_ok(), "{line}");
        assert!(["error", "warn", "info", "debug"].contains(&event["level"].as_str().unwrap()), "{line}");
        let id = event["request_id"].as_str().unwrap_or_default().to_owned();
        events.entry(id).or_default().push(event);
    }
    let others = lines.iter().filter(|line| !line.starts_with('{') && !line.starts_with(FOR_PEOPLE));
    let stray: Vec<&String> = others.filter(|line| !is_build_progress(line)).collect();
    assert!(stray.is_empty(), "neither JSON nor for people: {stray:?}");

    for record in routes {
        let of_request = events.get(&record.request_id).map_or(&[][..], Vec::as_slice);
        let told: Vec<&Value> = of_request.iter().filter(|event| event["message"] == "request").collect();
        let [event] = told[..] else { panic!("{} events for {record:?}", told.len()) };
        assert_eq!(event["name"], **record.operation.as_ref().unwrap());
        assert_eq!((&event["route"], &event["status"]), (&json!(record.route), &json!(record.status)));
        // A call that failed for good, with the SDK's tries at it, is none to the function.
        let is_told = record.status >= 500 || event["database_calls"] == json!(record.database_calls);
        assert!(is_told, "{event} for {record:?}");
    }
    for line in &lines {
        for secret in &secrets {
            assert!(!line.contains(secret.as_str()), "{secret} is in the log: {line}");
        }
    }
}

/// What cargo says on standard error while it looks after the binaries.
fn is_build_progress(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    ["Blocking", "Compiling", "Building", "Finished", "Fresh", "Dirty"].contains(&first)
}
