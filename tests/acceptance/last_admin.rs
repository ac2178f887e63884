//! Somebody always stays admin. Each test has a runner of its own, so that its admins are all there are.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::json;

fn demote(by: &Actor, whom: &Actor) -> Request {
    by.put(&format!("/v1/users/{}/role", whom.id())).json(json!({"role": "member"}))
}

async fn admins(by: &Actor) -> usize {
    by.get("/v1/users?role=admin").await.assert_status(200).json()["items"].as_array().unwrap().len()
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(Answer::status).collect()
}

#[tokio::test]
async fn c32_of_two_admins_who_demote_each_other_at_once_exactly_one_succeeds() {
    let Some(_) = Kith::with_helpers().await else { return };
    for _ in 0..3 {
        let kith = Kith::own(|_| {}).await;
        let (ada, bob) = (kith.admin("ada").await, kith.admin("bob").await);
        let answers = join_all([demote(&ada, &bob).into_future(), demote(&bob, &ada).into_future()]).await;
        assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 1, "{:?}", statuses(&answers));
        let lost = answers.iter().find(|answer| answer.status() != 200).unwrap();
        // Demoted meanwhile, or the last one.
        assert!([403, 409].contains(&lost.status()), "{lost}");
        let (winner, loser) = if answers[0].status() == 200 { (&ada, &bob) } else { (&bob, &ada) };
        assert_eq!(winner.get("/v1/me").await.json()["role"], "admin");
        assert_eq!(loser.get("/v1/me").await.json()["role"], "member");
        assert_eq!(admins(winner).await, 1);
        assert_eq!(kith.items("roster#admin").await.len(), 2, "one admin and their number");
        kith.shut_down().await;
    }
}

#[tokio::test]
async fn c32_of_several_admins_who_all_leave_at_once_one_stays() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let people = join_all((0..4).map(|_| kith.admin("root"))).await;
    let answers = join_all(people.iter().map(|root| root.leave().into_future())).await;
    let stayed: Vec<usize> = (0..4).filter(|&n| answers[n].status() != 204).collect();
    assert_eq!(stayed.len(), 1, "{:?}", statuses(&answers));
    answers[stayed[0]].assert_problem(409, "conflict");
    assert_eq!(admins(&people[stayed[0]]).await, 1);
    kith.shut_down().await;
}

#[tokio::test]
async fn c32_the_last_admin_cannot_leave_until_there_is_another() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let problem = root.leave().await.assert_problem(409, "conflict");
    assert!(problem.detail.contains("admin"), "{problem:?}");
    // Nothing has happened.
    assert_eq!(root.get("/v1/me").await.assert_status(200).json()["role"], "admin");
    let events = root.get("/v1/audit").await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "that the first admin became one: {events}");
    kith.settle().await;
    assert_eq!(root.mails().await.len(), 1);

    let role = format!("/v1/users/{}/role", ada.id());
    root.put(&role).json(json!({"role": "admin"})).await.assert_status(200);
    root.leave().await.assert_status(204);
    kith.settle().await;
    assert_eq!(admins(&ada).await, 1);
    ada.leave().await.assert_problem(409, "conflict");
    kith.shut_down().await;
}

#[tokio::test]
async fn c32_the_last_admin_is_not_demoted_even_when_made_admin_again_and_again() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let role = format!("/v1/users/{}/role", ada.id());
    for _ in 0..3 {
        // Saying the same twice counts once.
        for _ in 0..2 {
            root.put(&role).json(json!({"role": "admin"})).await.assert_status(200);
        }
        for _ in 0..2 {
            root.put(&role).json(json!({"role": "member"})).await.assert_status(200);
        }
    }
    root.leave().await.assert_problem(409, "conflict");
    kith.shut_down().await;
}
