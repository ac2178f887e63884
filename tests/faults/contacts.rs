//! Faults while people write and seek their cards: whatever is lost on the way, one effect and the right answer.

use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::{Value, json};

use crate::{KINDS, assert_struck, kith, strike, strike_times};

const PATH: &str = "/v1/contacts";

/// The path of a new card.
async fn card(owner: &Actor) -> String {
    let made = owner.post(PATH).json(json!({"first_name": "Grace", "place": "Łódź"})).await;
    format!("{PATH}/{}", made.assert_status(201).text_at("/id"))
}

/// Kind and revision of what is stored of somebody's cards, in the order of its keys.
async fn stored(kith: &Kith, owner: &Actor) -> Vec<(String, Value)> {
    let items = kith.items(&format!("contacts#{}", owner.id())).await;
    items.iter().map(|item| (item["kind"].as_str().unwrap().to_owned(), item["rev"].clone())).collect()
}

/// What is stored of one card at a revision.
fn one_card(rev: u64) -> Vec<(String, Value)> {
    vec![("contact".to_owned(), json!(rev)), ("contact_entry".to_owned(), Value::Null)]
}

async fn tag(owner: &Actor, path: &str) -> String {
    owner.get(path).await.assert_status(200).header("etag").unwrap().to_owned()
}

