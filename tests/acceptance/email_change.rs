//! Another e-mail address.

use futures::join;
use jiff::{SignedDuration, Timestamp};
use kith_tests::{Actor, Answer, Kith, Person, link_token};
use serde_json::json;

/// Asks for an address.
async fn want(actor: &Actor, email: &str) -> Answer {
    let answer = actor.want_email(email).await;
    answer.assert_status(200);
    answer
}

/// The same person, whose mail comes to another address.
fn at(actor: &Actor, email: &str) -> Actor {
    let mut moved = actor.clone();
    moved.person = Person { email: email.to_owned(), ..actor.person.clone() };
    moved
}

/// Asks for an address that nobody has and takes the link from the mail there.
async fn wanted(kith: &Kith, actor: &Actor) -> (Actor, String) {
    let moved = at(actor, &kith.newcomer("moved").person.email);
    want(actor, &moved.person.email).await;
    let token = moved.newest_link_token().await;
    (moved, token)
}

#[tokio::test]
async fn e11_a_new_address_takes_effect_when_the_link_there_is_used() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let moved = at(&ada, &kith.newcomer("moved").person.email);
    let answer = want(&ada, &moved.person.email).await;
    assert_eq!(answer.text_at("/email"), ada.person.email);
    let mail = &moved.mails().await[0];
    assert!(mail.text.contains(&ada.person.username), "the mail does not say whose account it is");
    let token = link_token(mail).unwrap();
    // Not before.
    assert_eq!(ada.get("/v1/me").await.text_at("/email"), ada.person.email);
    ada.log_in_as(&moved.person.email, &ada.person.password).await.assert_status(401);
    let told = &ada.mails().await[0];
    assert!(told.text.contains("another e-mail address") && link_token(told).is_some(), "{}", told.text);
    assert!(!told.text.contains(&moved.person.email), "the new address in a mail to the old one");

    ada.confirm(&token).await.assert_status(204);
    let me = ada.get("/v1/me").await;
    assert_eq!(me.assert_status(200).text_at("/email"), moved.person.email);
    ada.log_in_as(&moved.person.email.to_uppercase(), &ada.person.password).await.assert_status(200);
    ada.log_in_as(&ada.person.email, &ada.person.password).await.assert_status(401);
    ada.confirm(&token).await.assert_problem(400, "dead-link");
    let told = ada.mails().await;
    assert_eq!(told.len(), 3);
    assert!(told[0].text.contains("has a new address") && link_token(&told[0]).is_some(), "{}", told[0].text);
    assert!(!told[0].text.contains(&moved.person.email), "the new address in a mail to the old one");
}

#[tokio::test]
async fn e11_the_button_of_the_page_confirms_a_new_address_and_looking_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (moved, token) = wanted(&kith, &ada).await;
    let before = kith.items(&format!("auth#{}", ada.id())).await;
    for _ in 0..2 {
        let page = ada.bare_request("GET", &format!("/confirm?token={token}")).await;
        let text = page.assert_status(200).text();
        assert!(text.contains(&moved.person.email) && text.contains(&ada.person.username), "{text}");
    }
    assert_eq!(kith.items(&format!("auth#{}", ada.id())).await, before);
    let press = |answer: &str| ada.bare_request("POST", "/confirm").form(&[("token", &token), ("answer", answer)]);
    press("confirm").await.assert_status(200);
    assert_eq!(ada.get("/v1/me").await.text_at("/email"), moved.person.email);
    press("confirm").await.assert_status(400);
}

#[tokio::test]
async fn this_was_not_me_ends_the_wish_and_nothing_else() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (_, token) = wanted(&kith, &ada).await;
    let press = |answer: &str| ada.bare_request("POST", "/confirm").form(&[("token", &token), ("answer", answer)]);
    press("not_me").await.assert_status(200);
    for answer in ["not_me", "confirm"] {
        press(answer).await.assert_status(400);
    }
    assert_eq!(ada.get("/v1/me").await.text_at("/email"), ada.person.email);
}

#[tokio::test]
async fn e11_a_taken_address_is_answered_like_any_and_its_owner_is_told_without_a_link() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.confirmed("ada").await, kith.registered("eve").await);
    let answer = want(&eve, &ada.person.email.to_uppercase()).await;
    assert_eq!(answer.text_at("/email"), eve.person.email);
    let mails = ada.mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails[0].text.contains("already has an account"), "{}", mails[0].text);
    assert!(link_token(&mails[0]).is_none() && !mails[0].html.contains("token="));
    assert!(!mails[0].text.contains(&eve.person.username), "a stranger's words in a mail");
    ada.log_in_as(&ada.person.email, &ada.person.password).await.assert_status(200);
}

