//! A forgotten password.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kith_tests::{Actor, Answer, Kith, Request, link_token};

/// A new password without anything that a form would have to escape.
fn another_password(actor: &Actor) -> String {
    format!("another-secret-of-{}", actor.person.username)
}

/// Asks for a link and takes it from the mail.
async fn reset_link(actor: &Actor) -> String {
    actor.forget_password().await.assert_status(202);
    actor.newest_link_token().await
}

fn submit(actor: &Actor, token: &str, password: &str, again: &str) -> Request {
    let fields = [("token", token), ("password", password), ("password_again", again)];
    actor.bare_request("POST", "/reset-password").form(&fields)
}

#[tokio::test]
async fn d09_the_mailed_link_sets_a_new_password_once_and_ends_every_session() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let phone = ada.elsewhere().logged_in().await;
    let asked = ada.forget_password().await;
    asked.assert_status(202);
    assert!(asked.body().is_empty());
    let token = ada.newest_link_token().await;
    let mail = &ada.mails().await[0];
    assert!(mail.text.contains("/reset-password?token=") && mail.html.contains("/reset-password?token="));
    // Until the link is used everything is as before.
    ada.get("/v1/me").await.assert_status(200);

    let new = another_password(&ada);
    let answer = ada.reset_password(&token, &new).await;
    answer.assert_status(204);
    assert!(answer.body().is_empty());
    for ended in [&ada, &phone] {
        ended.get("/v1/me").await.assert_problem(401, "unauthorized");
        ended.refresh(ended.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    }
    ada.log_in().await.assert_problem(401, "wrong-credentials");
    ada.log_in_as(&ada.person.username, &new).await.assert_status(200);
    ada.reset_password(&token, "yet another secret").await.assert_problem(400, "dead-link");
    ada.log_in_as(&ada.person.email, &new).await.assert_status(200);

    let mails = ada.mails().await;
    assert_eq!(mails.len(), 3);
    assert!(mails[0].text.contains("has been changed"), "{}", mails[0].text);
    assert!(link_token(&mails[0]).is_none() && !mails[0].html.contains("token="));
}

#[tokio::test]
async fn d09_a_link_works_to_the_last_second_of_an_hour() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let (early, late) = (kith.registered("early").await, kith.registered("late").await);
    let tokens = [reset_link(&early).await, reset_link(&late).await];
    let end = async |actor: &Actor| {
        let items = kith.items(&format!("links#{}", actor.id())).await;
        let link = items.iter().find(|item| item["sk"] == "link#password_reset").expect("a link");
        let time = |name: &str| Timestamp::from_millisecond(link[name].as_i64().unwrap()).unwrap();
        assert_eq!(time("expires_at").duration_since(time("created_at")), SignedDuration::from_hours(1));
        time("expires_at")
    };
    let ends = [end(&early).await, end(&late).await];
    clock.set(ends[0] - SignedDuration::from_secs(5)).await;
    early.reset_password(&tokens[0], &another_password(&early)).await.assert_status(204);
    late.get(&format!("/reset-password?token={}", tokens[1])).await.assert_status(200);
    clock.set(ends[1]).await;
    late.get(&format!("/reset-password?token={}", tokens[1])).await.assert_status(400);
    late.reset_password(&tokens[1], &another_password(&late)).await.assert_problem(400, "dead-link");
    late.log_in().await.assert_status(200);
}

#[tokio::test]
async fn d09_of_20_uses_of_a_link_at_once_exactly_one_sets_the_password() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let token = reset_link(&ada).await;
    let password = |n: usize| format!("{} {n}", another_password(&ada));
    let answers = join_all((0..20).map(|n| ada.reset_password(&token, &password(n)).into_future())).await;
    let won: Vec<usize> = (0..20).filter(|&n| answers[n].status() == 204).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(Answer::status).collect::<Vec<_>>());
    for lost in answers.iter().filter(|answer| answer.status() != 204) {
        lost.assert_problem(400, "dead-link");
    }
    ada.log_in_as(&ada.person.username, &password(won[0])).await.assert_status(200);
    ada.log_in_as(&ada.person.username, &password((won[0] + 1) % 20)).await.assert_status(401);
    // Told once.
    assert_eq!(ada.mails().await.len(), 3);
}

