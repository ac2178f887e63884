//! Rate limits.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::json;

fn assert_too_many(answer: &Answer, within: i64) {
    answer.assert_problem(429, "too-many");
    let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=within).contains(&wait), "{wait} s");
    let told = answer.header("ratelimit").unwrap();
    assert!(told.contains(&format!("r=0;t={wait}")), "{told}");
}

async fn guess(actor: &Actor) -> Answer {
    actor.log_in_as(&actor.person.username, "this is not the password").await
}

#[tokio::test]
async fn x03_after_10_bad_log_ins_only_the_owner_elsewhere_gets_in() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let mut thief = kith.visitor();
    thief.person = ada.person.clone();
    for left in (0..10).rev() {
        let answer = guess(&thief).await;
        answer.assert_problem(401, "wrong-credentials");
        assert!(answer.header("ratelimit-policy").unwrap().contains("\"login\";q=10;w=900"));
        assert!(answer.header("ratelimit").unwrap().contains(&format!("\"login\";r={left};t=")));
    }
    for _ in 0..10 {
        assert_too_many(&guess(&thief).await, 900);
    }
    // Nor does the right password help there, or another spelling of the name.
    assert_too_many(&thief.log_in().await, 900);
    assert_too_many(&thief.log_in_as(&ada.person.username.to_uppercase(), "guess again").await, 900);
    ada.log_in().await.assert_status(200);
    // Others log in from there as before.
    let mut bob = kith.confirmed("bob").await;
    bob.address.clone_from(&thief.address);
    bob.log_in().await.assert_status(200);
}

#[tokio::test]
async fn x03_the_limit_ends_after_15_minutes() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.confirmed("ada").await;
    for _ in 0..10 {
        guess(&ada).await.assert_status(401);
    }
    assert_too_many(&ada.log_in().await, 900);
    clock.advance("14m").await;
    assert_too_many(&ada.log_in().await, 60);
    clock.advance("1m").await;
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn x03_names_that_nobody_has_are_limited_alike() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let nobody = kith.newcomer("nobody");
    for _ in 0..10 {
        guess(&nobody).await.assert_status(401);
    }
    assert_too_many(&guess(&nobody).await, 900);
}

#[tokio::test]
async fn x03_100_log_ins_an_hour_at_one_account_are_the_most_from_everywhere() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let herd: Vec<Actor> = (0..20).map(|_| ada.elsewhere()).collect();
    for _ in 0..5 {
        for answer in join_all(herd.iter().map(guess)).await {
            answer.assert_status(401);
        }
    }
    // Nobody is told who did not spend it: the right password is as good as a wrong one.
    let answer = ada.elsewhere().log_in().await;
    answer.assert_problem(401, "wrong-credentials");
    assert!(!answer.header("ratelimit-policy").unwrap().contains("login-account"));
}

#[tokio::test]
async fn an_address_registers_10_an_hour_and_an_ipv6_network_counts_as_one() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let first = kith.newcomer("first");
    let network = first.address.strip_suffix("::1").unwrap();
    let neighbour = |host: usize| {
        let mut actor = kith.newcomer("next");
        actor.address = format!("{network}:ffff::{host:x}");
        actor
    };
    for left in (0..10).rev() {
        let actor = neighbour(left + 1);
        let answer = actor.register().await;
        answer.assert_status(201);
        let told = answer.header("ratelimit").unwrap();
        assert!(told.contains(&format!("\"register\";r={left};t=")), "{told}");
        // What is refused for its form is not counted.
        actor.bare_request("POST", "/v1/auth/register").json(json!({})).await.assert_status(422);
    }
    let late = neighbour(77);
    assert_too_many(&late.register().await, 3600);
    assert_too_many(&first.register().await, 3600);
    assert!(late.mails().await.is_empty(), "a refused registration was mailed");
    late.elsewhere().register().await.assert_status(201);
}

#[tokio::test]
async fn an_ipv4_address_counts_alone_however_it_is_written() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let at = |address: String| {
        let mut actor = kith.newcomer("four");
        actor.address = address;
        actor
    };
    // From the block for benchmarks (RFC 2544), which no other test uses.
    let host = format!("198.18.{}.{}", fastrand::u8(..), fastrand::u8(1..255));
    for _ in 0..10 {
        at(host.clone()).register().await.assert_status(201);
    }
    assert_too_many(&at(host.clone()).register().await, 3600);
    assert_too_many(&at(format!("::ffff:{host}")).register().await, 3600);
    at(format!("198.19.{}", host.split_once("18.").unwrap().1)).register().await.assert_status(201);
}

#[tokio::test]
async fn h04_a_network_asks_for_20_mails_an_hour_and_an_address_that_nobody_has_is_answered_alike() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (nobody, ada) = (kith.newcomer("nobody"), kith.confirmed("ada").await);
    for number in 0..10 {
        let mut there = nobody.clone();
        there.person.email = format!("{number}.{}", ada.person.email);
        for answer in [there.resend().await, there.forget_password().await] {
            assert!(
                answer.assert_status(202).header("ratelimit").unwrap().contains("\"mail-requests\";r="),
                "{answer}"
            );
        }
    }
    assert_too_many(&nobody.forget_password().await, 3600);
    assert_too_many(&nobody.resend().await, 3600);
    // Whoever is meant pays nothing.
    let answer = ada.forget_password().await;
    assert!(answer.assert_status(202).header("ratelimit").unwrap().contains("r=19;"), "{answer}");
}

#[tokio::test]
async fn limits_count_right_when_all_come_at_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let nobody = kith.newcomer("nobody");
    let answers = join_all((0..24).map(|_| async { nobody.resend().await })).await;
    let taken = answers.iter().filter(|answer| answer.status() == 202).count();
    assert_eq!(taken, 20, "{:?}", answers.iter().map(Answer::status).collect::<Vec<_>>());
}

#[tokio::test]
async fn x03_the_subjects_of_limits_are_stored_as_hashes() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    guess(&ada).await.assert_status(401);
    let windows = kith.items("rate#").await;
    assert!(windows.len() >= 4);
    let text = serde_json::to_string(&windows).unwrap();
    for personal in [&ada.person.email, &ada.person.username, &ada.address] {
        assert!(!text.contains(personal.as_str()), "{personal} is in a counter");
    }
    assert!(windows.iter().all(|window| window["ttl"].is_i64()), "a counter stays for ever");
}
