//! Five thousand cards of one owner: what is found over the pages, and what that costs.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Map, Value, json};

const PLACES: [&str; 4] = ["København", "Łódź", "São Paulo", "Berlin, Kreuzberg"];
/// How many cards are added over HTTP, and how often each is there in the end.
const MADE: usize = 100;
const COPIES: usize = 50;

/// The card with this number, of a length as people write them.
fn card(number: usize) -> Value {
    json!({
        "first_name": "Søren", "last_name": format!("Kierkegaard {number}"), "email": format!("s{number}@example.org"),
        "company": "Analytical Engines Ltd", "position": "Engineer", "event": "Rust Meetup Berlin",
        "place": PLACES[number % PLACES.len()], "met_at": format!("20{:02}-{:02}", 10 + number % 15, 1 + number % 12),
        "tags": ["rust", if number.is_multiple_of(2) { "even" } else { "odd" }], "phone": "+49 30 123456",
        "spark": "We talked about compilers and the weather. ".repeat(5),
    })
}

/// A value as the database has it.
fn attribute(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({"S": text}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::Array(items) => json!({"L": items.iter().map(attribute).collect::<Vec<_>>()}),
        Value::Object(fields) => json!({"M": attributes(fields)}),
        Value::Bool(_) | Value::Null => panic!("a card has no such value"),
    }
}

fn attributes(fields: &Map<String, Value>) -> Value {
    let typed = |(name, value): (&String, &Value)| match name.as_str() {
        // Shown as base64.
        "words" => (name.clone(), json!({"B": value})),
        _ => (name.clone(), attribute(value)),
    };
    fields.iter().map(typed).collect()
}

/// Adds a hundred cards, and puts copies of them into the table, under ids that are a little later or earlier: five
/// thousand over HTTP take more time than there is.
async fn fill(kith: &Kith, owner: &Actor) {
    for number in 0..MADE {
        owner.post("/v1/contacts").json(card(number)).await.assert_status(201);
    }
    let table = kith_local::project_template().unwrap().table.name;
    let database = kith.runner().aws().database().expect("an embedded database");
    let mut copies = Vec::new();
    for item in kith.items(&format!("contacts#{}", owner.id())).await {
        let (kind, id) = item["sk"].as_str().unwrap().split_once('#').unwrap();
        for copy in 1..COPIES {
            let copy_id = format!("{}{copy:06x}", &id[..id.len() - 6]);
            let mut item = item.as_object().unwrap().clone();
            item["sk"] = format!("{kind}#{copy_id}").into();
            if item.contains_key("id") {
                item["id"] = copy_id.into();
            }
            copies.push(attributes(&item));
        }
    }
    let copies = serde_json::from_value(copies.into()).unwrap();
    #[expect(clippy::default_trait_access, reason = "the type of the options is the database's")]
    database.import_items(&table, copies, Default::default()).unwrap();
}

fn ids(page: &Answer) -> Vec<String> {
    let items = page.assert_status(200).json()["items"].take();
    items.as_array().unwrap().iter().map(|card| card["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids on all pages of a list. Every page but the last is full, and the newest card is first.
async fn walk(owner: &Actor, query: &str, limit: usize) -> Vec<String> {
    let mut path = format!("/v1/contacts?{query}&limit={limit}");
    let mut all = Vec::new();
    loop {
        let page = owner.get(&path).await;
        let found = ids(&page);
        let is_full = found.len() == limit;
        all.extend(found);
        let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
        assert!(is_full, "{query}: a page that is not the last is short");
        path = format!("/v1/contacts?{query}&limit={limit}&cursor={cursor}");
    }
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "{query}: not the newest first, or one is there twice");
    all
}

/// Whether the cards of this number are wanted.
fn count(wanted: impl Fn(usize) -> bool) -> usize {
    (0..MADE).filter(|number| wanted(*number)).count() * COPIES
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_g02_a_search_is_right_over_pages_of_five_thousand_cards_and_has_a_known_price() {
    let kith = Kith::own(|_| {}).await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    fill(&kith, &ada).await;
    assert_eq!(walk(&ada, "", 100).await.len(), MADE * COPIES);
    let year = |number: usize| 10 + number % 15;
    for (query, limit, expected) in [
        ("place=kobenhavn&met_from=2012&met_to=2014", 100, count(|n| n % 4 == 0 && (12..=14).contains(&year(n)))),
        ("q=SOREN+even+lodz", 100, 0),
        ("q=soren+even+paulo&tag=rust&met_from=2024", 20, count(|n| n % 4 == 2 && year(n) == 24)),
        ("q=kierkegaard+77", 7, COPIES),
        ("met_to=2009-12-31", 100, 0),
    ] {
        assert_eq!(walk(&ada, query, limit).await.len(), expected, "{query}");
    }
    assert_eq!(walk(&eve, "", 100).await.len() + walk(&eve, "q=soren", 100).await.len(), 0);

    let cost = async |query: &str| {
        let record = kith.record_of(&ada.get(&format!("/v1/contacts?{query}")).await).await;
        (record.read_units, record.database_calls)
    };
    // What costs most: nothing is found, so all entries are read; some 300 bytes each.
    let (units, calls) = cost("q=nobody").await;
    assert!((200.0..420.0).contains(&units) && calls <= 8, "{units} units in {calls} calls");
    // The first page of what is found everywhere, and of everything.
    let (units, _) = cost("tag=rust").await;
    assert!(units < 40.0, "{units} units");
    let (units, _) = cost("").await;
    assert!(units < 12.0, "{units} units");
    kith.shut_down().await;
}
