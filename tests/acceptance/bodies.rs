//! Bodies and heads that nobody should send.

use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::{Value, json};

/// A route that takes a JSON body: method, path, a body that fits, and each field with what it is.
struct Route {
    method: &'static str,
    path: &'static str,
    good: Value,
}

fn routes() -> [Route; 14] {
    let route = |method, path, good| Route { method, path, good };
    let register = json!({
        "email": "somebody@example.org", "username": "somebody", "first_name": "Some", "last_name": "Body",
        "password": "nobody knows this one",
    });
    [
        route("POST", "/v1/auth/register", register),
        route("POST", "/v1/auth/confirm", json!({"token": "x"})),
        route("POST", "/v1/auth/email-change/undo", json!({"token": "x"})),
        route("POST", "/v1/auth/confirm/resend", json!({"email": "somebody@example.org"})),
        route("POST", "/v1/auth/login", json!({"login": "somebody", "password": "nobody knows this one"})),
        route("POST", "/v1/auth/refresh", json!({"refresh_token": "x"})),
        route("PATCH", "/v1/me", json!({"first_name": "Some", "last_name": "Body"})),
        route("POST", "/v1/auth/password/forgot", json!({"email": "somebody@example.org"})),
        route("POST", "/v1/auth/password/reset", json!({"token": "x", "password": "nobody knows this one"})),
        route("PUT", "/v1/me/password", json!({"current_password": "x", "new_password": "nobody knows this one"})),
        route("PATCH", "/v1/me/preferences", json!({"digest": "off", "report": "off", "time_zone": "UTC"})),
        route("DELETE", "/v1/me", json!({"current_password": "x"})),
        route("POST", "/v1/users", json!({"email": "somebody@example.org"})),
        route("PUT", "/v1/users/usr_01a318c1400074aab4a3b5b6a7a8b9c0/role", json!({"role": "member"})),
    ]
}

impl Route {
    fn request(&self, actor: &Actor) -> Request {
        actor.request(self.method, self.path)
    }

    fn fields(&self) -> Vec<String> {
        self.good.as_object().unwrap().keys().cloned().collect()
    }

    /// The body with every field set to something else.
    fn with_all(&self, value: &Value) -> Value {
        self.fields().into_iter().map(|name| (name, value.clone())).collect::<serde_json::Map<_, _>>().into()
    }
}

/// The text and so many spaces that it has `size` bytes.
fn padded(text: &str, size: usize) -> String {
    format!("{text}{}", " ".repeat(size - text.len()))
}

/// Nothing was written, nothing was counted, and beyond who calls nothing was read.
async fn assert_no_effect(kith: &Kith, answer: &Answer) {
    let record = kith.record_of(answer).await;
    let harmless = |prefixes: &[String]| {
        prefixes.iter().all(|prefix| ["auth#", "sessions#", "user#", "keys#"].contains(&prefix.as_str()))
    };
    for call in &record.calls {
        assert!(call.write_units == 0.0 && harmless(&call.key_prefixes), "{call:?} for {answer}");
    }
}

#[tokio::test]
async fn c02_e19_what_is_no_json_object_is_400() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.admin("ada").await;
    let deep = "[".repeat(30_000);
    let deep_object = "{\"a\":".repeat(10_000);
    for route in routes() {
        let good = route.good.to_string();
        let field = &route.fields()[0];
        let bad: Vec<Vec<u8>> = vec![
            Vec::new(),
            b"{".to_vec(),
            b"{}}".to_vec(),
            b"[]".to_vec(),
            b"\"text\"".to_vec(),
            b"null".to_vec(),
            b"1".to_vec(),
            b"NaN".to_vec(),
            b"{'a': 1}".to_vec(),
            b"a=b".to_vec(),
            format!("{good},").into_bytes(),
            format!("{good}{good}").into_bytes(),
            format!("\u{feff}{good}").into_bytes(),
            good.replace('}', ",}").into_bytes(),
            // Not UTF-8, alone and inside a text.
            vec![0xff, 0xfe],
            format!("{{\"{field}\": \"?\"}}")
                .into_bytes()
                .into_iter()
                .map(|b| if b == b'?' { 0xff } else { b })
                .collect(),
            format!("{{\"{field}\": \"\\ud800\"}}").into_bytes(),
            deep.clone().into_bytes(),
            deep_object.clone().into_bytes(),
        ];
        for body in bad {
            let answer = route.request(&ada).body("application/json", body).await;
            answer.assert_problem(400, "bad-request");
            assert_no_effect(&kith, &answer).await;
        }
    }
}

#[tokio::test]
async fn a_field_that_is_there_twice_is_400() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.admin("ada").await;
    for route in routes() {
        let field = &route.fields()[0];
        let twice = route.good.to_string().replacen('{', &format!("{{\"{field}\": {}, ", route.good[field]), 1);
        let answer = route.request(&ada).body("application/json", twice).await;
        answer.assert_problem(400, "bad-request");
        assert_no_effect(&kith, &answer).await;
    }
}