#[tokio::test]
async fn e11_of_two_who_want_one_address_at_once_exactly_one_gets_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let (at_ada, first) = wanted(&kith, &ada).await;
    want(&bob, &at_ada.person.email).await;
    let second = at_ada.newest_link_token().await;
    let answers = join!(ada.confirm(&first).into_future(), bob.confirm(&second).into_future());
    let mut statuses = [answers.0.status(), answers.1.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 400]);
    let owners = [&ada, &bob].map(|actor| async { actor.get("/v1/me").await.text_at("/email") == at_ada.person.email });
    let owners = futures::future::join_all(owners).await;
    assert_eq!(owners.iter().filter(|owns| **owns).count(), 1);
}

#[tokio::test]
async fn e11_a_newer_wish_replaces_the_one_before() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (_, first) = wanted(&kith, &ada).await;
    let (newer, second) = wanted(&kith, &ada).await;
    ada.confirm(&first).await.assert_problem(400, "dead-link");
    ada.confirm(&second).await.assert_status(204);
    assert_eq!(ada.get("/v1/me").await.text_at("/email"), newer.person.email);
}

#[tokio::test]
async fn e11_a_link_works_for_24_hours() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let answer = want(&ada, &kith.newcomer("late").person.email).await;
    let asked: Timestamp = answer.text_at("/updated_at").parse().unwrap();
    let (_, newest) = wanted(&kith, &ada).await;
    clock.set(asked + SignedDuration::from_hours(24) - SignedDuration::from_secs(20)).await;
    ada.get(&format!("/confirm?token={newest}")).await.assert_status(200);
    clock.advance("5m").await;
    ada.confirm(&newest).await.assert_problem(400, "dead-link");
    ada.get(&format!("/confirm?token={newest}")).await.assert_status(400);
}

#[tokio::test]
async fn e11_a_new_password_kills_a_wish_for_another_address() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let (_, by_reset) = wanted(&kith, &ada).await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    ada.reset_password(&token, "another secret of ada").await.assert_status(204);
    ada.confirm(&by_reset).await.assert_problem(400, "dead-link");

    let (_, by_change) = wanted(&kith, &bob).await;
    bob.change_password(&bob.person.password, "another secret of bob").await.assert_status(204);
    bob.confirm(&by_change).await.assert_problem(400, "dead-link");
    assert_eq!(bob.get("/v1/me").await.text_at("/email"), bob.person.email);
}

#[tokio::test]
async fn d09_a_reset_link_mailed_to_an_address_that_is_the_accounts_no_more_is_dead() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    ada.forget_password().await.assert_status(202);
    let stale = ada.newest_link_token().await;
    let (moved, token) = wanted(&kith, &ada).await;
    ada.confirm(&token).await.assert_status(204);
    ada.reset_password(&stale, "a secret of a stranger").await.assert_problem(400, "dead-link");
    ada.get(&format!("/reset-password?token={stale}")).await.assert_status(400);
    // Whoever reads mail at the new address gets a link that works, and the old one stays dead.
    moved.forget_password().await.assert_status(202);
    let fresh = moved.newest_link_token().await;
    ada.reset_password(&stale, "a secret of a stranger").await.assert_problem(400, "dead-link");
    moved.reset_password(&fresh, "another secret of ada").await.assert_status(204);
}

#[tokio::test]
async fn ones_own_address_in_another_case_is_no_new_one() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    want(&ada, &ada.person.email.to_uppercase()).await;
    assert_eq!(ada.mails().await.len(), 1);
    ada.patch("/v1/me").json(json!({"email": "ada"})).await.assert_faults(&["/email"]);
    ada.patch("/v1/me").json(json!({"email": null})).await.assert_faults(&["/email"]);
}

#[tokio::test]
async fn c10_an_admin_address_makes_an_admin_whenever_it_is_confirmed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let moved = at(&ada, &Person::new("root", "admin.example.org").email);
    want(&ada, &moved.person.email).await;
    let token = moved.newest_link_token().await;
    assert_eq!(ada.get("/v1/me").await.text_at("/role"), "member");
    ada.confirm(&token).await.assert_status(204);
    assert_eq!(ada.get("/v1/me").await.text_at("/role"), "admin");
    ada.get("/v1/users").await.assert_status(200);
}

#[tokio::test]
async fn h04_an_account_asks_for_three_addresses_a_day_whoever_they_are() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    for _ in 0..3 {
        wanted(&kith, &ada).await;
    }
    let change = json!({
        "email": kith.newcomer("fourth").person.email, "first_name": "Not", "current_password": ada.person.password,
    });
    ada.patch("/v1/me").json(&change).await.assert_problem(429, "too-many");
    assert_eq!(ada.get("/v1/me").await.text_at("/first_name"), "ada");
    clock.advance("24h").await;
    ada.logged_in().await.patch("/v1/me").json(&change).await.assert_status(200);
}
