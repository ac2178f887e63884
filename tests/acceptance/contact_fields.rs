//! What may be written on a card, and what comes back of it.

use crate::cards::{FIELDS, PATH, add, found, full, ids, path, show};
use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// What is written on a card, of an answer or of a request: absent is null, but no tags are none.
fn written(card: &Value) -> Value {
    let known = |field: &str| (field.to_owned(), card[field].clone());
    let mut fields: serde_json::Map<_, _> = FIELDS.into_iter().map(known).collect();
    if fields["tags"].is_null() {
        fields["tags"] = json!([]);
    }
    Value::Object(fields)
}

async fn count(owner: &Actor) -> usize {
    ids(&owner.get(&format!("{PATH}?limit=100")).await).len()
}

#[tokio::test]
async fn a04_every_field_of_a_new_card_comes_back_exactly() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let created = ada.post(PATH).json(full()).await;
    let card = created.assert_status(201).json();
    assert_eq!(written(&card), written(&full()));
    let id = created.text_at("/id");
    assert_eq!(created.header("location"), Some(path(&id).as_str()));
    assert!(id.starts_with("con_") && card["follow_up"].is_null(), "{card}");
    assert_eq!(card["created_at"], card["updated_at"]);
    assert!(card["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());

    assert_eq!(ada.get(created.header("location").unwrap()).await.json(), card);
    assert_eq!(ada.get(PATH).await.json()["items"], json!([card]));
}

#[tokio::test]
async fn a04_what_is_not_known_is_null_and_the_smallest_card_is_one_name() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for name in ["first_name", "last_name", "company"] {
        let card = show(&ada, &add(&ada, json!({name: "X"})).await).await;
        assert_eq!(written(&card), written(&json!({name: "X"})));
    }
    // Null says the same as nothing.
    let nulls: serde_json::Map<_, _> = FIELDS.into_iter().map(|field| (field.to_owned(), Value::Null)).collect();
    let mut nulls = Value::Object(nulls);
    nulls["company"] = "Acme".into();
    assert_eq!(written(&show(&ada, &add(&ada, nulls).await).await), written(&json!({"company": "Acme"})));
}

#[tokio::test]
async fn a03_an_empty_contact_is_refused() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let names = ["/company", "/first_name", "/last_name"];
    for (nobody, faults) in [
        (json!({}), &names[..]),
        (json!({"first_name": null, "last_name": null, "company": null}), &names),
        (json!({"email": "a@example.org", "position": "X", "spark": "X", "tags": ["x"], "met_at": "2020"}), &names),
        (json!({"first_name": ""}), &["/first_name"]),
        (json!({"first_name": " \t", "last_name": "\u{a0}\u{2003}", "company": "\n"}), &names),
        (json!({"company": "", "email": "x"}), &["/company", "/email"]),
        (json!({"email": "x"}), &["/company", "/email", "/first_name", "/last_name"]),
    ] {
        let problem = ada.post(PATH).json(&nobody).await.assert_faults(faults);
        assert!(problem.errors.iter().all(|fault| !fault.detail.is_empty()), "{nobody}: {problem:?}");
    }
    assert_eq!(count(&ada).await, 0);
}

#[tokio::test]
async fn a06_every_bad_field_is_named_once_and_nothing_is_stored() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let bad = json!({
        "first_name": "two\nlines", "last_name": 5, "email": "no address", "company": "", "position": ["x"],
        "social_media": {}, "phone": true, "event": "bell\u{7}", "place": 1.5, "met_at": "yesterday", "spark": "",
        "tags": ["fine", "", "fine too", 7], "introduced_by": {"contact_id": "con_1", "name": ""},
        "id": "con_1", "owner": "usr_1", "rev": 7, "follow_up": null, "created_at": "2020-01-01T00:00:00Z", "a/b~c": 1,
    });
    let pointers = [
        "/first_name",
        "/last_name",
        "/email",
        "/company",
        "/position",
        "/social_media",
        "/phone",
        "/event",
        "/place",
        "/met_at",
        "/spark",
        "/tags/1",
        "/introduced_by/contact_id",
        "/introduced_by/name",
        "/id",
        "/owner",
        "/rev",
        "/follow_up",
        "/created_at",
        "/a~1b~0c",
    ];
    let answer = ada.post(PATH).json(&bad).await;
    let problem = answer.assert_faults(&pointers);
    for fault in &problem.errors {
        assert!(!fault.detail.contains("yesterday") && !fault.detail.contains("no address"), "{fault:?}");
    }
    assert_eq!(count(&ada).await, 0);

    let id = add(&ada, full()).await;
    let before = show(&ada, &id).await;
    ada.patch(&path(&id)).json(&bad).await.assert_faults(&pointers);
    assert_eq!(show(&ada, &id).await, before);
}

