//! How notes leave the table: by their time, by an admin's word, with their author's account.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

async fn seal(by: &Actor, note: Value) -> Answer {
    let answer = by.seal(note).await;
    answer.assert_status(201);
    answer
}

/// What is stored of a note: under its token's hash, under its id, and in its author's list.
async fn items_of(kith: &Kith, note: &Answer) -> Vec<Value> {
    let id = note.text_at("/id");
    kith.items("note").await.into_iter().filter(|item| item.to_string().contains(&id)).collect()
}

async fn assert_opens(kith: &Kith, note: &Answer) {
    kith.visitor().open(&note.text_at("/token")).await.assert_status(200);
}

/// Seals notes for a minute, from as many addresses as it takes.
async fn seal_for_a_minute(by: &Actor, count: usize) {
    let places: Vec<Actor> = (0..count.div_ceil(30)).map(|_| by.moved()).collect();
    let minute = json!({"text": "a", "expires_in": 60});
    for some in (0..count).collect::<Vec<_>>().chunks(20) {
        let places = some.iter().map(|n| &places[n / 30]);
        join_all(places.map(|place| seal(place, minute.clone()))).await;
    }
}

#[tokio::test]
async fn b09_every_item_of_a_note_has_its_very_end_as_ttl() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for lasts in [60, 61, 3600, 604_800] {
        for (by, count) in [(&ada, 3), (&kith.visitor(), 2)] {
            let note = seal(by, json!({"text": "a", "expires_in": lasts})).await;
            let created: jiff::Timestamp = note.text_at("/created_at").parse().unwrap();
            let items = items_of(&kith, &note).await;
            assert_eq!(items.len(), count);
            for item in items {
                assert_eq!(item["ttl"], created.as_second() + lasts, "{item}");
                assert_eq!(item["expires_at"], (created.as_second() + lasts) * 1000, "{item}");
            }
        }
    }
}

#[tokio::test]
async fn b09_the_job_deletes_all_of_a_note_that_has_ended_and_spares_the_living() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let short = json!({"text": "a", "expires_in": 60, "passphrase": "x"});
    let ended = [
        seal(&ada, short.clone()).await,
        seal(&kith.visitor(), short).await,
        // Read to the last, so that only what is told of it is left.
        seal(&ada, json!({"text": "a", "expires_in": 60})).await,
    ];
    assert_opens(&kith, &ended[2]).await;
    let living = [seal(&ada, json!({"text": "a"})).await, seal(&kith.visitor(), json!({"text": "a"})).await];
    assert_eq!(kith.job("expire-items").await["notes"], 0);
    clock.advance("61s").await;
    assert_eq!(ada.get("/v1/notes").await.json()["items"].as_array().unwrap().len(), 1, "the job is not waited for");
    assert_eq!(kith.job("expire-items").await["notes"], 3);
    for note in &ended {
        let left = items_of(&kith, note).await;
        assert!(left.is_empty(), "{left:#?}");
    }
    assert_eq!(kith.items("note").await.len(), 3 + 2);
    assert_eq!(kith.job("expire-items").await["notes"], 0);
    for note in &living {
        assert_opens(&kith, note).await;
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn b09_what_the_job_never_saw_leaves_by_the_time_of_the_table() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let (ended, living) =
        (seal(&ada, json!({"text": "a", "expires_in": 60})).await, seal(&ada, json!({"text": "a"})).await);
    kith.sweep().await;
    assert_eq!(items_of(&kith, &ended).await.len(), 3);
    clock.advance("61s").await;
    kith.sweep().await;
    assert_eq!(items_of(&kith, &ended).await.len(), 0);
    // Half gone already is no trouble for whoever comes later.
    assert_eq!(kith.job("expire-items").await["notes"], 0);
    ada.destroy(&ended.text_at("/id"), None).await.assert_problem(404, "not-found");
    assert_opens(&kith, &living).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn b09_more_notes_than_one_look_finds_all_go() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    seal_for_a_minute(&ada, 130).await;
    let living = seal(&ada, json!({"text": "a"})).await;
    clock.advance("61s").await;
    assert_eq!(kith.job("expire-items").await["notes"], 130);
    assert_eq!(kith.items("note").await.len(), 3);
    assert_opens(&kith, &living).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn c84_a_page_of_notes_is_full_although_some_between_them_have_ended() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let mut living = Vec::new();
    for _ in 0..5 {
        living.push(seal(&ada, json!({"text": "a"})).await.text_at("/id"));
        seal_for_a_minute(&ada, 3).await;
    }
    living.reverse();
    clock.advance("61s").await;
    let mut path = "/v1/notes?limit=2".to_owned();
    let mut pages: Vec<Vec<String>> = Vec::new();
    loop {
        let page = ada.get(&path).await.assert_status(200).json();
        let ids = page["items"].as_array().unwrap().iter().map(|note| note["id"].as_str().unwrap().to_owned());
        pages.push(ids.collect());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/notes?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(pages.concat(), living);
    kith.shut_down().await;
}

#[tokio::test]
async fn b14_only_an_admin_purges_and_only_what_has_ended() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let moderator = kith.registered("mod").await;
    let role = format!("/v1/users/{}/role", moderator.id());
    root.put(&role).json(json!({"role": "moderator"})).await.assert_status(200);
    seal_for_a_minute(&ada, 3).await;
    seal_for_a_minute(&kith.visitor(), 4).await;
    let living = seal(&ada, json!({"text": "a", "expires_in": 120})).await;
    let purge = |by: &Actor| by.post("/v1/notes/purge").into_future();
    assert_eq!(purge(&root).await.assert_status(200).json(), json!({"purged": 0}));
    clock.advance("61s").await;
    let before = kith.items("note").await;
    purge(&kith.visitor()).await.assert_problem(401, "unauthorized");
    for by in [&ada, &moderator] {
        purge(by).await.assert_problem(403, "forbidden");
    }
    // To purge is no GET: it is either no method here or no note.
    for by in [&root, &ada, &kith.visitor()] {
        for answer in [by.get("/v1/notes/purge").await, by.delete("/v1/notes/purge").await] {
            assert!([404, 405].contains(&answer.status()), "{answer}");
            answer.problem();
        }
    }
    assert_eq!(kith.items("note").await, before);
    assert_eq!(purge(&root).await.assert_status(200).json(), json!({"purged": 7}));
    assert_eq!(purge(&root).await.assert_status(200).json(), json!({"purged": 0}));
    assert_eq!(kith.items("note").await.len(), 3);
    assert_opens(&kith, &living).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn b14_what_two_purge_at_once_is_counted_once_together() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let root = kith.admin("root").await;
    seal_for_a_minute(&kith.visitor(), 60).await;
    clock.advance("61s").await;
    let purge = async || root.post("/v1/notes/purge").await;
    let (one, other, job) = futures::join!(purge(), purge(), kith.job("expire-items"));
    let count = |answer: &Answer| answer.assert_status(200).json()["purged"].as_u64().unwrap();
    let together = count(&one) + count(&other) + job["notes"].as_u64().unwrap();
    assert!(kith.items("note").await.is_empty());
    assert_eq!(together, 60);
    kith.shut_down().await;
}

