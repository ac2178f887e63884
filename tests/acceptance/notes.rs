//! Sealed notes: what goes in comes out, once, for whoever has the link.

use kith_tests::{Answer, Kith};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Seven days in seconds, the longest and the default.
const LONGEST: i64 = 604_800;

fn fields(of: &Value) -> BTreeSet<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Nothing was written; nothing was read but who calls.
async fn assert_no_effect(kith: &Kith, answer: &Answer) {
    let record = kith.record_of(answer).await;
    let harmless = |prefixes: &[String]| {
        prefixes.iter().all(|prefix| ["auth#", "sessions#", "user#", "keys#"].contains(&prefix.as_str()))
    };
    for call in &record.calls {
        assert!(call.write_units == 0.0 && harmless(&call.key_prefixes), "{call:?} for {answer}");
    }
}

fn seconds(answer: &Answer, name: &str) -> i64 {
    let time: jiff::Timestamp = answer.text_at(name).parse().unwrap();
    assert_eq!(time.subsec_nanosecond(), 0, "{name} of {answer}");
    time.as_second()
}

#[tokio::test]
async fn b01_b03_sealing_gives_a_link_and_opening_it_gives_the_text_once() {
    let kith = Kith::shared().await;
    let (writer, reader) = (kith.visitor(), kith.visitor());
    let sealed = writer.seal(json!({"text": "the key is under the mat"})).await;
    let note = sealed.assert_status(201).json();
    let expected = ["id", "url", "token", "manage_token", "has_passphrase", "max_views", "created_at", "expires_at"];
    assert_eq!(fields(&note), expected.into());
    let token = sealed.text_at("/token");
    assert!(token.len() >= 22 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{token}");
    assert_ne!(token, sealed.text_at("/manage_token"));
    assert!(sealed.text_at("/id").starts_with("not_") && !sealed.text_at("/id").contains(&token));
    let location = sealed.header("location").unwrap();
    assert_eq!(location, format!("/n/{token}"));
    assert_eq!(sealed.text_at("/url"), format!("{}{location}", kith.url()));
    assert_eq!((&note["has_passphrase"], &note["max_views"]), (&json!(false), &json!(1)));
    assert_eq!(seconds(&sealed, "/expires_at") - seconds(&sealed, "/created_at"), LONGEST);

    // Looking uses nothing up, however often and on whatever way.
    for _ in 0..3 {
        let page = reader.get(location).await;
        assert_eq!(page.assert_status(200).header("content-type"), Some("text/html; charset=utf-8"));
        let peeked = reader.peek(&token).await;
        assert_eq!(fields(&peeked.assert_status(200).json()), ["created_at", "expires_at", "has_passphrase"].into());
        for field in ["created_at", "expires_at", "has_passphrase"] {
            assert_eq!(peeked.json()[field], note[field], "{field}");
        }
    }
    let opened = reader.open(&token).await;
    assert_eq!(
        opened.assert_status(200).json(),
        json!({
            "text": "the key is under the mat", "created_at": note["created_at"], "expires_at": note["expires_at"],
            "views_left": 0,
        })
    );
    for answer in [reader.open(&token).await, reader.peek(&token).await, writer.open(&token).await] {
        answer.assert_problem(404, "not-found");
    }
    assert_eq!(reader.get(location).await.status(), 404);
}

#[tokio::test]
async fn a15_nothing_but_a_post_opens_a_note() {
    let kith = Kith::shared().await;
    let (writer, reader) = (kith.visitor(), kith.visitor());
    let token = writer.seal(json!({"text": "a"})).await.text_at("/token");
    for path in [format!("/v1/notes/{token}"), format!("/v1/notes/{token}/open"), format!("/n/{token}")] {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = reader.request(method, &path).await;
            assert!([200, 204, 404, 405].contains(&answer.status()), "{answer}");
            assert!(!answer.text().contains("\"text\""), "{answer}");
        }
    }
    reader.post(&format!("/v1/notes/{token}")).await.assert_problem(405, "method-not-allowed");
    assert_eq!(reader.open(&token).await.assert_status(200).text_at("/text"), "a");
}

