//! The whole tour while a tenth of all database calls goes wrong.

use std::future::Future;

use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::json;

use crate::{audited, kept};

/// What a patient client does: the same request again while the server says that it failed.
async fn patiently(request: impl Fn() -> Request) -> Answer {
    patiently_async(|| async { request().await }).await
}

async fn patiently_async<T: Future<Output = Answer>>(request: impl Fn() -> T) -> Answer {
    for _ in 0..20 {
        let answer = request().await;
        if answer.status() < 500 {
            return answer;
        }
    }
    panic!("twenty tries and no answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g09_with_a_tenth_of_all_calls_failing_the_tour_ends_in_one_account_and_one_mail() {
    let kith = Kith::own(|options| options.fault_rate = 0.1).await;
    for _ in 0..5 {
        tour(&kith).await;
    }
}

async fn tour(kith: &Kith) {
    let ada = kith.newcomer("ada");
    let key = format!("key-of-{}", ada.person.username);
    let registered = patiently(|| ada.register().header("idempotency-key", &key)).await;
    registered.assert_status(201);
    assert_eq!(kept(kith, &ada).await, (0, 1, 1, 1));

    assert_eq!(ada.mails().await.len(), 1);
    let token = ada.newest_link_token().await;
    // A link works once: a repeat after a failure whose work was done says so.
    let confirmed = patiently(|| ada.confirm(&token)).await;
    assert!([204, 400].contains(&confirmed.status()), "{confirmed}");
    assert_eq!(kept(kith, &ada).await, (1, 0, 1, 1));

    let ada = ada.with_tokens_of(&patiently(|| ada.log_in()).await);
    let change = json!({"first_name": "Augusta"});
    patiently(|| ada.patch("/v1/me").json(&change)).await.assert_status(200);
    let me = patiently(|| ada.get("/v1/me")).await;
    assert_eq!(me.text_at("/first_name"), "Augusta");
    assert_eq!(me.text_at("/username"), ada.person.username);

    patiently(|| ada.post("/v1/auth/logout")).await;
    patiently(|| ada.get("/v1/me")).await.assert_status(401);
    assert_eq!(kept(kith, &ada).await, (1, 0, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g09_with_a_tenth_of_all_calls_failing_what_admins_do_happens_once_and_leaving_leaves_nothing() {
    let kith = Kith::own(|options| options.fault_rate = 0.1).await;
    let mut boss = kith.newcomer("boss");
    boss.person.email = boss.person.email.replace('@', "@admin.");
    let boss = join(boss).await;
    for _ in 0..5 {
        trials(&kith, &boss).await;
    }
}

/// Registers, confirms and logs in.
async fn join(who: Actor) -> Actor {
    let key = format!("key-of-{}", who.person.username);
    patiently(|| who.register().header("idempotency-key", &key)).await.assert_status(201);
    let token = who.newest_link_token().await;
    patiently(|| who.confirm(&token)).await;
    who.with_tokens_of(&patiently(|| who.log_in()).await)
}

async fn trials(kith: &Kith, boss: &Actor) {
    let ada = join(kith.newcomer("ada")).await;
    let path = |what: &str| format!("/v1/users/{}{what}", ada.id());
    let role = |role: &'static str| boss.put(&path("/role")).json(json!({"role": role}));
    patiently(|| role("moderator")).await.assert_status(200);
    patiently(|| role("member")).await.assert_status(200);
    // What was done although the server said that it failed is done already when it is asked for again.
    let banned = patiently(|| boss.put(&path("/ban"))).await;
    assert!([204, 409].contains(&banned.status()), "{banned}");
    patiently(|| ada.get("/v1/me")).await.assert_status(401);
    let unbanned = patiently(|| boss.delete(&path("/ban"))).await;
    assert!([204, 409].contains(&unbanned.status()), "{unbanned}");

    let ada = ada.with_tokens_of(&patiently(|| ada.log_in()).await);
    let left = patiently(|| ada.leave()).await;
    assert!([204, 401].contains(&left.status()), "{left}");
    assert_eq!(ada.mails().await.len(), 2, "the link and the receipt");
    assert_eq!(kept(kith, &ada).await, (0, 0, 0, 0));
    assert!(kith.items("roster#moderator").await.is_empty());
    let done = ["role_changed", "role_changed", "user_banned", "user_unbanned", "user_deleted"];
    assert_eq!(audited(kith, &ada.id()).await, done);
}
