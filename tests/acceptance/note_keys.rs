//! Keys that seal notes: made, replaced, retired. Each test has a runner of its own: a retired key ends everybody's notes.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

const TEXT: &str = "the key is under the mat";

/// Seals a note that can be read often, from an address of its own.
async fn seal(kith: &Kith) -> Answer {
    let note = kith.visitor().seal(json!({"text": TEXT, "max_views": 100})).await;
    note.assert_status(201);
    note
}

/// The id of the key under which a note is.
async fn key_of(kith: &Kith, note: &Answer) -> String {
    let items = kith.items("note#").await;
    let item = items.into_iter().find(|item| item["id"] == *note.text_at("/id")).unwrap();
    item["key_id"].as_str().unwrap().to_owned()
}

/// The id of the key that seals now.
async fn key_now(kith: &Kith) -> String {
    key_of(kith, &seal(kith).await).await
}

/// Opens a note by the API and on its page.
async fn assert_opens(kith: &Kith, note: &Answer) {
    let reader = kith.visitor();
    let token = note.text_at("/token");
    assert_eq!(reader.open(&token).json(json!({})).await.assert_status(200).text_at("/text"), TEXT);
    let page = reader.post(&format!("/n/{token}")).form(&[]).await;
    assert!(page.assert_status(200).text().contains(TEXT), "{page}");
}

async fn published(actor: &Actor) -> Value {
    actor.get("/.well-known/jwks.json").await.assert_status(200).json()
}

#[tokio::test]
async fn b07_after_a_rotation_old_notes_open_and_new_ones_are_sealed_with_the_new_key() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let old = seal(&kith).await;
    let first = key_of(&kith, &old).await;
    let rotated = kith.job("rotate-keys").await;
    let second = rotated["notes"]["changed"]["in_use"].as_str().unwrap_or_else(|| panic!("{rotated}")).to_owned();
    assert_ne!(second, first);
    // Instances that have read the ring seal under the old key for another minute.
    let last_of_first = seal(&kith).await;
    assert_eq!(key_of(&kith, &last_of_first).await, first);
    clock.advance("61s").await;
    let new = seal(&kith).await;
    assert_eq!(key_of(&kith, &new).await, second);
    for note in [&old, &last_of_first, &new] {
        assert_opens(&kith, note).await;
    }
    // Until the very end of the last one under the old key, whatever is rotated in between.
    for day in 1..=6 {
        kith.job("rotate-keys").await;
        clock.advance("24h").await;
        assert_opens(&kith, &last_of_first).await;
        assert_ne!(key_now(&kith).await, first, "day {day}");
    }
    clock.advance("23h55m").await;
    kith.job("rotate-keys").await;
    clock.advance("1m").await;
    assert_opens(&kith, &last_of_first).await;
    clock.advance("3m").await;
    kith.visitor().open(&last_of_first.text_at("/token")).json(json!({})).await.assert_problem(404, "not-found");
    assert_opens(&kith, &new).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn b07_the_same_event_twice_makes_one_key() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let event = json!({"source": "aws.events", "time": kith.now().await.to_string()});
    assert!(kith.job_with("rotate-keys", event.clone()).await["notes"].get("changed").is_some());
    let again = json!({"signing": "not_due", "notes": "not_due"});
    assert_eq!(kith.job_with("rotate-keys", event).await, again);
    // News about the stack only make sure that there is a key.
    clock.advance("60d").await;
    let news = json!({"source": "aws.cloudformation", "time": kith.now().await.to_string()});
    assert_eq!(kith.job_with("rotate-keys", news).await, again);
    // Of two at once one is first, or both find the same: there is one key more.
    let before = key_now(&kith).await;
    let rotations = futures::future::join_all((0..4).map(|_| kith.job("rotate-keys"))).await;
    let is_new = |rotated: &&Value| rotated["notes"].get("changed").is_some();
    assert_eq!(rotations.iter().filter(is_new).count(), 1, "{rotations:?}");
    let new = rotations.iter().find(is_new).unwrap()["notes"]["changed"]["in_use"].clone();
    clock.advance("66m").await;
    let after = key_now(&kith).await;
    assert!(after != before && new == *after, "{new} {after}");
    kith.shut_down().await;
}

