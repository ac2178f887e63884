//! Notes that somebody has altered in the table: they stay closed, and open again once they are as they were.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kith_tests::{Answer, Kith, Request};
use serde_json::{Value, json};

const TEXT: &str = "the key is under the mat";

/// A note's own item, read and written past everything that guards it: as whoever has the table could.
struct Stored<'a> {
    kith: &'a Kith,
    pk: String,
}

impl<'a> Stored<'a> {
    fn of(kith: &'a Kith, note: &Answer) -> Self {
        let token = URL_SAFE_NO_PAD.decode(note.text_at("/token")).unwrap();
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, &token));
        Self { kith, pk: format!("note#{hash}") }
    }

    /// The item in DynamoDB's own JSON.
    fn read(&self) -> Value {
        let runner = self.kith.runner();
        let key = json!({"pk": {"S": self.pk}, "sk": {"S": "note"}});
        let request = json!({"TableName": runner.template().table.name, "Key": key});
        let answer = runner.aws().database().unwrap().get_item(serde_json::from_value(request).unwrap());
        serde_json::to_value(answer.unwrap()).unwrap()["Item"].take()
    }

    /// Stores an item here, wherever it comes from.
    fn write(&self, item: &Value) {
        let runner = self.kith.runner();
        let mut item = item.clone();
        item["pk"] = json!({"S": self.pk});
        let request = json!({"TableName": runner.template().table.name, "Item": item});
        runner.aws().database().unwrap().put_item(serde_json::from_value(request).unwrap()).unwrap();
    }
}

fn sealed(item: &Value) -> Vec<u8> {
    STANDARD.decode(item["sealed"]["B"].as_str().unwrap()).unwrap()
}

/// The item with other bytes for its text.
fn with_sealed(item: &Value, change: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut bytes = sealed(item);
    change(&mut bytes);
    let mut item = item.clone();
    item["sealed"]["B"] = json!(STANDARD.encode(bytes));
    item
}

/// The item with another attribute; `Null` takes it out.
fn with(item: &Value, name: &str, value: Value) -> Value {
    let mut item = item.clone();
    match value {
        Value::Null => item.as_object_mut().unwrap().remove(name),
        value => item.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    item
}

/// What a forger might make of a note's item, with another's at hand.
fn forgeries(own: &Value, other: &Value) -> Vec<(&'static str, Value)> {
    let millis: i64 = own["expires_at"]["N"].as_str().unwrap().parse().unwrap();
    let ends = |millis: i64| with(own, "expires_at", json!({"N": millis.to_string()}));
    let last = sealed(own).len() - 1;
    vec![
        ("a bit of the nonce", with_sealed(own, |bytes| bytes[0] ^= 1)),
        ("a bit of the text", with_sealed(own, |bytes| bytes[12] ^= 0x80)),
        ("a bit of the tag", with_sealed(own, |bytes| bytes[last] ^= 1)),
        ("a byte less", with_sealed(own, |bytes| bytes.truncate(last))),
        ("a byte more", with_sealed(own, |bytes| bytes.push(0))),
        ("nothing but the nonce", with_sealed(own, |bytes| bytes.truncate(12))),
        ("nothing", with_sealed(own, Vec::clear)),
        ("no attribute", with(own, "sealed", Value::Null)),
        ("another note's text", with(own, "sealed", other["sealed"].clone())),
        ("another note's id", with(own, "id", other["id"].clone())),
        ("all of another note", other.clone()),
        ("a second more to live", ends(millis + 1000)),
        ("a second less to live", ends(millis - 1000)),
        ("a millisecond more to live", ends(millis + 1)),
    ]
}

/// Everything is refused without a hint of the text, and without taking a reading.
async fn assert_closed(stored: &Stored<'_>, what: &str, open: Request, statuses: &[u16]) {
    let views = stored.read()["views_left"].clone();
    let answer = open.await;
    assert!(statuses.contains(&answer.status()), "{what}: {answer}");
    answer.problem();
    assert!(!answer.text().contains("mat"), "{what}: {answer}");
    assert_eq!(stored.read()["views_left"], views, "{what}");
}

#[tokio::test]
async fn b05_an_altered_note_stays_closed_and_opens_once_it_is_as_it_was() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let writer = kith.visitor();
    let (note, other) = (writer.seal(json!({"text": TEXT})).await, writer.seal(json!({"text": TEXT})).await);
    let (stored, other_stored) = (Stored::of(&kith, &note), Stored::of(&kith, &other));
    let (own, others) = (stored.read(), other_stored.read());
    let open = || kith.visitor().open(&note.text_at("/token"));
    let mut all = forgeries(&own, &others);
    // A lie about a passphrase opens nothing either; a key that nobody has is one that was taken out of the ring.
    all.push(("a passphrase that it has not", with(&own, "salt", json!({"S": "AAAAAAAAAAAAAAAAAAAAAA"}))));
    all.push(("a key that is not there", with(&own, "key_id", json!({"S": "AAAAAAAAAAAAAAAAAAAAAA"}))));
    for (what, forged) in all {
        stored.write(&forged);
        assert_closed(&stored, what, open(), &[500, 403, 404]).await;
        let guessed = open().json(json!({"passphrase": "open sesame"}));
        assert_closed(&stored, what, guessed, &[500, 403, 404]).await;
        let page = kith.visitor().post(&format!("/n/{}", note.text_at("/token"))).await;
        assert!([500, 403, 404].contains(&page.status()) && !page.text().contains("under the mat"), "{what}: {page}");
    }
    stored.write(&own);
    assert_eq!(open().await.assert_status(200).text_at("/text"), TEXT);
    // And the one that it was mixed up with was never touched.
    assert_eq!(kith.visitor().open(&other.text_at("/token")).await.text_at("/text"), TEXT);
    kith.shut_down().await;
}

#[tokio::test]
async fn b05_an_altered_note_with_a_passphrase_looks_like_a_wrong_passphrase() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let writer = kith.visitor();
    let seal = || writer.seal(json!({"text": TEXT, "passphrase": "open sesame"}));
    let (note, other) = (seal().await, seal().await);
    let (stored, other_stored) = (Stored::of(&kith, &note), Stored::of(&kith, &other));
    let (own, others) = (stored.read(), other_stored.read());
    let open = || kith.visitor().open(&note.text_at("/token"));
    let right = json!({"passphrase": "open sesame"});
    let mut all = forgeries(&own, &others);
    all.push(("another note's salt", with(&own, "salt", others["salt"].clone())));
    all.push(("a salt that is none", with(&own, "salt", json!({"S": "salt"}))));
    for (what, forged) in all {
        stored.write(&forged);
        assert_closed(&stored, what, open().json(&right), &[403, 500]).await;
    }
    // Without its salt it looks like a note that needs no passphrase, and stays as closed.
    stored.write(&with(&own, "salt", Value::Null));
    assert_closed(&stored, "no salt", open(), &[500]).await;
    assert_closed(&stored, "no salt", open().json(&right), &[500]).await;

    stored.write(&own);
    assert_eq!(open().json(&right).await.assert_status(200).text_at("/text"), TEXT);
    kith.shut_down().await;
}

#[tokio::test]
async fn b05_a_note_that_was_read_does_not_come_back_by_more_readings() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let note = kith.visitor().seal(json!({"text": TEXT})).await;
    let token = note.text_at("/token");
    kith.visitor().open(&token).await.assert_status(200);
    let stored = Stored::of(&kith, &note);
    stored.write(&with(&stored.read(), "views_left", json!({"N": "1"})));
    assert_closed(&stored, "a reading more", kith.visitor().open(&token), &[500]).await;
    kith.shut_down().await;
}
