//! What everybody may see.

use kith_tests::Kith;
use serde_json::{Value, json};

#[tokio::test]
async fn x06_health_is_ok() {
    let kith = Kith::shared().await;
    let answer = kith.visitor().get("/health").await;
    assert_eq!(answer.assert_status(200).json()["status"], "ok");
}

#[tokio::test]
async fn e01_the_greeting_tells_name_version_and_where_the_docs_are() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let answer = visitor.get("/v1").await;
    let greeting = answer.assert_status(200).json();
    assert_eq!(greeting["name"], "Kith");
    assert!(!greeting["version"].as_str().unwrap().is_empty());
    let docs = greeting["docs"].as_str().unwrap();
    assert!(docs.ends_with("/docs"), "{docs}");
    visitor.post("/v1").await.assert_problem(405, "method-not-allowed");
}

#[tokio::test]
async fn the_published_keys_are_public_halves_only() {
    let kith = Kith::shared().await;
    let answer = kith.visitor().get("/.well-known/jwks.json").await;
    let set = answer.assert_status(200).json();
    let keys = set["keys"].as_array().unwrap();
    assert!(!keys.is_empty());
    for key in keys {
        let names: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"], "{key}");
        let known = ["alg", "crv", "kty", "use"].map(|name| key[name].as_str().unwrap());
        assert_eq!(known, ["EdDSA", "Ed25519", "OKP", "sig"]);
    }
    // Whoever keeps them must not keep them for longer than a new key is announced.
    let cache = answer.header("cache-control").unwrap();
    let age: u32 = cache.split("max-age=").nth(1).unwrap().split(',').next().unwrap().trim().parse().unwrap();
    assert!((1..=1800).contains(&age), "{cache}");
}

#[tokio::test]
async fn a01_d47_pages_are_html_from_here_alone() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    for path in ["/", "/docs"] {
        let page = visitor.get(path).await;
        assert_eq!(page.assert_status(200).header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        for part in ["src=\"http", "src=\"//", "href=\"//", "url(http"] {
            assert!(!page.text().contains(part), "{path} loads something from elsewhere: {part}");
        }
    }
}

#[tokio::test]
async fn e02_the_contract_is_openapi_3_1_with_the_bearer_scheme() {
    let kith = Kith::shared().await;
    let contract = kith.visitor().get("/openapi.json").await.assert_status(200).json();
    assert!(contract["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(contract["components"]["securitySchemes"]["bearer"]["scheme"], json!("bearer"));
    for route in kith_local::code_routes(&kith_local::functions()) {
        if route.method == "*" {
            continue;
        }
        let operation = &contract["paths"][&route.path][route.method.to_lowercase()];
        assert_eq!(operation["operationId"], json!(route.operation), "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn e45_security_txt_names_a_contact_and_is_not_over() {
    let kith = Kith::shared().await;
    let answer = kith.visitor().get("/.well-known/security.txt").await;
    let text = answer.assert_status(200).text();
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    assert!(text.lines().any(|line| line.starts_with("Contact: ")), "{text}");
    let expires = text.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    let expires: jiff::Timestamp = expires.parse().unwrap();
    if let Some(now) = answer.header("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) {
        assert!(expires > now.timestamp(), "{expires}");
    }
}

#[tokio::test]
async fn d45_a_foreign_origin_is_allowed_nothing() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let simple = visitor.get("/health").header("origin", "https://evil.example").await;
    let preflight = visitor
        .request("OPTIONS", "/v1/me")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "PATCH")
        .await;
    for answer in [simple, preflight] {
        let names: Vec<String> = answer.headers().keys().map(ToString::to_string).collect();
        assert!(!names.iter().any(|name| name.starts_with("access-control-")), "{names:?}");
    }
}

#[tokio::test]
async fn x04_security_headers_are_on_every_kind_of_answer() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let answers = [
        visitor.get("/").await,
        visitor.get("/docs").await,
        visitor.get("/confirm?token=x").await,
        visitor.get("/health").await,
        visitor.get("/openapi.json").await,
        visitor.get("/v1/me").await,
        visitor.get("/nowhere").await,
        visitor.post("/v1/auth/login").json(json!({})).await,
        visitor.post("/v1/auth/refresh").json(json!({"refresh_token": "x"})).await,
    ];
    for answer in &answers {
        let header = |name: &str| answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer}"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("strict-transport-security").starts_with("max-age="));
        assert_eq!(header("referrer-policy"), "no-referrer");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{policy}");
        assert!(header("cache-control").contains("no-") || header("cache-control").contains("public"), "{answer}");
        for telling in ["server", "x-powered-by"] {
            assert_eq!(answer.header(telling), None);
        }
    }
}

#[tokio::test]
async fn b18_a_page_that_a_secret_leads_to_is_neither_kept_nor_listed_nor_passed_on() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    for path in [format!("/confirm?token={token}"), "/confirm?token=wrong".into()] {
        let page = ada.get(&path).await;
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert!(page.header("x-robots-tag").unwrap().contains("noindex"));
        assert!(page.header("content-security-policy").unwrap().contains("form-action 'self'") || page.status() != 200);
        assert!(!page.text().contains("<script"), "{}", page.text());
    }
}

#[tokio::test]
async fn what_a_function_answers_is_declared_in_its_contract() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let contract = visitor.get("/openapi.json").await.json();
    for (path, method) in [("/health", "get"), ("/v1", "get"), ("/.well-known/jwks.json", "get")] {
        let declared = &contract["paths"][path][method]["responses"];
        let answer = visitor.get(path).await;
        let content = &declared[answer.status().to_string()]["content"];
        let kind = answer.header("content-type").unwrap().split(';').next().unwrap();
        assert!(content.get(kind).is_some(), "{path} answers {kind}, not {content}");
        assert_ne!(declared, &Value::Null);
    }
}
