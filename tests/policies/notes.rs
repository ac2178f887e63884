//! The parts of the journey of people who seal and open notes.

use kith_tests::{Actor, Answer, Kith};
use serde_json::json;

use crate::journey::{Went, expect};

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    match operation {
        "seal-note" => seal_all(kith).await,
        "list-my-notes" => list(kith).await,
        "peek-note" => peek(kith).await,
        "open-note" => open(kith).await,
        "destroy-note" => destroy(kith).await,
        "purge-expired-notes" => purge(kith).await,
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// The part of one page.
pub(crate) async fn page(kith: &Kith, operation: &str) -> Went {
    let visitor = kith.visitor();
    match operation {
        "show-new-note-page" => expect(visitor.get("/notes/new"), 200).await.map(drop),
        "submit-new-note-page" => {
            let form = [("text", "a note"), ("passphrase", "open sesame"), ("key", "0123456789abcdef")];
            let (first, again) = (visitor.post("/notes/new").form(&form), visitor.post("/notes/new").form(&form));
            let (first, again) = (expect(first, 201).await?, expect(again, 201).await?);
            if first.header("location") != again.header("location") {
                return Err(format!("a press was not told of the same note again: {again}"));
            }
            expect(visitor.post("/notes/new").form(&[("text", "")]), 422).await.map(drop)
        }
        "show-note-page" => {
            let note = seal(&visitor).await?;
            expect(visitor.get(&format!("/n/{}", note.text_at("/token"))), 200).await?;
            expect(visitor.get("/n/nothing"), 404).await.map(drop)
        }
        "open-note-page" => {
            let note = json!({"text": "a", "passphrase": "open sesame"});
            let note = expect(visitor.post("/v1/notes").json(note), 201).await?;
            let path = format!("/n/{}", note.text_at("/token"));
            expect(visitor.post(&path).form(&[("passphrase", "open barley")]), 403).await?;
            let right = [("passphrase", "open sesame"), ("key", "0123456789abcdef")];
            for _ in 0..2 {
                expect(visitor.post(&path).form(&right), 200).await?;
            }
            expect(visitor.post(&path), 404).await.map(drop)
        }
        "submit-destroy-note-page" => {
            let note = seal(&visitor).await?;
            let (id, token) = (note.text_at("/id"), note.text_at("/manage_token"));
            let form = [("id", &*id), ("manage_token", &*token), ("key", "0123456789abcdef")];
            for _ in 0..2 {
                expect(visitor.post("/notes/destroy").form(&form), 200).await?;
            }
            expect(visitor.post("/notes/destroy").form(&form[..2]), 404).await?;
            expect(visitor.peek(&note.text_at("/token")), 404).await.map(drop)
        }
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// A note for one reading.
pub(crate) async fn seal(by: &Actor) -> Result<Answer, String> {
    expect(by.post("/v1/notes").json(json!({"text": "for whoever finds it"})), 201).await
}

/// As a member; as nobody, with a passphrase; and twice with one key.
async fn seal_all(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    let key = format!("key-of-{}", ada.person.username);
    let note = || ada.post("/v1/notes").json(json!({"text": "only once"})).header("idempotency-key", &key);
    let (first, again) = (expect(note(), 201).await?, expect(note(), 201).await?);
    if first.json() != again.json() {
        return Err(format!("a repeat was answered differently: {again}"));
    }
    let secret = json!({"text": "for two", "passphrase": "open sesame", "max_views": 2});
    expect(kith.visitor().post("/v1/notes").json(secret), 201).await.map(drop)
}

async fn list(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    seal(&ada).await?;
    let page = expect(ada.get("/v1/notes"), 200).await?;
    if page.json()["items"][0]["views_left"] == 1 { Ok(()) } else { Err(format!("a note is missing: {page}")) }
}

async fn peek(kith: &Kith) -> Went {
    let visitor = kith.visitor();
    let token = seal(&visitor).await?.text_at("/token");
    expect(visitor.get(&format!("/v1/notes/{token}")), 200).await?;
    expect(visitor.get("/v1/notes/nothing"), 404).await.map(drop)
}

/// With a wrong passphrase and the right one, again with its key, and once more when it is used up.
async fn open(kith: &Kith) -> Went {
    let visitor = kith.visitor();
    let sealed = expect(visitor.post("/v1/notes").json(json!({"text": "a", "passphrase": "open sesame"})), 201).await?;
    let path = format!("/v1/notes/{}/open", sealed.text_at("/token"));
    expect(visitor.post(&path).json(json!({"passphrase": "open barley"})), 403).await?;
    for _ in 0..2 {
        let right = visitor.post(&path).json(json!({"passphrase": "open sesame"}));
        expect(right.header("idempotency-key", "0123456789abcdef"), 200).await?;
    }
    expect(visitor.post(&path), 404).await.map(drop)
}

/// By the token that its maker got, and as its author.
async fn destroy(kith: &Kith) -> Went {
    let (visitor, ada) = (kith.visitor(), kith.registered("ada").await);
    let path = |note: &Answer| format!("/v1/notes/by-id/{}", note.text_at("/id"));
    let (nobodys, own) = (seal(&visitor).await?, seal(&ada).await?);
    expect(visitor.delete(&path(&nobodys)), 404).await?;
    let with_token = visitor.delete(&path(&nobodys)).header("kith-manage-token", nobodys.text_at("/manage_token"));
    expect(with_token, 204).await?;
    expect(ada.delete(&path(&own)), 204).await.map(drop)
}

async fn purge(kith: &Kith) -> Went {
    let (boss, ada) = (kith.admin("boss").await, kith.registered("ada").await);
    let short = json!({"text": "soon gone", "expires_in": 60});
    expect(ada.post("/v1/notes").json(short), 201).await?;
    expect(ada.post("/v1/notes/purge"), 403).await?;
    kith.clock().await.advance("61s").await;
    let purged = expect(boss.post("/v1/notes/purge"), 200).await?;
    if purged.json()["purged"] == 1 { Ok(()) } else { Err(format!("a note is left: {purged}")) }
}

/// Retires the key under which a note is.
pub(crate) async fn retire_key(kith: &Kith) -> Went {
    let visitor = kith.visitor();
    let note = seal(&visitor).await?;
    let stored = kith.items("note#").await.into_iter().find(|item| item["id"] == note.text_at("/id"));
    let retire = json!({"retire_note_key": stored.ok_or("the note is not stored")?["key_id"]});
    expect(visitor.post("/_kith/jobs/rotate-keys").json(retire), 200).await?;
    expect(visitor.peek(&note.text_at("/token")), 404).await.map(drop)
}
