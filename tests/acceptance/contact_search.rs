//! Finding cards again: by whom, where, when and what.

use crate::cards::{PATH, add, found, ids, list, path};
use futures::future::join_all;
use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// Looks for cards; gives their last names, in the order of the list.
async fn names(owner: &Actor, parameters: &[(&str, &str)]) -> Vec<String> {
    let page = owner.get(&format!("{}&limit=100", list(parameters))).await;
    let items = page.assert_status(200).json()["items"].as_array().unwrap().clone();
    items.iter().map(|card| card["last_name"].as_str().unwrap().to_owned()).collect()
}

/// Somebody with a few cards of people who are easily taken for one another.
async fn with_friends(kith: &Kith) -> Actor {
    let ada = kith.registered("ada").await;
    for card in [
        json!({
            "first_name": "Søren", "last_name": "one", "email": "Soren@Example.org", "company": "Either & Or",
            "position": "Author", "event": "RustFest Global 2020", "place": "København", "met_at": "2020-09",
            "tags": ["Philosophy", "Walks"], "phone": "+45 555", "social_media": "@kierkegaard", "spark": "Zeppelin",
        }),
        json!({
            "first_name": "Zoë", "last_name": "two", "company": "STRASSEN-BAU GmbH", "event": "Rust Meetup",
            "place": "Łódź, Piotrkowska 104", "met_at": "2020-09-21T19:30+02:00", "tags": ["Rust", "two words"],
        }),
        json!({
            "first_name": "José María", "last_name": "three", "company": "Øresund A/S", "position": "Straßenbauer",
            "event": "Smalltalk Café", "place": "İstanbul", "met_at": "2020", "tags": ["rusty", "café"],
        }),
        json!({"last_name": "four", "place": "Αθήνα", "company": "ΟΔΥΣΣΕΎΣ", "met_at": "2021-02-03", "tags": ["ＡＣＭＥ"]}),
        json!({"last_name": "five", "event": "Łódź Design Festival", "introduced_by": {"name": "Søren"}}),
    ] {
        add(&ada, card).await;
    }
    ada
}

#[tokio::test]
async fn a11_cards_are_found_by_every_field_in_any_case_and_without_accents() {
    let kith = Kith::shared().await;
    let ada = with_friends(&kith).await;
    for (parameter, text, expected) in [
        ("q", "soren", &["one"][..]),
        ("q", "SØREN", &["one"]),
        ("q", "So\u{301}REN", &["one"]),
        ("q", "  soren   one ", &["one"]),
        ("q", "one soren", &["one"]),
        ("q", "or", &["three", "two", "one"]),
        ("q", "@example.ORG", &["one"]),
        ("q", "author philosophy københavn fest", &["one"]),
        ("q", "zoe", &["two"]),
        ("q", "strasse", &["three", "two"]),
        ("q", "straße", &["three", "two"]),
        ("q", "STRAẞE", &["three", "two"]),
        ("q", "lodz", &["five", "two"]),
        ("q", "two words", &["two"]),
        ("q", "words rust", &["two"]),
        ("q", "rust", &["three", "two", "one"]),
        ("q", "oresund", &["three"]),
        ("q", "jose maria", &["three"]),
        ("q", "istanbul", &["three"]),
        ("q", "acme", &["four"]),
        ("q", "οδυσσευς", &["four"]),
        ("q", "αθηνα", &["four"]),
        ("q", "soren lodz", &[]),
        ("q", "e f", &["five", "four", "three", "one"]),
        ("q", "zeppelin", &["one"]),
        ("q", "555", &["one"]),
        ("q", "kierkegaard", &["one"]),
        // Of long texts words are sought, not parts of them; and others' names are not looked at.
        ("q", "zeppeli", &[]),
        ("q", "kierkegaar", &["one"]),
        ("company", "either &", &["one"]),
        ("company", "straßen", &["two"]),
        ("company", "rust", &[]),
        ("event", "RUST", &["two", "one"]),
        ("event", "rust  meetup", &["two"]),
        ("event", "meetup rust", &[]),
        ("event", "cafe", &["three"]),
        ("place", "lodz", &["two"]),
        ("place", "ŁÓDŹ", &["two"]),
        ("place", "piotrkowska 104", &["two"]),
        ("place", "ISTANBUL", &["three"]),
        ("tag", "rust", &["two"]),
        ("tag", "RUSTY", &["three"]),
        ("tag", "rus", &[]),
        ("tag", "CAFE\u{301}", &["three"]),
        ("tag", " Two  Words ", &["two"]),
        ("tag", "words", &[]),
    ] {
        assert_eq!(names(&ada, &[(parameter, text)]).await, expected, "{parameter}={text}");
    }
}

