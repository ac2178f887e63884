//! Changing and deleting cards, also by several at once.

use crate::cards::{PATH, add, found, full, path, rev, show};
use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

/// Ids that no card has.
const UNKNOWN: [&str; 9] = [
    "con_01a318c1400074aab4a3b5b6a7a8b9c1",
    "999",
    "con_",
    "con_1",
    "CON_01a318c1400074aab4a3b5b6a7a8b9c1",
    "con_01A318C1400074AAB4A3B5B6A7A8B9C1",
    "con_01a318c1-4000-74aa-b4a3-b5b6a7a8b9c1",
    "usr_01a318c1400074aab4a3b5b6a7a8b9c1",
    "%2e%2e",
];

/// What is stored of a card and all that belongs to it.
async fn stored(kith: &Kith, owner: &Actor, id: &str) -> Vec<Value> {
    let items = kith.items(&format!("contacts#{}", owner.id())).await;
    items.into_iter().filter(|item| item["sk"].as_str().unwrap().contains(id)).collect()
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(Answer::status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn a09_a_change_changes_what_is_sent_and_nothing_else() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, full()).await;
    let mut expected = show(&ada, &id).await;
    let changes = [
        ("first_name", json!("Grace")),
        ("last_name", json!("Hopper")),
        ("email", json!("grace@example.org")),
        ("company", json!("Navy")),
        ("position", json!("Admiral")),
        ("social_media", json!("@grace\n@hopper")),
        ("phone", json!("1")),
        ("event", json!("Launch")),
        ("place", json!("Arlington")),
        ("met_at", json!("1952")),
        ("spark", json!("A moth")),
        ("tags", json!(["compiler"])),
        ("introduced_by", json!({"name": "Howard"})),
        // And each of them away.
        ("last_name", Value::Null),
        ("email", Value::Null),
        ("company", Value::Null),
        ("position", Value::Null),
        ("social_media", Value::Null),
        ("phone", Value::Null),
        ("event", Value::Null),
        ("place", Value::Null),
        ("met_at", Value::Null),
        ("spark", Value::Null),
        ("introduced_by", Value::Null),
    ];
    for (n, (field, value)) in changes.into_iter().enumerate() {
        let answer = ada.patch(&path(&id)).json(json!({field: value})).await;
        let card = answer.assert_status(200).json();
        assert!(card["updated_at"].as_str() > expected["updated_at"].as_str(), "{card}");
        expected[field] = value;
        expected["updated_at"] = card["updated_at"].clone();
        assert_eq!(card, expected);
        assert_eq!(rev(&answer), n as u64 + 2);
        assert_eq!(show(&ada, &id).await, expected);
    }
    let untagged = ada.patch(&path(&id)).json(json!({"tags": null})).await;
    assert_eq!(untagged.assert_status(200).json()["tags"], json!([]));
    // Many at once, some of them as they were; and nothing at all.
    let answer = ada.patch(&path(&id)).json(full()).await;
    assert_eq!(answer.assert_status(200).json()["spark"], full()["spark"]);
    let nothing = ada.patch(&path(&id)).json(json!({})).await.assert_status(200).json();
    let but_updated = |mut card: Value| {
        card["updated_at"].take();
        card
    };
    assert_eq!(but_updated(nothing), but_updated(answer.json()));
}

#[tokio::test]
async fn a09_an_invalid_change_leaves_the_card_as_it_was() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, full()).await;
    let before = ada.get(&path(&id)).await;
    for (bad, pointers) in [
        (json!({"phone": "1", "company": "x".repeat(61)}), &["/company"][..]),
        (json!({"phone": "1", "id": id}), &["/id"]),
        (json!({"phone": "1", "photo_url": "x"}), &["/photo_url"]),
        (json!({"phone": "1", "follow_up": null}), &["/follow_up"]),
        (json!({"phone": "1", "first_name": ""}), &["/first_name"]),
        (json!({"phone": "1", "tags": ["a", "A"]}), &["/tags"]),
        (json!({"phone": "1", "introduced_by": {}}), &["/introduced_by"]),
        (json!({"phone": "1", "introduced_by": {"contact_id": UNKNOWN[0]}}), &["/introduced_by/contact_id"]),
        (
            json!({"phone": "1", "first_name": null, "last_name": null, "company": null}),
            &["/company", "/first_name", "/last_name"],
        ),
        (json!({"phone": "", "email": "x", "event": 5}), &["/email", "/event", "/phone"]),
    ] {
        ada.patch(&path(&id)).json(&bad).await.assert_faults(pointers);
    }
    for (kind, body, status) in [
        ("application/json", "", 400),
        ("application/json", "{\"phone\": \"1\"", 400),
        ("application/json", "[\"x\"]", 400),
        ("application/json", "null", 400),
        ("application/json", "{\"first_name\": \"A\", \"first_name\": \"B\"}", 400),
        ("text/plain", "{\"phone\": \"1\"}", 415),
        ("application/x-www-form-urlencoded", "phone=1", 415),
    ] {
        ada.patch(&path(&id)).body(kind, body).await.assert_status(status);
        ada.post(PATH).body(kind, body).await.assert_status(status);
    }
    let after = ada.get(&path(&id)).await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
    assert_eq!(found(&ada, &[]).await, [id]);
}

