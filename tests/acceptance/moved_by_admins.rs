//! Addresses that admins give: confirmed there, told here, and no way into somebody's account.

use kith_tests::{Actor, Kith, Person, link_token};
use serde_json::{Value, json};

fn path(who: &Actor) -> String {
    format!("/v1/users/{}", who.id())
}

/// The same person, whose mail comes to another address.
fn at(actor: &Actor, email: &str) -> Actor {
    let mut moved = actor.clone();
    moved.person = Person { email: email.to_owned(), ..actor.person.clone() };
    moved
}

async fn events(of: &Actor) -> Vec<Value> {
    of.get("/v1/me/audit").await.assert_status(200).json()["items"].as_array().unwrap().clone()
}

fn told(events: &[Value]) -> Vec<(&str, &str)> {
    events.iter().map(|event| (event["action"].as_str().unwrap(), event["actor_id"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn h02_s3_an_admin_who_tries_to_become_a_member_does_not() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let trap = at(&ada, &kith.newcomer("trap").person.email);
    let answer = root.patch(&path(&ada)).json(json!({"email": trap.person.email})).await;
    let seen = answer.assert_status(200).json();
    assert_eq!((&seen["email"], &seen["email_change"]["email"]), (&json!(ada.person.email), &json!(trap.person.email)));
    assert_eq!(ada.get("/v1/me").await.json()["email_change"]["by_admin"], true);
    let undo = ada.newest_link_token().await;
    let token = trap.newest_link_token().await;
    kith.visitor().confirm(&token).await.assert_status(204);
    for _ in 0..2 {
        trap.forget_password().await.assert_status(202);
        let mail = &trap.mails().await[0];
        assert!(link_token(mail).is_none() && mail.text.contains("less than three days ago"), "{}", mail.text);
        clock.advance("71h").await;
    }
    trap.forget_password().await.assert_status(202);
    assert!(trap.mails().await[0].text.contains("/reset-password?token="));
    // The member has the account all the while, and a week to object.
    let ada = ada.logged_in().await;
    assert_eq!(
        told(&events(&ada).await),
        [("email_changed", root.id().as_str()), ("email_change_asked", root.id().as_str())]
    );
    kith.visitor().undo_email_change(&undo).await.assert_status(204);
    let token = ada.newest_link_token().await;
    ada.reset_password(&token, "a fresh start for ada").await.assert_status(204);
    ada.log_in_as(&ada.person.email, "a fresh start for ada").await.assert_status(200);
}

#[tokio::test]
async fn h02_whoever_changes_their_own_address_after_an_admin_did_may_reset_at_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let given = at(&ada, &kith.newcomer("given").person.email);
    root.patch(&path(&ada)).json(json!({"email": given.person.email})).await.assert_status(200);
    let token = given.newest_link_token().await;
    kith.visitor().confirm(&token).await.assert_status(204);
    let own = at(&ada, &kith.newcomer("own").person.email);
    given.want_email(&own.person.email).await.assert_status(200);
    let token = own.newest_link_token().await;
    own.confirm(&token).await.assert_status(204);
    own.forget_password().await.assert_status(202);
    assert!(own.mails().await[0].text.contains("/reset-password?token="));
}

#[tokio::test]
async fn h02_h04_admins_give_an_account_three_addresses_a_day_and_use_up_nothing_of_its_owner() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let give = || {
        let body = json!({"email": kith.newcomer("given").person.email});
        root.patch(&path(&ada)).json(body)
    };
    for _ in 0..3 {
        give().await.assert_status(200);
    }
    give().await.assert_problem(429, "too-many");
    ada.want_email(&kith.newcomer("own").person.email).await.assert_status(200);
}

#[tokio::test]
async fn h03_each_of_three_changes_at_once_is_told_and_says_what_it_is() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    root.patch(&path(&ada)).json(json!({"active": false})).await.assert_status(200);
    let new = kith.newcomer("new").person;
    let refused = json!({"email": new.email, "first_name": "Not"});
    root.patch(&path(&ada)).json(refused).await.assert_problem(409, "conflict");
    let all = json!({"active": true, "email": new.email, "username": new.username});
    root.patch(&path(&ada)).json(&all).await.assert_status(200);
    let mut ada = ada;
    ada.person.username = new.username.clone();
    let ada = ada.logged_in().await;
    let seen = events(&ada).await;
    let actions: std::collections::BTreeSet<&str> =
        seen.iter().take(3).map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["email_change_asked", "user_activated", "user_updated"].into());
    assert_eq!((seen.len(), &seen[3]["action"]), (4, &json!("user_deactivated")));
    let updated = seen.iter().find(|event| event["action"] == "user_updated").unwrap();
    assert_eq!(updated["fields"], json!(["username"]));
    // No change, no event.
    for same in [json!({}), json!({"active": true, "username": new.username, "email": ada.person.email})] {
        root.patch(&path(&ada)).json(same).await.assert_status(200);
    }
    assert_eq!(events(&ada).await.len(), 4);
}

