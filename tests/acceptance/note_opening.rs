//! Opening sealed notes: exactly as often as they may be opened, until the very second of their end.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kith_tests::{Actor, Answer, Call, Kith, Request};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TEXT: &str = "the key is under the mat";

/// Seals a note from an address of its own.
async fn seal(kith: &Kith, note: Value) -> Answer {
    let answer = kith.visitor().post("/v1/notes").json(note).await;
    answer.assert_status(201);
    answer
}

fn path(note: &Answer) -> String {
    format!("/v1/notes/{}", note.text_at("/token"))
}

fn open(by: &Actor, note: &Answer) -> Request {
    by.post(&format!("{}/open", path(note))).json(json!({}))
}

fn open_with(by: &Actor, note: &Answer, passphrase: &str) -> Request {
    by.post(&format!("{}/open", path(note))).json(json!({"passphrase": passphrase}))
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status() == status).count()
}

/// The note's own item.
async fn stored(kith: &Kith, note: &Answer) -> Value {
    let id = note.text_at("/id");
    let items = kith.items("note#").await;
    items.into_iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("{id} is not stored"))
}

/// Opens a note a thousand times at once, each time from another address: only as many get the text as may.
async fn race(kith: &Kith, max_views: usize) {
    let note = seal(kith, json!({"text": TEXT, "max_views": max_views})).await;
    let readers: Vec<Actor> = (0..1000).map(|_| kith.visitor()).collect();
    let answers = join_all(readers.iter().map(|reader| async { open(reader, &note).await })).await;
    let (read, late): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!(read.len(), max_views);
    assert!(read.iter().all(|answer| answer.text_at("/text") == TEXT));
    let left: BTreeSet<u64> = read.iter().map(|answer| answer.json()["views_left"].as_u64().unwrap()).collect();
    assert_eq!(left, (0..max_views as u64).collect());
    for answer in late {
        answer.assert_problem(404, "not-found");
    }
    kith.visitor().get(&path(&note)).await.assert_problem(404, "not-found");
    let item = stored(kith, &note).await;
    assert_eq!((&item["views_left"], item.get("sealed")), (&json!(0), None));
}

#[tokio::test]
async fn g04_of_1000_who_open_a_note_for_one_reading_at_once_exactly_one_reads_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    race(&kith, 1).await;
}

#[tokio::test]
async fn g04_of_1000_who_open_a_note_for_seven_readings_at_once_exactly_seven_read_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    race(&kith, 7).await;
}

#[tokio::test]
async fn g04_with_a_passphrase_nobody_reads_too_often_and_all_readings_can_be_had() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let note = seal(&kith, json!({"text": TEXT, "max_views": 15, "passphrase": "open sesame"})).await;
    let readers: Vec<Actor> = (0..25).map(|_| kith.visitor()).collect();
    let answers = join_all(readers.iter().map(|reader| async { open_with(reader, &note, "open sesame").await })).await;
    // Who found all places taken for long is told to wait; nobody is told that the right passphrase is wrong.
    assert_eq!(count(&answers, 200) + count(&answers, 404) + count(&answers, 429), 25);
    let mut read = count(&answers, 200);
    while open_with(&kith.visitor(), &note, "open sesame").await.status() == 200 {
        read += 1;
    }
    assert_eq!(read, 15);
}

#[tokio::test]
async fn g05_a_wrong_passphrase_uses_nothing_up_and_a_missing_one_is_no_try() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let note = seal(&kith, json!({"text": TEXT, "passphrase": "open sesame"})).await;
    let reader = kith.visitor();
    for _ in 0..12 {
        open(&reader, &note).await.assert_problem(403, "passphrase-needed");
        open_with(&reader, &note, "").await.assert_problem(403, "passphrase-needed");
    }
    for wrong in ["open barley", "Open sesame", "open  sesame", &"x".repeat(5000)] {
        open_with(&reader, &note, wrong).await.assert_problem(403, "wrong-passphrase");
    }
    let item = stored(&kith, &note).await;
    assert_eq!((&item["views_left"], item["tries"].as_array().unwrap().len()), (&json!(1), 4));
    let opened = open_with(&reader, &note, "open sesame").await;
    assert_eq!(opened.assert_status(200).text_at("/text"), TEXT);
    open_with(&reader, &note, "open sesame").await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn g05_after_ten_wrong_passphrases_a_note_is_locked_for_a_while_and_not_burned() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let note = seal(&kith, json!({"text": TEXT, "max_views": 2, "passphrase": "open sesame"})).await;
    for _ in 0..9 {
        open_with(&kith.visitor(), &note, "open barley").await.assert_problem(403, "wrong-passphrase");
    }
    // The right one does not count, so there is room for one more.
    open_with(&kith.visitor(), &note, "open sesame").await.assert_status(200);
    open_with(&kith.visitor(), &note, "open barley").await.assert_problem(403, "wrong-passphrase");
    for passphrase in ["open barley", "open sesame"] {
        let locked = open_with(&kith.visitor(), &note, passphrase).await;
        locked.assert_problem(429, "note-locked");
        let wait: u32 = locked.header("retry-after").unwrap().parse().unwrap();
        assert!((840..=900).contains(&wait), "{locked}");
    }
    kith.visitor().get(&path(&note)).await.assert_status(200);
    clock.advance("14m").await;
    open_with(&kith.visitor(), &note, "open sesame").await.assert_problem(429, "note-locked");
    clock.advance("61s").await;
    // The ten are forgotten.
    for _ in 0..9 {
        open_with(&kith.visitor(), &note, "open barley").await.assert_problem(403, "wrong-passphrase");
    }
    let opened = open_with(&kith.visitor(), &note, "open sesame").await;
    assert_eq!(opened.assert_status(200).text_at("/text"), TEXT);
    kith.shut_down().await;
}

