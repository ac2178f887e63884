//! Inviting people.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kith_tests::{Actor, Answer, Kith, Person, Request, link_token};
use serde_json::{Value, json};

fn invite(admin: &Actor, email: &str) -> Request {
    admin.post("/v1/users").json(json!({"email": email}))
}

/// Accepts by the form of the page.
fn submit(actor: &Actor, token: &str, username: &str, password: &str) -> Request {
    let fields =
        [("token", token), ("first_name", "Ada"), ("last_name", "L"), ("username", username), ("password", password)];
    actor.bare_request("POST", "/accept-invitation").form(&fields)
}

#[tokio::test]
async fn e14_an_invited_person_sets_a_password_by_the_mailed_link_and_logs_in() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let ada = kith.newcomer("ada");
    let answer = invite(&root, &ada.person.email).await;
    let user = answer.assert_status(201).json();
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/v1/users/{}", answer.text_at("/id")));
    assert_eq!(
        (&user["email"], &user["active"], &user["role"]),
        (&json!(ada.person.email), &json!(true), &json!("member"))
    );
    for absent in ["name", "first_name", "last_name", "confirmed_at", "banned_at", "last_login_at"] {
        assert_eq!(user[absent], Value::Null, "{absent}");
    }
    let made_up = answer.text_at("/username");
    assert_eq!(root.get(location).await.assert_status(200).json(), user);

    // Until the invitation is accepted nobody gets in.
    for password in ["", &ada.person.password, "null"] {
        ada.log_in_as(&ada.person.email, password).await.assert_problem(401, "wrong-credentials");
        ada.log_in_as(&made_up, password).await.assert_problem(401, "wrong-credentials");
    }
    let mail = &ada.mails().await[0];
    assert!(mail.text.contains("/accept-invitation?token=") && mail.html.contains("/accept-invitation?token="));
    let token = link_token(mail).unwrap();
    let accepted = ada.accept_invitation(&token).await;
    accepted.assert_status(204);
    assert!(accepted.body().is_empty());
    let ada = ada.logged_in().await;
    let me = ada.get("/v1/me").await.assert_status(200).json();
    assert_eq!((&me["id"], &me["name"]), (&user["id"], &json!("ada Example")));
    assert!(me["confirmed_at"].is_string());
    assert_eq!(me["preferences"]["digest"], "daily");
    ada.accept_invitation(&token).await.assert_problem(400, "dead-link");
    root.get(&format!("/v1/users/by-username/{made_up}")).await.assert_status(404);
    ada.log_in_as(&ada.person.email, &ada.person.password).await.assert_status(200);
}

#[tokio::test]
async fn e14_the_page_accepts_too_and_says_what_is_wrong() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, id) = kith.invited(&root, "ada").await;
    let rival = kith.confirmed("rival").await;
    let token = ada.newest_link_token().await;
    let path = format!("/accept-invitation?token={token}");
    let before = kith.items(&format!("user#{id}")).await;
    for _ in 0..2 {
        let page = ada.get(&path).await;
        assert!(page.assert_status(200).text().contains("value=\"user-"), "{page}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(kith.record_of(&page).await.calls.iter().all(|call| call.write_units == 0.0));
    }
    assert_eq!(kith.items(&format!("user#{id}")).await, before);

    let (name, password) = (ada.person.username.as_str(), "a-secret-for-forms");
    for (username, secret, status, words) in [
        ("a:b", password, 422, "may hold only letters"),
        (name, "short", 422, "8 to 128"),
        (name, "password", 422, "Your password"),
        (name, name, 422, "must not be your username"),
        (rival.person.username.as_str(), password, 409, "belongs to somebody"),
    ] {
        let page = submit(&ada, &token, username, secret).await;
        page.assert_status(status);
        assert!(page.text().contains(words), "{page}");
        assert!(page.text().contains(&format!("value=\"{token}\"")) && !page.text().contains(password), "{page}");
    }
    ada.log_in_as(&ada.person.email, password).await.assert_status(401);
    let page = submit(&ada, &token, name, password).await;
    assert!(page.assert_status(200).text().contains(name));
    submit(&ada, &token, name, password).await.assert_status(400);
    ada.get(&path).await.assert_status(400);
    ada.log_in_as(name, password).await.assert_status(200);
}

