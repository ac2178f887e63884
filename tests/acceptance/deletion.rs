//! Deleting an account.

use kith_tests::{Actor, Kith, Mail};
use serde_json::{Value, json};

async fn assert_gone_for_everybody(kith: &Kith, gone: &Actor, others: &[&Actor]) {
    gone.get("/v1/me").await.assert_problem(401, "unauthorized");
    gone.refresh(gone.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    gone.log_in().await.assert_problem(401, "wrong-credentials");
    kith.visitor().log_in_as(&gone.person.email, &gone.person.password).await.assert_status(401);
    for other in others {
        other.get(&format!("/v1/users/{}", gone.id())).await.assert_problem(404, "not-found");
        let by_name = format!("/v1/users/by-username/{}", gone.person.username);
        other.get(&by_name).await.assert_problem(404, "not-found");
    }
}

/// What the table still tells of an account, but for the trail of what was done to it and counters.
async fn left_of(kith: &Kith, gone: &Actor) -> Vec<Value> {
    let words = [gone.id(), gone.person.email.clone(), gone.person.username.clone()];
    let is_left = |item: &Value| {
        let text = item.to_string().to_lowercase();
        let is_trail = item["kind"] == "audit_event" && item["pk"] != format!("trail#{}", gone.id());
        words.iter().any(|word| text.contains(word)) && !is_trail && item["kind"] != "erased"
    };
    kith.table().await.into_iter().filter(is_left).collect()
}

fn receipts(mails: &[Mail]) -> usize {
    mails.iter().filter(|mail| mail.text.contains("has been deleted")).count()
}

#[tokio::test]
async fn d11_e12_an_account_is_deleted_at_once_and_then_erased_and_its_names_are_free() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let phone = ada.elsewhere().logged_in().await;
    // Something of every kind that an account can have.
    ada.patch("/v1/me").json(json!({"bio": "Soon gone."})).await.assert_status(200);
    ada.want_email(&kith.newcomer("moved").person.email).await.assert_status(200);
    kith.settle().await;
    ada.forget_password().await.assert_status(202);
    let link = ada.newest_link_token().await;

    ada.delete("/v1/me").json(json!({})).await.assert_faults(&["/current_password"]);
    ada.delete("/v1/me").json(json!({"current_password": "wrong one"})).await.assert_problem(403, "wrong-password");
    ada.get("/v1/me").await.assert_status(200);
    let answer = ada.leave().await;
    answer.assert_status(204);
    assert!(answer.body().is_empty());
    assert_gone_for_everybody(&kith, &ada, &[&bob]).await;
    phone.get("/v1/me").await.assert_problem(401, "unauthorized");
    ada.leave().await.assert_problem(401, "unauthorized");
    ada.reset_password(&link, "a secret of a ghost").await.assert_problem(400, "dead-link");

    kith.settle().await;
    assert_gone_for_everybody(&kith, &ada, &[&bob]).await;
    let left = left_of(&kith, &ada).await;
    assert!(left.is_empty(), "{left:#?}");
    let mails = ada.mails().await;
    assert_eq!(receipts(&mails), 1);
    assert!(!mails[0].text.contains("http"), "a link for somebody who is gone: {}", mails[0].text);

    // Address and username begin anew; three mails an hour have gone to the address, none too many.
    let again = ada.elsewhere();
    again.register().await.assert_status(201);
    let token = again.newest_link_token().await;
    again.confirm(&token).await.assert_status(204);
    let again = again.logged_in().await;
    assert_ne!(again.id(), ada.id());
    assert_eq!(again.get("/v1/me").await.json()["bio"], Value::Null);
    ada.get("/v1/me").await.assert_status(401);
}

#[tokio::test]
async fn e17_an_admin_deletes_an_account_alike() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, bob) = (kith.admin("root").await, kith.registered("ada").await, kith.registered("bob").await);
    let path = format!("/v1/users/{}", ada.id());
    bob.delete(&path).await.assert_problem(403, "forbidden");
    root.delete(&path).await.assert_status(204);
    assert_gone_for_everybody(&kith, &ada, &[&bob, &root]).await;
    root.delete(&path).await.assert_problem(404, "not-found");
    for change in [root.patch(&path).json(json!({"active": true})), root.put(&format!("{path}/ban"))] {
        change.await.assert_problem(404, "not-found");
    }
    let by_email = root.get(&format!("/v1/users?email={}", ada.person.email)).await;
    assert_eq!(by_email.assert_status(200).json()["items"], json!([]));
    kith.settle().await;
    let left = left_of(&kith, &ada).await;
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(receipts(&ada.mails().await), 1);
    ada.elsewhere().register().await.assert_status(201);
}

