//! Who sees whom.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

fn items(page: &Answer) -> Vec<Value> {
    page.assert_status(200).json()["items"].as_array().unwrap().clone()
}

fn ids(page: &Answer) -> Vec<String> {
    items(page).iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list whose path has a query.
async fn walk(actor: &Actor, path: &str) -> Vec<Answer> {
    let mut pages = vec![actor.get(path).await];
    while let Some(cursor) = pages.last().unwrap().json()["next_cursor"].as_str() {
        pages.push(actor.get(&format!("{path}&cursor={cursor}")).await);
        assert!(pages.len() < 400, "no end");
    }
    pages
}

fn fields(of: &Value) -> Vec<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

const PUBLIC: [&str; 10] = [
    "bio",
    "cover_photo",
    "created_at",
    "first_name",
    "id",
    "last_name",
    "name",
    "profile_photo",
    "updated_at",
    "username",
];
const PRIVATE: [&str; 10] = [
    "active",
    "banned_at",
    "confirmed_at",
    "email",
    "email_change",
    "last_login_at",
    "location",
    "login_count",
    "permissions",
    "role",
];

#[tokio::test]
async fn c12_c13_members_see_the_public_profile_and_admins_and_oneself_all() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob, root) = (kith.registered("ada").await, kith.registered("bob").await, kith.admin("root").await);
    let place = json!({"city": "Jena", "state": "Thuringia", "country": "Germany"});
    ada.patch("/v1/me").json(json!({"bio": "Likes engines.", "location": place})).await.assert_status(200);
    let by_id = format!("/v1/users/{}", ada.id());
    let by_name = format!("/v1/users/by-username/{}", ada.person.username.to_uppercase());
    for path in [&by_id, &by_name] {
        let answer = bob.get(path).await;
        let seen = answer.assert_status(200).json();
        assert_eq!(fields(&seen), PUBLIC, "{path}");
        assert_eq!((&seen["name"], &seen["bio"]), (&json!("ada Example"), &json!("Likes engines.")));
        for private in [&ada.person.email, "Jena", "argon2", &ada.address] {
            assert!(!answer.text().contains(private), "{private} in {answer}");
        }
        let mut all = [&PUBLIC[..], &PRIVATE[..]].concat();
        all.sort_unstable();
        for whole in [ada.get(path).await, root.get(path).await] {
            let seen = whole.assert_status(200).json();
            assert_eq!(fields(&seen), all, "{path}");
            assert_eq!((&seen["email"], &seen["location"]), (&json!(ada.person.email), &place));
        }
    }
}

#[tokio::test]
async fn c12_e19_whoever_is_not_there_is_not_found() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (bob, root) = (kith.registered("bob").await, kith.admin("root").await);
    let waiting = kith.pending("wait").await;
    let registration = waiting.newest_link_token().await;
    let registration = registration.split_once('.').unwrap().0;
    for actor in [&bob, &root] {
        let missing = [
            registration.to_owned(),
            actor.id().replace("usr_", "ses_"),
            actor.id().to_uppercase(),
            format!("{}0", actor.id()),
            "1".into(),
            "%00".into(),
            "me".into(),
            "'%20OR%201=1".into(),
            format!("by-username/{}", waiting.person.username),
            "by-username/nobody-has-this".into(),
            "by-username/a:b".into(),
            "by-username/%F0%9F%98%80".into(),
        ];
        for id in missing {
            actor.get(&format!("/v1/users/{id}")).await.assert_problem(404, "not-found");
        }
    }
}

#[tokio::test]
async fn c12_e15_a_profile_has_a_tag_that_differs_by_who_sees_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob, root) = (kith.registered("ada").await, kith.registered("bob").await, kith.admin("root").await);
    let path = format!("/v1/users/{}", ada.id());
    let seen = bob.get(&path).await;
    let tag = seen.header("etag").unwrap();
    bob.get(&path).header("if-none-match", tag).await.assert_status(304);
    root.get(&path).header("if-none-match", tag).await.assert_status(200);
    ada.patch("/v1/me").json(json!({"bio": "New."})).await.assert_status(200);
    bob.get(&path).header("if-none-match", tag).await.assert_status(200);
}

#[tokio::test]
async fn e13_e18_e20_only_admins_list_and_no_secret_is_in_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, root) = (kith.registered("ada").await, kith.admin("root").await);
    kith.visitor().get("/v1/users").await.assert_problem(401, "unauthorized");
    for query in ["", "?role=admin", &format!("?email={}", ada.person.email)] {
        ada.get(&format!("/v1/users{query}")).await.assert_problem(403, "forbidden");
    }
    let page = root.get("/v1/users?limit=100&role=admin").await;
    let admins = items(&page);
    assert!(admins.iter().all(|user| user["role"] == "admin"));
    for word in ["argon2", "password", "cursor_key", "generation", "hash", &root.person.password] {
        assert!(!page.text().contains(word), "{word} in {page}");
    }
    assert!(page.header("cache-control").unwrap().contains("private"));
}

