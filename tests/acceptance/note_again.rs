//! Opening a note again as one has opened it: whoever took a reading gets its text for a minute, and nobody else does.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::{Value, json};

const TEXT: &str = "the key is under the mat";
const KEY: &str = "idempotency-key";

async fn seal(kith: &Kith, note: Value) -> Answer {
    let answer = kith.visitor().seal(note).await;
    answer.assert_status(201);
    answer
}

/// A key as long and as random as clients make them; the same for the same number.
fn key(by: &Actor, number: u32) -> String {
    format!("{:-<32}{number}", by.person.username)
}

fn open(by: &Actor, note: &Answer, key: &str) -> Request {
    by.open(&note.text_at("/token")).json(json!({})).header(KEY, key)
}

fn open_with(by: &Actor, note: &Answer, key: &str, passphrase: &str) -> Request {
    by.open(&note.text_at("/token")).json(json!({"passphrase": passphrase})).header(KEY, key)
}

fn assert_shows(answer: &Answer, left: u32) {
    assert_eq!(answer.assert_status(200).text_at("/text"), TEXT);
    assert_eq!(answer.json()["views_left"], left, "{answer}");
}

/// The note's own item.
async fn stored(kith: &Kith, note: &Answer) -> Value {
    let id = note.text_at("/id");
    kith.items("note#").await.into_iter().find(|item| item["id"] == id).unwrap()
}

/// For everybody but who read it last, the note is gone: whatever they ask, and with whatever key.
async fn assert_gone(kith: &Kith, note: &Answer) {
    let (stranger, token) = (kith.visitor(), note.text_at("/token"));
    stranger.peek(&token).await.assert_problem(404, "not-found");
    stranger.open(&token).await.assert_problem(404, "not-found");
    open(&stranger, note, &key(&stranger, 0)).await.assert_problem(404, "not-found");
    assert_eq!(stranger.get(&format!("/n/{token}")).await.status(), 404);
    assert_eq!(stranger.post(&format!("/n/{token}")).form(&[("key", &key(&stranger, 0))]).await.status(), 404);
}

/// What the hidden field of the page carries.
fn form_key(page: &Answer) -> String {
    let (_, from) = page.text().split_once("name=\"key\" value=\"").unwrap_or_else(|| panic!("no key in {page}"));
    from.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn h31_a_repeat_with_its_key_gets_the_text_again_and_takes_no_other_reading() {
    let kith = Kith::shared().await;
    for max_views in [1, 2, 3] {
        let note = seal(&kith, json!({"text": TEXT, "max_views": max_views})).await;
        for left in (0..max_views).rev() {
            let reader = kith.visitor();
            for _ in 0..3 {
                assert_shows(&open(&reader, &note, &key(&reader, 1)).await, left);
            }
            // From another network, too: whoever walks out of the house.
            assert_shows(&open(&reader.moved(), &note, &key(&reader, 1)).await, left);
        }
        assert_gone(&kith, &note).await;
    }
}

#[tokio::test]
async fn h31_without_a_key_the_last_reading_is_the_last() {
    let kith = Kith::shared().await;
    let note = seal(&kith, json!({"text": TEXT})).await;
    let reader = kith.visitor();
    assert_eq!(reader.open(&note.text_at("/token")).await.assert_status(200).text_at("/text"), TEXT);
    reader.open(&note.text_at("/token")).await.assert_problem(404, "not-found");
    assert_gone(&kith, &note).await;
}

#[tokio::test]
async fn h31_the_text_of_the_last_reading_is_there_for_60_seconds_to_the_second() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let start = kith.now().await + jiff::SignedDuration::from_secs(1);
    let reader = kith.visitor();
    let at = |seconds: i64| start + jiff::SignedDuration::from_secs(seconds);
    clock.set(at(0)).await;
    let note = seal(&kith, json!({"text": TEXT, "max_views": 2})).await;
    clock.set(at(1)).await;
    assert_shows(&open(&reader, &note, &key(&reader, 1)).await, 1);
    clock.set(at(10)).await;
    assert_shows(&open(&reader, &note, &key(&reader, 2)).await, 0);
    clock.set(at(59)).await;
    // Each for a minute from its own reading, whoever read in between.
    assert_shows(&open(&reader, &note, &key(&reader, 1)).await, 0);
    clock.set(at(65)).await;
    open(&reader, &note, &key(&reader, 1)).await.assert_problem(404, "not-found");
    assert_shows(&open(&reader, &note, &key(&reader, 2)).await, 0);
    clock.set(at(72)).await;
    // The job has not run: it is the time alone that decides.
    assert!(stored(&kith, &note).await.get("sealed").is_some());
    open(&reader, &note, &key(&reader, 2)).await.assert_problem(404, "not-found");
    kith.shut_down().await;
}

