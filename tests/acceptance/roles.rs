//! Roles, permissions, and what admins change of others.

use kith_tests::{Actor, Answer, Kith, Request, link_token};
use serde_json::{Value, json};

const MEMBERS: [&str; 7] = [
    "create_community",
    "create_group_chat",
    "create_private_chat",
    "join_community",
    "join_group_chat",
    "read_chat_message",
    "write_chat_message",
];

fn path(of: &Actor, rest: &str) -> String {
    format!("/v1/users/{}{rest}", of.id())
}

fn give_role(by: &Actor, to: &Actor, role: &str) -> Request {
    by.put(&path(to, "/role")).json(json!({"role": role}))
}

fn give_permissions(by: &Actor, to: &Actor, permissions: &[&str]) -> Request {
    by.put(&path(to, "/permissions")).json(json!({"permissions": permissions}))
}

fn permissions(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> =
        serde_json::from_value(answer.assert_status(200).json()["permissions"].clone()).unwrap();
    names.sort();
    names
}

#[tokio::test]
async fn c26_c27_an_admin_reads_and_changes_role_and_permissions_which_show_at_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let read = root.get(&path(&ada, "/role")).await;
    assert_eq!(read.assert_status(200).json()["role"], "member");
    assert_eq!(permissions(&read), MEMBERS);

    let given = give_permissions(&root, &ada, &["join_community", "ban_user", "join_community"]).await;
    assert_eq!(permissions(&given), ["ban_user", "join_community"]);
    let given = give_role(&root, &ada, "moderator").await;
    assert_eq!(given.assert_status(200).json()["role"], "moderator");
    assert_eq!(permissions(&given), ["ban_user", "join_community"]);
    // The same access token.
    let me = ada.get("/v1/me").await;
    assert_eq!(me.json()["role"], "moderator");
    assert_eq!(permissions(&me), ["ban_user", "join_community"]);
    assert_eq!(root.get(&path(&ada, "/role")).await.json(), given.json());

    give_role(&root, &ada, "admin").await.assert_status(200);
    ada.get("/v1/users").await.assert_status(200);
    give_role(&root, &ada, "member").await.assert_status(200);
    ada.get("/v1/users").await.assert_problem(403, "forbidden");
}

#[tokio::test]
async fn c29_an_empty_list_of_permissions_is_fine() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, bob) = (kith.admin("root").await, kith.registered("ada").await, kith.registered("bob").await);
    assert!(permissions(&give_permissions(&root, &ada, &[]).await).is_empty());
    assert!(permissions(&ada.get("/v1/me").await).is_empty());
    ada.put(&path(&bob, "/ban")).await.assert_problem(403, "forbidden");
    ada.patch("/v1/me").json(json!({"first_name": "Ada"})).await.assert_status(200);
    ada.get(&path(&bob, "")).await.assert_status(200);
    assert_eq!(permissions(&give_permissions(&root, &ada, &MEMBERS).await), MEMBERS);
}

#[tokio::test]
async fn c28_unknown_roles_and_permissions_are_422() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let put = |rest: &str, body: Value| root.put(&path(&ada, rest)).json(body);
    for role in [json!("owner"), json!("Admin"), json!(""), json!(null), json!(1), json!(["admin"])] {
        put("/role", json!({"role": role})).await.assert_faults(&["/role"]);
    }
    put("/role", json!({})).await.assert_faults(&["/role"]);
    put("/role", json!({"role": "admin", "permissions": []})).await.assert_faults(&["/permissions"]);
    for name in ["fly", "BAN_USER", "ban_user ", ""] {
        let answer = put("/permissions", json!({"permissions": ["join_community", name]})).await;
        let problem = answer.assert_problem(422, "invalid");
        assert!(problem.pointers().iter().all(|pointer| pointer.starts_with("/permissions")), "{problem:?}");
    }
    for wrong in [json!("ban_user"), json!(null), json!({"ban_user": true})] {
        put("/permissions", json!({"permissions": wrong})).await.assert_faults(&["/permissions"]);
    }
    assert_eq!(permissions(&ada.get("/v1/me").await), MEMBERS);
}

#[tokio::test]
async fn c25_only_admins_give_roles_and_permissions() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, bob) = (kith.admin("root").await, kith.registered("ada").await, kith.registered("bob").await);
    let moderator = kith.registered("mod").await;
    give_role(&root, &moderator, "moderator").await.assert_status(200);
    give_permissions(&root, &moderator, &["ban_user"]).await.assert_status(200);
    for actor in [&ada, &moderator] {
        for target in [&bob, actor, &root] {
            for answer in [
                give_role(actor, target, "admin").await,
                give_permissions(actor, target, &["ban_user"]).await,
                actor.get(&path(target, "/role")).await,
                actor.patch(&path(target, "")).json(json!({"active": false})).await,
                actor.delete(&path(target, "")).await,
            ] {
                answer.assert_problem(403, "forbidden");
            }
        }
    }
    assert_eq!(bob.get("/v1/me").await.json()["role"], "member");
}