#[tokio::test]
async fn e04_wrong_types_and_unknown_fields_are_all_named_at_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.admin("ada").await;
    for route in routes() {
        for wrong in [json!(5), json!(true), Value::Null, json!([]), json!({}), json!(1.5), json!(["x"])] {
            let mut body = route.with_all(&wrong);
            body["surplus"] = json!("x");
            body["__proto__"] = json!({});
            let mut pointers: Vec<String> = route.fields().iter().map(|name| format!("/{name}")).collect();
            pointers.extend(["/surplus".to_owned(), "/__proto__".to_owned()]);
            let answer = route.request(&ada).json(&body).await;
            answer.assert_faults(&pointers.iter().map(String::as_str).collect::<Vec<_>>());
            assert_no_effect(&kith, &answer).await;
        }
    }
}

#[tokio::test]
async fn missing_fields_are_named() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.admin("ada").await;
    for route in routes().iter().filter(|route| route.method != "PATCH") {
        let pointers: Vec<String> = route.fields().iter().map(|name| format!("/{name}")).collect();
        let answer = route.request(&ada).json(json!({})).await;
        answer.assert_faults(&pointers.iter().map(String::as_str).collect::<Vec<_>>());
        assert_no_effect(&kith, &answer).await;
    }
}

#[tokio::test]
async fn x08_another_content_type_is_415() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.admin("ada").await;
    for route in routes() {
        let good = route.good.to_string();
        for kind in [
            "text/xml",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/jsonx",
            "json",
            "",
            "*/*",
        ] {
            let answer = route.request(&ada).body(kind, good.clone()).await;
            answer.assert_problem(415, "unsupported");
            assert_no_effect(&kith, &answer).await;
        }
        for answer in [route.request(&ada).untyped_body(good.clone()).await, route.request(&ada).await] {
            answer.assert_problem(415, "unsupported");
            assert_no_effect(&kith, &answer).await;
        }
    }
    for kind in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"] {
        ada.patch("/v1/me").body(kind, r#"{"first_name": "Ada"}"#).await.assert_status(200);
    }
}

#[tokio::test]
async fn x08_64_kib_are_read_and_one_byte_more_is_413() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.admin("ada").await;
    for route in routes() {
        // White space around it makes any size of a body that is right or wrong as before.
        let sized = |size: usize| padded(&json!({"unknown": 1}).to_string(), size);
        route.request(&ada).body("application/json", sized(65_536)).await.assert_status(422);
        let answer = route.request(&ada).body("application/json", sized(65_537)).await;
        let problem = answer.assert_problem(413, "too-large");
        assert!(problem.detail.contains("65536"), "{}", problem.detail);
        assert!(kith.record_of(&answer).await.calls.is_empty(), "it was looked at: {answer}");
    }
}

#[tokio::test]
async fn x08_10_mib_are_refused_by_the_gateway_or_before_they_are_parsed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    for route in routes() {
        for size in [5 << 20, 8 << 20, 10 << 20, (10 << 20) + 1] {
            let answer = route.request(&visitor).body("application/json", vec![b' '; size]).await;
            answer.assert_status(413);
            // The gateway's own words, or ours.
            let body = answer.json();
            assert!(body["message"] == "Request Entity Too Large" || body["status"] == 413, "{answer}");
            assert!(kith.record_of(&answer).await.calls.is_empty(), "it was looked at: {answer}");
        }
    }
    // Where no route takes it, nobody reads it either.
    let answer = visitor.post("/nowhere").body("application/json", vec![b' '; (10 << 20) + 1]).await;
    answer.assert_status(413);
}

#[tokio::test]
async fn oversized_headers_are_refused_by_the_gateway() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let answers = [
        ada.get("/v1/me").header("x-long", "x".repeat(10_240)).await,
        ada.bare_request("GET", "/v1/me").bearer(&"x".repeat(11_000)).await,
        ada.get(&format!("/v1/me?{}", "x".repeat(10_240))).await,
    ];
    for answer in answers {
        assert!([414, 431].contains(&answer.status()), "{answer}");
        assert_eq!(kith.record_of(&answer).await.operation, None);
    }
    ada.get("/v1/me").header("x-long", "x".repeat(8_000)).await.assert_status(200);
}

#[tokio::test]
async fn bad_bodies_cause_no_mail() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let good = ada.person.registration().to_string();
    let register = || ada.bare_request("POST", "/v1/auth/register");
    register().body("text/plain", good.clone()).await.assert_status(415);
    register().body("application/json", padded(&good, 65_537)).await.assert_status(413);
    register().body("application/json", format!("{good}x")).await.assert_status(400);
    register().body("application/json", good.replacen('{', "{\"role\": \"admin\",", 1)).await.assert_status(422);
    register().body("application/json", good.replace("ada-", "a:a-")).await.assert_status(422);
    assert!(ada.mails().await.is_empty());
    for prefix in [format!("email#{}", ada.person.email), format!("username#{}", ada.person.username)] {
        assert!(kith.items(&prefix).await.is_empty(), "{prefix} is stored");
    }
}
