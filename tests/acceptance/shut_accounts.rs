//! What people are told whose account is banned or switched off, and what nobody else learns of it.

use kith_tests::{Actor, Kith};
use serde_json::json;

/// Shuts an account: by a ban, or by switching it off.
async fn shut(root: &Actor, whom: &Actor, how: &str) {
    let path = format!("/v1/users/{}", whom.id());
    match how {
        "banned" => root.put(&format!("{path}/ban")).await.assert_status(204),
        _ => root.patch(&path).json(json!({"active": false})).await.assert_status(200),
    };
}

/// Opens it again.
async fn open(root: &Actor, whom: &Actor, how: &str) {
    let path = format!("/v1/users/{}", whom.id());
    match how {
        "banned" => root.delete(&format!("{path}/ban")).await.assert_status(204),
        _ => root.patch(&path).json(json!({"active": true})).await.assert_status(200),
    };
}

const WAYS: [&str; 2] = ["banned", "switched-off"];

#[tokio::test]
async fn h29_with_the_right_password_people_are_told_and_with_a_wrong_one_nobody_is() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    for how in WAYS {
        let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
        shut(&root, &ada, how).await;
        for login in [&ada.person.username, &ada.person.email] {
            let told = ada.log_in_as(login, &ada.person.password).await.assert_problem(403, how);
            assert!(told.detail.contains("this account has been"), "{}", told.detail);
            let guessed = ada.moved().log_in_as(login, "this is not the password").await;
            let ordinary = bob.moved().log_in_as(&bob.person.email, "this is not the password").await;
            let guessed_words = guessed.assert_problem(401, "wrong-credentials");
            let ordinary_words = ordinary.assert_problem(401, "wrong-credentials");
            assert_eq!((guessed_words.title, guessed_words.detail), (ordinary_words.title, ordinary_words.detail));
            // The same work, too.
            if *login == ada.person.email {
                let (guessed, ordinary) = (kith.record_of(&guessed).await, kith.record_of(&ordinary).await);
                assert_eq!(guessed.database_calls, ordinary.database_calls);
                assert_eq!(guessed.calls.len(), ordinary.calls.len());
            }
        }
        open(&root, &ada, how).await;
        ada.log_in().await.assert_status(200);
    }
}

#[tokio::test]
async fn h29_no_reset_takes_effect_and_the_mail_says_why_without_a_link() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    for how in WAYS {
        let ada = kith.registered("ada").await;
        ada.forget_password().await.assert_status(202);
        let link = ada.newest_link_token().await;
        shut(&root, &ada, how).await;
        // The link from before does nothing, by the API and by the page.
        ada.reset_password(&link, "another secret of ada").await.assert_problem(400, "dead-link");
        ada.get(&format!("/reset-password?token={link}")).await.assert_status(400);
        // Asking again is answered as ever.
        let before = ada.mails().await.len();
        let asked = ada.moved().forget_password().await;
        asked.assert_status(202);
        assert!(asked.body().is_empty());
        kith.settle().await;
        let mails = ada.mails().await;
        assert_eq!(mails.len(), before + 1);
        assert!(mails[0].text.contains("has been switched off"), "{}", mails[0].text);
        for body in [&mails[0].text, &mails[0].html] {
            assert!(!body.contains("token=") && !body.contains("/reset-password"), "{body}");
        }
        // It is the old password that works again.
        open(&root, &ada, how).await;
        ada.log_in_as(&ada.person.email, "another secret of ada").await.assert_problem(401, "wrong-credentials");
        ada.log_in().await.assert_status(200);
    }
}

#[tokio::test]
async fn h29_an_invitation_of_somebody_who_was_shut_out_meanwhile_does_not_work() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, id) = kith.invited(&root, "ada").await;
    let link = ada.newest_link_token().await;
    root.patch(&format!("/v1/users/{id}")).json(json!({"active": false})).await.assert_status(200);
    ada.accept_invitation(&link).await.assert_problem(400, "dead-link");
    root.patch(&format!("/v1/users/{id}")).json(json!({"active": true})).await.assert_status(200);
    ada.accept_invitation(&link).await.assert_status(204);
}

#[tokio::test]
async fn h29_a_deleted_account_is_nobody_to_whoever_has_its_password() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    ada.leave().await.assert_status(204);
    ada.log_in().await.assert_problem(401, "wrong-credentials");
}
