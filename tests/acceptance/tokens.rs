//! Access tokens that are no good.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kith_tests::{Actor, Answer, Jwt, Kith, Problem};
use serde_json::{Value, json};

fn refused(answer: &Answer) -> Problem {
    let mut problem = answer.assert_problem(401, "unauthorized");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"kith\", error=\"invalid_token\""));
    problem.instance.clear();
    problem
}

async fn try_token(actor: &Actor, token: &str) -> Problem {
    refused(&actor.bare_request("GET", "/v1/me").bearer(token).await)
}

/// The token with other claims or another header, and the signature that it had.
fn changed(token: &str, header: Value, claims: Value) -> String {
    let mut jwt = Jwt::parse(token);
    merge(&mut jwt.header, header);
    merge(&mut jwt.claims, claims);
    jwt.encode()
}

/// The token with other claims or another header, signed by a key that nobody has published.
fn forged(token: &str, header: Value, claims: Value) -> String {
    let mut jwt = Jwt::parse(token);
    merge(&mut jwt.header, header);
    merge(&mut jwt.claims, claims);
    let pair = Ed25519KeyPair::generate().unwrap();
    jwt.signed(|message| pair.sign(message).as_ref().to_vec())
}

fn merge(into: &mut Value, change: Value) {
    let Value::Object(change) = change else { panic!("no object") };
    into.as_object_mut().unwrap().extend(change);
}

#[tokio::test]
async fn c86_without_a_token_one_is_asked_to_send_one() {
    let kith = Kith::shared().await;
    let answer = kith.visitor().get("/v1/me").await;
    answer.assert_problem(401, "unauthorized");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"kith\""));
}

#[tokio::test]
async fn e19_what_is_no_bearer_token_is_refused() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let junk = [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "bearer x",
        "Bearer ..",
        "Bearer a.b.c",
        "Bearer null",
        "Bearer \u{e4}.b.c",
        "Bearer e30.e30.",
        "Bearer e30.e30.e30",
        "Bearer  x  y",
        "x",
        "Bearer Bearer a.b.c",
    ];
    for header in junk {
        refused(&visitor.get("/v1/me").header("authorization", header).await);
    }
    let long = format!("Bearer {}", "a".repeat(8000));
    refused(&visitor.get("/v1/me").header("authorization", long).await);
}

#[tokio::test]
async fn c08_an_unsigned_or_changed_token_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let good = ada.access();
    let jwt = Jwt::parse(good);
    let victim = &Jwt::parse(eve.access()).claims;
    let none = json!({});
    let mut unsigned = jwt.clone();
    merge(&mut unsigned.header, json!({"alg": "none"}));
    unsigned.signature.clear();
    let mut flipped = jwt.clone();
    let other = if flipped.signature.starts_with('A') { "B" } else { "A" };
    flipped.signature.replace_range(..1, other);
    let bad = [
        unsigned.encode(),
        unsigned.encode().trim_end_matches('.').to_owned(),
        flipped.encode(),
        format!("{}.", jwt.signed_part()),
        changed(good, json!({"alg": "None"}), none.clone()),
        changed(good, none.clone(), json!({"sub": victim["sub"], "sid": victim["sid"]})),
        changed(good, none.clone(), json!({"exp": 9_999_999_999_i64})),
        changed(good, json!({"typ": "JWT"}), none.clone()),
        forged(good, none.clone(), none.clone()),
        forged(good, json!({"typ": "JWT"}), none.clone()),
        forged(good, none.clone(), json!({"role": "admin"})),
        format!("{good}.{}", jwt.signature),
        format!("{good}A"),
        good.replacen('.', "", 1),
    ];
    let first = try_token(&ada, &bad[0]).await;
    for token in &bad {
        // Nobody learns what was wrong.
        assert_eq!(try_token(&ada, token).await, first, "{token}");
    }
    ada.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c08_the_public_key_is_no_secret_to_sign_with() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let mut jwt = Jwt::parse(ada.access());
    merge(&mut jwt.header, json!({"alg": "HS256"}));
    let published = ada.get("/.well-known/jwks.json").await.json();
    let own = published["keys"].as_array().unwrap().iter().find(|key| key["kid"] == jwt.kid()).unwrap().clone();
    let x = own["x"].as_str().unwrap();
    let secrets = [URL_SAFE_NO_PAD.decode(x).unwrap(), x.as_bytes().to_vec(), own.to_string().into_bytes(), Vec::new()];
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let token = jwt.signed(|message| hmac::sign(&key, message).as_ref().to_vec());
        try_token(&ada, &token).await;
    }
}

