//! What the table, the runner's records and the answers tell of a note: neither its text nor what opens it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

/// The ways in which bytes might stand in a dump: as text, in hex, in base64 at any offset, and escaped in a URL.
fn spellings(bytes: &[u8]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    if let Ok(text) = std::str::from_utf8(bytes) {
        all.insert(text.to_owned());
        all.insert(text.chars().rev().collect());
        all.insert(text.replace(' ', "+"));
        all.insert(text.replace(' ', "%20"));
    }
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    all.extend([hex.to_uppercase(), hex]);
    for offset in 0..3 {
        let shifted = [&vec![0; offset], bytes].concat();
        // Only the characters that depend on these bytes alone.
        let (first, last) = ((offset * 8).div_ceil(6), shifted.len() * 8 / 6);
        all.insert(STANDARD.encode(&shifted)[first..last].to_owned());
        all.insert(URL_SAFE_NO_PAD.encode(&shifted)[first..last].to_owned());
    }
    all
}

fn bytes_of(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token).unwrap()
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// A text that is a token, and what it stands for.
fn spellings_of_token(token: &str) -> BTreeSet<String> {
    spellings(token.as_bytes()).into_iter().chain(spellings(&bytes_of(token))).collect()
}

fn assert_free_of(shown: &str, secrets: &BTreeSet<String>, what: &str) {
    for secret in secrets {
        assert!(secret.len() >= 12 && !shown.contains(secret.as_str()), "{what} holds {secret}");
    }
}

async fn dump(kith: &Kith) -> String {
    serde_json::to_string(&kith.table().await).unwrap()
}

#[tokio::test]
async fn b04_1000_notes_of_one_text_have_1000_tokens_without_order() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let places: Vec<Actor> = (0..40).map(|_| kith.visitor()).collect();
    let sealing = async {
        let mut notes = Vec::new();
        for _ in 0..25 {
            let text = json!({"text": "the same"});
            notes.extend(join_all(places.iter().map(|place| async { place.seal(&text).await })).await);
        }
        notes
    };
    let notes = tokio::time::timeout(Duration::from_mins(3), sealing).await.expect("1,000 notes take too long");
    let all = |name: &str| -> Vec<String> { notes.iter().map(|note| note.assert_status(201).text_at(name)).collect() };
    let (ids, tokens, manage_tokens) = (all("/id"), all("/token"), all("/manage_token"));
    let distinct: BTreeSet<&String> = ids.iter().chain(&tokens).chain(&manage_tokens).collect();
    assert_eq!(distinct.len(), 3000);
    for tokens in [&tokens, &manage_tokens] {
        assert!(tokens.iter().all(|token| bytes_of(token).len() >= 16), "less than 128 bits");
        // Of two in a row the second is as often the greater one as not: 499.5 of 999, give or take 9.
        let rises = tokens.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((430..570).contains(&rises), "{rises} of 999 follow in order");
        // No two begin or end alike, and every bit is set about half the time: 500, give or take 16.
        for part in [|token: &String| token[..8].to_owned(), |token: &String| token[token.len() - 8..].to_owned()] {
            assert_eq!(tokens.iter().map(part).collect::<BTreeSet<_>>().len(), 1000);
        }
        for bit in 0..bytes_of(&tokens[0]).len() * 8 {
            let set = tokens.iter().filter(|token| bytes_of(token)[bit / 8] >> (bit % 8) & 1 == 1).count();
            assert!((400..600).contains(&set), "bit {bit} is set in {set} of 1,000");
        }
    }
    // Nor do equal texts look equal in the table.
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let own = |item: &Value| item["id"].as_str().is_some_and(|id| ids.contains(id));
    let items: Vec<Value> = kith.items("note#").await.into_iter().filter(own).collect();
    assert_eq!(items.len(), 1000);
    let sealed: BTreeSet<&str> = items.iter().map(|item| &item["sealed"].as_str().unwrap()[..16]).collect();
    assert_eq!(sealed.len(), 1000);
}