#[tokio::test]
async fn a06_an_introducer_is_a_card_or_a_name_and_nothing_else() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for (bad, pointers) in [
        (json!({}), &["/introduced_by"][..]),
        (json!({"name": null}), &["/introduced_by"]),
        (json!("Grace"), &["/introduced_by"]),
        (json!(["Grace"]), &["/introduced_by"]),
        (json!({"name": "Grace", "id": 1}), &["/introduced_by/id"]),
        (json!({"name": "x".repeat(122)}), &["/introduced_by/name"]),
        (json!({"contact_id": ada.id()}), &["/introduced_by/contact_id"]),
        (json!({"contact_id": 5, "name": 5}), &["/introduced_by/contact_id", "/introduced_by/name"]),
    ] {
        let card = json!({"first_name": "Ada", "introduced_by": bad});
        ada.post(PATH).json(&card).await.assert_faults(pointers);
    }
    assert_eq!(count(&ada).await, 0);
}

/// The fields of one text, and how many characters each may have.
const LIMITS: [(&str, usize); 9] = [
    ("first_name", 60),
    ("last_name", 60),
    ("company", 60),
    ("position", 60),
    ("social_media", 400),
    ("phone", 30),
    ("event", 80),
    ("place", 120),
    ("spark", 9000),
];

/// An address of so many characters.
fn address(length: usize) -> String {
    let label = "d".repeat(62);
    let domain = format!("{label}.{label}.{label}.org");
    format!("{}@{domain}", "x".repeat(length - 1 - domain.len()))
}

#[tokio::test]
async fn a07_each_field_takes_its_limit_in_characters_and_not_one_more() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    // One byte, two, four, and a letter that is sent as two characters and is one.
    for (letter, kept) in [("a", "a"), ("ß", "ß"), ("🦀", "🦀"), ("e\u{301}", "é")] {
        let of = |extra: usize| {
            let texts = LIMITS.map(|(field, limit)| (field.to_owned(), Value::from(letter.repeat(limit + extra))));
            let mut card = Value::Object(texts.into_iter().collect());
            card["email"] = address(254 + extra).into();
            card["introduced_by"] = json!({"name": letter.repeat(121 + extra)});
            card
        };
        let card = show(&ada, &add(&ada, of(0)).await).await;
        for (field, limit) in LIMITS {
            assert_eq!(card[field], kept.repeat(limit), "{field}");
        }
        assert_eq!(card["email"], address(254));
        assert_eq!(card["introduced_by"]["name"], kept.repeat(121));

        let mut pointers: Vec<String> = LIMITS.iter().map(|(field, _)| format!("/{field}")).collect();
        pointers.extend(["/email".to_owned(), "/introduced_by/name".to_owned()]);
        let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let problem = ada.post(PATH).json(of(1)).await.assert_faults(&pointers);
        for fault in &problem.errors {
            let limit = LIMITS.iter().find(|(field, _)| fault.pointer == format!("/{field}"));
            assert!(limit.is_none_or(|(_, limit)| fault.detail.contains(&limit.to_string())), "{fault:?}");
        }
    }
    assert_eq!(count(&ada).await, 4);
}

#[tokio::test]
async fn a07_white_space_around_a_text_does_not_count_and_is_dropped() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let padded = LIMITS.map(|(field, limit)| (field.to_owned(), Value::from(format!("  {}\t\n", "x".repeat(limit)))));
    let card = show(&ada, &add(&ada, Value::Object(padded.into_iter().collect())).await).await;
    for (field, limit) in LIMITS {
        assert_eq!(card[field], "x".repeat(limit), "{field}");
    }
}

