//! Registering.

use kith_tests::{Kith, Person};
use serde_json::{Value, json};

#[tokio::test]
async fn c01_registering_answers_201_with_location_and_defaults_and_without_the_password() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let answer = ada.register().await;
    answer.assert_status(201);
    let account = answer.json();
    let id = account["id"].as_str().unwrap();
    assert!(id.starts_with("usr_"), "{id}");
    assert_eq!(answer.header("location"), Some(format!("/v1/users/{id}").as_str()));
    let created_at = account["created_at"].clone();
    let expected = json!({
        "id": id, "email": ada.person.email, "username": ada.person.username,
        "name": "ada Example", "first_name": "ada", "last_name": "Example",
        "role": "member", "created_at": created_at, "confirmed_at": null,
    });
    assert_eq!(account, expected);
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    let seen = ada.logged_in().await.get(answer.header("location").unwrap()).await.assert_status(200).json();
    assert_eq!((&seen["id"], &seen["role"], &seen["active"]), (&json!(id), &json!("member"), &json!(true)));
    let created_at: jiff::Timestamp = created_at.as_str().unwrap().parse().unwrap();
    assert!(kith.now().await.duration_since(created_at).as_secs().abs() < 30, "not the real time: {created_at}");
}

#[tokio::test]
async fn c02_each_field_is_taken_at_its_limit_and_refused_one_beyond() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let tag = kith.newcomer("x").person.username;
    let unique = |length: usize| format!("{tag:-<length$}");
    let email =
        |length: usize| format!("{:x<64}@{}.{}.{}.org", tag, "d".repeat(63), "d".repeat(63), "d".repeat(length - 197));
    let short = &tag[tag.len() - 3..];
    let cases: [(&str, Value, Value); 9] = [
        ("email", email(254).into(), email(255).into()),
        ("username", unique(32).into(), unique(33).into()),
        ("username", short.into(), short[1..].into()),
        ("first_name", "é".repeat(60).into(), "é".repeat(61).into()),
        // Measured after composition: two scalars each as written, one as counted.
        ("first_name", "e\u{301}".repeat(60).into(), "e\u{301}".repeat(61).into()),
        ("last_name", "L".into(), "".into()),
        ("last_name", "l".repeat(60).into(), "l".repeat(61).into()),
        ("password", "pq".repeat(64).into(), "pqr".repeat(43).into()),
        ("password", "xq7!zk0w".into(), "xq7!zk0".into()),
    ];
    for (field, longest, beyond) in cases {
        let somebody = kith.newcomer("limit");
        let register = |value: &Value| {
            let mut body = somebody.person.registration();
            body[field] = value.clone();
            somebody.post("/v1/auth/register").json(body)
        };
        register(&beyond).await.assert_faults(&[&format!("/{field}")]);
        register(&longest).await.assert_status(201);
    }
}

#[tokio::test]
async fn c95_a_username_is_ascii_letters_digits_and_three_marks() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    for bad in ["a:b", "a b c", "ada@x", "ädä", "a/b", "abc\n", "abc\u{0}", "../etc", "<b>x</b>", "ａｄａ"] {
        let mut body = ada.person.registration();
        body["username"] = bad.into();
        ada.post("/v1/auth/register").json(body).await.assert_faults(&["/username"]);
    }
    let mut body = ada.person.registration();
    body["username"] = format!("A.b_c-{}", &ada.person.username[4..]).into();
    ada.post("/v1/auth/register").json(body).await.assert_status(201);
}

#[tokio::test]
async fn e04_what_is_no_address_or_no_name_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let bad = [
        ("email", "ada"),
        ("email", "@example.org"),
        ("email", "ada@"),
        ("email", "a b@example.org"),
        ("email", "ada@localhost"),
        ("email", "Ada <ada@example.org>"),
        ("email", "a@example.org,b@example.org"),
        ("email", "ada@example.org\r\nBcc: eve@example.org"),
        ("email", ""),
        ("first_name", "   "),
        ("first_name", "Ada\nLovelace"),
        ("last_name", "A\u{0}"),
        ("password", ""),
    ];
    for (field, value) in bad {
        let mut body = ada.person.registration();
        body[field] = value.into();
        ada.post("/v1/auth/register").json(body).await.assert_faults(&[&format!("/{field}")]);
    }
    // Composition has no rules, but one's own name is no secret.
    for own in [ada.person.email.to_uppercase(), ada.person.username.clone()] {
        let mut body = ada.person.registration();
        body["password"] = own.into();
        ada.post("/v1/auth/register").json(body).await.assert_faults(&["/password"]);
    }
    assert!(ada.mails().await.is_empty());
}