#[tokio::test]
async fn a15_looking_at_a_reset_link_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let token = reset_link(&ada).await;
    let before = kith.items(&format!("links#{}", ada.id())).await;
    for _ in 0..2 {
        let page = ada.bare_request("GET", &format!("/reset-password?token={token}")).await;
        assert_eq!(page.assert_status(200).header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.text().contains(&ada.person.username) && page.text().contains("<form method=\"post\""));
        assert!(!page.text().contains(&ada.person.email));
        assert!(kith.record_of(&page).await.calls.iter().all(|call| call.write_units == 0.0));
    }
    assert_eq!(kith.items(&format!("links#{}", ada.id())).await, before);
    ada.reset_password(&token, &another_password(&ada)).await.assert_status(204);
}

#[tokio::test]
async fn d09_the_form_of_the_page_sets_the_password_once_and_says_what_is_wrong_with_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let token = reset_link(&ada).await;
    let new = another_password(&ada);
    let bad = [
        ("short", "short", "8 to 128"),
        ("", "", "is required"),
        (new.as_str(), "something-else", "not the same"),
        ("password123", "password123", "password"),
        (&ada.person.username, &ada.person.username, "must not be your username"),
        (&ada.person.email, &ada.person.email, "must not be your username"),
    ];
    for (password, again, words) in bad {
        let page = submit(&ada, &token, password, again).await;
        page.assert_status(422);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.text().contains(words), "{page}");
        assert!(page.text().contains(&format!("value=\"{token}\"")), "the form lost its token");
        assert!(!page.text().contains("something-else") && !page.text().contains(&new), "a password in a page");
    }
    ada.get("/v1/me").await.assert_status(200);
    let page = submit(&ada, &token, &new, &new).await;
    assert!(page.assert_status(200).text().contains(&ada.person.username));
    ada.get("/v1/me").await.assert_status(401);
    ada.log_in_as(&ada.person.username, &new).await.assert_status(200);
    submit(&ada, &token, &new, &new).await.assert_status(400);
    submit(&ada, "x", &new, &new).await.assert_status(400);
    ada.bare_request("POST", "/reset-password").json(serde_json::json!({"token": token})).await.assert_status(415);
}

#[tokio::test]
async fn d09_a_bad_password_is_refused_and_does_not_use_the_link_up() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let token = reset_link(&ada).await;
    for bad in ["short", "password", &ada.person.username.to_uppercase(), &ada.person.email, &"x".repeat(129)] {
        ada.reset_password(&token, bad).await.assert_faults(&["/password"]);
    }
    ada.reset_password(&token, &another_password(&ada)).await.assert_status(204);
}

#[tokio::test]
async fn d09_several_links_work_until_one_of_them_is_used() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let (first, second) = (reset_link(&ada).await, reset_link(&ada).await);
    assert_ne!(first, second);
    for token in [&first, &second] {
        ada.get(&format!("/reset-password?token={token}")).await.assert_status(200);
    }
    ada.reset_password(&first, &another_password(&ada)).await.assert_status(204);
    ada.reset_password(&second, "yet another secret").await.assert_problem(400, "dead-link");
}

#[tokio::test]
async fn d09_whoever_has_no_account_is_mailed_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let nobody = kith.newcomer("nobody");
    nobody.forget_password().await.assert_status(202);
    assert!(nobody.mails().await.is_empty());
    let waiting = kith.pending("wait").await;
    waiting.forget_password().await.assert_status(202);
    assert_eq!(waiting.mails().await.len(), 1, "a registration has no password to forget");
}

#[tokio::test]
async fn d09_forged_links_and_links_for_something_else_are_refused_alike() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.confirmed("ada").await, kith.confirmed("eve").await);
    let waiting = kith.pending("wait").await.newest_link_token().await;
    let (own, other) = (reset_link(&ada).await, reset_link(&eve).await);
    let (record, secret) = own.split_once('.').unwrap();
    let (_, foreign) = other.split_once('.').unwrap();
    let first = ada.reset_password("x", "some long secret").await.assert_problem(400, "dead-link");
    let forged = [
        format!("{record}.{foreign}"),
        format!("{record}-email.{secret}"),
        format!("{record}."),
        record.to_owned(),
        secret.to_owned(),
        waiting,
        String::new(),
        "x".repeat(60_000),
    ];
    for token in forged {
        let problem = ada.reset_password(&token, "some long secret").await.assert_problem(400, "dead-link");
        assert_eq!(problem.detail, first.detail);
    }
    // One kind of link does not do what another does.
    ada.confirm(&own).await.assert_problem(400, "dead-link");
    ada.accept_invitation(&own).await.assert_problem(400, "dead-link");
    for page in ["/confirm", "/accept-invitation"] {
        ada.get(&format!("{page}?token={own}")).await.assert_status(400);
    }
    ada.reset_password(&own, &another_password(&ada)).await.assert_status(204);
}