/// A client may write every character as an escape: the longest card is then much larger than its text.
#[tokio::test]
async fn a07_the_longest_card_is_taken_however_its_json_is_written() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let escaped = |text: &str| {
        let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        units.concat()
    };
    // One character of two escapes; and one that is sent as four, of which one is made.
    for (letter, kept) in [("🦀", "🦀"), ("α\u{313}\u{300}\u{345}", "ᾂ")] {
        let texts = LIMITS.map(|(field, limit)| format!("\"{field}\":\"{}\"", escaped(&letter.repeat(limit))));
        let tag = |n: usize| format!("\"{n:02}{}\"", escaped(&letter.repeat(28)));
        let tags: Vec<String> = (0..20).map(tag).collect();
        let (introducer, texts, tags) = (escaped(&letter.repeat(121)), texts.join(","), tags.join(","));
        let body = format!(
            "{{{texts},\"email\":\"{}\",\"tags\":[{tags}],\"introduced_by\":{{\"name\":\"{introducer}\"}}}}",
            escaped(&address(254)),
        );
        let created = ada.post(PATH).body("application/json", body.clone()).await;
        assert_eq!(created.assert_status(201).json()["spark"], kept.repeat(9000));
        let patched = ada.patch(&path(&created.text_at("/id"))).body("application/json", body).await;
        assert_eq!(written(&patched.assert_status(200).json()), written(&created.json()));
    }
    let too_large = format!("{{\"spark\":\"{}\"}}", "x".repeat(256 * 1024));
    ada.post(PATH).body("application/json", too_large).await.assert_problem(413, "too-large");
}

#[tokio::test]
async fn a07_a_card_has_at_most_20_tags_no_two_alike() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let tags = |count: usize| (0..count).map(|n| format!("{n:é>30}")).collect::<Vec<_>>();
    let with = |tags: Value| json!({"first_name": "Ada", "tags": tags});
    let card = show(&ada, &add(&ada, with(json!(tags(20)))).await).await;
    assert_eq!(card["tags"], json!(tags(20)), "in the order in which they were given");
    assert_eq!(show(&ada, &add(&ada, with(json!([]))).await).await["tags"], json!([]));
    let composed = show(&ada, &add(&ada, with(json!(["e\u{301}".repeat(30), "  two  words "]))).await).await;
    assert_eq!(composed["tags"], json!(["é".repeat(30), "two  words"]));

    for (bad, pointer) in [
        (json!(tags(21)), "/tags"),
        (json!(["ok", "x".repeat(31)]), "/tags/1"),
        (json!(["e\u{301}".repeat(31)]), "/tags/0"),
        (json!(["", "ok"]), "/tags/0"),
        (json!(["ok", " \t "]), "/tags/1"),
        (json!(["two\nlines"]), "/tags/0"),
        (json!([null]), "/tags/0"),
        (json!([["nested"]]), "/tags/0"),
        (json!("rust"), "/tags"),
        (json!({"0": "rust"}), "/tags"),
        (json!(["Rust", "rust"]), "/tags"),
        (json!(["Café", "cafe"]), "/tags"),
        (json!(["straße", "STRASSE"]), "/tags"),
        (json!(["two words", "Two  Words"]), "/tags"),
        (json!(["e\u{301}", "é"]), "/tags"),
    ] {
        ada.post(PATH).json(with(bad.clone())).await.assert_faults(&[pointer]);
    }
    assert_eq!(count(&ada).await, 3);
}

#[tokio::test]
async fn a08_whole_and_partial_dates_are_kept_as_they_are_given() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for date in [
        "2020",
        "0001",
        "9999",
        "2020-09",
        "2020-09-21",
        "2020-02-29",
        "2000-02-29",
        "2020-09-21T10:00Z",
        "2020-09-21T10:00",
        "2020-09-21T00:00Z",
        "2020-09-21T23:59",
        "2020-09-21T10:00:07",
        "2020-09-21T10:00:07Z",
        "2020-09-21T10:00:07.5Z",
        "2020-09-21T10:00:07.123456789+05:45",
        "2020-09-21T10:00-09:30",
        "2020-09-21T10:00+00:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00+14:00",
    ] {
        let id = add(&ada, json!({"first_name": "Ada", "met_at": date})).await;
        assert_eq!(show(&ada, &id).await["met_at"], date);
        assert!(found(&ada, &[("met_from", date), ("met_to", date)]).await.contains(&id), "{date}");
        ada.delete(&path(&id)).await.assert_status(204);
    }
}