#[tokio::test]
async fn c08_a_token_cannot_choose_its_key() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let good = ada.access();
    let kid = Jwt::parse(good).kid().to_owned();
    let kids = [
        json!("unknown"),
        json!(""),
        json!("../../../etc/passwd"),
        json!("/dev/null"),
        json!(format!("../{kid}")),
        json!(format!("{kid}\u{0}")),
        json!(format!("key#{kid}")),
        json!("ring"),
        json!("https://evil.example/jwks.json"),
        json!("k".repeat(1500)),
        json!(null),
        json!(5),
        json!([kid]),
    ];
    for kid in kids {
        try_token(&ada, &forged(good, json!({"kid": kid}), json!({}))).await;
    }
    let pair = Ed25519KeyPair::generate().unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    for header in [
        json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}}),
        json!({"jku": "https://evil.example/jwks.json"}),
        json!({"x5u": "https://evil.example/"}),
        json!({"crit": ["exp"]}),
    ] {
        let mut jwt = Jwt::parse(good);
        merge(&mut jwt.header, header);
        try_token(&ada, &jwt.signed(|message| pair.sign(message).as_ref().to_vec())).await;
    }
    ada.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c08_a_bad_token_costs_no_look_at_accounts() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for token in [forged(ada.access(), json!({}), json!({})), "a.b.c".to_owned()] {
        let answer = ada.bare_request("GET", "/v1/me").bearer(&token).await;
        refused(&answer);
        let record = kith.record_of(&answer).await;
        assert!(record.calls.iter().all(|call| call.key_prefixes == ["keys#"]), "{:?}", record.calls);
    }
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_at_most_once_a_minute() {
    let Some(_) = Kith::with_helpers().await else { return };
    // A runner of one's own, so that one instance gets all requests.
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let stray = forged(ada.access(), json!({"kid": "unknown"}), json!({}));
    ada.get("/v1/me").await.assert_status(200);
    clock.advance("61s").await;
    let mut looks = Vec::new();
    for _ in 0..3 {
        let answer = ada.bare_request("GET", "/v1/me").bearer(&stray).await;
        refused(&answer);
        looks.push(kith.record_of(&answer).await.database_calls);
    }
    clock.advance("61s").await;
    looks.push(kith.record_of(&ada.bare_request("GET", "/v1/me").bearer(&stray).await).await.database_calls);
    assert_eq!(looks, [1, 0, 0, 1]);
    kith.shut_down().await;
}

#[tokio::test]
async fn g03_rotating_keys_ends_no_session() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let old = Jwt::parse(ada.access()).kid().to_owned();
    let published = async || {
        let answer = ada.get("/.well-known/jwks.json").await.json();
        answer["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    kith.job("rotate-keys").await;
    let kids = published().await;
    assert!(kids.len() >= 2 && kids.contains(&old), "{kids:?}");
    // Instances read the ring again within a minute.
    let ada = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    clock.advance("61s").await;
    ada.get("/v1/me").await.assert_status(200);
    let next = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    let new = Jwt::parse(next.access()).kid().to_owned();
    assert!(new != old && kids.contains(&new), "{new}");
    for actor in [&ada, &next] {
        actor.get("/v1/me").await.assert_status(200);
    }
    clock.advance("2h").await;
    assert!(!published().await.contains(&old), "the old key is still trusted");
    let next = next.with_tokens_of(&next.refresh(next.refresh_token()).await);
    next.get("/v1/me").await.assert_status(200);
}