#[tokio::test]
async fn a11_dates_take_whom_one_may_have_met_then() {
    let kith = Kith::shared().await;
    let ada = with_friends(&kith).await;
    for (from, to, expected) in [
        (Some("2020"), Some("2020"), &["three", "two", "one"][..]),
        (Some("2020"), None, &["four", "three", "two", "one"]),
        (None, Some("2020"), &["three", "two", "one"]),
        (Some("2020-09"), Some("2020-09"), &["three", "two", "one"]),
        (Some("2020-09-22"), Some("2020-09-25"), &["three", "one"]),
        (Some("2020-09-21"), Some("2020-09-21"), &["three", "two", "one"]),
        (Some("2020-09-21T19:31"), None, &["four", "three", "one"]),
        (None, Some("2020-09-21T19:30Z"), &["three", "two", "one"]),
        (None, Some("2020-09-21T19:29:59"), &["three", "one"]),
        (Some("2020-10"), Some("2020-11"), &["three"]),
        (Some("2021"), None, &["four"]),
        (Some("2021-02-04"), None, &[]),
        (None, Some("2019-12-31T23:59:59Z"), &[]),
        (Some("0001"), Some("9999"), &["four", "three", "two", "one"]),
    ] {
        let pairs = [from.map(|from| ("met_from", from)), to.map(|to| ("met_to", to))];
        let pairs: Vec<_> = pairs.into_iter().flatten().collect();
        assert_eq!(names(&ada, &pairs).await, expected, "{pairs:?}");
    }
    for (from, to) in [("2021", "2020"), ("2020-09-22", "2020-09-21"), ("2020-09-21T10:01Z", "2020-09-21T10:00Z")] {
        ada.get(&list(&[("met_from", from), ("met_to", to)])).await.assert_faults(&["?met_to"]);
    }
}

#[tokio::test]
async fn g06_where_and_when_did_we_meet() {
    let kith = Kith::shared().await;
    let ada = with_friends(&kith).await;
    let september = [("met_from", "2020-09"), ("met_to", "2020-09")];
    for (parameters, expected) in [
        (&[("place", "kobenhavn"), ("event", "rust")][..], &["one"][..]),
        (&[("place", "lodz"), ("event", "rust")], &["two"]),
        (&[("place", "lodz"), ("event", "fest")], &[]),
        (
            &[("place", "istanbul"), ("event", "cafe"), ("tag", "CAFÉ"), ("company", "oresund"), ("q", "jose")],
            &["three"],
        ),
        (&[("place", "istanbul"), ("event", "cafe"), ("tag", "rust")], &[]),
        (&[("event", "rust"), ("q", "zoe")], &["two"]),
    ] {
        let mut parameters = parameters.to_vec();
        parameters.extend(september);
        assert_eq!(names(&ada, &parameters).await, expected, "{parameters:?}");
        // Of two nobody knows which counts.
        parameters.extend([("met_from", "2022"), ("met_to", "2023")]);
        ada.get(&list(&parameters)).await.assert_faults(&["?met_from", "?met_to"]);
    }
}

#[tokio::test]
async fn a11_a_field_of_the_search_form_that_is_left_empty_asks_nothing() {
    let kith = Kith::shared().await;
    let ada = with_friends(&kith).await;
    let all = ["five", "four", "three", "two", "one"];
    let empty = ["q", "company", "event", "place", "tag", "met_from", "met_to"].map(|name| (name, ""));
    assert_eq!(names(&ada, &empty).await, all);
    let mut with_place: Vec<_> = empty.into_iter().filter(|(name, _)| *name != "place").collect();
    with_place.push(("place", "lodz"));
    assert_eq!(names(&ada, &with_place).await, ["two"]);
    for name in ["q", "company", "event", "place", "tag"] {
        assert_eq!(names(&ada, &[(name, "  \t ")]).await, all, "{name}");
    }
    // What one does not know is no question.
    ada.get(&list(&[("colour", "red"), ("tag", "rust")])).await.assert_faults(&["?colour"]);
}