#[tokio::test]
async fn a09_a_card_keeps_a_name_whichever_is_removed() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, json!({"first_name": "Ada", "company": "Acme"})).await;
    let all = ["/company", "/first_name", "/last_name"];
    ada.patch(&path(&id)).json(json!({"first_name": null})).await.assert_status(200);
    ada.patch(&path(&id)).json(json!({"company": null})).await.assert_faults(&all);
    let swapped = ada.patch(&path(&id)).json(json!({"company": null, "last_name": "L"})).await;
    assert_eq!(swapped.assert_status(200).json()["last_name"], "L");
    ada.patch(&path(&id)).json(json!({"last_name": null, "phone": "1"})).await.assert_faults(&all);
    assert_eq!(show(&ada, &id).await["phone"], Value::Null);
}

#[tokio::test]
async fn a09_names_removed_at_once_by_two_leave_one() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for _ in 0..5 {
        let id = add(&ada, json!({"first_name": "Ada", "last_name": "L", "company": "Acme"})).await;
        let without = async |field: &str| ada.patch(&path(&id)).json(json!({field: null})).await;
        let answers = join_all(["first_name", "last_name", "company"].map(without)).await;
        assert_eq!(statuses(&answers), [200, 200, 422]);
        let card = show(&ada, &id).await;
        let names = ["first_name", "last_name", "company"].iter().filter(|field| !card[**field].is_null()).count();
        assert_eq!(names, 1, "{card}");
    }
}

#[tokio::test]
async fn a09_changes_at_once_of_different_fields_all_survive() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, json!({"first_name": "Ada"})).await;
    let changes = [
        ("last_name", json!("L")),
        ("email", json!("ada@example.org")),
        ("company", json!("Acme")),
        ("position", json!("P")),
        ("social_media", json!("@ada")),
        ("phone", json!("1")),
        ("event", json!("Meetup")),
        ("place", json!("Łódź")),
        ("met_at", json!("2020")),
        ("spark", json!("S")),
        ("tags", json!(["t"])),
        ("introduced_by", json!({"name": "Grace"})),
    ];
    let answers =
        join_all(changes.iter().map(async |(field, value)| ada.patch(&path(&id)).json(json!({*field: value})).await));
    assert_eq!(statuses(&answers.await), [200; 12]);
    let after = ada.get(&path(&id)).await;
    for (field, value) in &changes {
        assert_eq!(after.json()[field], *value, "{field}");
    }
    assert_eq!(rev(&after), 13);
    // The search knows of every one, too.
    let all = [("q", "ada l acme meetup lodz t example.org"), ("met_from", "2020-05"), ("tag", "T"), ("place", "łodz")];
    assert_eq!(found(&ada, &all).await, [id]);
}

#[tokio::test]
async fn a09_a_change_for_a_revision_is_refused_at_another() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, json!({"first_name": "Ada"})).await;
    let first = ada.get(&path(&id)).await.header("etag").unwrap().to_owned();
    let patch = |tag: &str, body: Value| ada.patch(&path(&id)).header("if-match", tag).json(body);
    let changed = patch(&first, json!({"phone": "1"})).await;
    let second = changed.assert_status(200).header("etag").unwrap().to_owned();
    for stale in [first.as_str(), "\"7-x\"", "x", "W/\"2-x\""] {
        // With fields that a search sees and with such as it does not.
        for body in [json!({"phone": "2"}), json!({"company": "Acme"}), json!({})] {
            patch(stale, body).await.assert_problem(412, "stale");
        }
        ada.delete(&path(&id)).header("if-match", stale).await.assert_problem(412, "stale");
    }
    assert_eq!(show(&ada, &id).await, changed.json());
    patch("*", json!({"phone": "3"})).await.assert_status(200);

    for body in [json!({"phone": "4"}), json!({"company": "Acme"})] {
        let tag = ada.get(&path(&id)).await.header("etag").unwrap().to_owned();
        let answers = join_all((0..8).map(|_| patch(&tag, body.clone()).into_future())).await;
        assert_eq!(statuses(&answers), [200, 412, 412, 412, 412, 412, 412, 412]);
    }
    ada.delete(&path(&id)).header("if-match", &second).await.assert_problem(412, "stale");
    let tag = ada.get(&path(&id)).await.header("etag").unwrap().to_owned();
    ada.delete(&path(&id)).header("if-match", &tag).await.assert_status(204);
    patch(&tag, json!({})).await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn d44_a_card_that_one_has_already_is_not_sent_again() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, full()).await;
    let seen = ada.get(&path(&id)).await;
    assert_eq!(seen.header("cache-control"), Some("private, no-cache"));
    let tag = seen.header("etag").unwrap();
    let unchanged = ada.get(&path(&id)).header("if-none-match", tag).await;
    assert_eq!((unchanged.assert_status(304).body(), unchanged.header("etag")), (&[][..], Some(tag)));
    ada.patch(&path(&id)).json(json!({"phone": "2"})).await.assert_status(200);
    let changed = ada.get(&path(&id)).header("if-none-match", tag).await;
    assert_eq!(changed.assert_status(200).json()["phone"], "2");
    kith.registered("eve").await.get(&path(&id)).header("if-none-match", tag).await.assert_status(404);
}

