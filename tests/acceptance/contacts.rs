//! Calling cards: adding, reading, changing and deleting them, and what to remember of people.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

const PATH: &str = "/v1/contacts";
/// An id that nobody has.
const UNKNOWN: &str = "con_0192f0c1a2b37c4d8e5f60718293a4b5";

/// Everything that can be written on a card.
fn whole_card() -> Value {
    json!({
        "first_name": "Grace", "last_name": "Hopper", "email": "Grace@example.org", "company": "Navy",
        "position": "Rear admiral", "social_media": "@grace\nhttps://example.org/grace", "phone": "+1 555 0100",
        "event": "Rust Meetup", "place": "København", "met_at": "2020-09-21T10:00Z",
        "spark": "<script>alert('compilers')</script> ' OR 1=1; -- \u{1F980}", "tags": ["Rust", "Café"],
        "introduced_by": {"name": "Ada"},
    })
}

/// Adds a card; gives its path.
async fn add(owner: &Actor, card: Value) -> String {
    owner.post(PATH).json(card).await.assert_status(201).header("location").unwrap().to_owned()
}

async fn read(owner: &Actor, path: &str) -> Value {
    owner.get(path).await.assert_status(200).json()
}

/// The last names, or else companies, in the order of the list.
fn names(list: &Answer) -> Vec<String> {
    let name = |card: &Value| card["last_name"].as_str().or(card["company"].as_str()).unwrap().to_owned();
    list.assert_status(200).json()["items"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn a04_a17_a_card_shows_every_field_as_it_was_written() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let made = ada.post(PATH).json(whole_card()).await;
    let card = made.assert_status(201).json();
    for (field, written) in whole_card().as_object().unwrap() {
        assert_eq!(card[field], *written, "{field}");
    }
    let path = format!("{PATH}/{}", card["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert!(card["created_at"].is_string() && card["updated_at"] == card["created_at"] && card["follow_up"].is_null());
    let shown = ada.get(&path).await;
    assert_eq!(shown.assert_status(200).json(), card);
    assert_eq!(ada.get(PATH).await.json()["items"], json!([card]));
    ada.get(&path).header("if-none-match", shown.header("etag").unwrap()).await.assert_status(304);
}

#[tokio::test]
async fn a03_a_card_of_nobody_is_refused() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let needed = ["/company", "/first_name", "/last_name"];
    for nobody in [json!({}), json!({"phone": "1", "first_name": null}), json!({"spark": "who was that?"})] {
        ada.post(PATH).json(nobody).await.assert_faults(&needed);
    }
    ada.post(PATH).json(json!({"email": "x", "met_at": "x"})).await.assert_faults(&[
        "/company",
        "/email",
        "/first_name",
        "/last_name",
        "/met_at",
    ]);
    // Who has a name, but a wrong one, is told of that alone.
    ada.post(PATH).json(json!({"first_name": "x".repeat(61)})).await.assert_faults(&["/first_name"]);
    assert!(names(&ada.get(PATH).await).is_empty());
}

#[tokio::test]
async fn a09_a_change_takes_what_is_sent_and_a_wrong_one_takes_nothing() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let path = add(&ada, whole_card()).await;
    let mut expected = read(&ada, &path).await;
    let before = ada.get(&path).await;
    ada.patch(&path)
        .json(json!({"phone": "2", "email": "x", "tags": ["a", "A"]}))
        .await
        .assert_faults(&["/email", "/tags"]);
    let nameless = json!({"phone": "2", "first_name": null, "last_name": null, "company": null});
    ada.patch(&path).json(nameless).await.assert_faults(&["/company", "/first_name", "/last_name"]);
    let after = ada.get(&path).await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));

    let changed = ada.patch(&path).json(json!({"phone": null, "place": "Łódź", "tags": []})).await;
    let changed = changed.assert_status(200).json();
    (expected["phone"], expected["place"], expected["tags"]) = (Value::Null, json!("Łódź"), json!([]));
    expected["updated_at"] = changed["updated_at"].clone();
    assert_eq!((&changed, &read(&ada, &path).await), (&expected, &expected));
    assert_eq!(names(&ada.get("/v1/contacts?place=lodz").await), ["Hopper"]);
    assert!(names(&ada.get("/v1/contacts?tag=rust").await).is_empty());
    let stale = ada.patch(&path).header("if-match", before.header("etag").unwrap()).json(json!({"phone": "3"}));
    stale.await.assert_problem(412, "stale");
}