#[tokio::test]
async fn g05_of_30_wrong_passphrases_at_once_exactly_ten_are_looked_at() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let note = seal(&kith, json!({"text": TEXT, "passphrase": "open sesame"})).await;
    let guessers: Vec<Actor> = (0..30).map(|_| kith.visitor()).collect();
    let guess = async |n: usize| open_with(&guessers[n], &note, &format!("guess {n}")).await;
    let answers = join_all((0..30).map(guess)).await;
    assert_eq!((count(&answers, 403), count(&answers, 429)), (10, 20));
    open_with(&kith.visitor(), &note, "open sesame").await.assert_problem(429, "note-locked");
}

#[tokio::test]
async fn b08_a_note_can_be_opened_until_the_second_before_its_end_and_never_after() {
    let Some(_) = Kith::with_helpers().await else { return };
    for expires_in in [60, 3600, 604_800] {
        let kith = Kith::own(|_| {}).await;
        let mut clock = kith.clock().await;
        let note = seal(&kith, json!({"text": TEXT, "expires_in": expires_in, "max_views": 9})).await;
        let time = |name: &str| note.text_at(name).parse::<Timestamp>().unwrap();
        let end = time("/expires_at");
        assert_eq!(end.duration_since(time("/created_at")).as_secs(), expires_in);
        assert_eq!(end.subsec_nanosecond(), 0);
        assert_eq!(stored(&kith, &note).await["ttl"], end.as_second());
        clock.set(end - SignedDuration::from_secs(1)).await;
        kith.visitor().get(&path(&note)).await.assert_status(200);
        assert_eq!(open(&kith.visitor(), &note).await.assert_status(200).text_at("/text"), TEXT);
        clock.set(end).await;
        kith.visitor().get(&path(&note)).await.assert_problem(404, "not-found");
        open(&kith.visitor(), &note).await.assert_problem(404, "not-found");
        // Nothing has cleaned up: it is the time alone that decides.
        assert_eq!(stored(&kith, &note).await["views_left"], 8);
        kith.shut_down().await;
    }
}

/// What somebody can tell from an answer, and the work behind it.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
    calls: Vec<Call>,
}

impl Seen {
    async fn of(kith: &Kith, answer: &Answer) -> Self {
        let is_telling = |name: &str| !["apigw-requestid", "date"].contains(&name);
        let told = answer.headers().iter().filter(|(name, _)| is_telling(name.as_str()));
        let mut headers: Vec<_> =
            told.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        for (_, value) in headers.iter_mut().filter(|(name, _)| name == "ratelimit") {
            *value = value.split(';').filter(|part| !part.starts_with("t=")).collect::<Vec<_>>().join(";");
        }
        headers.sort();
        let mut body = answer.json();
        body["instance"] = Value::Null;
        Self { status: answer.status(), headers, body, calls: kith.record_of(answer).await.calls }
    }
}

#[tokio::test]
async fn b12_whatever_cannot_be_opened_is_the_same_404_after_the_same_work() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let expired = seal(&kith, json!({"text": TEXT, "expires_in": 60})).await;
    let expired_secret = seal(&kith, json!({"text": TEXT, "expires_in": 60, "passphrase": "open sesame"})).await;
    let used_up = seal(&kith, json!({"text": TEXT})).await;
    let used_up_secret = seal(&kith, json!({"text": TEXT, "passphrase": "open sesame"})).await;
    let destroyed = seal(&kith, json!({"text": TEXT})).await;
    open(&kith.visitor(), &used_up).await.assert_status(200);
    open_with(&kith.visitor(), &used_up_secret, "open sesame").await.assert_status(200);
    let by_id = format!("/v1/notes/by-id/{}", destroyed.text_at("/id"));
    let manage_token = destroyed.text_at("/manage_token");
    kith.visitor().delete(&by_id).header("kith-manage-token", manage_token).await.assert_status(204);
    clock.advance("61s").await;
    let token = used_up.text_at("/token");
    let mut tokens = vec![("unknown", "A".repeat(43))];
    for (what, note) in [
        ("expired", &expired),
        ("expired, with a passphrase", &expired_secret),
        ("used up", &used_up),
        ("used up, with a passphrase", &used_up_secret),
        ("destroyed", &destroyed),
    ] {
        tokens.push((what, note.text_at("/token")));
    }
    tokens.extend(
        ["x", "purge", "%20", "%FF%FE", "%E2%82%AC", &token[1..], &format!("{token}A"), &"A".repeat(2000)]
            .map(|token| ("malformed", token.to_owned())),
    );
    for opens in [false, true] {
        let mut first: Option<Seen> = None;
        for (what, token) in &tokens {
            let path = format!("/v1/notes/{token}");
            // Each from an address of its own, so that all have as much left of the limit.
            let visitor = kith.visitor();
            let answer = if opens {
                visitor.post(&format!("{path}/open")).json(json!({"passphrase": "open sesame"})).await
            } else {
                visitor.get(&path).await
            };
            let seen = Seen::of(&kith, &answer).await;
            assert_eq!(seen.status, 404, "{what}: {answer}");
            match &first {
                None => first = Some(seen),
                Some(known) => assert_eq!(*known, seen, "unknown (left) and {what} {token} (right)"),
            }
        }
    }
    kith.shut_down().await;
}
