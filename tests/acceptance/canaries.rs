//! Canary secrets: nowhere but where they belong.

use kith_tests::{Actor, Answer, Kith, link_token};
use serde_json::json;

/// The secret in a mailed link, whole and behind the id of its record.
fn of_link(token: &str) -> [String; 2] {
    [token.to_owned(), token.split_once('.').unwrap().1.to_owned()]
}

fn of_tokens(actor: &Actor) -> Vec<String> {
    let (access, refresh) = (actor.access(), actor.refresh_token());
    // The parts of a refresh token that are secret come behind its two ids.
    [access, refresh, &refresh[44..]]
        .map(str::to_owned)
        .into_iter()
        .chain(access.split('.').map(str::to_owned))
        .collect()
}

/// A server where a member has lost a password, an address and a guest, and every secret that went by.
async fn with_canaries(kith: &Kith) -> (Actor, Actor, Vec<String>) {
    let root = kith.admin("root").await;
    let ada = kith.registered("ada").await;
    let mut secrets = vec![ada.person.password.clone(), root.person.password.clone()];
    secrets.extend(of_tokens(&root));
    let key = format!("{:k<32}", ada.person.username);
    let guest = kith.newcomer("guest");
    let body = json!({"email": guest.person.email});
    root.post("/v1/users").header("idempotency-key", &key).json(&body).await.assert_status(201);
    root.post("/v1/users").header("idempotency-key", &key).json(&body).await.assert_status(201);
    secrets.push(key);
    let moved = kith.newcomer("moved");
    ada.want_email(&moved.person.email).await.assert_status(200);
    ada.forget_password().await.assert_status(202);
    for actor in [&ada, &guest, &moved] {
        let links: Vec<String> = actor.mails().await.iter().filter_map(link_token).collect();
        assert!(!links.is_empty());
        secrets.extend(links.iter().flat_map(|link| of_link(link)));
    }
    secrets.extend(of_tokens(&ada));
    (root, ada, secrets)
}

fn assert_free_of(shown: &str, secrets: &[String], what: &str) {
    for secret in secrets {
        assert!(secret.len() >= 16 && !shown.contains(secret.as_str()), "{what} holds {secret}");
    }
}

#[tokio::test]
async fn e25_the_table_holds_no_secret_of_any_kind() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (_, ada, mut secrets) = with_canaries(&kith).await;
    assert!(secrets.len() >= 18);
    let dump = async || serde_json::to_string(&kith.table().await).unwrap();
    assert_free_of(&dump().await, &secrets, "the table");
    // While tasks wait, after links are used, and with other passwords.
    let new = format!("another secret of {}", ada.person.username);
    ada.change_password(&ada.person.password, &new).await.assert_status(204);
    secrets.push(new.clone());
    assert_free_of(&dump().await, &secrets, "the table");
    ada.forget_password().await.assert_status(202);
    assert_free_of(&dump().await, &secrets, "the table");
    let token = ada.newest_link_token().await;
    let newest = format!("the newest secret of {}", ada.person.username);
    ada.reset_password(&token, &newest).await.assert_status(204);
    secrets.extend(of_link(&token));
    secrets.push(newest);
    assert_free_of(&dump().await, &secrets, "the table");
    kith.settle().await;
    assert_free_of(&dump().await, &secrets, "the table");
}

#[tokio::test]
async fn e25_tasks_that_wait_for_the_mail_service_hold_no_link() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let root = kith.admin("root").await;
    // Links are made and stored, but not taken by the mail service.
    let refuse = json!({"operation": "deliver-mail", "action": "SendRawEmail", "kind": "error", "times": 3});
    kith.inject_fault(refuse).await;
    let (guest, _) = kith.invited(&root, "guest").await;
    let mut seen = 0;
    for _ in 0..20 {
        let waiting = kith.items("outbox-").await;
        seen += waiting.len();
        for item in &waiting {
            let text = item.to_string();
            assert!(!text.contains("token=") && !text.contains("http"), "{text}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(seen > 0, "no task was seen");
    let token = guest.newest_link_token().await;
    guest.accept_invitation(&token).await.assert_status(204);
    kith.shut_down().await;
}

#[tokio::test]
async fn e25_no_answer_and_no_record_of_a_request_repeats_a_secret() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, secrets) = with_canaries(&kith).await;
    let password = ada.person.password.as_str();
    let link = secrets.iter().rfind(|secret| secret.starts_with("usr_")).unwrap().clone();
    let form = |path: &str, fields: &[(&str, &str)]| ada.bare_request("POST", path).form(fields);
    let user = format!("/v1/users/{}", ada.id());
    let answers: Vec<Answer> = vec![
        ada.reset_password(password, password).await,
        ada.reset_password(&link, "short").await,
        ada.accept_invitation(&link).await,
        ada.confirm(&format!("{link}x")).await,
        ada.change_password("wrong", password).await,
        ada.change_password(password, "short").await,
        ada.put("/v1/me/password").json(json!({"current_password": [password], "new_password": {"x": password}})).await,
        ada.delete("/v1/me").json(json!({"current_password": {"x": password}})).await,
        ada.patch("/v1/me").json(json!({"email": password, "bio": 5})).await,
        ada.patch("/v1/me/preferences").json(json!({"time_zone": password})).await,
        form("/reset-password", &[("token", &link), ("password", "short"), ("password_again", "other")]).await,
        form("/accept-invitation", &[("token", "x"), ("password", "canary-of-a-form")]).await,
        ada.get(&format!("/reset-password?token={}", ada.refresh_token())).await,
        ada.get(&format!("/accept-invitation?token={}", ada.access())).await,
        root.post("/v1/users").json(json!({"email": password})).await,
        root.get(&format!("/v1/users?email={}", ada.refresh_token())).await,
        root.put(&format!("{user}/role")).json(json!({"role": password})).await,
        root.put(&format!("{user}/permissions")).json(json!({"permissions": [password]})).await,
        root.get("/v1/users?limit=100").await,
        root.get("/v1/audit?limit=100").await,
        ada.get("/v1/me").await,
        ada.get("/v1/me/audit").await,
        ada.get(&user).await,
    ];
    for answer in &answers {
        let shown = format!("{:?}\n{}", answer.headers(), String::from_utf8_lossy(answer.body()));
        // A form that is to be sent again carries the link's token, since it came with it.
        let is_form = answer.status() == 422 && answer.header("content-type").unwrap().starts_with("text/html");
        let own: Vec<String> = secrets.iter().filter(|secret| !(is_form && link.contains(*secret))).cloned().collect();
        assert_free_of(&shown, &own, &answer.to_string());
        assert!(!shown.contains("canary-of-a-form"), "{answer}");
    }
    for secret in &secrets {
        let records = kith.helper("/_kith/requests").await.to_string();
        assert!(!records.contains(secret.as_str()), "the record of a request holds {secret}");
    }
}