#[tokio::test]
async fn h31_who_reads_without_a_key_takes_the_text_from_nobody_who_has_one() {
    let kith = Kith::shared().await;
    let reader = kith.visitor();
    let note = seal(&kith, json!({"text": TEXT, "max_views": 2})).await;
    assert_shows(&open(&reader, &note, &key(&reader, 1)).await, 1);
    kith.visitor().open(&note.text_at("/token")).await.assert_status(200);
    assert_shows(&open(&reader, &note, &key(&reader, 1)).await, 0);
    assert_gone(&kith, &note).await;
}

#[tokio::test]
async fn h31_after_60_seconds_the_same_key_takes_another_reading_where_there_is_one() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let reader = kith.visitor();
    let note = seal(&kith, json!({"text": TEXT, "max_views": 2})).await;
    for left in [1, 0] {
        for _ in 0..2 {
            assert_shows(&open(&reader, &note, &key(&reader, 1)).await, left);
        }
        clock.advance("61s").await;
    }
    open(&reader, &note, &key(&reader, 1)).await.assert_problem(404, "not-found");
    kith.shut_down().await;
}

#[tokio::test]
async fn h31_a_key_opens_again_only_the_note_that_it_opened() {
    let kith = Kith::shared().await;
    let reader = kith.visitor();
    let notes = [seal(&kith, json!({"text": TEXT})).await, seal(&kith, json!({"text": TEXT, "max_views": 2})).await];
    for (note, left) in notes.iter().zip([0, 1]) {
        assert_shows(&open(&reader, note, &key(&reader, 1)).await, left);
    }
    assert_shows(&open(&reader, &notes[1], &key(&reader, 2)).await, 0);
    for note in &notes {
        open(&reader, note, &key(&reader, 3)).await.assert_problem(404, "not-found");
        assert_shows(&open(&reader, note, &key(&reader, 1)).await, 0);
    }
}

#[tokio::test]
async fn h31_what_is_no_key_is_refused_before_the_note_is_looked_at() {
    let kith = Kith::shared().await;
    let note = seal(&kith, json!({"text": TEXT})).await;
    let reader = kith.visitor();
    for bad in ["", "short", "with a space in it", &"x".repeat(129)] {
        open(&reader, &note, bad).await.assert_problem(400, "bad-request");
    }
    // A form is not stopped by it: pressed twice, it is simply not known again.
    let page = format!("/n/{}", note.text_at("/token"));
    assert!(reader.post(&page).form(&[("key", "short")]).await.assert_status(200).text().contains(TEXT));
    assert_eq!(reader.post(&page).form(&[("key", "short")]).await.status(), 404);
}

#[tokio::test]
async fn h31_g05_opened_again_a_note_still_wants_its_passphrase() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let note = seal(&kith, json!({"text": TEXT, "passphrase": "open sesame"})).await;
    let reader = kith.visitor();
    let again = |passphrase: &str| open_with(&reader, &note, &key(&reader, 1), passphrase);
    assert_shows(&again("open sesame").await, 0);
    open(&reader, &note, &key(&reader, 1)).await.assert_problem(403, "passphrase-needed");
    let guess = async |number: usize| again(&format!("guess {number}")).await;
    for wrong in join_all((0..9).map(guess)).await {
        wrong.assert_problem(403, "wrong-passphrase");
    }
    // The right one does not count.
    assert_shows(&again("open sesame").await, 0);
    again("open barley").await.assert_problem(403, "wrong-passphrase");
    // Nor are there more than ten guesses for who knows the key and not the passphrase.
    for passphrase in ["open barley", "open sesame"] {
        again(passphrase).await.assert_problem(429, "note-locked");
    }
    // Whoever has another key is not even told that there is something to guess.
    open_with(&reader, &note, &key(&reader, 2), "open sesame").await.assert_problem(404, "not-found");
    assert_gone(&kith, &note).await;
}