#[tokio::test]
async fn a11_a_search_that_cannot_be_read_names_every_fault() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let texts = ["q", "company", "event", "place", "tag"];
    let long = "é".repeat(201);
    let mut bad: Vec<(&str, &str)> = texts.iter().map(|name| (*name, long.as_str())).collect();
    bad.extend([("met_from", "x"), ("met_to", "2020-13")]);
    let problem = ada.get(&list(&bad)).await.assert_faults(&[
        "?q",
        "?company",
        "?event",
        "?place",
        "?tag",
        "?met_from",
        "?met_to",
    ]);
    assert!(problem.errors.iter().all(|fault| !fault.detail.contains('é')), "{problem:?}");
    for name in texts {
        assert!(found(&ada, &[(name, &"e\u{301}".repeat(200))]).await.is_empty());
    }
    // Bytes that are no text find nothing and break nothing.
    for query in ["q=%ff", "q=%00", "q=%", "place=%C3", "q=\\", "tag=%F0%9F"] {
        let answer = ada.get(&format!("{PATH}?{query}")).await;
        assert!([200, 400].contains(&answer.status()), "{answer}");
        assert!(answer.status() == 400 || ids(&answer).is_empty(), "{answer}");
    }
}

#[tokio::test]
async fn a11_a_card_is_found_by_what_is_on_it_now() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, json!({"first_name": "Grace", "place": "Paris", "met_at": "2020", "tags": ["navy"]})).await;
    let finds = async |parameter: &str, text: &str| !found(&ada, &[(parameter, text)]).await.is_empty();
    for (change, found, lost) in [
        (json!({"place": "Łódź"}), ("place", "lodz"), ("place", "paris")),
        (json!({"tags": ["cobol"]}), ("tag", "cobol"), ("tag", "navy")),
        (json!({"tags": null}), ("q", "grace"), ("tag", "cobol")),
        (json!({"met_at": "2021"}), ("met_from", "2021"), ("met_to", "2020")),
        (json!({"met_at": null}), ("q", "lodz"), ("met_from", "2021")),
        (json!({"place": null}), ("q", "GRACE"), ("q", "lodz")),
        (json!({"first_name": null, "company": "Navy"}), ("company", "navy"), ("q", "grace")),
        (json!({"event": "Rust Meetup", "email": "g@example.org"}), ("event", "meetup"), ("place", "meetup")),
        (json!({"position": "Rear Admiral"}), ("q", "navy meetup g@ rear"), ("company", "rear")),
        (json!({"spark": "Bonded over moths", "phone": "123"}), ("q", "navy moths 123"), ("q", "butterflies")),
        (json!({"spark": "Bonded over bees", "phone": null}), ("q", "bees"), ("q", "moths")),
    ] {
        ada.patch(&path(&id)).json(&change).await.assert_status(200);
        assert!(finds(found.0, found.1).await, "{found:?} after {change}");
        assert!(!finds(lost.0, lost.1).await, "{lost:?} after {change}");
    }
    ada.delete(&path(&id)).await.assert_status(204);
    assert!(!finds("q", "navy").await);
}

/// Read units of a request, and its calls beside those that find out who asks.
async fn cost(kith: &Kith, owner: &Actor, path: &str) -> (f64, usize) {
    let answer = owner.get(path).await;
    answer.assert_status(200);
    let record = kith.record_of(&answer).await;
    let calls = record.calls.iter().filter(|call| !["keys#", "auth#"].contains(&call.key_prefixes[0].as_str()));
    assert!(record.write_units < 0.5);
    let calls: Vec<f64> = calls.map(|call| call.read_units).collect();
    (calls.iter().sum(), calls.len())
}