#[tokio::test]
async fn b05_b06_the_table_has_the_hash_of_a_token_and_neither_token_text_nor_passphrase() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let text = format!("the plain text of {}", ada.person.username);
    let passphrase = format!("the passphrase of {}", ada.person.username);
    let note = ada.seal(json!({"text": text, "passphrase": passphrase, "max_views": 2})).await;
    let (token, manage_token) = (note.assert_status(201).text_at("/token"), note.text_at("/manage_token"));
    let mut secrets = spellings(text.as_bytes());
    secrets.extend(spellings(passphrase.as_bytes()));
    // Not even what a guess could be compared with, but by Argon2id.
    secrets.extend(spellings(&hash(text.as_bytes())));
    secrets.extend(spellings(&hash(passphrase.as_bytes())));
    secrets.extend([&token, &manage_token].into_iter().flat_map(|token| spellings_of_token(token)));

    let hash_of = |token: &str| URL_SAFE_NO_PAD.encode(hash(&bytes_of(token)));
    let items = kith.items(&format!("note#{}", hash_of(&token))).await;
    let [item] = &items[..] else { panic!("{} items under the hash of the token", items.len()) };
    assert_eq!((&item["id"], &item["views_left"]), (&note.json()["id"], &json!(2)));
    let handle = kith.items(&format!("noteid#{}", note.text_at("/id"))).await.remove(0);
    assert_eq!(handle["manage_hash"], json!(hash_of(&manage_token)));
    assert_free_of(&dump(&kith).await, &secrets, "the table");

    kith.visitor().open(&token).json(json!({"passphrase": passphrase})).await.assert_status(200);
    assert_free_of(&dump(&kith).await, &secrets, "the table after a reading");
    kith.visitor().open(&token).json(json!({"passphrase": passphrase})).await.assert_status(200);
    let item = kith.items(&format!("note#{}", hash_of(&token))).await.remove(0);
    assert!(item.get("sealed").is_none(), "the text outlives its last reading");
    assert_free_of(&dump(&kith).await, &secrets, "the table after the last reading");
}

#[tokio::test]
async fn b06_an_answer_kept_for_repeats_tells_nothing_without_its_key() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let writer = kith.visitor();
    let key = format!("{:-<32}", writer.person.username);
    let body =
        json!({"text": format!("a pin, {}: 1234", writer.person.username), "passphrase": "open sesame"}).to_string();
    let seal = || writer.post("/v1/notes").header("idempotency-key", &key).body("application/json", body.clone());
    let note = seal().await;
    assert_eq!(seal().await.assert_status(201).json(), note.assert_status(201).json());
    let mut secrets = spellings(key.as_bytes());
    secrets.extend(spellings(&hash(key.as_bytes())));
    // By a hash of what was sent, its text could be guessed.
    secrets.extend(spellings(body.as_bytes()));
    secrets.extend(spellings(&hash(body.as_bytes())));
    secrets.extend(spellings(note.body()));
    for token in ["/token", "/manage_token"] {
        secrets.extend(spellings_of_token(&note.text_at(token)));
    }
    assert_free_of(&dump(&kith).await, &secrets, "the table");
}