#[tokio::test]
async fn h03_whoever_becomes_admin_by_an_address_is_told_of_it_in_the_trail() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let named = || Person::new("named", "admin.example.org").email;
    // By moving there.
    let ada = kith.registered("ada").await;
    let moved = at(&ada, &named());
    ada.want_email(&moved.person.email).await.assert_status(200);
    let token = moved.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    // By an invitation.
    let mut guest = kith.newcomer("guest");
    guest.person.email = named();
    root.post("/v1/users").json(json!({"email": guest.person.email})).await.assert_status(201);
    let token = guest.newest_link_token().await;
    guest.accept_invitation(&token).await.assert_status(204);
    for who in [root, ada, guest.logged_in().await] {
        let seen = events(&who).await;
        let changed = seen.iter().find(|event| event["action"] == "role_changed").unwrap();
        let id = json!(who.id());
        assert_eq!((&changed["actor_id"], &changed["user_id"], &changed["after"]), (&id, &id, &json!("admin")));
    }
}

#[tokio::test]
async fn h03_purging_is_told_where_something_was_purged() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let root = kith.admin("root").await;
    for _ in 0..2 {
        root.seal(json!({"text": "short", "expires_in": 60})).await.assert_status(201);
    }
    clock.advance("5m").await;
    for _ in 0..2 {
        root.post("/v1/notes/purge").await.assert_status(200);
    }
    let seen = events(&root).await;
    let purged: Vec<&Value> = seen.iter().filter(|event| event["action"] == "notes_purged").collect();
    assert_eq!((purged.len(), &purged[0]["purged"]), (1, &json!(2)));
    kith.shut_down().await;
}

#[tokio::test]
async fn h27_the_address_of_somebody_invited_is_corrected_and_the_invitation_goes_there() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (typo, id) = kith.invited(&root, "typo").await;
    let old = typo.newest_link_token().await;
    let guest = kith.newcomer("guest");
    let path = format!("/v1/users/{id}");
    let seen = root.patch(&path).json(json!({"email": guest.person.email})).await.assert_status(200).json();
    assert_eq!((&seen["email"], &seen["email_change"]), (&json!(guest.person.email), &Value::Null));
    // The old box hears nothing more, and has nothing that works.
    assert_eq!(typo.mails().await.len(), 1);
    typo.accept_invitation(&old).await.assert_problem(400, "dead-link");
    let token = guest.newest_link_token().await;
    guest.accept_invitation(&token).await.assert_status(204);
    assert_eq!(guest.logged_in().await.get("/v1/me").await.text_at("/email"), guest.person.email);
    // The old address is free at once: nobody ever confirmed it.
    typo.register().await.assert_status(201);
    let token = typo.newest_link_token().await;
    typo.confirm(&token).await.assert_status(204);
}