#[tokio::test]
async fn g02_a_search_costs_what_its_entries_cost_however_long_the_sparks_are() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let owners = [kith.registered("brief").await, kith.registered("chatty").await];
    for (owner, spark) in owners.iter().zip(["x".to_owned(), "語".repeat(9000)]) {
        let card = |n: usize| {
            json!({
                "first_name": "Grace", "last_name": "Hopper", "company": "Navy", "position": "Rear Admiral",
                "event": "Rust Meetup", "place": if n == 7 { "Łódź" } else { "Arlington, Virginia" },
                "met_at": "2020-09-21", "email": "grace@example.org", "tags": ["cobol", "compiler"],
                "spark": spark, "social_media": spark.chars().take(400).collect::<String>(),
            })
        };
        for batch in 0..12 {
            join_all((0..10).map(|n| add(owner, card(10 * batch + n)))).await;
        }
    }
    let [brief, chatty] = &owners;
    for parameters in [&[("q", "nobody")][..], &[("place", "paris")], &[("met_from", "2021"), ("tag", "cobol")]] {
        let (units, calls) = cost(&kith, brief, &list(parameters)).await;
        // 120 entries of less than 600 bytes, read in two stretches; with the signature of a long text, of 320 bytes more.
        assert!(units <= 18.0 && calls == 2, "{parameters:?}: {units} units in {calls} calls");
        let (chatty_units, chatty_calls) = cost(&kith, chatty, &list(parameters)).await;
        let signatures = 120.0 * 320.0 / 4096.0 + 1.0;
        assert!(chatty_units <= units + signatures && chatty_calls == calls, "{parameters:?}: {chatty_units} units");
    }
    // One that is found costs the reading of one card more: 27 KB are seven units.
    let one = list(&[("place", "lodz")]);
    let ((brief_units, calls), (chatty_units, _)) = (cost(&kith, brief, &one).await, cost(&kith, chatty, &one).await);
    assert_eq!(calls, 3);
    assert!(chatty_units - brief_units <= 7.0 + 120.0 * 320.0 / 4096.0 + 1.0, "{chatty_units} and {brief_units}");
    // Where the newest are what is sought, no more is read than the first stretch; and a filter costs nothing where
    // none is given.
    let (units, calls) = cost(&kith, brief, &format!("{}&limit=5", list(&[("q", "grace")]))).await;
    assert!(units <= 10.0 + 6.0 && calls == 2, "{units} units in {calls} calls");
    assert_eq!(cost(&kith, brief, &format!("{PATH}?limit=5")).await.1, 1);
}

#[tokio::test]
async fn g02_what_a_card_costs_to_write_is_known() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let cost = async |request: kith_tests::Request| {
        let record = kith.record_of(&request.await).await;
        (record.status, record.write_units)
    };
    let card = |fields: Value| ada.post(PATH).json(fields);
    // The card, its entry, and what is counted.
    assert_eq!(cost(card(json!({"first_name": "Ada"}))).await, (201, 6.0));
    let id = add(&ada, json!({"first_name": "Ada"})).await;
    let patch = |fields: Value| ada.patch(&path(&id)).json(fields);
    // What a search does not see is one write; what it sees are two, and both or none.
    assert_eq!(cost(patch(json!({"met_at": null, "introduced_by": {"name": "Grace"}}))).await, (200, 1.0));
    assert_eq!(cost(patch(json!({"spark": "sourdough"}))).await, (200, 4.0));
    assert_eq!(cost(patch(json!({"spark": "Sourdough!"}))).await, (200, 1.0), "it has the same words");
    assert_eq!(cost(patch(json!({"place": "Jena"}))).await, (200, 4.0));
    assert_eq!(cost(patch(json!({"place": "JENA"}))).await, (200, 1.0), "it folds to the same");
    let memories = format!("{}/memories", path(&id));
    // The memory, the card's entry, and what is counted.
    assert_eq!(cost(ada.post(&memories).json(json!({"text": "Tea"}))).await, (201, 6.0));
    // The card, its entry, what is counted, and the task of erasing the memories with its place in the index.
    assert!(cost(ada.delete(&path(&id))).await.1 <= 10.0);
}