#[tokio::test]
async fn e14_the_made_up_username_may_stay_and_a_taken_one_is_409() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, id) = kith.invited(&root, "ada").await;
    let rival = kith.pending("rival").await;
    let token = ada.newest_link_token().await;
    let accept = |body: &Value| ada.bare_request("POST", "/v1/auth/invitation").json(body);
    let mut body = ada.person.acceptance(&token);
    body["username"] = rival.person.username.to_uppercase().into();
    accept(&body).await.assert_problem(409, "conflict");
    body["username"] = "a:b".into();
    body["first_name"] = "".into();
    accept(&body).await.assert_faults(&["/username", "/first_name"]);
    body["first_name"] = "Ada".into();
    body.as_object_mut().unwrap().remove("username");
    body["password"] = "short".into();
    accept(&body).await.assert_faults(&["/password"]);
    body["password"] = ada.person.email.clone().into();
    accept(&body).await.assert_faults(&["/password"]);
    // Refusals have not used the link up.
    body["password"] = ada.person.password.clone().into();
    accept(&body).await.assert_status(204);
    let username = root.get(&format!("/v1/users/{id}")).await.text_at("/username");
    assert!(username.starts_with("user-"), "{username}");
    ada.log_in_as(&username, &ada.person.password).await.assert_status(200);
}

#[tokio::test]
async fn e14_an_invitation_lasts_7_days() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let root = kith.admin("root").await;
    let ((early, _), (late, id)) = (kith.invited(&root, "early").await, kith.invited(&root, "late").await);
    let tokens = [early.newest_link_token().await, late.newest_link_token().await];
    let items = kith.items(&format!("links#{id}")).await;
    let link = items.iter().find(|item| item["sk"] == "link#invitation").expect("a link");
    let time = |name: &str| Timestamp::from_millisecond(link[name].as_i64().unwrap()).unwrap();
    assert_eq!(time("expires_at").duration_since(time("created_at")), SignedDuration::from_hours(7 * 24));
    clock.set(time("expires_at") - SignedDuration::from_secs(20)).await;
    early.get(&format!("/accept-invitation?token={}", tokens[1])).await.assert_status(200);
    clock.set(time("expires_at")).await;
    for token in &tokens {
        late.accept_invitation(token).await.assert_problem(400, "dead-link");
    }
    // The account is there; asking for a password mails the invitation again.
    late.forget_password().await.assert_status(202);
    let token = late.newest_link_token().await;
    late.reset_password(&token, "a secret at last").await.assert_problem(400, "dead-link");
    late.accept_invitation(&token).await.assert_status(204);
    late.log_in_as(&late.person.email, &late.person.password).await.assert_status(200);
}

#[tokio::test]
async fn e16_an_address_with_an_account_is_409_and_one_that_waits_is_taken_over() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, waiting) = (kith.confirmed("ada").await, kith.pending("wait").await);
    invite(&root, &ada.person.email.to_uppercase()).await.assert_problem(409, "conflict");
    assert_eq!(ada.mails().await.len(), 1, "a refused invitation was mailed");
    let (bob, _) = kith.invited(&root, "bob").await;
    invite(&root, &bob.person.email).await.assert_problem(409, "conflict");
    // A registration that nobody has confirmed stands in nobody's way.
    let link = waiting.newest_link_token().await;
    invite(&root, &waiting.person.email).await.assert_status(201);
    let invitation = waiting.newest_link_token().await;
    waiting.confirm(&link).await.assert_problem(400, "dead-link");
    let mut body = waiting.person.acceptance(&invitation);
    body.as_object_mut().unwrap().remove("username");
    waiting.bare_request("POST", "/v1/auth/invitation").json(body).await.assert_status(204);
    waiting.log_in_as(&waiting.person.email, &waiting.person.password).await.assert_status(200);
}

#[tokio::test]
async fn e14_only_an_address_makes_an_invitation() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    root.post("/v1/users").json(json!({})).await.assert_faults(&["/email"]);
    let bad = json!({"email": "ada", "role": "admin", "password": "chosen for you"});
    root.post("/v1/users").json(bad).await.assert_faults(&["/email", "/role", "/password"]);
    let eve = kith.registered("eve").await;
    let nobody = kith.newcomer("nobody");
    invite(&eve, &nobody.person.email).await.assert_problem(403, "forbidden");
    assert!(nobody.mails().await.is_empty());
}

