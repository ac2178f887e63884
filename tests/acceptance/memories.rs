//! Memories: what one wants to remember of somebody, kept with their card.

use crate::cards::{add, full, ids, items, next, path, rev, walk};
use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

/// Somebody with a card; the path of its memories.
async fn with_card(kith: &Kith) -> (Actor, String) {
    let ada = kith.registered("ada").await;
    let memories = format!("{}/memories", path(&add(&ada, full()).await));
    (ada, memories)
}

/// Adds a memory; its path.
async fn remember(owner: &Actor, memories: &str, memory: Value) -> String {
    let added = owner.post(memories).json(memory).await;
    format!("{memories}/{}", added.assert_status(201).text_at("/id"))
}

/// The memory of this path, out of the list.
async fn recall(owner: &Actor, memory: &str) -> Option<Value> {
    let (memories, id) = memory.rsplit_once('/').unwrap();
    let pages = walk(owner, &format!("{memories}?"), 100).await;
    pages.iter().flat_map(items).find(|item| item["id"] == id)
}

#[tokio::test]
async fn a04_a_memory_is_added_listed_and_kept_word_for_word() {
    let kith = Kith::shared().await;
    let (ada, memories) = with_card(&kith).await;
    assert_eq!(ada.get(&memories).await.assert_status(200).json(), json!({"items": [], "next_cursor": null}));
    let text = "<script>alert(1)</script> ' OR 1=1 --\r\n\tTakes no sugar 🦀 \\ \"quoted\" #text :text";
    let added = ada.post(&memories).json(json!({"text": text, "happened_at": "2020-09"})).await;
    let memory = added.assert_status(201).json();
    assert_eq!((&memory["text"], &memory["happened_at"]), (&json!(text), &json!("2020-09")));
    assert_eq!(memory["created_at"], memory["updated_at"]);
    let id = added.text_at("/id");
    assert!(id.starts_with("mem_"));
    assert_eq!(added.header("location"), Some(format!("{memories}/{id}").as_str()));
    let undated = ada.post(&memories).json(json!({"text": "Undated", "happened_at": null})).await;
    assert_eq!(undated.assert_status(201).json()["happened_at"], Value::Null);
    assert_eq!(items(&ada.get(&memories).await), [undated.json(), memory]);
}

#[tokio::test]
async fn a06_a07_a_memory_has_1_to_2000_characters_and_every_fault_is_named() {
    let kith = Kith::shared().await;
    let (ada, memories) = with_card(&kith).await;
    for (letter, kept) in [("a", "a"), ("🦀", "🦀"), ("e\u{301}", "é")] {
        let memory = remember(&ada, &memories, json!({"text": letter.repeat(2000)})).await;
        assert_eq!(recall(&ada, &memory).await.unwrap()["text"], kept.repeat(2000));
        ada.post(&memories).json(json!({"text": letter.repeat(2001)})).await.assert_faults(&["/text"]);
        ada.patch(&memory).json(json!({"text": letter.repeat(2001)})).await.assert_faults(&["/text"]);
    }
    let before = ids(&ada.get(&memories).await);
    for (bad, pointers) in [
        (json!({}), &["/text"][..]),
        (json!({"text": null}), &["/text"]),
        (json!({"text": ""}), &["/text"]),
        (json!({"text": " \n\t "}), &["/text"]),
        (json!({"text": "bell\u{7}"}), &["/text"]),
        (json!({"text": 5, "happened_at": 2020}), &["/happened_at", "/text"]),
        (json!({"happened_at": "x"}), &["/happened_at", "/text"]),
        (json!({"text": "x", "happened_at": "2020-13"}), &["/happened_at"]),
        (json!({"text": "x", "happened_at": ""}), &["/happened_at"]),
        (json!({"text": "x", "id": "mem_1", "contact": "con_1"}), &["/contact", "/id"]),
    ] {
        ada.post(&memories).json(bad).await.assert_faults(pointers);
    }
    for (body, status) in [("[\"x\"]", 400), ("", 400), ("{\"text\": \"x\", \"text\": \"y\"}", 400)] {
        ada.post(&memories).body("application/json", body).await.assert_status(status);
    }
    ada.post(&memories).form(&[("text", "x")]).await.assert_status(415);
    assert_eq!(ids(&ada.get(&memories).await), before);
}

