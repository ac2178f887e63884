//! The parts of the journey of admins and moderators, and of members who look for each other.

use kith_tests::{Actor, Kith};
use serde_json::json;

use crate::journey::{Went, expect};
use crate::people::{give_role, invited};
use crate::photos;

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    let boss = kith.admin("boss").await;
    match operation {
        "list-users" => list(kith, &boss).await,
        "create-user" => create(kith, &boss).await,
        "show-user" => show(kith, &boss).await,
        "find-user-by-username" => find(kith, &boss).await,
        "update-user" => update(kith, &boss).await,
        "delete-user" => delete(kith, &boss).await,
        "show-role" => expect(boss.get(&format!("/v1/users/{}/role", boss.id())), 200).await.map(drop),
        "set-role" => set_role(kith, &boss).await,
        "set-permissions" => set_permissions(kith, &boss).await,
        "ban-user" => ban(kith, &boss).await,
        "unban-user" => unban(kith, &boss).await,
        "list-audit-events" => expect(boss.get("/v1/audit"), 200).await.map(drop),
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// All, each role, by address, and who may not.
async fn list(kith: &Kith, boss: &Actor) -> Went {
    let ada = kith.registered("ada").await;
    photos::upload(&ada, photos::PROFILE).await?;
    let by_email = format!("/v1/users?email={}", ada.person.email);
    for path in ["/v1/users?limit=1", "/v1/users?role=member", "/v1/users?role=moderator", "/v1/users?role=admin"] {
        expect(boss.get(path), 200).await?;
    }
    let found = expect(boss.get(&by_email), 200).await?;
    if found.json()["items"].as_array().map(Vec::len) != Some(1) {
        return Err(format!("one user has this address: {found}"));
    }
    photos::open(kith, &found.json()["items"][0]["profile_photo"]).await?;
    expect(ada.get("/v1/users"), 403).await?;
    Ok(())
}

/// Invites; again with the same key; and an address that has an account.
async fn create(kith: &Kith, boss: &Actor) -> Went {
    let ada = kith.newcomer("ada");
    let key = format!("key-of-{}", ada.person.username);
    let invite = || boss.post("/v1/users").json(json!({"email": ada.person.email}));
    let first = expect(invite().header("idempotency-key", &key), 201).await?;
    let again = expect(invite().header("idempotency-key", &key), 201).await?;
    if first.json() != again.json() {
        return Err(format!("a repeat was answered differently: {again}"));
    }
    expect(invite(), 409).await.map(drop)
}

async fn show(kith: &Kith, boss: &Actor) -> Went {
    let ada = kith.registered("ada").await;
    photos::upload(boss, photos::PROFILE).await?;
    let shown = expect(ada.get(&format!("/v1/users/{}", boss.id())), 200).await?;
    photos::open(kith, &shown.json()["profile_photo"]).await?;
    expect(boss.get(&format!("/v1/users/{}", ada.id())), 200).await.map(drop)
}

async fn find(kith: &Kith, boss: &Actor) -> Went {
    let ada = kith.registered("ada").await;
    photos::upload(boss, photos::PROFILE).await?;
    let found = expect(ada.get(&format!("/v1/users/by-username/{}", boss.person.username)), 200).await?;
    photos::open(kith, &found.json()["profile_photo"]).await?;
    expect(boss.get(&format!("/v1/users/by-username/{}", ada.person.username)), 200).await?;
    expect(ada.get("/v1/users/by-username/nobody-at-all"), 404).await.map(drop)
}

/// Names and address at once, those that are taken, a race, and switching off and on.
async fn update(kith: &Kith, boss: &Actor) -> Went {
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await.person);
    let change = |what| boss.patch(&format!("/v1/users/{}", ada.id())).json(what);
    let new = kith.newcomer("new").person;
    photos::upload(&ada, photos::PROFILE).await?;
    let renamed = json!({"username": new.username, "email": new.email, "first_name": "Augusta"});
    let renamed = expect(change(renamed), 200).await?;
    photos::open(kith, &renamed.json()["profile_photo"]).await?;
    expect(change(json!({"username": bob.username})), 409).await?;
    expect(change(json!({"email": bob.email})), 409).await?;
    let race = ["One", "Two", "Three"].map(|name| expect(change(json!({"last_name": name})), 200));
    for went in futures::future::join_all(race).await {
        went?;
    }
    expect(change(json!({"active": false})), 200).await?;
    expect(ada.get("/v1/me"), 401).await?;
    expect(change(json!({"active": true})), 200).await?;
    // Of somebody who was invited and has not come the address is corrected.
    let (id, _) = invited(kith, boss, &kith.newcomer("typo").person.email).await?;
    let right = json!({"email": kith.newcomer("right").person.email});
    expect(boss.patch(&format!("/v1/users/{id}")).json(right), 200).await.map(drop)
}