#[tokio::test]
async fn a10_a_deleted_card_is_gone_with_all_that_belongs_to_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (kept, gone) = (add(&ada, full()).await, add(&ada, full()).await);
    for id in [&kept, &gone] {
        let memories = format!("{}/memories", path(id));
        for n in 0..3 {
            ada.post(&memories).json(json!({"text": format!("Memory {n}")})).await.assert_status(201);
        }
        let plan = json!({"at": "2099-12-01T15:00Z"});
        ada.put(&format!("{}/follow-up", path(id))).json(plan).await.assert_status(200);
    }
    let before = stored(&kith, &ada, &kept).await;
    assert_eq!((before.len(), stored(&kith, &ada, &gone).await.len()), (6, 6));
    let deleted = ada.delete(&path(&gone)).await;
    assert!(deleted.assert_status(204).body().is_empty());
    kith.settle().await;
    assert!(stored(&kith, &ada, &gone).await.is_empty());
    assert_eq!(stored(&kith, &ada, &kept).await, before);

    assert_eq!(found(&ada, &[]).await, [kept.as_str()]);
    assert_eq!(found(&ada, &[("q", "kierkegard"), ("place", "kobenhavn")]).await, [kept]);
    for request in [
        ada.get(&path(&gone)),
        ada.delete(&path(&gone)),
        ada.patch(&path(&gone)).json(json!({"phone": "1"})),
        ada.patch(&path(&gone)).json(json!({"company": "Acme"})),
        ada.get(&format!("{}/memories", path(&gone))),
        ada.post(&format!("{}/memories", path(&gone))).json(json!({"text": "x"})),
    ] {
        request.await.assert_problem(404, "not-found");
    }
    assert!(stored(&kith, &ada, &gone).await.is_empty());
}

#[tokio::test]
async fn a10_whatever_races_with_a_deletion_nothing_is_left_of_the_card() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for round in 0..6 {
        let id = add(&ada, full()).await;
        let (card, memories) = (path(&id), format!("{}/memories", path(&id)));
        let requests = [
            ada.delete(&card),
            ada.patch(&card).json(json!({"company": format!("Acme {round}")})),
            ada.post(&memories).json(json!({"text": "x"})),
            ada.delete(&card),
            ada.patch(&card).json(json!({"spark": "x"})),
            ada.post(&memories).json(json!({"text": "y"})),
            ada.put(&format!("{card}/follow-up")).json(json!({"at": "2099-12-01T15:00Z"})),
            ada.patch(&card).json(json!({"tags": null})),
        ];
        let answers = join_all(requests.into_iter().map(IntoFuture::into_future)).await;
        let deleted = [&answers[0], &answers[3]].map(Answer::status);
        assert!([[204, 404], [404, 204]].contains(&deleted), "{deleted:?}");
        for answer in &answers {
            assert!([200, 201, 204, 404].contains(&answer.status()), "{answer}");
        }
        kith.settle().await;
        assert_eq!(stored(&kith, &ada, &id).await, Vec::<Value>::new());
        assert!(found(&ada, &[("company", "acme")]).await.is_empty());
    }
}

#[tokio::test]
async fn a16_an_unknown_id_is_404_on_every_route() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, full()).await;
    for unknown in UNKNOWN {
        for request in [
            ada.get(&path(unknown)),
            ada.patch(&path(unknown)).json(json!({"phone": "1"})),
            ada.delete(&path(unknown)),
            ada.get(&format!("{}/memories", path(unknown))),
            ada.post(&format!("{}/memories", path(unknown))).json(json!({"text": "x"})),
            ada.patch(&format!("{}/memories/mem_01a318c1400074aab4a3b5b6a7a8b9c1", path(unknown)))
                .json(json!({"text": "x"})),
            ada.delete(&format!("{}/memories/mem_01a318c1400074aab4a3b5b6a7a8b9c1", path(unknown))),
            ada.put(&format!("{}/follow-up", path(unknown))).json(json!({"at": "2099-12-01"})),
            ada.delete(&format!("{}/follow-up", path(unknown))),
        ] {
            request.await.assert_problem(404, "not-found");
        }
        for request in [
            ada.patch(&format!("{}/memories/{unknown}", path(&id))).json(json!({"text": "x"})),
            ada.delete(&format!("{}/memories/{unknown}", path(&id))),
        ] {
            request.await.assert_problem(404, "not-found");
        }
    }
    for (method, to) in
        [("PUT", path(&id)), ("POST", path(&id)), ("DELETE", PATH.to_owned()), ("PATCH", PATH.to_owned())]
    {
        let answer = ada.request(method, &to).json(json!({})).await;
        answer.assert_problem(405, "method-not-allowed");
        assert!(answer.header("allow").is_some());
    }
}