#[tokio::test]
async fn a08_what_is_no_date_is_refused() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for bad in [
        "x",
        "",
        " ",
        "0",
        "20",
        "202",
        "0000",
        "10000",
        "-2020",
        "+2020",
        "20200",
        "2020-",
        "2020-9",
        "2020-00",
        "2020-13",
        "2020-9-1",
        "2020-09-",
        "2020-09-00",
        "2020-09-31",
        "2021-02-29",
        "1900-02-29",
        "2020/09/21",
        "21.09.2020",
        "20200921",
        "2020-265",
        "2020-W39",
        "2020-09-21T",
        "2020-09-21T10",
        "2020-09-21T1000",
        "2020-09-21T24:00",
        "2020-09-21T10:60",
        "2020-09-21T10:00:60",
        "2020-09-21T10:00:61",
        "2020-09-21T10:00:00,5",
        "2020-09-21T10:00:00.1234567890",
        "2020-09-21 10:00",
        "2020-09-21t10:00z",
        "2020-09-21T10:00+25:00",
        "2020-09-21T10:00+01:60",
        "2020-09-21T10:00+0100",
        "2020-09-21T10:00+01",
        "2020-09-21T10:00−01:00",
        "2020-09-21T10:00Z[UTC]",
        "2020-09T10:00",
        "2020T10:00",
        "T10:00",
        "٢٠٢٠",
        "２０２０",
        "2020-09-21T10:00Z\u{0}",
        "now",
        "null",
    ] {
        let card = json!({"first_name": "Ada", "met_at": bad});
        ada.post(PATH).json(&card).await.assert_faults(&["/met_at"]);
        if !bad.is_empty() {
            ada.get(&crate::cards::list(&[("met_from", bad), ("met_to", bad)]))
                .await
                .assert_faults(&["?met_from", "?met_to"]);
        }
    }
    for bad in [json!(2020), json!(20.5), json!(["2020"]), json!({"year": 2020}), json!(true)] {
        ada.post(PATH).json(json!({"first_name": "Ada", "met_at": bad})).await.assert_faults(&["/met_at"]);
    }
    assert_eq!(count(&ada).await, 0);
}

#[tokio::test]
async fn a17_script_and_injection_are_kept_word_for_word_and_do_nothing() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let innocent = add(&ada, json!({"first_name": "Grace", "spark": "Harmless"})).await;
    let mut stored = Vec::new();
    for text in [
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "\"; DROP TABLE kith;",
        "{\"S\": \"x\"}",
        "#rev = :loaded",
        "attribute_exists(pk)",
        "contact#con_1",
        "{{7*7}} ${7*7} #{7*7}",
        "%00%0d%0aX: y",
        "../../etc/passwd",
        "=HYPERLINK(\"x\")",
        "zero\u{200b}width",
        "\\u0000 \\n",
        "%s%n",
    ] {
        let short: String = text.chars().take(30).collect();
        let card = json!({
            "first_name": short, "last_name": short, "company": text, "position": text, "social_media": text,
            "phone": short, "event": text, "place": text, "spark": text, "tags": [short],
            "introduced_by": {"name": text},
        });
        let created = eve.post(PATH).json(&card).await;
        assert_eq!(written(&created.assert_status(201).json()), written(&card));
        let id = created.text_at("/id");
        let seen = eve.get(&path(&id)).await;
        assert_eq!(written(&seen.json()), written(&card));
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.header("x-content-type-options"), Some("nosniff"));
        // It is sought for as what it is.
        assert!(found(&eve, &[("q", text), ("company", text), ("event", text), ("place", text)]).await.contains(&id));
        assert_eq!(found(&eve, &[("tag", &short)]).await, std::slice::from_ref(&id));
        assert!(found(&ada, &[("q", text)]).await.is_empty(), "{text}");
        stored.push(id);
    }
    stored.reverse();
    assert_eq!(found(&eve, &[]).await, stored);
    assert_eq!(found(&ada, &[]).await, [innocent]);
}

#[tokio::test]
async fn a06_control_characters_are_refused_and_lines_are_for_long_texts() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for (field, limit) in LIMITS {
        let with = |text: &str| json!({"company": "Acme", field: text});
        let is_long = limit >= 400;
        for control in ["\u{0}", "\u{7}", "\u{1b}[31m", "\u{7f}", "\u{85}"] {
            ada.post(PATH).json(with(&format!("a{control}b"))).await.assert_faults(&[&format!("/{field}")]);
        }
        for line in ["a\nb", "a\r\nb", "a\tb"] {
            let answer = ada.post(PATH).json(with(line)).await;
            if is_long {
                assert_eq!(answer.assert_status(201).json()[field], line);
            } else {
                answer.assert_faults(&[&format!("/{field}")]);
            }
        }
    }
}
