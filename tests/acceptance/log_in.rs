//! Logging in.

use kith_tests::{Jwt, Kith};
use serde_json::{Value, json};

#[tokio::test]
async fn c04_logging_in_answers_an_access_token_of_15_minutes_and_a_refresh_token_of_7_days() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let answer = ada.log_in().await;
    answer.assert_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert_eq!(tokens["refresh_expires_in"], 604_800);

    let access = Jwt::parse(tokens["access_token"].as_str().unwrap());
    assert_eq!(access.header["typ"], "at+jwt");
    assert_eq!(access.header["alg"], "EdDSA");
    assert_eq!(access.number("exp") - access.number("iat"), 900);
    assert_eq!(access.number("nbf"), access.number("iat"));
    assert!(access.claims["sub"].as_str().unwrap().starts_with("usr_"));
    assert!(access.claims["sid"].as_str().unwrap().starts_with("ses_"));
    let own: Vec<&str> = access.claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(own, ["aud", "exp", "iat", "iss", "jti", "nbf", "sid", "sub"], "a token tells no more than it must");
    let published = ada.get("/.well-known/jwks.json").await.json();
    let kids: Vec<&Value> = published["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert!(kids.contains(&&json!(access.kid())), "{published}");

    // Opaque: nothing to decode, at least 128 bits to guess.
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert!(!refresh.contains('.') && refresh.len() >= 64, "{refresh}");
}

#[tokio::test]
async fn c04_an_access_token_ends_after_15_minutes() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    clock.advance("14m50s").await;
    ada.get("/v1/me").await.assert_status(200);
    clock.advance("10s").await;
    let answer = ada.get("/v1/me").await;
    answer.assert_problem(401, "unauthorized");
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
    let refreshed = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    refreshed.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn e08_one_logs_in_by_username_or_address_in_any_case() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let (username, email) = (&ada.person.username, &ada.person.email);
    for login in [username.clone(), username.to_uppercase(), email.clone(), email.to_uppercase(), format!(" {email} ")]
    {
        ada.log_in_as(&login, &ada.person.password).await.assert_status(200);
    }
}

#[tokio::test]
async fn c05_e08_wrong_and_unknown_are_answered_alike() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let bob = kith.pending("bob").await;
    let huge = "x".repeat(50_000);
    let logins = [
        ada.person.username.as_str(),
        &ada.person.email,
        &bob.person.username,
        &bob.person.email,
        "nobody-has-this-name",
        "nobody@example.org",
        "",
        "not a name: $%",
        "user#usr_1",
        "\u{0}",
        &huge,
    ];
    let mut seen = Vec::new();
    for login in logins {
        let visitor = kith.visitor();
        let answer = visitor.log_in_as(login, "this is not the password").await;
        let mut problem = answer.assert_problem(401, "wrong-credentials");
        problem.instance.clear();
        let names: Vec<String> = answer.headers().keys().map(ToString::to_string).collect();
        seen.push((problem, names, answer.header("www-authenticate").map(str::to_owned)));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}

#[tokio::test]
async fn e08_a_password_is_the_same_however_its_accents_are_typed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut ada = kith.newcomer("ada");
    ada.person.password = "caf\u{e9} \u{fc}ber alles".into();
    ada.register().await.assert_status(201);
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    let decomposed = "cafe\u{301} u\u{308}ber alles";
    ada.log_in_as(&ada.person.username, decomposed).await.assert_status(200);
    // Nothing else about it is made alike.
    for other in ["Caf\u{e9} \u{fc}ber alles", "cafe uber alles", "caf\u{e9} \u{fc}ber alles "] {
        ada.log_in_as(&ada.person.username, other).await.assert_status(401);
    }
    let huge = format!("{}{}", ada.person.password, "x".repeat(50_000));
    ada.log_in_as(&ada.person.username, &huge).await.assert_status(401);
}

#[tokio::test]
async fn e07_nobody_logs_in_before_confirming() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    for login in [&ada.person.username, &ada.person.email] {
        let problem = ada.log_in_as(login, &ada.person.password).await.assert_problem(403, "unconfirmed");
        assert!(problem.detail.contains("/v1/auth/confirm/resend"), "{}", problem.detail);
        ada.log_in_as(login, "this is not the password").await.assert_problem(401, "wrong-credentials");
    }
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn e07_the_password_of_a_registration_for_a_taken_address_opens_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let mut eve = kith.newcomer("eve");
    eve.person.email.clone_from(&ada.person.email);
    eve.register().await.assert_status(201);
    // As for any address that waits: the right password, but not confirmed.
    eve.log_in_as(&ada.person.email, &eve.person.password).await.assert_problem(403, "unconfirmed");
    ada.log_in_as(&ada.person.email, &ada.person.password).await.assert_status(200);
}

#[tokio::test]
async fn d15_log_ins_are_counted_with_time_and_address_and_move_no_revision() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.confirmed("ada").await;
    let first = ada.logged_in().await;
    let answer = first.get("/v1/me").await;
    let me = answer.json();
    let tag = answer.header("etag").unwrap();
    assert_eq!(me["login_count"], 1);
    assert_eq!(me["last_login"], Value::Null);
    assert_eq!(me["current_login"]["address"], json!(first.address));

    clock.advance("2h").await;
    let second = ada.elsewhere().logged_in().await;
    let answer = second.get("/v1/me").await;
    let now = answer.json();
    assert_eq!(now["login_count"], 2);
    assert_eq!(now["last_login"], me["current_login"]);
    assert_eq!(now["current_login"]["address"], json!(second.address));
    let at = |login: &Value| login["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let between = at(&now["current_login"]).duration_since(at(&now["last_login"]));
    assert!((7200..7260).contains(&between.as_secs()), "{between}");
    // A log-in is no change of the account, but the answer differs.
    assert_eq!(now["updated_at"], me["updated_at"]);
    assert_ne!(answer.header("etag"), Some(tag));
    second.patch("/v1/me").header("if-match", tag).json(json!({"first_name": "Ada"})).await.assert_status(200);
}

#[tokio::test]
async fn e09_refusing_a_log_in_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    ada.elsewhere().log_in_as(&ada.person.username, "this is not the password").await.assert_status(401);
    let token = ada.logged_in().await;
    let me = token.get("/v1/me").await.json();
    assert_eq!((&me["login_count"], &me["last_login"]), (&json!(1), &Value::Null));
    assert_eq!(token.get("/v1/auth/sessions").await.json()["items"].as_array().unwrap().len(), 1);
}