#[tokio::test]
async fn h31_of_many_with_one_key_at_once_all_get_the_text_and_one_reading_is_taken() {
    let Some(kith) = Kith::with_helpers().await else { return };
    for (max_views, passphrase) in [(1, None), (3, None), (1, Some("open sesame")), (3, Some("open sesame"))] {
        let note = seal(&kith, json!({"text": TEXT, "max_views": max_views, "passphrase": passphrase})).await;
        let reader = kith.visitor();
        // As many as there are tries.
        let answers = join_all((0..10).map(|_| async {
            let body = json!({"passphrase": passphrase});
            reader.open(&note.text_at("/token")).json(body).header(KEY, key(&reader, 1)).await
        }))
        .await;
        for answer in &answers {
            assert_shows(answer, max_views - 1);
        }
        let item = stored(&kith, &note).await;
        assert_eq!(item["views_left"], max_views - 1);
        assert!(item.get("tries").is_none(), "right ones count as tries: {item}");
    }
}

#[tokio::test]
async fn h31_g04_of_many_pairs_at_once_only_as_many_read_as_may_and_each_of_them_twice() {
    let Some(kith) = Kith::with_helpers().await else { return };
    for max_views in [1, 7] {
        let note = seal(&kith, json!({"text": TEXT, "max_views": max_views})).await;
        let readers: Vec<Actor> = (0..200).map(|_| kith.visitor()).collect();
        let twice = |reader: &Actor| {
            let (one, other) = (open(reader, &note, &key(reader, 1)), open(reader, &note, &key(reader, 1)));
            futures::future::join(one.into_future(), other.into_future())
        };
        let answers = join_all(readers.iter().map(twice)).await;
        let mut read = 0;
        for (one, other) in &answers {
            match (one.status(), other.status()) {
                (200, 200) => read += 1,
                (404, 404) => {}
                // One came before the other had taken the reading, after others had taken all.
                (status, other) => panic!("{status} and {other}"),
            }
        }
        assert_eq!(read, max_views);
    }
}

#[tokio::test]
async fn h31_what_is_left_goes_with_the_note_when_it_ends_or_is_destroyed() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let reader = kith.visitor();
    let destroyed = seal(&kith, json!({"text": TEXT})).await;
    assert_shows(&open(&reader, &destroyed, &key(&reader, 1)).await, 0);
    reader.destroy(&destroyed.text_at("/id"), Some(&destroyed.text_at("/manage_token"))).await.assert_status(204);
    open(&reader, &destroyed, &key(&reader, 1)).await.assert_problem(404, "not-found");
    assert!(kith.items("note#").await.is_empty());

    let start = kith.now().await + jiff::SignedDuration::from_secs(1);
    let at = |seconds: i64| start + jiff::SignedDuration::from_secs(seconds);
    clock.set(at(0)).await;
    let ended = seal(&kith, json!({"text": TEXT, "expires_in": 60})).await;
    clock.set(at(50)).await;
    assert_shows(&open(&reader, &ended, &key(&reader, 1)).await, 0);
    assert_shows(&open(&reader, &ended, &key(&reader, 1)).await, 0);
    clock.set(at(60)).await;
    open(&reader, &ended, &key(&reader, 1)).await.assert_problem(404, "not-found");
    clock.set(at(61)).await;
    assert_eq!(kith.job("expire-items").await["notes"], 1);
    assert!(kith.items("note").await.is_empty());
    kith.shut_down().await;
}

