//! Sealed notes with real processes: what the log tells of them, and that they outlive a kill.

use kith_tests::{Answer, Kith};
use serde_json::{Value, json};

use crate::log;
use crate::runner::{Runner, assert_ended};

/// Seals, looks, guesses, opens and destroys, well and badly, by the API and by the pages. Answers what must not be
/// logged: everything that opens a note or says which one it is.
async fn tour(kith: &Kith) -> Vec<String> {
    let (ada, visitor) = (kith.registered("ada").await, kith.visitor());
    let secret = json!({"text": "canary-text", "passphrase": "canary-passphrase", "max_views": 3});
    let key = "canary-idempotency-key";
    let notes = [
        ada.seal(&secret).header("idempotency-key", key).await,
        visitor.seal(&secret).await,
        visitor.post("/v1/notes").form(&[("text", "canary-text")]).await,
    ];
    let page = visitor.post("/notes/new").form(&[("text", "canary-text"), ("passphrase", "canary-passphrase")]).await;
    let page = page.assert_status(201).header("location").unwrap().to_owned();
    visitor.post(&page).form(&[("passphrase", "canary-wrong")]).await.assert_status(403);
    visitor.post(&page).form(&[("passphrase", "canary-passphrase")]).await.assert_status(200);
    for note in &notes {
        let token = note.assert_status(201).text_at("/token");
        visitor.get(&format!("/n/{token}?canary-query=1")).await.assert_status(200);
        visitor.peek(&token).await.assert_status(200);
        visitor.open(&token).json(json!({"passphrase": "canary-wrong"})).await;
        visitor.open(&token).json(json!({"passphrase": ["canary-wrong"]})).await.assert_status(422);
        visitor.open(&token).json(json!({"passphrase": "canary-passphrase"})).await;
        visitor.destroy(&note.text_at("/id"), Some("canary-manage-token")).await.assert_status(404);
    }
    visitor.peek("canary-token").await.assert_status(404);
    visitor.open("canary-token").await.assert_status(404);
    visitor.get("/n/canary-token").await.assert_status(404);
    visitor.seal(json!({"canary-field": "canary-text"})).await.assert_status(422);
    visitor.seal(json!({"text": "canary-text".repeat(6000)})).await.assert_status(413);
    ada.get("/v1/notes").await.assert_status(200);
    failures(kith, &notes[0], &secret).await;
    ada.destroy(&notes[0].text_at("/id"), None).await.assert_status(204);
    let mut secrets = vec!["canary".to_owned(), page.rsplit('/').next().unwrap().to_owned(), ada.id()];
    for note in &notes {
        secrets.extend(["/id", "/token", "/manage_token"].map(|name| note.text_at(name)));
    }
    secrets
}

/// What fails on our side is logged with its cause.
async fn failures(kith: &Kith, note: &Answer, secret: &Value) {
    let visitor = kith.visitor();
    let faults = [
        ("seal-note", "TransactWriteItems"),
        ("open-note", "BatchGetItem"),
        ("open-note-page", "BatchGetItem"),
        ("show-note-page", "BatchGetItem"),
        ("destroy-note", "GetItem"),
    ];
    for (operation, action) in faults {
        kith.inject_fault(json!({"operation": operation, "action": action, "kind": "error", "times": 4})).await;
    }
    let (page, open) = (format!("/n/{}", note.text_at("/token")), json!({"passphrase": "canary-passphrase"}));
    for answer in [
        visitor.seal(secret).await,
        visitor.open(&note.text_at("/token")).json(open).await,
        visitor.post(&page).form(&[("passphrase", "canary-passphrase")]).await,
        visitor.get(&page).await,
        visitor.destroy(&note.text_at("/id"), Some(&note.text_at("/manage_token"))).await,
    ] {
        assert!(answer.status() >= 500, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b18_the_log_tells_of_no_note_which_one_it_is_or_what_opens_it() {
    let data = tempfile::tempdir().unwrap();
    let runner = Runner::start(data.path());
    let kith = runner.kith();
    let secrets = tour(&kith).await;
    let records = kith.requests().await;
    let routes = records.iter().filter(|record| record.operation.is_some() && record.route.contains('/')).count();
    let lines = log::lines(&runner, routes).await;
    for route in ["POST /v1/notes", "POST /v1/notes/{token}/open", "GET /n/{token}", "POST /n/{token}"] {
        assert!(lines.iter().any(|line| line.contains(&format!("\"route\":\"{route}\""))), "{route} is not logged");
    }
    assert!(lines.iter().any(|line| line.contains("\"level\":\"error\"")), "no failure is logged");
    for line in &lines {
        for secret in &secrets {
            assert!(!line.contains(secret.as_str()), "{secret} is in the log: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b13_notes_their_readings_and_their_tries_outlive_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let runner = Runner::start(data.path());
    let kith = runner.kith();
    let visitor = kith.visitor();
    let note = visitor.seal(json!({"text": "still here", "passphrase": "open sesame", "max_views": 2})).await;
    let used_up = visitor.seal(json!({"text": "gone"})).await;
    let token = note.text_at("/token");
    visitor.open(&used_up.text_at("/token")).await.assert_status(200);
    visitor.open(&token).json(json!({"passphrase": "open sesame"})).await.assert_status(200);
    for _ in 0..10 {
        visitor.open(&token).json(json!({"passphrase": "open barley"})).await.assert_status(403);
    }
    assert_ended(&runner.kill());

    let runner = Runner::start(data.path());
    let kith = runner.kith();
    let visitor = kith.visitor();
    let peeked = visitor.peek(&token).await;
    assert_eq!(peeked.assert_status(200).json()["expires_at"], note.json()["expires_at"]);
    visitor.open(&used_up.text_at("/token")).await.assert_problem(404, "not-found");
    let right = json!({"passphrase": "open sesame"});
    visitor.open(&token).json(&right).await.assert_problem(429, "note-locked");
    kith.clock().await.advance("15m").await;
    let opened = visitor.open(&token).json(&right).await.assert_status(200).json();
    assert_eq!((&opened["text"], &opened["views_left"]), (&json!("still here"), &json!(0)));
    visitor.open(&token).json(&right).await.assert_problem(404, "not-found");
}