/// What went by while somebody sealed, opened, guessed and destroyed; and the answers that may tell none of it.
async fn tour(kith: &Kith) -> (BTreeSet<String>, [String; 2], Vec<Answer>) {
    let writer = kith.visitor();
    let canary = |what: &str| format!("canary {what} of {}", writer.person.username);
    let (text, passphrase, wrong) = (canary("text"), canary("passphrase"), canary("guess"));
    let key = format!("canary-key-of-{}", writer.person.username);
    let sealed = json!({"text": text, "passphrase": passphrase, "max_views": 2});
    let seal = || writer.seal(&sealed).header("idempotency-key", &key);
    let note = seal().await;
    seal().await.assert_status(201);
    let (id, token, manage_token) = (note.text_at("/id"), note.text_at("/token"), note.text_at("/manage_token"));
    let with = |passphrase: &str| json!({"passphrase": passphrase});
    let path = format!("/n/{token}");
    writer.open(&token).json(with(&passphrase)).await.assert_status(200);
    writer.post(&path).form(&[("passphrase", &passphrase)]).await.assert_status(200);
    let second = writer.seal(&sealed).await;
    let (second, second_id, second_manage) =
        (second.text_at("/token"), second.text_at("/id"), second.text_at("/manage_token"));
    let long = text.repeat(2000);
    let mut answers = vec![
        writer.open(&token).json(with(&passphrase)).await,
        writer.peek(&token).await,
        writer.get(&path).await,
        writer.post(&path).form(&[("passphrase", &passphrase)]).await,
        writer.peek(&second).await,
        writer.get(&format!("/n/{second}")).await,
        writer.open(&second).await,
        writer.open(&second).json(json!({"passphrase": [wrong]})).await,
        writer.open(&second).json(json!({ wrong.as_str(): wrong })).await,
        writer.post(&format!("/n/{second}")).form(&[("passphrase", &wrong)]).await,
        writer
            .seal(json!({"text": {"x": text}, "passphrase": [passphrase], "expires_in": text, "max_views": text}))
            .await,
        writer.seal(json!({"text": long})).await,
        writer.seal(json!({"text": text, "passphrase": long})).await,
        writer.post("/v1/notes").body("text/plain", text.clone()).await,
        writer
            .post("/v1/notes")
            .body("application/x-www-form-urlencoded", format!("text=%FF&passphrase={passphrase}"))
            .await,
        writer.seal(json!({"text": "other"})).header("idempotency-key", &key).await,
        writer.get(&format!("/v1/notes/{token}?token={token}&text={manage_token}")).await,
        writer.delete(&format!("/v1/notes/by-id/{second_id}")).header("kith-manage-token", &manage_token).await,
        writer.delete(&format!("/v1/notes/by-id/{token}")).await,
        writer.get(&format!("/v1/notes/{manage_token}")).await,
    ];
    for _ in 0..9 {
        answers.push(writer.open(&second).json(with(&wrong)).await);
    }
    writer.open(&second).json(with(&passphrase)).await.assert_problem(429, "note-locked");
    answers.push(writer.open(&second).json(with(&wrong)).await);
    writer.destroy(&second_id, Some(&second_manage)).await.assert_status(204);
    answers.push(writer.open(&second).json(with(&wrong)).await);
    let words = [text, passphrase, wrong, key];
    let mut secrets: BTreeSet<String> = words.iter().flat_map(|word| spellings(word.as_bytes())).collect();
    for token in [&token, &second, &manage_token, &second_manage] {
        secrets.extend(spellings_of_token(token));
    }
    (secrets, [id, second_id], answers)
}

#[tokio::test]
async fn b18_e25_neither_answers_nor_records_repeat_what_opens_a_note() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (secrets, ids, answers) = tour(&kith).await;
    let all = &secrets | &BTreeSet::from(ids);
    for answer in &answers {
        let shown = format!("{:?}\n{}", answer.headers(), String::from_utf8_lossy(answer.body()));
        // An unknown field is named.
        let shown = if answer.status() == 422 { shown.replace("/canary guess", "") } else { shown };
        assert_free_of(&shown, &all, &answer.to_string());
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    }
    let records = kith.helper("/_kith/requests").await.to_string();
    assert_free_of(&records, &all, "the record of a request");
    for route in ["GET /n/{token}", "POST /v1/notes/{token}/open", "DELETE /v1/notes/by-id/{note_id}"] {
        assert!(records.contains(route), "{route}");
    }
    assert_free_of(&dump(&kith).await, &secrets, "the table");
}

#[tokio::test]
async fn b18_no_cache_keeps_what_is_told_of_a_note_and_no_search_engine_lists_it() {
    let kith = Kith::shared().await;
    let writer = kith.visitor();
    let key = format!("{:-<32}", writer.person.username);
    let seal = || writer.seal(json!({"text": "a", "passphrase": "open sesame"})).header("idempotency-key", &key);
    let note = seal().await;
    let token = note.assert_status(201).text_at("/token");
    let right = json!({"passphrase": "open sesame"});
    for (answer, status) in [
        (note, 201),
        (seal().await, 201),
        (writer.peek(&token).await, 200),
        (writer.open(&token).await, 403),
        (writer.open(&token).json(&right).await, 200),
        (writer.open(&token).json(&right).await, 404),
        (writer.peek(&token).await, 404),
        (writer.peek("x").await, 404),
    ] {
        answer.assert_status(status);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer}");
        assert!(answer.header("x-robots-tag").is_some_and(|tag| tag.contains("noindex")), "{answer}");
        for header in ["etag", "set-cookie", "last-modified", "server"] {
            assert!(answer.header(header).is_none(), "{answer}");
        }
    }
}
