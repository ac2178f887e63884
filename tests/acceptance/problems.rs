//! Problem answers, and what no route takes.

use kith_tests::{Answer, Kith};
use serde_json::json;

#[tokio::test]
async fn c85_what_is_not_there_is_404() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let absent = [
        "/nowhere",
        "/v1/nowhere",
        "/v2/me",
        "/v1/me/",
        "/V1/me",
        "/v1/auth",
        "/v1/me/nothing",
        "/v1/auth/sessions/a/b",
        "/.env",
        "/v1/users/usr_1/nothing",
        "/_other",
    ];
    for path in absent {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = visitor.request(method, path).await;
            answer.assert_problem(404, "not-found");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
}

/// Not through a proxy: those tidy such paths up, or refuse them.
#[tokio::test]
async fn c85_an_odd_path_is_not_found() {
    let Some(kith) = Kith::with_helpers().await else { return };
    for path in
        ["//", "/v1//me", "/%2e%2e/%2e%2e/etc/passwd", "/v1/me%00", "/%ff", "/v1/%6de%2f", "/v1/me;x=1", "/v1%5Cme"]
    {
        kith.visitor().get(path).await.assert_problem(404, "not-found");
    }
}

#[tokio::test]
async fn c85_a_wrong_method_is_405_with_those_that_are_right() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let cases = [
        ("PUT", "/v1/me", "DELETE, GET, PATCH"),
        ("OPTIONS", "/v1/me", "DELETE, GET, PATCH"),
        ("POST", "/v1/me/password", "PUT"),
        ("DELETE", "/v1/me/preferences", "GET, PATCH"),
        ("PUT", "/v1/users", "GET, POST"),
        ("POST", "/v1/users/usr_1", "DELETE, GET, PATCH"),
        ("GET", "/v1/users/usr_1/ban", "DELETE, PUT"),
        ("DELETE", "/v1/users/usr_1/role", "GET, PUT"),
        ("GET", "/v1/auth/password/reset", "POST"),
        ("PUT", "/reset-password", "GET, HEAD, POST"),
        ("DELETE", "/accept-invitation", "GET, HEAD, POST"),
        ("PUT", "/undo-email-change", "GET, HEAD, POST"),
        ("GET", "/v1/me/email-change", "DELETE"),
        ("GET", "/v1/auth/email-change/undo", "POST"),
        ("GET", "/v1/auth/register", "POST"),
        ("GET", "/v1/auth/login", "POST"),
        ("PATCH", "/v1/auth/sessions", "DELETE, GET"),
        ("GET", "/v1/auth/sessions/ses_1", "DELETE"),
        ("POST", "/health", "GET, HEAD"),
        ("DELETE", "/confirm", "GET, HEAD, POST"),
        ("POST", "/", "GET, HEAD"),
        ("POST", "/.well-known/jwks.json", "GET, HEAD"),
    ];
    for (method, path, allowed) in cases {
        let answer = visitor.request(method, path).await;
        answer.assert_problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), Some(allowed), "{answer}");
    }
}

#[tokio::test]
async fn c85_a_method_that_nobody_knows_is_answered_like_a_wrong_one() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    visitor.request("BREW", "/v1/me").await.assert_problem(405, "method-not-allowed");
    visitor.request("BREW", "/nowhere").await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn a_browser_that_got_lost_gets_a_page() {
    let kith = Kith::shared().await;
    let answer = kith.visitor().get("/nowhere").header("accept", "text/html,application/xhtml+xml;q=0.9").await;
    assert_eq!(answer.assert_status(404).header("content-type"), Some("text/html; charset=utf-8"));
}

#[tokio::test]
async fn c85_every_problem_has_the_same_shape_and_repeats_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let canary = "canary-5b1e";
    let register = |body| ada.bare_request("POST", "/v1/auth/register").json(body);
    let answers = [
        ada.bare_request("POST", "/v1/auth/login").body("application/json", canary).await,
        ada.bare_request("GET", "/v1/me").bearer(canary).await,
        ada.log_in_as(canary, canary).await,
        ada.confirm(canary).await,
        ada.refresh(canary).await,
        ada.get(&format!("/{canary}?{canary}={canary}")).await,
        ada.put("/v1/me").header("x-canary", canary).await,
        ada.delete(&format!("/v1/auth/sessions/{canary}")).await,
        ada.patch("/v1/me").header("if-match", format!("\"{canary}\"")).json(json!({})).await,
        ada.get(&format!("/v1/auth/sessions?cursor={canary}")).await,
        ada.get(&format!("/v1/auth/sessions?limit={canary}")).await,
        ada.post("/v1/auth/login").body(&format!("text/{canary}"), "x").await,
        register(json!({"email": canary, "username": format!("{canary}:"), "first_name": {"x": canary}, "last_name": [canary], "password": 5})).await,
        register(json!({"email": canary})).header("idempotency-key", canary).await,
    ];
    let statuses: Vec<u16> = answers.iter().map(Answer::status).collect();
    assert_eq!(statuses, [400, 401, 401, 400, 401, 404, 405, 404, 412, 400, 422, 415, 422, 400]);
    for answer in &answers {
        let problem = answer.problem();
        assert!(problem.r#type.starts_with("urn:kith:problem:"), "{answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(!format!("{:?}{}", answer.headers(), answer.text()).contains(canary), "{answer}");
    }
}

#[tokio::test]
async fn every_answer_names_its_request_and_no_two_are_the_same() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let mut ids = Vec::new();
    for path in ["/health", "/v1/me", "/nowhere", "/health"] {
        ids.push(visitor.get(path).await.request_id().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}
