//! How much one account may have, and make in an hour. Thousands of cards over HTTP take more time than there is: what is
//! counted is set in the table, and the-last-that-fits and the first that does not come over HTTP.

use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// Sets a number of an item of somebody's.
async fn set(kith: &Kith, pk: &str, sk: &str, name: &str, number: i64) {
    let item = kith.items(pk).await.into_iter().find(|item| item["sk"] == sk).unwrap();
    let attribute = |value: &Value| match value {
        Value::String(text) => json!({"S": text}),
        Value::Number(number) => json!({"N": number.to_string()}),
        other => panic!("{other} is not needed here"),
    };
    let mut item: serde_json::Map<String, Value> = item
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| *name != "words" && *name != "memory_words")
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect();
    item.insert(name.into(), json!({"N": number.to_string()}));
    let table = kith_local::project_template().unwrap().table.name;
    let database = kith.runner().aws().database().expect("an embedded database");
    let items = serde_json::from_value(json!([item])).unwrap();
    #[expect(clippy::default_trait_access, reason = "the type of the options is the database's")]
    database.import_items(&table, items, Default::default()).unwrap();
}

async fn counts(kith: &Kith, owner: &Actor) -> Value {
    let items = kith.items(&format!("counts#{}", owner.id())).await;
    assert!(items.len() <= 1, "{items:?}");
    items.into_iter().next().unwrap_or_default()
}

/// The attribute that counts this hour, and its value.
async fn this_hour(kith: &Kith, owner: &Actor) -> (String, i64) {
    let counts = counts(kith, owner).await;
    let hours: Vec<_> = counts
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.strip_prefix('h').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())))
        .collect();
    assert_eq!(hours.len(), 1, "{counts}");
    (hours[0].0.clone(), hours[0].1.as_i64().unwrap())
}

fn add(owner: &Actor) -> kith_tests::Request {
    owner.post("/v1/contacts").json(json!({"first_name": "Grace"}))
}

#[tokio::test]
async fn h12_an_account_has_ten_thousand_contacts_at_most() {
    let kith = Kith::own(|_| {}).await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let card = add(&ada).await.assert_status(201).text_at("/id");
    let pk = format!("counts#{}", ada.id());
    set(&kith, &pk, "counts", "contacts", 9_999).await;
    let last = add(&ada).header("idempotency-key", "the-last-that-fits").await;
    last.assert_status(201);
    let problem = add(&ada).await.assert_problem(409, "conflict");
    assert!(problem.detail.contains("10000 contacts"), "{}", problem.detail);
    // A repeat is none; others have their own; whoever deletes one may add one.
    let again = add(&ada).header("idempotency-key", "the-last-that-fits").await;
    assert_eq!(again.assert_status(201).json(), last.json());
    add(&eve).await.assert_status(201);
    ada.delete(&format!("/v1/contacts/{card}")).await.assert_status(204);
    add(&ada).await.assert_status(201);
    add(&ada).await.assert_problem(409, "conflict");
    assert_eq!(counts(&kith, &ada).await["contacts"], 10_000);
    kith.shut_down().await;
}

#[tokio::test]
async fn h12_a_contact_has_a_thousand_memories_at_most() {
    let kith = Kith::own(|_| {}).await;
    let ada = kith.registered("ada").await;
    let card = add(&ada).await.assert_status(201).text_at("/id");
    let memories = format!("/v1/contacts/{card}/memories");
    let remember = || ada.post(&memories).json(json!({"text": "Tea"}));
    let first = remember().await.assert_status(201).text_at("/id");
    let pk = format!("contacts#{}", ada.id());
    set(&kith, &pk, &format!("entry#{card}"), "memories", 999).await;
    remember().await.assert_status(201);
    let problem = remember().await.assert_problem(409, "conflict");
    assert!(problem.detail.contains("1000 memories"), "{}", problem.detail);
    let one = format!("{memories}/{first}");
    ada.patch(&one).json(json!({"text": "Coffee"})).await.assert_status(200);
    ada.delete(&one).await.assert_status(204);
    remember().await.assert_status(201);
    remember().await.assert_problem(409, "conflict");
    kith.shut_down().await;
}

#[tokio::test]
async fn h12_an_account_makes_six_hundred_things_an_hour_at_most() {
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    // At the beginning of an hour, so that it does not end meanwhile.
    let second = kith.now().await.as_second();
    clock.set(jiff::Timestamp::from_second(second - second % 3600 + 3600 + 60).unwrap()).await;
    let (ada, eve) = (ada.logged_in().await, eve.logged_in().await);
    let card = add(&ada).await.assert_status(201).text_at("/id");
    let memories = format!("/v1/contacts/{card}/memories");
    let (hour, counted) = this_hour(&kith, &ada).await;
    assert_eq!(counted % 1000, 1);
    let pk = format!("counts#{}", ada.id());
    set(&kith, &pk, "counts", &hour, counted + 597).await;
    ada.post(&memories).json(json!({"text": "Tea"})).await.assert_status(201);
    add(&ada).await.assert_status(201);
    for answer in [add(&ada).await, ada.post(&memories).json(json!({"text": "Tea"})).await] {
        let problem = answer.assert_problem(429, "too-many");
        assert!(problem.detail.contains("600 things in this hour"), "{}", problem.detail);
        let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((3000..=3540).contains(&wait), "{wait}");
        assert!(answer.header("ratelimit").unwrap().contains("r=0"), "{answer}");
        assert!(answer.header("ratelimit-policy").unwrap().contains("q=600;w=3600"), "{answer}");
    }
    // What makes nothing goes on, and so do others.
    ada.get(&format!("/v1/contacts/{card}")).await.assert_status(200);
    ada.patch(&format!("/v1/contacts/{card}")).json(json!({"company": "Navy"})).await.assert_status(200);
    add(&eve).await.assert_status(201);
    // The next hour begins anew, also where its attribute has the count of another day.
    clock.advance("1h").await;
    let ada = ada.logged_in().await;
    add(&ada).await.assert_status(201);
    let (hour, counted) = this_hour(&kith, &ada).await;
    assert_eq!(counted % 1000, 1);
    set(&kith, &pk, "counts", &hour, counted - 31_000 + 599).await;
    add(&ada).await.assert_status(201);
    assert_eq!(this_hour(&kith, &ada).await, (hour, counted));
    // What is counted goes with the account.
    ada.leave().await.assert_status(204);
    kith.settle().await;
    assert!(kith.items(&pk).await.is_empty());
    kith.shut_down().await;
}
