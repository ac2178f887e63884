//! The audit trail.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

/// The events of a page, but for the first of every trail here: how an admin became one.
fn items(page: &Answer) -> Vec<Value> {
    let all = page.assert_status(200).json()["items"].as_array().unwrap().clone();
    all.into_iter().filter(|event| event["action"] != "role_changed" || event["actor_id"] != event["user_id"]).collect()
}

async fn walk(actor: &Actor, path: &str, limit: usize) -> Vec<Vec<Value>> {
    let mut page = actor.get(&format!("{path}?limit={limit}")).await;
    let mut pages = vec![items(&page)];
    while let Some(cursor) = page.json()["next_cursor"].as_str() {
        page = actor.get(&format!("{path}?limit={limit}&cursor={cursor}")).await;
        pages.push(items(&page));
        assert!(pages.len() < 100, "no end");
    }
    pages
}

/// Whether no event is newer than the one before it.
fn is_newest_first(events: &[Value]) -> bool {
    let at = |event: &Value| event["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    events.is_sorted_by_key(|event| std::cmp::Reverse(at(event)))
}

/// Actor, action and target of each event, newest first.
fn told(events: &[Value]) -> Vec<(String, String, String)> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    events.iter().map(|event| (text(event, "actor_id"), text(event, "action"), text(event, "user_id"))).collect()
}

#[tokio::test]
async fn e21_every_act_is_told_newest_first_with_who_what_and_whom() {
    let Some(_) = Kith::with_helpers().await else { return };
    // A runner of one's own: its trail holds what is done here.
    let kith = Kith::own(|_| {}).await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let path = format!("/v1/users/{}", ada.id());
    let put = |rest: &str, body: Value| root.put(&format!("{path}{rest}")).json(body);
    let change = |body: Value| root.patch(&path).json(body);

    let (guest, invited) = kith.invited(&root, "guest").await;
    put("/role", json!({"role": "moderator"})).await.assert_status(200);
    put("/permissions", json!({"permissions": ["ban_user"]})).await.assert_status(200);
    ada.put(&format!("/v1/users/{invited}/ban")).await.assert_status(204);
    root.delete(&format!("/v1/users/{invited}/ban")).await.assert_status(204);
    change(json!({"first_name": "Augusta"})).await.assert_status(200);
    change(json!({"active": false})).await.assert_status(200);
    change(json!({"active": true})).await.assert_status(200);
    root.delete(&format!("/v1/users/{invited}")).await.assert_status(204);
    let ada = ada.logged_in().await;
    ada.leave().await.assert_status(204);

    let expected: Vec<(String, String, String)> = [
        (&ada.id(), "user_deleted", &ada.id()),
        (&root.id(), "user_deleted", &invited),
        (&root.id(), "user_activated", &ada.id()),
        (&root.id(), "user_deactivated", &ada.id()),
        (&root.id(), "user_updated", &ada.id()),
        (&root.id(), "user_unbanned", &invited),
        (&ada.id(), "user_banned", &invited),
        (&root.id(), "permissions_changed", &ada.id()),
        (&root.id(), "role_changed", &ada.id()),
        (&root.id(), "user_invited", &invited),
    ]
    .map(|(actor, action, target)| (actor.clone(), action.to_owned(), target.clone()))
    .to_vec();
    let page = root.get("/v1/audit").await;
    let events = items(&page);
    assert_eq!(told(&events), expected);
    assert!(is_newest_first(&events), "{page}");
    assert_eq!((&events[8]["before"], &events[8]["after"]), (&json!("member"), &json!("moderator")));
    assert_eq!((events[7]["before"].as_array().unwrap().len(), &events[7]["after"]), (7, &json!(["ban_user"])));
    for private in [&ada.person.email, &guest.person.email, &ada.person.username, &ada.address, &root.address] {
        assert!(!page.text().contains(private.as_str()), "{private} in the trail");
    }
    // What people have deleted stays told when the account is erased.
    kith.settle().await;
    assert_eq!(told(&items(&root.get("/v1/audit").await)), expected);
    kith.shut_down().await;
}