/// How many cards a search finds.
async fn found(owner: &Actor, query: &str) -> usize {
    owner.get(&format!("{PATH}?{query}")).await.assert_status(200).json()["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a04_whatever_happens_to_a_new_card_it_is_added_once() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        strike(&kith, "create-contact", "TransactWriteItems", kind).await;
        let card = card(&ada).await;
        assert_eq!(stored(&kith, &ada).await, one_card(1), "{kind}");
        assert_eq!(found(&ada, "q=grace&place=lodz").await, 1, "{kind}");
        ada.get(&card).await.assert_status(200);
    }
    assert_struck(&kith, "create-contact", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a04_a_card_whose_answer_got_lost_before_a_conflict_is_added_once() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for kind in ["applied_answer_lost", "conflict"] {
        strike(&kith, "create-contact", "TransactWriteItems", kind).await;
    }
    card(&ada).await;
    assert_eq!(stored(&kith, &ada).await, one_card(1));
    assert_struck(&kith, "create-contact", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a09_whatever_happens_to_a_change_of_a_card_it_is_made_once() {
    let kith = kith().await;
    // Alone, where no search sees it; with the entry, where one does.
    for (action, field) in [("UpdateItem", "introduced_by"), ("TransactWriteItems", "event")] {
        let ada = kith.registered("ada").await;
        let card = card(&ada).await;
        for (kind, rev) in KINDS.into_iter().zip(2..) {
            let before = tag(&ada, &card).await;
            strike(&kith, "update-contact", action, kind).await;
            // A change that is taken for somebody else's would be 412.
            let value = if field == "event" { json!(kind) } else { json!({"name": kind}) };
            let answer = ada.patch(&card).header("if-match", before).json(json!({field: value})).await;
            assert_eq!(answer.status(), 200, "{action} {kind}: {answer}");
            assert!(answer.json()[field].to_string().contains(kind), "{answer}");
            assert_eq!(stored(&kith, &ada).await, one_card(rev), "{action} {kind}");
            assert_eq!(found(&ada, &format!("event={kind}")).await, usize::from(field == "event"), "{kind}");
        }
    }
    // The repeat of a lone write whose answer got lost is refused, and recognised.
    assert_struck(&kith, "update-contact", "UpdateItem", KINDS.len() + 1).await;
    assert_struck(&kith, "update-contact", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a09_a_change_whose_answer_got_lost_before_a_conflict_recognises_itself() {
    let kith = kith().await;
    for (action, change) in
        [("UpdateItem", json!({"introduced_by": {"name": "x"}})), ("TransactWriteItems", json!({"event": "x"}))]
    {
        let ada = kith.registered("ada").await;
        let card = card(&ada).await;
        let before = tag(&ada, &card).await;
        for kind in ["applied_answer_lost", "conflict"] {
            strike(&kith, "update-contact", action, kind).await;
        }
        let answer = ada.patch(&card).header("if-match", before).json(&change).await;
        assert_eq!(answer.status(), 200, "{action}: {answer}");
        assert_eq!(stored(&kith, &ada).await, one_card(2), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_whatever_happens_to_a_deletion_it_is_answered_204_and_nothing_is_left() {
    let kith = kith().await;
    for kind in KINDS {
        for twice in [false, true] {
            let ada = kith.registered("ada").await;
            let card = card(&ada).await;
            ada.post(&format!("{card}/memories")).json(json!({"text": "Tea"})).await.assert_status(201);
            let before = tag(&ada, &card).await;
            strike(&kith, "delete-contact", "TransactWriteItems", kind).await;
            if twice {
                strike(&kith, "delete-contact", "TransactWriteItems", "conflict").await;
            }
            let answer = ada.delete(&card).header("if-match", before).await;
            assert_eq!(answer.status(), 204, "{kind}: {answer}");
            kith.settle().await;
            assert_eq!(stored(&kith, &ada).await, [], "{kind}");
        }
    }
    assert_struck(&kith, "delete-contact", "TransactWriteItems", 3 * KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a09_a10_whatever_happens_to_a_memory_it_happens_once() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for kind in KINDS {
        let memories = format!("{}/memories", card(&ada).await);
        let texts = async || {
            let page = ada.get(&memories).await.assert_status(200).json();
            let texts = page["items"].as_array().unwrap().iter().map(|memory| memory["text"].clone());
            texts.collect::<Vec<_>>()
        };
        strike(&kith, "add-memory", "TransactWriteItems", kind).await;
        let added = ada.post(&memories).json(json!({"text": "Tea"})).await;
        assert_eq!((added.status(), texts().await), (201, vec![json!("Tea")]), "{kind}");
        let memory = format!("{memories}/{}", added.text_at("/id"));

        strike(&kith, "update-memory", "TransactWriteItems", kind).await;
        let changed = ada.patch(&memory).header("if-match", "\"1-\"").json(json!({"text": "Coffee"})).await;
        assert_eq!((changed.status(), texts().await), (200, vec![json!("Coffee")]), "{kind}: {changed}");

        strike(&kith, "delete-memory", "TransactWriteItems", kind).await;
        let deleted = ada.delete(&memory).header("if-match", "\"2-\"").await;
        assert_eq!((deleted.status(), texts().await), (204, vec![]), "{kind}: {deleted}");
    }
    assert_struck(&kith, "add-memory", "TransactWriteItems", KINDS.len()).await;
    assert_struck(&kith, "update-memory", "TransactWriteItems", KINDS.len()).await;
    assert_struck(&kith, "delete-memory", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g09_what_failed_for_the_client_is_repeated_with_its_key_and_done_once() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let memories = format!("{}/memories", card(&ada).await);
    for (operation, to, body) in [
        ("create-contact", PATH, json!({"first_name": "Howard"})),
        ("add-memory", memories.as_str(), json!({"text": "Tea"})),
    ] {
        for kind in ["applied_answer_lost", "throttle"] {
            let send =
                || -> Request { ada.post(to).header("idempotency-key", format!("{operation}-{kind}-key")).json(&body) };
            // As many as the function's own tries.
            strike_times(&kith, operation, "TransactWriteItems", kind, 4).await;
            let failed = send().await;
            assert!(failed.status() >= 500, "{operation} {kind}: {failed}");
            // A fault that the failed request has left.
            let mut again: Answer = send().await;
            if again.status() >= 500 {
                again = send().await;
            }
            assert_eq!(again.status(), 201, "{operation} {kind}: {again}");
            assert_eq!(send().await.json(), again.json(), "{operation} {kind}");
        }
    }
    assert_eq!(found(&ada, "q=howard").await, 2, "one for each key");
    let remembered = ada.get(&memories).await.json()["items"].as_array().unwrap().len();
    assert_eq!(remembered, 2, "one for each key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_reads_that_fail_on_the_way_are_repeated() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let card = card(&ada).await;
    let id = card.rsplit_once('/').unwrap().1;
    ada.post(&format!("{card}/memories")).json(json!({"text": "Tea"})).await.assert_status(201);
    for (made, kind) in ["throttle", "timeout", "error"].into_iter().enumerate() {
        for action in ["Query", "BatchGetItem"] {
            for query in ["q=grace", ""] {
                strike(&kith, "list-contacts", action, kind).await;
                let expected = if query.is_empty() { 1 + made } else { 1 };
                assert_eq!(found(&ada, query).await, expected, "{kind} {action} {query}");
            }
        }
        strike(&kith, "show-contact", "GetItem", kind).await;
        ada.get(&card).await.assert_status(200);
        for action in ["Query", "GetItem"] {
            strike(&kith, "list-memories", action, kind).await;
            let page = ada.get(&format!("{card}/memories")).await.assert_status(200).json();
            assert_eq!(page["items"][0]["text"], "Tea");
        }
        strike(&kith, "create-contact", "GetItem", kind).await;
        let introduced = json!({"first_name": "Howard", "introduced_by": {"contact_id": id}});
        let made = ada.post(PATH).json(introduced).await;
        assert_eq!(made.assert_status(201).json()["introduced_by"]["name"], "Grace");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c85_a_table_that_stays_away_changes_no_card() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let card = card(&ada).await;
    for kind in ["throttle", "conflict"] {
        for (operation, action, request) in [
            ("create-contact", "TransactWriteItems", ada.post(PATH).json(json!({"first_name": "Howard"}))),
            ("update-contact", "UpdateItem", ada.patch(&card).json(json!({"introduced_by": {"name": "x"}}))),
            ("update-contact", "TransactWriteItems", ada.patch(&card).json(json!({"event": "x"}))),
            ("delete-contact", "TransactWriteItems", ada.delete(&card)),
            ("add-memory", "TransactWriteItems", ada.post(&format!("{card}/memories")).json(json!({"text": "x"}))),
        ] {
            // As often as such a call is tried, by the SDK or by the store.
            let times = if kind == "throttle" { 4 } else { 6 };
            strike_times(&kith, operation, action, kind, times).await;
            let answer = request.await;
            answer.assert_problem(503, "busy");
            assert!(answer.header("retry-after").is_some());
            assert_eq!(stored(&kith, &ada).await, one_card(1), "{operation} {kind}");
        }
    }
    ada.delete(&card).await.assert_status(204);
}
