//! The way back for whoever has the address that an account had.

use futures::join;
use jiff::SignedDuration;
use kith_tests::{Actor, Kith, Person, link_token};
use serde_json::{Value, json};

/// The same person, whose mail comes to another address.
fn at(actor: &Actor, email: &str) -> Actor {
    let mut moved = actor.clone();
    moved.person = Person { email: email.to_owned(), ..actor.person.clone() };
    moved
}

/// Moves an account to an address that nobody has, and gives the token that the old one was mailed with the wish.
async fn moved(kith: &Kith, who: &Actor) -> (Actor, String) {
    let moved = at(who, &kith.newcomer("moved").person.email);
    who.want_email(&moved.person.email).await.assert_status(200);
    let token = moved.newest_link_token().await;
    let undo = who.newest_link_token().await;
    who.confirm(&token).await.assert_status(204);
    (moved, undo)
}

async fn actions(who: &Actor) -> Vec<String> {
    let page = who.get("/v1/me/audit").await.assert_status(200).json();
    let events = page["items"].as_array().unwrap();
    events.iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn h01_s1_a_stolen_token_alone_changes_no_address() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let thief = kith.newcomer("thief").person.email;
    let change = |body: Value| ada.patch("/v1/me").json(body);
    change(json!({"email": thief})).await.assert_faults(&["/current_password"]);
    change(json!({"email": thief, "current_password": null})).await.assert_faults(&["/current_password"]);
    for wrong in ["", "a wild guess"] {
        let body = json!({"email": thief, "current_password": wrong, "first_name": "Not"});
        change(body).await.assert_problem(403, "wrong-password");
    }
    let me = ada.get("/v1/me").await.json();
    assert_eq!(
        (&me["email"], &me["email_change"], &me["first_name"]),
        (&json!(ada.person.email), &Value::Null, &json!("ada"))
    );
    assert!(kith.mails_to(&thief).await.is_empty());
    assert_eq!(ada.mails().await.len(), 1);
    // What is no other address needs no password.
    change(json!({"first_name": "Augusta"})).await.assert_status(200);
}

#[tokio::test]
async fn h01_an_admin_moves_their_own_account_by_their_password_only() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let path = format!("/v1/users/{}", root.id());
    let elsewhere = kith.newcomer("elsewhere").person.email;
    root.patch(&path).json(json!({"email": elsewhere})).await.assert_problem(403, "forbidden");
    root.patch(&path).json(json!({"first_name": "Root"})).await.assert_status(200);
    assert_eq!(root.get("/v1/me").await.text_at("/email"), root.person.email);
}

#[tokio::test]
async fn h08_a_wish_is_shown_and_withdrawn() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    ada.delete("/v1/me/email-change").await.assert_problem(404, "not-found");
    let new = at(&ada, &kith.newcomer("new").person.email);
    let answer = ada.want_email(&new.person.email).await;
    let wish = answer.assert_status(200).json()["email_change"].clone();
    assert_eq!((&wish["email"], &wish["by_admin"]), (&json!(new.person.email), &json!(false)));
    let end: jiff::Timestamp = wish["expires_at"].as_str().unwrap().parse().unwrap();
    let left = end.duration_since(kith.now().await);
    assert!(left <= SignedDuration::from_hours(24) && left > SignedDuration::from_hours(23), "{left}");
    assert_eq!(ada.get("/v1/me").await.json()["email_change"], wish);
    let (token, undo) = (new.newest_link_token().await, ada.newest_link_token().await);
    ada.delete("/v1/me/email-change").await.assert_status(204);
    assert_eq!(ada.get("/v1/me").await.json()["email_change"], Value::Null);
    ada.confirm(&token).await.assert_problem(400, "dead-link");
    ada.undo_email_change(&undo).await.assert_problem(400, "dead-link");
    ada.delete("/v1/me/email-change").await.assert_problem(404, "not-found");
    kith.visitor().delete("/v1/me/email-change").await.assert_problem(401, "unauthorized");
}

#[tokio::test]
async fn h08_a_wish_ends_with_the_sessions_a_ban_and_switching_off() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    for end in ["sessions", "ban", "off"] {
        let ada = kith.registered("ada").await;
        let new = at(&ada, &kith.newcomer("new").person.email);
        ada.want_email(&new.person.email).await.assert_status(200);
        let (token, undo) = (new.newest_link_token().await, ada.newest_link_token().await);
        let path = format!("/v1/users/{}", ada.id());
        match end {
            "sessions" => ada.delete("/v1/auth/sessions").await.assert_status(204),
            "ban" => root.put(&format!("{path}/ban")).await.assert_status(204),
            _ => root.patch(&path).json(json!({"active": false})).await.assert_status(200),
        };
        ada.confirm(&token).await.assert_problem(400, "dead-link");
        ada.undo_email_change(&undo).await.assert_problem(400, "dead-link");
        assert_eq!(root.get(&path).await.json()["email_change"], Value::Null, "{end}");
    }
}