#[tokio::test]
async fn b07_a_leaked_key_is_retired_with_the_notes_under_it_and_others_are_sealed_and_open() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let lost = seal(&kith).await;
    let leaked = key_of(&kith, &lost).await;
    kith.job("rotate-keys").await;
    clock.advance("66m").await;
    let spared = seal(&kith).await;
    assert_ne!(key_of(&kith, &spared).await, leaked);
    let signing = published(&ada).await;

    let retired = kith.job_with("rotate-keys", json!({"retire_note_key": leaked})).await;
    assert!(retired["notes"].get("changed").is_some() && retired.get("signing").is_none(), "{retired}");
    // Instances read the ring again within a minute.
    clock.advance("61s").await;
    let reader = kith.visitor();
    let gone = reader.open(&lost.text_at("/token")).json(json!({})).await;
    gone.assert_problem(404, "not-found");
    let page = reader.post(&format!("/n/{}", lost.text_at("/token"))).form(&[]).await;
    assert!(page.assert_status(404).text().contains("There is no note here"), "{page}");
    assert_opens(&kith, &spared).await;
    let new = seal(&kith).await;
    assert_ne!(key_of(&kith, &new).await, leaked);
    assert_opens(&kith, &new).await;
    // The other ring goes on as it was.
    assert_eq!(published(&ada).await, signing);
    kith.shut_down().await;
}

#[tokio::test]
async fn b07_the_key_that_seals_is_retired_and_another_one_seals_at_once() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let leaked = key_now(&kith).await;
    kith.job_with("rotate-keys", json!({"retire_note_key": leaked})).await;
    clock.advance("61s").await;
    let note = seal(&kith).await;
    assert_ne!(key_of(&kith, &note).await, leaked);
    assert_opens(&kith, &note).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn o8_b07_retiring_a_key_that_nobody_knows_is_refused_and_changes_nothing() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let note = seal(&kith).await;
    let ada = kith.visitor();
    let (before, signing) = (key_of(&kith, &note).await, published(&ada).await);
    for kid in [json!("nobody-knows-it"), json!(""), json!(null), json!([before])] {
        let answer = ada.post("/_kith/jobs/rotate-keys").json(json!({"retire_note_key": kid})).await;
        assert_eq!(answer.status(), 422, "{kid}: {answer}");
    }
    clock.advance("2h").await;
    assert_eq!((key_now(&kith).await, published(&ada).await), (before, signing));
    assert_opens(&kith, &note).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn h39_a_note_under_a_retired_key_is_gone_everywhere_at_once() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let note = json!({"text": TEXT, "max_views": 100});
    let lost = [ada.seal(&note).await, ada.seal(json!({"text": TEXT, "passphrase": "open sesame"})).await];
    let leaked = key_of(&kith, &lost[0]).await;
    kith.job("rotate-keys").await;
    clock.advance("66m").await;
    let ada = ada.logged_in().await;
    let spared = ada.seal(&note).await;
    assert_ne!(key_of(&kith, &spared).await, leaked);
    // Every instance has the leaked key at hand, and a reading was taken just now.
    let reader = kith.visitor();
    let key = "0123456789abcdef";
    let open = |note: &Answer| reader.open(&note.text_at("/token")).json(json!({})).header("idempotency-key", key);
    open(&lost[0]).await.assert_status(200);
    open(&lost[0]).await.assert_status(200);

    kith.job_with("rotate-keys", json!({"retire_note_key": leaked})).await;
    for note in &lost {
        let token = note.text_at("/token");
        let (visitor, page) = (kith.visitor(), format!("/n/{token}"));
        let passphrase = json!({"passphrase": "open sesame"});
        for gone in [
            open(note).await,
            visitor.peek(&token).await,
            visitor.open(&token).await,
            visitor.open(&token).json(passphrase).await,
        ] {
            gone.assert_problem(404, "not-found");
        }
        for gone in [visitor.get(&page).await, visitor.post(&page).form(&[("passphrase", "open sesame")]).await] {
            assert!(gone.assert_status(404).text().contains("There is no note here"), "{gone}");
        }
    }
    // With the work that a note costs which never was.
    let mut seen = Vec::new();
    for token in [lost[1].text_at("/token"), "A".repeat(43)] {
        let gone = kith.visitor().open(&token).json(json!({"passphrase": "open sesame"})).await;
        seen.push(kith.record_of(&gone).await.calls);
    }
    assert_eq!(seen[0], seen[1]);
    let listed = ada.get("/v1/notes").await.json();
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|note| note["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [spared.text_at("/id")]);
    assert_opens(&kith, &spared).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn h39_a_retirement_that_stops_half_way_has_ended_the_notes_and_is_done_again() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let note = seal(&kith).await;
    let leaked = key_of(&kith, &note).await;
    // More often than a call is tried.
    kith.inject_fault(json!({"operation": "rotate-keys", "action": "PutSecretValue", "kind": "error", "times": 4}))
        .await;
    let retire = json!({"retire_note_key": leaked});
    let stopped = kith.visitor().post("/_kith/jobs/rotate-keys").json(&retire).await;
    assert!(stopped.status() >= 400, "{stopped}");
    kith.visitor().peek(&note.text_at("/token")).await.assert_problem(404, "not-found");
    let retired = kith.job_with("rotate-keys", retire).await;
    assert!(retired["notes"].get("changed").is_some(), "{retired}");
    kith.visitor().open(&note.text_at("/token")).await.assert_problem(404, "not-found");
    kith.shut_down().await;
}