/// A moderator; somebody who has not accepted the invitation; and not another admin.
async fn delete(kith: &Kith, boss: &Actor) -> Went {
    let (ada, other) = (kith.registered("ada").await, kith.admin("other").await);
    give_role(boss, &ada.id(), "moderator").await?;
    let (invited, _) = invited(kith, boss, &kith.newcomer("carol").person.email).await?;
    for id in [ada.id(), invited] {
        expect(boss.delete(&format!("/v1/users/{id}")), 204).await?;
    }
    expect(ada.get("/v1/me"), 401).await?;
    expect(boss.delete(&format!("/v1/users/{}", other.id())), 403).await.map(drop)
}

/// From every role to another; and two admins who demote each other, of whom one stays.
async fn set_role(kith: &Kith, boss: &Actor) -> Went {
    let ada = kith.registered("ada").await;
    for role in ["moderator", "admin", "moderator", "member", "admin"] {
        give_role(boss, &ada.id(), role).await?;
    }
    let demote = |by: &Actor, whom: &Actor| {
        let request = by.put(&format!("/v1/users/{}/role", whom.id())).json(json!({"role": "member"}));
        async { request.await.status() }
    };
    let (one, other) = futures::join!(demote(boss, &ada), demote(&ada, boss));
    // The slower one is no admin any more, or would be the last one to go.
    let is_right = one.min(other) == 200 && [200, 401, 403, 409].contains(&one.max(other));
    if is_right { Ok(()) } else { Err(format!("demoting each other was answered {one} and {other}")) }
}

async fn set_permissions(kith: &Kith, boss: &Actor) -> Went {
    let ada = kith.registered("ada").await;
    let path = format!("/v1/users/{}/permissions", ada.id());
    expect(boss.put(&path).json(json!({"permissions": ["ban_user"]})), 200).await?;
    expect(ada.put(&path).json(json!({"permissions": []})), 403).await.map(drop)
}

/// By an admin, again, by somebody who may and by somebody who may not; a race has one winner.
async fn ban(kith: &Kith, boss: &Actor) -> Went {
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let path = |whom: &Actor| format!("/v1/users/{}/ban", whom.id());
    expect(ada.put(&path(&bob)), 403).await?;
    let race = [boss.put(&path(&bob)), boss.put(&path(&bob)), boss.put(&path(&bob))];
    let mut statuses = futures::future::join_all(race.map(|request| async { request.await.status() })).await;
    statuses.sort_unstable();
    if statuses != [204, 409, 409] {
        return Err(format!("a race to ban somebody was answered {statuses:?}"));
    }
    expect(bob.get("/v1/me"), 401).await.map(drop)
}

async fn unban(kith: &Kith, boss: &Actor) -> Went {
    let ada = kith.registered("ada").await;
    let path = format!("/v1/users/{}/ban", ada.id());
    expect(boss.put(&path), 204).await?;
    expect(boss.delete(&path), 204).await?;
    expect(boss.delete(&path), 409).await?;
    expect(ada.log_in(), 200).await.map(drop)
}
