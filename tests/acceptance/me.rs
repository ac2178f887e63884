//! One's own account: reading and changing it.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

fn rev(answer: &Answer) -> u64 {
    let tag = answer.header("etag").unwrap().strip_prefix('"').unwrap().strip_suffix('"').unwrap();
    tag.split_once('-').unwrap().0.parse().unwrap()
}

async fn rename(actor: &Actor, first_name: &str) -> Answer {
    actor.patch("/v1/me").json(json!({"first_name": first_name})).await
}

#[tokio::test]
async fn d10_e10_the_owner_sees_everything_but_secrets() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let answer = ada.get("/v1/me").await;
    let me = answer.assert_status(200).json();
    let fields: Vec<&str> = me.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "bio",
        "confirmed_at",
        "cover_photo",
        "created_at",
        "current_login",
        "email",
        "email_change",
        "first_name",
        "id",
        "last_login",
        "last_name",
        "location",
        "login_count",
        "name",
        "permissions",
        "preferences",
        "profile_photo",
        "role",
        "updated_at",
        "username",
    ];
    assert_eq!(fields, expected);
    assert_eq!(me["role"], "member");
    let permissions: Vec<&str> = me["permissions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(permissions.len(), 7);
    assert!(!permissions.contains(&"ban_user"));
    assert_eq!(
        me["preferences"],
        json!({"digest": "daily", "report": "html", "time_zone": "UTC", "details_in_reminders": true})
    );
    assert!(!answer.text().contains("argon2") && !answer.text().contains(&ada.person.password));
    for time in ["created_at", "updated_at", "confirmed_at"] {
        let text = me[time].as_str().unwrap();
        assert!(text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(), "{time}: {text}");
    }
}

#[tokio::test]
async fn e11_c14_only_what_is_sent_changes() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let first = ada.get("/v1/me").await;
    let answer = rename(&ada, "  Ame\u{301}lie ").await;
    answer.assert_status(200);
    let (before, after) = (first.json(), answer.json());
    // Normalised to NFC, without the white space around it.
    assert_eq!(after["first_name"], "Am\u{e9}lie");
    for (name, value) in before.as_object().unwrap() {
        let moved = ["first_name", "name", "updated_at"].contains(&name.as_str());
        assert_eq!(after[name] != *value, moved, "{name}: {value} and then {}", after[name]);
    }
    assert_eq!(rev(&answer), rev(&first) + 1);
    let read = ada.get("/v1/me").await;
    assert_eq!((read.json(), read.header("etag")), (after, answer.header("etag")));
    ada.patch("/v1/me").json(json!({"last_name": "l".repeat(60)})).await.assert_status(200);
}

#[tokio::test]
async fn e11_a_bad_change_names_every_fault_and_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let before = ada.get("/v1/me").await;
    let patch = |body: Value| ada.patch("/v1/me").json(body);
    patch(json!({"first_name": 5, "last_name": null, "role": "admin", "id": "usr_1", "login_count": 9}))
        .await
        .assert_faults(&["/first_name", "/last_name", "/role", "/id", "/login_count"]);
    patch(json!({"first_name": "Ada", "last_name": ""})).await.assert_faults(&["/last_name"]);
    patch(json!({"first_name": "a".repeat(61)})).await.assert_faults(&["/first_name"]);
    patch(json!({"first_name": ["Ada"], "last_name": {"x": 1}})).await.assert_faults(&["/first_name", "/last_name"]);
    patch(json!({"first_name": "A\u{7}"})).await.assert_faults(&["/first_name"]);
    let after = ada.get("/v1/me").await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
}

#[tokio::test]
async fn a17_script_and_injection_are_kept_as_text() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for name in ["<script>alert(1)</script>", "' OR '1'='1", "{{7*7}}", "#pk = :x", "𝕬da 👩‍🚀"] {
        let answer = rename(&ada, name).await;
        assert_eq!(answer.assert_status(200).json()["first_name"], json!(name));
        assert_eq!(ada.get("/v1/me").await.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn d44_who_has_the_answer_already_gets_304_without_a_body() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let answer = ada.get("/v1/me").await;
    let tag = answer.header("etag").unwrap();
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let unchanged = ada.get("/v1/me").header("if-none-match", &known).await;
        unchanged.assert_status(304);
        assert!(unchanged.body().is_empty());
        assert_eq!(unchanged.header("etag"), Some(tag));
        assert_eq!(unchanged.header("cache-control"), answer.header("cache-control"));
        assert_eq!(unchanged.header("vary"), answer.header("vary"));
        assert_eq!(unchanged.header("content-type"), None);
    }
    for other in ["\"other\"", &tag[1..], ""] {
        ada.get("/v1/me").header("if-none-match", other).await.assert_status(200);
    }
    rename(&ada, "Augusta").await.assert_status(200);
    let changed = ada.get("/v1/me").header("if-none-match", tag).await;
    assert_eq!(changed.assert_status(200).json()["first_name"], "Augusta");
}

#[tokio::test]
async fn d44_one_person_never_gets_the_answer_of_another() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let tag = ada.get("/v1/me").await.header("etag").unwrap().to_owned();
    let answer = bob.get("/v1/me").header("if-none-match", &tag).await;
    assert_eq!(answer.assert_status(200).json()["username"], json!(bob.person.username));
    let cache = answer.header("cache-control").unwrap();
    assert!(cache.contains("private") && cache.contains("no-cache"), "{cache}");
    assert!(answer.header("vary").unwrap().to_lowercase().contains("authorization"));
    // Without a token the tag opens nothing.
    kith.visitor().get("/v1/me").header("if-none-match", tag).await.assert_status(401);
}

#[tokio::test]
async fn a_change_of_what_has_changed_meanwhile_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let change = |tag: &str, name: &str| ada.patch("/v1/me").header("if-match", tag).json(json!({"first_name": name}));
    let old = ada.get("/v1/me").await.header("etag").unwrap().to_owned();
    let answer = change(&old, "One").await;
    answer.assert_status(200);
    change(&old, "Two").await.assert_problem(412, "stale");
    for foreign in ["\"x\"", "1-abc", "\"999-abc\"", "W/\"2-abc\"", ""] {
        change(foreign, "Three").await.assert_problem(412, "stale");
    }
    assert_eq!(ada.get("/v1/me").await.json()["first_name"], "One");
    change(answer.header("etag").unwrap(), "Four").await.assert_status(200);
    // `*` asks only that there is something (RFC 9110, section 13.1.1).
    change("*", "Five").await.assert_status(200);
}

#[tokio::test]
async fn a_bad_change_of_something_stale_names_the_faults_or_the_staleness_but_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let stale = ada.patch("/v1/me").header("if-match", "\"99-x\"").json(json!({"first_name": ""})).await;
    assert!([412, 422].contains(&stale.status()), "{stale}");
    assert_eq!(ada.get("/v1/me").await.json()["first_name"], "ada");
}