#[tokio::test]
async fn h31_the_job_takes_out_what_was_left_and_the_note_waits_for_its_end() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let reader = kith.visitor();
    let note = ada.seal(json!({"text": TEXT, "expires_in": 3600, "passphrase": "open sesame"})).await;
    let waiting = seal(&kith, json!({"text": TEXT, "max_views": 2})).await;
    let texts = async || {
        let done = kith.job("expire-items").await;
        (done["texts"].as_u64().unwrap(), done["notes"].as_u64().unwrap())
    };
    open_with(&reader, &note, &key(&reader, 1), "open sesame").await.assert_status(200);
    open_with(&reader, &note, &key(&reader, 1), "open barley").await.assert_status(403);
    open(&reader, &waiting, &key(&reader, 1)).await.assert_status(200);
    assert_eq!(texts().await, (0, 0));
    clock.advance("30s").await;
    assert_eq!(texts().await, (0, 0));
    open_with(&reader, &note, &key(&reader, 1), "open sesame").await.assert_status(200);
    clock.advance("31s").await;
    assert_eq!(texts().await, (1, 0));
    assert_eq!(texts().await, (0, 0));
    let item = stored(&kith, &note).await;
    for gone in ["sealed", "tries", "tries_end"] {
        assert!(item.get(gone).is_none(), "{gone} of {item}");
    }
    assert!(stored(&kith, &waiting).await.get("sealed").is_some());
    // Its author still learns that it was read, until it ends. Then the job finds it.
    let listed = ada.get("/v1/notes").await.json();
    assert_eq!(listed["items"][0]["views_left"], 0);
    assert!(listed["items"][0]["last_opened_at"].is_string(), "{listed}");
    clock.advance("1h").await;
    assert_eq!(texts().await, (0, 1));
    kith.shut_down().await;
}

#[tokio::test]
async fn h31_b12_a_note_that_was_just_read_costs_a_stranger_the_work_of_one_that_never_was() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let reader = kith.visitor();
    let note = seal(&kith, json!({"text": TEXT, "passphrase": "open sesame"})).await;
    open_with(&reader, &note, &key(&reader, 1), "open sesame").await.assert_status(200);
    let mut seen = Vec::new();
    for token in [note.text_at("/token"), "A".repeat(43)] {
        let stranger = kith.visitor();
        let request = stranger.open(&token).json(json!({"passphrase": "open sesame"}));
        let answer = request.header(KEY, key(&stranger, 1)).await;
        answer.assert_problem(404, "not-found");
        seen.push(kith.record_of(&answer).await.calls);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn h31_b06_the_table_shows_neither_the_key_nor_who_may_open_again() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let reader = kith.visitor();
    let note = seal(&kith, json!({"text": format!("a secret of {}", reader.person.username)})).await;
    let (key, token) = (key(&reader, 1), note.text_at("/token"));
    open(&reader, &note, &key).await.assert_status(200);
    let table = serde_json::to_string(&kith.table().await).unwrap();
    let records = kith.helper("/_kith/requests").await.to_string();
    for secret in [&key, &token, &format!("a secret of {}", reader.person.username)] {
        assert!(!table.contains(secret) && !records.contains(secret), "{secret}");
    }
    // What stands in the table in place of the key is no key itself.
    let item = stored(&kith, &note).await;
    let mark = item["taken_by"].as_object().unwrap().keys().next().unwrap().clone();
    for guess in [&mark[..], &mark[1..]] {
        open(&reader, &note, guess).await.assert_problem(404, "not-found");
    }
}

#[tokio::test]
async fn h31_two_presses_and_a_reload_of_the_page_show_the_text_each_time() {
    let kith = Kith::shared().await;
    for passphrase in ["", "open sesame"] {
        let fields = [("text", TEXT), ("passphrase", passphrase)];
        let sealed = kith.visitor().post("/notes/new").form(&fields).await;
        let page = sealed.assert_status(201).header("location").unwrap();
        let reader = kith.visitor();
        let (shown, elsewhere) = (reader.get(page).await, kith.visitor().get(page).await);
        let (mine, other) = (form_key(&shown), form_key(&elsewhere));
        assert_ne!(mine, other, "a key is made up for each time that the page is shown");
        let press = |key: &str| reader.post(page).form(&[("passphrase", passphrase), ("key", key)]);
        let (one, two) = futures::future::join(press(&mine).into_future(), press(&mine).into_future()).await;
        for shown in [one, two, press(&mine).await] {
            assert!(shown.assert_status(200).text().contains(TEXT), "{shown}");
        }
        // Whoever had the page open meanwhile is told at once, and so is a new look.
        assert_eq!(press(&other).await.status(), 404);
        assert_eq!(reader.get(page).await.status(), 404);
    }
}

