//! Secrets stay where they belong.

use kith_tests::{Actor, Answer, Kith, link_token};
use serde_json::Value;

/// What nobody may find in the table.
async fn secrets_of(actor: &Actor) -> Vec<String> {
    let mut secrets = vec![actor.person.password.clone(), actor.access().to_owned(), actor.refresh_token().to_owned()];
    secrets.extend(actor.access().split('.').map(str::to_owned));
    for token in actor.mails().await.iter().filter_map(link_token) {
        secrets.push(token.split_once('.').unwrap().1.to_owned());
        secrets.push(token);
    }
    // The parts of a refresh token that are secret, behind the two ids.
    secrets.push(actor.refresh_token()[44..].to_owned());
    secrets
}

#[tokio::test]
async fn c09_e08_the_table_holds_no_password_no_token_and_no_link() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    ada.register().header("idempotency-key", format!("{:k<32}", ada.person.username)).await.assert_status(201);
    let link = ada.newest_link_token().await;
    let waiting = kith.pending("bob").await;
    let waiting_link = waiting.newest_link_token().await;
    ada.confirm(&link).await.assert_status(204);
    let first = ada.logged_in().await;
    let second = first.with_tokens_of(&first.refresh(first.refresh_token()).await);

    let dump = serde_json::to_string(&kith.table().await).unwrap();
    let mut secrets = secrets_of(&first).await;
    secrets.extend(secrets_of(&second).await);
    secrets.extend([waiting_link.clone(), waiting_link.split_once('.').unwrap().1.to_owned(), waiting.person.password]);
    secrets.push(format!("{:k<32}", ada.person.username));
    for secret in &secrets {
        assert!(secret.len() > 16 && !dump.contains(secret), "the table holds {secret}");
    }
    // How a JWT begins, and what private keys are named.
    for kind in ["\"eyJ", "eyJ0eXAi", "eyJhbGci", "PRIVATE KEY", "pkcs8"] {
        assert!(!dump.contains(kind), "the table holds something with {kind}");
    }
}

#[tokio::test]
async fn e08_d16_passwords_are_hashed_with_argon2id_at_owasp_parameters() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.pending("bob").await);
    let mut hashes = Vec::new();
    for item in kith.table().await {
        let is_own = item["email"] == bob.person.email.as_str() || item["user"] == ada.id().as_str();
        if let (true, Some(hash)) = (is_own, item["password_hash"].as_str()) {
            hashes.push(hash.to_owned());
        }
    }
    assert_eq!(hashes.len(), 2);
    for hash in &hashes {
        let rest = hash.strip_prefix("$argon2id$v=19$m=19456,t=2,p=1$").unwrap_or_else(|| panic!("{hash}"));
        let (salt, own) = rest.split_once('$').unwrap();
        // 16 bytes of salt and 32 of hash in base64.
        assert!(salt.len() >= 22 && own.len() >= 43, "{hash}");
    }
    assert_ne!(hashes[0], hashes[1]);
}

#[tokio::test]
async fn c09_what_ends_has_a_time_to_leave_the_table() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let waiting = kith.pending("bob").await;
    let id = ada.get("/v1/me").await.text_at("/id");
    let sessions = kith.items(&format!("sessions#{id}")).await;
    assert_eq!(sessions.len(), 1);
    let number = |item: &Value, name: &str| item[name].as_i64().unwrap_or_else(|| panic!("no {name} in {item}"));
    // The table's clock counts seconds.
    let span = number(&sessions[0], "ttl") - number(&sessions[0], "created_at") / 1000;
    assert!((604_800..=604_801).contains(&span), "{span} s");
    for kind in ["auth", "password", "user"] {
        let items = kith.items(&format!("{kind}#{id}")).await;
        assert!(items.len() == 1 && items[0]["ttl"] == Value::Null, "an account that leaves by itself: {items:?}");
    }
    assert_eq!(kith.items(&format!("username#{}", ada.person.username)).await[0]["ttl"], Value::Null);
    for prefix in [format!("email#{}", waiting.person.email), format!("username#{}", waiting.person.username)] {
        let items = kith.items(&prefix).await;
        assert_eq!(items.len(), 1);
        assert!(number(&items[0], "ttl") > 0);
    }
}

#[tokio::test]
async fn c09_what_has_ended_leaves_the_table() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let waiting = kith.pending("bob").await;
    kith.settle().await;
    clock.advance("7d1h").await;
    kith.sweep().await;
    for prefix in [format!("email#{}", waiting.person.email), format!("username#{}", waiting.person.username)] {
        assert!(kith.items(&prefix).await.is_empty(), "{prefix} is left");
    }
    for prefix in ["rate#", "idem#", "pending#", "outbox-"] {
        assert!(kith.items(prefix).await.is_empty(), "{prefix} is left");
    }
}

#[tokio::test]
async fn e25_no_answer_repeats_a_secret() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let link = kith.pending("bob").await.newest_link_token().await;
    let password = &ada.person.password;
    let silent = |answer: &Answer, secrets: &[&str]| {
        let shown = format!("{:?}\n{}", answer.headers(), String::from_utf8_lossy(answer.body()));
        for secret in secrets {
            assert!(!shown.contains(secret), "{secret} is in {answer}");
        }
    };
    let tokens = [ada.access(), ada.refresh_token(), password.as_str(), &link];
    let mut body = ada.person.registration();
    body["username"] = "a:b".into();
    for answer in [
        ada.get("/v1/me").await,
        ada.get("/v1/auth/sessions").await,
        ada.patch("/v1/me").json(serde_json::json!({"first_name": "Ada"})).await,
        ada.post("/v1/auth/register").json(&body).await,
        ada.log_in().await,
        ada.elsewhere().log_in_as("nobody-has-it", password).await,
        ada.elsewhere().log_in_as(password, password).await,
        ada.refresh(&link).await,
        ada.confirm(ada.refresh_token()).await,
        ada.get(&format!("/v1/nowhere?token={link}")).bearer("x").await,
        ada.refresh(ada.refresh_token()).await,
        ada.post("/v1/auth/logout").await,
        ada.get("/v1/me").await,
    ] {
        silent(&answer, &tokens);
    }
}
