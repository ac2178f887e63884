//! One-line texts: something to be seen, nothing that turns around, and nothing invisible that makes two of one.

use crate::cards::{self, add, found};
use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// Nobody sees these, alone or together.
const INVISIBLE: [&str; 14] = [
    "\u{200b}",
    "\u{3164}",
    "\u{2800}",
    "\u{ad}",
    "\u{115f}",
    "\u{1160}",
    "\u{ffa0}",
    "\u{fe0f}",
    "\u{e0041}\u{e007f}",
    "\u{34f}",
    "\u{2060}",
    "\u{feff}",
    "\u{200d}\u{200c}",
    "\u{a0}\u{200b} ",
];

/// Every field of one line, with what it is part of.
const LINES: [(&str, &str); 8] = [
    ("first_name", "/first_name"),
    ("last_name", "/last_name"),
    ("company", "/company"),
    ("position", "/position"),
    ("phone", "/phone"),
    ("event", "/event"),
    ("place", "/place"),
    ("introduced_by", "/introduced_by/name"),
];

fn with(field: &str, text: &str) -> Value {
    match field {
        "introduced_by" => json!({"introduced_by": {"name": text}}),
        field => json!({field: text}),
    }
}

async fn assert_refused_everywhere(ada: &Actor, card: &str, text: &str) {
    for (field, pointer) in LINES {
        ada.patch(&cards::path(card)).json(with(field, text)).await.assert_faults(&[pointer]);
    }
    for (field, pointer) in [("first_name", "/first_name"), ("last_name", "/last_name")] {
        ada.patch("/v1/me").json(with(field, text)).await.assert_faults(&[pointer]);
    }
    let location = json!({"location": {"city": text, "state": text, "country": text}});
    let pointers = ["/location/city", "/location/country", "/location/state"];
    ada.patch("/v1/me").json(location).await.assert_faults(&pointers);
    let plan = json!({"at": "9999-01-01", "what": text, "place": text});
    ada.put(&format!("{}/follow-up", cards::path(card))).json(plan).await.assert_faults(&["/place", "/what"]);
    let tags = ada.patch(&cards::path(card)).json(json!({"tags": [text]})).await;
    tags.assert_status(422);
}

#[tokio::test]
async fn h15_a_text_needs_something_that_can_be_seen() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = add(&ada, json!({"first_name": "Zoë"})).await;
    for text in INVISIBLE {
        assert_refused_everywhere(&ada, &card, text).await;
        let mut registration = kith.newcomer("eve").person.registration();
        registration["first_name"] = text.into();
        kith.newcomer("eve").post("/v1/auth/register").json(registration).await.assert_faults(&["/first_name"]);
        ada.patch("/v1/me").json(json!({"bio": text})).await.assert_faults(&["/bio"]);
        ada.patch(&cards::path(&card)).json(json!({"spark": text})).await.assert_faults(&["/spark"]);
    }
}

#[tokio::test]
async fn h15_a_line_turns_nothing_around_and_breaks_nowhere() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = add(&ada, json!({"first_name": "Zoë"})).await;
    for text in [
        "\u{202e}moK",
        "mo\u{202d}K",
        "a\u{202a}b\u{202c}",
        "\u{2066}a\u{2069}",
        "a\u{2067}",
        "a\u{2028}b",
        "a\u{2029}b",
    ] {
        assert_refused_everywhere(&ada, &card, text).await;
    }
}

#[tokio::test]
async fn h15_what_scripts_and_emoji_need_stays_as_it_was_written() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for name in ["می\u{200c}خواهم", "👩\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "ක\u{200d}ෂ", "שלום\u{200f}", "葛\u{e0100}"]
    {
        let id = add(&ada, json!({"first_name": name, "tags": [name]})).await;
        let card = cards::show(&ada, &id).await;
        assert_eq!((&card["first_name"], &card["tags"]), (&json!(name), &json!([name])));
    }
}

#[tokio::test]
async fn h15_what_is_invisible_distinguishes_nothing() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let zoe = add(&ada, json!({"first_name": "Zoë", "tags": ["boats"]})).await;
    for invisible in ["\u{200b}", "\u{ad}", "\u{2060}", "\u{fe0f}", "\u{200d}", "\u{e0061}", "\u{115f}"] {
        for text in [format!("a{invisible}"), format!("{invisible}a"), format!("{invisible}A{invisible}")] {
            let tags = json!({"tags": ["a", text]});
            ada.patch(&cards::path(&zoe)).json(tags).await.assert_status(422);
        }
        for text in [format!("zoe{invisible}"), format!("z{invisible}oe"), format!("{invisible}Zoë")] {
            assert_eq!(found(&ada, &[("q", &text)]).await, [zoe.as_str()], "{text:?}");
        }
        assert_eq!(found(&ada, &[("tag", &format!("bo{invisible}ats"))]).await, [zoe.as_str()]);
        // It asks for nothing, like a field that was left empty.
        assert_eq!(found(&ada, &[("q", invisible)]).await, [zoe.as_str()]);
    }
    let hidden = add(&ada, json!({"first_name": "Gr\u{200b}ace"})).await;
    assert_eq!(found(&ada, &[("q", "grace")]).await, [hidden]);
}

#[tokio::test]
async fn h15_names_that_would_speak_for_the_place_are_nobodys() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for name in [
        "admin",
        "Admin",
        "root",
        "support",
        "kith",
        "Kith-Support",
        "security",
        "postmaster",
        "abuse",
        "hostmaster",
        "webmaster",
        "noreply",
        "no-reply",
        "help",
        "system",
        "moderator",
        "www",
        "api",
        "...",
        "-_-",
        "._.",
    ] {
        let mut registration = kith.newcomer("eve").person.registration();
        registration["username"] = name.into();
        let problem =
            kith.newcomer("eve").post("/v1/auth/register").json(registration).await.assert_faults(&["/username"]);
        assert!(!problem.errors[0].detail.contains(name), "{problem:?}");
        ada.patch("/v1/me").json(json!({"username": name})).await.assert_faults(&["/username"]);
        kith.newcomer("eve").log_in_as(name, "a long secret").await.assert_problem(401, "wrong-credentials");
    }
}