#[tokio::test]
async fn a10_a_deleted_card_is_gone_with_its_memories() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (path, kept) = (add(&ada, whole_card()).await, add(&ada, json!({"company": "Acme"})).await);
    for path in [&path, &kept] {
        ada.post(&format!("{path}/memories")).json(json!({"text": "Takes no sugar"})).await.assert_status(201);
    }
    let stale = ada.delete(&path).header("if-match", "\"7-x\"").await;
    stale.assert_problem(412, "stale");
    ada.delete(&path).await.assert_status(204);
    ada.delete(&path).await.assert_problem(404, "not-found");
    for gone in [ada.get(&path).await, ada.get(&format!("{path}/memories")).await] {
        gone.assert_problem(404, "not-found");
    }
    ada.post(&format!("{path}/memories")).json(json!({"text": "x"})).await.assert_problem(404, "not-found");
    assert_eq!(names(&ada.get(PATH).await), ["Acme"]);
    assert!(names(&ada.get("/v1/contacts?q=hopper").await).is_empty());
    kith.settle().await;
    let left = kith.items(&format!("contacts#{}", ada.id())).await;
    // The other card with its entry and its memory.
    assert_eq!(left.len(), 3, "{left:?}");
}

#[tokio::test]
async fn a02_a14_a16_nobody_else_sees_a_card_and_an_unknown_one_is_no_different() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let path = add(&ada, whole_card()).await;
    let memories = format!("{path}/memories");
    let made = ada.post(&memories).json(json!({"text": "Takes no sugar"})).await;
    let memory = made.assert_status(201).header("location").unwrap().to_owned();
    let unknown = format!("{PATH}/{UNKNOWN}");
    for (who, card, memory) in [
        (&eve, path.clone(), memory.clone()),
        (&ada, unknown.clone(), memory.replace(&path, &unknown)),
        (&ada, format!("{PATH}/999"), format!("{memories}/999")),
    ] {
        let memories = format!("{card}/memories");
        for answer in [
            who.get(&card).await,
            who.patch(&card).json(json!({"phone": "1"})).await,
            who.delete(&card).await,
            who.get(&if card == format!("{PATH}/999") { memory.clone() } else { memories.clone() }).await,
            who.patch(&memory).json(json!({"text": "Takes milk"})).await,
            who.delete(&memory).await,
        ] {
            assert!([404, 405].contains(&answer.status()), "{answer}");
        }
        let added = who.post(&memories).json(json!({"text": "x"})).await;
        added.assert_problem(404, "not-found");
    }
    assert!(names(&eve.get(PATH).await).is_empty() && names(&eve.get("/v1/contacts?q=grace").await).is_empty());
    let mut expected = whole_card();
    expected["introduced_by"] = json!({"contact_id": path.rsplit('/').next().unwrap()});
    eve.post(PATH).json(expected).await.assert_faults(&["/introduced_by/contact_id"]);
    assert_eq!(read(&ada, &path).await["phone"], whole_card()["phone"]);
    assert_eq!(read(&ada, &memories).await["items"][0]["text"], "Takes no sugar");
}

#[tokio::test]
async fn a11_g06_cards_are_found_by_what_is_written_on_them() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    add(&ada, whole_card()).await;
    let other =
        json!({"company": "Škoda", "place": "Kolín", "event": "Rust Meetup", "met_at": "2021", "tags": ["auto"]});
    add(&ada, other).await;
    add(&ada, json!({"last_name": "Nobody"})).await;
    for (query, expected) in [
        ("", &["Nobody", "Škoda", "Hopper"][..]),
        ("q=GRACE+kobenhavn", &["Hopper"]),
        ("q=rust", &["Škoda", "Hopper"]),
        ("q=grace%40example", &["Hopper"]),
        ("company=skod", &["Škoda"]),
        ("event=meetup&place=kol%C3%8Dn", &["Škoda"]),
        ("tag=cafe", &["Hopper"]),
        ("tag=caf", &[]),
        ("met_from=2020-09&met_to=2020-09", &["Hopper"]),
        ("met_from=2020-12", &["Škoda"]),
        ("met_to=2021-06-30", &["Škoda", "Hopper"]),
        ("event=rust&place=hav&met_from=2020&met_to=2021", &["Hopper"]),
        ("event=rust&place=hav&met_from=2021", &[]),
    ] {
        assert_eq!(names(&ada.get(&format!("{PATH}?{query}")).await), expected, "{query}");
    }
    let long = "x".repeat(201);
    let bad = ada.get(&format!("{PATH}?q={long}&tag={long}&met_from=yesterday")).await;
    bad.assert_faults(&["?met_from", "?q", "?tag"]);
    ada.get(&format!("{PATH}?met_from=2021&met_to=2020")).await.assert_faults(&["?met_to"]);
}