#[tokio::test]
async fn g09_an_invitation_repeated_with_its_key_is_made_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, other) = (kith.admin("root").await, kith.admin("other").await);
    let (ada, bob) = (kith.newcomer("ada"), kith.newcomer("bob"));
    let key = format!("{:k<24}", ada.person.username);
    let keyed = |admin: &Actor, who: &Actor| invite(admin, &who.person.email).header("idempotency-key", &key);
    let answers = join_all((0..3).map(|_| keyed(&root, &ada).into_future())).await;
    for answer in &answers {
        answer.assert_status(201);
        assert_eq!(answer.json(), answers[0].json());
        assert_eq!(answer.header("location"), answers[0].header("location"));
    }
    assert_eq!(keyed(&root, &ada).await.json(), answers[0].json());
    assert_eq!(ada.mails().await.len(), 1);
    keyed(&root, &bob).await.assert_problem(422, "key-reused");
    // The key is its caller's.
    keyed(&other, &bob).await.assert_status(201);
    let stored = serde_json::to_string(&kith.items("idem#").await).unwrap();
    assert!(!stored.contains(&key) && !stored.contains(&ada.person.email));
}

#[tokio::test]
async fn e14_of_10_who_accept_at_once_exactly_one_does() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, _) = kith.invited(&root, "ada").await;
    let token = ada.newest_link_token().await;
    let password = |n: usize| format!("{} {n}", ada.person.password);
    let accept = |n: usize| {
        let person = Person { password: password(n), ..kith.newcomer("ada").person };
        ada.bare_request("POST", "/v1/auth/invitation").json(person.acceptance(&token)).into_future()
    };
    let answers = join_all((0..10).map(accept)).await;
    let won: Vec<usize> = (0..10).filter(|&n| answers[n].status() == 204).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(Answer::status).collect::<Vec<_>>());
    for lost in answers.iter().filter(|answer| answer.status() != 204) {
        lost.assert_problem(400, "dead-link");
    }
    ada.log_in_as(&ada.person.email, &password(won[0])).await.assert_status(200);
}

#[tokio::test]
async fn e14_a_link_is_dead_once_the_account_has_another_address_or_a_password() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, id) = kith.invited(&root, "ada").await;
    let token = ada.newest_link_token().await;
    let moved = kith.newcomer("moved").person.email;
    root.patch(&format!("/v1/users/{id}")).json(json!({"email": moved})).await.assert_status(200);
    ada.accept_invitation(&token).await.assert_problem(400, "dead-link");

    let (bob, _) = kith.invited(&root, "bob").await;
    let first = bob.newest_link_token().await;
    bob.forget_password().await.assert_status(202);
    let again = bob.newest_link_token().await;
    assert_ne!(first, again);
    bob.accept_invitation(&again).await.assert_status(204);
    bob.accept_invitation(&first).await.assert_problem(400, "dead-link");
    bob.log_in_as(&bob.person.email, &bob.person.password).await.assert_status(200);
}

#[tokio::test]
async fn e14_where_one_must_be_invited_the_invited_get_in() {
    let Some(_) = Kith::with_helpers().await else { return };
    let invite_only = |options: &mut kith_local::Options| {
        options.parameters.insert("Registration".into(), "invite".into());
    };
    let kith = Kith::own(invite_only).await;
    let root = kith.admin("root").await;
    let (ada, _) = kith.invited(&root, "ada").await;
    ada.elsewhere().register().await.assert_problem(403, "forbidden");
    let token = ada.newest_link_token().await;
    ada.accept_invitation(&token).await.assert_status(204);
    ada.logged_in().await.get("/v1/me").await.assert_status(200);
    kith.shut_down().await;
}

#[tokio::test]
async fn c10_an_invited_admin_address_makes_an_admin_only_when_the_invitation_is_accepted() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let mut heir = kith.newcomer("heir");
    heir.person = Person::new("heir", "admin.example.org");
    let answer = invite(&root, &heir.person.email).await;
    assert_eq!(answer.assert_status(201).text_at("/role"), "member");
    let token = heir.newest_link_token().await;
    heir.accept_invitation(&token).await.assert_status(204);
    let heir = heir.logged_in().await;
    assert_eq!(heir.get("/v1/me").await.text_at("/role"), "admin");
    heir.get("/v1/users").await.assert_status(200);
}