#[tokio::test]
async fn b01_it_is_opened_as_often_as_it_may_be() {
    let kith = Kith::shared().await;
    let sealed = kith.visitor().seal(json!({"text": "for three", "max_views": 3})).await;
    let token = sealed.text_at("/token");
    assert_eq!(sealed.json()["max_views"], 3);
    for left in [2, 1, 0] {
        let opened = kith.visitor().open(&token).await;
        assert_eq!(opened.assert_status(200).json()["views_left"], left);
        assert_eq!(opened.text_at("/text"), "for three");
    }
    kith.visitor().open(&token).await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn b01_a_passphrase_opens_however_its_letters_are_put_together() {
    let kith = Kith::shared().await;
    let note = json!({"text": "a", "passphrase": "  Caf\u{e9} \u{1f511}  ", "max_views": 2});
    let sealed = kith.visitor().seal(note).await;
    assert_eq!(sealed.assert_status(201).json()["has_passphrase"], true);
    let token = sealed.text_at("/token");
    assert_eq!(kith.visitor().peek(&token).await.json()["has_passphrase"], true);
    let open = async |passphrase: &str| kith.visitor().open(&token).json(json!({"passphrase": passphrase})).await;
    for wrong in ["Caf\u{e9}\u{1f511}", "  caf\u{e9} \u{1f511}  ", "  Cafe \u{1f511}  "] {
        open(wrong).await.assert_problem(403, "wrong-passphrase");
    }
    for right in ["  Caf\u{e9} \u{1f511}  ", "  Cafe\u{301} \u{1f511}  "] {
        assert_eq!(open(right).await.assert_status(200).text_at("/text"), "a");
    }
}

#[tokio::test]
async fn b01_a_passphrase_for_a_note_without_one_does_no_harm() {
    let kith = Kith::shared().await;
    for body in [json!({}), json!({"passphrase": null}), json!({"passphrase": ""}), json!({"passphrase": "x"})] {
        let token = kith.visitor().seal(json!({"text": "a"})).await.text_at("/token");
        kith.visitor().open(&token).json(body).await.assert_status(200);
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn b02_a_form_seals_as_json_does() {
    let kith = Kith::shared().await;
    let text = " 1 + 1 = 2 & <b>\"é\"</b>\r\n%41;\u{1f511}\n ";
    let fields = [("text", text), ("expires_in", "60"), ("max_views", "2"), ("passphrase", "open & sesame")];
    let sealed = kith.visitor().post("/v1/notes").form(&fields).await;
    let note = sealed.assert_status(201).json();
    assert_eq!((&note["max_views"], &note["has_passphrase"]), (&json!(2), &json!(true)));
    assert_eq!(seconds(&sealed, "/expires_at") - seconds(&sealed, "/created_at"), 60);
    assert_eq!(sealed.header("location").unwrap(), format!("/n/{}", sealed.text_at("/token")));
    let open = kith.visitor().open(&sealed.text_at("/token")).json(json!({"passphrase": "open & sesame"}));
    assert_eq!(open.await.assert_status(200).text_at("/text"), text);

    // What a browser leaves blank is left out; plus signs are spaces.
    let blank = "text=a+b%2Bc&expires_in=&max_views=&passphrase=";
    let sealed = kith.visitor().post("/v1/notes").body("application/x-www-form-urlencoded; charset=UTF-8", blank).await;
    let note = sealed.assert_status(201).json();
    assert_eq!((&note["max_views"], &note["has_passphrase"]), (&json!(1), &json!(false)));
    assert_eq!(kith.visitor().open(&sealed.text_at("/token")).await.text_at("/text"), "a b+c");
}

#[tokio::test]
async fn b02_b11_a_bad_form_is_refused_like_bad_json_and_nothing_is_stored() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    let post = |body: &str| visitor.post("/v1/notes").body(FORM, body);
    let long = "x".repeat(129);
    for (body, pointers) in [
        ("", vec!["/text"]),
        ("text=", vec!["/text"]),
        ("max_views=1", vec!["/text"]),
        ("text=a&max_views=0", vec!["/max_views"]),
        ("text=a&max_views=one&expires_in=59", vec!["/max_views", "/expires_in"]),
        ("text=a&expires_in=60.0", vec!["/expires_in"]),
        ("text=a&expires_in=99999999999999999999", vec!["/expires_in"]),
        (&format!("text=a&passphrase={long}"), vec!["/passphrase"]),
        ("text=a&surplus=1&__proto__=1", vec!["/surplus", "/__proto__"]),
    ] {
        let answer = post(body).await;
        answer.assert_faults(&pointers);
        assert_no_effect(&kith, &answer).await;
    }
    for body in ["text=a&text=b", "text=%FF", "text=%C3", "%FF=a&text=a"] {
        let answer = post(body).await;
        answer.assert_problem(400, "bad-request");
        assert_no_effect(&kith, &answer).await;
    }
}

#[tokio::test]
async fn b10_every_text_comes_back_exactly_as_it_was_written() {
    let kith = Kith::shared().await;
    let writer = kith.visitor();
    for text in [
        "<b>&amp;</b><script>alert(1)</script>",
        "' OR 1=1; --",
        "{{7*7}} ${7*7} %s %00 \\u0041 \\",
        " ",
        "\n",
        "\r\n\t mixed \r line \n ends ",
        "\u{0}in the\u{0} middle\u{0}",
        "\u{feff}a byte order mark",
        "caf\u{e9} and cafe\u{301}, \u{212b} and \u{c5}",
        "\u{202e}from right to left\u{202c} \u{200b}\u{200d}",
        "\u{1f469}\u{200d}\u{1f4bb} \u{10ffff} \u{fffd} \u{e000}",
        "\u{1}\u{1f}\u{7f}\u{85}\u{2028}\u{2029}",
        "null",
        "{\"text\": \"nested\"}",
    ] {
        let token = writer.seal(json!({"text": text})).await.assert_status(201).text_at("/token");
        assert_eq!(writer.open(&token).await.assert_status(200).text_at("/text"), text);
    }
}

#[tokio::test]
async fn b11_whatever_is_wrong_is_named_at_once_and_nothing_is_stored() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    let refused = async |body: Value, pointers: &[&str]| {
        let answer = visitor.seal(&body).await;
        answer.assert_faults(pointers);
        assert_no_effect(&kith, &answer).await;
    };
    refused(json!({}), &["/text"]).await;
    for wrong in [json!(""), json!(null), json!(5), json!(true), json!([]), json!({"text": "a"}), json!(["a"])] {
        refused(json!({"text": wrong}), &["/text"]).await;
    }
    for wrong in [json!(0), json!(59), json!(604_801), json!(-60), json!(60.0), json!(60.5), json!(1e3), json!("60")] {
        refused(json!({"text": "a", "expires_in": wrong}), &["/expires_in"]).await;
    }
    for wrong in [json!(0), json!(101), json!(-1), json!(1.0), json!("1"), json!([1]), json!(u64::MAX)] {
        refused(json!({"text": "a", "max_views": wrong}), &["/max_views"]).await;
    }
    for wrong in [json!(""), json!("é".repeat(129)), json!(1234), json!(["x"])] {
        refused(json!({"text": "a", "passphrase": wrong}), &["/passphrase"]).await;
    }
    let all = json!({"text": 1, "expires_in": 1, "max_views": 1000, "passphrase": "", "author": "usr_1", "token": "x"});
    let pointers = ["/text", "/expires_in", "/max_views", "/passphrase", "/author", "/token"];
    refused(all, &pointers).await;

    for body in ["", "{", "[]", "null", "\"text\"", "{\"text\": \"a\", \"text\": \"b\"}", "{\"text\": \"\\ud800\"}"] {
        let answer = visitor.post("/v1/notes").body("application/json", body).await;
        answer.assert_problem(400, "bad-request");
        assert_no_effect(&kith, &answer).await;
    }
    for kind in ["text/plain", "text/xml", "multipart/form-data", ""] {
        let answer = visitor.post("/v1/notes").body(kind, "{\"text\": \"a\"}").await;
        answer.assert_problem(415, "unsupported");
        assert_no_effect(&kith, &answer).await;
    }
    visitor.post("/v1/notes").await.assert_problem(415, "unsupported");
}

#[tokio::test]
async fn b11_the_limits_themselves_are_right() {
    let kith = Kith::shared().await;
    for (note, lasts, views) in [
        (json!({"text": "a", "expires_in": 60}), 60, 1),
        (json!({"text": "a", "expires_in": LONGEST, "max_views": 100}), LONGEST, 100),
        (json!({"text": "a", "expires_in": null, "max_views": null, "passphrase": null}), LONGEST, 1),
        (json!({"text": "a", "passphrase": "x"}), LONGEST, 1),
        (json!({"text": "a", "passphrase": "é".repeat(128), "max_views": 1}), LONGEST, 1),
    ] {
        let sealed = kith.visitor().seal(&note).await;
        sealed.assert_status(201);
        assert_eq!(seconds(&sealed, "/expires_at") - seconds(&sealed, "/created_at"), lasts, "{note}");
        assert_eq!(sealed.json()["max_views"], views, "{note}");
    }
}

#[tokio::test]
async fn b11_what_opens_a_note_is_looked_at_before_the_note_is() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    let token = visitor.seal(json!({"text": "a", "passphrase": "open sesame"})).await.text_at("/token");
    let nobodys = "A".repeat(43);
    for token in [&token, &nobodys] {
        for (body, pointer) in [
            (json!({"passphrase": 1234}), "/passphrase"),
            (json!({"passphrase": ["open sesame"]}), "/passphrase"),
            (json!({"password": "open sesame"}), "/password"),
        ] {
            let answer = visitor.open(token).json(body).await;
            answer.assert_faults(&[pointer]);
            assert_no_effect(&kith, &answer).await;
        }
        visitor.open(token).body("application/json", "[]").await.assert_problem(400, "bad-request");
        visitor.open(token).body("text/plain", "open sesame").await.assert_problem(415, "unsupported");
        visitor.open(token).untyped_body("open sesame").await.assert_problem(415, "unsupported");
        visitor.open(token).body("application/json", vec![b' '; 70_000]).await.assert_problem(413, "too-large");
    }
    visitor.open(&token).json(json!({"passphrase": "open sesame"})).await.assert_status(200);
}