#[tokio::test]
async fn d11_an_erasure_that_dies_half_way_goes_on_where_it_stopped() {
    let Some(_) = Kith::with_helpers().await else { return };
    // A runner of one's own, so that nobody else's erasure dies.
    let kith = Kith::own(|_| {}).await;
    for kind in ["crash_before", "crash_after"] {
        let ada = kith.registered("ada").await;
        ada.want_email(&kith.newcomer("moved").person.email).await.assert_status(200);
        kith.settle().await;
        kith.inject_fault(json!({"operation": "erase-account", "kind": kind})).await;
        ada.leave().await.assert_status(204);
        assert_gone_for_everybody(&kith, &ada, &[]).await;
        kith.settle().await;
        let left = left_of(&kith, &ada).await;
        assert!(left.is_empty(), "{kind}: {left:#?}");
        assert_eq!(receipts(&ada.mails().await), 1, "{kind}");
        assert!(kith.items("outbox-").await.is_empty(), "{kind}");
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn d11_an_erasure_whose_writes_fail_is_repeated_until_nothing_is_left() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    for (action, fault) in [("DeleteItem", "error"), ("TransactWriteItems", "applied_answer_lost"), ("Query", "error")]
    {
        let ada = kith.registered("ada").await;
        for _ in 0..3 {
            ada.elsewhere().logged_in().await;
        }
        // More than the tries of one invocation.
        let fault = json!({"operation": "erase-account", "action": action, "kind": fault, "times": 4});
        kith.inject_fault(fault).await;
        ada.leave().await.assert_status(204);
        kith.settle().await;
        let left = left_of(&kith, &ada).await;
        assert!(left.is_empty(), "{action}: {left:#?}");
        assert_eq!(receipts(&ada.mails().await), 1, "{action}");
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn d11_an_account_with_many_things_is_erased_whole() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    // More than the job deletes in one go; ten log-ins come from one address.
    let places: Vec<Actor> = (0..6).map(|_| ada.elsewhere()).collect();
    let log_ins = places.iter().flat_map(|place| (0..9).map(|_| place.log_in().into_future()));
    let answers = futures::future::join_all(log_ins).await;
    let ada = ada.with_tokens_of(&answers[0]);
    assert!(kith.items(&format!("sessions#{}", ada.id())).await.len() > 50);
    ada.leave().await.assert_status(204);
    kith.settle().await;
    assert!(left_of(&kith, &ada).await.is_empty());
}

#[tokio::test]
async fn c16_what_waits_in_the_outbox_for_an_account_that_goes_is_not_mailed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (changed, left) =
        (ada.change_password(&ada.person.password, "another secret of ada").await, ada.delete("/v1/me"));
    changed.assert_status(204);
    left.json(json!({"current_password": "another secret of ada"})).await.assert_status(204);
    let mails = ada.mails().await;
    assert_eq!(receipts(&mails), 1);
    assert!(mails[0].text.contains("has been deleted"), "mail after the last one: {}", mails[0].subject);
    assert!(left_of(&kith, &ada).await.is_empty());
}

#[tokio::test]
async fn d11_log_ins_that_race_with_leaving_leave_nothing_alive() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let places: Vec<Actor> = (0..6).map(|_| ada.elsewhere()).collect();
    let mut requests = vec![ada.leave().into_future(), ada.refresh(ada.refresh_token()).into_future()];
    requests.extend(places.iter().map(|place| place.log_in().into_future()));
    let answers = futures::future::join_all(requests).await;
    answers[0].assert_status(204);
    for late in answers[1..].iter().filter(|answer| answer.status() == 200) {
        ada.with_tokens_of(late).get("/v1/me").await.assert_problem(401, "unauthorized");
    }
    kith.settle().await;
    let left = left_of(&kith, &ada).await;
    assert!(left.is_empty(), "{left:#?}");
}
