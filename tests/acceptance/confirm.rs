//! Confirming an address.

use jiff::SignedDuration;
use kith_tests::{Kith, Person, link_token};
use serde_json::json;

#[tokio::test]
async fn e06_d14_a_link_confirms_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let before = kith.now().await;
    let answer = ada.confirm(&token).await;
    answer.assert_status(204);
    assert!(answer.body().is_empty());
    let after = kith.now().await;
    ada.confirm(&token).await.assert_problem(400, "dead-link");
    let me = ada.logged_in().await.get("/v1/me").await.json();
    let confirmed_at: jiff::Timestamp = me["confirmed_at"].as_str().unwrap().parse().unwrap();
    assert!(before <= confirmed_at + SignedDuration::from_millis(1) && confirmed_at <= after, "{confirmed_at}");
}

#[tokio::test]
async fn e06_a_link_works_to_the_last_second_of_24_hours() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let (early, late) = (kith.newcomer("early"), kith.newcomer("late"));
    let answers = [early.register().await, late.register().await];
    let tokens = [early.newest_link_token().await, late.newest_link_token().await];
    let end = |at: usize| {
        let created_at: jiff::Timestamp = answers[at].text_at("/created_at").parse().unwrap();
        created_at + SignedDuration::from_hours(24)
    };
    clock.set(end(0) - SignedDuration::from_secs(5)).await;
    early.confirm(&tokens[0]).await.assert_status(204);
    late.get(&format!("/confirm?token={}", tokens[1])).await.assert_status(200);
    clock.set(end(1)).await;
    late.confirm(&tokens[1]).await.assert_problem(400, "dead-link");
    late.log_in().await.assert_problem(401, "wrong-credentials");
}

#[tokio::test]
async fn d13_e06_a_forged_link_is_refused_and_ends_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.pending("ada").await, kith.pending("eve").await);
    let (own, other) = (ada.newest_link_token().await, eve.newest_link_token().await);
    let (record, secret) = own.split_once('.').unwrap();
    let (_, foreign) = other.split_once('.').unwrap();
    let forged = [
        format!("{record}.{foreign}"),
        format!("{record}.{}", secret.chars().rev().collect::<String>()),
        format!("{record}.{secret}A"),
        format!("{record}."),
        record.to_owned(),
        secret.to_owned(),
        format!("usr_{}.{secret}", "0".repeat(32)),
        format!("../{record}.{secret}"),
        format!("user#{record}.{secret}"),
        format!("{own} "),
        String::new(),
        "x".repeat(60_000),
    ];
    let first = ada.confirm("x").await.assert_problem(400, "dead-link");
    for token in forged {
        let problem = ada.confirm(&token).await.assert_problem(400, "dead-link");
        assert_eq!(problem.detail, first.detail);
    }
    ada.confirm(&own).await.assert_status(204);
    eve.confirm(&other).await.assert_status(204);
}

#[tokio::test]
async fn of_two_registrations_for_one_address_the_first_to_confirm_gets_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let first = ada.newest_link_token().await;
    let mut again = kith.newcomer("again");
    again.person = Person { email: ada.person.email.to_uppercase(), ..again.person };
    again.register().await.assert_status(201);
    let second = again.newest_link_token().await;

    ada.confirm(&first).await.assert_status(204);
    again.confirm(&second).await.assert_problem(400, "dead-link");
    again.log_in().await.assert_problem(401, "wrong-credentials");
    ada.log_in().await.assert_status(200);
    // The name of what can never be confirmed is free again.
    let heir = kith.newcomer("heir");
    let person = Person { username: again.person.username.clone(), ..heir.person.clone() };
    heir.post("/v1/auth/register").json(person.registration()).await.assert_status(201);
}

#[tokio::test]
async fn a15_looking_at_a_link_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let id = token.split_once('.').unwrap().0;
    let path = format!("/confirm?token={token}");
    let items = async || {
        let mut items = kith.items(&format!("pending#{id}")).await;
        items.extend(kith.items(&format!("email#{}", ada.person.email)).await);
        items.extend(kith.items(&format!("username#{}", ada.person.username)).await);
        items
    };
    let before = items().await;
    for _ in 0..2 {
        let page = ada.get(&path).await;
        page.assert_status(200);
        assert!(page.text().contains(&ada.person.username), "the page does not say whose account it is");
        assert!(kith.record_of(&page).await.calls.iter().all(|call| call.write_units == 0.0));
    }
    assert_eq!(items().await, before);
    ada.confirm(&token).await.assert_status(204);
}

#[tokio::test]
async fn e06_the_button_of_the_page_confirms_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let press = || ada.press_confirm(&token, "confirm");
    let page = press().await;
    page.assert_status(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    ada.log_in().await.assert_status(200);
    assert_eq!(press().await.assert_status(400).header("content-type"), Some("text/html; charset=utf-8"));
    ada.get(&format!("/confirm?token={token}")).await.assert_status(400);
}

