//! The parts of the journey of people who look after their own account.

use kith_tests::Kith;
use serde_json::json;

use crate::journey::{Went, expect, helper};
use crate::notes;
use crate::people::{admin, give_role, member};
use crate::photos;

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    match operation {
        "show-me" => show_me(kith).await,
        "update-me" => update_me(kith).await,
        "show-preferences" => show_preferences(kith).await,
        "update-preferences" => update_preferences(kith).await,
        "list-my-audit-events" => list_my_audit_events(kith).await,
        "change-password" => change_password(kith).await,
        "delete-me" => delete_me(kith).await,
        "erase-account" => erase(kith).await,
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

async fn show_me(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    photos::upload(&ada, photos::PROFILE).await?;
    let me = expect(ada.get("/v1/me"), 200).await?.json();
    photos::open(kith, &me["profile_photo"]).await?;
    expect(kith.visitor().get("/v1/me"), 401).await?;
    Ok(())
}

/// Alone, against a stale revision, and in a race in which everybody wins in the end; then another username, one that
/// is taken, and another address.
async fn update_me(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    photos::upload(&ada, photos::PROFILE).await?;
    let change = |what| ada.patch("/v1/me").json(what);
    let rename = |name: &str| change(json!({"first_name": name}));
    let renamed = expect(rename("Augusta"), 200).await?;
    photos::open(kith, &renamed.json()["profile_photo"]).await?;
    let tag = renamed.header("etag").unwrap_or_default().to_owned();
    expect(rename("Ada").header("if-match", &tag), 200).await?;
    expect(rename("Augusta").header("if-match", &tag), 412).await?;
    let race = ["One", "Two", "Three", "Four"].map(|name| expect(rename(name), 200));
    for went in futures::future::join_all(race).await {
        went?;
    }
    let other = kith.newcomer("other").person;
    expect(change(json!({"username": other.username})), 200).await?;
    let bob = kith.registered("bob").await.person;
    expect(change(json!({"username": bob.username})), 409).await?;
    expect(change(json!({"email": other.email, "current_password": "a wrong password"})), 403).await?;
    expect(ada.want_email(&other.email), 200).await?;
    Ok(())
}

async fn show_preferences(kith: &Kith) -> Went {
    expect(kith.registered("ada").await.get("/v1/me/preferences"), 200).await.map(drop)
}

async fn update_preferences(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    let change = || ada.patch("/v1/me/preferences").json(json!({"time_zone": "Europe/Berlin"}));
    let race = [expect(change(), 200), expect(change(), 200), expect(change(), 200)];
    for went in futures::future::join_all(race).await {
        went?;
    }
    Ok(())
}

async fn list_my_audit_events(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    expect(ada.get("/v1/me/audit"), 200).await.map(drop)
}

/// With a wrong password, with the right one, and in a race that one wins.
async fn change_password(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    expect(ada.change_password("a wrong password", "a new long secret"), 403).await?;
    expect(ada.change_password(&ada.person.password, "a new long secret"), 204).await?;
    let race = ["one long secret", "two long secrets"].map(|new| async {
        let answer = ada.change_password("a new long secret", new).await;
        answer.status()
    });
    let mut statuses = futures::future::join_all(race).await;
    statuses.sort_unstable();
    if statuses == [204, 403] { Ok(()) } else { Err(format!("a race for a new password was answered {statuses:?}")) }
}

/// Of a member, a moderator and an admin.
async fn delete_me(kith: &Kith) -> Went {
    let (boss, leaving) = (kith.admin("boss").await, kith.admin("leaving").await);
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    give_role(&boss, &bob.id(), "moderator").await?;
    expect(ada.delete("/v1/me").json(json!({"current_password": "a wrong password"})), 403).await?;
    for who in [ada, bob, leaving] {
        expect(who.leave(), 204).await?;
        expect(who.get("/v1/me"), 401).await?;
    }
    Ok(())
}

/// An account with sessions, a link, a card, a note, photos and a part in the audit trail: nothing is left, and a mail
/// says so.
async fn erase(kith: &Kith) -> Went {
    let (boss, ada) = (admin(kith, "boss").await?, member(kith, "ada").await?);
    give_role(&boss, &ada.id(), "moderator").await?;
    let note = notes::seal(&ada).await?;
    expect(ada.log_in(), 200).await?;
    photos::card_with_photo(&ada).await?;
    photos::upload(&ada, photos::PROFILE).await?;
    // A link that nobody has used goes, too.
    expect(ada.forget_password(), 202).await?;
    helper(kith, "/_kith/settle").await?;
    expect(ada.leave(), 204).await?;
    helper(kith, "/_kith/settle").await?;
    let names = [ada.id(), ada.person.username.clone(), ada.person.email.clone()];
    let left: Vec<_> = kith
        .table()
        .await
        .into_iter()
        .filter(|item| {
            let pk = item["pk"].as_str().unwrap_or_default().to_owned();
            item["kind"] != "erased" && names.iter().any(|name| pk.ends_with(name.as_str()))
        })
        .collect();
    if !left.is_empty() {
        return Err(format!("left of an erased account: {left:?}"));
    }
    expect(kith.visitor().get(&format!("/v1/notes/{}", note.text_at("/token"))), 404).await?;
    photos::expect_no_objects(kith, &ada).await?;
    let mails = kith.mails_to(&ada.person.email).await.len();
    if mails == 3 { Ok(()) } else { Err(format!("{mails} mails to somebody who joined and left")) }
}
