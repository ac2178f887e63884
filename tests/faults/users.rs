//! Faults while people change accounts: their own, and as admins those of others.

use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::json;

use crate::{KINDS, assert_struck, audited, kept, kith, strike};

/// The revision in an answer's tag.
fn rev(answer: &Answer) -> u32 {
    let tag = answer.header("etag").unwrap();
    tag.trim_matches('"').split('-').next().unwrap().parse().unwrap()
}

async fn tag(of: &Actor) -> String {
    of.get("/v1/me").await.header("etag").unwrap().to_owned()
}

/// Lets the next transaction of a function go wrong in two ways: its answer is lost, and the repeat meets a conflict.
async fn lose_and_clash(kith: &Kith, operation: &str) {
    for kind in ["applied_answer_lost", "conflict"] {
        strike(kith, operation, "TransactWriteItems", kind).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c14_whatever_happens_to_a_change_of_the_username_it_is_made_once() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let mut renamed = ada.clone();
        renamed.person.username = kith.newcomer("renamed").person.username;
        let before = tag(&ada).await;
        strike(&kith, "update-me", "TransactWriteItems", kind).await;
        let change = ada.patch("/v1/me").json(json!({"username": renamed.person.username}));
        let answer = change.header("if-match", &before).await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        assert_eq!(rev(&answer), rev(&ada.get("/v1/me").await), "{kind}");
        assert_eq!(kept(&kith, &renamed).await, (1, 0, 1, 1), "{kind}");
        let old = kith.items(&format!("username#{}", ada.person.username)).await;
        assert!(old.is_empty(), "{kind}: the old name is free: {old:?}");
    }
    assert_struck(&kith, "update-me", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c14_a_username_whose_answer_got_lost_before_a_conflict_is_not_taken_by_itself() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    lose_and_clash(&kith, "update-me").await;
    let new = kith.newcomer("renamed").person.username;
    ada.patch("/v1/me").json(json!({"username": new})).await.assert_status(200);
    assert_struck(&kith, "update-me", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d34_whatever_happens_to_a_change_of_preferences_it_is_made_once() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let mut before = ada.get("/v1/me/preferences").await.header("etag").unwrap().to_owned();
    for (kind, zone) in KINDS.iter().zip(["Europe/Berlin", "Asia/Tokyo"].iter().cycle()) {
        strike(&kith, "update-preferences", "UpdateItem", kind).await;
        let change = ada.patch("/v1/me/preferences").json(json!({"time_zone": zone}));
        let answer = change.header("if-match", &before).await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        before = answer.header("etag").unwrap().to_owned();
    }
    // The repeat after a lost answer is refused, and recognised.
    assert_struck(&kith, "update-preferences", "UpdateItem", KINDS.len() + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e11_a_change_in_one_write_whose_answer_got_lost_before_a_conflict_recognises_itself() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for (operation, path, change) in [
        ("update-me", "/v1/me", json!({"bio": "Countess"})),
        ("update-preferences", "/v1/me/preferences", json!({"time_zone": "Europe/Berlin"})),
    ] {
        for kind in ["applied_answer_lost", "conflict"] {
            strike(&kith, operation, "UpdateItem", kind).await;
        }
        let before = ada.get(path).await;
        let tag = before.header("etag").unwrap();
        let answer = ada.patch(path).json(&change).header("if-match", tag).await;
        assert_eq!(answer.status(), 200, "{operation}: {answer}");
        assert_eq!(rev(&answer), rev(&before) + 1, "{operation}");
    }
    assert_struck(&kith, "update-me", "UpdateItem", 3).await;
    assert_struck(&kith, "update-preferences", "UpdateItem", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e16_whatever_happens_to_an_admins_change_of_names_and_address_it_is_made_once() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let new = kith.newcomer("new");
        let before = tag(&ada).await;
        strike(&kith, "update-user", "TransactWriteItems", kind).await;
        let change = json!({"username": new.person.username, "email": new.person.email, "first_name": "Augusta"});
        let request = boss.patch(&format!("/v1/users/{}", ada.id())).json(change);
        let answer = request.header("if-match", &before).await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        assert_eq!(rev(&answer), rev(&ada.get("/v1/me").await), "{kind}");
        assert_eq!(kept(&kith, &new).await, (0, 0, 1, 0), "{kind}");
        let mut told = audited(&kith, &ada.id()).await;
        told.sort_unstable();
        assert_eq!(told, ["email_change_asked", "user_updated"], "{kind}");
        assert_eq!(ada.mails().await.len(), 2, "{kind}: the address hears of it once");
        assert_eq!(new.mails().await.len(), 1, "{kind}: and so does the other");
    }
    assert_struck(&kith, "update-user", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e16_whatever_happens_to_switching_an_account_off_it_is_off_and_says_so_once() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        strike(&kith, "update-user", "TransactWriteItems", kind).await;
        let answer = boss.patch(&format!("/v1/users/{}", ada.id())).json(json!({"active": false})).await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        assert_eq!(audited(&kith, &ada.id()).await, ["user_deactivated"], "{kind}");
        ada.get("/v1/me").await.assert_status(401);
    }
    assert_struck(&kith, "update-user", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c27_whatever_happens_to_a_new_role_it_is_given_once_and_admins_are_counted_right() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let give = |role: &str| boss.put(&format!("/v1/users/{}/role", ada.id())).json(json!({"role": role}));
        for (role, admins) in [("moderator", 1), ("admin", 2), ("member", 1)] {
            strike(&kith, "set-role", "TransactWriteItems", kind).await;
            let answer = give(role).await;
            assert_eq!(answer.status(), 200, "{kind} {role}: {answer}");
            let roster = kith.items("roster#admin").await;
            let count = roster.iter().find(|item| item["sk"] == "count").unwrap();
            assert_eq!(count["count"], admins, "{kind} {role}");
            assert_eq!(roster.len(), admins + 1, "{kind} {role}: {roster:?}");
        }
        assert_eq!(audited(&kith, &ada.id()).await, ["role_changed"; 3], "{kind}");
        assert!(kith.items("roster#moderator").await.is_empty(), "{kind}");
    }
    assert_struck(&kith, "set-role", "TransactWriteItems", 3 * KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c32_a_demotion_whose_answer_got_lost_before_a_conflict_does_not_take_itself_for_the_last_admin() {
    let kith = kith().await;
    let (boss, other) = (kith.admin("boss").await, kith.admin("other").await);
    lose_and_clash(&kith, "set-role").await;
    let demote = boss.put(&format!("/v1/users/{}/role", other.id())).json(json!({"role": "member"}));
    demote.await.assert_status(200);
    assert_struck(&kith, "set-role", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c30_whatever_happens_to_a_ban_and_its_end_each_is_done_once_and_answered_204() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let path = format!("/v1/users/{}/ban", ada.id());
        once(&kith, "ban-user", kind, boss.put(&path)).await;
        ada.get("/v1/me").await.assert_status(401);
        boss.put(&path).await.assert_status(409);
        once(&kith, "unban-user", kind, boss.delete(&path)).await;
        ada.log_in().await.assert_status(200);
        boss.delete(&path).await.assert_status(409);
        assert_eq!(audited(&kith, &ada.id()).await, ["user_banned", "user_unbanned"], "{kind}");
    }
    assert_struck(&kith, "ban-user", "TransactWriteItems", KINDS.len()).await;
    assert_struck(&kith, "unban-user", "TransactWriteItems", KINDS.len()).await;
}

async fn once(kith: &Kith, operation: &str, kind: &str, request: Request) {
    strike(kith, operation, "TransactWriteItems", kind).await;
    let answer = request.await;
    assert_eq!(answer.status(), 204, "{operation} {kind}: {answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c30_a_ban_whose_answer_got_lost_before_a_conflict_is_no_second_ban() {
    let kith = kith().await;
    let (boss, ada) = (kith.admin("boss").await, kith.registered("ada").await);
    let path = format!("/v1/users/{}/ban", ada.id());
    lose_and_clash(&kith, "ban-user").await;
    boss.put(&path).await.assert_status(204);
    lose_and_clash(&kith, "unban-user").await;
    boss.delete(&path).await.assert_status(204);
    assert_eq!(audited(&kith, &ada.id()).await, ["user_banned", "user_unbanned"]);
    assert_struck(&kith, "ban-user", "TransactWriteItems", 2).await;
    assert_struck(&kith, "unban-user", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c27_whatever_happens_to_new_permissions_they_are_given_once() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        strike(&kith, "set-permissions", "TransactWriteItems", kind).await;
        let path = format!("/v1/users/{}/permissions", ada.id());
        let answer = boss.put(&path).json(json!({"permissions": ["ban_user"]})).await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        assert_eq!(audited(&kith, &ada.id()).await, ["permissions_changed"], "{kind}");
    }
    assert_struck(&kith, "set-permissions", "TransactWriteItems", KINDS.len()).await;
}