#[tokio::test]
async fn e04_the_passwords_that_everybody_tries_first_are_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    for common in ["password", "12345678", "qwertyuiop", "Password1", "iloveyou"] {
        let mut body = ada.person.registration();
        body["password"] = common.into();
        ada.post("/v1/auth/register").json(body).await.assert_faults(&["/password"]);
    }
}

#[tokio::test]
async fn c02_every_fault_is_named_at_once_and_nothing_is_stored_or_mailed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let body = json!({
        "email": ada.person.email, "username": "a:b", "first_name": 5, "last_name": null, "password": "short",
        "role": "admin", "a/b~c": 1,
    });
    let answer = ada.post("/v1/auth/register").json(body).await;
    answer.assert_faults(&["/username", "/first_name", "/last_name", "/password", "/role", "/a~1b~0c"]);
    ada.post("/v1/auth/register").json(json!({})).await.assert_faults(&[
        "/email",
        "/username",
        "/first_name",
        "/last_name",
        "/password",
    ]);
    assert!(ada.mails().await.is_empty());
    assert!(kith.items(&format!("email#{}", ada.person.email)).await.is_empty());
}

#[tokio::test]
async fn c03_a_username_is_taken_in_any_case_from_the_registration_on() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let rival = kith.newcomer("rival");
    let take = |username: String| {
        let person = Person { username, ..rival.person.clone() };
        rival.post("/v1/auth/register").json(person.registration())
    };
    take(ada.person.username.to_uppercase()).await.assert_problem(409, "conflict");
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    take(ada.person.username.clone()).await.assert_problem(409, "conflict");
    assert!(rival.mails().await.is_empty(), "a refused registration was mailed");
    assert!(kith.items(&format!("email#{}", rival.person.email)).await.is_empty());
}

#[tokio::test]
async fn c03_an_abandoned_registration_frees_its_username_after_24_hours() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.pending("ada").await;
    let heir = kith.newcomer("heir");
    let person = Person { username: ada.person.username.clone(), ..heir.person.clone() };
    let take = || heir.post("/v1/auth/register").json(person.registration());
    clock.advance("23h").await;
    take().await.assert_status(409);
    clock.advance("1h").await;
    take().await.assert_status(201);
}

#[tokio::test]
async fn c03_e05_a_taken_address_is_answered_like_a_free_one_and_only_the_mail_differs() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let eve = kith.newcomer("eve");
    let person = Person { email: ada.person.email.to_uppercase(), ..eve.person.clone() };
    eve.post("/v1/auth/register").json(person.registration()).await.assert_status(201);

    let mails = ada.mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails[0].subject.contains("already have"), "{}", mails[0].subject);
    let words = format!("{}{}", mails[0].text, mails[0].html);
    assert!(!words.contains("/confirm") && !words.contains("token="), "a link for a taken address: {words}");
    assert!(!words.contains(&eve.person.username), "a stranger's words in a mail");
    // It can be told apart neither by its password nor by its id.
    eve.log_in().await.assert_problem(403, "unconfirmed");
}

#[tokio::test]
async fn c10_an_admin_address_makes_an_admin_only_when_confirmed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut root = kith.newcomer("root");
    root.person = Person::new("root", "admin.example.org");
    let answer = root.register().await;
    answer.assert_status(201);
    assert_eq!(answer.json()["role"], "member");
    root.log_in().await.assert_status(403);
    let token = root.newest_link_token().await;
    root.confirm(&token).await.assert_status(204);
    let me = root.logged_in().await.get("/v1/me").await.json();
    assert_eq!(me["role"], "admin");
    assert_eq!(kith.registered("ada").await.get("/v1/me").await.json()["role"], "member");
}

#[tokio::test]
async fn e03_where_one_must_be_invited_only_admin_addresses_may_register() {
    let Some(_) = Kith::with_helpers().await else { return };
    let invite = |options: &mut kith_local::Options| {
        options.parameters.insert("Registration".into(), "invite".into());
    };
    let kith = Kith::own(invite).await;
    let ada = kith.newcomer("ada");
    ada.register().await.assert_problem(403, "forbidden");
    assert!(ada.mails().await.is_empty());
    kith.admin("root").await.get("/v1/me").await.assert_status(200);
    kith.shut_down().await;
}