#[tokio::test]
async fn h31_after_a_wrong_passphrase_the_page_comes_back_with_a_key_that_works() {
    let kith = Kith::shared().await;
    let reader = kith.visitor();
    let sealed = kith.visitor().seal(json!({"text": TEXT, "passphrase": "open sesame"})).await;
    let page = sealed.assert_status(201).header("location").unwrap();
    let first = form_key(&reader.get(page).await);
    let wrong = reader.post(page).form(&[("passphrase", "open barley"), ("key", &first)]).await;
    let second = form_key(wrong.assert_status(403));
    assert_ne!(first, second);
    for _ in 0..2 {
        let shown = reader.post(page).form(&[("passphrase", "open sesame"), ("key", &second)]).await;
        assert!(shown.assert_status(200).text().contains(TEXT), "{shown}");
    }
    let wrong = reader.post(page).form(&[("passphrase", "open barley"), ("key", &second)]).await;
    assert!(!wrong.assert_status(403).text().contains(TEXT), "{wrong}");
}

#[tokio::test]
async fn h31_a_key_of_the_page_works_in_the_api_and_the_other_way_round() {
    let kith = Kith::shared().await;
    let reader = kith.visitor();
    let note = seal(&kith, json!({"text": TEXT})).await;
    let page = format!("/n/{}", note.text_at("/token"));
    let key = form_key(&reader.get(&page).await);
    assert!(reader.post(&page).form(&[("key", &key)]).await.assert_status(200).text().contains(TEXT));
    assert_shows(&open(&reader, &note, &key).await, 0);
}

#[tokio::test]
async fn h31_whoever_goes_back_finds_a_button_that_shows_the_text_again() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    for (max_views, passphrase) in [(1, ""), (2, ""), (1, "open sesame")] {
        let note = seal(&kith, json!({"text": TEXT, "max_views": max_views, "passphrase": if passphrase.is_empty() { None } else { Some(passphrase) }})).await;
        let page = format!("/n/{}", note.text_at("/token"));
        let reader = kith.visitor();
        let key = form_key(&reader.get(&page).await);
        let press = |key: &str| reader.post(&page).form(&[("passphrase", passphrase), ("key", key)]);
        let shown = press(&key).await;
        let cookie = shown.assert_status(200).header("set-cookie").unwrap().to_owned();
        for part in [&format!("Path={page};"), "Max-Age=60;", "HttpOnly;", "Secure;", "SameSite=Lax"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap();
        let back = reader.get(&page).header("cookie", cookie).await;
        assert!(back.assert_status(200).text().contains("You have just opened it."), "{back}");
        assert!(!back.text().contains(TEXT) && back.header("set-cookie").is_none(), "{back}");
        assert_eq!(form_key(&back), key);
        assert!(press(&key).await.assert_status(200).text().contains(TEXT));
        assert_eq!(stored(&kith, &note).await["views_left"], max_views - 1);
        // The cookie is of this note, and of this minute.
        let other = seal(&kith, json!({"text": TEXT})).await;
        let other = reader.get(&format!("/n/{}", other.text_at("/token"))).header("cookie", cookie).await;
        assert!(!other.assert_status(200).text().contains("just opened") && form_key(&other) != key, "{other}");
        for forged in ["kith_opened=0123456789abcdef", "kith_opened=", "kith_opened"] {
            let status = if max_views == 1 { 404 } else { 200 };
            let seen = kith.visitor().get(&page).header("cookie", forged).await;
            assert!(!seen.assert_status(status).text().contains("just opened"), "{seen}");
        }
        clock.advance("61s").await;
        let late = reader.get(&page).header("cookie", cookie).await;
        assert!(
            late.status() == if max_views == 1 { 404 } else { 200 } && !late.text().contains("just opened"),
            "{late}"
        );
    }
    kith.shut_down().await;
}
