//! Bans.

use kith_tests::{Actor, Kith, Request};
use serde_json::json;

fn ban(by: &Actor, whom: &Actor) -> Request {
    by.put(&format!("/v1/users/{}/ban", whom.id()))
}

fn unban(by: &Actor, whom: &Actor) -> Request {
    by.delete(&format!("/v1/users/{}/ban", whom.id()))
}

/// A moderator who may ban.
async fn moderator(kith: &Kith, root: &Actor) -> Actor {
    let actor = kith.registered("mod").await;
    let path = format!("/v1/users/{}", actor.id());
    root.put(&format!("{path}/role")).json(json!({"role": "moderator"})).await.assert_status(200);
    let body = json!({"permissions": ["ban_user"]});
    root.put(&format!("{path}/permissions")).json(body).await.assert_status(200);
    actor
}

#[tokio::test]
async fn c30_a_ban_is_set_and_lifted_and_repeating_is_409() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let answer = ban(&root, &ada).await;
    answer.assert_status(204);
    assert!(answer.body().is_empty());
    ban(&root, &ada).await.assert_problem(409, "conflict");
    let seen = root.get(&format!("/v1/users/{}", ada.id())).await.json();
    assert!(seen["banned_at"].is_string(), "{seen}");
    unban(&root, &ada).await.assert_status(204);
    unban(&root, &ada).await.assert_problem(409, "conflict");
    // Sessions from before the ban stay ended; a new one works.
    ada.get("/v1/me").await.assert_problem(401, "unauthorized");
    ada.logged_in().await.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c31_a_banned_person_is_refused_everywhere_from_the_next_request_on() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, bob) = (kith.admin("root").await, kith.registered("ada").await, kith.registered("bob").await);
    let phone = ada.elsewhere().logged_in().await;
    ada.forget_password().await.assert_status(202);
    let link = ada.newest_link_token().await;
    ban(&root, &ada).await.assert_status(204);
    let mut refused = 0;
    for route in kith_local::code_routes(&kith_local::functions()) {
        if route.who == "public" {
            continue;
        }
        let path = route
            .path
            .replace("{user_id}", &bob.id())
            .replace("{username}", &bob.person.username)
            .replace("{contact_id}", "con_0192f0c1a2b37c4d8e5f60718293a4b5")
            .replace("{memory_id}", "mem_0192f0c1a2b37c4d8e5f60718293a4b5")
            .replace("{session_id}", "ses_1");
        for actor in [&ada, &phone] {
            let request = actor.request(&route.method, &path);
            let answer = if route.method == "GET" { request.await } else { request.json(json!({})).await };
            answer.assert_problem(401, "unauthorized");
            refused += 1;
        }
    }
    assert!(refused > 40, "{refused}");
    ada.log_in().await.assert_problem(403, "banned");
    ada.log_in_as(&ada.person.email, &ada.person.password).await.assert_problem(403, "banned");
    for actor in [&ada, &phone] {
        actor.refresh(actor.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    }
    // A new password is no way in.
    ada.reset_password(&link, "another secret of ada").await.assert_problem(400, "dead-link");
    ada.log_in_as(&ada.person.username, "another secret of ada").await.assert_problem(401, "wrong-credentials");
    // Nor is the account a secret to others, or its name free.
    bob.get(&format!("/v1/users/{}", ada.id())).await.assert_status(200);
    kith.newcomer("heir").patch("/v1/me").await.assert_status(401);
    bob.patch("/v1/me").json(json!({"username": ada.person.username})).await.assert_status(409);
}

#[tokio::test]
async fn c33_a_moderator_with_the_permission_bans_and_lifts_bans() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let (one, other) = (moderator(&kith, &root).await, moderator(&kith, &root).await);
    ban(&one, &ada).await.assert_status(204);
    ada.get("/v1/me").await.assert_status(401);
    unban(&other, &ada).await.assert_status(204);
    // Moderators are no admins: they ban each other, but no admin and not themselves.
    for (by, whom) in [(&one, &root), (&one, &one)] {
        ban(by, whom).await.assert_problem(403, "forbidden");
        unban(by, whom).await.assert_problem(403, "forbidden");
    }
    ban(&one, &other).await.assert_status(204);
    other.get("/v1/me").await.assert_status(401);
    unban(&root, &other).await.assert_status(204);
}

#[tokio::test]
async fn c25_c33_it_is_the_permission_that_counts_and_not_the_role() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, bob) = (kith.admin("root").await, kith.registered("ada").await, kith.registered("bob").await);
    let one = moderator(&kith, &root).await;
    let path = format!("/v1/users/{}/permissions", one.id());
    root.put(&path).json(json!({"permissions": []})).await.assert_status(200);
    for actor in [&one, &bob] {
        ban(actor, &ada).await.assert_problem(403, "forbidden");
        unban(actor, &ada).await.assert_problem(403, "forbidden");
    }
    let path = format!("/v1/users/{}/permissions", bob.id());
    root.put(&path).json(json!({"permissions": ["ban_user"]})).await.assert_status(200);
    ban(&bob, &ada).await.assert_status(204);
    // An admin needs no permission.
    let path = format!("/v1/users/{}/permissions", root.id());
    root.put(&path).json(json!({"permissions": []})).await.assert_status(200);
    unban(&root, &ada).await.assert_status(204);
}

#[tokio::test]
async fn c28_a_banned_person_gets_neither_role_nor_permissions() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    ban(&root, &ada).await.assert_status(204);
    let path = format!("/v1/users/{}", ada.id());
    let role = root.put(&format!("{path}/role")).json(json!({"role": "admin"}));
    let permissions = root.put(&format!("{path}/permissions")).json(json!({"permissions": ["ban_user"]}));
    for request in [role, permissions] {
        let problem = request.await.assert_problem(400, "bad-request");
        assert!(problem.detail.contains("banned"), "{problem:?}");
    }
    let seen = root.get(&path).await.json();
    assert_eq!(seen["role"], "member");
}

#[tokio::test]
async fn c31_a_banned_person_can_be_deleted() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    ban(&root, &ada).await.assert_status(204);
    root.delete(&format!("/v1/users/{}", ada.id())).await.assert_status(204);
    kith.settle().await;
    assert!(kith.items(&format!("user#{}", ada.id())).await.is_empty());
}

#[tokio::test]
async fn of_several_who_ban_at_once_exactly_one_does() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let answers = futures::future::join_all((0..6).map(|_| ban(&root, &ada).into_future())).await;
    let mut statuses: Vec<u16> = answers.iter().map(kith_tests::Answer::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409, 409, 409, 409, 409]);
}