#[tokio::test]
async fn c32_an_admin_manages_neither_another_admin_nor_locks_themselves_out() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, other) = (kith.admin("root").await, kith.admin("other").await);
    for answer in [
        root.put(&path(&other, "/ban")).await,
        root.delete(&path(&other, "")).await,
        root.patch(&path(&other, "")).json(json!({"first_name": "Not"})).await,
        root.patch(&path(&other, "")).json(json!({"active": false})).await,
        give_permissions(&root, &other, &[]).await,
        root.put(&path(&root, "/ban")).await,
        root.delete(&path(&root, "/ban")).await,
        root.delete(&path(&root, "")).await,
        root.patch(&path(&root, "")).json(json!({"active": false})).await,
        give_role(&root, &root, "member").await,
    ] {
        answer.assert_problem(403, "forbidden");
    }
    for actor in [&root, &other] {
        assert_eq!(actor.get("/v1/me").await.assert_status(200).json()["role"], "admin");
        actor.log_in().await.assert_status(200);
    }
    // Their own names and permissions are theirs; and another admin may be demoted as long as one stays.
    root.patch(&path(&root, "")).json(json!({"first_name": "Root"})).await.assert_status(200);
    give_permissions(&root, &root, &MEMBERS).await.assert_status(200);
    give_role(&root, &other, "member").await.assert_status(200);
    other.get("/v1/users").await.assert_problem(403, "forbidden");
}

#[tokio::test]
async fn e16_an_admin_changes_address_and_names_of_others() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, bob) = (kith.admin("root").await, kith.registered("ada").await, kith.registered("bob").await);
    let moved = kith.newcomer("moved").person;
    let body = json!({"email": moved.email, "username": moved.username, "first_name": "Augusta"});
    let answer = root.patch(&path(&ada, "")).json(&body).await;
    kith.settle().await;
    let seen = answer.assert_status(200).json();
    for name in ["username", "first_name"] {
        assert_eq!(seen[name], body[name]);
    }
    assert_eq!((&seen["email"], &seen["last_name"]), (&json!(ada.person.email), &json!("Example")));
    assert_eq!(root.get(&path(&ada, "")).await.json(), seen);
    // The address is the account's when it is confirmed there.
    let token = link_token(&kith.mails_to(&moved.email).await[0]).unwrap();
    ada.confirm(&token).await.assert_status(204);
    ada.log_in_as(&moved.email, &ada.person.password).await.assert_status(200);
    ada.log_in_as(&ada.person.username, &ada.person.password).await.assert_status(401);
    assert!(ada.mails().await[0].text.contains("has a new address"), "the old address was not told");
    let seen = root.get(&path(&ada, "")).await.json();
    // Taken is taken, in any case, and then nothing changes.
    for clash in [json!({"email": bob.person.email.to_uppercase()}), json!({"username": bob.person.username})] {
        let mut body = clash;
        body["first_name"] = "Not".into();
        root.patch(&path(&ada, "")).json(body).await.assert_problem(409, "conflict");
    }
    let bad = json!({"email": "x", "username": "a:b", "active": "no", "role": "admin", "first_name": null});
    let pointers = ["/email", "/username", "/active", "/role", "/first_name"];
    root.patch(&path(&ada, "")).json(bad).await.assert_faults(&pointers);
    assert_eq!(root.get(&path(&ada, "")).await.json(), seen);
}

#[tokio::test]
async fn e16_an_account_that_is_switched_off_is_refused_until_it_is_switched_on() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let switch = |active: bool| root.patch(&path(&ada, "")).json(json!({"active": active}));
    assert_eq!(switch(false).await.assert_status(200).json()["active"], false);
    ada.get("/v1/me").await.assert_problem(401, "unauthorized");
    ada.refresh(ada.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    ada.log_in().await.assert_problem(403, "switched-off");
    switch(false).await.assert_status(200);
    assert_eq!(switch(true).await.assert_status(200).json()["active"], true);
    // Sessions from before stay ended.
    ada.get("/v1/me").await.assert_problem(401, "unauthorized");
    ada.logged_in().await.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn a_change_by_an_admin_of_what_has_changed_meanwhile_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let old = root.get(&path(&ada, "")).await.header("etag").unwrap().to_owned();
    ada.patch("/v1/me").json(json!({"first_name": "Ada"})).await.assert_status(200);
    let stale = [
        root.patch(&path(&ada, "")).json(json!({"first_name": "Not"})),
        give_role(&root, &ada, "moderator"),
        give_permissions(&root, &ada, &[]),
    ];
    for request in stale {
        request.header("if-match", &old).await.assert_problem(412, "stale");
    }
    let new = root.get(&path(&ada, "/role")).await.header("etag").unwrap().to_owned();
    give_role(&root, &ada, "moderator").header("if-match", new).await.assert_status(200);
}

#[tokio::test]
async fn e19_what_is_done_to_nobody_is_not_found() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let unknown = format!("/v1/users/{}", root.id().replace("usr_0", "usr_1"));
    for base in [unknown.as_str(), "/v1/users/1", "/v1/users/%ff"] {
        for answer in [
            root.get(&format!("{base}/role")).await,
            root.put(&format!("{base}/role")).json(json!({"role": "member"})).await,
            root.put(&format!("{base}/permissions")).json(json!({"permissions": []})).await,
            root.put(&format!("{base}/ban")).await,
            root.delete(&format!("{base}/ban")).await,
            root.patch(base).json(json!({"active": true})).await,
            root.delete(base).await,
        ] {
            answer.assert_problem(404, "not-found");
        }
    }
}

#[tokio::test]
async fn x01_one_account_works_everywhere_and_roles_stay_apart() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, root) = (kith.registered("ada").await, kith.admin("root").await);
    let everybody = ["/v1/me", "/v1/me/preferences", "/v1/me/audit", "/v1/auth/sessions"];
    let found = [path(&ada, ""), format!("/v1/users/by-username/{}", ada.person.username)];
    let admins = ["/v1/users".to_owned(), "/v1/audit".to_owned(), path(&ada, "/role")];
    for path in everybody.iter().copied().chain(found.iter().map(String::as_str)) {
        ada.get(path).await.assert_status(200);
        root.get(path).await.assert_status(200);
    }
    for path in &admins {
        ada.get(path).await.assert_problem(403, "forbidden");
        root.get(path).await.assert_status(200);
    }
}
