//! The way of a newcomer.

use kith_tests::{Kith, link_token};
use serde_json::json;

/// C01, D12, E06, E10, X05: from nothing to one's own account.
#[tokio::test]
async fn c93_a_newcomer_registers_finds_the_mail_confirms_logs_in_and_reads_the_account() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");

    ada.register().await.assert_status(201);
    kith.settle().await;
    let mails = kith.mails_to(&ada.person.email).await;
    let token = link_token(&mails[0]).expect("a link in the mail");
    ada.confirm(&token).await.assert_status(204);

    let ada = ada.with_tokens_of(&ada.log_in().await);
    let me = ada.get("/v1/me").await.assert_status(200).json();
    assert_eq!(me["username"], json!(ada.person.username));
    assert_eq!(me["email"], json!(ada.person.email));
}

/// E14, C30, C31, E21: an admin invites somebody, who sets a password, logs in, is banned, and is refused from the next
/// request on.
#[tokio::test]
async fn e14_c31_an_invited_person_sets_a_password_logs_in_is_banned_and_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let ada = kith.newcomer("ada");

    let invited = root.post("/v1/users").json(json!({"email": ada.person.email})).await;
    let user = invited.assert_status(201).header("location").unwrap().to_owned();
    let token = ada.newest_link_token().await;
    ada.get(&format!("/accept-invitation?token={token}")).await.assert_status(200);
    ada.accept_invitation(&token).await.assert_status(204);
    let ada = ada.logged_in().await;
    ada.get("/v1/me").await.assert_status(200);

    root.put(&format!("{user}/ban")).await.assert_status(204);
    ada.get("/v1/me").await.assert_problem(401, "unauthorized");
    ada.log_in().await.assert_problem(403, "banned");
    let newest = root.get("/v1/me/audit?limit=1").await.json()["items"][0].clone();
    assert_eq!((&newest["action"], &newest["user_id"]), (&json!("user_banned"), &json!(ada.id())));
}
