//! Changing one's password.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::json;

fn another_password(actor: &Actor) -> String {
    format!("another secret of {}", actor.person.username)
}

async fn assert_ended(actor: &Actor) {
    actor.get("/v1/me").await.assert_problem(401, "unauthorized");
    actor.refresh(actor.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
}

#[tokio::test]
async fn d08_c15_changing_the_password_ends_all_other_sessions_and_this_one_goes_on() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (phone, watch) = (ada.elsewhere().logged_in().await, ada.elsewhere().logged_in().await);
    let new = another_password(&ada);
    let answer = ada.change_password(&ada.person.password, &new).await;
    answer.assert_status(204);
    assert!(answer.body().is_empty());
    for ended in [&phone, &watch] {
        assert_ended(ended).await;
    }
    ada.get("/v1/me").await.assert_status(200);
    assert_eq!(ada.get("/v1/auth/sessions").await.json()["items"].as_array().unwrap().len(), 1);
    let ada = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    ada.get("/v1/me").await.assert_status(200);
    ada.log_in().await.assert_problem(401, "wrong-credentials");
    ada.log_in_as(&ada.person.username, &new).await.assert_status(200);
    let mail = &ada.mails().await[0];
    assert!(mail.text.contains("has been changed") && !mail.text.contains("token="), "{}", mail.text);
}

#[tokio::test]
async fn c15_the_current_password_is_needed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let new = another_password(&ada);
    ada.put("/v1/me/password").json(json!({"new_password": new})).await.assert_faults(&["/current_password"]);
    ada.put("/v1/me/password").json(json!({"current_password": new})).await.assert_faults(&["/new_password"]);
    ada.change_password(&new, &new).await.assert_problem(403, "wrong-password");
    ada.change_password("", &new).await.assert_problem(403, "wrong-password");
    ada.patch("/v1/me").json(json!({"password": new})).await.assert_faults(&["/password"]);
    ada.log_in().await.assert_status(200);
    assert_eq!(ada.mails().await.len(), 1, "told of a change that did not happen");
}

#[tokio::test]
async fn e04_a_new_password_keeps_the_rules() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for bad in ["short", "password", "iloveyou", &ada.person.username, &ada.person.email.to_uppercase()] {
        ada.change_password(&ada.person.password, bad).await.assert_faults(&["/new_password"]);
    }
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn x03_the_current_password_can_be_tried_10_times_in_15_minutes() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let new = another_password(&ada);
    for left in (0..10).rev() {
        // Deleting the account asks for the same password: no second chance there.
        let answer = if left % 2 == 0 {
            ada.change_password("this is not the password", &new).await
        } else {
            ada.delete("/v1/me").json(json!({"current_password": "this is not the password"})).await
        };
        answer.assert_problem(403, "wrong-password");
        assert!(answer.header("ratelimit").unwrap().contains(&format!("\"password\";r={left};t=")), "{answer}");
    }
    for answer in [ada.change_password(&ada.person.password, &new).await, ada.leave().await] {
        answer.assert_problem(429, "too-many");
        let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait} s");
    }
    // A session of the same account counts with it, wherever it is.
    let elsewhere = ada.elsewhere().logged_in().await;
    elsewhere.change_password(&ada.person.password, &new).await.assert_status(429);
    clock.advance("15m").await;
    let ada = ada.logged_in().await;
    ada.change_password(&ada.person.password, &new).await.assert_status(204);
}

#[tokio::test]
async fn of_5_changes_at_once_exactly_one_is_made() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let password = |n: usize| format!("{} {n}", another_password(&ada));
    let changes = (0..5).map(|n| ada.change_password(&ada.person.password, &password(n)).into_future());
    let answers = join_all(changes).await;
    let won: Vec<usize> = (0..5).filter(|&n| answers[n].status() == 204).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(Answer::status).collect::<Vec<_>>());
    for lost in answers.iter().filter(|answer| answer.status() != 204) {
        lost.assert_problem(403, "wrong-password");
    }
    ada.log_in_as(&ada.person.username, &password(won[0])).await.assert_status(200);
    ada.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn d09_changing_the_password_kills_a_link_that_would_reset_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    ada.change_password(&ada.person.password, &another_password(&ada)).await.assert_status(204);
    ada.reset_password(&token, "yet another secret").await.assert_problem(400, "dead-link");
}