#[tokio::test]
async fn an_introducer_is_shown_by_name_also_when_the_card_is_gone() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let introducer = add(&ada, whole_card()).await;
    let id = introducer.rsplit('/').next().unwrap();
    let path = add(&ada, json!({"company": "Acme", "introduced_by": {"contact_id": id}})).await;
    let shown = json!({"contact_id": id, "name": "Grace Hopper"});
    assert_eq!(read(&ada, &path).await["introduced_by"], shown);
    ada.delete(&introducer).await.assert_status(204);
    // What was read can be sent back.
    let answer = ada.patch(&path).json(json!({"phone": "1", "introduced_by": shown})).await;
    assert_eq!(answer.assert_status(200).json()["introduced_by"], shown);
    let answer = ada.patch(&path).json(json!({"introduced_by": {"contact_id": UNKNOWN}})).await;
    answer.assert_faults(&["/introduced_by/contact_id"]);
    ada.patch(&path).json(json!({"introduced_by": {}})).await.assert_faults(&["/introduced_by"]);
}

#[tokio::test]
async fn memories_are_kept_with_their_card() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let (path, other) = (add(&ada, whole_card()).await, add(&ada, json!({"company": "Acme"})).await);
    let memories = format!("{path}/memories");
    ada.post(&memories).json(json!({"text": "", "happened_at": "x"})).await.assert_faults(&["/happened_at", "/text"]);
    let first = ada.post(&memories).json(json!({"text": "Takes no sugar", "happened_at": "2020-09"})).await;
    let first = first.assert_status(201).header("location").unwrap().to_owned();
    ada.post(&memories).json(json!({"text": "Likes ships"})).await.assert_status(201);
    let changed = ada.patch(&first).json(json!({"text": "Takes sugar"})).await;
    assert_eq!(changed.assert_status(200).json()["happened_at"], "2020-09");
    ada.patch(&first).json(json!({"text": null})).await.assert_faults(&["/text"]);
    let texts = async |path: &str| {
        let items = read(&ada, path).await["items"].take();
        items.as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&memories).await, ["Likes ships", "Takes sugar"]);
    assert!(texts(&format!("{other}/memories")).await.is_empty());
    // Nor by the path of another card.
    ada.delete(&first.replace(&path, &other)).await.assert_problem(404, "not-found");
    ada.delete(&first).await.assert_status(204);
    assert_eq!(texts(&memories).await, ["Likes ships"]);
}

#[tokio::test]
async fn g09_a_repeated_creation_makes_one_card_and_one_memory() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let key = format!("key-of-{:-<16}", ada.person.username);
    let twice = async |path: &str, body: Value| {
        let send = || async { ada.post(path).header("idempotency-key", &key).json(&body).await };
        let (one, two) = futures::future::join(send(), send()).await;
        assert_eq!((one.assert_status(201).json(), one.header("location")), (two.json(), two.header("location")));
        one.header("location").unwrap().to_owned()
    };
    let path = twice(PATH, whole_card()).await;
    twice(&format!("{path}/memories"), json!({"text": "Takes no sugar"})).await;
    assert_eq!(read(&ada, PATH).await["items"].as_array().unwrap().len(), 1);
    assert_eq!(read(&ada, &format!("{path}/memories")).await["items"].as_array().unwrap().len(), 1);
    let other = ada.post(PATH).header("idempotency-key", &key).json(json!({"company": "Acme"})).await;
    other.assert_problem(422, "key-reused");
    // The same key for another card's memories is another request.
    let other = add(&ada, json!({"company": "Acme"})).await;
    twice(&format!("{other}/memories"), json!({"text": "Takes no sugar"})).await;
    assert_eq!(read(&ada, &format!("{other}/memories")).await["items"].as_array().unwrap().len(), 1);
}
