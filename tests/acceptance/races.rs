//! Many at once.

use futures::future::join_all;
use kith_tests::{Answer, Kith, Person};
use serde_json::json;

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(Answer::status).collect()
}

#[tokio::test]
async fn c03_of_50_who_register_one_name_at_once_exactly_one_gets_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let wanted = kith.newcomer("wanted").person.username;
    let people: Vec<_> = (0..50)
        .map(|_| {
            let mut rival = kith.newcomer("rival");
            rival.person = Person { username: wanted.clone(), ..rival.person };
            rival
        })
        .collect();
    let answers = join_all(people.iter().map(|rival| async { rival.register().await })).await;
    let won: Vec<usize> = (0..50).filter(|&at| answers[at].status() == 201).collect();
    assert_eq!(won.len(), 1, "{:?}", statuses(&answers));
    for (at, answer) in answers.iter().enumerate() {
        if at != won[0] {
            answer.assert_problem(409, "conflict");
        }
    }
    kith.settle().await;
    for (at, rival) in people.iter().enumerate() {
        let mails = kith.mails_to(&rival.person.email).await;
        assert_eq!(mails.len(), usize::from(at == won[0]), "mails to {}", rival.person.email);
    }
    let winner = &people[won[0]];
    let token = winner.newest_link_token().await;
    winner.confirm(&token).await.assert_status(204);
    winner.log_in().await.assert_status(200);
}

#[tokio::test]
async fn c06_20_uses_of_a_refresh_token_at_once_get_one_pair_and_it_keeps_working() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let answers = join_all((0..20).map(|_| async { ada.refresh(ada.refresh_token()).await })).await;
    for answer in &answers {
        assert_eq!(answer.assert_status(200).json(), answers[0].json());
    }
    let next = ada.with_tokens_of(&answers[0]);
    next.get("/v1/me").await.assert_status(200);
    let after = next.with_tokens_of(&next.refresh(next.refresh_token()).await);
    after.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn without_if_match_20_changes_at_once_all_succeed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let before = ada.get("/v1/me").await.header("etag").unwrap().to_owned();
    let change = async |n: usize| ada.patch("/v1/me").json(json!({"first_name": format!("Ada {n}")})).await;
    let answers = join_all((0..20).map(change)).await;
    assert!(answers.iter().all(|answer| answer.status() == 200), "{:?}", statuses(&answers));
    // Each had its turn: the revision counts them.
    let rev = |tag: &str| tag.trim_matches('"').split_once('-').unwrap().0.parse::<u64>().unwrap();
    assert_eq!(rev(ada.get("/v1/me").await.header("etag").unwrap()), rev(&before) + 20);
}

#[tokio::test]
async fn with_if_match_exactly_one_of_10_changes_at_once_succeeds() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let tag = ada.get("/v1/me").await.header("etag").unwrap().to_owned();
    let change = async |n: usize| {
        ada.patch("/v1/me").header("if-match", &tag).json(json!({"first_name": format!("Ada {n}")})).await
    };
    let answers = join_all((0..10).map(change)).await;
    let won = answers.iter().filter(|answer| answer.status() == 200).count();
    assert_eq!(won, 1, "{:?}", statuses(&answers));
    for lost in answers.iter().filter(|answer| answer.status() != 200) {
        lost.assert_problem(412, "stale");
    }
}

#[tokio::test]
async fn e06_of_10_who_press_the_button_at_once_exactly_one_confirms() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let answers = join_all((0..10).map(|_| async { ada.confirm(&token).await })).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 204).count(), 1, "{:?}", statuses(&answers));
    for lost in answers.iter().filter(|answer| answer.status() != 204) {
        lost.assert_problem(400, "dead-link");
    }
    ada.logged_in().await.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn of_several_registrations_for_one_address_confirmed_at_once_exactly_one_becomes_the_account() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let email = kith.newcomer("shared").person.email;
    let mut people = Vec::new();
    for _ in 0..3 {
        let mut rival = kith.newcomer("rival");
        rival.person.email.clone_from(&email);
        rival.register().await.assert_status(201);
        let token = rival.newest_link_token().await;
        people.push((rival, token));
    }
    let answers = join_all(people.iter().map(|(rival, token)| async { rival.confirm(token).await })).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 204).count(), 1, "{:?}", statuses(&answers));
    let log_ins = join_all(people.iter().map(|(rival, _)| async { rival.log_in().await })).await;
    assert_eq!(log_ins.iter().filter(|answer| answer.status() == 200).count(), 1, "{:?}", statuses(&log_ins));
}

#[tokio::test]
async fn d15_log_ins_at_once_are_all_counted() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let answers = join_all((0..8).map(|_| async { ada.log_in().await })).await;
    assert!(answers.iter().all(|answer| answer.status() == 200), "{:?}", statuses(&answers));
    let ada = ada.with_tokens_of(&answers[0]);
    assert_eq!(ada.get("/v1/me").await.json()["login_count"], 8);
    assert_eq!(ada.get("/v1/auth/sessions").await.json()["items"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn c07_a_refresh_that_races_with_ending_all_sessions_leaves_nothing_alive() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (ended, refreshed) = futures::join!(async { ada.delete("/v1/auth/sessions").await }, async {
        ada.refresh(ada.refresh_token()).await
    });
    ended.assert_status(204);
    if refreshed.status() == 200 {
        let late = ada.with_tokens_of(&refreshed);
        late.get("/v1/me").await.assert_problem(401, "unauthorized");
        late.refresh(late.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    }
    ada.get("/v1/me").await.assert_problem(401, "unauthorized");
}