#[tokio::test]
async fn b15_65536_bytes_are_sealed_and_one_more_is_413_however_they_are_written() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    // One, two, three and four bytes a character; and control characters, which JSON writes with six.
    for character in ["a", "é", "€", "\u{1f511}", "\u{1}", "\""] {
        let fitting = character.repeat(65_536 / character.len());
        let text = format!("{fitting}{}", "a".repeat(65_536 - fitting.len()));
        assert_eq!(text.len(), 65_536);
        let long = format!("{text}a");
        let as_json = |text: &str| visitor.seal(json!({"text": text}));
        let as_form = |text: &str| visitor.post("/v1/notes").form(&[("text", text)]);
        for sealed in [as_json(&text).await, as_form(&text).await] {
            let opened = visitor.open(&sealed.assert_status(201).text_at("/token")).await;
            assert!(opened.assert_status(200).text_at("/text") == text, "{character:?} came back otherwise");
        }
        for answer in [as_json(&long).await, as_form(&long).await] {
            let problem = answer.assert_problem(413, "too-large");
            assert!(problem.detail.contains("65536"), "{}", problem.detail);
            assert_no_effect(&kith, &answer).await;
        }
    }
}

#[tokio::test]
async fn b15_x08_much_more_is_refused_before_it_is_parsed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    // Room for six bytes a character and 8 KiB for all else; then it is not even looked at.
    let limit = 6 * 65_536 + 8192;
    let padded = |size: usize| format!("{}{}", " ".repeat(size - 13), "{\"text\": \"a\"}");
    visitor.post("/v1/notes").body("application/json", padded(limit)).await.assert_status(201);
    for size in [limit + 1, 1 << 20, 5 << 20, (10 << 20) + 1] {
        let answer = visitor.post("/v1/notes").body("application/json", padded(size)).await;
        answer.assert_status(413);
        assert!(kith.record_of(&answer).await.calls.is_empty(), "it was looked at: {answer}");
    }
}