#[tokio::test]
async fn h01_the_link_at_the_old_address_withdraws_while_the_wish_waits() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let new = at(&ada, &kith.newcomer("new").person.email);
    ada.want_email(&new.person.email).await.assert_status(200);
    let (token, undo) = (new.newest_link_token().await, ada.newest_link_token().await);
    let path = format!("/undo-email-change?token={undo}");
    for _ in 0..2 {
        let page = kith.visitor().get(&path).await;
        let text = page.assert_status(200).text();
        assert!(text.contains(&ada.person.username) && !text.contains(&new.person.email), "{text}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    kith.visitor().undo_email_change(&undo).await.assert_status(204);
    new.confirm(&token).await.assert_problem(400, "dead-link");
    kith.visitor().undo_email_change(&undo).await.assert_problem(400, "dead-link");
    // Nothing else has happened: the session goes on, and so does the password.
    assert_eq!(ada.get("/v1/me").await.text_at("/email"), ada.person.email);
    ada.log_in().await.assert_status(200);
    assert_eq!(actions(&ada).await, ["email_change_withdrawn"]);
}

#[tokio::test]
async fn h01_for_seven_days_the_old_address_takes_the_account_back() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let (thief, by_wish) = moved(&kith, &ada).await;
    let by_change = link_token(&ada.mails().await[0]).unwrap();
    assert_ne!(by_wish, by_change);
    clock.advance("167h").await;
    let thief = thief.logged_in().await;
    thief.forget_password().await.assert_status(202);
    let reset = thief.newest_link_token().await;
    kith.visitor().undo_email_change(&by_change).await.assert_status(204);
    // Everybody is out, and no password is good.
    thief.get("/v1/me").await.assert_problem(401, "unauthorized");
    for login in [&ada.person.email, &ada.person.username, &thief.person.email] {
        ada.elsewhere().log_in_as(login, &ada.person.password).await.assert_problem(401, "wrong-credentials");
    }
    thief.reset_password(&reset, "a secret of a thief").await.assert_problem(400, "dead-link");
    for used in [by_change, by_wish] {
        kith.visitor().undo_email_change(&used).await.assert_problem(400, "dead-link");
    }
    // The mail that came brings a new one.
    let token = ada.newest_link_token().await;
    ada.reset_password(&token, "a fresh start for ada").await.assert_status(204);
    let answer = ada.elsewhere().log_in_as(&ada.person.email, "a fresh start for ada").await;
    let back = ada.with_tokens_of(&answer);
    assert_eq!(back.get("/v1/me").await.text_at("/email"), ada.person.email);
    assert_eq!(actions(&back).await, ["email_change_undone", "email_changed"]);
    // The other address is free.
    let heir = at(&kith.newcomer("heir"), &thief.person.email);
    heir.register().await.assert_status(201);
    let token = heir.newest_link_token().await;
    heir.confirm(&token).await.assert_status(204);
}

#[tokio::test]
async fn h01_after_seven_days_it_is_over_and_the_old_address_is_free() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let (_, undo) = moved(&kith, &ada).await;
    let path = format!("/undo-email-change?token={undo}");
    let heir = at(&kith.newcomer("heir"), &ada.person.email);
    // Held until then: no account, and no link that could make one.
    heir.register().await.assert_status(201);
    let mail = &ada.mails().await[0];
    assert!(mail.text.contains("has a new address") && !mail.text.contains("/confirm"), "{}", mail.text);
    clock.advance("167h").await;
    kith.visitor().get(&path).await.assert_status(200);
    clock.advance("61m").await;
    kith.visitor().get(&path).await.assert_status(400);
    kith.visitor().undo_email_change(&undo).await.assert_problem(400, "dead-link");
    for swept in [false, true] {
        if swept {
            kith.sweep().await;
        }
        let heir = at(&kith.newcomer("heir"), &ada.person.email);
        heir.register().await.assert_status(201);
        let token = heir.newest_link_token().await;
        if swept {
            heir.confirm(&token).await.assert_status(204);
        }
    }
}

#[tokio::test]
async fn h01_who_forgets_the_password_at_the_old_address_is_mailed_the_way_back() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (thief, _) = moved(&kith, &ada).await;
    ada.forget_password().await.assert_status(202);
    let mail = &ada.mails().await[0];
    assert!(mail.text.contains("/undo-email-change?token="), "{}", mail.text);
    kith.visitor().undo_email_change(&link_token(mail).unwrap()).await.assert_status(204);
    thief.get("/v1/me").await.assert_status(401);
}

#[tokio::test]
async fn h01_of_several_changes_the_earliest_address_wins() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (first, to_ada) = moved(&kith, &ada).await;
    let (second, to_first) = moved(&kith, &first).await;
    kith.visitor().undo_email_change(&to_ada).await.assert_status(204);
    kith.visitor().undo_email_change(&to_first).await.assert_problem(400, "dead-link");
    let token = ada.newest_link_token().await;
    ada.reset_password(&token, "a fresh start for ada").await.assert_status(204);
    ada.log_in_as(&ada.person.email, "a fresh start for ada").await.assert_status(200);
    for free in [first, second] {
        assert!(kith.items(&format!("email#{}", free.person.email)).await.is_empty());
    }
}