#[tokio::test]
async fn this_was_not_me_destroys_the_registration_and_frees_its_name() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let press = |action: &str| ada.press_confirm(&token, action);
    press("not_me").await.assert_status(200);
    for action in ["not_me", "confirm"] {
        press(action).await.assert_status(400);
    }
    ada.confirm(&token).await.assert_problem(400, "dead-link");
    ada.log_in().await.assert_problem(401, "wrong-credentials");
    let id = token.split_once('.').unwrap().0;
    for prefix in [format!("pending#{id}"), format!("user#{id}"), format!("email#{}", ada.person.email)] {
        assert!(kith.items(&prefix).await.is_empty(), "{prefix} is left");
    }
    ada.elsewhere().register().await.assert_status(201);
}

#[tokio::test]
async fn e06_another_mail_brings_another_link_and_the_old_one_still_works() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let first = ada.newest_link_token().await;
    let answer = ada.resend().await;
    answer.assert_status(202);
    assert!(answer.body().is_empty());
    let second = ada.newest_link_token().await;
    assert_ne!(first, second);
    ada.confirm(&first).await.assert_status(204);
    ada.confirm(&second).await.assert_problem(400, "dead-link");
}

#[tokio::test]
async fn at_most_three_links_of_a_registration_are_alive() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.pending("ada").await;
    for _ in 0..2 {
        kith.settle().await;
        ada.resend().await.assert_status(202);
    }
    kith.settle().await;
    clock.advance("61m").await;
    ada.resend().await.assert_status(202);
    let tokens: Vec<String> = ada.mails().await.iter().rev().filter_map(link_token).collect();
    assert_eq!(tokens.len(), 4);
    ada.confirm(&tokens[0]).await.assert_problem(400, "dead-link");
    for token in &tokens[1..] {
        ada.get(&format!("/confirm?token={token}")).await.assert_status(200);
    }
    ada.confirm(&tokens[1]).await.assert_status(204);
}

#[tokio::test]
async fn whom_nothing_waits_for_is_mailed_nothing_new() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let nobody = kith.newcomer("nobody");
    nobody.resend().await.assert_status(202);
    assert!(nobody.mails().await.is_empty());
    let ada = kith.confirmed("ada").await;
    ada.resend().await.assert_status(202);
    let mails = ada.mails().await;
    assert!(link_token(&mails[0]).is_none(), "a link for a confirmed account: {}", mails[0].text);
}

#[tokio::test]
async fn a12_the_page_takes_forms_only() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    visitor.post("/confirm").json(json!({"token": "x", "answer": "confirm"})).await.assert_status(415);
    visitor.post("/confirm").form(&[("token", "x")]).await.assert_status(400);
    visitor.post("/confirm").form(&[("token", "x"), ("answer", "explode")]).await.assert_status(400);
    visitor.get("/confirm").await.assert_status(400);
    visitor.get("/confirm?token=%3Cscript%3E").await.assert_status(400);
}

#[tokio::test]
async fn h06_e06_confirming_takes_the_password_of_the_registration_and_a_wrong_one_leaves_the_link() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let confirm = |proof: serde_json::Value| ada.bare_request("POST", "/v1/auth/confirm").json(proof);
    confirm(json!({"token": token})).await.assert_faults(&["/password"]);
    for wrong in ["", "not the password", &ada.person.password.to_uppercase(), &"x".repeat(2_000)] {
        confirm(json!({"token": token, "password": wrong})).await.assert_problem(403, "wrong-password");
    }
    for wrong in ["", "a wild guess"] {
        let form = [("token", &*token), ("answer", "confirm"), ("password", wrong)];
        let page = ada.bare_request("POST", "/confirm").form(&form).await;
        let text = page.assert_status(403).text();
        assert!(text.contains("name=\"password\"") && text.contains(&token), "{text}");
        assert!(wrong.is_empty() || !text.contains(wrong), "what was typed comes back");
    }
    ada.log_in().await.assert_problem(403, "unconfirmed");
    ada.confirm(&token).await.assert_status(204);
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn h06_a_registration_is_guessed_at_ten_times_and_lives_on() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let guess = json!({"token": token, "password": "not the password"});
    for _ in 0..10 {
        ada.bare_request("POST", "/v1/auth/confirm").json(&guess).await.assert_status(403);
    }
    ada.elsewhere().confirm(&token).await.assert_problem(429, "too-many");
    ada.press_confirm(&token, "confirm").await.assert_status(429);
    clock.advance("15m").await;
    ada.confirm(&token).await.assert_status(204);
}

#[tokio::test]
async fn h06_s11_a_strangers_registration_of_my_address_gives_nobody_an_account_by_my_mistake() {
    let Some(kith) = Kith::with_helpers().await else { return };
    // Of an address that makes an admin, too.
    for domain in ["example.org", "admin.example.org"] {
        let ada = kith.newcomer("ada");
        let mut eve = kith.newcomer("eve");
        eve.person = Person { email: Person::new("ada", domain).email, ..eve.person };
        eve.register().await.assert_status(201);
        let token = eve.newest_link_token().await;
        // Ada presses in good faith, with the password that she would choose.
        let form = [("token", &*token), ("answer", "confirm"), ("password", &*ada.person.password)];
        ada.bare_request("POST", "/confirm").form(&form).await.assert_status(403);
        eve.log_in().await.assert_problem(403, "unconfirmed");
        // "This was not me" needs no password.
        let form = [("token", &*token), ("answer", "not_me")];
        ada.bare_request("POST", "/confirm").form(&form).await.assert_status(200);
        eve.log_in().await.assert_problem(401, "wrong-credentials");
    }
}