#[tokio::test]
async fn e21_everybody_reads_what_was_done_to_them_or_by_them_and_nothing_else() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada, bob) = (kith.admin("root").await, kith.registered("ada").await, kith.registered("bob").await);
    let change = |whom: &Actor, name: &str| {
        root.patch(&format!("/v1/users/{}", whom.id())).json(json!({"first_name": name})).into_future()
    };
    assert!(items(&ada.get("/v1/me/audit").await).is_empty());
    change(&ada, "Augusta").await.assert_status(200);
    change(&bob, "Robert").await.assert_status(200);
    let (of_ada, of_bob) = (items(&ada.get("/v1/me/audit").await), items(&bob.get("/v1/me/audit").await));
    assert_eq!(told(&of_ada), [(root.id(), "user_updated".to_owned(), ada.id())]);
    assert_eq!(told(&of_bob), [(root.id(), "user_updated".to_owned(), bob.id())]);
    assert_eq!(told(&items(&root.get("/v1/me/audit").await)), [told(&of_bob), told(&of_ada)].concat());
    for actor in [&ada, &bob] {
        actor.get("/v1/audit").await.assert_problem(403, "forbidden");
    }
    kith.visitor().get("/v1/audit").await.assert_problem(401, "unauthorized");
    let all = items(&root.get("/v1/audit?limit=100").await);
    assert!(of_ada.iter().chain(&of_bob).all(|event| all.contains(event)));
}

#[tokio::test]
async fn e21_what_is_refused_is_not_told() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let path = format!("/v1/users/{}", ada.id());
    root.put(&format!("{path}/role")).json(json!({"role": "owner"})).await.assert_status(422);
    root.delete(&format!("{path}/ban")).await.assert_status(409);
    root.patch(&path).json(json!({"username": root.person.username})).await.assert_status(409);
    root.patch(&path).header("if-match", "\"99-x\"").json(json!({"active": false})).await.assert_status(412);
    ada.put(&format!("/v1/users/{}/ban", root.id())).await.assert_status(403);
    assert!(items(&ada.get("/v1/me/audit").await).is_empty());
    assert!(items(&root.get("/v1/me/audit").await).is_empty());
}

#[tokio::test]
async fn e21_c84_the_trail_is_walked_page_by_page_across_the_end_of_a_year() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let now = clock.now().await;
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    let january = |years: i16, day: i8| {
        let date = jiff::civil::date(year + years, 1, day);
        date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    };
    clock.set(january(1, 1) - jiff::SignedDuration::from_mins(5)).await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let path = format!("/v1/users/{}", ada.id());
    let act = async |root: &Actor, n: usize| {
        root.patch(&path).json(json!({"first_name": format!("Ada {n}")})).await.assert_status(200);
    };
    for n in 0..23 {
        act(&root, n).await;
    }
    clock.set(january(1, 1)).await;
    for n in 23..40 {
        act(&root, n).await;
    }
    // A whole year without any act, then some more; the first are 385 days old and still kept.
    clock.set(january(2, 20)).await;
    let (root, ada) = (root.logged_in().await, ada.logged_in().await);
    for n in 40..47 {
        act(&root, n).await;
    }
    for (actor, list) in [(&root, "/v1/audit"), (&ada, "/v1/me/audit")] {
        for (limit, sizes) in [(20, vec![20, 20, 7]), (7, vec![7, 7, 7, 7, 7, 7, 5]), (48, vec![47]), (100, vec![47])] {
            let pages = walk(actor, list, limit).await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{list} by {limit}");
            let all = pages.concat();
            let ids: std::collections::BTreeSet<&str> = all.iter().map(|event| event["id"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), 47, "{list} by {limit}");
            assert!(is_newest_first(&all), "{list} by {limit}");
        }
        assert_eq!(items(&actor.get(list).await).len(), 20, "20 is the default");
    }
    let years: std::collections::BTreeSet<String> =
        kith.items("audit#").await.iter().map(|item| item["pk"].as_str().unwrap().to_owned()).collect();
    assert_eq!(years.len(), 3, "{years:?}");
    // A cursor is good for one person and one list.
    let cursor = root.get("/v1/audit?limit=1").await.text_at("/next_cursor");
    root.get(&format!("/v1/me/audit?cursor={cursor}")).await.assert_problem(400, "bad-request");
    ada.get(&format!("/v1/me/audit?cursor={cursor}")).await.assert_problem(400, "bad-request");
    kith.shut_down().await;
}

#[tokio::test]
async fn e21_an_event_is_kept_for_400_days() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    root.put(&format!("/v1/users/{}/ban", ada.id())).await.assert_status(204);
    root.delete(&format!("/v1/users/{}/ban", ada.id())).await.assert_status(204);
    clock.advance("399d").await;
    let root = root.logged_in().await;
    for list in ["/v1/audit", "/v1/me/audit"] {
        assert_eq!(items(&root.get(list).await).len(), 2, "{list}");
    }
    clock.advance("25h").await;
    let root = root.logged_in().await;
    for list in ["/v1/audit", "/v1/me/audit"] {
        assert!(items(&root.get(list).await).is_empty(), "{list}");
    }
    kith.sweep().await;
    assert!(kith.items("audit#").await.is_empty());
    kith.shut_down().await;
}