#[tokio::test]
async fn c12_e18_all_users_are_listed_once_page_by_page() {
    let Some(_) = Kith::with_helpers().await else { return };
    // A runner of one's own: nobody else joins while it is walked.
    let kith = Kith::own(|_| {}).await;
    let root = kith.admin("root").await;
    let mut expected = vec![root.id()];
    for answer in join_all((0..47).map(|_| kith.invited(&root, "guest"))).await {
        expected.push(answer.1);
    }
    expected.sort();
    for (limit, sizes) in
        [(20, vec![20, 20, 8]), (48, vec![48]), (100, vec![48]), (47, vec![47, 1]), (24, vec![24, 24])]
    {
        let pages = walk(&root, &format!("/v1/users?limit={limit}")).await;
        assert_eq!(pages.iter().map(|page| items(page).len()).collect::<Vec<_>>(), sizes, "pages of {limit}");
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), expected, "pages of {limit}");
    }
    assert_eq!(items(&root.get("/v1/users").await).len(), 20, "20 is the default");
    // Deleted ones are gone at once, and pages stay full.
    for id in &expected[1..4] {
        root.delete(&format!("/v1/users/{id}")).await.assert_status(204);
    }
    let sizes: Vec<usize> = walk(&root, "/v1/users?limit=20").await.iter().map(|page| items(page).len()).collect();
    assert_eq!(sizes, [20, 20, 5]);
    kith.shut_down().await;
}

#[tokio::test]
async fn e13_users_are_filtered_by_role() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let root = kith.admin("root").await;
    let mut by_role = [vec![root.id()], vec![], vec![]];
    for n in 0..9 {
        let (guest, id) = kith.invited(&root, "guest").await;
        let role = ["admin", "moderator", "member"][n % 3];
        if role == "admin" {
            // Not before somebody can log in.
            let path = format!("/v1/users/{id}/role");
            root.put(&path).json(json!({"role": role})).await.assert_problem(409, "conflict");
            guest.accept_invitation(&guest.newest_link_token().await).await.assert_status(204);
        }
        if role != "member" {
            root.put(&format!("/v1/users/{id}/role")).json(json!({"role": role})).await.assert_status(200);
        }
        by_role[n % 3].push(id);
    }
    for (role, expected) in ["admin", "moderator", "member"].into_iter().zip(&by_role) {
        let pages = walk(&root, &format!("/v1/users?role={role}&limit=2")).await;
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), *expected, "{role}");
        for page in &pages[..pages.len() - 1] {
            assert_eq!(items(page).len(), 2, "{role}");
        }
    }
    // Roles move people from one list to another.
    let moved = &by_role[1][0];
    root.put(&format!("/v1/users/{moved}/role")).json(json!({"role": "member"})).await.assert_status(200);
    assert_eq!(ids(&root.get("/v1/users?role=moderator").await), by_role[1][1..]);
    assert!(ids(&root.get("/v1/users?role=member").await).contains(moved));
    for role in ["owner", "Admin", "%00"] {
        root.get(&format!("/v1/users?role={role}")).await.assert_faults(&["?role"]);
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn c12_an_admin_finds_somebody_by_address() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, root) = (kith.registered("ada").await, kith.admin("root").await);
    let waiting = kith.pending("wait").await;
    let find = async |query: &str| ids(&root.get(&format!("/v1/users?{query}")).await);
    assert_eq!(find(&format!("email={}", ada.person.email)).await, [ada.id()]);
    assert_eq!(find(&format!("email={}", ada.person.email.to_uppercase())).await, [ada.id()]);
    assert_eq!(find(&format!("email={}&role=member", ada.person.email)).await, [ada.id()]);
    let none = [
        format!("email={}&role=admin", ada.person.email),
        format!("email={}", waiting.person.email),
        "email=nobody@example.org".into(),
    ];
    for query in none {
        assert!(find(&query).await.is_empty(), "{query}");
    }
    root.get("/v1/users?email=ada").await.assert_faults(&["?email"]);
    root.get("/v1/users?email=ada&role=x&limit=0").await.assert_status(422);
}

#[tokio::test]
async fn c84_a_cursor_of_users_is_bound_to_admin_and_list() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, other, ada) = (kith.admin("root").await, kith.admin("other").await, kith.registered("ada").await);
    let page = root.get("/v1/users?limit=1").await;
    let cursor = page.text_at("/next_cursor");
    let link = page.header("link").unwrap();
    assert!(link.starts_with(&format!("<{}/v1/users?", kith.url())), "{link}");
    root.get(&format!("/v1/users?limit=1&cursor={cursor}")).await.assert_status(200);
    for answer in [
        other.get(&format!("/v1/users?cursor={cursor}")).await,
        root.get(&format!("/v1/audit?cursor={cursor}")).await,
        root.get(&format!("/v1/auth/sessions?cursor={cursor}")).await,
        root.get(&format!("/v1/users?cursor={cursor}x")).await,
    ] {
        answer.assert_problem(400, "bad-request");
    }
    ada.get(&format!("/v1/users?cursor={cursor}")).await.assert_status(403);
}

#[tokio::test]
async fn c88_the_link_to_the_next_page_keeps_the_filter() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, _) = (kith.admin("root").await, kith.admin("other").await);
    let page = root.get("/v1/users?role=admin&limit=1").await;
    let link = page.header("link").unwrap().to_owned();
    let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    assert!(target.contains("role=admin"), "{target}");
    let second = root.get(target.strip_prefix(kith.url()).unwrap()).await;
    let users = items(&second);
    assert_eq!(users.len(), 1);
    assert!(users.iter().all(|user| user["role"] == "admin"), "{second}");
}