#[tokio::test]
async fn d11_with_an_account_go_its_notes_and_nobody_elses() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    // More than the job deletes in one go.
    for _ in 0..2 {
        let place = ada.moved();
        join_all((0..29).map(|_| async { seal(&place, json!({"text": "hers", "max_views": 2})).await })).await;
    }
    let (waiting, read) = (seal(&ada, json!({"text": "hers"})).await, seal(&ada, json!({"text": "hers"})).await);
    assert_opens(&kith, &read).await;
    let others = [seal(&bob, json!({"text": "his"})).await, seal(&kith.visitor(), json!({"text": "nobody's"})).await];
    let id = ada.id();
    let of_ada = async || kith.items("note").await.into_iter().filter(|item| item.to_string().contains(&id)).count();
    assert_eq!(of_ada().await, 3 * 60);
    ada.leave().await.assert_status(204);
    kith.settle().await;
    assert_eq!(of_ada().await, 0);
    let manage_token = waiting.text_at("/manage_token");
    for answer in [
        kith.visitor().open(&waiting.text_at("/token")).await,
        kith.visitor().peek(&waiting.text_at("/token")).await,
        kith.visitor().destroy(&waiting.text_at("/id"), Some(&manage_token)).await,
        kith.visitor().destroy(&read.text_at("/id"), Some(&read.text_at("/manage_token"))).await,
    ] {
        answer.assert_problem(404, "not-found");
    }
    for note in &others {
        assert_opens(&kith, note).await;
    }
}

#[tokio::test]
async fn d11_an_erasure_that_dies_among_the_notes_leaves_none() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    for fault in [
        json!({"operation": "erase-account", "kind": "crash_after"}),
        // More than the tries of one invocation.
        json!({"operation": "erase-account", "action": "DeleteItem", "kind": "error", "times": 4}),
        json!({"operation": "erase-account", "action": "Query", "kind": "timeout", "times": 4}),
        json!({"operation": "erase-account", "action": "DeleteItem", "kind": "applied_answer_lost", "times": 4}),
    ] {
        let ada = kith.registered("ada").await;
        for _ in 0..3 {
            seal(&ada, json!({"text": "hers"})).await;
        }
        kith.inject_fault(fault.clone()).await;
        ada.leave().await.assert_status(204);
        kith.settle().await;
        let left = kith.items("note").await;
        assert!(left.is_empty(), "{fault}: {left:#?}");
        assert!(kith.items(&format!("user#{}", ada.id())).await.is_empty(), "{fault}");
    }
    kith.shut_down().await;
}