#[tokio::test]
async fn h01_an_undo_in_between_gives_that_address_back_and_the_earlier_way_stays_open() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (first, to_ada) = moved(&kith, &ada).await;
    let (_, to_first) = moved(&kith, &first).await;
    kith.visitor().undo_email_change(&to_first).await.assert_status(204);
    let token = first.newest_link_token().await;
    first.reset_password(&token, "a fresh start for one").await.assert_status(204);
    kith.visitor().undo_email_change(&to_ada).await.assert_status(204);
    first.log_in_as(&first.person.username, "a fresh start for one").await.assert_status(401);
    assert!(link_token(&ada.mails().await[0]).is_some());
}

#[tokio::test]
async fn h01_somebody_comes_back_to_an_address_that_is_held_for_them() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (there, _) = moved(&kith, &ada).await;
    there.want_email(&ada.person.email).await.assert_status(200);
    let token = ada.newest_link_token().await;
    there.confirm(&token).await.assert_status(204);
    ada.log_in_as(&ada.person.email, &ada.person.password).await.assert_status(200);
    // Not to one that is held for others.
    let bob = kith.registered("bob").await;
    bob.want_email(&there.person.email).await.assert_status(200);
    assert!(!there.mails().await[0].text.contains("/confirm?token="));
}

#[tokio::test]
async fn h01_an_undo_lifts_no_ban_and_stops_no_erasure() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let (_, undo) = moved(&kith, &ada).await;
    root.put(&format!("/v1/users/{}/ban", ada.id())).await.assert_status(204);
    kith.visitor().undo_email_change(&undo).await.assert_status(204);
    let mail = &ada.mails().await[0];
    assert!(link_token(mail).is_none() && mail.text.contains("switched off"), "{}", mail.text);
    let seen = root.get(&format!("/v1/users/{}", ada.id())).await.json();
    assert_eq!((&seen["email"], seen["banned_at"].is_string()), (&json!(ada.person.email), true));

    let (gone, undo) = moved(&kith, &bob).await;
    gone.leave().await.assert_status(204);
    kith.visitor().undo_email_change(&undo).await.assert_problem(400, "dead-link");
    kith.settle().await;
    for email in [&bob.person.email, &gone.person.email] {
        assert!(kith.items(&format!("email#{email}")).await.is_empty(), "{email} is still held");
    }
}

#[tokio::test]
async fn h01_d13_a_forged_way_back_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let ((_, own), (_, other)) = (moved(&kith, &ada).await, moved(&kith, &bob).await);
    let ((record, secret), (_, foreign)) = (own.split_once('.').unwrap(), other.split_once('.').unwrap());
    let id = ada.id();
    let forged = [
        format!("{record}.{foreign}"),
        format!("{id}.{secret}"),
        format!("{id}-undo-2.{secret}"),
        format!("{id}-undo-0.{secret}"),
        format!("{id}-undo-01.{secret}"),
        format!("{id}-undo-18446744073709551616.{secret}"),
        format!("{id}-email.{secret}"),
        String::new(),
        "x".repeat(200),
    ];
    for token in forged {
        let answer = kith.visitor().undo_email_change(&token).await;
        if token != format!("{id}-undo-01.{secret}") {
            answer.assert_problem(400, "dead-link");
        }
        kith.visitor().confirm(&token).await.assert_problem(400, "dead-link");
    }
}

#[tokio::test]
async fn h01_confirming_and_undoing_at_once_end_with_the_old_address() {
    let Some(kith) = Kith::with_helpers().await else { return };
    for _ in 0..4 {
        let ada = kith.registered("ada").await;
        let new = at(&ada, &kith.newcomer("new").person.email);
        ada.want_email(&new.person.email).await.assert_status(200);
        let (token, undo) = (new.newest_link_token().await, ada.newest_link_token().await);
        let (here, there) = (kith.visitor(), kith.visitor());
        let (undone, confirmed) =
            join!(here.undo_email_change(&undo).into_future(), there.confirm(&token).into_future());
        if undone.status() == 503 {
            // It was confirmed between the look and the press: the same press gives the address back.
            confirmed.assert_status(204);
            here.undo_email_change(&undo).await.assert_status(204);
        } else {
            undone.assert_status(204);
        }
        let owner = kith.items(&format!("auth#{}", ada.id())).await;
        assert_eq!((&owner[0]["email"], &owner[0]["email_change"]), (&json!(ada.person.email), &Value::Null));
        assert!(kith.items(&format!("email#{}", new.person.email)).await.is_empty());
        new.confirm(&token).await.assert_problem(400, "dead-link");
    }
}