#[tokio::test]
async fn a09_a_change_of_a_memory_changes_what_is_sent() {
    let kith = Kith::shared().await;
    let (ada, memories) = with_card(&kith).await;
    let memory = remember(&ada, &memories, json!({"text": "Tea", "happened_at": "2020"})).await;
    let mut expected = recall(&ada, &memory).await.unwrap();
    for (n, (change, field)) in [
        (json!({"text": "Coffee"}), "text"),
        (json!({"happened_at": "2021-01-02T03:04Z"}), "happened_at"),
        (json!({"happened_at": null}), "happened_at"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = ada.patch(&memory).json(&change).await;
        let changed = answer.assert_status(200).json();
        expected[field] = change[field].clone();
        expected["updated_at"] = changed["updated_at"].clone();
        assert_eq!(changed, expected);
        assert_eq!(rev(&answer), n as u64 + 2);
        assert_eq!(recall(&ada, &memory).await.unwrap(), expected);
    }
    for (bad, pointers) in [
        (json!({"text": null}), &["/text"][..]),
        (json!({"text": "", "happened_at": "x"}), &["/happened_at", "/text"]),
        (json!({"text": "x", "unknown": 1}), &["/unknown"]),
    ] {
        ada.patch(&memory).json(bad).await.assert_faults(pointers);
    }
    assert_eq!(recall(&ada, &memory).await.unwrap(), expected);
}

#[tokio::test]
async fn a09_changes_at_once_of_text_and_date_both_survive_and_a_revision_is_changed_once() {
    let kith = Kith::shared().await;
    let (ada, memories) = with_card(&kith).await;
    let memory = remember(&ada, &memories, json!({"text": "Tea"})).await;
    let patch = |change: Value| ada.patch(&memory).json(change).into_future();
    let answers = join_all([patch(json!({"text": "Coffee"})), patch(json!({"happened_at": "2020"}))]).await;
    let newest = answers.iter().max_by_key(|answer| rev(answer)).unwrap();
    assert_eq!((rev(newest), newest.json()["text"].as_str()), (3, Some("Coffee")));
    assert_eq!(newest.json()["happened_at"], "2020");

    let tag = newest.header("etag").unwrap();
    let tagged =
        |n: usize| ada.patch(&memory).header("if-match", tag).json(json!({"text": format!("{n}")})).into_future();
    let mut statuses: Vec<u16> = join_all((0..6).map(tagged)).await.iter().map(Answer::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412]);
    ada.delete(&memory).header("if-match", tag).await.assert_problem(412, "stale");
    ada.delete(&memory).header("if-match", "\"4-\"").await.assert_status(204);
}

#[tokio::test]
async fn a10_a_deleted_memory_is_gone_and_the_others_stay() {
    let kith = Kith::shared().await;
    let (ada, memories) = with_card(&kith).await;
    let kept = remember(&ada, &memories, json!({"text": "Kept"})).await;
    let gone = remember(&ada, &memories, json!({"text": "Gone"})).await;
    let deletions = join_all((0..4).map(|_| ada.delete(&gone).into_future())).await;
    let mut statuses: Vec<u16> = deletions.iter().map(Answer::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404, 404, 404]);
    ada.patch(&gone).json(json!({"text": "Back"})).await.assert_problem(404, "not-found");
    assert_eq!(recall(&ada, &gone).await, None);
    assert_eq!(recall(&ada, &kept).await.unwrap()["text"], "Kept");
}

#[tokio::test]
async fn a05_walking_45_memories_shows_each_once_the_newest_first() {
    let kith = Kith::shared().await;
    let (ada, memories) = with_card(&kith).await;
    let neighbour = format!("{}/memories", path(&add(&ada, full()).await));
    remember(&ada, &neighbour, json!({"text": "Of somebody else"})).await;
    // Long ones: more than a megabyte would be needed to end a page of the database, but not of ours.
    let mut all: Vec<String> = Vec::new();
    for _ in 0..9 {
        let add = |n: usize| remember(&ada, &memories, json!({"text": format!("{n} {}", "🦀".repeat(1990))}));
        let added = join_all((0..5).map(add)).await;
        all.extend(added.iter().map(|memory| memory.rsplit_once('/').unwrap().1.to_owned()));
    }
    all.sort();
    all.reverse();
    for limit in [1, 20, 44, 45, 46, 100] {
        let pages = walk(&ada, &format!("{memories}?"), limit).await;
        assert_eq!(pages.len(), 45_usize.div_ceil(limit));
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), all, "by {limit}");
    }
    let first = ada.get(&memories).await;
    assert_eq!(ids(&first).len(), 20, "20 is the default");
    let link = first.header("link").unwrap().split(['<', '>']).nth(1).unwrap();
    let second = ada.get(link.strip_prefix(kith.url()).unwrap()).await;
    assert_eq!(ids(&second), all[20..40]);
    let cursor = next(&first).unwrap();
    // A memory that goes takes the place in the list along with it.
    ada.delete(&format!("{memories}/{}", all[19])).await.assert_status(204);
    assert_eq!(ids(&ada.get(&format!("{memories}?cursor={cursor}&limit=2")).await), all[20..22]);
}

#[tokio::test]
async fn a10_an_account_that_goes_takes_cards_and_memories_along() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, memories) = with_card(&kith).await;
    for n in 0..30 {
        remember(&ada, &memories, json!({"text": format!("{n}")})).await;
    }
    let of_ada = format!("contacts#{}", ada.id());
    assert_eq!(kith.items(&of_ada).await.len(), 32);
    ada.leave().await.assert_status(204);
    kith.settle().await;
    assert_eq!(kith.items(&of_ada).await, Vec::<Value>::new());
}
