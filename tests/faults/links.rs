//! Faults while somebody uses a mailed link, or sets a password.

use serde_json::json;

use crate::{KINDS, assert_struck, audited, kept, kith, strike, strike_times};

const NEW: &str = "a new long secret";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d08_whatever_happens_to_a_forgotten_password_one_link_comes_and_sets_a_new_one_once() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        strike(&kith, "request-password-reset", "TransactWriteItems", kind).await;
        ada.forget_password().await.assert_status(202);
        assert_eq!(ada.mails().await.len(), 2, "{kind}");
        let token = ada.newest_link_token().await;

        strike(&kith, "reset-password", "TransactWriteItems", kind).await;
        let answer = ada.reset_password(&token, NEW).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        assert_eq!(ada.mails().await.len(), 3, "{kind}: word of the new password, once");
        ada.get("/v1/me").await.assert_status(401);
        ada.log_in_as(&ada.person.username, NEW).await.assert_status(200);
        ada.log_in().await.assert_status(401);
        ada.reset_password(&token, "another long secret").await.assert_status(400);
    }
    assert_struck(&kith, "request-password-reset", "TransactWriteItems", KINDS.len()).await;
    assert_struck(&kith, "reset-password", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d08_a_reset_whose_answer_got_lost_before_a_conflict_does_not_find_its_own_link_used() {
    let kith = kith().await;
    let ada = kith.confirmed("ada").await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    strike(&kith, "reset-password", "TransactWriteItems", "applied_answer_lost").await;
    strike(&kith, "reset-password", "TransactWriteItems", "conflict").await;
    ada.reset_password(&token, NEW).await.assert_status(204);
    assert_struck(&kith, "reset-password", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d08_reads_that_fail_on_the_way_to_a_new_password_are_repeated() {
    let kith = kith().await;
    for action in ["GetItem", "BatchGetItem"] {
        for kind in ["throttle", "timeout", "error"] {
            let ada = kith.confirmed("ada").await;
            ada.forget_password().await.assert_status(202);
            let token = ada.newest_link_token().await;
            strike(&kith, "reset-password", action, kind).await;
            ada.reset_password(&token, NEW).await.assert_status(204);
        }
    }
    assert_struck(&kith, "reset-password", "GetItem", 3).await;
    assert_struck(&kith, "reset-password", "BatchGetItem", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d08_a_reset_that_fails_for_good_leaves_password_session_and_link() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    strike_times(&kith, "reset-password", "TransactWriteItems", "error", 4).await;
    let failed = ada.reset_password(&token, NEW).await;
    assert!(failed.status() >= 500, "{failed}");
    ada.get("/v1/me").await.assert_status(200);
    ada.log_in().await.assert_status(200);
    assert_eq!(ada.mails().await.len(), 2);
    ada.reset_password(&token, NEW).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c15_d08_whatever_happens_to_a_change_of_the_password_it_is_made_once_and_this_session_goes_on() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let elsewhere = ada.elsewhere().logged_in().await;
        strike(&kith, "change-password", "TransactWriteItems", kind).await;
        let answer = ada.change_password(&ada.person.password, NEW).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        ada.get("/v1/me").await.assert_status(200);
        let refreshed = ada.refresh(ada.refresh_token()).await;
        ada.with_tokens_of(&refreshed).get("/v1/me").await.assert_status(200);
        elsewhere.get("/v1/me").await.assert_status(401);
        assert_eq!(ada.mails().await.len(), 2, "{kind}");
        ada.log_in_as(&ada.person.username, NEW).await.assert_status(200);
    }
    assert_struck(&kith, "change-password", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c15_a_change_of_the_password_whose_answer_got_lost_before_a_conflict_is_no_wrong_password() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    strike(&kith, "change-password", "TransactWriteItems", "applied_answer_lost").await;
    strike(&kith, "change-password", "TransactWriteItems", "conflict").await;
    ada.change_password(&ada.person.password, NEW).await.assert_status(204);
    ada.get("/v1/me").await.assert_status(200);
    assert_struck(&kith, "change-password", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e14_whatever_happens_to_an_invitation_it_is_made_mailed_and_accepted_once() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for kind in KINDS {
        strike(&kith, "create-user", "TransactWriteItems", kind).await;
        let (ada, id) = kith.invited(&boss, "ada").await;
        assert_eq!(ada.mails().await.len(), 1, "{kind}");
        assert_eq!(audited(&kith, &id).await, ["user_invited"], "{kind}");
        let token = ada.newest_link_token().await;

        strike(&kith, "accept-invitation", "TransactWriteItems", kind).await;
        let answer = ada.accept_invitation(&token).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        assert_eq!(kept(&kith, &ada).await, (1, 0, 1, 1), "{kind}");
        // The made-up name is free again.
        let held = kith.items("username#").await.into_iter().filter(|item| item["user"] == *id).count();
        assert_eq!(held, 1, "{kind}");
        ada.log_in().await.assert_status(200);
        ada.accept_invitation(&token).await.assert_status(400);
    }
    assert_struck(&kith, "create-user", "TransactWriteItems", KINDS.len()).await;
    assert_struck(&kith, "accept-invitation", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e14_an_invitation_whose_answers_got_lost_before_a_conflict_clashes_with_nothing_of_its_own() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for operation in ["create-user", "accept-invitation"] {
        strike(&kith, operation, "TransactWriteItems", "applied_answer_lost").await;
        strike(&kith, operation, "TransactWriteItems", "conflict").await;
    }
    let (ada, _) = kith.invited(&boss, "ada").await;
    let token = ada.newest_link_token().await;
    ada.accept_invitation(&token).await.assert_status(204);
    ada.log_in().await.assert_status(200);
    assert_struck(&kith, "create-user", "TransactWriteItems", 2).await;
    assert_struck(&kith, "accept-invitation", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g09_an_invitation_that_failed_for_the_client_is_repeated_with_its_key_and_made_once() {
    let kith = kith().await;
    let (boss, ada) = (kith.admin("boss").await, kith.newcomer("ada"));
    let key = format!("key-of-{}", ada.person.username);
    let invite = || boss.post("/v1/users").json(json!({"email": ada.person.email})).header("idempotency-key", &key);
    strike_times(&kith, "create-user", "TransactWriteItems", "applied_answer_lost", 4).await;
    let failed = invite().await;
    assert!(failed.status() >= 500, "{failed}");
    let again = invite().await;
    let id = again.assert_status(201).text_at("/id");
    assert_eq!(audited(&kith, &id).await, ["user_invited"]);
    assert_eq!(ada.mails().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e11_whatever_happens_to_a_new_address_it_is_confirmed_once_and_the_old_one_hears_of_it_once() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let mut moved = ada.clone();
        moved.person.email = kith.newcomer("moved").person.email;
        strike(&kith, "update-me", "TransactWriteItems", kind).await;
        let asked = ada.want_email(&moved.person.email).await;
        assert_eq!(asked.status(), 200, "{kind}: {asked}");
        assert_eq!(moved.mails().await.len(), 1, "{kind}");
        let token = moved.newest_link_token().await;

        strike(&kith, "confirm-email", "TransactWriteItems", kind).await;
        let answer = moved.confirm(&token).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        assert_eq!(ada.get("/v1/me").await.text_at("/email"), moved.person.email, "{kind}");
        assert_eq!(kept(&kith, &moved).await, (1, 0, 1, 1), "{kind}");
        let old = kith.items(&format!("email#{}", ada.person.email)).await;
        assert!(old.len() == 1 && old[0]["held_until"].is_i64(), "{kind}: the old address is held: {old:?}");
        assert_eq!(ada.mails().await.len(), 3, "{kind}");
    }
    assert_struck(&kith, "update-me", "TransactWriteItems", KINDS.len()).await;
    assert_struck(&kith, "confirm-email", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e11_whatever_happens_to_not_me_on_a_new_address_the_link_is_gone_and_the_account_stays() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let mut moved = ada.clone();
        moved.person.email = kith.newcomer("moved").person.email;
        ada.want_email(&moved.person.email).await.assert_status(200);
        let token = moved.newest_link_token().await;
        strike(&kith, "submit-confirm-page", "TransactWriteItems", kind).await;
        let pressed = moved.post("/confirm").form(&[("token", &token), ("answer", "not_me")]).await;
        assert_eq!(pressed.status(), 200, "{kind}: {pressed}");
        moved.confirm(&token).await.assert_status(400);
        assert_eq!(ada.get("/v1/me").await.text_at("/email"), ada.person.email, "{kind}");
    }
    assert_struck(&kith, "submit-confirm-page", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h01_whatever_happens_to_an_undo_the_address_is_back_once_and_one_mail_brings_a_new_password() {
    let kith = kith().await;
    for (operation, status) in [("undo-email-change", 204), ("submit-undo-email-change-page", 200)] {
        for kind in KINDS {
            let ada = kith.registered("ada").await;
            let mut moved = ada.clone();
            moved.person.email = kith.newcomer("moved").person.email;
            ada.want_email(&moved.person.email).await.assert_status(200);
            let token = moved.newest_link_token().await;
            moved.confirm(&token).await.assert_status(204);
            let undo = ada.newest_link_token().await;
            let before = ada.mails().await.len();
            strike(&kith, operation, "TransactWriteItems", kind).await;
            let answer = if status == 204 {
                ada.undo_email_change(&undo).await
            } else {
                ada.bare_request("POST", "/undo-email-change").form(&[("token", &undo)]).await
            };
            assert_eq!(answer.status(), status, "{kind}: {answer}");
            assert_eq!(ada.mails().await.len(), before + 1, "{kind}");
            let token = ada.newest_link_token().await;
            ada.reset_password(&token, "a fresh start for ada").await.assert_status(204);
            ada.log_in_as(&ada.person.email, "a fresh start for ada").await.assert_status(200);
            assert!(kith.items(&format!("email#{}", moved.person.email)).await.is_empty(), "{kind}");
        }
        assert_struck(&kith, operation, "TransactWriteItems", KINDS.len()).await;
    }
}
